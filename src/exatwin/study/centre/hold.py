"""Price- and carbon-aware orders: jobs wait for a cheap or clean hour, but not for longer than a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.signal import Signal

if TYPE_CHECKING:
    from exatwin.catalogue.machine import Machine
    from exatwin.study.centre.asked import Asked
    from exatwin.study.scenario import Scenario


def begins(submit_s: Int64, price: Signal, delay_s: int, quantile: float) -> Int64:
    """Return the earliest start of each job [s]: the first hour that is among the cheapest it may wait for.

    Parameters
    ----------
    submit_s
        When jobs are sent [s], shape (jobs,).
    price
        What counts as price, in steps; it must reach from the first submission to `delay_s` after the last.
    delay_s
        How long a job may be held at most [s].
    quantile
        Which of the steps that begin within that time are cheap: those up to this quantile of their prices.

    Notes
    -----
    The cheapest step is always among them, so that no job is held beyond `delay_s`. A job is free to go at
    the begin of the step that it is held for; whether it starts then is up to the queue.

    Examples
    --------
    >>> day = Signal.steps([9.0, 5.0, 1.0, 7.0], 3600.0, "EUR/J")
    >>> begins(np.array([0, 600, 7300]), day, 7200, 0.5).tolist()
    [3600, 3600, 7300]
    """
    edges, values = price.edges_s[:-1], price.values
    found = submit_s.astype(np.int64).copy()
    at = np.clip(np.searchsorted(edges, submit_s, side="right") - 1, 0, len(values) - 1)
    until = np.searchsorted(edges, submit_s + delay_s, side="right")
    pairs, which = np.unique(np.stack([at, until]), axis=1, return_inverse=True)
    step = np.array([_cheap(values, int(a), int(b), quantile) for a, b in pairs.T], np.int64)[np.ravel(which)]
    later = step > at
    found[later] = np.ceil(edges[step[later]]).astype(np.int64)
    return found


def _cheap(values: np.ndarray, first: int, until: int, quantile: float) -> int:
    """Return the first step from `first` on that is no dearer than the quantile of those before `until`."""
    ahead = values[first : max(until, first + 1)]
    return first + int(np.argmax(ahead <= np.quantile(ahead, quantile)))


def held_begins(scenario: Scenario, wanted: Asked, machine: Machine) -> Int64 | None:
    """Return the earliest start of each job of `scenario` [s]; None where nothing is held.

    Raises
    ------
    SpecError, CatalogueError
        The market is not known.
    TraceError
        A file of prices does not reach as far.
    """
    rule = scenario.schedule
    if rule.hold == "none" or len(wanted.jobs) == 0:
        return None
    from exatwin.catalogue.site import load_site
    from exatwin.study.building import market_of

    site = load_site(scenario.site or machine.file.site)
    submit = wanted.jobs.submit_s
    last = float(submit.max()) + rule.hold_delay_s + 3600.0
    market = market_of(scenario, site, wanted, float(submit.min()), last)
    price = market.price_eur_j if rule.hold == "price" else market.carbon_kgco2e_j
    return begins(submit, price, round(rule.hold_delay_s), rule.hold_quantile_frac)


__all__ = ["begins", "held_begins"]
