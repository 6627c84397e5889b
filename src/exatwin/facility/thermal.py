"""Thermal components: the warm-water loop, dry coolers with wet pads, and the cooling of the rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue import plant as spec
from exatwin.facility.component import Outdoors, Rejection, components
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import ConvergenceError, InfeasibleError

EVAPORATION_J_KG = 2.45e6
"""Heat that evaporates a kilogram of water near 20 °C [J/kg] (ASHRAE Handbook Fundamentals, chapter 1)."""
_CLOSE = 1e-12
"""Relative error of the heat at which the fan speed has settled."""
_STEPS = 60
"""Steps after which it has failed to; five to eight are usual."""


def effectiveness(ntu: ArrayLike, ratio: ArrayLike) -> Float64:
    r"""Return the effectiveness of a counter-flow heat exchanger.

    Parameters
    ----------
    ntu
        Number of transfer units, UA over the smaller heat capacity rate, any shape.
    ratio
        Smaller over larger heat capacity rate, 0 to 1.

    Notes
    -----
    .. math:: \varepsilon = \frac{1 - e^{-N(1-C)}}{1 - C e^{-N(1-C)}}, \quad
              \varepsilon \to \frac{N}{1+N} \text{ as } C \to 1

    References
    ----------
    Kays and London, *Compact Heat Exchangers*, 3rd ed., table 2-2.

    Examples
    --------
    >>> float(effectiveness(1.0, 1.0))
    0.5
    """
    n, c = np.broadcast_arrays(np.asarray(ntu, np.float64), np.asarray(ratio, np.float64))
    gap = 1.0 - c
    decay = np.exp(-n * gap)
    # (1 - decay) / gap, which tends to n as the gap closes
    rise = np.where(gap > 0.0, -np.expm1(-n * gap) / np.where(gap > 0.0, gap, 1.0), n)
    return np.asarray(rise / (rise + decay), np.float64)


def transfer_units(effective: float, ratio: float) -> float:
    """Return the number of transfer units that give a counter-flow exchanger this effectiveness.

    Raises
    ------
    InfeasibleError
        The effectiveness is 1 or more.
    """
    if not 0.0 < effective < 1.0:
        raise InfeasibleError(
            f"a heat exchanger would need an effectiveness of {effective:.3f}: expected less than 1; "
            "raise 'air_over_water' or the approach"
        )
    if abs(1.0 - ratio) < 1e-9:
        return effective / (1.0 - effective)
    return float(np.log((1.0 - effective * ratio) / (1.0 - effective)) / (1.0 - ratio))


@dataclass(frozen=True)
class Pumps:
    """The pumps of the loop: flow follows the heat down to a floor, power follows its cube.

    References
    ----------
    Affinity laws: ASHRAE Handbook, HVAC Systems and Equipment 2020, chapter 44.
    """

    rated_heat_w: float
    """Heat moved at rated flow [W]."""
    range_k: float
    """Return less supply at rated flow [K]."""
    rated_power_w: float
    """Electric power at rated flow [W]."""
    floor_frac: float
    """Smallest flow over rated flow."""

    @classmethod
    def sized(cls, pumps: spec.Pumps, heat_w: float, range_k: float) -> Self:
        """Return the pumps that move at most `heat_w` [W] over `range_k` [K]."""
        return cls(heat_w, range_k, pumps.rated_power_frac * heat_w, pumps.flow_floor)

    def flow_frac(self, heat_w: ArrayLike) -> Float64:
        """Return flow over rated flow that moves `heat_w` [W]; 1 at most, and then the range widens."""
        return np.clip(np.asarray(heat_w, np.float64) / self.rated_heat_w, self.floor_frac, 1.0)

    def capacity_w_k(self, heat_w: ArrayLike) -> Float64:
        """Return the heat capacity rate of the water [W/K]."""
        return self.flow_frac(heat_w) * (self.rated_heat_w / self.range_k)

    def power_w(self, heat_w: ArrayLike) -> Float64:
        """Return the electric power [W]; all of it warms the water."""
        return self.rated_power_w * self.flow_frac(heat_w) ** 3


@components.register("dry-cooler")
@dataclass(frozen=True)
class DryCooler:
    r"""A finned cooler whose fans turn as fast as the heat asks; wet pads help once they turn at full speed.

    Notes
    -----
    Counter-flow ε-NTU with conductance :math:`UA = UA_1 x^n` and air rate :math:`C_a = C_{a,1} x` at fan
    speed ``x``. The speed that hands over the asked heat is the root of a rising function; below its floor,
    some fans are switched off and the share that turns gives the power. Fans take :math:`P_1 x^3`. Where full
    speed does not do, pads cool the air along its wet-bulb line by as much as is needed; what that evaporates
    follows from the heat, :math:`\dot m = C_a \Delta T / h_{fg}`. Where pads do not do either, the water
    comes back warmer.

    References
    ----------
    Kays and London, *Compact Heat Exchangers*; priors of approach and range: *Energies* 16(9), 3661 (2023).
    """

    rated_w: float
    """Heat that the fans alone hand over at the rated approach [W]."""
    range_k: float
    """Return less supply at rated flow [K]."""
    air_w_k: float
    """Heat capacity rate of the air at full speed [W/K]."""
    conductance_w_k: float
    """UA at full speed [W/K]."""
    air_exponent: float
    """How UA grows with the fan speed."""
    fan_w: float
    """Electric power of the fans at full speed [W]."""
    fan_floor: float
    """Smallest fan speed."""
    pad_effectiveness: float
    """Share of the way to the wet bulb that the pads cool the air."""
    bleed_frac: float
    """Water let off over water evaporated."""

    @classmethod
    def sized(cls, cooler: spec.Rejection, heat_w: float, supply_k: float, range_k: float) -> Self:
        """Return the cooler that hands over `heat_w` [W], times its headroom, at the rated approach.

        Raises
        ------
        InfeasibleError
            No counter-flow exchanger reaches that approach with that much air.
        """
        rated = heat_w * cooler.headroom
        water = rated / range_k
        air = cooler.air_over_water * water
        least, most = min(water, air), max(water, air)
        ntu = transfer_units(rated / (least * (range_k + cooler.approach_k)), least / most)
        return cls(
            rated_w=rated,
            range_k=range_k,
            air_w_k=air,
            conductance_w_k=ntu * least,
            air_exponent=cooler.air_exponent,
            fan_w=cooler.fan_power_frac * rated,
            fan_floor=cooler.fan_floor,
            pad_effectiveness=cooler.pad_effectiveness,
            bleed_frac=cooler.bleed_frac,
        )

    def reject(
        self,
        heat_w: ArrayLike,
        weather: Outdoors,
        supply_k: ArrayLike,
        capacity_w_k: ArrayLike | None = None,
    ) -> Rejection:
        """Return what it takes to hand over `heat_w` [W] and send the water back at `supply_k` [K].

        Parameters
        ----------
        heat_w
            Heat in the water [W], any shape.
        weather
            The air, scalar or in the shape of `heat_w`.
        supply_k
            Asked temperature of the water that goes back [K].
        capacity_w_k
            Heat capacity rate of the water [W/K]; left out, the rated one.
        """
        rate = self.rated_w / self.range_k if capacity_w_k is None else capacity_w_k
        heat, air, wet, asked, water = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (heat_w, weather.air_k, weather.wet_bulb_k, supply_k, rate))
        )
        hot = asked + heat / water
        full, least = self._per_kelvin(1.0, water), self._per_kelvin(self.fan_floor, water)
        speed, share = self._fans(heat, hot - air, water, least, full)
        # how much colder than now the air must be for full speed to do, and how much the pads can give
        wanted = np.where(heat > 0.0, air - hot + heat / full, 0.0)
        possible = self.pad_effectiveness * np.maximum(air - wet, 0.0)
        cooled = np.clip(wanted, 0.0, possible)
        limited = wanted > possible
        supply = np.where(limited, air - cooled + heat / full - heat / water, asked)
        evaporated = self.air_w_k * cooled / EVAPORATION_J_KG
        return Rejection(
            power_w=self.fan_w * speed**3 * share,
            water_kg_s=evaporated * (1.0 + self.bleed_frac),
            supply_k=supply,
            limited=limited.astype(np.float64),
        )

    def _per_kelvin(self, speed: ArrayLike, water: Float64) -> Float64:
        """Return the heat handed over per kelvin between hot water and air [W/K]."""
        x = np.asarray(speed, np.float64)
        air = self.air_w_k * x
        least, most = np.minimum(air, water), np.maximum(air, water)
        ntu = self.conductance_w_k * x**self.air_exponent / least
        return effectiveness(ntu, least / most) * least

    def _fans(
        self, heat: Float64, above: Float64, water: Float64, least: Float64, full: Float64
    ) -> tuple[Float64, Float64]:
        """Return the fan speed and the share of fans that turn, so that heat and `above` [K] fit together."""
        few = (heat <= least * above) | (heat <= 0.0)
        between = ~few & (heat < full * above)
        speed = np.where(few, self.fan_floor, 1.0)
        if np.any(between):
            rates, rows = heat[between] / above[between], water[between]
            speed[between] = root(lambda x: self._per_kelvin(x, rows) / rates, self.fan_floor, rates.size)
        share = np.where(few, heat / np.where(few & (heat > 0.0), least * above, 1.0), 1.0)
        return speed, share


def root(ratio: Callable[[Float64], Float64], floor: float, size: int) -> Float64:
    """Return where a rising `ratio` is 1, between `floor` and 1, for each of `size` elements.

    False position in logarithms, where conductances are nearly straight lines, with Illinois' halving of the
    end that stays.
    """
    low, high = np.full(size, np.log(floor)), np.zeros(size)
    under, over = np.log(ratio(np.exp(low))), np.log(ratio(np.exp(high)))
    kept = np.zeros(size)
    for _ in range(_STEPS):
        guess = (low * over - high * under) / (over - under)
        found = np.log(ratio(np.exp(guess)))
        short = found < 0.0
        low, high = np.where(short, guess, low), np.where(short, high, guess)
        under, over = (
            np.where(short, found, np.where(kept < 0.0, 0.5 * under, under)),
            np.where(short, np.where(kept > 0.0, 0.5 * over, over), found),
        )
        kept = np.where(short, 1.0, -1.0)
        if np.max(np.abs(found)) < _CLOSE:
            return np.asarray(np.exp(guess), np.float64)
    raise ConvergenceError(f"the fan speed did not settle within {_STEPS} steps")


@components.register("room-chiller")
@dataclass(frozen=True)
class RoomChiller:
    r"""Fan coils on chilled water: outdoor air cools it while cold enough, a compression chiller the rest.

    Notes
    -----
    With return :math:`T_r`, supply :math:`T_s`, air :math:`T_a` and approach ``a``, the compressor takes
    over the share :math:`\mathrm{clip}((T_a + a - T_s) / (T_r - T_s), 0, 1)` of the heat, at
    :math:`COP = \min(\eta\, T_s / (T_a + a - T_s), COP_{max})`.
    """

    rated_w: float
    """Largest heat [W]."""
    range_k: float
    """Return less supply [K]."""
    approach_k: float
    """Chilled water, or condenser, less outdoor air [K]."""
    carnot_frac: float
    """Coefficient of performance over the ideal one."""
    cop_max: float
    """Highest coefficient of performance."""
    fan_power_frac: float
    """Electric power of fan coils, pumps and recooler over the heat."""

    @classmethod
    def sized(cls, room: spec.RoomCooling, heat_w: float, supply_k: float, range_k: float) -> Self:
        """Return the cooling of rooms with at most `heat_w` [W]."""
        return cls(
            rated_w=heat_w,
            range_k=range_k,
            approach_k=room.approach_k,
            carnot_frac=room.carnot_frac,
            cop_max=room.cop_max,
            fan_power_frac=room.fan_power_frac,
        )

    def reject(
        self,
        heat_w: ArrayLike,
        weather: Outdoors,
        supply_k: ArrayLike,
        capacity_w_k: ArrayLike | None = None,
    ) -> Rejection:
        """Return what it takes to take `heat_w` [W] out of the rooms with chilled water of `supply_k` [K]."""
        heat, air, cold = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (heat_w, weather.air_k, supply_k))
        )
        lift = air + self.approach_k - cold
        share = np.clip(lift / self.range_k, 0.0, 1.0)
        ideal = cold / np.maximum(lift, 1e-9)
        cop = np.minimum(self.carnot_frac * ideal, self.cop_max)
        nothing = np.zeros_like(heat)
        return Rejection(heat * (self.fan_power_frac + share / cop), nothing, cold + nothing, nothing)
