"""How fast a facility's power changes, and what it costs to keep a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exatwin.account.cost import cost_eur
from exatwin.catalogue.supply import load_supply_terms
from exatwin.catalogue.tariff import Tariff
from exatwin.facility.ramps import Smoothing, ballast, ramps, storage
from exatwin.foundation.signal import Signal

if TYPE_CHECKING:
    from exatwin.account.market import Market

MINUTE_S = 60.0


@dataclass(frozen=True)
class Kept:
    """What it takes to keep a limit by one means."""

    energy_j: float
    """Energy burnt or lost [J]."""
    power_w: float
    """Power of the ballast or the battery [W]."""
    store_j: float
    """What a battery has to hold; 0 for ballast [J]."""
    cost_eur: float
    """Its energy, and the wear of the battery [EUR]."""


@dataclass(frozen=True)
class RampAccount:
    """The fastest changes of a facility's power between the means of two minutes, and a limit."""

    rise_w: float
    """Largest rise [W]."""
    fall_w: float
    """Largest fall [W], positive."""
    limit_w_s: float | None = None
    """Largest change of power that is allowed [W/s]."""
    ballast: Kept | None = None
    """Busy work that fills what a limit forbids to fall or to jump; None without a limit."""
    battery: Kept | None = None
    """A battery beside the load; None without a limit."""

    @property
    def change_w_s(self) -> float:
        """The faster of rise and fall over a minute [W/s]."""
        return max(self.rise_w, self.fall_w) / MINUTE_S

    def figures(self) -> dict[str, float]:
        """Return all figures by name, SI units in their names."""
        found = {"rise_w": self.rise_w, "fall_w": self.fall_w, "change_w_s": self.change_w_s}
        if self.limit_w_s is not None:
            found["limit_w_s"] = self.limit_w_s
        for name, kept in (("ballast", self.ballast), ("battery", self.battery)):
            if kept is not None:
                found |= {f"{name}_{key}": value for key, value in vars(kept).items()}
        return found


def by_minute_w(it_w: Signal, facility_w: Signal) -> Signal:
    """Return the facility's power in minutes [W]: the IT's own, and the overhead between the plant's steps.

    A plant in steps of at most a minute is taken as it is; otherwise its overhead runs straight from the
    middle of one step to that of the next, so that the edges of steps are no ramps.

    Examples
    --------
    >>> it = Signal([0.0, 60.0, 1800.0], [1e6, 2e6], "W")
    >>> plant = Signal([0.0, 900.0, 1800.0], [2.1e6, 2.2e6], "W")
    >>> by_minute_w(it, plant).values.round(-4)[:2].tolist()
    [1170000.0, 2170000.0]
    """
    if float(facility_w.widths_s.max()) <= MINUTE_S:
        plain: Signal = facility_w.mean(MINUTE_S)
        return plain
    minutes: Signal = it_w.mean(MINUTE_S)
    edges = facility_w.edges_s
    beyond = facility_w.values - it_w.over(edges).values
    between = np.interp(_middles(minutes.edges_s), _middles(edges), beyond)
    return Signal(minutes.edges_s, minutes.values + between, "W")


def _middles(edges: np.ndarray) -> np.ndarray:
    return np.asarray((edges[1:] + edges[:-1]) / 2.0, np.float64)


def settle_ramps(
    it_w: Signal,
    facility_w: Signal,
    market: Market,
    tariff: Tariff,
    limit_w_s: float | None = None,
    terms: str | None = None,
) -> RampAccount | None:
    """Return how fast the facility's power changes; None for less than two minutes.

    Parameters
    ----------
    it_w
        IT power [W].
    facility_w
        Power at the facility's meter [W], over the same time.
    market, tariff
        What energy costs.
    limit_w_s
        Largest change of power that is allowed [W/s]; None for none.
    terms
        Catalogue name or file of the battery's efficiency and wear; by default ``generic``.

    Raises
    ------
    SpecError
        The limit is not positive, or a price is missing.
    """
    power = by_minute_w(it_w, facility_w)
    fastest = ramps(power, (MINUTE_S,))
    if not fastest:
        return None
    rise, fall = fastest[0].up_w, fastest[0].down_w
    if limit_w_s is None:
        return RampAccount(rise, fall)
    own = load_supply_terms(terms or "generic").battery
    burnt = ballast(power.values, MINUTE_S, limit_w_s)
    stored = storage(power.values, MINUTE_S, limit_w_s, own.one_way_frac)
    span = (power.start_s, power.end_s)
    extra = Signal(power.edges_s, np.maximum(burnt.power_w - power.values, 0.0), "W")
    paid = sum(cost_eur(extra, tariff, market.price_eur_j, *span).values())
    mean_eur_j = sum(cost_eur(facility_w, tariff, market.price_eur_j, *span).values()) / facility_w.integral()
    given = float(np.maximum(power.values - stored.power_w, 0.0) @ power.widths_s)
    worn = stored.energy_j * mean_eur_j + given * own.wear_eur_j
    return RampAccount(rise, fall, limit_w_s, _kept(burnt, paid), _kept(stored, worn))


def _kept(done: Smoothing, cost: float) -> Kept:
    return Kept(done.energy_j, done.peak_w, done.store_j, cost)


__all__ = ["Kept", "RampAccount", "by_minute_w", "settle_ramps"]
