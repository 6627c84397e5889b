"""What a start within a cycle changes in its plan: the nodes of the job move to the places of its end.

All between move up, and what is reserved stays with its nodes; the same as a plan brought up from nothing, of
which a cycle with many starts would make many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import ALL, beyond, bit_of, copy, first_bits, run_at, within, word_of
from exatwin.schedule._slurm.layout import (
    AVAIL,
    END_AT,
    END_FREE,
    END_ROW,
    ENDS_LISTED,
    FIRST_WORD,
    FREE,
    NODES,
    OFFERED,
    PICK_LEFT,
    PICK_RIGHT,
    PICKED,
    PLACED,
    ROW,
    SLOT,
    TOP,
    UP,
    VACANT,
    VACANT_STOP,
)
from exatwin.schedule._slurm.places import ends_by, freed, number, place_ends, tag_of
from exatwin.schedule._slurm.plan import raise_top, see_all_rises

_NONE = np.uint64(0)


@lean
def plan_with(g: Any, m: Any, pool: int, records: int, job: int) -> None:
    """Bring the plan up to a job that has just started at the places in PICKED."""
    low, many = g.pool[FIRST_WORD, pool], g.job[NODES, job]
    # as it was before the start
    m.pool[FREE, pool] += many
    end = ends_by(m, pool, m.row[UP, m.job[ROW, job]])
    place_ends(g, m, pool, end)
    behind = freed(m, pool, end)
    m.pool[FREE, pool] -= many
    _list_end(g, m, pool, job, end, behind)
    _move_nodes(m, pool, 64 * low + behind, tag_of(m.job[ROW, job]))
    _move_records(m, pool, low, records, behind, many)
    m.pool[VACANT_STOP, pool] = low + -(-m.pool[FREE, pool] // 64)
    first_bits(m.scratch[VACANT], low, m.pool[FREE, pool])
    see_all_rises(g, m, pool, records)


@lean
def _list_end(g: Any, m: Any, pool: int, job: int, end: int, behind: int) -> None:
    """Put the end of a job among the others."""
    for row in range(3):
        for i in range(m.pool[ENDS_LISTED, pool], end, -1):
            m.end[row, i] = m.end[row, i - 1]
    for i in range(end):
        m.end[END_FREE, i] -= g.job[NODES, job]
    m.end[END_AT, end] = m.row[UP, m.job[ROW, job]]
    m.end[END_FREE, end] = behind
    m.end[END_ROW, end] = m.job[ROW, job]
    m.pool[ENDS_LISTED, pool] += 1
    m.pool[PLACED, pool] += 1


@lean
def _move_nodes(m: Any, pool: int, behind: int, tag: int) -> None:
    """Give the nodes at the places in PICKED the last places before `behind`."""
    left, right = m.pool[PICK_LEFT, pool], m.pool[PICK_RIGHT, pool]
    to, moved = 64 * left, 0
    for w in range(left, right):
        picked = m.scratch[PICKED, w]
        for place in range(64 * w, min(64 * w + 64, behind)):
            if picked & bit_of(place) != _NONE:
                m.pick[moved] = number(m.node_at[place])
                moved += 1
            else:
                _move_up(m, place, to)
                to += 1
    for place in range(64 * right, behind):
        _move_up(m, place, place - moved)
    for i in range(moved):
        place = behind - moved + i
        m.node_at[place] = tag + m.pick[i]
        m.place[m.pick[i]] = tag + place


@lean
def _move_up(m: Any, place: int, to: int) -> None:
    """Give the node at a place another one."""
    node = m.node_at[place]
    m.node_at[to] = node
    m.place[number(node)] += to - place


@lean
def _move_records(m: Any, pool: int, low: int, records: int, behind: int, many: int) -> None:
    """Move the bits at the places in PICKED in all records."""
    left, right = m.pool[PICK_LEFT, pool], m.pool[PICK_RIGHT, pool]
    if right > m.pool[TOP, pool]:
        raise_top(m, pool, records, right)
    if behind > 64 * (m.pool[TOP, pool] - low):
        # what is set beyond the last word stays so
        for i in range(records):
            if not within(m.scratch[PICKED], m.planned[m.record[SLOT, i]], left, right):
                raise_top(m, pool, records, low + -(-behind // 64))
                break
    stop = 64 * low + min(behind, 64 * (m.pool[TOP, pool] - low))
    for i in range(records):
        _move_bits(m, m.planned[m.record[SLOT, i]], left, right, stop, many)


@lean
def _move_bits(m: Any, bits: Any, left: int, right: int, stop: int, many: int) -> None:
    """Move the bits at the places in PICKED to the last before `stop`; those between move up."""
    picked, others, moved = m.scratch[PICKED], m.scratch[AVAIL], m.scratch[OFFERED]
    last = word_of(stop - 1)
    to, taken = 64 * left, 0
    for w in range(left, last + 1):
        size = min(64, stop - 64 * w)
        word = bits[w]
        if w >= right or picked[w] == _NONE:
            to = _append(others, to, word, size)
            continue
        at = 0
        while at < size:
            run = run_at(picked[w], at)
            if run > 0:
                taken = _append(moved, taken, word >> np.uint64(at), run)
            else:
                run = min(run_at(~picked[w], at), size - at)
                to = _append(others, to, word >> np.uint64(at), run)
            at += run
    for w in range(-(-many // 64)):
        to = _append(others, to, moved[w], min(64, many - 64 * w))
    rest = beyond(bits[last], stop - 64 * last)
    copy(others, bits, left, last + 1)
    bits[last] |= rest


@lean
def _append(target: Any, at: int, word: Any, size: int) -> int:
    """Put the first `size` bits of a word behind the first `at` of a set; return how many that are then."""
    off, w = at & 63, word_of(at)
    part = word & (ALL >> np.uint64(64 - size))
    if off == 0:
        target[w] = part
    else:
        target[w] |= part << np.uint64(off)
        if off + size > 64:
            target[w + 1] = part >> np.uint64(64 - off)
    return at + size
