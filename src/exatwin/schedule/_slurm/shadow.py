"""When the head of a queue can start, by the limits of what runs."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import add, copy, count, drop
from exatwin.schedule._slurm.layout import (
    BY_END,
    FIRST_WORD,
    FITS,
    FOREVER,
    FREE,
    HAS_POWER,
    HIGH_WORD,
    HOLDER,
    LIMIT,
    LOW_WORD,
    NODES,
    OFFERED,
    POOL,
    ROWS,
    SHADE,
    UP,
)
from exatwin.schedule._slurm.power import frees, need, room
from exatwin.schedule._slurm.windows import edge_after, usable


@lean
def shadow(g: Any, m: Any, o: Any, pool: int, job: int, now: int) -> tuple[int, int, int]:
    """When a job finds its nodes and watts by the limits of what runs; how many of each are left over."""
    edge, free, watts = now, m.pool[FREE, pool], room(g, m, o)
    wanted, asks = g.job[NODES, job], need(g, m, o, job)
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        mine = g.job[POOL, m.row[HOLDER, row]] == pool
        if not mine and o[HAS_POWER] == 0:
            continue
        if free >= wanted and watts >= asks and m.row[UP, row] > edge:
            break
        if mine:
            free += g.job[NODES, m.row[HOLDER, row]]
        watts += frees(g, m, o, row)
        edge = m.row[UP, row]
    if watts < asks:
        edge = FOREVER
    return edge, free - wanted, watts - asks


@lean
def shadow_nodes(g: Any, m: Any, o: Any, pool: int, job: int, now: int) -> tuple[int, int, int]:
    """When a job finds enough nodes that no window keeps from it; how many of them, and how many watts, are
    left over then. FOREVER if never.

    All nodes that it could hold then are in the row SHADE. It is tried whenever a limit is up or a window
    opens or closes.
    """
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    fits, offered = m.scratch[FITS], m.scratch[OFFERED]
    copy(m.free, fits, low, high)
    time, free, watts, i = now, m.pool[FREE, pool], room(g, m, o), 0
    while time < FOREVER:
        while i < m.counter[ROWS] and m.row[UP, m.row[BY_END, i]] <= time:
            row = m.row[BY_END, i]
            watts += frees(g, m, o, row)
            if g.job[POOL, m.row[HOLDER, row]] == pool:
                add(fits, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
                free += g.job[NODES, m.row[HOLDER, row]]
            i += 1
        if free >= g.job[NODES, job] and watts >= need(g, m, o, job):
            copy(fits, offered, low, high)
            usable(g, m, o, job, time, time + g.job[LIMIT, job], offered)
            many = count(offered, low, high)
            if many >= g.job[NODES, job]:
                copy(offered, m.scratch[SHADE], low, high)
                return time, many - g.job[NODES, job], watts - need(g, m, o, job)
        time = edge_after(g, m, o, pool, time)
        if i < m.counter[ROWS]:
            time = min(time, m.row[UP, m.row[BY_END, i]])
    drop(m.scratch[SHADE], m.scratch[SHADE], low, high)
    return FOREVER, 0, FOREVER
