"""Let jobs start when a log says they did."""

from __future__ import annotations

import numpy as np

from exatwin.schedule.floor import Floor
from exatwin.schedule.result import Placement, Schedule
from exatwin.schedule.simulate import simulate
from exatwin.workload.job import Jobs


def as_recorded(jobs: Jobs, floor: Floor, *, placement: str, seed: int = 0) -> Schedule:
    """Return the schedule of the log itself.

    Nodes are placed as a scheduler with the same starts would have done; where the log has more nodes in use
    than the floor has, nobody can say which they were, and the schedule has no placement.
    """
    start = jobs.recorded_start_s
    end = start + jobs.runtime_s
    placed = None if placement == "none" else _placed(jobs, floor, placement, seed)
    return Schedule(jobs, start.copy(), end, jobs.outcome.copy(), placed, floor.capacity)


def _placed(jobs: Jobs, floor: Floor, placement: str, seed: int) -> Placement | None:
    order = np.argsort(jobs.recorded_start_s, kind="stable")
    at_start = jobs.take(order).replace(
        submit_s=jobs.recorded_start_s[order], limit_s=np.maximum(jobs.runtime_s[order], 1)
    )
    found = simulate(at_start, floor, backfill="none", placement=placement, seed=seed)
    if found.placement is None or not np.array_equal(found.start_s, at_start.submit_s):
        return None
    rank = np.argsort(order)
    counts = np.diff(found.placement.first)[rank]
    first = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(found.placement.first[:-1][rank] - first[:-1], counts) + np.arange(first[-1])
    return Placement(first, found.placement.node[rows], found.placement.count[rows])
