"""Parts that move, lift and keep heat: a counter-flow exchanger, a heat pump, a mixed tank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.reuse import HeatPump as HeatPumpSpec
from exatwin.catalogue.reuse import HeatTank as HeatTankSpec
from exatwin.facility.thermal import effectiveness, transfer_units
from exatwin.foundation.arrays import Float64

WATER_J_K_M3 = 4.12e6
"""Heat capacity of a cubic metre of water near 50 °C [J/(K m³)] (IAPWS-95: 988.0 kg/m³ × 4,182 J/(kg K))."""


@dataclass(frozen=True)
class HeatExchanger:
    r"""A counter-flow exchanger of constant conductance.

    Notes
    -----
    :math:`Q = \varepsilon\, C_{min} (T_{h,in} - T_{c,in})` with the effectiveness of
    :func:`exatwin.facility.thermal.effectiveness`.

    Examples
    --------
    >>> plate = HeatExchanger(1e5)
    >>> float(plate.heat_w(320.0, 300.0, 1e5, 1e5))
    1000000.0
    """

    conductance_w_k: float
    """UA [W/K]."""

    @classmethod
    def sized(cls, heat_w: float, range_k: float, approach_k: float) -> Self:
        """Return the exchanger that moves `heat_w` [W] over `range_k` [K] on both sides at an approach."""
        ratio = range_k / (range_k + approach_k)
        return cls(transfer_units(ratio, 1.0) * heat_w / range_k)

    def heat_w(self, hot_k: ArrayLike, cold_k: ArrayLike, hot_w_k: ArrayLike, cold_w_k: ArrayLike) -> Float64:
        """Return the heat moved [W]; never negative.

        Parameters
        ----------
        hot_k, cold_k
            Temperatures at the two inlets [K], any shape.
        hot_w_k, cold_w_k
            Heat capacity rates [W/K]; no heat moves where one is zero.
        """
        hot, cold, above, below = (np.asarray(v, np.float64) for v in (hot_w_k, cold_w_k, hot_k, cold_k))
        least, most = np.minimum(hot, cold), np.maximum(hot, cold)
        flows = least > 0.0
        some = np.where(flows, least, 1.0)
        effective = effectiveness(
            self.conductance_w_k / some, np.where(flows, least / np.maximum(most, some), 0.0)
        )
        return np.where(flows, effective * least * np.maximum(above - below, 0.0), 0.0)


@dataclass(frozen=True)
class HeatPump:
    r"""A heat pump by its second-law efficiency.

    Notes
    -----
    At full load :math:`COP = \min(\eta\, T_h / (T_h - T_c), COP_{max})`. At part load, with ``c`` the
    degradation and ``R`` the rated heat, :math:`P = (c\, Q + (1 - c)\, R) / COP`, which is the part-load
    factor of EN 14825 written for the power. Electricity becomes heat on the hot side.

    References
    ----------
    EN 14825:2022, section 8 (degradation of water-to-water units); second-law efficiencies of large heat
    pumps: *Energy* 152, 985 (2018), https://doi.org/10.1016/j.energy.2018.03.166.

    Examples
    --------
    >>> pump = HeatPump(rated_w=1e6, carnot_frac=0.5, cop_max=8.0, degradation=1.0, standby_w=0.0)
    >>> float(pump.cop(313.15, 363.15).round(4))
    3.6315
    """

    rated_w: float
    """Most heat that it gives [W]."""
    carnot_frac: float
    """Coefficient of performance over the ideal one."""
    cop_max: float
    """Highest coefficient of performance."""
    degradation: float
    """Share of the electricity that follows the load."""
    standby_w: float
    """Electric power while it gives no heat [W]."""

    @classmethod
    def sized(cls, pump: HeatPumpSpec, heat_w: float) -> Self:
        """Return the heat pump that gives at most `heat_w` [W]."""
        return cls(heat_w, pump.carnot_frac, pump.cop_max, pump.degradation, pump.standby_w)

    def cop(self, source_k: ArrayLike, sink_k: ArrayLike) -> Float64:
        """Return the coefficient of performance at full load between two temperatures [K].

        No lift at all gives the highest one.
        """
        sink = np.asarray(sink_k, np.float64)
        lift = np.maximum(sink - np.asarray(source_k, np.float64), 1e-9)
        return np.maximum(np.minimum(self.carnot_frac * sink / lift, self.cop_max), 1.0)

    def power_w(self, heat_w: ArrayLike, source_k: ArrayLike, sink_k: ArrayLike) -> Float64:
        """Return the electric power [W] for `heat_w` [W] given at `sink_k` [K]."""
        heat = np.asarray(heat_w, np.float64)
        still = (1.0 - self.degradation) * self.rated_w
        running = (self.degradation * heat + still) / self.cop(source_k, sink_k)
        # less heat than the constant share of the electricity brings: it comes from electricity alone
        return np.where(heat > 0.0, np.minimum(running, heat), self.standby_w)

    def heat_from_w(self, taken_w: ArrayLike, source_k: ArrayLike, sink_k: ArrayLike) -> Float64:
        """Return the heat given [W] when `taken_w` [W] is taken from the source, up to the rated heat."""
        taken, cop = np.asarray(taken_w, np.float64), self.cop(source_k, sink_k)
        still = (1.0 - self.degradation) * self.rated_w
        gained = 1.0 - self.degradation / cop
        given = (taken + still / cop) / np.where(gained > 0.0, gained, 1.0)
        return np.where((taken > 0.0) & (gained > 0.0), np.minimum(given, self.rated_w), 0.0)


class TankRun(NamedTuple):
    """What a tank did, each of shape (steps,)."""

    made_w: Float64
    """Heat put in or passed through [W]."""
    given_w: Float64
    """Heat given to the customers [W]."""
    lost_w: Float64
    """Heat lost to the surroundings [W]."""
    kept_j: Float64
    """Heat above the return temperature at the end of the step [J]."""


@dataclass(frozen=True)
class Tank:
    r"""A well-mixed tank: one temperature, between the return and the supply of the network.

    Notes
    -----
    :math:`C\, dT/dt = P - UA\,(T - T_a)`, exact for powers constant over a step. What is kept is counted from
    the return temperature, at which the tank is empty; it is filled whenever there is heat to spare. It meets
    the interface :class:`~exatwin.facility.component.Store`: positive powers are given, negative ones taken.
    """

    capacity_j_k: float
    """Heat capacity of the water [J/K]."""
    range_k: float
    """Supply less return of the network [K]."""
    loss_w_k: float
    """Heat lost per kelvin above the surroundings [W/K]."""
    idle_k: float
    """Return of the network less the surroundings [K]."""

    @classmethod
    def sized(cls, tank: HeatTankSpec, supply_k: float, return_k: float, around_k: float = 288.15) -> Self:
        """Return the tank between two temperatures of the network, in surroundings of `around_k` [K]."""
        return cls(tank.volume_m3 * WATER_J_K_M3, supply_k - return_k, tank.loss_w_k, return_k - around_k)

    @property
    def full_j(self) -> float:
        """The most heat that it keeps above the return temperature [J]."""
        return self.capacity_j_k * self.range_k

    @property
    def idle_w(self) -> float:
        """What it loses while empty [W]; heat that keeps an empty tank warm is drawn from what comes in."""
        return self.loss_w_k * max(self.idle_k, 0.0)

    def run(
        self, can_w: ArrayLike, demand_w: ArrayLike, step_s: float, state_j: float | None = None
    ) -> TankRun:
        """Return what the tank does under `demand_w` [W] when up to `can_w` [W] can be made, shape (steps,).

        Parameters
        ----------
        can_w, demand_w
            Heat that can be made and that is asked for [W].
        step_s
            Length of a step [s].
        state_j
            Heat kept at the start [J]; full by default.
        """
        from exatwin.facility._kernel import tank

        can, asked = np.ascontiguousarray(can_w, np.float64), np.ascontiguousarray(demand_w, np.float64)
        start = self.full_j if state_j is None else state_j
        decay = self.loss_w_k / self.capacity_j_k
        return TankRun(*tank(can, asked, float(step_s), self.full_j, decay, self.idle_w, float(start)))

    def init(self) -> float:
        """Return the heat kept at the start [J]: full."""
        return self.full_j

    def step(self, state: float, ask_w: float, step_s: float) -> tuple[float, float]:
        """Return the heat kept [J] after a step and the power [W] given (taken if negative) of `ask_w`."""
        done = self.run([max(-ask_w, 0.0)], [max(ask_w, 0.0)], step_s, state)
        power = float(done.given_w[0]) if ask_w >= 0.0 else -float(done.made_w[0])
        return float(done.kept_j[0]), power
