"""Slurm's schedulers from a state that is known: jobs that already run, on nodes that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout
from exatwin.schedule.floor import Floor
from exatwin.schedule.slurm import SlurmRule, SlurmSimulation
from exatwin.workload.job import Jobs

Starts = tuple[Int64, list[Int64]]
"""Rows of jobs, and the nodes of each."""


def cycle_from(
    jobs: Jobs, floor: Floor, rule: SlurmRule, held: Sequence[Int64], now_s: int, over: int = 0
) -> Starts:
    """Return which waiting jobs a cycle of backfill starts at `now_s` [s], and the nodes of each.

    Parameters
    ----------
    jobs
        Those that run, then those that wait, in their order. How long they really run is not looked at.
    floor
        The nodes, one pool.
    rule
        Parameters of the schedulers.
    held
        Nodes of each job that runs, ascending; ``submit_s`` of these jobs is their start.
    now_s
        The instant of the cycle [s].
    over
        How many of those that run, the first of them, have come to their end and only keep their nodes until
        these are released: a cycle plans with them, and starts nothing there.
    """
    alone = replace(rule, default_queue_depth=0, epilog_s=1)
    return _from(jobs, floor, alone, held, now_s, layout.PERIODIC, over)


def easy_from(
    jobs: Jobs, floor: Floor, rule: SlurmRule, held: Sequence[Int64], now_s: int, over: int = 0
) -> Starts:
    """Return the same of a pass of EASY, which knows nothing of nodes before they are released."""
    return _from(jobs, floor, rule, held, now_s, layout.EASY, over)


def heads_from(jobs: Jobs, floor: Floor, rule: SlurmRule, held: Sequence[Int64], now_s: int) -> Starts:
    """Return which waiting jobs a pass of the main scheduler starts; `held` has nodes yet to be released too."""
    return _from(jobs, floor, rule, held, now_s, layout.STRICT, 0)


def _from(
    jobs: Jobs, floor: Floor, rule: SlurmRule, held: Sequence[Int64], now_s: int, mode: int, over: int
) -> Starts:
    many, which = len(held), np.arange(len(jobs))
    begun = jobs.submit_s[:many].astype(np.int64)
    asked = jobs.replace(
        submit_s=np.where(which < many, now_s - 1, now_s),
        runtime_s=np.where(which < over, 0, np.maximum(jobs.limit_s, 1)),
        limit_s=np.maximum(jobs.limit_s, 1),
    )
    simulation = SlurmSimulation.begin(
        asked,
        floor,
        np.arange(len(jobs), dtype=np.float64),
        rule,
        mode=mode,
        segment=np.zeros(floor.capacity, np.int64),
        named=True,
    )
    memory = simulation._memory
    up = np.where(
        which[:many] < over, now_s + 1, begun + np.minimum(jobs.limit_s[:many].astype(np.int64), 2**40)
    )
    # when they began shows in `up`; from here on they run for as long as given just above
    memory.job[layout.START, :many] = now_s
    memory.job[layout.STATE, :many] = layout.RUNNING
    memory.job[layout.ROW, :many] = memory.row[layout.HOLDER, :many] = np.arange(many)
    memory.row[layout.UP, :many] = up
    memory.row[layout.BY_END, :many] = np.argsort(up, kind="stable")
    memory.row[layout.LOW_WORD, :many] = 0
    memory.row[layout.HIGH_WORD, :many] = len(memory.free)
    for row, nodes in enumerate(held):
        bits = np.zeros(64 * len(memory.free), np.uint8)
        bits[nodes] = 1
        memory.held[row] = np.packbits(bits, bitorder="little").view("<u8")
        memory.free[:] &= ~memory.held[row]
        memory.pool[layout.FREE] -= len(nodes)
    memory.counter[layout.ROWS] = memory.counter[layout.NEXT] = many
    simulation.advance(now_s + 1)
    found = simulation.schedule()
    rows = many + np.flatnonzero(found.start_s[many:] == now_s)
    assert found.placement is not None
    return rows, [found.placement.nodes_of(int(row)).astype(np.int64) for row in rows]


__all__ = ["Starts", "cycle_from", "easy_from", "heads_from"]
