"""Forecasts of the jobs of a log at their submission, beside the starts that the log recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.random import stream
from exatwin.schedule.ahead import Rule
from exatwin.study.analogs import HELD, LEVELS, Past, corrected
from exatwin.study.ensemble import DAY_S, Queue, waits
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import standing_at
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import Usage

MEMBERS = 24
_USED = 3000
"""Jobs that ended last, from which run times are drawn."""


def simulated(
    jobs: Jobs, nodes: int, rows: Int64, *, members: int = MEMBERS, seed: int = 0, rule: Rule | None = None
) -> Past:
    """Return the forecasts of `rows` at their submission, uncorrected, beside their recorded waits.

    Parameters
    ----------
    jobs
        A log with recorded starts, in order of submission.
    nodes
        Nodes (or processors) of the machine.
    rows
        Rows to forecast, ascending.

    Notes
    -----
    At each submission the state is taken out of the log: what ran and waited then, what had ended, who had
    come. Nothing of what came later is read.
    """
    start, run = jobs.recorded_start_s.astype(np.int64), jobs.runtime_s.astype(np.int64)
    end = start + run
    by_end = np.argsort(end, kind="stable")
    ends = end[by_end]
    found = np.empty((len(rows), 2))
    for k, row in enumerate(rows):
        now = int(jobs.submit_s[row])
        standing, _ = standing_at(jobs, start, end, now, int(row))
        ended = by_end[: np.searchsorted(ends, now, side="right")][-_USED:]
        usage = Usage.of(jobs, ended[ended < row])
        queue = Queue(standing, nodes, usage, Upcoming(jobs.take(slice(0, int(row))), now), rule or Rule())
        wanted = np.array([[min(int(jobs.nodes[row]), nodes)], [max(int(jobs.limit_s[row]), 1)]], np.int64)
        each = waits(queue, wanted, members=members, rng=stream(seed, "forecast", str(row)))[:, 0]
        found[k] = np.quantile(np.minimum(each, 1e8), (0.5, 0.9))
    asked = (
        jobs.submit_s[rows],
        found[:, 0],
        found[:, 1],
        jobs.nodes[rows],
        np.maximum(jobs.limit_s[rows], 1),
    )
    told = (*asked, jobs.partition[rows], start[rows] - jobs.submit_s[rows])
    return Past(
        **{name: np.asarray(each, np.float64) for name, each in zip(Past.columns(), told, strict=True)}
    )


@dataclass(frozen=True)
class Scores:
    """How forecasts of one log did, and a constant guess beside them."""

    jobs: int
    """Forecasts that are scored."""
    held_frac: float
    """Share of the starts inside the band from P10 to P90."""
    mean_width_s: float
    """Mean width of the bands [s]."""
    median_width_s: float
    """Median width of the bands [s]."""
    guess_s: tuple[float, float]
    """P10 and P90 of all these waits: the band of a constant guess that knows them all [s]."""
    guess_held_frac: float
    """Share of the starts inside the latter."""
    interval_s: float
    """Mean interval score of the bands [s]: width, and ten times by how far starts lie outside."""
    guess_interval_s: float
    """The same of the constant guess [s]."""
    pinball_s: tuple[float, float, float]
    """Mean pinball loss at P10, P50 and P90 of the distributions [s]."""
    guess_pinball_s: tuple[float, float, float]
    """The same of the constant guess [s]."""

    @property
    def guess_width_s(self) -> float:
        """Width of the constant guess [s]."""
        return self.guess_s[1] - self.guess_s[0]


def scores(past: Past, first: int) -> tuple[Scores, Float64, Float64]:
    """Return how corrected forecasts from row `first` on did, and the edges of their bands [s]."""
    told = corrected(past)
    wait, low, high = past.wait_s[first:], told.low_s[first:], told.high_s[first:]
    guess = np.quantile(wait, (0.1, 0.5, 0.9))
    at = [told.sample_s[first:, np.searchsorted(LEVELS, level)] for level in (0.1, 0.5, 0.9)]
    width = high - low
    return (
        Scores(
            jobs=len(wait),
            held_frac=float(np.mean((wait >= low) & (wait <= high))),
            mean_width_s=float(width.mean()),
            median_width_s=float(np.median(width)),
            guess_s=(float(guess[0]), float(guess[2])),
            guess_held_frac=float(np.mean((wait >= guess[0]) & (wait <= guess[2]))),
            interval_s=_interval(wait, low, high),
            guess_interval_s=_interval(wait, np.full(len(wait), guess[0]), np.full(len(wait), guess[2])),
            pinball_s=_three(wait, at),
            guess_pinball_s=_three(wait, [np.full(len(wait), each) for each in guess]),
        ),
        low,
        high,
    )


def _three(wait: Float64, at: list[Float64]) -> tuple[float, float, float]:
    first, second, third = (pinball(wait, each, p) for each, p in zip(at, (0.1, 0.5, 0.9), strict=True))
    return first, second, third


def pinball(wait_s: Float64, said_s: Float64, level: float) -> float:
    """Return the mean pinball loss of quantiles [s].

    Examples
    --------
    >>> pinball(np.array([10.0, 0.0]), np.array([0.0, 10.0]), 0.9)
    5.0
    """
    short = wait_s - said_s
    return float(np.mean(np.maximum(level * short, (level - 1.0) * short)))


def _interval(wait: Float64, low: Float64, high: Float64) -> float:
    """Return the mean interval score of bands that are to hold HELD.

    T. Gneiting, A. E. Raftery, J. Am. Stat. Assoc. 102 (2007), doi:10.1198/016214506000001437.
    """
    outside = np.maximum(low - wait, 0.0) + np.maximum(wait - high, 0.0)
    return float(np.mean(high - low + 2.0 / (1.0 - HELD) * outside))


def sampled(jobs: Jobs, count: int, *, skip_s: int = 14 * DAY_S) -> Int64:
    """Return about `count` rows of a log at equal distances, from `skip_s` [s] after its beginning on."""
    first = int(np.searchsorted(jobs.submit_s, jobs.submit_s[0] + skip_s))
    step = max(1, (len(jobs) - first) // count)
    return np.arange(first, len(jobs), step)


__all__ = ["MEMBERS", "Scores", "pinball", "sampled", "scores", "simulated"]
