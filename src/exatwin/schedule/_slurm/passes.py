"""Who starts now: heads of the queue in strict order, what passes them by EASY, and Slurm's cycle."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import common, copy, keep
from exatwin.schedule._slurm.choose import choose
from exatwin.schedule._slurm.layout import (
    ALLOWED,
    AVAIL,
    BEGIN,
    BF_RECORDS,
    BF_STARTS,
    BF_WINDOW,
    BY_END,
    FIRST_PLACE,
    FIRST_WORD,
    FOREVER,
    FREE,
    HOLDER,
    LIMIT,
    NEVER,
    NODES,
    POOL,
    QUEUED,
    ROWS,
    SLOT,
    UP,
)
from exatwin.schedule._slurm.line import leave
from exatwin.schedule._slurm.plan import earliest, empty_plan, reserve
from exatwin.schedule._slurm.running import start


@lean
def start_heads(g: Any, m: Any, o: Any, pool: int, now: int, depth: int) -> bool:
    """Start the heads of a queue while they fit, at most `depth`; return whether that was too few."""
    first, size, i = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool], 0
    while i < min(size, depth) and g.job[NODES, m.queue[first + i]] <= m.pool[FREE, pool]:
        job = m.queue[first + i]
        choose(g, m, o, m.free, pool, g.job[NODES, job])
        start(g, m, o, job, now)
        i += 1
    leave(g, m, pool, i)
    return i == depth and i < size


@lean
def pass_easy(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """Start what neither outlasts the shadow time of the head nor needs more than is left over then."""
    first, size = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool]
    if size < 2 or m.pool[FREE, pool] == 0:
        return
    edge, extra, free = now, 0, m.pool[FREE, pool]
    wanted = g.job[NODES, m.queue[first]]
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        if g.job[POOL, m.row[HOLDER, row]] != pool:
            continue
        if free >= wanted and m.row[UP, row] > edge:
            break
        free += g.job[NODES, m.row[HOLDER, row]]
        edge = m.row[UP, row]
    extra = free - wanted
    i = 1
    while i < size and m.pool[FREE, pool] > 0:
        job = m.queue[first + i]
        late = now + g.job[LIMIT, job] > edge
        if g.job[NODES, job] <= m.pool[FREE, pool] and (not late or g.job[NODES, job] <= extra):
            if late:
                extra -= g.job[NODES, job]
            choose(g, m, o, m.free, pool, g.job[NODES, job])
            start(g, m, o, job, now)
        i += 1
    leave(g, m, pool, i)


@lean
def allow(g: Any, m: Any, most: int) -> None:
    """Say how many jobs of each pool are among the first `most` of all."""
    pools, total = m.pool.shape[1], 0
    for pool in range(pools):
        m.pool[ALLOWED, pool] = min(m.pool[QUEUED, pool], most)
        total += m.pool[QUEUED, pool]
    if pools == 1 or total <= most:
        return
    for pool in range(pools):
        m.pool[ALLOWED, pool] = 0
    for _ in range(most):
        best = -1
        for pool in range(pools):
            at = m.pool[ALLOWED, pool]
            if at == m.pool[QUEUED, pool]:
                continue
            job = m.queue[g.pool[FIRST_PLACE, pool] + at]
            if best < 0:
                best = pool
                continue
            other = m.queue[g.pool[FIRST_PLACE, best] + m.pool[ALLOWED, best]]
            if m.key[job] < m.key[other] or (m.key[job] == m.key[other] and job < other):
                best = pool
        m.pool[ALLOWED, best] += 1


@lean
def _hopeful(g: Any, m: Any, pool: int, records: int, i: int, now: int) -> bool:
    """Whether any job from place `i` on could still start now beside the reservations made so far."""
    first, last = g.pool[FIRST_PLACE, pool], m.pool[ALLOWED, pool]
    if m.pool[FREE, pool] == 0:
        return False
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    avail = m.scratch[AVAIL]
    copy(m.free, avail, low, high)
    keep(avail, m.planned[m.record[SLOT, 0]], low, high)
    free = common(avail, m.free, low, high)
    horizon, room = FOREVER, free
    for r in range(1, records):
        keep(avail, m.planned[m.record[SLOT, r]], low, high)
        room = common(avail, m.free, low, high)
        if room < free:
            horizon = m.record[BEGIN, r]
            break
    for k in range(i, last):
        job = m.queue[first + k]
        wanted = g.job[NODES, job]
        if wanted <= free and (wanted <= room or now + g.job[LIMIT, job] < horizon):
            return True
    return False


@lean
def cycle(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """One backfill cycle: plan the queue in order, start what can start now.

    A plan lives for one cycle, so it ends as soon as no job behind can start now.
    """
    first, last = g.pool[FIRST_PLACE, pool], m.pool[ALLOWED, pool]
    if last == 0 or m.pool[FREE, pool] == 0:
        return
    empty_plan(g, m, o, pool, now)
    records, i, started, check = 1, 0, 0, 0
    while i < last and started < o[BF_STARTS]:
        if i == check:
            if not _hopeful(g, m, pool, records, i, now):
                break
            check += 8
        job = m.queue[first + i]
        i += 1
        when = earliest(g, m, o, records, job, now)
        if when == now:
            start(g, m, o, job, now)
            started += 1
        elif when != NEVER and when <= now + o[BF_WINDOW]:
            if records + 2 > o[BF_RECORDS]:
                break
            records = reserve(g, m, o, records, job, when)
    leave(g, m, pool, i)
