"""Who starts now: heads of the queue in strict order, what passes them by EASY, and Slurm's cycle."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import common, copy, count, keep
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
    HAS_WINDOWS,
    HOLDER,
    LIMIT,
    NEVER,
    NODES,
    OFFERED,
    POOL,
    QUEUED,
    ROWS,
    SLOT,
    UP,
)
from exatwin.schedule._slurm.layout_power import CAPPED_GROUPS, HAS_SWITCHES
from exatwin.schedule._slurm.limits import may_start
from exatwin.schedule._slurm.line import leave
from exatwin.schedule._slurm.plan import earliest, empty_plan, reserve
from exatwin.schedule._slurm.power import fits as power_fits
from exatwin.schedule._slurm.power import frees, hold, hold_none, need, passes, room
from exatwin.schedule._slurm.power import usable as power_usable
from exatwin.schedule._slurm.running import start
from exatwin.schedule._slurm.spread import fits as near
from exatwin.schedule._slurm.windows import usable


@lean
def _try(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Start a job for which there are nodes and watts, if it may have them."""
    pool = g.job[POOL, job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    if o[HAS_WINDOWS] + o[CAPPED_GROUPS] == 0:
        choose(g, m, o, m.free, pool, g.job[NODES, job])
    else:
        offered = m.scratch[OFFERED]
        copy(m.free, offered, low, high)
        usable(g, m, o, job, now, now + g.job[LIMIT, job], offered)
        power_usable(g, m, o, job, offered)
        if count(offered, low, high) < g.job[NODES, job]:
            return False
        choose(g, m, o, offered, pool, g.job[NODES, job])
    if not power_fits(g, m, o, job, now):
        return False
    start(g, m, o, job, now)
    return True


@lean
def _near(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether the nodes that the job would get are near enough; it is passed over else."""
    if o[HAS_SWITCHES] == 0:
        return True
    pool = g.job[POOL, job]
    choose(g, m, o, m.free, pool, g.job[NODES, job])
    return near(g, m, o, job, now)


@lean
def _waits(g: Any, m: Any, o: Any, job: int, pool: int, now: int) -> bool:
    """Whether the job holds its place in line; it is passed over else."""
    if not may_start(g, m, o, job, now):
        return False
    if g.job[NODES, job] > m.pool[FREE, pool] or need(g, m, o, job) > room(g, m, o):
        return True
    return _near(g, m, o, job, now)


@lean
def start_heads(g: Any, m: Any, o: Any, pool: int, now: int, depth: int) -> bool:
    """Start the heads of a queue while they fit, at most `depth`; return whether that was too few."""
    first, size, i = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool], 0
    while i < min(size, depth):
        job = m.queue[first + i]
        if may_start(g, m, o, job, now):
            if g.job[NODES, job] > m.pool[FREE, pool] or need(g, m, o, job) > room(g, m, o):
                break
            if _near(g, m, o, job, now) and not _try(g, m, o, job, now) and o[HAS_WINDOWS] == 0:
                break
        i += 1
    leave(g, m, pool, i)
    return i == depth and i < size


@lean
def pass_easy(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """Start what neither outlasts the shadow time of the head nor needs more than is left over then."""
    first, size = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool]
    if size < 2 or m.pool[FREE, pool] == 0:
        return
    head = 0
    while head < size and not _waits(g, m, o, m.queue[first + head], pool, now):
        head += 1
    if head == size:
        return
    edge, extra, free, watts = now, 0, m.pool[FREE, pool], room(g, m, o)
    wanted, asks = g.job[NODES, m.queue[first + head]], need(g, m, o, m.queue[first + head])
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        if free >= wanted and watts >= asks and m.row[UP, row] > edge:
            break
        watts += frees(g, m, o, row)
        if g.job[POOL, m.row[HOLDER, row]] == pool:
            free += g.job[NODES, m.row[HOLDER, row]]
        edge = m.row[UP, row]
    extra, more = free - wanted, watts - asks
    i = head + 1
    while i < size and m.pool[FREE, pool] > 0:
        job = m.queue[first + i]
        i += 1
        late, asks = now + g.job[LIMIT, job] > edge, need(g, m, o, job)
        if g.job[NODES, job] > m.pool[FREE, pool] or asks > room(g, m, o):
            continue
        if late and (g.job[NODES, job] > extra or asks > more):
            continue
        if may_start(g, m, o, job, now) and _near(g, m, o, job, now) and _try(g, m, o, job, now) and late:
            extra -= g.job[NODES, job]
            more -= asks
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
    hold_none(m)
    while i < last and started < o[BF_STARTS]:
        if i == check:
            if not _hopeful(g, m, pool, records, i, now):
                break
            check += 8
        job = m.queue[first + i]
        i += 1
        if not may_start(g, m, o, job, now):
            continue
        when = earliest(g, m, o, records, job, now)
        if when == now and not near(g, m, o, job, now):
            continue
        if when == now and need(g, m, o, job) > room(g, m, o):
            when = hold(g, m, o, job, now)
            if when >= FOREVER:
                continue
        if when == now and not (power_fits(g, m, o, job, now) and passes(g, m, o, job, now)):
            continue
        if when == now:
            start(g, m, o, job, now)
            started += 1
        elif when != NEVER and when <= now + o[BF_WINDOW]:
            if records + 2 > o[BF_RECORDS]:
                break
            records = reserve(g, m, o, records, job, when)
    leave(g, m, pool, i)
