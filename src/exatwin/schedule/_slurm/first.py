"""Who is next, though keys of jobs far behind may be old.

The head of a queue is the first of those in order, as long as nobody may have come before it from far behind.
Of those that fit, one whose old key could be the least is rated anew as it is looked at.
"""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.fits import rekey
from exatwin.schedule._slurm.layout import (
    BOUND,
    DRIFT,
    EAGER,
    FAN,
    FAR,
    FIRST_PLACE,
    FIT_JOB,
    FOREVER,
    FREE,
    FRONT,
    JOB_BITS,
    LAST_CALC,
    LEAST_KEY,
    LEAST_LIMIT,
    LEAST_NODES,
    LOOKED,
    RATED,
    SORTED,
    STALE,
    WAITING,
)
from exatwin.schedule._slurm.line import nth
from exatwin.schedule._slurm.rank import by_priority, refresh

# rating all that wait costs as much as looking at a quarter of them; how often it is then done at once
_MOST_LOOKS, _EAGER = 4, 3


@lean
def head_of(g: Any, m: Any, o: Any, pool: int, place: int) -> int:
    """The job at a place in the order of a pool, counted from 0; there must be one."""
    if m.counter[DRIFT] > 0 and m.pool[FAR, pool] > 0:
        at = g.pool[FIRST_PLACE, pool] + m.pool[FRONT, pool] + place
        if m.pool[SORTED, pool] <= place or m.queue[at] >= m.pool[BOUND, pool] - m.counter[DRIFT]:
            refresh(g, m, o, m.counter[LAST_CALC])
    return nth(g, m, o, pool, place)


@lean
def first_of(g: Any, m: Any, o: Any, pool: int, extra: int, window: int, after: int) -> int:
    """The least key beyond `after` of a job in the queue of a pool that may pass its head; FOREVER if none.

    It may if it needs at most the free nodes, and either at most `extra` of them or ends within `window`.
    """
    if m.counter[DRIFT] > 0 and _MOST_LOOKS * m.counter[LOOKED] > m.counter[WAITING]:
        refresh(g, m, o, m.counter[LAST_CALC])
        m.counter[EAGER] = _EAGER
    if m.counter[STALE] == 1:
        rekey(m.tree, g.level)
        m.counter[STALE] = 0
    tree, level, drift, free = m.tree, g.level, m.counter[DRIFT], m.pool[FREE, pool]
    stop = g.pool[FIRST_PLACE, pool + 1]
    up, i, best = 0, g.pool[FIRST_PLACE, pool], FOREVER
    while up > 0 or i < stop:
        base, edge = level[up], (i // FAN + 1) * FAN
        while i < edge:
            nodes = tree[LEAST_NODES, base + i]
            if (
                nodes <= free
                and tree[LEAST_KEY, base + i] - drift < best
                and (nodes <= extra or tree[LEAST_LIMIT, base + i] <= window)
                and (up + drift > 0 or tree[LEAST_KEY, base + i] > after)
            ):
                break
            i += 1
        if i < edge:
            if up == 0:
                if i >= stop:
                    return best
                key = tree[LEAST_KEY, i] if drift == 0 else _key_now(g, m, g.fit[FIT_JOB, i])
                if after < key < best:
                    best = key
                i += 1
            else:
                up -= 1
                i *= FAN
        elif up == len(level) - 2:
            return best
        else:
            up += 1
            i = edge // FAN
    return best


@lean
def _key_now(g: Any, m: Any, job: int) -> int:
    """The key of a job as of the last calculation, or as it joined the queue after that."""
    m.counter[LOOKED] += 1
    if m.job[RATED, job] > m.counter[LAST_CALC]:
        return m.key[job]
    return (by_priority(g, m, job, m.counter[LAST_CALC]) << JOB_BITS) | job
