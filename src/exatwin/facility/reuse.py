"""Heat reuse: what customers get from the return of the loop, through exchanger, heat pump and tank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.reuse import Boundary, HeatReuse
from exatwin.facility.heat import HeatExchanger, HeatPump, Tank
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import InfeasibleError


class Reused(NamedTuple):
    """What heat reuse did, each of shape (steps,)."""

    taken_w: Float64
    """Heat taken from the warm-water loop [W]."""
    power_w: Float64
    """Electricity of heat pumps [W]."""
    given_w: Float64
    """Heat that the customers got [W]."""
    lost_w: Float64
    """Heat that the tank lost [W]."""
    stored_w: Float64
    """Heat that the tank took up, less what it gave back [W]."""
    unmet_w: Float64
    """Demand that was not met [W]."""


@dataclass(frozen=True)
class Reuse:
    """An exchanger, a heat pump and a tank, sized for a plant and its customers."""

    exchanger: HeatExchanger
    """What takes heat from the return of the loop."""
    cold_w_k: float
    """Heat capacity rate on its cold side [W/K]."""
    source_drop_k: float
    """Return of the loop less the temperature at which its cold side comes in [K]."""
    approach_k: float
    """Return of the loop less the temperature at which heat is handed over [K]."""
    pump: HeatPump | None
    """What lifts the heat."""
    tank: Tank | None
    """What evens out demand and supply."""
    source_k: float
    """Temperature at which heat is handed over at the design point [K]."""
    network_supply_k: float
    """Supply of the network [K]."""
    boundary: Boundary
    """On which side of the PUE's boundary the heat pump lies."""

    @classmethod
    def sized(cls, reuse: HeatReuse, heat_w: float, return_k: float, range_k: float) -> Self | None:
        """Return what `reuse` needs beside a loop of `heat_w` [W] and a return of `return_k` [K]; None
        without any demand.

        Raises
        ------
        InfeasibleError
            The network is hotter than the loop can warm it and there is no heat pump.
        """
        if reuse.demand_w <= 0.0:
            return None
        _reachable(reuse, return_k)
        capacity = min(heat_w, reuse.capacity_w if reuse.capacity_w is not None else reuse.demand_w)
        if capacity <= 0.0:
            raise InfeasibleError("heat_reuse.capacity is 0 W: expected more, or no demand")
        # directly, the network's own return comes in; before a heat pump, a circuit as wide as the loop's
        drop = reuse.approach_k + range_k if reuse.heat_pump else return_k - reuse.network_return_k
        wide = drop - reuse.approach_k
        return cls(
            exchanger=HeatExchanger.sized(capacity, wide, reuse.approach_k),
            cold_w_k=capacity / wide,
            source_drop_k=drop,
            approach_k=reuse.approach_k,
            pump=HeatPump.sized(reuse.heat_pump, reuse.demand_w) if reuse.heat_pump else None,
            tank=Tank.sized(reuse.tank, reuse.network_supply_k, reuse.network_return_k)
            if reuse.tank
            else None,
            source_k=return_k - reuse.approach_k,
            network_supply_k=reuse.network_supply_k,
            boundary=reuse.boundary,
        )

    @property
    def inside(self) -> bool:
        """Whether the heat pumps' electricity is part of the facility's."""
        return self.boundary is Boundary.INSIDE

    @property
    def rated_power_w(self) -> float:
        """Electricity of the heat pumps at full load, from the return of the design point [W]."""
        if self.pump is None:
            return 0.0
        return float(self.pump.power_w(self.pump.rated_w, self.source_k, self.network_supply_k))

    def signals(self, found: Reused, return_k: Float64) -> dict[str, Float64]:
        """Return what a plant shows of `found`: heat handed over for reuse, and at which temperature.

        With heat pumps outside the boundary, ``heat_reused_w`` is the heat taken from the loop, at the
        temperature of the hand-over; inside it is what the network gets, at its supply. ``heat_given_w`` is
        what the customers get, ``heat_pump_w`` the heat pumps' electricity, ``heat_unmet_w`` the demand not
        met, ``heat_stored_w`` and ``heat_lost_w`` the tank's.
        """
        lifted = self.inside and self.pump is not None
        hand_over = np.full_like(return_k, self.network_supply_k) if lifted else return_k - self.approach_k
        return {
            "heat_reused_w": found.given_w + found.stored_w + found.lost_w if lifted else found.taken_w,
            "reuse_k": hand_over,
            "heat_given_w": found.given_w,
            "heat_pump_w": found.power_w,
            "heat_unmet_w": found.unmet_w,
            "heat_stored_w": found.stored_w,
            "heat_lost_w": found.lost_w,
        }

    def run(
        self, heat_w: Float64, return_k: Float64, loop_w_k: Float64, demand_w: Float64, step_s: float
    ) -> Reused:
        """Return what is taken and given.

        Parameters
        ----------
        heat_w
            Heat in the loop that would go to the coolers [W], shape (steps,).
        return_k
            Return of the loop [K].
        loop_w_k
            Heat capacity rate of the loop [W/K].
        demand_w
            What the customers ask for [W].
        step_s
            Length of a step [s].
        """
        reach = self.exchanger.heat_w(return_k, return_k - self.source_drop_k, loop_w_k, self.cold_w_k)
        source = return_k - self.approach_k
        can_take = np.minimum(reach, heat_w)
        can = self._given_w(can_take, source)
        if self.tank is None:
            made = given = np.minimum(can, demand_w)
            lost = stored = np.zeros_like(made)
        else:
            done = self.tank.run(can, demand_w, step_s)
            made, given, lost = done.made_w, done.given_w, done.lost_w
            stored = made - given - lost
        power = (
            np.zeros_like(made) if self.pump is None else self.pump.power_w(made, source, self._sink(made))
        )
        taken = np.where(made > 0.0, made - power, 0.0) if self.pump else made
        return Reused(taken, power, given, lost, stored, demand_w - given)

    def _given_w(self, taken_w: Float64, source_k: Float64) -> Float64:
        if self.pump is None:
            return np.where(source_k >= self.network_supply_k - 1e-6, taken_w, 0.0)
        return self.pump.heat_from_w(taken_w, source_k, self._sink(taken_w))

    def _sink(self, like: Float64) -> Float64:
        return np.full_like(like, self.network_supply_k)


