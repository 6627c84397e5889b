"""One backfill cycle of Slurm: plan the queue in order, start what can start now."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import copy, count, drop, keep
from exatwin.schedule._slurm.bounds import no_bounds
from exatwin.schedule._slurm.completing import lend, must_wait, take_back
from exatwin.schedule._slurm.earliest import earliest
from exatwin.schedule._slurm.layout import (
    ALLOWED,
    BEGIN,
    BF_RECORDS,
    BF_RESOLUTION,
    BF_STARTS,
    BF_WINDOW,
    FIRST_PLACE,
    FIRST_WORD,
    FOREVER,
    FREE,
    FRONT,
    HAS_POWER,
    HAS_SPREAD,
    LIMIT,
    NEVER,
    NODES,
    PACE_FROM,
    PACE_SPAN,
    PACE_TO,
    PICK_LEFT,
    PICK_RIGHT,
    PICKED,
    POOL,
    PREEMPTS,
    SLOT,
    STAYS,
    TOP,
    UNTIL,
    VACANT,
    VACANT_STOP,
)
from exatwin.schedule._slurm.limits import may_start
from exatwin.schedule._slurm.line import job_of, nth
from exatwin.schedule._slurm.moves import plan_with
from exatwin.schedule._slurm.passes import begin
from exatwin.schedule._slurm.plan import empty_plan, plan_anew, reserve
from exatwin.schedule._slurm.power import fits, hold, need, passes, room
from exatwin.schedule._slurm.preempt import make_room
from exatwin.schedule._slurm.spread import fits as near


@lean
def cycle(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """Plan a queue in order and start what can start now; nodes whose epilog runs are planned with."""
    lent = lend(g, m, o, pool, now)
    _fill(g, m, o, pool, now)
    take_back(g, m, pool, lent)


@lean
def _fill(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """Plan a queue in order and start what can start now.

    A plan lives for one cycle, and ends as soon as no job behind can start now. The nodes that are free now
    and stay so until some time only become fewer as the plan grows: it goes on as long as there is a witness,
    a job behind for which enough stay free.
    """
    last = m.pool[ALLOWED, pool]
    if last == 0 or (m.pool[FREE, pool] == 0 and o[PREEMPTS] == 0) or not _list(g, m, o, pool, last):
        return
    records, started, i, witness, seek, made = 0, 0, 0, -1, 0, 0
    while i < last and started < o[BF_STARTS]:
        if made == 0:
            records = empty_plan(g, m, o, pool, now)
            made = 1
        if witness < i:
            witness = last if seek == last else _witness(g, m, o, pool, records, max(seek, i), last, now)
            if witness == last:
                break
        job, at = m.list[i], _clock(o, i, now)
        i += 1
        if not may_start(g, m, o, job, at):
            continue
        when = _when(g, m, o, records, job, at)
        if when == at:
            begin(g, m, o, job, at)
            started += 1
            # the places of what stays change with the plan
            seek, witness = _go_on(g, m, o, records, job, max(seek, i), last, now), -1
            continue
        if when != NEVER and when <= now + o[BF_WINDOW]:
            if records + 2 > o[BF_RECORDS]:
                break
            records = reserve(g, m, o, records, job, when)
        else:
            continue
        if witness >= i and not _stays(g, m, o, pool, records, m.list[witness], when, now):
            seek, witness = witness + 1, -1


@lean
def _clock(o: Any, i: int, now: int) -> int:
    """What time it is when a cycle comes to place `i` of the queue."""
    if o[PACE_SPAN] == 0:
        return now
    first, last = o[PACE_FROM], o[PACE_TO]
    return now + o[PACE_SPAN] * (min(max(i, first), last) - first) // (last - first)


@lean
def _go_on(g: Any, m: Any, o: Any, records: int, job: int, i: int, last: int, now: int) -> int:
    """A witness from place `i` on now that a job has started at the places in PICKED.

    The plan is brought up to that.
    """
    pool = g.job[POOL, job]
    drop(m.scratch[VACANT], m.scratch[PICKED], m.pool[PICK_LEFT, pool], m.pool[PICK_RIGHT, pool])
    witness = _witness(g, m, o, pool, records, i, last, now)
    if witness < last:
        plan_with(g, m, pool, records, job)
    return witness


@lean
def _when(g: Any, m: Any, o: Any, records: int, job: int, now: int) -> int:
    """When a job starts beside the plan, behind epilogs, and beside the watts that are held."""
    tried, ask = o[PREEMPTS] == 0, now
    while True:
        when = earliest(g, m, o, records, job, ask)
        if when == now and must_wait(g, m, o, g.job[POOL, job]):
            ask = now + 1
            continue
        if when == now or tried or not make_room(g, m, o, job, now, records):
            break
        tried = True
        plan_anew(g, m, o, g.job[POOL, job], records)
        no_bounds(m, g.job[POOL, job])
    return _with_watts(g, m, o, job, now) if when == now else when


@lean
def _with_watts(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """When a job whose nodes are free now has watts too; NEVER if unknown, or if they are too far apart."""
    if o[HAS_SPREAD] + o[HAS_POWER] == 0:
        return now
    if not near(g, m, o, job, now):
        return NEVER
    if need(g, m, o, job) > room(g, m, o):
        when = hold(g, m, o, job, now)
        return when if when < FOREVER else NEVER
    return now if fits(g, m, o, job, now) and passes(g, m, o, job, now) else NEVER


@lean
def _list(g: Any, m: Any, o: Any, pool: int, last: int) -> bool:
    """List the first jobs of a queue; return whether any of them could start now on an empty plan."""
    least, free = m.pool[FREE, pool] + 1, m.pool[FREE, pool]
    nth(g, m, o, pool, last - 1)
    first = g.pool[FIRST_PLACE, pool] + m.pool[FRONT, pool]
    for i in range(last):
        job = job_of(m.queue[first + i])
        m.list[i] = job
        least = min(least, g.job[NODES, job])
    return least <= free or o[PREEMPTS] > 0


@lean
def _witness(g: Any, m: Any, o: Any, pool: int, records: int, i: int, last: int, now: int) -> int:
    """The first place from `i` on of a job that could start now if it came next; `last` if there is none.

    The places of nodes that stay free until it would end are in the row STAYS.
    """
    if o[PREEMPTS] + o[PACE_SPAN] > 0:
        return max(last - 1, i)
    free, low, high = m.pool[FREE, pool], g.pool[FIRST_WORD, pool], m.pool[VACANT_STOP, pool]
    stays, reached, left, top = m.scratch[STAYS], NEVER, 0, min(high, m.pool[TOP, pool])
    while i < last:
        job = m.list[i]
        wanted, reach = g.job[NODES, job], now + g.job[LIMIT, job]
        if wanted <= free and (reach < reached or reached == NEVER or wanted <= left):
            copy(m.scratch[VACANT], stays, low, high)
            left, r = free, 0
            while r < records and m.record[BEGIN, r] <= reach and left >= wanted:
                keep(stays, m.planned[m.record[SLOT, r]], low, top)
                left = count(stays, low, high)
                r += 1
            if left >= wanted:
                return i
            reached = reach
        i += 1
    return last


@lean
def _stays(g: Any, m: Any, o: Any, pool: int, records: int, job: int, when: int, now: int) -> bool:
    """Whether enough nodes stay for a witness, now that those in PICKED are taken from `when` on."""
    begin = when // o[BF_RESOLUTION] * o[BF_RESOLUTION]
    beyond = begin > now + g.job[LIMIT, job] or begin >= m.record[UNTIL, records - 1]
    if o[PREEMPTS] + o[PACE_SPAN] > 0 or beyond:
        return True
    low, high = g.pool[FIRST_WORD, pool], m.pool[VACANT_STOP, pool]
    drop(m.scratch[STAYS], m.scratch[PICKED], low, high)
    return count(m.scratch[STAYS], low, high) >= g.job[NODES, job]
