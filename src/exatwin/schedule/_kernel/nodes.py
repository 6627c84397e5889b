"""Which nodes a job gets: free nodes are ascending stretches that jobs take from and give back to."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import inner
from exatwin.schedule._kernel.layout import (
    CONTIGUOUS,
    DRAW,
    FEWEST_GROUPS,
    FIRST_NODE,
    FIRST_RANGE,
    GROUP,
    NOBODY,
    NODE,
    NODES,
    POOL,
    RANGE_COUNT,
    RANGES,
    SEGMENT,
    SIZE,
    STRETCHES,
)


@inner
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


@inner
def _insert(m: Any, at: int, node: int, size: int) -> None:
    for i in range(m.counter[STRETCHES], at, -1):
        m.stretch[NODE, i] = m.stretch[NODE, i - 1]
        m.stretch[SIZE, i] = m.stretch[SIZE, i - 1]
    m.stretch[NODE, at] = node
    m.stretch[SIZE, at] = size
    m.counter[STRETCHES] += 1


@inner
def _remove(m: Any, at: int) -> None:
    m.counter[STRETCHES] -= 1
    for i in range(at, m.counter[STRETCHES]):
        m.stretch[NODE, i] = m.stretch[NODE, i + 1]
        m.stretch[SIZE, i] = m.stretch[SIZE, i + 1]


@inner
def give_back(g: Any, m: Any, o: Any, node: int, size: int) -> None:
    """Make nodes free again, joined with the free stretches beside them."""
    at = _find(m, node)
    segment = g.node[SEGMENT, node]
    if o.placement == FEWEST_GROUPS:
        m.group_free[g.node[GROUP, node]] += size
    right = at < m.counter[STRETCHES] and m.stretch[NODE, at] == node + size
    right = right and g.node[SEGMENT, node + size] == segment
    left = at > 0 and m.stretch[NODE, at - 1] + m.stretch[SIZE, at - 1] == node
    left = left and g.node[SEGMENT, node - 1] == segment
    if left:
        m.stretch[SIZE, at - 1] += size
        if right:
            m.stretch[SIZE, at - 1] += m.stretch[SIZE, at]
            _remove(m, at)
    elif right:
        m.stretch[NODE, at] = node
        m.stretch[SIZE, at] += size
    else:
        _insert(m, at, node, size)


@inner
def _take(g: Any, m: Any, o: Any, job: int, at: int, node: int, size: int) -> None:
    """Give `size` nodes from `node` on, inside the free stretch `at`, to `job`; the stretch may vanish."""
    before = node - m.stretch[NODE, at]
    after = m.stretch[SIZE, at] - before - size
    if o.placement == FEWEST_GROUPS:
        m.group_free[g.node[GROUP, node]] -= size
    if before == 0 and after == 0:
        _remove(m, at)
    elif before == 0:
        m.stretch[NODE, at] = node + size
        m.stretch[SIZE, at] = after
    else:
        m.stretch[SIZE, at] = before
        if after > 0:
            _insert(m, at + 1, node + size, after)
    last = m.counter[RANGES] - 1
    joins = m.job[RANGE_COUNT, job] > 0 and m.range[NODE, last] + m.range[SIZE, last] == node
    if joins and g.node[SEGMENT, node - 1] == g.node[SEGMENT, node]:
        m.range[SIZE, last] += size
        return
    m.range[NODE, last + 1] = node
    m.range[SIZE, last + 1] = size
    m.job[RANGE_COUNT, job] += 1
    m.counter[RANGES] += 1


@inner
def _take_contiguous(g: Any, m: Any, o: Any, job: int, low: int, high: int, want: int) -> None:
    """The shortest free stretch of [low, high) that holds all; failing that, free nodes from the lowest."""
    first = _find(m, low)
    best, least = -1, NOBODY
    i = first
    while i < m.counter[STRETCHES] and m.stretch[NODE, i] < high and least > want:
        if want <= m.stretch[SIZE, i] < least:
            best, least = i, m.stretch[SIZE, i]
        i += 1
    if best < 0:
        best = first
    while want > 0:  # a stretch that is used up vanishes, and the next one takes its place
        part = min(want, m.stretch[SIZE, best])
        _take(g, m, o, job, best, m.stretch[NODE, best], part)
        want -= part


@inner
def _group_for(m: Any, first: int, last: int, want: int) -> int:
    """The tightest group that holds `want` nodes; failing that, the one with the most free nodes."""
    tight, emptiest = -1, first
    for group in range(first, last + 1):
        here = m.group_free[group]
        if here >= want and (tight < 0 or here < m.group_free[tight]):
            tight = group
        if here > m.group_free[emptiest]:
            emptiest = group
    return tight if tight >= 0 else emptiest


@inner
def _take_random(g: Any, m: Any, o: Any, job: int, low: int, high: int, want: int) -> None:
    """Free nodes by selection sampling, each as likely as any other (draws: MINSTD)."""
    left, at = 0, _find(m, low)
    i = at
    while i < m.counter[STRETCHES] and m.stretch[NODE, i] < high:
        left += m.stretch[SIZE, i]
        i += 1
    node = low
    while want > 0:
        at = _find(m, node)
        node = max(node, m.stretch[NODE, at])
        m.counter[DRAW] = m.counter[DRAW] * 48271 % 2147483647
        if m.counter[DRAW] * left < want * 2147483647:
            _take(g, m, o, job, at, node, 1)
            want -= 1
        left -= 1
        node += 1


@inner
def place(g: Any, m: Any, o: Any, job: int) -> None:
    """Give `job` its nodes."""
    pool, want = g.job[POOL, job], g.job[NODES, job]
    low, high = g.pool[FIRST_NODE, pool], g.pool[FIRST_NODE, pool + 1]
    m.job[FIRST_RANGE, job] = m.counter[RANGES]
    if o.placement > FEWEST_GROUPS:
        _take_random(g, m, o, job, low, high, want)
        return
    while want > 0:
        part, begin, end = want, low, high
        if o.placement != CONTIGUOUS:
            group = _group_for(m, g.node[GROUP, low], g.node[GROUP, high - 1], want)
            part = min(want, m.group_free[group])
            begin, end = max(low, g.group[group]), min(high, g.group[group + 1])
        _take_contiguous(g, m, o, job, begin, end, part)
        want -= part
