"""The estimated ends of the running jobs of each pool, ascending, and the nodes that come free at each."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.layout import COUNT, ENDS, FREE, NODES, TIME


@lean
def _find(ends: Any, count: int, time: int) -> int:
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if ends[TIME, middle] < time:
            low = middle + 1
        else:
            high = middle
    return low


@lean
def add_end(m: Any, pool: int, time: int, nodes: int) -> None:
    ends, count = m.ends[pool], m.pool[ENDS, pool]
    at = _find(ends, count, time)
    if at < count and ends[TIME, at] == time:
        ends[COUNT, at] += nodes
        return
    for i in range(count, at, -1):
        ends[TIME, i] = ends[TIME, i - 1]
        ends[COUNT, i] = ends[COUNT, i - 1]
    ends[TIME, at] = time
    ends[COUNT, at] = nodes
    m.pool[ENDS, pool] = count + 1


@lean
def drop_end(m: Any, pool: int, time: int, nodes: int) -> None:
    ends, count = m.ends[pool], m.pool[ENDS, pool]
    at = _find(ends, count, time)
    ends[COUNT, at] -= nodes
    if ends[COUNT, at] == 0:
        m.pool[ENDS, pool] = count - 1
        for i in range(at, count - 1):
            ends[TIME, i] = ends[TIME, i + 1]
            ends[COUNT, i] = ends[COUNT, i + 1]


@lean
def shadow(g: Any, m: Any, pool: int, head: int) -> tuple[int, int]:
    """When the head of the queue can start by the estimates, and how many nodes it then leaves over."""
    ends, free, i = m.ends[pool], m.pool[FREE, pool], 0
    while free < g.job[NODES, head]:
        free += ends[COUNT, i]
        i += 1
    return ends[TIME, i - 1], free - g.job[NODES, head]
