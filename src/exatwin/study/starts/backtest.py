"""Forecasts of the jobs of a log at their submission, beside the starts that the log recorded."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.random import stream
from exatwin.schedule.ahead import Rule
from exatwin.study.starts.analogs import Past
from exatwin.study.starts.ensemble import DAY_S, Queue, waits
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import Standing, standing_at
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
    found, around = np.empty((len(rows), 2)), np.empty((len(rows), 3))
    for k, row in enumerate(rows):
        now = int(jobs.submit_s[row])
        standing, _ = standing_at(jobs, start, end, now, int(row))
        before = jobs.take(slice(0, int(row)))
        ended = by_end[: np.searchsorted(ends, now, side="right")][-_USED:]
        usage = Usage.of(jobs, ended[ended < row])
        queue = Queue(standing, nodes, usage, Upcoming(before, now), rule or Rule())
        wanted = np.array([[min(int(jobs.nodes[row]), nodes)], [max(int(jobs.limit_s[row]), 1)]], np.int64)
        each = waits(queue, wanted, members=members, rng=stream(seed, "forecast", str(row)))[:, 0]
        found[k] = np.quantile(np.minimum(each, 1e8), (0.5, 0.9))
        around[k] = *alike(standing, *wanted[:, 0]), last_wait(before, int(jobs.user[row]), now)
    asked = jobs.take(rows)
    limit, wait = np.maximum(asked.limit_s, 1), start[rows] - asked.submit_s
    told = (asked.submit_s, *found.T, asked.nodes, limit, asked.partition, wait, *around.T)
    return Past(
        **{name: np.asarray(each, np.float64) for name, each in zip(Past.columns(), told, strict=True)}
    )


def alike(standing: Standing, nodes: int, limit_s: int) -> tuple[int, int]:
    """Return how many jobs wait that ask for no more nodes and time, and how long the first has [s]."""
    waits = ~standing.runs & (standing.held == 0) & (standing.nodes <= nodes) & (standing.limit_s <= limit_s)
    return int(waits.sum()), int(max(standing.waited_s[waits].max(initial=0), 0))


def last_wait(jobs: Jobs, user: int, now_s: int) -> float:
    """Return how long the job waited that began last of those of `user` by `now_s` [s]; -1 for none."""
    own = np.flatnonzero((jobs.user == user) & (jobs.recorded_start_s <= now_s))
    if user < 0 or not len(own):
        return -1.0
    last = own[np.argmax(jobs.recorded_start_s[own])]
    return float(jobs.recorded_start_s[last] - jobs.submit_s[last])


def sampled(jobs: Jobs, count: int, *, skip_s: int = 14 * DAY_S) -> Int64:
    """Return about `count` rows of a log at equal distances, from `skip_s` [s] after its beginning on."""
    first = int(np.searchsorted(jobs.submit_s, jobs.submit_s[0] + skip_s))
    step = max(1, (len(jobs) - first) // count)
    return np.arange(first, len(jobs), step)


__all__ = ["MEMBERS", "alike", "last_wait", "sampled", "simulated"]
