"""The plan of a backfill cycle: records in time, each with the places of nodes that no reservation holds."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import ALL, copy, drop, fill, index, word_beyond
from exatwin.schedule._slurm.bounds import no_bounds
from exatwin.schedule._slurm.layout import (
    BEGIN,
    BF_RESOLUTION,
    BF_WINDOW,
    BOOKED,
    BOOKED_FROM,
    BOOKED_TILL,
    CHOSEN,
    COUNT,
    ENDS_LISTED,
    FIRST_WORD,
    HAS_WINDOWS,
    LIMIT,
    NODES,
    PICK_LEFT,
    PICK_RIGHT,
    PICKED,
    POOL,
    RECORD_ROWS,
    RISES,
    SLOT,
    TOP,
    UNTIL,
)
from exatwin.schedule._slurm.places import freed, list_ends, pick, place_ends
from exatwin.schedule._slurm.power import hold_none


@lean
def empty_plan(g: Any, m: Any, o: Any, pool: int, now: int) -> int:
    """One record: all nodes of the pool, until the window closes. Return the number of records."""
    grid = o[BF_RESOLUTION]
    m.record[BEGIN, 0] = now // grid * grid
    m.record[UNTIL, 0] = (now + o[BF_WINDOW]) // grid * grid
    m.record[SLOT, 0] = 0
    m.record[RISES, 0] = 0
    list_ends(g, m, o, pool)
    m.record[COUNT, 0] = freed(m, pool, m.pool[ENDS_LISTED, pool])
    m.pool[BOOKED, pool] = 0
    m.pool[TOP, pool] = g.pool[FIRST_WORD, pool]
    if o[HAS_WINDOWS] > 0:
        raise_top(m, pool, 1, g.pool[FIRST_WORD, pool + 1])
    no_bounds(m, pool)
    hold_none(m)
    return 1


@lean
def raise_top(m: Any, pool: int, records: int, top: int) -> None:
    """Let the records of the plan have all words before `top`."""
    for i in range(records):
        fill(m.planned[m.record[SLOT, i]], ALL, m.pool[TOP, pool], top)
    m.pool[TOP, pool] = top


@lean
def plan_anew(g: Any, m: Any, o: Any, pool: int, records: int) -> None:
    """Bring the plan up to other running jobs: the places of nodes change, and what is reserved does not."""
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    list_ends(g, m, o, pool)
    # what is reserved may lie on nodes of a job that has just started, and ends after all others
    place_ends(g, m, pool, m.pool[ENDS_LISTED, pool])
    m.pool[TOP, pool] = low
    raise_top(m, pool, records, high if o[HAS_WINDOWS] > 0 else low)
    for b in range(m.pool[BOOKED, pool]):
        begin, until = m.booking[BOOKED_FROM, b], m.booking[BOOKED_TILL, b]
        left, right = pick(m, pool, m.booked[b], low, high)
        if right > m.pool[TOP, pool]:
            raise_top(m, pool, records, right)
        i = first_after(m.record, records, begin)
        while i < records and m.record[BEGIN, i] < until:
            drop(m.planned[m.record[SLOT, i]], m.scratch[PICKED], left, right)
            i += 1
    see_all_rises(g, m, pool, records)


@lean
def see_all_rises(g: Any, m: Any, pool: int, records: int) -> None:
    """See in which words the followers of records have what these have not, now that places have moved."""
    for i in range(records - 1):
        if m.record[RISES, i] > 0:
            m.record[RISES, i] = _grows(m.record, m.planned, i, g.pool[FIRST_WORD, pool], m.pool[TOP, pool])


@lean
def first_after(record: Any, records: int, time: int) -> int:
    """The record that holds `time`, or the last if none does."""
    low, high = 0, records - 1
    while low < high:
        middle = (low + high) // 2
        if record[UNTIL, middle] > time:
            high = middle
        else:
            low = middle + 1
    return low


@lean
def rise(record: Any, records: int, i: int) -> int:
    """First record from `i` on whose follower has a node that it has not; -1 if there is none."""
    while i < records - 1:
        if record[RISES, i] > 0:
            return i
        i += 1
    return -1


@lean
def _shift(values: Any, first: int, last: int) -> None:
    """Move the values from `first` to `last` one place on."""
    for back in range(index(last - first)):
        values[index(last) - back] = values[index(last - 1) - back]


@lean
def _split(record: Any, planned: Any, records: int, time: int, low: int, top: int) -> int:
    """Make `time` an edge of the record that holds it; return the number of records."""
    i = first_after(record, records, time)
    if time <= record[BEGIN, i] or time >= record[UNTIL, i]:
        return records
    for row in range(RECORD_ROWS):
        _shift(record[row], i + 1, records)
    record[BEGIN, i + 1] = time
    record[UNTIL, i + 1] = record[UNTIL, i]
    record[COUNT, i + 1] = record[COUNT, i]
    record[SLOT, i + 1] = records
    record[RISES, i + 1] = record[RISES, i]
    record[RISES, i] = 0
    record[UNTIL, i] = time
    copy(planned[record[SLOT, i]], planned[records], low, top)
    return records + 1


@lean
def _grows(record: Any, planned: Any, i: int, left: int, right: int) -> int:
    """The word, counted from 1, in which the follower of a record has a place that it has not; 0 for none."""
    return word_beyond(planned[record[SLOT, i + 1]], planned[record[SLOT, i]], left, right) + 1


@lean
def reserve(g: Any, m: Any, o: Any, records: int, job: int, when: int) -> int:
    """Reserve the nodes in CHOSEN for the job from `when` on; return the number of records.

    Their places are in PICKED.
    """
    pool, grid = g.job[POOL, job], o[BF_RESOLUTION]
    begin = when // grid * grid
    until = max((when + g.job[LIMIT, job]) // grid * grid, begin + grid)
    if begin >= m.record[UNTIL, records - 1]:
        return records
    _book(g, m, pool, begin, until)
    low = g.pool[FIRST_WORD, pool]
    left, right = m.pool[PICK_LEFT, pool], m.pool[PICK_RIGHT, pool]
    if right > m.pool[TOP, pool]:
        raise_top(m, pool, records, right)
    records = _split(m.record, m.planned, records, begin, low, m.pool[TOP, pool])
    if until < m.record[UNTIL, records - 1]:
        records = _split(m.record, m.planned, records, until, low, m.pool[TOP, pool])
    i = first_after(m.record, records, begin)
    before = max(i - 1, 0)
    while i < records and m.record[BEGIN, i] < until:
        drop(m.planned[m.record[SLOT, i]], m.scratch[PICKED], left, right)
        m.record[COUNT, i] -= g.job[NODES, job]
        i += 1
    _see_rises(m, pool, low, before, i - 1, left, right)
    if i < records and m.record[RISES, i - 1] == 0:
        m.record[RISES, i - 1] = _grows(m.record, m.planned, i - 1, left, right)
    return records


@lean
def _see_rises(m: Any, pool: int, low: int, first: int, stop: int, left: int, right: int) -> None:
    """See whether the followers of records still have what these have not, where words have changed."""
    for k in range(first, stop):
        w = m.record[RISES, k] - 1
        if left <= w < right and not m.planned[m.record[SLOT, k + 1], w] & ~m.planned[m.record[SLOT, k], w]:
            m.record[RISES, k] = _grows(m.record, m.planned, k, low, m.pool[TOP, pool])


@lean
def _book(g: Any, m: Any, pool: int, begin: int, until: int) -> None:
    """Write down a reservation of the nodes in CHOSEN."""
    b = m.pool[BOOKED, pool]
    m.booking[BOOKED_FROM, b] = begin
    m.booking[BOOKED_TILL, b] = until
    copy(m.scratch[CHOSEN], m.booked[b], g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1])
    m.pool[BOOKED, pool] = b + 1
