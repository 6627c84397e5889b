"""Nodes that are not for everybody for a time: what a job may hold, and the edges of the windows."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    BY_END,
    CENTRE,
    CHANGED,
    CLOSES,
    DOWN,
    DRAIN,
    EDGES,
    FIRST_WORD,
    FOREVER,
    FROM,
    HAS_WINDOWS,
    HIGH_WORD,
    HOLDER,
    KIND,
    LEFT_WORD,
    LIVE,
    LOW_WORD,
    OWNED,
    POOL,
    RESERVED,
    RIGHT_WORD,
    ROWS,
    TILL,
    TIME,
    TOUCHED,
    WINDOW,
)
from exatwin.schedule._slurm.running import cut

NODE_FAIL = 7  # by Slurm's numbers


@where(CENTRE)
def usable(g: Any, m: Any, o: Any, job: int, begin: int, until: int, bits: Any) -> None:
    """Take out of `bits` the nodes of the job's pool that it may not hold from `begin` to `until`."""
    if o[HAS_WINDOWS] == 0:
        return
    pool, last = g.job[POOL, job], max(until, begin + 1)
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    for i in range(m.counter[LIVE]):
        window = m.live[i]
        if g.window[FROM, window] >= last:
            return
        if g.window[TILL, window] <= begin or _enters(g, job, window):
            continue
        for w in range(max(low, g.window[LEFT_WORD, window]), min(high, g.window[RIGHT_WORD, window])):
            bits[w] &= ~g.window_bits[window, w]


@lean
def _enters(g: Any, job: int, window: int) -> bool:
    """Whether the window is for the job."""
    if g.job[RESERVED, job] == window:
        return True
    if g.window[OWNED, window] == 0:
        return False
    found = False
    for i in range(g.owner_first[job], g.owner_first[job + 1]):
        found |= g.owner[i] == window
    return found


@lean
def edge_after(g: Any, m: Any, o: Any, pool: int, time: int) -> int:
    """When a window that is known now opens or closes next after `time`; FOREVER if none does."""
    found = FOREVER
    if o[HAS_WINDOWS] == 0:
        return found
    for i in range(m.counter[LIVE]):
        window = m.live[i]
        if g.window[FROM, window] > time:
            return min(found, g.window[FROM, window])
        if g.window[TILL, window] > time:
            found = min(found, g.window[TILL, window])
    return found


@where(CENTRE, otherwise=FOREVER)
def next_edge(g: Any, m: Any, o: Any) -> int:
    """When the next window opens or closes, known or not."""
    if m.counter[EDGES] < g.edge.shape[1]:
        return g.edge[TIME, m.counter[EDGES]]
    return FOREVER


@where(CENTRE)
def turn(g: Any, m: Any, o: Any, now: int) -> None:
    """Open and close the windows of now. What runs on nodes that go down ends."""
    if next_edge(g, m, o) > now:
        return
    while next_edge(g, m, o) <= now:
        edge = m.counter[EDGES]
        m.counter[EDGES] = edge + 1
        window = g.edge[WINDOW, edge]
        if g.edge[CLOSES, edge] != 0:
            _forget(m, window)
            continue
        if g.window[KIND, window] == DOWN or g.window[KIND, window] == DRAIN:
            _learn(g, m, window)
        if g.window[KIND, window] == DOWN:
            _empty(g, m, o, window, now)
    for pool in range(m.pool.shape[1]):
        m.pool[TOUCHED, pool] = 1
    m.counter[CHANGED] = 1


@lean
def _learn(g: Any, m: Any, window: int) -> None:
    i = m.counter[LIVE]
    while i > 0 and m.live[i - 1] > window:
        m.live[i] = m.live[i - 1]
        i -= 1
    m.live[i] = window
    m.counter[LIVE] += 1


@lean
def _forget(m: Any, window: int) -> None:
    many = m.counter[LIVE]
    i = 0
    while m.live[i] != window:
        i += 1
    for k in range(i, many - 1):
        m.live[k] = m.live[k + 1]
    m.counter[LIVE] = many - 1


@lean
def _empty(g: Any, m: Any, o: Any, window: int, now: int) -> None:
    """End what runs on nodes of the window."""
    i = 0
    while i < m.counter[ROWS]:
        row = m.row[BY_END, i]
        low = max(m.row[LOW_WORD, row], g.window[LEFT_WORD, window])
        high = min(m.row[HIGH_WORD, row], g.window[RIGHT_WORD, window])
        hit = False
        for w in range(low, high):
            if m.held[row, w] & g.window_bits[window, w]:
                hit = True
        if hit:
            cut(g, m, o, m.row[HOLDER, row], now, NODE_FAIL, True)
        else:
            i += 1
