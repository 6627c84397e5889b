"""Bounds that the jobs of a cycle give to those behind: who asks for more cannot start before."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    BOUND_LIMIT,
    BOUND_NODES,
    BOUNDS,
    MOST_BOUNDS,
    NEVER,
    NEXT_BOUND,
    NOT_BEFORE,
)


@lean
def not_before(m: Any, pool: int, nodes: int, limit: int) -> int:
    """Before when no job of so many nodes and such a limit starts: a plan only leaves less as it grows."""
    found = NEVER
    for i in range(m.pool[BOUNDS, pool]):
        if m.bound[BOUND_NODES, i] <= nodes and m.bound[BOUND_LIMIT, i] <= limit:
            found = max(found, m.bound[NOT_BEFORE, i])
    return found


@lean
def note_bound(m: Any, pool: int, nodes: int, limit: int, when: int) -> None:
    """Note that nothing of so many nodes and such a limit starts before `when`; the oldest makes room."""
    i = m.pool[NEXT_BOUND, pool]
    m.bound[BOUND_NODES, i] = nodes
    m.bound[BOUND_LIMIT, i] = limit
    m.bound[NOT_BEFORE, i] = when
    m.pool[NEXT_BOUND, pool] = (i + 1) % MOST_BOUNDS
    m.pool[BOUNDS, pool] = max(m.pool[BOUNDS, pool], i + 1)


@lean
def no_bounds(m: Any, pool: int) -> None:
    m.pool[BOUNDS, pool] = 0
    m.pool[NEXT_BOUND, pool] = 0
