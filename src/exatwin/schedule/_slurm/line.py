"""The waiting jobs of each pool, sorted only as far as anyone looks.

Each pool has a stretch of `Memory.queue`: at its begin the first of its jobs in order, at its end all others
in any order, in between what is free. An entry is the key of a job: its order in the high bits, its number in
the low ones, so that no two are equal and the smallest is the next.
"""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.fits import put, take_off
from exatwin.schedule._slurm.layout import (
    BACKFILL,
    BOUND,
    EASY,
    FAR,
    FIRST_PLACE,
    FIT_PLACE,
    FRONT,
    JOB_BITS,
    KEPT,
    LIMIT,
    NODES,
    POOL,
    QUEUED,
    SORTED,
    SPOT,
    WAITING,
)
from exatwin.schedule._slurm.pile import select, sort

_MASK = (1 << JOB_BITS) - 1

# sorted keys beyond this many times what is to be kept are laid aside again
LONG = 4


@lean
def job_of(key: int) -> int:
    return key & _MASK


@lean
def _place(m: Any, low: int, size: int, key: int) -> int:
    """How many of the sorted entries from `low` on are before `key`."""
    left, right = 0, size
    while left < right:
        middle = (left + right) // 2
        if m.queue[low + middle] < key:
            left = middle + 1
        else:
            right = middle
    return left


@lean
def _insert(m: Any, pool: int, first: int, key: int) -> None:
    """Put a key among the sorted ones; the shorter side makes room."""
    size, low = m.pool[SORTED, pool], first + m.pool[FRONT, pool]
    at = _place(m, low, size, key)
    m.pool[SORTED, pool] = size + 1
    if m.pool[FRONT, pool] > 0 and 2 * at < size:
        m.pool[FRONT, pool] -= 1
        for i in range(low - 1, low - 1 + at):
            m.queue[i] = m.queue[i + 1]
        m.queue[low - 1 + at] = key
        return
    for i in range(low + size, low + at, -1):
        m.queue[i] = m.queue[i - 1]
    m.queue[low + at] = key


@lean
def _remove(m: Any, pool: int, first: int, key: int) -> None:
    """Take a key out of the sorted ones; the shorter side closes the gap."""
    size, low = m.pool[SORTED, pool], first + m.pool[FRONT, pool]
    at = _place(m, low, size, key)
    m.pool[SORTED, pool] = size - 1
    if 2 * at < size:
        for i in range(low + at, low, -1):
            m.queue[i] = m.queue[i - 1]
        m.pool[FRONT, pool] += 1
        return
    for i in range(low + at, low + size - 1):
        m.queue[i] = m.queue[i + 1]


@lean
def _lay(m: Any, pool: int, end: int, key: int) -> None:
    """Lay a key to the unsorted ones."""
    spot = m.pool[FAR, pool]
    m.pool[FAR, pool] = spot + 1
    m.queue[end - 1 - spot] = key
    m.job[SPOT, job_of(key)] = spot


@lean
def _to_begin(m: Any, pool: int, first: int) -> None:
    """Move the sorted keys to the begin of the stretch."""
    front = m.pool[FRONT, pool]
    if front > 0:
        for i in range(first, first + m.pool[SORTED, pool]):
            m.queue[i] = m.queue[i + front]
        m.pool[FRONT, pool] = 0


@lean
def join(g: Any, m: Any, o: Any, job: int) -> None:
    """Put a job that has been rated into the queue of its pool."""
    pool, key = g.job[POOL, job], m.key[job]
    first, end = g.pool[FIRST_PLACE, pool], g.pool[FIRST_PLACE, pool + 1]
    if m.pool[FRONT, pool] + m.pool[SORTED, pool] + m.pool[FAR, pool] == end - first:
        _to_begin(m, pool, first)
    if m.pool[FAR, pool] == 0 or key < m.pool[BOUND, pool]:
        _insert(m, pool, first, key)
        if m.pool[SORTED, pool] > LONG * o[KEPT]:
            _cut(m, o, pool, first, end)
    else:
        _lay(m, pool, end, key)
    m.pool[QUEUED, pool] += 1
    m.counter[WAITING] += 1
    if o[BACKFILL] == EASY:
        put(m.tree, g.level, g.fit[FIT_PLACE, job], g.job[NODES, job], g.job[LIMIT, job], key)


