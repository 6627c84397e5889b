"""What keeps a job from being looked at: that it has not come, that it is not time, other jobs."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.heap import push
from exatwin.schedule._slurm.layout import (
    AFTER,
    AFTER_ANY,
    AFTER_NOT_OK,
    AFTER_OK,
    BEGIN_OF_JOB,
    CENTRE,
    DELAY,
    DEPENDENT,
    FIRST_CHANCE,
    HAS_DEPENDENCIES,
    HOLDS,
    HOW,
    NEVER_MET,
    READY,
    SINCE,
)
from exatwin.schedule._slurm.limits import count_gone, count_sent

COMPLETED = 3  # by Slurm's numbers


@lean
def _met(m: Any, job: int, now: int) -> None:
    """One thing less keeps `job`; after the last it is ready."""
    m.job[HOLDS, job] -= 1
    if m.job[HOLDS, job] == 0:
        ready(m, job, now)


@lean
def ready(m: Any, job: int, now: int) -> None:
    """The job joins the line when it is safe to: not while a pass walks along it."""
    m.job[SINCE, job] = now
    m.ready[m.counter[READY]] = job
    m.counter[READY] += 1


@lean
def _comes_about(g: Any, m: Any, pair: int, now: int) -> None:
    """What the pair waits for has come: at once, or after its delay, that keeps its job no more."""
    if g.dependent[DELAY, pair] > 0:
        push(m.heap, m.counter, now + g.dependent[DELAY, pair], BEGIN_OF_JOB, g.dependent[DEPENDENT, pair])
    else:
        _met(m, g.dependent[DEPENDENT, pair], now)


@where(CENTRE)
def comes(g: Any, m: Any, job: int, now: int) -> None:
    """The job is submitted; beyond what its groups may have sent it is refused."""
    if not count_sent(g, m, job):
        m.job[HOLDS, job] += NEVER_MET
    elif g.job[FIRST_CHANCE, job] > now:
        push(m.heap, m.counter, g.job[FIRST_CHANCE, job], BEGIN_OF_JOB, job)
    else:
        _met(m, job, now)


@where(CENTRE)
def chance(m: Any, job: int, now: int) -> None:
    """The time has come before which the job would not start."""
    _met(m, job, now)


@where(CENTRE)
def has_started(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """The first start of `job`: those that wait for it are not kept any more."""
    if o[HAS_DEPENDENCIES] == 0:
        return
    for i in range(g.dependent_first[job], g.dependent_first[job + 1]):
        if g.dependent[HOW, i] == AFTER:
            _comes_about(g, m, i, now)


@where(CENTRE)
def has_ended(g: Any, m: Any, o: Any, job: int, now: int, state: int) -> None:
    """The job has ended for good: those that wait for its end are not kept any more, or for ever."""
    count_gone(g, m, o, job)
    if o[HAS_DEPENDENCIES] == 0:
        return
    for i in range(g.dependent_first[job], g.dependent_first[job + 1]):
        how, other = g.dependent[HOW, i], g.dependent[DEPENDENT, i]
        if how == AFTER:
            continue
        well = state == COMPLETED
        if how == AFTER_ANY or (how == AFTER_OK and well) or (how == AFTER_NOT_OK and not well):
            _comes_about(g, m, i, now)
        else:
            m.job[HOLDS, other] += NEVER_MET
