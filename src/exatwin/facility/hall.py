r"""A measured warm-water hall: its pumps, its extraction station and its dry coolers, by few parameters.

Notes
-----
With :math:`P` the IT power, :math:`s` the share of it that the water takes, :math:`Q_d` what
the customers are given and :math:`E` the heat pumps' electricity:

- heat pumps: :math:`E` by second-law efficiency between the loop's return and the sink, plus standby;
- station: :math:`Q_d - E` and its losses, and what the heat pumps' circuits take up while their sink warms,
  capped, and followed with a first-order lag: the heat extracted :math:`Q_x`;
- dry coolers: :math:`x = (sP - Q_x) / (T_s - T_a)`, the conductance that the rest needs between supply and
  air. By themselves they draw air that takes heat with :math:`(T_s - T_a)^{4/3}`; where that is enough the
  fans stand still, below ``still_off``, and the recooling pumps do the control with a power
  :math:`\propto x^m`. Above ``still_on`` the fans turn with the cube of the conductance between hot water and
  air, since coolers at a few per cent of their air flow warm it almost to the water, so that air flow, and
  speed, go with it;
- pumps: :math:`P_i (P / P_{ref})^{n_i}`; that of the station affine in the heat extracted.

What decides for still or turning coolers is a latch: its state at the start is given by the middle of its
band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from exatwin.catalogue.plant import Cooling
from exatwin.catalogue.reuse import Hall
from exatwin.facility.heat import HeatPump
from exatwin.facility.reuse import energy_reuse_factor
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import InfeasibleError, SpecError


@dataclass(frozen=True, eq=False)
class HallInputs:
    """What is given: power, air, set points and the heat that customers get, each of shape (steps,)."""

    time_s: Float64
    """Start of each step [s]; where they are not a step apart, a new stretch begins."""
    step_s: float
    """Length of a step [s]."""
    it_w: Float64
    """IT power of all loops [W]."""
    air_k: Float64
    """Outdoor temperature [K]."""
    supply_k: float
    """Set point of the water to the racks [K]."""
    direct_w: Float64
    """Heat given at the temperature of the loop, to the own building and to neighbours [W]."""
    lifted_w: Float64
    """Heat given by heat pumps to the district network [W]."""
    sink_k: Float64
    """Temperature of the heat pumps' sink [K]."""

    @property
    def fresh(self) -> Float64:
        """1 at the first step of each stretch, else 0."""
        jumps = np.abs(np.diff(self.time_s) - self.step_s) > 1e-6 * self.step_s
        return np.append(1.0, jumps.astype(np.float64))


class HallRun(NamedTuple):
    """What a hall does, each of shape (steps,)."""

    loop_pump_w: Float64
    """Pumps of the racks' loops and of the hall's own heating [W]."""
    recooling_pump_w: Float64
    """Pumps to the dry coolers [W]."""
    station_pump_w: Float64
    """Pump of the extraction station [W]."""
    fan_w: Float64
    """Fans of the dry coolers [W]."""
    heat_pump_w: Float64
    """Electricity of the heat pumps [W]."""
    extracted_w: Float64
    """Heat extracted from the loops for customers [W]."""
    rejected_w: Float64
    """Heat handed to the air by the dry coolers [W]."""
    still: Float64
    """1 where the fans stand still, else 0."""

    @property
    def pump_w(self) -> Float64:
        """All pumps [W]."""
        return self.loop_pump_w + self.recooling_pump_w + self.station_pump_w

    @property
    def auxiliaries_w(self) -> Float64:
        """All pumps and fans [W]."""
        return self.pump_w + self.fan_w


def run_hall(cooling: Cooling, inputs: HallInputs) -> HallRun:
    """Return what the hall of `cooling` does.

    Parameters
    ----------
    cooling
        A plant with the sections ``hall`` and ``reuse.heat_pump``, such as that of the catalogue's ``zih``.
    inputs
        Power, air, set points and the heat that customers get.

    Raises
    ------
    SpecError
        `cooling` has no such section, or the inputs differ in length or have gaps.
    InfeasibleError
        The water is not warmer than the air, so that dry coolers can't take its heat.
    """
    hall, pump = _parts(cooling)
    _check(inputs)
    heat_pump = heat_pump_w(pump, hall, cooling, inputs)
    extracted = extracted_w(hall, inputs, heat_pump)
    rejected = np.maximum(cooling.water_share * inputs.it_w - extracted, 0.0)
    above = inputs.supply_k - inputs.air_k
    needed = rejected / above
    still = still_coolers(needed, above, inputs.fresh, hall)
    load = inputs.it_w / hall.reference_it_w
    return HallRun(
        loop_pump_w=hall.loop_pump_w * load**hall.loop_exponent,
        recooling_pump_w=recooling_w(hall, load, needed, still),
        station_pump_w=hall.station_pump_w + hall.station_slope_frac * extracted,
        fan_w=fan_w(hall, hot_w_k(cooling, hall, rejected, above), still),
        heat_pump_w=heat_pump,
        extracted_w=extracted,
        rejected_w=rejected,
        still=still,
    )


