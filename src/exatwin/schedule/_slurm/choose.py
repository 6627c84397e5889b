"""Which nodes a job gets: as Slurm does, the smallest run of nodes that holds it; else the largest first."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import ALL, ONE, beyond, fill, ones, run_at, set_run, trailing, whole
from exatwin.schedule._slurm.layout import (
    BY_SEGMENT,
    CHOSEN,
    FIRST_NODE,
    FIRST_RANGE,
    FIRST_WORD,
    NODE,
    RANGE_COUNT,
    RANGES,
    SIZE,
)
from exatwin.schedule._slurm.layout_power import PLACING, RANDOM, SPREAD
from exatwin.schedule._slurm.pile import sink, take_least
from exatwin.schedule._slurm.spread import choose_random, choose_spread

_NONE = np.uint64(0)
_INDEX = 32
_LOW = (1 << _INDEX) - 1


@lean
def _blocks(m: Any, bits: Any, base: int, shift: int, low: int, high: int, want: int) -> int:
    """List the runs of set bits between the nodes `low` and `high`, up to one of `want`; return how many."""
    found, after, first, last = 0, -1, low - base, high - base
    for w in range(first // 64, -(-last // 64)):
        word = bits[shift + w]
        if 64 * w < first:
            word &= ALL << np.uint64(first - 64 * w)
        if 64 * w + 64 > last:
            word &= ALL >> np.uint64(64 * w + 64 - last)
        while word != 0:
            start = whole(trailing(word))
            size = run_at(word, start)
            node = base + 64 * w + start
            if node == after:
                m.block[SIZE, found - 1] += size
            elif found > 0 and m.block[SIZE, found - 1] == want:
                return found
            else:
                m.block[NODE, found] = node
                m.block[SIZE, found] = size
                found += 1
            after = node + size
            word = beyond(word, start + size)
    return found


@lean
def _mark(m: Any, base: int, shift: int, node: int, size: int) -> None:
    for at in range(0, size, 64):
        set_run(m.scratch[CHOSEN], 64 * shift + node - base + at, min(64, size - at))


@lean
def _best_fit(m: Any, found: int, base: int, shift: int, want: int) -> None:
    """Take `want` nodes from the listed runs: the smallest that holds what is left, else the largest.

    While none holds what is left they are taken in order of their size, from a heap; equal ones as they are.
    """
    most, least = 0, -1
    for i in range(found):
        size = m.block[SIZE, i]
        most = max(most, size)
        if size >= want and (least < 0 or size < m.block[SIZE, least]):
            least = i
    if least < 0:
        for i in range(found):
            m.pick[i] = ((most - m.block[SIZE, i]) << _INDEX) | i
        for top in range(found // 2 - 1, -1, -1):
            sink(m.pick, top, found)
        left = found
        while m.block[SIZE, m.pick[0] & _LOW] < want:
            largest = m.pick[0] & _LOW
            _mark(m, base, shift, m.block[NODE, largest], m.block[SIZE, largest])
            want -= m.block[SIZE, largest]
            m.block[SIZE, largest] = 0
            left = take_least(m.pick, left)
        for i in range(found):
            size = m.block[SIZE, i]
            if size >= want and (least < 0 or size < m.block[SIZE, least]):
                least = i
    _mark(m, base, shift, m.block[NODE, least], want)


@lean
def _free_in(bits: Any, base: int, shift: int, low: int, high: int) -> int:
    """How many nodes from `low` to `high` are in a set."""
    place, stop, total = low - base, high - base, 0
    while place < stop:
        part = min(stop - place, 64 - place % 64)
        mask = ALL if part == 64 else (ONE << np.uint64(part)) - ONE
        total += whole(ones((bits[shift + place // 64] >> np.uint64(place % 64)) & mask))
        place += part
    return total


@lean
def choose(g: Any, m: Any, o: Any, bits: Any, pool: int, want: int) -> None:
    """Put `want` of the nodes in `bits` into the row CHOSEN; there are that many."""
    base, end = g.pool[FIRST_NODE, pool], g.pool[FIRST_NODE, pool + 1]
    shift = g.pool[FIRST_WORD, pool]
    fill(m.scratch[CHOSEN], _NONE, shift, g.pool[FIRST_WORD, pool + 1])
    if o[PLACING] == SPREAD:
        choose_spread(g, m, o, bits, pool, want)
        return
    if o[PLACING] == RANDOM:
        choose_random(g, m, o, bits, pool, want)
        return
    if o[BY_SEGMENT] == 0:
        _best_fit(m, _blocks(m, bits, base, shift, base, end, want), base, shift, want)
        return
    first, last = g.segment[base], g.segment[end - 1]
    for segment in range(first, last + 1):
        m.room[segment] = _free_in(bits, base, shift, g.first[segment], g.first[segment + 1])
    while want > 0:
        best, held = -1, 0
        for segment in range(first, last + 1):
            size, enough = m.room[segment], held >= want
            if size > 0 and (
                best < 0 or (size >= want and (not enough or size < held)) or (not enough and size > held)
            ):
                best, held = segment, size
        part = min(want, held)
        found = _blocks(m, bits, base, shift, g.first[best], g.first[best + 1], part)
        _best_fit(m, found, base, shift, part)
        m.room[best] = 0
        want -= part


@lean
def write_ranges(g: Any, m: Any, pool: int, job: int) -> None:
    """Write down the nodes in the row CHOSEN as ranges of `job`."""
    base, end = g.pool[FIRST_NODE, pool], g.pool[FIRST_NODE, pool + 1]
    found = _blocks(m, m.scratch[CHOSEN], base, g.pool[FIRST_WORD, pool], base, end, 0)
    m.job[FIRST_RANGE, job] = m.counter[RANGES]
    m.job[RANGE_COUNT, job] = found
    for i in range(found):
        m.range[NODE, m.counter[RANGES] + i] = m.block[NODE, i]
        m.range[SIZE, m.counter[RANGES] + i] = m.block[SIZE, i]
    m.counter[RANGES] += found
