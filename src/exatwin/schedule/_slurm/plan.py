"""The plan of a backfill cycle: records in time, each with the nodes that no reservation holds in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import add, common, copy, count, drop, keep, within
from exatwin.schedule._slurm.choose import choose
from exatwin.schedule._slurm.layout import (
    AVAIL,
    BEGIN,
    BF_RESOLUTION,
    BF_WINDOW,
    BY_END,
    CHOSEN,
    COUNT,
    FIRST_WORD,
    FITS,
    FOREVER,
    FREE,
    HIGH_WORD,
    HOLDER,
    LIMIT,
    LOW_WORD,
    NEVER,
    NODES,
    POOL,
    RELEASE_DELAY,
    RELEASE_STEP,
    ROWS,
    SLOT,
    TAIL,
    UNTIL,
    UP,
)

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@lean
def empty_plan(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """One record: all nodes of the pool, until the window closes."""
    grid = o[BF_RESOLUTION]
    m.record[BEGIN, 0] = now // grid * grid
    m.record[UNTIL, 0] = (now + o[BF_WINDOW]) // grid * grid
    m.record[SLOT, 0] = 0
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    copy(m.free, m.planned[0], low, high)
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        if low <= m.row[LOW_WORD, row] < high:
            add(m.planned[0], m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
    m.record[COUNT, 0] = count(m.planned[0], low, high)


@lean
def _rise(m: Any, records: int, i: int, low: int, high: int) -> int:
    """First record from `i` on whose follower has a node that it has not; -1 if there is none."""
    while i < records - 1:
        if not within(m.planned[m.record[SLOT, i + 1]], m.planned[m.record[SLOT, i]], low, high):
            return i
        i += 1
    return -1


@lean
def _released(g: Any, m: Any, o: Any, job: int, pool: int, now: int) -> int:
    """When enough nodes of the row AVAIL are free, as running jobs reach their limits; NEVER if never.

    The nodes that are free then are in the row FITS. Ends are taken together in windows that grow: what
    ends in the same window as the first is waited for.
    """
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    avail, fits, wanted = m.scratch[AVAIL], m.scratch[FITS], g.job[NODES, job]
    copy(m.free, fits, low, high)
    keep(fits, avail, low, high)
    have = count(fits, low, high)
    if have >= wanted:
        return now
    reach, edge, last = o[RELEASE_DELAY], NEVER, 0
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        held, left, right = m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row]
        if left < low or left >= high:
            continue
        more = common(held, avail, left, right)
        if more == 0:
            continue
        end = m.row[UP, row]
        if edge == NEVER:
            edge = end + o[RELEASE_DELAY] - end % o[RELEASE_DELAY]
        elif end > edge + reach:
            if have >= wanted:
                break
            while end > edge + reach:
                reach = reach + o[RELEASE_STEP] if o[RELEASE_STEP] > 0 else 2 * reach
        have += more
        for w in range(left, right):
            fits[w] |= held[w] & avail[w]
        last = end
    if have < wanted:
        return NEVER
    return max(last, now + 1)


@lean
def _first_after(m: Any, records: int, time: int) -> int:
    low, high = 0, records - 1
    while low < high:
        middle = (low + high) // 2
        if m.record[UNTIL, middle] > time:
            high = middle
        else:
            low = middle + 1
    return low


@lean
def _clear(m: Any, records: int, begin: int, until: int, low: int, high: int) -> bool:
    """Whether the nodes in the row CHOSEN are free of reservations from `begin` to `until`."""
    i = _first_after(m, records, begin)
    while i < records and m.record[BEGIN, i] < until and m.record[UNTIL, i] > begin:
        if not within(m.scratch[CHOSEN], m.planned[m.record[SLOT, i]], low, high):
            return False
        i += 1
    return True


@lean
def _not_before(g: Any, m: Any, pool: int, wanted: int, now: int) -> int:
    """Before when no choice of nodes is free: the first limit at which enough are, wherever they stand."""
    have, i = m.pool[FREE, pool], 0
    if have >= wanted:
        return now
    while i < m.counter[ROWS]:
        holder = m.row[HOLDER, m.row[BY_END, i]]
        if g.job[POOL, holder] == pool:
            have += g.job[NODES, holder]
            if have >= wanted:
                return max(m.row[UP, m.row[BY_END, i]], now + 1)
        i += 1
    return FOREVER


@lean
def _suffixes(m: Any, first: int, stop: int, low: int, high: int) -> None:
    """What each record and those after it, before `stop`, have in common; TAIL is for the records to come."""
    copy(m.planned[m.record[SLOT, stop - 1]], m.suffix[stop - 1], low, high)
    for i in range(stop - 2, first - 1, -1):
        copy(m.suffix[i + 1], m.suffix[i], low, high)
        keep(m.suffix[i], m.planned[m.record[SLOT, i]], low, high)
    for w in range(low, high):
        m.scratch[TAIL, w] = ALL


@lean
def earliest(g: Any, m: Any, o: Any, records: int, job: int, now: int) -> int:
    """When the job can start beside the reservations made so far, with its nodes in CHOSEN, or NEVER."""
    pool, wanted, limit, grid = g.job[POOL, job], g.job[NODES, job], g.job[LIMIT, job], o[BF_RESOLUTION]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    ask, avail, tail, flip, done = now, m.scratch[AVAIL], m.scratch[TAIL], 0, 0
    hope = _not_before(g, m, pool, wanted, now)
    while True:
        first = _first_after(m, records, ask)
        if m.record[UNTIL, first] <= ask:
            return NEVER
        if hope > ask:
            rise = _rise(m, records, first, low, high)
            if rise >= 0 and m.record[UNTIL, rise] < hope:
                ask = m.record[UNTIL, rise]
                continue
        stop, narrow = first, -1
        while stop < records and m.record[BEGIN, stop] <= ask + limit:
            if m.record[COUNT, stop] < wanted:
                narrow = stop
            stop += 1
        rise = _rise(m, records, first if narrow < 0 else narrow, low, high)
        later = m.record[UNTIL, rise] if rise >= 0 else NEVER
        when = NEVER
        if narrow < 0:
            if first >= flip:
                _suffixes(m, first, stop, low, high)
                flip, done = stop, stop
            while done < stop:
                keep(tail, m.planned[m.record[SLOT, done]], low, high)
                done += 1
            copy(m.suffix[first], avail, low, high)
            keep(avail, tail, low, high)
            if count(avail, low, high) >= wanted:
                when = _released(g, m, o, job, pool, now)
        if when != NEVER:
            when = max(when, ask)
            if when <= now or later == NEVER or when <= later:
                choose(g, m, o, m.scratch[FITS], pool, wanted)
                if when <= now:
                    return when
                begin, until = when // grid * grid, (when + limit) // grid * grid
                if when == ask or _clear(m, records, begin, max(until, begin + grid), low, high):
                    return when
                later = when
        if later == NEVER:
            return NEVER
        ask = later


@lean
def _split(m: Any, records: int, i: int, time: int, low: int, high: int) -> int:
    """Make `time` an edge of record `i`; return the number of records."""
    if time <= m.record[BEGIN, i] or time >= m.record[UNTIL, i]:
        return records
    for k in range(records, i + 1, -1):
        for row in range(4):
            m.record[row, k] = m.record[row, k - 1]
    m.record[BEGIN, i + 1] = time
    m.record[UNTIL, i + 1] = m.record[UNTIL, i]
    m.record[COUNT, i + 1] = m.record[COUNT, i]
    m.record[SLOT, i + 1] = records
    m.record[UNTIL, i] = time
    copy(m.planned[m.record[SLOT, i]], m.planned[records], low, high)
    return records + 1


@lean
def reserve(g: Any, m: Any, o: Any, records: int, job: int, when: int) -> int:
    """Reserve the nodes in CHOSEN for the job from `when` on; return the number of records."""
    pool, grid = g.job[POOL, job], o[BF_RESOLUTION]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    begin = when // grid * grid
    until = max((when + g.job[LIMIT, job]) // grid * grid, begin + grid)
    if begin >= m.record[UNTIL, records - 1]:
        return records
    records = _split(m, records, _first_after(m, records, begin), begin, low, high)
    if until < m.record[UNTIL, records - 1]:
        records = _split(m, records, _first_after(m, records, until), until, low, high)
    i = _first_after(m, records, begin)
    while i < records and m.record[BEGIN, i] < until:
        drop(m.planned[m.record[SLOT, i]], m.scratch[CHOSEN], low, high)
        m.record[COUNT, i] = count(m.planned[m.record[SLOT, i]], low, high)
        i += 1
    return records
