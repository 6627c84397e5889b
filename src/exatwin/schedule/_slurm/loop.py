"""The instants of Slurm's scheduler, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

from exatwin.foundation import handle
from exatwin.foundation.handle import reader, where
from exatwin.foundation.jit import entry, lean
from exatwin.schedule import priority
from exatwin.schedule._kernel import heap
from exatwin.schedule._kernel.heap import pop
from exatwin.schedule._kernel.layout import SCORE
from exatwin.schedule._slurm.clocks import settle
from exatwin.schedule._slurm.cycle import cycle
from exatwin.schedule._slurm.eligible import chance, comes
from exatwin.schedule._slurm.events import kind_of_next
from exatwin.schedule._slurm.inside import enter, serve
from exatwin.schedule._slurm.layout import (
    ATTEMPTS,
    BACKFILL,
    BF_INTERVAL,
    BF_TESTS,
    CALC_PERIOD,
    CENTRE,
    CHANGED,
    CYCLES,
    DEPTH,
    DONE,
    EASY,
    END_OF_JOB,
    FAIR_TREE,
    FOREVER,
    GIVEN,
    HAS_CONDITIONS,
    HEAP,
    IDLE,
    INSIDE,
    LAST_CALC,
    LAST_CYCLE,
    MEMORY,
    MORE_ATTEMPTS,
    MORE_CLOCKS,
    MORE_RANGES,
    NEXT,
    NEXT_CALC,
    NEXT_CYCLE,
    NEXT_PASS,
    NOW,
    PENDING,
    PERIODIC,
    PLANS,
    POOL,
    QUEUED,
    RANGES,
    RANK_ANEW,
    READY,
    RESERVED,
    SCHED_INTERVAL,
    STATE,
    SUBMIT,
    TOUCHED,
    WAITING,
    WATCHED,
    WHEN,
)
from exatwin.schedule._slurm.layout_power import CLOCKS, POWER_MODE
from exatwin.schedule._slurm.line import join
from exatwin.schedule._slurm.passes import allow, pass_easy, start_heads
from exatwin.schedule._slurm.power import changed, next_change
from exatwin.schedule._slurm.rank import bring_up_to_date, rate, rate_all
from exatwin.schedule._slurm.rescore import rescore
from exatwin.schedule._slurm.running import finish
from exatwin.schedule._slurm.shares import rank_shares
from exatwin.schedule._slurm.spread import next_wake, woken
from exatwin.schedule._slurm.windows import next_edge, turn

read_given, read_memory = reader(GIVEN), reader(MEMORY)


@lean
def _arrive(g: Any, m: Any, o: Any, now: int) -> None:
    jobs = g.job.shape[1]
    while m.counter[NEXT] < jobs and g.job[SUBMIT, m.counter[NEXT]] == now:
        job = m.counter[NEXT]
        m.counter[NEXT] = job + 1
        if g.job[POOL, job] < 0:
            continue
        if o[HAS_CONDITIONS] != 0:
            comes(g, m, job, now)
        else:
            _line_up(g, m, o, job, now)


@lean
def _line_up(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Let a job that may start wait in line."""
    if g.job[RESERVED, job] >= 0:
        enter(m, job)
        return
    rate(g, m, o, job, now)
    join(g, m, o, job)
    m.pool[TOUCHED, g.job[POOL, job]] = 1
    m.counter[CHANGED] = 1


@lean
def _line_all_up(g: Any, m: Any, o: Any, now: int) -> None:
    """Let all wait in line that have become ready, in the order of the log."""
    many = m.counter[READY]
    for i in range(1, many):
        job, k = m.ready[i], i
        while k > 0 and m.ready[k - 1] > job:
            m.ready[k] = m.ready[k - 1]
            k -= 1
        m.ready[k] = job
    for i in range(many):
        _line_up(g, m, o, m.ready[i], now)
    m.counter[READY] = 0


