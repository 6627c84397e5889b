"""A wide tree over the waiting jobs, by nodes and limit: who comes first among those that may pass a head.

Each node has the least of its jobs' nodes, limits and keys.
"""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import index
from exatwin.schedule._slurm.layout import FAN, FOREVER, LEAST_KEY, LEAST_LIMIT, LEAST_NODES, NOBODY


@lean
def put(tree: Any, level: Any, place: int, nodes: int, limit: int, key: int) -> None:
    """Put a job at a place: minima above can only fall."""
    for up in range(len(level) - 1):
        here = level[up] + place
        tree[LEAST_NODES, here] = min(nodes, tree[LEAST_NODES, here])
        tree[LEAST_LIMIT, here] = min(limit, tree[LEAST_LIMIT, here])
        tree[LEAST_KEY, here] = min(key, tree[LEAST_KEY, here])
        place //= FAN


@lean
def take_off(tree: Any, level: Any, place: int) -> None:
    """Take a job off a place."""
    tree[LEAST_NODES, place] = NOBODY
    tree[LEAST_LIMIT, place] = FOREVER
    tree[LEAST_KEY, place] = FOREVER
    for up in range(1, len(level) - 1):
        first = level[up - 1] + place // FAN * FAN
        place //= FAN
        nodes, limit, key = NOBODY, FOREVER, FOREVER
        for child in range(first, first + FAN):
            nodes = min(nodes, tree[LEAST_NODES, child])
            limit = min(limit, tree[LEAST_LIMIT, child])
            key = min(key, tree[LEAST_KEY, child])
        here = level[up] + place
        tree[LEAST_NODES, here] = nodes
        tree[LEAST_LIMIT, here] = limit
        tree[LEAST_KEY, here] = key


@lean
def fewest(tree: Any, level: Any) -> int:
    """The fewest nodes that any waiting job needs."""
    found = NOBODY
    for place in range(index(level[len(level) - 2]), index(level[len(level) - 1])):
        found = min(found, tree[LEAST_NODES, place])
    return found


@lean
def rekey(tree: Any, level: Any) -> None:
    """Bring the least keys above up to those of the jobs."""
    keys = tree[LEAST_KEY]
    for up in range(1, len(level) - 1):
        for place in range(level[up + 1] - level[up]):
            first = level[up - 1] + place * FAN
            key = FOREVER
            for child in range(index(first), index(min(first + FAN, level[up]))):
                key = min(key, keys[child])
            keys[level[up] + place] = key


@lean
def first_of(
    tree: Any, level: Any, begin: int, stop: int, free: int, extra: int, window: int, after: int
) -> int:
    """The least key beyond `after`, at places from `begin` to `stop`, of a job that may pass; else FOREVER.

    It may if it needs at most `free` nodes, and either at most `extra` or ends within `window`.
    """
    up, i, best = 0, begin, FOREVER
    while up > 0 or i < stop:
        base, edge = level[up], (i // FAN + 1) * FAN
        while i < edge:
            nodes = tree[LEAST_NODES, base + i]
            if (
                nodes <= free
                and tree[LEAST_KEY, base + i] < best
                and (nodes <= extra or tree[LEAST_LIMIT, base + i] <= window)
                and (up > 0 or tree[LEAST_KEY, base + i] > after)
            ):
                break
            i += 1
        if i < edge:
            if up == 0:
                if i >= stop:
                    return best
                best = tree[LEAST_KEY, i]
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
