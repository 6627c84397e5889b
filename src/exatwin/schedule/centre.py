"""The conditions of a centre as the arrays of the event loop."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.floor import Floor
from exatwin.workload.job import Jobs, State

_LONGEST_S = 2**40


def options(numbers: Int64, conditions: Conditions, epilog_s: int) -> Int64:
    """Return the options of the event loop with what `conditions` ask for."""
    found = numbers.copy()
    found[layout.HAS_CONDITIONS] = int(bool(conditions))
    found[layout.EPILOG] = epilog_s
    return found


def facts(jobs: Jobs, conditions: Conditions) -> list[Int64]:
    """Return the rows of ``Given.job`` that tell what becomes of a job, from ``WORK`` on."""
    many = len(jobs)
    work = np.clip(jobs.runtime_s, 0, _LONGEST_S).astype(np.int64)
    outcome = np.where(jobs.runtime_s > jobs.limit_s, int(State.TIMEOUT), jobs.outcome).astype(np.int64)
    submit = jobs.submit_s.astype(np.int64)
    blank = np.zeros(many, np.int64)
    chance = submit if conditions.begin_s is None else np.maximum(submit, conditions.begin_s)
    reserved = np.full(many, -1) if conditions.reserved is None else conditions.reserved.astype(np.int64)
    checkpoint = blank + np.asarray(conditions.restart.checkpoint_s, np.int64)
    again = blank + np.asarray(conditions.restart.requeue, np.int64)
    klass = blank if conditions.preempt is None else conditions.preempt.klass.astype(np.int64)
    return [work, outcome, chance, reserved, checkpoint, again, klass]


def read_arrays(jobs: Jobs, floor: Floor, conditions: Conditions) -> dict[str, np.ndarray]:
    """Return what the loop reads of windows, dependencies, limits and the rest."""
    many, words = len(jobs), int(np.sum(-(-floor.pool_nodes.astype(np.int64) // 64)))
    none = np.zeros(many + 1, np.int64)
    return {
        "window": np.zeros((layout.WINDOW_ROWS, 0), np.int64),
        "window_bits": np.zeros((0, words), np.uint64),
        "edge": np.zeros((3, 0), np.int64),
        "owner_first": none,
        "owner": np.zeros(0, np.int64),
        "dependent_first": none,
        "dependent": np.zeros((2, 0), np.int64),
        "limit": np.zeros((3, 0), np.int64),
        "member_first": none,
        "member": np.zeros(0, np.int64),
        "pushes": np.zeros((1, 1), np.int64),
        "other_first": none,
        "other": np.zeros((2, 0), np.int64),
    }


def written_arrays(given: layout.Given, rows: int, capacity: int) -> dict[str, np.ndarray]:
    """Return what the loop writes of attempts, windows and limits, before the first event."""
    jobs = given.job.shape[1]
    return {
        "attempt": np.zeros((layout.ATTEMPT_ROWS, jobs + 2 * capacity), np.int64),
        "requeue": np.zeros(rows + 1, np.int64),
        "live": np.zeros(given.window.shape[1] + 1, np.int64),
        "inside": np.zeros(int(np.sum(given.job[layout.RESERVED] >= 0)), np.int64),
        "group": np.zeros((3, given.limit.shape[1]), np.int64),
    }


__all__ = ["facts", "options", "read_arrays", "written_arrays"]
