"""A wide tree over the waiting jobs, by nodes and limit, in which those that may pass a head are found.

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
