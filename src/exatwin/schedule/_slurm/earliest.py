"""When, and on which nodes, a job can start beside the reservations of a plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean, spliced
from exatwin.schedule._slurm.bits import (
    add,
    both,
    common,
    copy,
    count_three,
    edges,
    fill,
    keep,
    within,
)
from exatwin.schedule._slurm.choose import choose
from exatwin.schedule._slurm.layout import (
    AVAIL,
    BEGIN,
    BF_RESOLUTION,
    CHOSEN,
    COUNT,
    EACH,
    END_AT,
    END_FREE,
    END_ROW,
    ENDS_LISTED,
    FIRST_WORD,
    FITS,
    FOREVER,
    FREE,
    HAS_WINDOWS,
    HIGH_WORD,
    LIMIT,
    LOW_WORD,
    NEVER,
    NODES,
    OFFERED,
    POOL,
    RELEASE_DELAY,
    RELEASE_STEP,
    SLOT,
    TAIL,
    UNTIL,
)
from exatwin.schedule._slurm.plan import first_after, rise
from exatwin.schedule._slurm.windows import edge_after, usable

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@lean
def _listed(end: Any, ends: int, time: int) -> int:
    """How many of the ends of a pool come by `time`."""
    low, high = 0, ends
    while low < high:
        middle = (low + high) // 2
        if end[END_AT, middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low


@spliced
def _free_by(g: Any, m: Any, pool: int, bits: Any, ends: int) -> int:
    """How many nodes of `bits` and of the row TAIL are free after the first `ends` ends of a pool."""
    tail = m.scratch[TAIL]
    low, high, each = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1], m.pool[EACH, pool]
    mark = ends // each
    found = count_three(bits, tail, m.mark[mark], low, high)
    for i in range(mark * each, ends):
        row = m.end[END_ROW, i]
        found += count_three(bits, tail, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
    return found


@spliced
def _not_before(m: Any, pool: int, wanted: int, now: int) -> int:
    """Before when no choice of nodes is free: the first limit at which enough are, wherever they stand."""
    if m.pool[FREE, pool] >= wanted:
        return now
    low, high = 0, m.pool[ENDS_LISTED, pool]
    while low < high:
        middle = (low + high) // 2
        if m.end[END_FREE, middle] >= wanted:
            high = middle
        else:
            low = middle + 1
    return max(m.end[END_AT, low], now + 1) if low < m.pool[ENDS_LISTED, pool] else FOREVER


@lean
def _ends_for(g: Any, m: Any, pool: int, bits: Any, wanted: int) -> int:
    """After how many of its ends a pool has `wanted` free nodes of `bits`; more than there are if never."""
    low, high, each = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1], m.pool[EACH, pool]
    ends = m.pool[ENDS_LISTED, pool]
    below, above = 0, ends // each
    while below < above:
        middle = (below + above + 1) // 2
        if common(bits, m.mark[middle], low, high) < wanted:
            below = middle
        else:
            above = middle - 1
    have, found = common(bits, m.mark[below], low, high), below * each
    while have < wanted and found < ends:
        row = m.end[END_ROW, found]
        have += common(bits, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
        found += 1
    return found if have >= wanted else ends + 1


@lean
def _frees_any(m: Any, i: int, way: int) -> int:
    """The first end from `i` on, one after the other (`way` 1) or back (-1), that frees a node of AVAIL."""
    avail = m.scratch[AVAIL]
    while True:
        row = m.end[END_ROW, i]
        if common(avail, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row]) > 0:
            return i
        i += way


@spliced
def _put_fits(g: Any, m: Any, pool: int, ends: int) -> None:
    """Put into FITS the nodes of the row AVAIL that are free after `ends` ends of a pool."""
    low, high, each = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1], m.pool[EACH, pool]
    fits, mark = m.scratch[FITS], ends // each
    copy(m.mark[mark], fits, low, high)
    for i in range(mark * each, ends):
        row = m.end[END_ROW, i]
        add(fits, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
    keep(fits, m.scratch[AVAIL], low, high)


@spliced
def _released(g: Any, m: Any, o: Any, pool: int, wanted: int, now: int) -> int:
    """When enough nodes of the row AVAIL are free, as running jobs reach their limits; NEVER if never.

    The nodes that are free then are in the row FITS. Ends are taken together in windows that grow: what
    ends in the same window as the first is waited for.
    """
    avail, ends = m.scratch[AVAIL], m.pool[ENDS_LISTED, pool]
    enough = _ends_for(g, m, pool, avail, wanted)
    if enough > ends:
        return NEVER
    taken = 0
    if enough > 0:
        begin = m.end[END_AT, _frees_any(m, 0, 1)]
        edge, reach = begin + o[RELEASE_DELAY] - begin % o[RELEASE_DELAY], o[RELEASE_DELAY]
        while m.end[END_AT, enough - 1] > edge + reach:
            reach = reach + o[RELEASE_STEP] if o[RELEASE_STEP] > 0 else 2 * reach
        taken = _listed(m.end, ends, edge + reach)
    _put_fits(g, m, pool, taken)
    if enough == 0:
        return now
    return max(m.end[END_AT, _frees_any(m, taken - 1, -1)], now + 1)


@spliced
def _clear(m: Any, records: int, begin: int, until: int, low: int, high: int) -> bool:
    """Whether the nodes in the row CHOSEN are free of reservations from `begin` to `until`."""
    i, (left, right) = first_after(m.record, records, begin), edges(m.scratch[CHOSEN], low, high)
    while i < records and m.record[BEGIN, i] < until and m.record[UNTIL, i] > begin:
        if not within(m.scratch[CHOSEN], m.planned[m.record[SLOT, i]], left, right):
            return False
        i += 1
    return True


@spliced
def _suffixes(m: Any, first: int, stop: int, wanted: int, low: int, high: int) -> int:
    """What each record has in common with those after it, before `stop`; TAIL is for the records to come.

    From the last record back, as long as `wanted` nodes are left; return the first record of that kind.
    """
    fill(m.scratch[TAIL], ALL, low, high)
    copy(m.planned[m.record[SLOT, stop - 1]], m.suffix[stop - 1], low, high)
    for i in range(stop - 2, first - 1, -1):
        if both(m.suffix[i + 1], m.planned[m.record[SLOT, i]], m.suffix[i], low, high) < wanted:
            return i + 1
    return first


@spliced
def _step(g: Any, m: Any, records: int, pool: int, wanted: int, first: int, flip: int) -> int:
    """First record from `first` on, before `flip`, in which so many nodes may be free before the next rise.

    The nodes that records from one on have in common, and those that are free by then, only become more with
    it: it is found by steps that double, and halving.
    """
    low, high, size = first, flip, 1
    while low < high:
        at = min(low + size, high) - 1 if high == flip else (low + high) // 2
        next_rise = rise(m.record, records, at)
        ends = m.pool[ENDS_LISTED, pool]
        if next_rise >= 0:
            ends = _listed(m.end, ends, m.record[UNTIL, next_rise])
        if _free_by(g, m, pool, m.suffix[at], ends) >= wanted:
            high = at
        else:
            low, size = at + 1, 2 * size
    return low


@lean
def _later(g: Any, m: Any, o: Any, pool: int, next_rise: int, time: int) -> int:
    """When to try again: as a reservation ends, or a window does after `time`; NEVER if not at all."""
    edge = edge_after(g, m, o, pool, time) if o[HAS_WINDOWS] > 0 else FOREVER
    if next_rise >= 0:
        edge = min(edge, m.record[UNTIL, next_rise])
    return edge if edge < FOREVER else NEVER


@spliced
def _undisturbed(g: Any, m: Any, o: Any, records: int, job: int, when: int) -> bool:
    """Whether the nodes in the row CHOSEN are free of reservations, and of windows, while the job runs."""
    pool, limit, grid = g.job[POOL, job], g.job[LIMIT, job], o[BF_RESOLUTION]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    begin = when // grid * grid
    if not _clear(m, records, begin, max((when + limit) // grid * grid, begin + grid), low, high):
        return False
    if o[HAS_WINDOWS] > 0:
        copy(m.scratch[CHOSEN], m.scratch[OFFERED], low, high)
        usable(g, m, o, job, when, when + limit, m.scratch[OFFERED])
        return within(m.scratch[CHOSEN], m.scratch[OFFERED], low, high)
    return True


@spliced
def earliest(g: Any, m: Any, o: Any, records: int, job: int, now: int) -> int:
    """When the job can start beside the reservations made so far, with its nodes in CHOSEN, or NEVER.

    It is tried now, and then whenever a reservation leaves nodes.
    """
    pool, wanted, limit = g.job[POOL, job], g.job[NODES, job], g.job[LIMIT, job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    ask, avail, tail, flip, done, stop, narrow = now, m.scratch[AVAIL], m.scratch[TAIL], 0, 0, 0, -1
    known = 0
    hope = _not_before(m, pool, wanted, now)
    while True:
        first = first_after(m.record, records, ask)
        if m.record[UNTIL, first] <= ask:
            return NEVER
        next_rise = rise(m.record, records, first)
        if next_rise >= 0 and m.record[UNTIL, next_rise] < hope:
            ask = m.record[UNTIL, next_rise]
            continue
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
                known = _suffixes(m, first, stop, wanted, low, high)
                flip, done = stop, stop
            while done < stop:
                keep(tail, m.planned[m.record[SLOT, done]], low, high)
                done += 1
            at = max(first, known)
            if o[HAS_WINDOWS] == 0:
                at = _step(g, m, records, pool, wanted, at, flip)
            if at == first:
                later = _later(g, m, o, pool, next_rise, ask)
                both(m.suffix[first], tail, avail, low, high)
                usable(g, m, o, job, ask, ask + limit, avail)
                when = _released(g, m, o, pool, wanted, now)
                if when != NEVER:
                    when = max(when, ask)
                    if when <= now or later == NEVER or when <= later:
                        choose(g, m, o, m.scratch[FITS], pool, wanted)
                        if when == ask or _undisturbed(g, m, o, records, job, when):
                            return when
                        ask = when
                        continue
            else:
                next_rise = rise(m.record, records, at - 1)
        ask = _later(g, m, o, pool, next_rise, past)
        if ask == NEVER:
            return NEVER
