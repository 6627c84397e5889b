"""Fair Tree in the loop: what `exatwin.schedule.priority.fair_tree` says with lists, on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    FAIR_POINTS,
    OPEN,
    STOP,
    TIED,
    TOTAL,
    VALUE,
)


@lean
def rank_shares(g: Any, m: Any) -> None:
    """Give each user the points of its rank by Fair Tree, now that usage has changed."""
    users = _values(g, m)
    value = m.worth[VALUE]
    rank, left = users, users
    top = _children(g, m, 0, 0)
    m.stack[OPEN, 0], m.stack[STOP, 0], m.stack[TIED, 0] = 0, top, 0
    depth = 1
    while depth > 0:
        depth -= 1
        i, stop, tied = m.stack[OPEN, depth], m.stack[STOP, depth], m.stack[TIED, depth] > 0
        begin = i
        while i < stop:
            row = m.order[i]
            if i > begin:
                tied = value[m.order[i - 1]] == value[row]
            if g.is_user[row] == 0:
                break
            if not tied:
                rank = left
            m.share[row] = m.weigh[FAIR_POINTS] * (rank / users)
            left -= 1
            i += 1
        if i == stop:
            continue
        same = i
        while same < stop and value[m.order[same]] == value[m.order[i]]:
            same += 1
        m.stack[OPEN, depth], m.stack[STOP, depth], m.stack[TIED, depth] = same, stop, 0
        depth += 1
        first = top
        for k in range(i, same):
            top = _children(g, m, m.order[k], top)
        if same > i + 1:
            _sort(g, m, m.order, first, top)
        m.stack[OPEN, depth], m.stack[STOP, depth], m.stack[TIED, depth] = first, top, 1 if tied else 0
        depth += 1


@lean
def _values(g: Any, m: Any) -> int:
    """Put the share of each association over its part of the usage of its account into VALUE; count users."""
    total, value, users = m.worth[TOTAL], m.worth[VALUE], 0
    for row in range(len(total)):
        total[row] = m.usage[row]
    for row in range(len(total) - 1, 0, -1):
        total[g.parent[row]] += total[row]
    for row in range(len(total)):
        m.share[row] = 0.0
        users += g.is_user[row]
        value[row] = np.inf
        if row == 0 or g.level_frac[row] < 0:
            continue
        up = total[g.parent[row]]
        used = total[row] / up if up > 0 else 0.0
        if g.level_frac[row] == 0:
            value[row] = 0.0
        elif used > 0:
            value[row] = g.level_frac[row] / used
    return users


@lean
def _children(g: Any, m: Any, row: int, top: int) -> int:
    """Append the children of an association to the lists, greatest value first; return their end."""
    first, stop = g.child_first[row], g.child_first[row + 1]
    _sort(g, m, m.child, first, stop)
    for i in range(first, stop):
        m.order[top] = m.child[i]
        top += 1
    return top


@lean
def _ahead(g: Any, m: Any, a: int, b: int) -> bool:
    """Whether `a` is ranked before `b`: the greater value, of equal ones the user."""
    one, other = m.worth[VALUE, a], m.worth[VALUE, b]
    return one > other or (one == other and g.is_user[a] > g.is_user[b])


@lean
def _sort(g: Any, m: Any, rows: Any, first: int, stop: int) -> None:
    """Sort by insertion: from one period to the next hardly anything moves."""
    for i in range(first + 1, stop):
        row, at = rows[i], i
        while at > first and _ahead(g, m, row, rows[at - 1]):
            rows[at] = rows[at - 1]
            at -= 1
        rows[at] = row