def heat_pump_w(pump: HeatPump, hall: Hall, cooling: Cooling, inputs: HallInputs) -> Float64:
    """Return the electricity of the heat pumps [W], between the return of the loop and their sink."""
    source = inputs.supply_k + cooling.range_k
    return pump.power_w(inputs.lifted_w, source, np.maximum(inputs.sink_k, hall.sink_min_k))


def extracted_w(hall: Hall, inputs: HallInputs, heat_pump: Float64) -> Float64:
    """Return the heat extracted from the loops [W] when heat pumps take `heat_pump` [W]."""
    from exatwin.facility._kernel import lag

    fresh = inputs.fresh
    warming = np.where(fresh > 0.0, 0.0, np.maximum(np.diff(inputs.sink_k, prepend=inputs.sink_k[:1]), 0.0))
    upgraded = inputs.lifted_w - np.where(inputs.lifted_w > 0.0, heat_pump, 0.0)
    asked = inputs.direct_w + upgraded + hall.station_loss_w + hall.warm_up_j_k * warming / inputs.step_s
    capped = np.clip(asked, 0.0, hall.station_max_w)
    return np.asarray(lag(capped, fresh, inputs.step_s, hall.station_lag_s), np.float64)


def recooling_w(hall: Hall, load: Float64, needed: Float64, still: Float64) -> Float64:
    """Return the power of the pumps to the dry coolers [W], for IT power over the reference and UA [W/K]."""
    turning = hall.recooling_pump_w * load**hall.recooling_exponent
    standing = hall.still_pump_w * (needed / hall.reference_w_k) ** hall.still_exponent
    return np.where(still > 0.0, standing, turning)


def hot_w_k(cooling: Cooling, hall: Hall, rejected: Float64, above_k: Float64) -> Float64:
    """Return the heat `rejected` [W] over hot water less air [W/K], for supply less air of `above_k` [K].

    The water that comes to the coolers is warmer than the supply by the range of the plant at the
    reference, and in proportion to the heat.
    """
    full = cooling.water_share * hall.reference_it_w
    return rejected / (above_k + cooling.range_k * rejected / full)


def fan_w(hall: Hall, hot: Float64, still: Float64) -> Float64:
    """Return the power of the fans [W] for heat over hot water less air of `hot` [W/K]."""
    return np.where(still > 0.0, 0.0, hall.fan_w * (hot / (2.0 * hall.reference_w_k)) ** 3)


def hall_erf(inputs: HallInputs, found: HallRun, facility_w: Float64) -> float:
    """Return the energy reuse factor: heat handed over before heat pumps, over the hall's energy."""
    return float(energy_reuse_factor(found.extracted_w.sum(), facility_w.sum()))


def still_coolers(needed: Float64, above_k: Float64, fresh: Float64, hall: Hall) -> Float64:
    """Return 1 where the fans stand still, for the conductance `needed` [W/K] of consecutive steps.

    Parameters
    ----------
    needed
        Heat over supply less air [W/K].
    above_k
        Supply less air [K].
    fresh
        1 at the first step of each stretch, else 0.
    hall
        The thresholds, and how what coolers draw by themselves grows with `above_k`.
    """
    from exatwin.facility._kernel import latch

    even = needed * (hall.reference_above_k / above_k) ** hall.draught_exponent
    return np.asarray(latch(even, fresh, hall.still_off_w_k, hall.still_on_w_k), np.float64)


def _parts(cooling: Cooling) -> tuple[Hall, HeatPump]:
    if cooling.hall is None or cooling.reuse is None or cooling.reuse.heat_pump is None:
        raise SpecError(
            f"cooling '{cooling.name}' is no measured hall: expected 'hall' and 'reuse.heat_pump'"
        )
    return cooling.hall, HeatPump.sized(cooling.reuse.heat_pump, cooling.reuse.demand_w)


def _check(inputs: HallInputs) -> None:
    steps = len(inputs.time_s)
    for name in ("it_w", "air_k", "direct_w", "lifted_w", "sink_k"):
        values = getattr(inputs, name)
        if values.shape != (steps,):
            raise SpecError(f"{name} has {len(values)} values, expected one for each of the {steps} steps")
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise SpecError(f"{name} has a gap at step {bad[0]}: expected a finite value at every step")
        low = np.flatnonzero(values < 0.0)
        if len(low):
            raise SpecError(f"{name} is negative at step {low[0]}: expected at least 0")
    warm = np.flatnonzero(inputs.air_k >= inputs.supply_k)
    if len(warm):
        raise InfeasibleError(
            f"the air is at {inputs.air_k[warm[0]] - 273.15:.1f} °C at step {warm[0]}: "
            f"dry coolers can't supply {inputs.supply_k - 273.15:.1f} °C"
        )
