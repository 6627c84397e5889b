"""Places of the nodes of a pool: those that are free first, then by the limits of the jobs that hold them.

What is free by a time are then the first places, and what a cycle plans touches few words of them: all beyond
are as they were. Places are given only as far as anyone asks for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import (
    ONE,
    beyond,
    bit_of,
    common,
    fill,
    first_bits,
    leading,
    ones,
    run_at,
    set_run,
    trailing,
    whole,
    word_of,
)
from exatwin.schedule._slurm.layout import (
    BY_END,
    END_AT,
    END_FREE,
    END_ROW,
    ENDS_LISTED,
    EPILOG,
    FIRST_WORD,
    FITS,
    FREE,
    HAS_WINDOWS,
    HIGH_WORD,
    HOLDER,
    LOW_WORD,
    NODES,
    PICK_LEFT,
    PICK_RIGHT,
    PICKED,
    PLACED,
    POOL,
    ROWS,
    UP,
    VACANT,
    VACANT_STOP,
)

NO_PLACE = -1
# in the low bits of what is kept for a node its place, for a place its node; above them whose it is
_PLACE_BITS = 32
_PLACE = (1 << _PLACE_BITS) - 1
_NONE = np.uint64(0)


@lean
def list_ends(g: Any, m: Any, o: Any, pool: int) -> None:
    """List the limits of what runs in a pool, and give places to its free nodes, with windows to all."""
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    free, ends, only = m.pool[FREE, pool], 0, m.pool.shape[1] == 1
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        holder = m.row[HOLDER, row]
        if (only or g.job[POOL, holder] == pool) and not (o[EPILOG] > 0 and _is_lent(m, row)):
            free += g.job[NODES, holder]
            m.end[END_AT, ends] = m.row[UP, row]
            m.end[END_FREE, ends] = free
            m.end[END_ROW, ends] = row
            ends += 1
    m.pool[ENDS_LISTED, pool] = ends
    m.pool[PLACED, pool] = 0
    if o[HAS_WINDOWS] > 0:
        for node in range(64 * low, 64 * high):
            m.place[node] = NO_PLACE
    _give(m, m.free, low, high, 64 * low, 0)
    m.pool[VACANT_STOP, pool] = low + -(-m.pool[FREE, pool] // 64)
    first_bits(m.scratch[VACANT], low, m.pool[FREE, pool])
    if o[HAS_WINDOWS] > 0:
        place_ends(g, m, pool, ends)


@lean
def _is_lent(m: Any, row: int) -> bool:
    """Whether the nodes of a job that is over are counted as free for the cycle."""
    low, high = m.row[LOW_WORD, row], m.row[HIGH_WORD, row]
    return common(m.held[row], m.free, low, high) > 0


@lean
def place_ends(g: Any, m: Any, pool: int, ends: int) -> None:
    """See that the nodes of the first `ends` ends have places."""
    first = 64 * g.pool[FIRST_WORD, pool]
    for i in range(m.pool[PLACED, pool], ends):
        row, place = m.end[END_ROW, i], first + freed(m, pool, i)
        low, high = m.row[LOW_WORD, row], m.row[HIGH_WORD, row]
        _give(m, m.held[row], low, high, place, tag_of(row))
    m.pool[PLACED, pool] = max(m.pool[PLACED, pool], ends)


@lean
def _give(m: Any, bits: Any, low: int, high: int, place: int, tag: int) -> None:
    """Give the nodes in `bits` the places from `place` on."""
    for w in range(low, high):
        rest = bits[w]
        while rest != 0:
            node = 64 * w + whole(trailing(rest))
            m.place[node] = tag + place
            m.node_at[place] = tag + node
            place += 1
            rest &= rest - ONE


@lean
def tag_of(row: int) -> int:
    """What goes with the places and nodes of a running job; 0 with those that are free."""
    return (row + 1) << _PLACE_BITS


@lean
def number(tagged: int) -> int:
    """A place, or a node, without its tag."""
    return tagged & _PLACE


@lean
def _side_by_side(values: Any, first: int, size: int) -> int:
    """How many from `first` on, at most `size`, are beside each other both as nodes and as places.

    Both ascend among what becomes free together, which the tags tell.
    """
    while values[first + size - 1] - values[first] != size - 1:
        size >>= 1
    return size


@lean
def freed(m: Any, pool: int, ends: int) -> int:
    """How many nodes of a pool are free after its first `ends` ends."""
    return m.end[END_FREE, ends - 1] if ends > 0 else m.pool[FREE, pool]


@lean
def ends_by(m: Any, pool: int, time: int) -> int:
    """How many of the ends of a pool come by `time`."""
    low, high = 0, m.pool[ENDS_LISTED, pool]
    while low < high:
        middle = (low + high) // 2
        if m.end[END_AT, middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low


@lean
def end_with(m: Any, pool: int, size: int) -> int:
    """The first end after which `size` nodes are free, if all are counted; the number of ends if none."""
    low, high = 0, m.pool[ENDS_LISTED, pool]
    while low < high:
        middle = (low + high) // 2
        if m.end[END_FREE, middle] >= size:
            high = middle
        else:
            low = middle + 1
    return low


@lean
def common_before(a: Any, b: Any, low: int, top: int, size: int) -> int:
    """How many of the first `size` places are in both sets; from the word `top` on all are."""
    full = min(size // 64, top - low)
    total = common(a, b, low, low + full)
    rest = size - 64 * full
    if low + full == top:
        return total + rest
    return total + whole(ones(a[low + full] & b[low + full] & ((ONE << np.uint64(rest)) - ONE)))


@lean
def nth_place(bits: Any, low: int, top: int, wanted: int) -> int:
    """The place of the bit `wanted` of a set, counted from 1; from the word `top` on all are set."""
    for w in range(low, top):
        here = whole(ones(bits[w]))
        if here >= wanted:
            word = bits[w]
            for _ in range(wanted - 1):
                word &= word - ONE
            return 64 * (w - low) + whole(trailing(word))
        wanted -= here
    return 64 * (top - low) + wanted - 1


@lean
def place_from(bits: Any, low: int, top: int, place: int) -> int:
    """The first place of a set from `place` on; from the word `top` on all are set."""
    w = low + place // 64
    if w >= top:
        return place
    word = (bits[w] >> np.uint64(place % 64)) << np.uint64(place % 64)
    while word == 0:
        w += 1
        if w == top:
            return 64 * (top - low)
        word = bits[w]
    return 64 * (w - low) + whole(trailing(word))


@lean
def place_before(bits: Any, low: int, top: int, size: int) -> int:
    """The last of the first `size` places that is in a set; from the word `top` on all are; there is one."""
    w = low + (size - 1) // 64
    if w >= top:
        return size - 1
    unused = np.uint64(63 - (size - 1) % 64)
    word = (bits[w] << unused) >> unused
    while word == 0:
        w -= 1
        word = bits[w]
    return 64 * (w - low) + 63 - whole(leading(word))


@lean
def put_fits(g: Any, m: Any, pool: int, bits: Any, top: int, ends: int) -> None:
    """Put into FITS the nodes of those of the places in `bits` that are free after `ends` ends."""
    low, high, size = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1], freed(m, pool, ends)
    place_ends(g, m, pool, ends)
    fits, first, w = m.scratch[FITS], 64 * low, 0
    fill(fits, _NONE, low, high)
    while 64 * w < size:
        word = ~_NONE if low + w >= top else bits[low + w]
        if size - 64 * w < 64:
            word &= bit_of(size - 64 * w) - ONE
        while word != 0:
            start = whole(trailing(word))
            place = first + 64 * w + start
            run = _side_by_side(m.node_at, place, run_at(word, start))
            set_run(fits, number(m.node_at[place]), run)
            word = beyond(word, start + run)
        w += 1


@lean
def pick(m: Any, pool: int, bits: Any, low: int, high: int) -> tuple[int, int]:
    """Put the places of the nodes in `bits` into PICKED; return its first word in use and that behind it."""
    picked, left, right = m.scratch[PICKED], high, low
    fill(picked, _NONE, m.pool[PICK_LEFT, pool], m.pool[PICK_RIGHT, pool])
    for w in range(low, high):
        rest = bits[w]
        while rest != 0:
            start = whole(trailing(rest))
            run = _side_by_side(m.place, 64 * w + start, run_at(rest, start))
            place = number(m.place[64 * w + start])
            set_run(picked, place, run)
            left, right = min(left, word_of(place)), max(right, word_of(place + run - 1) + 1)
            rest = beyond(rest, start + run)
    m.pool[PICK_LEFT, pool], m.pool[PICK_RIGHT, pool] = left, right
    return left, right


@lean
def leave_out(m: Any, places: Any, usable: Any, low: int, high: int) -> None:
    """Take out of a set of places those of the nodes that are not in `usable`."""
    for w in range(low, high):
        rest = ~usable[w]
        while rest != 0:
            place = m.place[64 * w + whole(trailing(rest))]
            if place != NO_PLACE:
                places[word_of(number(place))] &= ~bit_of(place)
            rest &= rest - ONE
