"""The attempts of a job: each time it starts, until it ends or is ended."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    ATTEMPT,
    ATTEMPTS,
    BEGAN,
    CENTRE,
    CHECKPOINT,
    CUT,
    EARLY,
    ENDS,
    FINAL,
    FIRST_RANGE,
    FROM_RANGE,
    LENGTH,
    LIMIT,
    NOMINAL,
    OF,
    OUTCOME,
    OVERHEAD,
    PLANNED,
    PLANNED_OF,
    RANGE_COUNT,
    SENT,
    SINCE,
    SO_MANY,
    TRIES,
    WORK,
    WORK_LEFT,
    WORK_OF,
    WORTH,
)
from exatwin.schedule._slurm.power import progress
from exatwin.schedule._slurm.spread import length

RUNS, TIMED_OUT = 1, 6  # states by Slurm's numbers


@lean
def _overhead(g: Any, m: Any, o: Any, job: int) -> int:
    """What it takes the attempt to come to where the last one left off."""
    return o[OVERHEAD] if m.job[WORK_LEFT, job] < g.job[WORK, job] else 0


@where(CENTRE, otherwise=0)
def begin_attempt(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """Say how long the attempt on the nodes in CHOSEN will run."""
    nominal = m.job[WORK_LEFT, job] + _overhead(g, m, o, job)
    takes = length(g, m, o, job, nominal)
    m.job[PLANNED, job] = takes
    for i in range(g.other_first[job], g.other_first[job + 1]):
        if g.other[0, i] == m.job[TRIES, job]:
            takes = g.other[1, i]
    m.job[NOMINAL, job] = nominal
    m.job[LENGTH, job] = takes
    m.job[CUT, job] = 1 if takes > g.job[LIMIT, job] else 0
    return min(takes, g.job[LIMIT, job])


@where(CENTRE)
def write_attempt(g: Any, m: Any, job: int, now: int) -> None:
    """Write the attempt down, with the end that it will have if nothing happens."""
    row = m.counter[ATTEMPTS]
    m.counter[ATTEMPTS] = row + 1
    m.job[ATTEMPT, job] = row
    m.attempt[OF, row] = job
    m.attempt[SENT, row] = m.job[SINCE, job]
    m.attempt[BEGAN, row] = now
    m.attempt[ENDS, row] = now + min(m.job[LENGTH, job], g.job[LIMIT, job])
    m.attempt[FINAL, row] = RUNS
    m.attempt[WORK_OF, row] = m.job[LENGTH, job]
    m.attempt[PLANNED_OF, row] = m.job[PLANNED, job]
    m.attempt[FROM_RANGE, row] = m.job[FIRST_RANGE, job]
    m.attempt[SO_MANY, row] = m.job[RANGE_COUNT, job]
    m.job[TRIES, job] += 1


@lean
def done(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """The work that the attempt has done up to now, as seconds of the job's own run time."""
    ran = progress(g, m, o, job, now)
    nominal, takes = m.job[NOMINAL, job], m.job[LENGTH, job]
    if takes != nominal:
        ran = ran * nominal // takes if takes > 0 else nominal
    return max(0, min(ran - _overhead(g, m, o, job), m.job[WORK_LEFT, job]))


@where(CENTRE, otherwise=0)
def end_attempt(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """Write down that the attempt has come to its end; return the state."""
    row = m.job[ATTEMPT, job]
    m.attempt[FINAL, row] = TIMED_OUT if m.job[CUT, job] != 0 else g.job[OUTCOME, job]
    m.attempt[WORTH, row] = done(g, m, o, job, now)
    return m.attempt[FINAL, row]


@lean
def cut_attempt(g: Any, m: Any, o: Any, job: int, now: int, state: int) -> None:
    """Write down that the attempt is ended now; what its last checkpoint holds is left of it."""
    row, worth, every = m.job[ATTEMPT, job], 0, g.job[CHECKPOINT, job]
    if every > 0:
        worth = done(g, m, o, job, now) // every * every
    m.attempt[ENDS, row] = now
    m.attempt[FINAL, row] = state
    m.attempt[EARLY, row] = 1
    m.attempt[WORTH, row] = worth
    m.job[WORK_LEFT, job] -= worth
