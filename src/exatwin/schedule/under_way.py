"""Slurm's schedulers from a state that is known: jobs that already run, on nodes that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout
from exatwin.schedule.floor import Floor
from exatwin.schedule.slurm import SlurmRule, SlurmSimulation
from exatwin.workload.job import Jobs

Starts = tuple[Int64, Int64, list[Int64]]
"""Rows of jobs, their starts, and the nodes of each."""


class Clock(NamedTuple):
    """A cycle that takes time: seconds from the test of one place of the queue to that of another."""

    first: int = 0
    last: int = 1
    takes_s: int = 0


NO_TIME = Clock()


def cycle_from(
    jobs: Jobs,
    floor: Floor,
    rule: SlurmRule,
    held: Sequence[Int64],
    now_s: int,
    over: int = 0,
    clock: Clock = NO_TIME,
) -> Starts:
    """Return which waiting jobs a cycle of backfill starts from `now_s` [s] on, when, and on which nodes.

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
    clock
        How the time goes on meanwhile; starts are at that time.
    """
    return _from(jobs, floor, replace(rule, epilog_s=1), held, now_s, layout.PERIODIC, over, clock)


def easy_from(
    jobs: Jobs,
    floor: Floor,
    rule: SlurmRule,
    held: Sequence[Int64],
    now_s: int,
    over: int = 0,
    clock: Clock = NO_TIME,
) -> Starts:
    """Return the same of a pass of EASY, which takes no time (`clock` is not looked at).

    It does not see nodes before their release.
    """
    return _from(jobs, floor, rule, held, now_s, layout.EASY, over)


def heads_from(jobs: Jobs, floor: Floor, rule: SlurmRule, held: Sequence[Int64], now_s: int) -> Starts:
    """Return which waiting jobs a pass of the main scheduler starts, when, and on which nodes."""
    return _from(jobs, floor, rule, held, now_s, layout.STRICT, 0)


def _from(
    jobs: Jobs,
    floor: Floor,
    rule: SlurmRule,
    held: Sequence[Int64],
    now_s: int,
    mode: int,
    over: int,
    clock: Clock = NO_TIME,
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
    options = simulation._options.copy()
    options[layout.PACE_FROM : layout.PACE_SPAN + 1] = clock
    if mode == layout.PERIODIC:
        options[layout.DEPTH] = 0  # the main scheduler starts nothing
    simulation._options = options
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
    rows = many + np.flatnonzero(found.start_s[many:] >= now_s)
    assert found.placement is not None
    return rows, found.start_s[rows], [found.placement.nodes_of(int(row)).astype(np.int64) for row in rows]


__all__ = ["Clock", "Starts", "cycle_from", "easy_from", "heads_from"]
