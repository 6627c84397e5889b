"""The running jobs: which nodes each holds, and in which order their limits are up."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.attempts import begin_attempt, cut_attempt, end_attempt, write_attempt
from exatwin.schedule._slurm.bits import add, copy, drop
from exatwin.schedule._slurm.choose import write_ranges
from exatwin.schedule._slurm.eligible import has_ended, has_started, ready
from exatwin.schedule._slurm.events import forget_end, set_end
from exatwin.schedule._slurm.layout import (
    AGAIN,
    ATTEMPT,
    BY_END,
    CALC_PERIOD,
    CHANGED,
    CHOSEN,
    CUT,
    ENDED,
    ENDS,
    EPILOG,
    FIRST_WORD,
    FREE,
    HAS_CONDITIONS,
    HAS_LIMITS,
    HAS_POWER,
    HIGH_WORD,
    HOLDER,
    LENGTH,
    LIMIT,
    LOW_WORD,
    NAMED,
    NODES,
    PENDING,
    POOL,
    ROW,
    ROWS,
    RUN,
    RUNNING,
    SPARE,
    START,
    STATE,
    TOUCHED,
    TRIES,
    UP,
)
from exatwin.schedule._slurm.limits import count_in
from exatwin.schedule._slurm.power import give, take
from exatwin.schedule._slurm.rank import charge


@lean
def start(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Start a job on the nodes in the row CHOSEN. It stays in the queue until that is swept."""
    pool = g.job[POOL, job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    m.job[START, job] = now
    m.job[STATE, job] = RUNNING
    m.pool[FREE, pool] -= g.job[NODES, job]
    rows = m.counter[ROWS]
    row = m.row[SPARE, rows]
    m.job[ROW, job] = row
    m.row[HOLDER, row] = job
    m.row[UP, row] = now + g.job[LIMIT, job]
    if o[NAMED] != 0:
        _hold(m, row, low, high)
    i = rows
    while i > 0 and m.row[UP, m.row[BY_END, i - 1]] > m.row[UP, row]:
        m.row[BY_END, i] = m.row[BY_END, i - 1]
        i -= 1
    m.row[BY_END, i] = row
    m.counter[ROWS] = rows + 1
    m.counter[CHANGED] = 1
    held = g.job[RUN, job]
    if o[HAS_CONDITIONS] != 0:
        held = begin_attempt(g, m, o, job, now) + o[EPILOG]
        count_in(g, m, o, job, m.row[UP, row], 1)
        take(g, m, o, job, now)
    set_end(m, job, now + held)
    if o[NAMED] != 0:
        write_ranges(g, m, pool, job)
    if o[HAS_CONDITIONS] != 0:
        if m.job[TRIES, job] == 0:
            has_started(g, m, o, job, now)
        write_attempt(g, m, job, now)


@lean
def _hold(m: Any, row: int, low: int, high: int) -> None:
    """Give the nodes in the row CHOSEN to a running job; only the words in use of its row are written."""
    while m.scratch[CHOSEN, low] == 0:
        low += 1
    while m.scratch[CHOSEN, high - 1] == 0:
        high -= 1
    m.row[LOW_WORD, row] = low
    m.row[HIGH_WORD, row] = high
    drop(m.free, m.scratch[CHOSEN], low, high)
    copy(m.scratch[CHOSEN], m.held[row], low, high)


@lean
def finish(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """A job has come to its end."""
    m.job[STATE, job] = ENDED
    _release(g, m, o, job, now)
    if o[HAS_CONDITIONS] != 0:
        has_ended(g, m, o, job, now, end_attempt(g, m, o, job, now))


@lean
def cut(g: Any, m: Any, o: Any, job: int, now: int, state: int, again: bool) -> None:
    """End a job before its time, with `state`; it is sent again if that goes for the job and `again`."""
    forget_end(m, job)
    if m.attempt[ENDS, m.job[ATTEMPT, job]] <= now:
        finish(g, m, o, job, now)
        return
    _release(g, m, o, job, now)
    cut_attempt(g, m, o, job, now, state)
    if again and g.job[AGAIN, job] != 0:
        m.job[STATE, job] = PENDING
        ready(m, job, now)
    else:
        m.job[STATE, job] = ENDED
        has_ended(g, m, o, job, now, state)


@lean
def retime(g: Any, m: Any, o: Any, job: int, takes: int) -> None:
    """Let the attempt that runs take `takes` seconds from its start to the end of its work."""
    m.job[LENGTH, job] = takes
    m.job[CUT, job] = 1 if takes > g.job[LIMIT, job] else 0
    end = m.job[START, job] + min(takes, g.job[LIMIT, job])
    m.attempt[ENDS, m.job[ATTEMPT, job]] = end
    forget_end(m, job)
    set_end(m, job, end + o[EPILOG])


@lean
def _release(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Take back the nodes of a job."""
    pool, row = g.job[POOL, job], m.job[ROW, job]
    if o[CALC_PERIOD] > 0:
        charge(g, m, job, now)
    if o[NAMED] != 0:
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
    m.pool[TOUCHED, pool] = 1
    if o[HAS_CONDITIONS] == 0:
        return
    count_in(g, m, o, job, m.row[UP, row], -1)
    give(g, m, o, job, now)
    if o[HAS_LIMITS] + o[HAS_POWER] > 0:
        for other in range(m.pool.shape[1]):
            m.pool[TOUCHED, other] = 1


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
