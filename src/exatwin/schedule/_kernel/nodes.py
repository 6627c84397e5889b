"""Which nodes a job gets: free nodes are ascending stretches that jobs take from and give back to."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.layout import (
    CONTIGUOUS,
    DRAW,
    FEWEST_GROUPS,
    FIRST_NODE,
    FIRST_RANGE,
    NOBODY,
    NODE,
    NODES,
    POOL,
    RANGE_COUNT,
    RANGES,
    SIZE,
    STRETCHES,
    UNPLACED,
)


@lean
def _find(m: Any, node: int) -> int:
    """The first stretch that ends after `node`."""
    low, high = 0, m.counter[STRETCHES]
    while low < high:
        middle = (low + high) // 2
        if m.stretch[NODE, middle] + m.stretch[SIZE, middle] <= node:
            low = middle + 1
        else:
            high = middle
    return low


@lean
def _insert(m: Any, at: int, node: int, size: int) -> None:
    for i in range(m.counter[STRETCHES], at, -1):
        m.stretch[NODE, i] = m.stretch[NODE, i - 1]
        m.stretch[SIZE, i] = m.stretch[SIZE, i - 1]
    m.stretch[NODE, at] = node
    m.stretch[SIZE, at] = size
    m.counter[STRETCHES] += 1


@lean
def _remove(m: Any, at: int, many: int) -> None:
    m.counter[STRETCHES] -= many
    for i in range(at, m.counter[STRETCHES]):
        m.stretch[NODE, i] = m.stretch[NODE, i + many]
        m.stretch[SIZE, i] = m.stretch[SIZE, i + many]


@lean
def _grant(g: Any, m: Any, o: Any, job: int, node: int, size: int) -> None:
    """Write down that `job` holds `size` nodes from `node` on."""
    if o.placement == FEWEST_GROUPS:
        m.segment_free[g.segment[node]] -= size
    last = m.counter[RANGES] - 1
    joins = m.job[RANGE_COUNT, job] > 0 and m.range[NODE, last] + m.range[SIZE, last] == node
    if joins and g.segment[node - 1] == g.segment[node]:
        m.range[SIZE, last] += size
        return
    m.range[NODE, last + 1] = node
    m.range[SIZE, last + 1] = size
    m.job[RANGE_COUNT, job] += 1
    m.counter[RANGES] += 1


@lean
def _give_back(g: Any, m: Any, o: Any, node: int, size: int) -> None:
    """Make nodes free again, joined with the free stretches beside them."""
    at = _find(m, node)
    segment = g.segment[node]
    if o.placement == FEWEST_GROUPS:
        m.segment_free[g.segment[node]] += size
    right = at < m.counter[STRETCHES] and m.stretch[NODE, at] == node + size
    right = right and g.segment[node + size] == segment
    left = at > 0 and m.stretch[NODE, at - 1] + m.stretch[SIZE, at - 1] == node
    left = left and g.segment[node - 1] == segment
    if left:
        m.stretch[SIZE, at - 1] += size
        if right:
            m.stretch[SIZE, at - 1] += m.stretch[SIZE, at]
            _remove(m, at, 1)
    elif right:
        m.stretch[NODE, at] = node
        m.stretch[SIZE, at] += size
    else:
        _insert(m, at, node, size)


@lean
def _take_contiguous(g: Any, m: Any, o: Any, job: int, low: int, high: int, want: int) -> None:
    """The shortest free stretch of [low, high) that holds all; failing that, free nodes from the lowest."""
    first = _find(m, low)
    best, least = first, NOBODY
    i = first
    while i < m.counter[STRETCHES] and m.stretch[NODE, i] < high and least > want:
        if want <= m.stretch[SIZE, i] < least:
            best, least = i, m.stretch[SIZE, i]
        i += 1
    used = 0
    while want > 0:
        at = best + used
        part = min(want, m.stretch[SIZE, at])
        _grant(g, m, o, job, m.stretch[NODE, at], part)
        want -= part
        if part < m.stretch[SIZE, at]:
            m.stretch[NODE, at] += part
            m.stretch[SIZE, at] -= part
        else:
            used += 1
    if used > 0:
        _remove(m, best, used)


@lean
def _segment_for(m: Any, first: int, last: int, want: int) -> int:
    """The tightest segment that holds `want` nodes; failing that, the one with the most free nodes."""
    tight, emptiest = -1, first
    for segment in range(first, last + 1):
        here = m.segment_free[segment]
        if here >= want and (tight < 0 or here < m.segment_free[tight]):
            tight = segment
        if here > m.segment_free[emptiest]:
            emptiest = segment
    return tight if tight >= 0 else emptiest


@lean
def _take_random(g: Any, m: Any, o: Any, job: int, low: int, high: int, want: int) -> None:
    """Free nodes by selection sampling, each as likely as any other (draws: MINSTD); here nodes are flags."""
    left = m.pool[UNPLACED, g.job[POOL, job]]
    node = low
    while want > 0:
        if m.stretch[NODE, node] == 1:
            m.counter[DRAW] = m.counter[DRAW] * 48271 % 2147483647
            if m.counter[DRAW] * left < want * 2147483647:
                m.stretch[NODE, node] = 0
                _grant(g, m, o, job, node, 1)
                want -= 1
            left -= 1
        node += 1


@lean
def release_nodes(g: Any, m: Any, o: Any, job: int) -> None:
    """Take back the nodes of `job`."""
    first = m.job[FIRST_RANGE, job]
    m.pool[UNPLACED, g.job[POOL, job]] += g.job[NODES, job]
    for i in range(first, first + m.job[RANGE_COUNT, job]):
        if o.placement > FEWEST_GROUPS:
            for node in range(m.range[NODE, i], m.range[NODE, i] + m.range[SIZE, i]):
                m.stretch[NODE, node] = 1
        else:
            _give_back(g, m, o, m.range[NODE, i], m.range[SIZE, i])


@lean
def _sort_ranges(m: Any, first: int) -> None:
    """Put the ranges from `first` on in the order of their nodes (they are few: insertion sort)."""
    for i in range(first + 1, m.counter[RANGES]):
        node, size = m.range[NODE, i], m.range[SIZE, i]
        k = i
        while k > first and m.range[NODE, k - 1] > node:
            m.range[NODE, k] = m.range[NODE, k - 1]
            m.range[SIZE, k] = m.range[SIZE, k - 1]
            k -= 1
        m.range[NODE, k] = node
        m.range[SIZE, k] = size


@lean
def place(g: Any, m: Any, o: Any, job: int) -> None:
    """Give `job` its nodes."""
    pool, want = g.job[POOL, job], g.job[NODES, job]
    low, high = g.pool[FIRST_NODE, pool], g.pool[FIRST_NODE, pool + 1]
    m.job[FIRST_RANGE, job] = m.counter[RANGES]
    if o.placement > FEWEST_GROUPS:
        _take_random(g, m, o, job, low, high, want)
        want = 0
    while want > 0:
        part, begin, end = want, low, high
        if o.placement != CONTIGUOUS:
            segment = _segment_for(m, g.segment[low], g.segment[high - 1], want)
            part = min(want, m.segment_free[segment])
            begin, end = g.first[segment], g.first[segment + 1]
        _take_contiguous(g, m, o, job, begin, end, part)
        want -= part
    m.pool[UNPLACED, pool] -= g.job[NODES, job]
    _sort_ranges(m, m.job[FIRST_RANGE, job])
