"""When, and on which nodes, a job can start beside the reservations of a plan."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import ALL, both, copy, fill, keep, meet, within
from exatwin.schedule._slurm.bounds import not_before, note_bound
from exatwin.schedule._slurm.choose import choose
from exatwin.schedule._slurm.layout import (
    AVAIL,
    BEGIN,
    BF_RESOLUTION,
    BF_WINDOW,
    CHOSEN,
    COUNT,
    END_AT,
    ENDS_LISTED,
    FIRST_WORD,
    FITS,
    FOREVER,
    FREE,
    HAS_WINDOWS,
    LIMIT,
    NEVER,
    NODES,
    NOW,
    OFFERED,
    PICK_LEFT,
    PICK_RIGHT,
    PICKED,
    POOL,
    RELEASE_DELAY,
    RELEASE_STEP,
    RISES,
    SLOT,
    TAIL,
    TOP,
    UNTIL,
)
from exatwin.schedule._slurm.places import (
    common_before,
    end_with,
    ends_by,
    freed,
    leave_out,
    nth_place,
    pick,
    place_before,
    place_from,
    put_fits,
)
from exatwin.schedule._slurm.plan import first_after, rise
from exatwin.schedule._slurm.windows import edge_after, usable

# a record is counted where these bits of its number are clear
_COUNTED = 7


@lean
def _not_before(m: Any, pool: int, wanted: int, now: int) -> int:
    """Before when no choice of nodes is free: the first limit at which enough are, wherever they stand."""
    if m.pool[FREE, pool] >= wanted:
        return now
    end = end_with(m, pool, wanted)
    return max(m.end[END_AT, end], now + 1) if end < m.pool[ENDS_LISTED, pool] else FOREVER


@lean
def _last_rise(record: Any, records: int, hope: int, now: int) -> int:
    """The last time before `hope` at which a reservation ends and leaves nodes; now if there is none."""
    i = first_after(record, records, hope - 1) - 1
    while i >= 0 and record[RISES, i] == 0:
        i -= 1
    return record[UNTIL, i] if i >= 0 else now


@lean
def _released(g: Any, m: Any, o: Any, pool: int, wanted: int, now: int) -> tuple[int, int, int]:
    """When enough nodes of the places in AVAIL are free, after how many ends, and when at the soonest.

    NEVER if never.

    Ends are taken together in windows that grow: what ends in the same window as the first is waited for.
    """
    low, top, free = g.pool[FIRST_WORD, pool], m.pool[TOP, pool], m.pool[FREE, pool]
    avail = m.scratch[AVAIL]
    place = nth_place(avail, low, top, wanted)
    if place < free:
        return now, 0, now
    enough = end_with(m, pool, place + 1)
    if enough == m.pool[ENDS_LISTED, pool]:
        return NEVER, 0, FOREVER
    begin = m.end[END_AT, end_with(m, pool, place_from(avail, low, top, free) + 1)]
    edge, reach = begin + o[RELEASE_DELAY] - begin % o[RELEASE_DELAY], o[RELEASE_DELAY]
    while m.end[END_AT, enough] > edge + reach:
        reach = reach + o[RELEASE_STEP] if o[RELEASE_STEP] > 0 else 2 * reach
    taken = ends_by(m, pool, edge + reach)
    last = place_before(avail, low, top, freed(m, pool, taken))
    return max(m.end[END_AT, end_with(m, pool, last + 1)], now + 1), taken, m.end[END_AT, enough]


@lean
def _clear(m: Any, pool: int, records: int, begin: int, until: int) -> bool:
    """Whether no reservation holds any of the places in PICKED from `begin` to `until`."""
    left, right = m.pool[PICK_LEFT, pool], min(m.pool[PICK_RIGHT, pool], m.pool[TOP, pool])
    i = first_after(m.record, records, begin)
    while i < records and m.record[BEGIN, i] < until and m.record[UNTIL, i] > begin:
        if not within(m.scratch[PICKED], m.planned[m.record[SLOT, i]], left, right):
            return False
        i += 1
    return True


@lean
def _suffixes(m: Any, first: int, stop: int, wanted: int, low: int, top: int) -> int:
    """What each record has in common with those after it, before `stop`; TAIL is for the records to come.

    From the last record back, as long as `wanted` places are left, counted now and then; return the first
    record of that kind.
    """
    fill(m.scratch[TAIL], ALL, low, top)
    copy(m.planned[m.record[SLOT, stop - 1]], m.suffix[stop - 1], low, top)
    for i in range(stop - 2, first - 1, -1):
        if i & _COUNTED == 0:
            if both(m.suffix[i + 1], m.planned[m.record[SLOT, i]], m.suffix[i], low, top) < wanted:
                return i + 1
        else:
            meet(m.suffix[i + 1], m.planned[m.record[SLOT, i]], m.suffix[i], low, top)
    return first


@lean
def _step(g: Any, m: Any, records: int, pool: int, wanted: int, first: int, flip: int) -> int:
    """First record from `first` on, before `flip`, in which so many nodes may be free before the next rise.

    The nodes that records from one on have in common, and those that are free by then, only become more with
    it: it is found by steps that double, and halving.
    """
    low, high, stride = first, flip, 1
    begin, top = g.pool[FIRST_WORD, pool], m.pool[TOP, pool]
    while low < high:
        at = min(low + stride, high) - 1 if high == flip else (low + high) // 2
        next_rise = rise(m.record, records, at)
        ends = m.pool[ENDS_LISTED, pool]
        if next_rise >= 0:
            ends = ends_by(m, pool, m.record[UNTIL, next_rise])
        size = freed(m, pool, ends)
        if common_before(m.suffix[at], m.scratch[TAIL], begin, top, size) >= wanted:
            high = at
        else:
            low, stride = at + 1, 2 * stride
    return low


@lean
def _later(g: Any, m: Any, o: Any, pool: int, next_rise: int, time: int) -> int:
    """When to try again: as a reservation ends, or a window does after `time`; NEVER if not at all."""
    edge = edge_after(g, m, o, pool, time) if o[HAS_WINDOWS] > 0 else FOREVER
    if next_rise >= 0:
        edge = min(edge, m.record[UNTIL, next_rise])
    return edge if edge < FOREVER else NEVER


@lean
def _undisturbed(g: Any, m: Any, o: Any, records: int, job: int, when: int) -> bool:
    """Whether the nodes in the row CHOSEN are free of reservations, and of windows, while the job runs."""
    pool, limit, grid = g.job[POOL, job], g.job[LIMIT, job], o[BF_RESOLUTION]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    begin = when // grid * grid
    until = max((when + limit) // grid * grid, begin + grid)
    if not _clear(m, pool, records, begin, until):
        return False
    if o[HAS_WINDOWS] > 0:
        copy(m.scratch[CHOSEN], m.scratch[OFFERED], low, high)
        usable(g, m, o, job, when, when + limit, m.scratch[OFFERED])
        return within(m.scratch[CHOSEN], m.scratch[OFFERED], low, high)
    return True


@lean
def _keep_usable(g: Any, m: Any, o: Any, job: int, time: int) -> None:
    """Take out of AVAIL the places of nodes that windows keep from a job that starts at a time."""
    low, high = g.pool[FIRST_WORD, g.job[POOL, job]], g.pool[FIRST_WORD, g.job[POOL, job] + 1]
    fill(m.scratch[OFFERED], ALL, low, high)
    usable(g, m, o, job, time, time + g.job[LIMIT, job], m.scratch[OFFERED])
    leave_out(m, m.scratch[AVAIL], m.scratch[OFFERED], low, high)


@lean
def earliest(g: Any, m: Any, o: Any, records: int, job: int, now: int) -> int:
    """When the job can start beside the reservations made so far, or NEVER.

    Its nodes are then in CHOSEN, and their places in PICKED.

    It is tried now, and then whenever a reservation leaves nodes.
    """
    pool, wanted, limit = g.job[POOL, job], g.job[NODES, job], g.job[LIMIT, job]
    low, top, avail, tail = g.pool[FIRST_WORD, pool], m.pool[TOP, pool], m.scratch[AVAIL], m.scratch[TAIL]
    ask, flip, done, stop, narrow, known = now, 0, 0, 0, -1, 0
    beyond = max(0, freed(m, pool, m.pool[ENDS_LISTED, pool]) - 64 * (top - low))
    bound = not_before(m, pool, wanted, limit)
    hope, noted = max(bound, _not_before(m, pool, wanted, now)), o[HAS_WINDOWS] > 0 or now > m.counter[NOW]
    if hope > now + o[BF_WINDOW]:
        return NEVER
    if hope > now:
        ask = _last_rise(m.record, records, hope, now)
    while True:
        first = first_after(m.record, records, ask)
        if m.record[UNTIL, first] <= ask:
            if not noted:
                note_bound(m, pool, wanted, limit + o[BF_RESOLUTION], FOREVER)
            return NEVER
        next_rise = rise(m.record, records, first)
        while stop < records and m.record[BEGIN, stop] <= ask + limit:
            if m.record[COUNT, stop] < wanted:
                narrow = stop
            stop += 1
        past = ask
        if narrow >= first:
            next_rise = rise(m.record, records, narrow)
            past = m.record[UNTIL, narrow] - 1
        else:
            if first >= flip:
                known = _suffixes(m, first, stop, wanted - beyond, low, top)
                flip, done = stop, stop
            while done < stop:
                keep(tail, m.planned[m.record[SLOT, done]], low, top)
                done += 1
            at = max(first, known)
            if o[HAS_WINDOWS] == 0:
                at = _step(g, m, records, pool, wanted, at, flip)
            if at == first:
                later = _later(g, m, o, pool, next_rise, ask)
                both(m.suffix[first], tail, avail, low, top)
                if o[HAS_WINDOWS] > 0:
                    _keep_usable(g, m, o, job, ask)
                when, taken, soonest = _released(g, m, o, pool, wanted, now)
                if not noted and (later == NEVER or max(ask, soonest) <= later):
                    noted = True
                    if max(ask, soonest) > bound:
                        # a step of the grid more: the end of a reservation is rounded, that of a try is not
                        note_bound(m, pool, wanted, limit + o[BF_RESOLUTION], max(ask, soonest))
                if when != NEVER:
                    when = max(when, ask)
                    if when <= now or later == NEVER or when <= later:
                        put_fits(g, m, pool, avail, top, taken)
                        choose(g, m, o, m.scratch[FITS], pool, wanted)
                        pick(m, pool, m.scratch[CHOSEN], low, g.pool[FIRST_WORD, pool + 1])
                        if when == ask or _undisturbed(g, m, o, records, job, when):
                            return when
                        ask = when
                        continue
            else:
                next_rise = rise(m.record, records, at - 1)
        ask = _later(g, m, o, pool, next_rise, past)
        if ask == NEVER:
            if not noted:
                note_bound(m, pool, wanted, limit + o[BF_RESOLUTION], FOREVER)
            return NEVER
