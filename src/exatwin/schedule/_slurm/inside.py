"""Jobs that run inside a reservation, on its nodes: a line of their own."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import copy, count, keep, ones, whole
from exatwin.schedule._slurm.choose import choose
from exatwin.schedule._slurm.layout import (
    BACKFILL,
    BLOCKED,
    BY_END,
    CENTRE,
    DYNAMIC,
    EXTRA,
    FIRST_WORD,
    FREE,
    FROM,
    HIGH_WORD,
    INSIDE,
    LIMIT,
    LOW_WORD,
    NODES,
    PENDING,
    POOL,
    RESERVED,
    ROOM,
    ROWS,
    SHADOW,
    STATE,
    STRICT,
    TILL,
    UP,
)
from exatwin.schedule._slurm.limits import may_start
from exatwin.schedule._slurm.power import fits
from exatwin.schedule._slurm.rank import rate
from exatwin.schedule._slurm.rescore import rank
from exatwin.schedule._slurm.running import start
from exatwin.schedule._slurm.windows import usable


@where(CENTRE)
def enter(m: Any, job: int) -> None:
    """Let a job wait for its window."""
    m.inside[m.counter[INSIDE]] = job
    m.counter[INSIDE] += 1


@where(CENTRE)
def serve(g: Any, m: Any, o: Any, score: Any, now: int) -> None:
    """Start jobs of open reservations in order: heads, and behind them what does not keep them waiting."""
    if m.counter[INSIDE] == 0:
        return
    _in_order(g, m, o, score, now)
    for i in range(m.counter[INSIDE]):
        m.blocked[BLOCKED, g.job[RESERVED, m.inside[i]]] = 0
    for i in range(m.counter[INSIDE]):
        job = m.inside[i]
        window = g.job[RESERVED, job]
        over = now + g.job[LIMIT, job] > g.window[TILL, window]
        if now < g.window[FROM, window] or over or not may_start(g, m, o, job, now):
            continue
        if not _try(g, m, o, job, window, now) and m.blocked[BLOCKED, window] == 0:
            m.blocked[BLOCKED, window] = 1
            _look_ahead(g, m, o, job, window, now)
    kept = 0
    for i in range(m.counter[INSIDE]):
        if m.job[STATE, m.inside[i]] == PENDING:
            m.inside[kept] = m.inside[i]
            kept += 1
    m.counter[INSIDE] = kept


@lean
def _in_order(g: Any, m: Any, o: Any, score: Any, now: int) -> None:
    if o[DYNAMIC] > 0:
        size = m.counter[INSIDE]
        for i in range(size):
            m.list[i] = m.inside[i]
        rank(g, m, score, size, now)
        for i in range(size):
            m.inside[i] = m.list[i]
        return
    for i in range(m.counter[INSIDE]):
        job = m.inside[i]
        rate(g, m, o, job, now)
        k = i
        while k > 0 and (
            m.key[m.inside[k - 1]] > m.key[job]
            or (m.key[m.inside[k - 1]] == m.key[job] and m.inside[k - 1] > job)
        ):
            m.inside[k] = m.inside[k - 1]
            k -= 1
        m.inside[k] = job


@lean
def _offer(g: Any, m: Any, o: Any, job: int, window: int, now: int) -> int:
    """Put into the row ROOM the nodes of the window that the job could hold; return how many."""
    pool = g.job[POOL, job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    copy(g.window_bits[window], m.scratch[ROOM], low, high)
    usable(g, m, o, job, now, now + g.job[LIMIT, job], m.scratch[ROOM])
    return count(m.scratch[ROOM], low, high)


@lean
def _try(g: Any, m: Any, o: Any, job: int, window: int, now: int) -> bool:
    """Start the job if it fits and keeps nobody waiting."""
    pool, wanted = g.job[POOL, job], g.job[NODES, job]
    late = now + g.job[LIMIT, job] > m.blocked[SHADOW, window]
    behind = m.blocked[BLOCKED, window] != 0
    if wanted > m.pool[FREE, pool] or (behind and o[BACKFILL] == STRICT):
        return False
    if behind and late and wanted > m.blocked[EXTRA, window]:
        return False
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    _offer(g, m, o, job, window, now)
    keep(m.scratch[ROOM], m.free, low, high)
    if count(m.scratch[ROOM], low, high) < wanted:
        return False
    choose(g, m, o, m.scratch[ROOM], pool, wanted)
    if not fits(g, m, o, job, now):
        return False
    if behind and late:
        m.blocked[EXTRA, window] -= wanted
    start(g, m, o, job, now)
    return True


@lean
def _look_ahead(g: Any, m: Any, o: Any, job: int, window: int, now: int) -> None:
    """When the first that waits will have its nodes, and how many are left over then."""
    pool = g.job[POOL, job]
    _offer(g, m, o, job, window, now)
    room, free = m.scratch[ROOM], 0
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    for w in range(low, high):
        free += whole(ones(room[w] & m.free[w]))
    edge = now
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        if free >= g.job[NODES, job] and m.row[UP, row] > edge:
            break
        more = 0
        for w in range(max(low, m.row[LOW_WORD, row]), min(high, m.row[HIGH_WORD, row])):
            more += whole(ones(room[w] & m.held[row, w]))
        if more > 0:
            free += more
            edge = m.row[UP, row]
    m.blocked[SHADOW, window] = edge
    m.blocked[EXTRA, window] = max(0, free - g.job[NODES, job])
