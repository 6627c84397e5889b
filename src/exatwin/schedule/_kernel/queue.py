"""The waiting jobs in order: a wide tree of minima steps over jobs that can't start by the hundred."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.layout import (
    EASY_SJBF,
    FAN,
    FILL_PLACE,
    FIRST_PLACE,
    FOREVER,
    JOB_AT,
    LEAST_LIMIT,
    LEAST_NODES,
    LIMIT,
    NOBODY,
    NODES,
    PENDING,
    PLACE,
    POOL,
    QUEUE,
    SPARE,
    STATE,
    SUBMIT,
    WAIT_LIST,
    WAITING,
)


@lean
def _add(tree: Any, level: Any, place: int, nodes: int, limit: int) -> None:
    """Put a job at a place: minima above can only fall."""
    for up in range(len(level) - 1):
        here = level[up] + place
        if tree[LEAST_NODES, here] <= nodes and tree[LEAST_LIMIT, here] <= limit:
            return
        tree[LEAST_NODES, here] = min(nodes, tree[LEAST_NODES, here])
        tree[LEAST_LIMIT, here] = min(limit, tree[LEAST_LIMIT, here])
        place //= FAN


@lean
def _drop(tree: Any, level: Any, place: int) -> None:
    """Take a job off a place: a minimum above may rise only where it was this job's."""
    nodes, limit = tree[LEAST_NODES, place], tree[LEAST_LIMIT, place]
    tree[LEAST_NODES, place] = NOBODY
    tree[LEAST_LIMIT, place] = FOREVER
    for up in range(1, len(level) - 1):
        first = level[up - 1] + place // FAN * FAN
        place //= FAN
        here = level[up] + place
        if tree[LEAST_NODES, here] < nodes and tree[LEAST_LIMIT, here] < limit:
            return
        least_nodes, least_limit = NOBODY, FOREVER
        for child in range(first, first + FAN):
            least_nodes = min(least_nodes, tree[LEAST_NODES, child])
            least_limit = min(least_limit, tree[LEAST_LIMIT, child])
        tree[LEAST_NODES, here] = least_nodes
        tree[LEAST_LIMIT, here] = least_limit


@lean
def following(tree: Any, level: Any, place: int, stop: int, free: int, extra: int, window: int) -> int:
    """First place from `place` on, before `stop`, of a job that fits now and delays nobody; -1 for none.

    A job fits if it needs at most `free` nodes; it delays nobody if it needs at most `extra`, or ends
    within `window`.
    """
    up, i = 0, place
    while place < stop:
        base, edge = level[up], (i // FAN + 1) * FAN
        while i < edge:
            if tree[LEAST_NODES, base + i] <= free and (
                tree[LEAST_NODES, base + i] <= extra or tree[LEAST_LIMIT, base + i] <= window
            ):
                break
            i += 1
        if i < edge:
            if up == 0:
                return i if i < stop else -1
            up -= 1
            i *= FAN
        elif up == len(level) - 2:
            return -1
        else:
            up += 1
            i = edge // FAN
    return -1


@lean
def first_waiting(tree: Any, level: Any, place: int, stop: int) -> int:
    """First place from `place` on, before `stop`, where a job waits; -1 for none."""
    return following(tree, level, place, stop, NOBODY - 1, NOBODY - 1, FOREVER)


@lean
def enqueue(g: Any, m: Any, o: Any, job: int) -> None:
    if o.dynamic:
        m.job[WAIT_LIST, m.counter[WAITING]] = job
        m.counter[WAITING] += 1
        return
    _add(m.tree, g.level, g.job[PLACE, job], g.job[NODES, job], g.job[LIMIT, job])
    if o.backfill == EASY_SJBF:
        _add(m.fill, g.level, g.job[FILL_PLACE, job], g.job[NODES, job], g.job[LIMIT, job])


@lean
def dequeue(g: Any, m: Any, o: Any, job: int) -> None:
    """Take a job that has started out of the queue; a list that is sorted anew each time is swept instead."""
    if o.dynamic:
        return
    _drop(m.tree, g.level, g.job[PLACE, job])
    if o.backfill == EASY_SJBF:
        _drop(m.fill, g.level, g.job[FILL_PLACE, job])


@lean
def sweep(m: Any) -> None:
    kept = 0
    for i in range(m.counter[WAITING]):
        if m.job[STATE, m.job[WAIT_LIST, i]] == PENDING:
            m.job[WAIT_LIST, kept] = m.job[WAIT_LIST, i]
            kept += 1
    m.counter[WAITING] = kept


@lean
def sort_queue(m: Any, size: int) -> None:
    """Sort the first `size` jobs of the list QUEUE by their scores, ties as they stand (merge sort)."""
    source, target = QUEUE, SPARE
    width = 1
    while width < size:
        for low in range(0, size, 2 * width):
            left, middle, stop = low, min(low + width, size), min(low + 2 * width, size)
            right = middle
            for i in range(low, stop):
                a, b = source - QUEUE, target - QUEUE
                if left < middle and (right >= stop or m.score[a, left] <= m.score[a, right]):
                    taken = left
                    left += 1
                else:
                    taken = right
                    right += 1
                m.job[target, i] = m.job[source, taken]
                m.score[b, i] = m.score[a, taken]
        source, target = target, source
        width *= 2
    if source != QUEUE:
        for i in range(size):
            m.job[QUEUE, i] = m.job[SPARE, i]


@lean
def _by_score(g: Any, m: Any, score: Any, pool: int, now: int) -> int:
    size = 0
    for i in range(m.counter[WAITING]):
        job = m.job[WAIT_LIST, i]
        if g.job[POOL, job] == pool:
            m.job[QUEUE, size] = job
            m.score[0, size] = score(now, g.job[SUBMIT, job], g.job[NODES, job], g.job[LIMIT, job])
            size += 1
    sort_queue(m, size)
    return size


@lean
def queue(g: Any, m: Any, o: Any, score: Any, pool: int, now: int) -> int:
    """Put the waiting jobs of a pool into the list QUEUE, in their order; return how many they are."""
    if o.dynamic:
        return _by_score(g, m, score, pool, now)
    stop = g.pool[FIRST_PLACE, pool + 1]
    size = 0
    place = first_waiting(m.tree, g.level, g.pool[FIRST_PLACE, pool], stop)
    while place >= 0:
        m.job[QUEUE, size] = g.job[JOB_AT, place]
        size += 1
        place = first_waiting(m.tree, g.level, place + 1, stop)
    return size
