"""Forecasts corrected by what became of earlier ones like them: analogs, and a band that holds its share.

The recorded scheduler is never quite the one that is simulated: it has limits, queues and habits that no log
tells. So a forecast is told as the starts that followed the earlier forecasts nearest to it, those that have
not started counted as waiting still (Kaplan and Meier), and the upper edge of the band is moved so that the
bands of earlier jobs would have held four in five of them.

References
----------
Analog ensembles: L. Delle Monache et al., Monthly Weather Review 141 (2013), doi:10.1175/MWR-D-12-00281.1.
Conformal bands for data in time: I. Gibbs, E. Candès, NeurIPS 2021, arXiv:2106.00170. Censored waits:
E. L. Kaplan, P. Meier, J. Am. Stat. Assoc. 53 (1958), doi:10.1080/01621459.1958.10501452.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.columns import Table, column

LEVELS: Float64 = np.asarray((np.arange(100) + 0.5) / 100.0, np.float64)
"""Levels at which a distribution is told."""
LOW, HIGH = 0.1, 0.9
HELD = 0.8
"""Share of starts that the band from P10 to P90 is to hold."""
NEAREST, RECENT = 60, 3000
"""Analogs of a forecast, and the latest forecasts among which they are sought."""
_AGE, _DAY_S, _MONTH_S = 0.3, 86400.0, 30 * 86400.0
_JUDGED = 150
"""Latest forecasts by which the upper edge is moved: few, since machines have good and bad weeks."""
_LEAST, _MOST = 0.5, 0.95
"""Where the upper edge stays: after a bad day not all bands are to be as long as the longest wait."""
FEWEST = 40
"""Earlier forecasts below which nothing is learned from them."""


@dataclass(frozen=True, eq=False, repr=False)
class Past(Table):
    """Forecasts of earlier jobs at their submission, and what became of them, by submission."""

    at_s: Float64 = column("f8", "s", "when it was made")
    p50_s: Float64 = column("f8", "s", "wait that was simulated, median")
    p90_s: Float64 = column("f8", "s", "wait that was simulated, 90th percentile")
    nodes: Float64 = column("f8", "1", "nodes asked for")
    limit_s: Float64 = column("f8", "s", "time limit asked for")
    partition: Float64 = column("f8", "1", "number of the partition")
    wait_s: Float64 = column("f8", "s", "how long the job waited")
    alike: Float64 = column("f8", "1", "jobs that wait and ask for no more nodes and time", 0.0)
    alike_s: Float64 = column("f8", "s", "how long the first of them has waited", 0.0)
    own_s: Float64 = column("f8", "s", "wait of the user's job that began last, -1 unknown", -1.0)

    def places(self) -> Float64:
        """Return where each forecast lies, so that near ones are alike, shape (forecasts, 13).

        What the simulation can't know shows in who waits: where a job waits that asks for no more, the
        scheduler has reasons of its own. Day and week are circles, as centres let long jobs in by night.
        """
        simulated = np.minimum(self.p50_s, 1e8)
        day = 2.0 * np.pi * self.at_s / _DAY_S
        own = np.where(self.own_s >= 0, self.own_s, simulated)
        return np.stack(
            [
                np.log1p(simulated / 60.0),
                np.log1p(np.minimum(self.p90_s, 1e8) / 60.0),
                np.log(self.nodes),
                np.log(self.limit_s),
                3.0 * self.partition,
                1.0 * (self.alike > 0),
                0.5 * np.log1p(self.alike),
                0.5 * np.log1p(self.alike_s / 60.0),
                0.5 * np.log1p(own / 60.0),
                *(0.5 * turn(day / each) for each in (1.0, 7.0) for turn in (np.sin, np.cos)),
            ],
            axis=1,
        )


@dataclass(frozen=True, eq=False)
class Corrected:
    """Distributions of waits after correction, one a forecast."""

    sample_s: Float64
    """Wait at each of LEVELS [s], ascending, shape (forecasts, 100)."""
    low_s: Float64
    """Lower edge of the band, P10 [s], shape (forecasts,)."""
    high_s: Float64
    """Upper edge of the band, P90 [s], shape (forecasts,)."""


def quantiles(wait_s: Float64, over: np.ndarray, weight: Float64, levels: Float64) -> Float64:
    """Return quantiles of waits of which some are not over yet, after Kaplan and Meier.

    Parameters
    ----------
    wait_s
        Wait, or wait so far [s], shape (jobs,).
    over
        Whether the job has started, shape (jobs,).
    weight
        How much each counts, shape (jobs,).

    Examples
    --------
    >>> waits, over = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])
    >>> quantiles(waits, over, np.ones(4), np.array([0.25, 0.6, 0.9]))
    array([1., 3., 4.])
    """
    wait, below = _steps(wait_s, over, weight)
    return np.asarray(wait[np.minimum(np.searchsorted(below, levels - 1e-9), len(wait) - 1)], np.float64)


def _steps(value: Float64, over: np.ndarray, weight: Float64) -> tuple[Float64, Float64]:
    """Return ascending values and the share that lies at or below each, after Kaplan and Meier."""
    order = np.lexsort((~over, value))
    done, counts = over[order], weight[order]
    at_risk = counts[::-1].cumsum()[::-1]
    return value[order], np.asarray(1.0 - np.cumprod(np.where(done, 1.0 - counts / at_risk, 1.0)), np.float64)


def nearest(past: Past, places: Float64, here: Float64, now_s: float, upto: int) -> Float64:
    """Return the waits, at LEVELS, that followed the forecasts before row `upto` nearest to `here`."""
    first = max(0, upto - RECENT)
    away = np.sqrt(((places[first:upto] - here) ** 2).sum(axis=1))
    away += _AGE * (now_s - past.at_s[first:upto]) / _MONTH_S
    rows = np.argpartition(away, NEAREST - 1)[:NEAREST] if len(away) > NEAREST else np.arange(len(away))
    sent, wait = past.at_s[first:upto][rows], past.wait_s[first:upto][rows]
    over = sent + wait <= now_s
    so_far = np.where(over, wait, now_s - sent)
    return quantiles(so_far, over, np.asarray(1.0 / (0.5 + away[rows]), np.float64), LEVELS)


def corrected(past: Past) -> Corrected:
    """Return what would have been said of each job of `past`, by those before it alone.

    The first ones, that have too few before them, are NaN. At the time of a forecast only the starts that
    had happened are known.
    """
    count, places = len(past), past.places()
    sample = np.full((count, len(LEVELS)), np.nan)
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    judged = _Judged(past)
    for row in range(FEWEST, count):
        sample[row] = nearest(past, places, places[row], past.at_s[row], row)
        level = judged.level(row, float(past.at_s[row]))
        low[row], high[row] = edges(sample[row], level)
        judged.add(row, sample[row], low[row])
    return Corrected(sample, low, high)


def edges(sample_s: Float64, level: float) -> tuple[float, float]:
    """Return P10 and the upper edge at `level` of a distribution told at LEVELS [s]."""
    low, high = np.searchsorted(LEVELS, [LOW, level])
    return float(sample_s[low]), float(sample_s[min(int(high), len(LEVELS) - 1)])


def foretold(past: Past, now: Mapping[str, float]) -> Corrected:
    """Return the distribution of one forecast made now, after all of `past`; its row is the only one.

    Parameters
    ----------
    past
        Forecasts of jobs that have come so far; one that has not started has the wait infinite.
    now
        Values of the columns of the forecast; its wait is not known.
    """
    row = {**now, "wait_s": np.inf}
    told = corrected(Past(**{name: np.append(column, row[name]) for name, column in past}))
    return Corrected(told.sample_s[-1:], told.low_s[-1:], told.high_s[-1:])


class _Judged:
    """Earlier forecasts and the level at which each would just have held its start."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.rows: list[int] = []
        self.needed: list[float] = []
        self.samples: list[Float64] = []

    def add(self, row: int, sample: Float64, low_s: float) -> None:
        wait = self.past.wait_s[row]
        above = float(LEVELS[min(int(np.searchsorted(sample, wait)), len(LEVELS) - 1)])
        if wait > sample[-1]:
            above = 1.0
        self.rows.append(row)
        self.needed.append(-1.0 if wait < low_s else above)
        self.samples.append(sample)

    def level(self, row: int, now_s: float) -> float:
        """Return the level of the upper edge by which earlier bands would have held HELD of their starts."""
        rows = np.array(self.rows[-_JUDGED:], np.int64)
        if len(rows) < FEWEST:
            return HIGH
        needed = np.array(self.needed[-_JUDGED:])
        sent = self.past.at_s[rows]
        waiting = sent + self.past.wait_s[rows] > now_s
        for k in np.flatnonzero(waiting):  # known of it: it waits longer than this
            so_far = now_s - sent[k]
            sample = self.samples[-len(rows) :][k]
            needed[k] = LEVELS[min(int(np.searchsorted(sample, so_far)), len(LEVELS) - 1)]
        missed = float(np.mean(needed < 0.0))
        level, below = _steps(needed, ~waiting, np.ones(len(rows)))
        found = level[np.argmin(np.abs(below - missed - HELD))]
        return float(np.clip(found, _LEAST, _MOST))


__all__ = [
    "FEWEST",
    "HELD",
    "HIGH",
    "LEVELS",
    "LOW",
    "Corrected",
    "Past",
    "corrected",
    "edges",
    "foretold",
    "nearest",
    "quantiles",
]
