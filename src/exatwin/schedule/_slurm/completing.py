"""Nodes whose job is over and whose epilog runs: no job can start there, but backfill plans with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import add, common, count, drop, fill
from exatwin.schedule._slurm.layout import (
    ATTEMPT,
    BY_END,
    CHOSEN,
    ENDS,
    EPILOG,
    FIRST_WORD,
    FREE,
    HAS_CONDITIONS,
    HIGH_WORD,
    HOLDER,
    LOW_WORD,
    OVER,
    POOL,
    PREEMPTS,
    ROWS,
    RUN,
    START,
)

_NONE = np.uint64(0)


@lean
def over(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether a job that holds nodes has come to its end."""
    if o[HAS_CONDITIONS] != 0:
        return m.attempt[ENDS, m.job[ATTEMPT, job]] <= now
    return m.job[START, job] + g.job[RUN, job] - o[EPILOG] <= now


@lean
def lend(g: Any, m: Any, o: Any, pool: int, now: int) -> int:
    """Let a cycle count the nodes of jobs that are over, in the row OVER, as free; return how many."""
    if o[EPILOG] == 0 or o[PREEMPTS] > 0:
        return 0
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    fill(m.scratch[OVER], _NONE, low, high)
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        job = m.row[HOLDER, row]
        if g.job[POOL, job] == pool and over(g, m, o, job, now):
            add(m.scratch[OVER], m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
    lent = count(m.scratch[OVER], low, high)
    if lent > 0:
        add(m.free, m.scratch[OVER], low, high)
        m.pool[FREE, pool] += lent
    return lent


@lean
def take_back(g: Any, m: Any, pool: int, lent: int) -> None:
    """The cycle is over, and has started nothing on those nodes."""
    if lent > 0:
        drop(m.free, m.scratch[OVER], g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1])
        m.pool[FREE, pool] -= lent


@lean
def must_wait(g: Any, m: Any, o: Any, pool: int) -> bool:
    """Whether a node in the row CHOSEN has its epilog before it."""
    if o[EPILOG] == 0 or o[PREEMPTS] > 0:
        return False
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    return common(m.scratch[CHOSEN], m.scratch[OVER], low, high) > 0
