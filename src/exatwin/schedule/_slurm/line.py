"""The waiting jobs of each pool, in order of their keys (smallest first; ties by submission)."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import FIRST_PLACE, PENDING, POOL, QUEUED, STATE, WAITING


@lean
def _before(m: Any, a: int, b: int) -> bool:
    return m.key[a] < m.key[b] or (m.key[a] == m.key[b] and a < b)


@lean
def join(g: Any, m: Any, job: int) -> None:
    """Put a job into the queue of its pool."""
    pool = g.job[POOL, job]
    first, size = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool]
    low, high = 0, size
    if size > 0 and not _before(m, job, m.queue[first + size - 1]):
        low = size
    while low < high:
        middle = (low + high) // 2
        if _before(m, m.queue[first + middle], job):
            low = middle + 1
        else:
            high = middle
    for i in range(first + size, first + low, -1):
        m.queue[i] = m.queue[i - 1]
    m.queue[first + low] = job
    m.pool[QUEUED, pool] = size + 1
    m.counter[WAITING] += 1


@lean
def leave(g: Any, m: Any, pool: int, seen: int) -> None:
    """Close the gaps of jobs that have started among the first `seen` of the queue."""
    first, size = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool]
    kept = 0
    for i in range(seen):
        job = m.queue[first + i]
        if m.job[STATE, job] == PENDING:
            m.queue[first + kept] = job
            kept += 1
    gone = seen - kept
    if gone == 0:
        return
    for i in range(seen, size):
        m.queue[first + i - gone] = m.queue[first + i]
    m.pool[QUEUED, pool] = size - gone
    m.counter[WAITING] -= gone


@lean
def reorder(g: Any, m: Any, pool: int) -> None:
    """Bring a queue whose keys have changed into order again (heap sort: in place, no worst case)."""
    first, size = g.pool[FIRST_PLACE, pool], m.pool[QUEUED, pool]
    for top in range(size // 2 - 1, -1, -1):
        _sink(m, first, top, size)
    for last in range(size - 1, 0, -1):
        kept = m.queue[first]
        m.queue[first] = m.queue[first + last]
        m.queue[first + last] = kept
        _sink(m, first, 0, last)


@lean
def _sink(m: Any, first: int, top: int, size: int) -> None:
    while True:
        child = 2 * top + 1
        if child >= size:
            return
        if child + 1 < size and _before(m, m.queue[first + child], m.queue[first + child + 1]):
            child += 1
        if not _before(m, m.queue[first + top], m.queue[first + child]):
            return
        kept = m.queue[first + top]
        m.queue[first + top] = m.queue[first + child]
        m.queue[first + child] = kept
        top = child
