"""For which job a machine stood empty while others waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exatwin.foundation.units import show

if TYPE_CHECKING:
    from exatwin.study.result import Result

_IDLE_FRAC, _QUEUE, _WIDE_FRAC, _LONG_S, _SHARE = 0.15, 10.0, 0.5, 86400, 0.5
"""Nodes that are idle and jobs that wait before anything is said; how wide the job is and how long it waits
[s], and its part of the idle time."""


def held_up(result: Result, what: str) -> str:
    """Say which job of more than half the machine was waiting for most of the time that nodes were idle.

    Nobody behind it may outlast its turn, and whoever comes before it puts that off: with priorities in which
    that is often so it never comes. Empty where there is no such job; `what` is what jobs are counted in.
    """
    schedule, jobs, busy = result.schedule, result.schedule.jobs, result.signals["allocated_nodes"]
    idle_s = schedule.capacity * (busy.end_s - busy.start_s) - busy.integral()
    if busy.mean() > (1.0 - _IDLE_FRAC) * schedule.capacity or result.signals["queued_jobs"].mean() < _QUEUE:
        return ""
    since = np.maximum(jobs.submit_s, busy.start_s)
    until = np.minimum(np.where(schedule.started, schedule.start_s, busy.end_s), busy.end_s)
    most, told = _SHARE * idle_s, ""
    for row in np.flatnonzero((jobs.nodes > _WIDE_FRAC * schedule.capacity) & (until - since > _LONG_S)):
        wait_s = float(until[row] - since[row])
        empty_s = schedule.capacity * wait_s - busy.integral(float(since[row]), float(until[row]))
        if empty_s > most:
            most = empty_s
            told = (
                f"job {jobs.job_id[row]} of {jobs.nodes[row]:,} {what}: {show(wait_s, 's', 3)} in the queue, "
                f"{empty_s / wait_s / schedule.capacity:.0%} of the {what} idle meanwhile"
            )
    return told
