"""The running jobs: which nodes each holds, and in which order their limits are up."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.heap import push
from exatwin.schedule._slurm.bits import add, copy, drop
from exatwin.schedule._slurm.choose import write_ranges
from exatwin.schedule._slurm.layout import (
    BY_END,
    CALC_PERIOD,
    CHANGED,
    CHOSEN,
    END_OF_JOB,
    ENDED,
    FIRST_WORD,
    FREE,
    HIGH_WORD,
    HOLDER,
    LIMIT,
    LOW_WORD,
    NODES,
    POOL,
    ROW,
    ROWS,
    RUN,
    RUNNING,
    SPARE,
    START,
    STATE,
    UP,
)
from exatwin.schedule._slurm.rank import charge


@lean
def start(g: Any, m: Any, job: int, now: int) -> None:
    """Start a job on the nodes in the row CHOSEN. It stays in the queue until that is swept."""
    pool = g.job[POOL, job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    m.job[START, job] = now
    m.job[STATE, job] = RUNNING
    drop(m.free, m.scratch[CHOSEN], low, high)
    m.pool[FREE, pool] -= g.job[NODES, job]
    rows = m.counter[ROWS]
    row = m.row[SPARE, rows]
    m.job[ROW, job] = row
    m.row[HOLDER, row] = job
    m.row[UP, row] = now + g.job[LIMIT, job]
    copy(m.scratch[CHOSEN], m.held[row], low, high)
    while m.held[row, low] == 0:
        low += 1
    while m.held[row, high - 1] == 0:
        high -= 1
    m.row[LOW_WORD, row] = low
    m.row[HIGH_WORD, row] = high
    i = rows
    while i > 0 and m.row[UP, m.row[BY_END, i - 1]] > m.row[UP, row]:
        m.row[BY_END, i] = m.row[BY_END, i - 1]
        i -= 1
    m.row[BY_END, i] = row
    m.counter[ROWS] = rows + 1
    push(m.heap, m.counter, now + g.job[RUN, job], END_OF_JOB, job)
    write_ranges(g, m, pool, job)
    m.counter[CHANGED] = 1


@lean
def finish(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Take back the nodes of a job."""
    pool, row = g.job[POOL, job], m.job[ROW, job]
    m.job[STATE, job] = ENDED
    if o[CALC_PERIOD] > 0:
        charge(g, m, job, now)
    add(m.free, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
    m.pool[FREE, pool] += g.job[NODES, job]
    i = _find(m, m.row[UP, row])
    while m.row[BY_END, i] != row:
        i += 1
    last = m.counter[ROWS] - 1
    for k in range(i, last):
        m.row[BY_END, k] = m.row[BY_END, k + 1]
    m.row[SPARE, last] = row
    m.counter[ROWS] = last
    m.counter[CHANGED] = 1


@lean
def _find(m: Any, time: int) -> int:
    """The first of the running jobs, by their limits, whose limit is up at `time` or later."""
    low, high = 0, m.counter[ROWS]
    while low < high:
        middle = (low + high) // 2
        if m.row[UP, m.row[BY_END, middle]] < time:
            low = middle + 1
        else:
            high = middle
    return low