def _reachable(reuse: HeatReuse, return_k: float) -> None:
    reach = return_k - reuse.approach_k
    if reuse.heat_pump is None and reach < reuse.network_supply_k:
        raise InfeasibleError(
            f"heat_reuse: a network at {reuse.network_supply_k - 273.15:.1f} °C can't be warmed by a loop "
            f"that returns at {return_k - 273.15:.1f} °C (approach {reuse.approach_k:g} K): "
            "expected a colder network, a warmer loop or 'heat_pump'"
        )
    if reuse.heat_pump is None and reuse.network_return_k >= reach:
        raise InfeasibleError("heat_reuse: the network's return is too warm to take any heat from the loop")


def energy_reuse_factor(reused_j: ArrayLike, facility_j: ArrayLike) -> Float64:
    """Return the ERF: energy handed over for reuse over the energy of the data centre (EN 50600-4-6)."""
    whole = np.asarray(facility_j, np.float64)
    return np.where(whole > 0.0, np.asarray(reused_j, np.float64) / np.where(whole > 0.0, whole, 1.0), np.nan)


def energy_reuse_effectiveness(pue: ArrayLike, reuse_factor: ArrayLike) -> Float64:
    """Return the ERE, ``(1 - ERF) × PUE`` (The Green Grid, white paper 29).

    Examples
    --------
    >>> float(energy_reuse_effectiveness(1.2, 0.5))
    0.6
    """
    return (1.0 - np.asarray(reuse_factor, np.float64)) * np.asarray(pue, np.float64)
