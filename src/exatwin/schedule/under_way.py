"""A simulation of Slurm that begins in the middle: jobs that already run, on nodes that are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout
from exatwin.schedule.floor import Floor
from exatwin.schedule.slurm import SlurmRule, SlurmSimulation
from exatwin.workload.job import Jobs


def cycle_from(
    jobs: Jobs, floor: Floor, rule: SlurmRule, held: Sequence[Int64], now_s: int
) -> tuple[Int64, list[Int64]]:
    """Return which waiting jobs Slurm's schedulers start at `now_s` [s], and the nodes of each.

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
    """
    many = len(held)
    begun = jobs.submit_s[:many].astype(np.int64)
    asked = jobs.replace(submit_s=np.where(np.arange(len(jobs)) < many, now_s - 1, now_s))
    simulation = SlurmSimulation.begin(
        asked,
        floor,
        np.arange(len(jobs), dtype=np.float64),
        rule,
        mode=layout.PERIODIC,
        segment=np.zeros(floor.capacity, np.int64),
        named=True,
    )
    memory = simulation._memory
    up = begun + np.minimum(jobs.limit_s[:many].astype(np.int64), 2**40)
    memory.job[layout.START, :many] = begun
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


__all__ = ["cycle_from"]
