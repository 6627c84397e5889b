"""Schedules with nodes out of service: the jobs on them end, and may be sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.conditions import NOTHING, Conditions
from exatwin.schedule.floor import Floor
from exatwin.schedule.result import Schedule
from exatwin.schedule.simulate import simulate
from exatwin.schedule.windows import Kind, Window
from exatwin.workload.job import Jobs


class Down(NamedTuple):
    """Nodes out of service for a time."""

    start_s: int
    """From when [s]."""
    end_s: int
    """Until when [s]."""
    nodes: Int64
    """Which, ascending."""


class Sent(NamedTuple):
    """A job as it was sent: which row of those asked for, and which of its attempts (0: the first)."""

    row: int
    attempt: int


@dataclass(frozen=True, eq=False)
class Worked:
    """A schedule, and which job each of its rows is."""

    schedule: Schedule
    """What became of every job, sent again ones included."""
    row: Int64
    """Row of the job among those asked for, shape (jobs,)."""
    attempt: Int64
    """Which of its attempts, from 0 on, shape (jobs,)."""
    nominal_s: Int64
    """Run time of each at nominal clock, if nothing ends it early [s], shape (jobs,)."""
    killed: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    """Rows of the schedule that were ended early."""


def plainly(schedule: Schedule, runtime_s: Int64) -> Worked:
    """Return a schedule in which each job has one row, with the run times of the jobs [s]."""
    rows = np.arange(len(schedule))
    return Worked(schedule, rows, np.zeros(len(rows), np.int64), runtime_s)


def worked(
    jobs: Jobs,
    floor: Floor,
    downs: Sequence[Down],
    *,
    runtime_s: Mapping[Sent, int] | None = None,
    conditions: Conditions = NOTHING,
    **rules: Any,
) -> Worked:
    """Return the schedule of `jobs` with nodes out of service.

    Parameters
    ----------
    jobs
        In order of submission.
    downs
        What is out of service.
    runtime_s
        Other run times of single attempts than they would have [s].
    conditions
        What else the centre asks for, and what becomes of jobs that are ended early.
    **rules
        Policy, backfill, placement and the rest of :func:`exatwin.schedule.simulate.simulate`.
    """
    windows = [Window(one.start_s, one.end_s, one.nodes, Kind.DOWN) for one in downs]
    whole = replace(
        conditions,
        windows=(*conditions.windows, *windows),
        length_s={(row, attempt): seconds for (row, attempt), seconds in (runtime_s or {}).items()},
    )
    found = simulate(jobs, floor, conditions=whole, **rules)
    if found.row is None or found.attempt is None or found.nominal_s is None or found.early is None:
        return plainly(found, jobs.runtime_s)
    return Worked(found, found.row, found.attempt, found.nominal_s, np.flatnonzero(found.early))


__all__ = ["Down", "Sent", "Worked", "plainly", "worked"]
