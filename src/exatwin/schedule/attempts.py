"""A schedule with a row for each attempt of a job."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout
from exatwin.schedule.result import Placement, Schedule
from exatwin.workload.job import Jobs, State


def by_attempts(jobs: Jobs, memory: layout.Memory, capacity: int, *, named: bool) -> Schedule:
    """Return what has become of every job so far, one row an attempt, in order of submission.

    Parameters
    ----------
    jobs
        Those asked for.
    memory
        What the event loop remembers.
    capacity
        Nodes of the machine.
    named
        Whether the schedule says which nodes each job had.

    Notes
    -----
    A job that is sent again is one more row: submitted when its last attempt was ended, with the run time
    that was left of it, and with a number beyond those of all jobs.
    """
    made = memory.attempt[:, : memory.counter[layout.ATTEMPTS]]
    of = made[layout.OF]
    waits = np.flatnonzero(memory.job[layout.STATE] == layout.PENDING)
    row = np.concatenate([of, waits])
    tries = np.concatenate([_which(of), memory.job[layout.TRIES][waits]])
    again = tries > 0
    sent = np.concatenate([made[layout.SENT], memory.job[layout.SINCE][waits]])
    submit = np.where(again, sent, jobs.submit_s[row])
    order = np.lexsort((row, again, submit))
    row, tries, again, submit = row[order], tries[order], again[order], submit[order]
    blank = np.full(len(waits), layout.NEVER)
    pending = np.full(len(waits), int(State.PENDING))
    table = jobs.take(row)
    number, beyond = table.job_id.copy(), int(jobs.job_id.max(initial=0)) + 1
    number[again] = beyond + np.arange(int(again.sum()))
    early = made[layout.EARLY] != 0
    lost = np.where(early, made[layout.ENDS] - made[layout.BEGAN] - made[layout.WORTH], 0)
    return Schedule(
        jobs=table.replace(
            job_id=number,
            submit_s=submit,
            runtime_s=_worked(jobs, memory, made[layout.WORK_OF], waits)[order],
            recorded_start_s=np.where(again, -1, table.recorded_start_s),
            array=np.where(again & (table.array < 0), table.job_id, table.array),
        ),
        start_s=np.concatenate([made[layout.BEGAN], blank])[order],
        end_s=np.concatenate([made[layout.ENDS], blank])[order],
        state=np.concatenate([made[layout.FINAL], pending])[order].astype(np.uint8),
        placement=_placement(memory, made, len(waits), order) if named else None,
        capacity=capacity,
        row=row,
        attempt=tries,
        nominal_s=_worked(jobs, memory, made[layout.PLANNED_OF], waits)[order],
        early=np.concatenate([early, np.zeros(len(waits), np.bool_)])[order],
        lost_s=np.concatenate([lost, 0 * waits])[order],
    )


def _which(of: Int64) -> Int64:
    """Return the number of each attempt among those of its job, from 0 on; they are in order of time."""
    order = np.argsort(of, kind="stable")
    ranked = np.arange(len(of)) - np.searchsorted(of[order], of[order])
    found = np.empty(len(of), np.int64)
    found[order] = ranked
    return found


def _worked(jobs: Jobs, memory: layout.Memory, made: Int64, waits: Int64) -> Int64:
    """Return the run time of each attempt if nothing ends it early [s], by the row of what was made."""
    left = memory.job[layout.WORK_LEFT][waits]
    fresh = memory.job[layout.TRIES][waits] == 0
    return np.concatenate([made, np.where(fresh, jobs.runtime_s[waits], left)])


def _placement(memory: layout.Memory, made: Int64, waits: int, order: Int64) -> Placement:
    """Bring the ranges from the order of starts into the order of rows."""
    none = np.zeros(waits, np.int64)
    counts = np.concatenate([made[layout.SO_MANY], none])[order]
    begins = np.concatenate([made[layout.FROM_RANGE], none])[order]
    first = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(begins - first[:-1], counts) + np.arange(first[-1])
    node, size = memory.range[:, rows].astype(np.int32)
    return Placement(first, node, size)


__all__ = ["by_attempts"]
