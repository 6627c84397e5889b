"""The plan of a backfill cycle: records in time, each with the nodes that no reservation holds in it."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean, spliced
from exatwin.schedule._slurm.bits import add, copy, count, drop, edges, word_beyond
from exatwin.schedule._slurm.layout import (
    BEGIN,
    BF_RESOLUTION,
    BF_WINDOW,
    BY_END,
    CHOSEN,
    COUNT,
    EACH,
    END_AT,
    END_FREE,
    END_ROW,
    ENDS_LISTED,
    FIRST_WORD,
    FREE,
    HIGH_WORD,
    HOLDER,
    LIMIT,
    LOW_WORD,
    MARKS,
    NODES,
    POOL,
    RECORD_ROWS,
    RISES,
    ROWS,
    SLOT,
    UNTIL,
    UP,
)
from exatwin.schedule._slurm.power import hold_none


@spliced
def empty_plan(g: Any, m: Any, o: Any, pool: int, now: int) -> int:
    """One record: all nodes of the pool, until the window closes. Return the number of records."""
    grid = o[BF_RESOLUTION]
    m.record[BEGIN, 0] = now // grid * grid
    m.record[UNTIL, 0] = (now + o[BF_WINDOW]) // grid * grid
    m.record[SLOT, 0] = 0
    m.record[RISES, 0] = 0
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    list_ends(g, m, pool)
    ends = m.pool[ENDS_LISTED, pool]
    copy(m.mark[-(-ends // m.pool[EACH, pool])], m.planned[0], low, high)
    m.record[COUNT, 0] = count(m.planned[0], low, high)
    hold_none(m)
    return 1


@lean
def list_ends(g: Any, m: Any, pool: int) -> None:
    """List the limits of what runs in a pool, and mark which nodes are free after some of them."""
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    free, ends = m.pool[FREE, pool], 0
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        holder = m.row[HOLDER, row]
        if g.job[POOL, holder] == pool:
            free += g.job[NODES, holder]
            m.end[END_AT, ends] = m.row[UP, row]
            m.end[END_FREE, ends] = free
            m.end[END_ROW, ends] = row
            ends += 1
    each = 1 + ends // MARKS
    m.pool[EACH, pool] = each
    m.pool[ENDS_LISTED, pool] = ends
    copy(m.free, m.mark[0], low, high)
    mark = 0
    for i in range(ends):
        if i % each == 0:
            copy(m.mark[mark], m.mark[mark + 1], low, high)
            mark += 1
        row = m.end[END_ROW, i]
        add(m.mark[mark], m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])


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
def _split(record: Any, planned: Any, records: int, time: int, low: int, high: int) -> int:
    """Make `time` an edge of the record that holds it; return the number of records."""
    i = first_after(record, records, time)
    if time <= record[BEGIN, i] or time >= record[UNTIL, i]:
        return records
    for row in range(RECORD_ROWS):
        for k in range(records, i + 1, -1):
            record[row, k] = record[row, k - 1]
    record[BEGIN, i + 1] = time
    record[UNTIL, i + 1] = record[UNTIL, i]
    record[COUNT, i + 1] = record[COUNT, i]
    record[SLOT, i + 1] = records
    record[RISES, i + 1] = record[RISES, i]
    record[RISES, i] = 0
    record[UNTIL, i] = time
    copy(planned[record[SLOT, i]], planned[records], low, high)
    return records + 1


@lean
def _grows(record: Any, planned: Any, i: int, low: int, high: int) -> int:
    """The word, counted from 1, in which the follower of a record has a node that it has not; 0 for none."""
    return word_beyond(planned[record[SLOT, i + 1]], planned[record[SLOT, i]], low, high) + 1


@lean
def _still_grows(record: Any, planned: Any, i: int, low: int, high: int) -> int:
    """The same where there was such a word: mostly that has not changed."""
    w = record[RISES, i] - 1
    if planned[record[SLOT, i + 1], w] & ~planned[record[SLOT, i], w]:
        return w + 1
    return _grows(record, planned, i, low, high)


@spliced
def reserve(g: Any, m: Any, o: Any, records: int, job: int, when: int) -> int:
    """Reserve the nodes in CHOSEN for the job from `when` on; return the number of records."""
    pool, grid = g.job[POOL, job], o[BF_RESOLUTION]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    begin = when // grid * grid
    until = max((when + g.job[LIMIT, job]) // grid * grid, begin + grid)
    if begin >= m.record[UNTIL, records - 1]:
        return records
    records = _split(m.record, m.planned, records, begin, low, high)
    if until < m.record[UNTIL, records - 1]:
        records = _split(m.record, m.planned, records, until, low, high)
    i = first_after(m.record, records, begin)
    before = max(i - 1, 0)
    left, right = edges(m.scratch[CHOSEN], low, high)
    while i < records and m.record[BEGIN, i] < until:
        drop(m.planned[m.record[SLOT, i]], m.scratch[CHOSEN], left, right)
        m.record[COUNT, i] -= g.job[NODES, job]
        i += 1
    for k in range(before, i - 1):
        if m.record[RISES, k] > 0:
            m.record[RISES, k] = _still_grows(m.record, m.planned, k, low, high)
    if i < records and m.record[RISES, i - 1] == 0:
        m.record[RISES, i - 1] = _grows(m.record, m.planned, i - 1, low, high)
    return records
