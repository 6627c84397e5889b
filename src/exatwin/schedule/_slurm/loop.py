"""The instants of Slurm's scheduler, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from exatwin.foundation.jit import entry, lean, spliced
from exatwin.schedule._kernel import heap
from exatwin.schedule._kernel.heap import pop
from exatwin.schedule._slurm.layout import (
    BACKFILL,
    BF_INTERVAL,
    BF_TESTS,
    CALC_PERIOD,
    CHANGED,
    CYCLES,
    DEPTH,
    DONE,
    EASY,
    FOREVER,
    GIVEN,
    HEAP,
    IDLE,
    LAST_CALC,
    LAST_CYCLE,
    MEMORY,
    MORE_RANGES,
    NEXT,
    NEXT_CALC,
    NEXT_CYCLE,
    NEXT_PASS,
    NOW,
    PERIODIC,
    POOL,
    QUEUED,
    RANGES,
    RANK_ANEW,
    SCHED_INTERVAL,
    SUBMIT,
    TOUCHED,
    WAITING,
    WHEN,
)
from exatwin.schedule._slurm.line import join
from exatwin.schedule._slurm.passes import allow, cycle, pass_easy, start_heads
from exatwin.schedule._slurm.rank import bring_up_to_date, rate, rate_all
from exatwin.schedule._slurm.running import finish


@lean
def _arrive(g: Any, m: Any, o: Any, now: int) -> None:
    jobs = g.job.shape[1]
    while m.counter[NEXT] < jobs and g.job[SUBMIT, m.counter[NEXT]] == now:
        job = m.counter[NEXT]
        m.counter[NEXT] = job + 1
        pool = g.job[POOL, job]
        if pool < 0:
            continue
        rate(g, m, o, job, now)
        join(g, m, job)
        m.pool[TOUCHED, pool] = 1
        m.counter[CHANGED] = 1


@lean
def _main(g: Any, m: Any, o: Any, now: int) -> None:
    """The main scheduler: after an event to a depth, at its own interval as deep as need be."""
    due = m.counter[NEXT_PASS] <= now
    if due:
        m.counter[NEXT_PASS] = FOREVER
    for pool in range(m.pool.shape[1]):
        if (m.pool[TOUCHED, pool] == 0 and not due) or m.pool[QUEUED, pool] == 0:
            m.pool[TOUCHED, pool] = 0
            continue
        m.pool[TOUCHED, pool] = 0
        if start_heads(g, m, o, pool, now, FOREVER if due else o[DEPTH]):
            m.counter[NEXT_PASS] = (now // o[SCHED_INTERVAL] + 1) * o[SCHED_INTERVAL]
        if o[BACKFILL] == EASY:
            pass_easy(g, m, o, pool, now)


@lean
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
    allow(g, m, o[BF_TESTS])
    m.counter[CYCLES] += 1
    for pool in range(m.pool.shape[1]):
        cycle(g, m, o, pool, now)
    m.counter[LAST_CYCLE] = now
    m.counter[NEXT_CYCLE] = FOREVER
    m.counter[CHANGED] = 0
    m.counter[IDLE] = 1 if m.counter[WAITING] == 0 else 0


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


@spliced
def _instant(g: Any, m: Any, o: Any, now: int) -> None:
    """All ends of this second, then all submissions, then the main scheduler, then backfill."""
    while m.counter[HEAP] > 0 and m.heap[WHEN, 0] == now:
        job = pop(m.heap, m.counter)
        finish(g, m, o, job, now)
        m.pool[TOUCHED, g.job[POOL, job]] = 1
    _arrive(g, m, o, now)
    _main(g, m, o, now)
    if o[BACKFILL] == PERIODIC:
        _backfill(g, m, o, now)


def _loop(digest: str) -> Callable[..., int]:
    def advance(g: Any, m: Any, o: Any, until: int, ranked: int) -> int:
        """Run all events before `until`; return DONE, or what is needed to go on.

        `ranked` says that new fair shares are there since the last call.
        """
        jobs, nodes = g.job.shape[1], len(g.segment)
        if ranked:
            _reordered(g, m, o, m.counter[LAST_CALC])
        while len(digest) > 0:  # always: see `entry`
            now = min(m.counter[NEXT_PASS], m.counter[NEXT_CYCLE])
            if m.counter[NEXT] < jobs:
                now = min(now, g.job[SUBMIT, m.counter[NEXT]])
            if m.counter[HEAP] > 0:
                now = min(now, m.heap[WHEN, 0])
            if now < FOREVER and m.counter[NEXT_CALC] < min(now, until):
                bring_up_to_date(g, m, m.counter[NEXT_CALC])
                m.counter[NEXT_CALC] += o[CALC_PERIOD]
                if m.counter[WAITING] > 0 or now <= m.counter[NEXT_CALC]:
                    return RANK_ANEW
                continue
            if now >= until:
                return DONE
            if m.counter[RANGES] + nodes > m.range.shape[1]:
                return MORE_RANGES
            m.counter[NOW] = now
            _instant(g, m, o, now)
        return DONE

    return advance


advance = entry(
    numba.int64(
        GIVEN, MEMORY, numba.types.Array(numba.int64, 1, "C", readonly=True), numba.int64, numba.int64
    ),
    _loop,
    Path(__file__).parent,
    also=(Path(heap.__file__),),
    makes_arrays=False,
)
