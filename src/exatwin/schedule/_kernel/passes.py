"""Who starts now: heads of the queue while they fit, then what fits behind the first that does not.

A pass only decides and counts nodes; which nodes they are, and the way out of the queue, follow once for all.
"""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.ends import add_end, shadow
from exatwin.schedule._kernel.layout import (
    EASY_SJBF,
    FILL_JOB_AT,
    FIRST_PLACE,
    FREE,
    JOB_AT,
    LIMIT,
    NO_BACKFILL,
    NODES,
    PENDING,
    POOL,
    QUEUE,
    RUNNING,
    START,
    START_LIST,
    STARTED,
    STATE,
)
from exatwin.schedule._kernel.queue import first_waiting, following, queue, sort_queue


@lean
def start(g: Any, m: Any, job: int, now: int) -> None:
    pool = g.job[POOL, job]
    m.job[START, job] = now
    m.job[STATE, job] = RUNNING
    m.job[START_LIST, m.counter[STARTED]] = job
    m.counter[STARTED] += 1
    m.pool[FREE, pool] -= g.job[NODES, job]
    add_end(m, pool, now + g.job[LIMIT, job], g.job[NODES, job])


@lean
def pass_ordered(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """One pass over a queue whose order never changes."""
    low, stop = g.pool[FIRST_PLACE, pool], g.pool[FIRST_PLACE, pool + 1]
    place = first_waiting(m.tree, g.level, low, stop)
    blocked, edge, extra = False, 0, 0
    by_limit = o.backfill == EASY_SJBF
    tree, row = m.tree, JOB_AT
    while place >= 0 and m.pool[FREE, pool] > 0:
        job = g.job[row, place]
        if not blocked and g.job[NODES, job] > m.pool[FREE, pool]:
            if o.backfill == NO_BACKFILL:
                return
            blocked = True
            edge, extra = shadow(g, m, pool, job)
            if by_limit:
                tree, row, place = m.fill, FILL_JOB_AT, low - 1
        elif m.job[STATE, job] == PENDING:
            if blocked and now + g.job[LIMIT, job] > edge:
                extra -= g.job[NODES, job]
            start(g, m, job, now)
        if blocked:
            place = following(tree, g.level, place + 1, stop, m.pool[FREE, pool], extra, edge - now)
        else:
            place = first_waiting(tree, g.level, place + 1, stop)


@lean
def pass_scored(g: Any, m: Any, o: Any, score: Any, pool: int, now: int) -> None:
    """One pass over a queue that is sorted anew."""
    size = queue(g, m, o, score, pool, now)
    blocked, edge, extra = False, 0, 0
    i = 0
    while i < size and m.pool[FREE, pool] > 0:
        job = m.job[QUEUE, i]
        late = blocked and now + g.job[LIMIT, job] > edge
        i += 1
        if g.job[NODES, job] <= m.pool[FREE, pool] and (not late or g.job[NODES, job] <= extra):
            if late:
                extra -= g.job[NODES, job]
            start(g, m, job, now)
        elif not blocked:
            if o.backfill == NO_BACKFILL:
                return
            blocked = True
            edge, extra = shadow(g, m, pool, job)
            if o.backfill == EASY_SJBF:
                size = _shortest_first(g, m, i, size)
                i = 0


@lean
def _shortest_first(g: Any, m: Any, first: int, stop: int) -> int:
    """Keep the jobs `first` to `stop` of the list QUEUE, shortest limit first; return how many they are."""
    for i in range(first, stop):
        job = m.job[QUEUE, i]
        m.job[QUEUE, i - first] = job
        m.score[0, i - first] = g.job[LIMIT, job]
    sort_queue(m, stop - first)
    return stop - first