@lean
def withdraw(g: Any, m: Any, o: Any, job: int) -> None:
    """Take a waiting job out of the queue of its pool."""
    pool, key = g.job[POOL, job], m.key[job]
    first, end = g.pool[FIRST_PLACE, pool], g.pool[FIRST_PLACE, pool + 1]
    if m.pool[FAR, pool] == 0 or key < m.pool[BOUND, pool]:
        _remove(m, pool, first, key)
    else:
        last = m.pool[FAR, pool] - 1
        moved, spot = m.queue[end - 1 - last], m.job[SPOT, job]
        m.queue[end - 1 - spot] = moved
        m.job[SPOT, job_of(moved)] = spot
        m.pool[FAR, pool] = last
    m.pool[QUEUED, pool] -= 1
    m.counter[WAITING] -= 1
    if o[BACKFILL] == EASY:
        take_off(m.tree, g.level, g.fit[FIT_PLACE, job])


@lean
def _cut(m: Any, o: Any, pool: int, first: int, end: int) -> None:
    """Keep the first KEPT of the sorted keys, and lay the others to the unsorted."""
    _to_begin(m, pool, first)
    size = m.pool[SORTED, pool]
    m.pool[SORTED, pool] = o[KEPT]
    m.pool[BOUND, pool] = m.queue[first + o[KEPT]]
    # from the last on: the two ends of the stretch may touch, and the space that one gives the other takes
    for i in range(size - 1, o[KEPT] - 1, -1):
        _lay(m, pool, end, m.queue[first + i])


@lean
def nth(g: Any, m: Any, o: Any, pool: int, place: int) -> int:
    """The job at a place in the order of a pool, counted from 0; there must be one."""
    first = g.pool[FIRST_PLACE, pool]
    while m.pool[SORTED, pool] <= place:
        _fetch(m, o, pool, first, g.pool[FIRST_PLACE, pool + 1])
    return job_of(m.queue[first + m.pool[FRONT, pool] + place])


@lean
def _fetch(m: Any, o: Any, pool: int, first: int, end: int) -> None:
    """Move the least of the unsorted keys to the sorted ones: all below a bound that lets KEPT pass."""
    _to_begin(m, pool, first)
    low, size = end - m.pool[FAR, pool], m.pool[FAR, pool]
    at = first + m.pool[SORTED, pool]
    if size > 2 * o[KEPT]:
        m.pool[BOUND, pool] = select(m.queue, low, end - 1, low + o[KEPT])
        _number(m, low, end)
        size = o[KEPT]
    begin = low + size
    # both parts lie in one array and may overlap: the lower is read first
    for i in range(low, begin):
        m.queue[at + i - low] = m.queue[i]
    m.pool[FAR, pool] = end - begin
    m.pool[SORTED, pool] += size
    sort(m.queue, at, size)


@lean
def _number(m: Any, low: int, end: int) -> None:
    for i in range(low, end):
        m.job[SPOT, job_of(m.queue[i])] = end - 1 - i


@lean
def sift(m: Any, o: Any, pool: int, first: int, end: int, changed: int) -> None:
    """Bring the queue in order again, now that its keys may have changed; BOUND says what is far.

    Of the unsorted ones the first `changed` have changed: all, or none.
    """
    _to_begin(m, pool, first)
    bound, size = m.pool[BOUND, pool], m.pool[SORTED, pool]
    if m.pool[FAR, pool] == 0:
        sort(m.queue, first, size)
        return
    # one after the other from the unsorted to the sorted, and back
    kept = 0
    for i in range(size):
        key = m.queue[first + i]
        if key < bound:
            m.queue[first + kept] = key
            kept += 1
        else:
            m.list[i - kept] = key
    back = size - kept
    size = kept
    kept = 0
    for spot in range(changed):
        key = m.queue[end - 1 - spot]
        if key < bound:
            m.list[back + spot - kept] = key
        else:
            m.queue[end - 1 - kept] = key
            m.job[SPOT, job_of(key)] = kept
            kept += 1
    near = changed - kept
    m.pool[FAR, pool] -= near
    for i in range(near):
        m.queue[first + size + i] = m.list[back + i]
    m.pool[SORTED, pool] = size + near
    for i in range(back):
        _lay(m, pool, end, m.list[i])
    sort(m.queue, first, size + near)
    if size + near > LONG * o[KEPT]:
        _cut(m, o, pool, first, end)
