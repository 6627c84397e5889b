"""The instants, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from exatwin.foundation.jit import entry, lean
from exatwin.schedule._kernel.ends import drop_end
from exatwin.schedule._kernel.heap import pop, push
from exatwin.schedule._kernel.layout import (
    CONSERVATIVE,
    COUNTS,
    DONE,
    DUE,
    END_OF_JOB,
    ENDED,
    EVENT,
    FOREVER,
    FREE,
    GIVEN,
    HEAP,
    LIMIT,
    MEMORY,
    MORE_RANGES,
    NEXT,
    NODES,
    NOW,
    OPTIONS,
    POOL,
    RANGES,
    RUN,
    RUNNING,
    SCORE,
    START,
    START_LIST,
    STARTED,
    STATE,
    SUBMIT,
    TOUCHED,
    WHEN,
)
from exatwin.schedule._kernel.nodes import place, release_nodes
from exatwin.schedule._kernel.passes import pass_ordered, pass_scored
from exatwin.schedule._kernel.plan import pass_conservative
from exatwin.schedule._kernel.queue import dequeue, enqueue, sweep


@lean
def _release(g: Any, m: Any, o: Any, job: int) -> None:
    pool = g.job[POOL, job]
    m.job[STATE, job] = ENDED
    m.pool[FREE, pool] += g.job[NODES, job]
    drop_end(m, pool, m.job[START, job] + g.job[LIMIT, job], g.job[NODES, job])
    if o.placement != COUNTS:
        release_nodes(g, m, o, job)


@lean
def _commit(g: Any, m: Any, o: Any, now: int) -> None:
    """Carry out what a pass has decided: out of the queue, onto nodes, an end in the heap."""
    for i in range(m.counter[STARTED]):
        job = m.job[START_LIST, i]
        dequeue(g, m, o, job)
        push(m.heap, m.counter, now + g.job[RUN, job], END_OF_JOB, job)
        if o.placement != COUNTS:
            place(g, m, o, job)
    if o.dynamic and m.counter[STARTED] > 0:
        sweep(m)
    m.counter[STARTED] = 0


@lean
def _due(g: Any, m: Any, o: Any, now: int) -> int:
    """Move the jobs that end now from the heap into DUE; release those that count as gone at once.

    With one pass a second that is all of them; else those whose limit is up. Return how many are due.
    """
    count = 0
    while m.counter[HEAP] > 0 and m.heap[WHEN, 0] == now:
        m.job[DUE, count] = pop(m.heap, m.counter)
        count += 1
    for i in range(count):
        job = m.job[DUE, i]
        if o.mode != EVENT or m.job[START, job] + g.job[LIMIT, job] <= now:
            _release(g, m, o, job)
    return count


@lean
def _submit(g: Any, m: Any, o: Any) -> int:
    """Take the next job off the log; return its pool, or -1 where it can never run."""
    job = m.counter[NEXT]
    m.counter[NEXT] = job + 1
    if g.job[POOL, job] >= 0:
        enqueue(g, m, o, job)
    return g.job[POOL, job]


@lean
def _instant(g: Any, m: Any, o: Any, score: Any, now: int) -> None:
    """Handle all that happens now: at once in batch mode, else one by one, submissions first."""
    due = _due(g, m, o, now)
    done = 0
    while o.mode != EVENT and done < due:
        m.pool[TOUCHED, g.job[POOL, m.job[DUE, done]]] = 1
        done += 1
    jobs = g.job.shape[1]
    while True:
        first = m.counter[NEXT]
        while m.counter[NEXT] < jobs and g.job[SUBMIT, m.counter[NEXT]] == now:
            pool = _submit(g, m, o)
            if o.mode == EVENT:
                if pool >= 0 and g.job[NODES, first] <= m.pool[FREE, pool]:
                    m.pool[TOUCHED, pool] = 1
                break
            if pool >= 0:
                m.pool[TOUCHED, pool] = 1
        more = m.counter[NEXT] > first
        if o.mode == EVENT and not more and done < due:
            job = m.job[DUE, done]
            if m.job[STATE, job] == RUNNING:
                _release(g, m, o, job)
            m.pool[TOUCHED, g.job[POOL, job]] = 1
            done += 1
            more = True
        _settle(g, m, o, score, now)
        if o.mode != EVENT or not more:
            return


@lean
def _settle(g: Any, m: Any, o: Any, score: Any, now: int) -> None:
    """Decide and carry out who starts in each pool that something happened to."""
    for pool in range(m.pool.shape[1]):
        if m.pool[TOUCHED, pool] == 0:
            continue
        if o.backfill != CONSERVATIVE:
            if o.dynamic:
                pass_scored(g, m, o, score, pool, now)
            else:
                pass_ordered(g, m, o, pool, now)
        else:
            pass_conservative(g, m, o, score, pool, now)
        m.pool[TOUCHED, pool] = 0
        _commit(g, m, o, now)


def _loop(digest: str) -> Callable[..., int]:
    def advance(g: Any, m: Any, o: Any, score: Any, until: int) -> int:
        """Run all events before `until`; return DONE, or MORE_RANGES if there is no room for placements."""
        jobs, nodes, room = g.job.shape[1], len(g.segment), m.range.shape[1]
        while len(digest) > 0:  # always: see `entry`
            now = FOREVER
            if m.counter[NEXT] < jobs:
                now = g.job[SUBMIT, m.counter[NEXT]]
            if m.counter[HEAP] > 0:
                now = min(now, m.heap[WHEN, 0])
            if now >= until:
                return DONE
            if o.placement != COUNTS and m.counter[RANGES] + nodes > room:
                return MORE_RANGES
            m.counter[NOW] = now
            _instant(g, m, o, score, now)
        return DONE

    return advance


advance = entry(
    numba.int64(GIVEN, MEMORY, OPTIONS, SCORE, numba.int64),
    _loop,
    Path(__file__).parent,
    makes_arrays=False,
    name="scheduler",
)
