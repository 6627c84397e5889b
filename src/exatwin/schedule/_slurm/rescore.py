"""Orders that change as jobs wait: all scores are made anew before each pass."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    DYNAMIC,
    FIRST_PLACE,
    FRONT,
    JOB_BITS,
    LIMIT,
    NODES,
    SINCE,
    SORTED,
)
from exatwin.schedule._slurm.line import job_of


@lean
def rank(g: Any, m: Any, score: Any, size: int, now: int) -> None:
    """Bring the first `size` jobs of the list into the order of their scores of now, and set their keys.

    A job that was sent again, or held back, counts from when it could be looked at. From one pass to the next
    little moves: steps that shrink, and insertion (Shell, 1959).
    """
    for i in range(size):
        job = m.list[i]
        m.rated[job] = score(now, m.job[SINCE, job], g.job[NODES, job], g.job[LIMIT, job])
    step = 1
    while 3 * step + 1 < size:
        step = 3 * step + 1
    while step > 0:
        for i in range(step, size):
            job, k = m.list[i], i
            while k >= step and _ahead(m, job, m.list[k - step]):
                m.list[k] = m.list[k - step]
                k -= step
            m.list[k] = job
        step //= 3
    for i in range(size):
        m.key[m.list[i]] = (i << JOB_BITS) | m.list[i]


@lean
def _ahead(m: Any, a: int, b: int) -> bool:
    return m.rated[a] < m.rated[b] or (m.rated[a] == m.rated[b] and a < b)


@lean
def rescore(g: Any, m: Any, o: Any, score: Any, pool: int, now: int) -> None:
    """Bring a queue into the order of now; with such an order none of its jobs is far."""
    if o[DYNAMIC] == 0:
        return
    low, size = g.pool[FIRST_PLACE, pool] + m.pool[FRONT, pool], m.pool[SORTED, pool]
    for i in range(size):
        m.list[i] = job_of(m.queue[low + i])
    rank(g, m, score, size, now)
    for i in range(size):
        m.queue[low + i] = m.key[m.list[i]]