@lean
def _main(g: Any, m: Any, o: Any, score: Any, now: int) -> None:
    """The main scheduler: after an event to a depth, at its own interval as deep as need be."""
    due = m.counter[NEXT_PASS] <= now
    if due:
        m.counter[NEXT_PASS] = FOREVER
    for pool in range(m.pool.shape[1]):
        if (m.pool[TOUCHED, pool] == 0 and not due) or m.pool[QUEUED, pool] == 0:
            m.pool[TOUCHED, pool] = 0
            continue
        m.pool[TOUCHED, pool] = 0
        rescore(g, m, o, score, pool, now)
        if start_heads(g, m, o, pool, now, FOREVER if due else o[DEPTH]):
            m.counter[NEXT_PASS] = (now // o[SCHED_INTERVAL] + 1) * o[SCHED_INTERVAL]
        if o[BACKFILL] == EASY:
            pass_easy(g, m, o, pool, now)


@where(PLANS)
def _backfill(g: Any, m: Any, o: Any, now: int) -> None:
    """The backfill scheduler: a cycle where one is due, and when the next will be.

    A cycle follows the last at the interval, if anything has changed since; where nothing waited meanwhile,
    it comes with the first that does.
    """
    if m.counter[WAITING] == 0:
        m.counter[IDLE] = 1
        m.counter[NEXT_CYCLE] = FOREVER
        return
    if m.counter[NEXT_CYCLE] == FOREVER and m.counter[CHANGED] == 1:
        _appoint(m, o, now)
    if m.counter[NEXT_CYCLE] > now:
        return
    allow(g, m, o, o[BF_TESTS])
    m.counter[CYCLES] += 1
    for pool in range(m.pool.shape[1]):
        cycle(g, m, o, pool, now)
    m.counter[LAST_CYCLE] = now
    m.counter[NEXT_CYCLE] = FOREVER
    m.counter[CHANGED] = 0
    m.counter[IDLE] = 1 if m.counter[WAITING] == 0 else 0


@where(PLANS)
def _note(m: Any, o: Any, now: int) -> None:
    """Appoint a cycle if something has changed since the last of this instant: who was pushed aside waits."""
    if m.counter[NEXT_CYCLE] == FOREVER and m.counter[CHANGED] == 1 and m.counter[WAITING] > 0:
        _appoint(m, o, now)


@lean
def _appoint(m: Any, o: Any, now: int) -> None:
    """Say when the next cycle is, now that something has changed."""
    interval, last = o[BF_INTERVAL], m.counter[LAST_CYCLE]
    due = last + interval
    if m.counter[IDLE] == 1:
        due = max(now, due)
    elif due < now:
        due = last - (last - now) // interval * interval
    m.counter[NEXT_CYCLE] = due


@lean
def _reordered(g: Any, m: Any, o: Any, now: int) -> None:
    """Bring the queues into the order of new priorities; the schedulers see them as they next come round."""
    rate_all(g, m, o, now)
    if m.counter[WAITING] == 0:
        return
    m.counter[NEXT_PASS] = min(m.counter[NEXT_PASS], (now // o[SCHED_INTERVAL] + 1) * o[SCHED_INTERVAL])
    if o[BACKFILL] == PERIODIC and m.counter[NEXT_CYCLE] == FOREVER:
        _appoint(m, o, now)


@lean
def _due(g: Any, m: Any, o: Any, now: int) -> None:
    """All ends of this second, then what windows and caps do, then who may be looked at from now on."""
    while m.counter[HEAP] > 0 and m.heap[WHEN, 0] == now and kind_of_next(m) == END_OF_JOB:
        finish(g, m, o, pop(m.heap, m.counter), now)
    if o[HAS_CONDITIONS] == 0:
        return
    turn(g, m, o, now)
    changed(g, m, o, now)
    woken(g, m, o, now)
    while m.counter[HEAP] > 0 and m.heap[WHEN, 0] == now:
        chance(m, pop(m.heap, m.counter), now)


@lean
def _instant(g: Any, m: Any, o: Any, score: Any, now: int) -> None:
    """What happens by itself, then all submissions, then the main scheduler, then backfill.

    What a start sets free or pushes aside joins the line behind them, and they go on.
    """
    _due(g, m, o, now)
    _arrive(g, m, o, now)
    filled = o[BACKFILL] != PERIODIC
    while True:
        _line_all_up(g, m, o, now)
        _main(g, m, o, score, now)
        serve(g, m, o, score, now)
        if _goes_on(m):
            continue
        if filled:
            break
        filled = True
        _backfill(g, m, o, now)
        if not _goes_on(m):
            break
    if o[BACKFILL] == PERIODIC:
        _note(m, o, now)
    settle(g, m, o, now)


@lean
def _goes_on(m: Any) -> bool:
    """Whether a start has let others join the line, or pushed some aside whose nodes are not all in use."""
    found = m.counter[READY] > 0
    for pool in range(m.pool.shape[1]):
        found |= m.pool[TOUCHED, pool] != 0
    return found


@lean
def _next(g: Any, m: Any, o: Any) -> int:
    """When something happens next."""
    jobs = g.job.shape[1]
    now = min(m.counter[NEXT_PASS], m.counter[NEXT_CYCLE])
    if m.counter[NEXT] < jobs:
        now = min(now, g.job[SUBMIT, m.counter[NEXT]])
    if m.counter[HEAP] > 0:
        now = min(now, m.heap[WHEN, 0])
    if o[HAS_CONDITIONS] == 0:
        return now
    if now < FOREVER or m.counter[WAITING] + m.counter[INSIDE] > 0:
        now = min(now, min(next_edge(g, m, o), next_change(g, m, o)))
        now = min(now, next_wake(g, m, o))
    return now


def _loop(parts: int) -> Callable[[str], Callable[..., int]]:
    def build(digest: str) -> Callable[..., int]:
        def advance(given: Any, memory: Any, o: Any, score: Any, until: int, ranked: int) -> int:
            """Run all events before `until`; return DONE, or what is needed to go on.

            `score` is the order of the queue where that changes as jobs wait; `ranked` says that new fair
            shares are there since the last call.
            """
            if len(digest) == 0:  # never: see `entry`
                return DONE
            return _run(read_given(given, parts), read_memory(memory, parts), o, score, until, ranked)

        return advance

    return build


@lean
def _run(g: Any, m: Any, o: Any, score: Any, until: int, ranked: int) -> int:
    nodes = len(g.segment)
    if ranked:
        _reordered(g, m, o, m.counter[LAST_CALC])
    while True:
        now = _next(g, m, o)
        if now < FOREVER and m.counter[NEXT_CALC] < min(now, until):
            bring_up_to_date(g, m, m.counter[NEXT_CALC])
            m.counter[NEXT_CALC] += o[CALC_PERIOD]
            if m.counter[WAITING] > 0 or now <= m.counter[NEXT_CALC]:
                if o[FAIR_TREE] == 0:
                    return RANK_ANEW
                rank_shares(g, m)
                _reordered(g, m, o, m.counter[LAST_CALC])
            continue
        if now >= until:
            return DONE
        if m.counter[RANGES] + nodes > m.range.shape[1]:
            return MORE_RANGES
        if m.counter[ATTEMPTS] + nodes > m.attempt.shape[1]:
            return MORE_ATTEMPTS
        if o[POWER_MODE] != 0 and m.counter[CLOCKS] + len(m.heap[0]) > m.power.change.shape[1]:
            return MORE_CLOCKS
        m.counter[NOW] = now
        _instant(g, m, o, score, now)
        if m.counter[WATCHED] > 0 and m.job[STATE, m.counter[WATCHED] - 1] != PENDING:
            return DONE


def parts_of(o: Any) -> int:
    """Return which parts of the loop a simulation with the options `o` has."""
    return (CENTRE if o[HAS_CONDITIONS] else 0) | (PLANS if o[BACKFILL] == PERIODIC else 0)


@cache
def loop_of(parts: int) -> Callable[..., int]:
    """Return the loop that has `parts` only; each is compiled when it is first asked for."""
    return entry(
        numba.int64(
            numba.int64,
            numba.int64,
            numba.types.Array(numba.int64, 1, "C", readonly=True),
            SCORE,
            numba.int64,
            numba.int64,
        ),
        _loop(parts),
        Path(__file__).parent,
        also=(Path(handle.__file__), Path(heap.__file__), Path(priority.__file__)),
        makes_arrays=False,
        name="scheduler",
    )
