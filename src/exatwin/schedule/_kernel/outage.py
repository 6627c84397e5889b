"""Nodes that go out of service: what runs on them is released, and a job of nobody's holds them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from exatwin.foundation.jit import entry, lean
from exatwin.schedule._kernel.ends import add_end
from exatwin.schedule._kernel.heap import _before, _swap, pop, push
from exatwin.schedule._kernel.layout import (
    END_OF_JOB,
    FIRST_RANGE,
    FREE,
    GIVEN,
    HEAP,
    LIMIT,
    MEMORY,
    NODE,
    NODES,
    OPTIONS,
    POOL,
    RANDOM,
    RANGES,
    RUN,
    RUNNING,
    SIZE,
    START,
    STATE,
    TOUCHED,
    UNPLACED,
    WHEN,
    WHO,
)
from exatwin.schedule._kernel.loop import _release
from exatwin.schedule._kernel.nodes import _find, _grant, _insert, _remove


@lean
def _forget(m: Any, job: int, now: int) -> None:
    """Take the end of `job` out of the heap: make it the first, then the first goes."""
    i = 0
    while m.heap[WHO, i] != job:
        i += 1
    m.heap[WHEN, i] = now - 1
    while i > 0 and _before(m.heap, i, (i - 1) // 2):
        _swap(m.heap, i, (i - 1) // 2)
        i = (i - 1) // 2
    pop(m.heap, m.counter)


@lean
def _take(g: Any, m: Any, o: Any, job: int, node: int) -> None:
    """Give `job` the free node `node`."""
    if o.placement == RANDOM:
        m.stretch[NODE, node] = 0
        _grant(g, m, o, job, node, 1)
        return
    at = _find(m, node)
    begin, size = m.stretch[NODE, at], m.stretch[SIZE, at]
    m.stretch[SIZE, at] = node - begin
    left = begin + size - node - 1
    if left > 0:
        _insert(m, at + 1, node + 1, left)
    if node == begin:
        _remove(m, at, 1)
    _grant(g, m, o, job, node, 1)


def _down(digest: str) -> Callable[..., int]:
    def take_down(g: Any, m: Any, o: Any, ended: Any, nodes: Any, job: int, now: int) -> int:
        """Release the jobs `ended`, then let `job` hold `nodes`, ascending, from `now` on."""
        if len(digest) == 0:  # never: see `entry`
            return 0
        for i in range(len(ended)):
            if m.counter[HEAP] > 0:
                _forget(m, ended[i], now)
            _release(g, m, o, ended[i])
            m.pool[TOUCHED, g.job[POOL, ended[i]]] = 1
        pool = g.job[POOL, job]
        m.job[FIRST_RANGE, job] = m.counter[RANGES]
        for i in range(len(nodes)):
            _take(g, m, o, job, nodes[i])
        m.pool[FREE, pool] -= g.job[NODES, job]
        m.pool[UNPLACED, pool] -= g.job[NODES, job]
        m.pool[TOUCHED, pool] = 1
        m.job[STATE, job] = RUNNING
        m.job[START, job] = now
        push(m.heap, m.counter, now + g.job[RUN, job], END_OF_JOB, job)
        add_end(m, pool, now + g.job[LIMIT, job], g.job[NODES, job])
        return 0

    return take_down


_ROW = numba.types.Array(numba.int64, 1, "C", readonly=True)
take_down = entry(
    numba.int64(GIVEN, MEMORY, OPTIONS, _ROW, _ROW, numba.int64, numba.int64),
    _down,
    Path(__file__).parent,
    makes_arrays=False,
)
