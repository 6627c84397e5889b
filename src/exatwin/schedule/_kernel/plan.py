"""Conservative backfill: every waiting job holds a reservation that delays none before it."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.layout import (
    BLOCKS,
    COUNT,
    FREE,
    HELD,
    LIMIT,
    NODES,
    PLANS,
    QUEUE,
    SLOT,
    TIME,
    WIDE,
)
from exatwin.schedule._kernel.passes import start
from exatwin.schedule._kernel.queue import queue


@lean
def _plan_anew(m: Any, pool: int, now: int) -> None:
    """The plan without reservations: what is free now, and more as the running jobs end."""
    free, plan, ends = m.pool[FREE, pool], m.plan[pool], m.ends[pool]
    plan[TIME, 0] = now
    plan[COUNT, 0] = free
    edges = 1
    for block in range(m.pool[BLOCKS, pool]):
        first = m.blocks[pool, SLOT, block] * WIDE
        for at in range(first, first + m.blocks[pool, HELD, block]):
            free += ends[COUNT, at]
            plan[TIME, edges] = ends[TIME, at]
            plan[COUNT, edges] = free
            edges += 1
    m.pool[PLANS, pool] = edges


@lean
def _split(m: Any, pool: int, time: int, at: int) -> int:
    """Make `time` an edge of the plan, after piece `at`; return its piece."""
    plan, count = m.plan[pool], m.pool[PLANS, pool]
    while at < count and plan[TIME, at] < time:
        at += 1
    if at < count and plan[TIME, at] == time:
        return at
    for i in range(count, at, -1):
        plan[TIME, i] = plan[TIME, i - 1]
        plan[COUNT, i] = plan[COUNT, i - 1]
    plan[TIME, at] = time
    plan[COUNT, at] = plan[COUNT, at - 1]
    m.pool[PLANS, pool] = count + 1
    return at


@lean
def _reserve(g: Any, m: Any, pool: int, job: int) -> int:
    """Give `job` the earliest stretch of the plan that holds it for its limit; return its start."""
    plan, count, nodes, i = m.plan[pool], m.pool[PLANS, pool], g.job[NODES, job], 0
    while True:
        while plan[COUNT, i] < nodes:
            i += 1
        end = plan[TIME, i] + g.job[LIMIT, job]
        k = i
        while k < count and plan[TIME, k] < end and plan[COUNT, k] >= nodes:
            k += 1
        if k == count or plan[TIME, k] >= end:
            break
        i = k
    begin = plan[TIME, i]
    stop = _split(m, pool, end, i) if end > begin else i
    for k in range(i, stop):
        plan[COUNT, k] -= nodes
    return begin


@lean
def pass_conservative(g: Any, m: Any, o: Any, score: Any, pool: int, now: int) -> None:
    """Plan the whole queue from nothing, in its order; start what is due."""
    size = queue(g, m, o, score, pool, now)
    _plan_anew(m, pool, now)
    for i in range(size):
        job = m.job[QUEUE, i]
        if _reserve(g, m, pool, job) == now:
            start(g, m, job, now)
