"""Towers and chillers, and the order in which free cooling and a chiller share the heat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exatwin.catalogue import plant as spec
from exatwin.catalogue.rejection import Chiller as ChillerSpec
from exatwin.catalogue.rejection import Tower as TowerSpec
from exatwin.facility.component import Outdoors, Rejection, Thermal, components
from exatwin.facility.psychrometrics import saturation_pressure_pa
from exatwin.facility.thermal import effectiveness, root, transfer_units
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError

PRESSURE_PA = 101325.0
WATER_J_KG_K = 4186.0
_RATIO = 0.621945  # molar mass of water over that of dry air


def saturated(air_k: ArrayLike) -> tuple[Float64, Float64]:
    """Return enthalpy [J/kg of dry air, 0 at 0 °C] and water [kg/kg] of saturated air at sea level.

    Examples
    --------
    >>> round(float(saturated(293.15)[0]) / 1e3)
    57
    """
    t = np.asarray(air_k, np.float64) - 273.15
    vapour = saturation_pressure_pa(air_k)
    water = _RATIO * vapour / (PRESSURE_PA - vapour)
    return np.asarray(1006.0 * t + water * (2.501e6 + 1860.0 * t), np.float64), np.asarray(water, np.float64)


def water_in_air(air_k: ArrayLike, wet_bulb_k: ArrayLike) -> Float64:
    """Return the water in air [kg/kg] by its dry and wet bulb (ASHRAE Fundamentals, equation 1.33)."""
    t, star = np.asarray(air_k, np.float64) - 273.15, np.asarray(wet_bulb_k, np.float64) - 273.15
    full = saturated(wet_bulb_k)[1]
    held = ((2501.0 - 2.326 * star) * full - 1.006 * (t - star)) / (2501.0 + 1.86 * t - 4.186 * star)
    return np.asarray(np.maximum(held, 0.0), np.float64)


@components.register("closed-tower")
@components.register("open-tower")
@dataclass(frozen=True)
class Tower:
    r"""A cooling tower whose fans turn as fast as the heat asks.

    Notes
    -----
    Counter-flow exchange of enthalpy: with :math:`c_s` the mean slope of the enthalpy of saturated air
    between the water's temperatures and :math:`m^* = \dot m_a c_s / (\dot m_w c_w)`, the effectiveness is
    that of a heat exchanger of ratio :math:`m^*`, and
    :math:`Q = \varepsilon\,\dot m_a (h_s(T_{w,in}) - h_s(T_{wb}))`. The transfer units follow the flows with
    :math:`NTU \propto (\dot m_w / \dot m_a)^n`. Air leaves saturated, so that what it gained in water is what
    evaporated. A closed tower is one with a larger approach.

    References
    ----------
    J. E. Braun, S. A. Klein, J. W. Mitchell, "Effectiveness models for cooling towers and cooling coils",
    ASHRAE Transactions 95(2) (1989) 164.
    """

    rated_w: float
    """Heat at the rated approach [W]."""
    range_k: float
    """Return less supply at rated flow [K]."""
    air_kg_s: float
    """Dry air at full speed [kg/s]."""
    units: float
    """Transfer units at full speed and rated flow."""
    terms: TowerSpec
    """Exponent, fans, water let off."""

    @classmethod
    def sized(cls, rejection: spec.Rejection, heat_w: float, supply_k: float, range_k: float) -> Self:
        """Return the tower that hands over `heat_w` [W], times its headroom, at the rated approach.

        Raises
        ------
        SpecError
            The plant has no ``tower``.
        InfeasibleError
            No tower reaches that approach with that much air.
        """
        if rejection.tower is None:
            raise SpecError(f"'{rejection.component}' needs 'rejection.tower', the plant has none")
        terms, rated = rejection.tower, heat_w * rejection.headroom
        water = rated / (WATER_J_KG_K * range_k)
        air = terms.air_over_water * water
        hot, cold, bulb = (
            float(saturated(t)[0]) for t in (supply_k + range_k, supply_k, supply_k - terms.approach_k)
        )
        ratio = air * (hot - cold) / range_k / (water * WATER_J_KG_K)
        wanted = rated / (air * (hot - bulb))
        return cls(rated, range_k, air, _units(wanted, ratio), terms)

    def reject(
        self,
        heat_w: ArrayLike,
        weather: Outdoors,
        supply_k: ArrayLike,
        capacity_w_k: ArrayLike | None = None,
    ) -> Rejection:
        """Return what it takes to hand over `heat_w` [W]; parameters as for every thermal component."""
        rate = self.rated_w / self.range_k if capacity_w_k is None else capacity_w_k
        heat, air, bulb, asked, water = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (heat_w, weather.air_k, weather.wet_bulb_k, supply_k, rate))
        )
        speed, share = self._fans(heat, bulb, asked, water)
        supply = self._supply(heat, bulb, asked, water)
        terms = self.terms
        evaporated = self._evaporated(heat, air, bulb, speed * share)
        return Rejection(
            power_w=terms.fan_power_frac * self.rated_w * speed**3 * share,
            water_kg_s=evaporated * (1.0 + terms.bleed_frac + terms.drift_frac),
            supply_k=supply,
            limited=(supply > asked + 1e-9).astype(np.float64),
        )

    def _handed(
        self, speed: ArrayLike, bulb: Float64, asked: Float64, water: Float64, heat: Float64
    ) -> Float64:
        """Return the heat [W] that the tower hands over at `speed` with water that leaves at `asked`."""
        hot = asked + heat / water
        top, low, out = saturated(hot)[0], saturated(asked)[0], saturated(bulb)[0]
        air = self.air_kg_s * np.asarray(speed, np.float64)
        slope = np.where(hot > asked, (top - low) / np.maximum(hot - asked, 1e-9), 0.0)
        ratio = air * slope / water
        flows = (water / (self.rated_w / self.range_k)) / np.asarray(speed, np.float64)
        units = self.units * flows**self.terms.transfer_exponent
        return _effective(units, ratio) * air * np.maximum(top - out, 0.0)

    def _fans(self, heat: Float64, bulb: Float64, asked: Float64, water: Float64) -> tuple[Float64, Float64]:
        """Return the fan speed, and the share of fans that turns."""
        floor = self.terms.fan_floor
        least = self._handed(floor, bulb, asked, water, heat)
        full = self._handed(1.0, bulb, asked, water, heat)
        few = (heat <= least) | (heat <= 0.0)
        between = ~few & (heat < full)
        speed = np.where(few, floor, 1.0)
        if np.any(between):
            rows = tuple(each[between] for each in (bulb, asked, water, heat))
            speed[between] = root(lambda x: self._handed(x, *rows) / rows[3], floor, len(rows[3]))
        share = np.where(few, heat / np.where(few & (heat > 0.0), np.maximum(least, 1e-9), 1.0), 1.0)
        return speed, share

    def _supply(self, heat: Float64, bulb: Float64, asked: Float64, water: Float64) -> Float64:
        """Return the coldest water that full speed gives, or what was asked where it can be had [K]."""
        low, high = asked.copy(), asked + 60.0
        short = heat > self._handed(1.0, bulb, asked, water, heat)
        if not np.any(short):
            return low
        for _ in range(50):
            middle = (low + high) / 2.0
            enough = self._handed(1.0, bulb, middle, water, heat) >= heat
            low, high = np.where(short & ~enough, middle, low), np.where(short & enough, middle, high)
        return np.where(short, high, asked)

    def _evaporated(self, heat: Float64, air: Float64, bulb: Float64, turning: Float64) -> Float64:
        """Return the water evaporated [kg/s]."""
        moved = self.air_kg_s * np.maximum(turning, 1e-9)
        target = saturated(bulb)[0] + heat / moved
        low, high = bulb.astype(np.float64), bulb + 70.0
        for _ in range(45):
            middle = (low + high) / 2.0
            under = saturated(middle)[0] < target
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        gained = saturated(low)[1] - water_in_air(air, bulb)
        return np.where(heat > 0.0, np.maximum(gained, 0.0) * moved, 0.0)


def _effective(units: Float64, ratio: Float64) -> Float64:
    """Return the effectiveness for any ratio: above 1 the water, not the air, is the smaller side."""
    low = np.minimum(ratio, 1.0 / np.maximum(ratio, 1e-12))
    return np.where(
        ratio <= 1.0,
        effectiveness(units, np.minimum(ratio, 1.0)),
        effectiveness(units * ratio, low) / np.maximum(ratio, 1e-12),
    )


def _units(effective: float, ratio: float) -> float:
    if ratio <= 1.0:
        return transfer_units(effective, ratio)
    return transfer_units(effective * ratio, 1.0 / ratio) / ratio


@components.register("free-then-chiller")
@dataclass(frozen=True)
class FreeThenChiller:
    r"""Free cooling as far as the air allows, and a chiller that takes the rest out of the water.

    Notes
    -----
    The chiller's :math:`COP = \min(\eta\, T_e / (T_c - T_e), COP_{max})` between evaporator and condenser;
    its power at part load :math:`x` is :math:`c_0 + (1 - c_0 - c_2) x + c_2 x^2` of that at full load.

    References
    ----------
    Part load: ANSI/ASHRAE/IES Standard 90.1 (form of the curves of its appendix G).
    """

    free: Thermal
    """What cools first."""
    rated_w: float
    """Heat that the plant is built for [W]."""
    range_k: float
    """Return less supply at rated flow [K]."""
    terms: ChillerSpec
    """The chiller."""

    @classmethod
    def sized(cls, rejection: spec.Rejection, heat_w: float, supply_k: float, range_k: float) -> Self:
        """Return both for at most `heat_w` [W].

        Raises
        ------
        SpecError
            The plant has no ``chiller``.
        """
        if rejection.chiller is None:
            raise SpecError(f"'{rejection.component}' needs 'rejection.chiller', the plant has none")
        free = components.get(rejection.free).sized(rejection, heat_w, supply_k, range_k)
        return cls(free, heat_w, range_k, rejection.chiller)

    def reject(
        self,
        heat_w: ArrayLike,
        weather: Outdoors,
        supply_k: ArrayLike,
        capacity_w_k: ArrayLike | None = None,
    ) -> Rejection:
        """Return what it takes to hand over `heat_w` [W]; parameters as for every thermal component."""
        rate = self.rated_w / self.range_k if capacity_w_k is None else capacity_w_k
        heat, air, asked, water = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (heat_w, weather.air_k, supply_k, rate))
        )
        first = self.free.reject(heat, weather, asked, water)
        freely = self._freely(heat, weather, asked, water, first.limited > 0.0)
        wanted = heat - freely
        moved = np.minimum(wanted, self.terms.capacity_frac * self.rated_w)
        short = wanted > moved * (1.0 + 1e-12)
        last = self.free.reject(heat - moved, weather, asked + moved / np.maximum(water, 1e-9), water)
        return Rejection(
            power_w=last.power_w + self.chiller_w(moved, air, asked),
            water_kg_s=last.water_kg_s,
            supply_k=np.where(short, last.supply_k - moved / np.maximum(water, 1e-9), asked),
            limited=short.astype(np.float64),
        )

    def _freely(
        self, heat: Float64, weather: Outdoors, asked: Float64, water: Float64, limited: NDArray[np.bool_]
    ) -> Float64:
        """Return the heat that the air takes from water as warm as it comes back with the chiller on."""
        if not np.any(limited):
            return heat
        at = np.nonzero(np.broadcast_to(limited, heat.shape)) if heat.ndim else ()
        q, cold, flow = heat[at], asked[at], water[at]
        outdoors = Outdoors(*(np.broadcast_to(np.asarray(v, np.float64), heat.shape)[at] for v in weather))
        low, high = np.zeros_like(q), q.copy()
        for _ in range(40):
            middle = (low + high) / 2.0
            leaving = cold + (q - middle) / flow
            fits = self.free.reject(middle, outdoors, leaving, flow).limited == 0.0
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        found = heat.copy()
        found[at] = low
        return found

    def chiller_w(self, heat_w: Float64, air_k: Float64, supply_k: Float64) -> Float64:
        """Return the electric power [W] of taking `heat_w` [W] out of water delivered at `supply_k` [K]."""
        terms = self.terms
        full = terms.capacity_frac * self.rated_w
        cold = supply_k - terms.evaporator_k
        lift = np.maximum(air_k + terms.approach_k - cold, 1e-9)
        cop = np.minimum(terms.carnot_frac * cold / lift, terms.cop_max)
        part = heat_w / full
        share = terms.idle_frac + (1.0 - terms.idle_frac - terms.bend_frac) * part + terms.bend_frac * part**2
        on = heat_w > 0.0
        return np.where(on, full / cop * share + (1.0 + 1.0 / cop) * terms.fan_power_frac * heat_w, 0.0)


__all__ = ["FreeThenChiller", "Tower", "saturated", "water_in_air"]
