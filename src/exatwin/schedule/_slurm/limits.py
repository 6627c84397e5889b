"""Most running jobs and nodes of groups of jobs."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.schedule._slurm.layout import (
    CENTRE,
    HAS_LIMITS,
    JOBS_NOW,
    LIMIT,
    MOST_JOBS,
    MOST_LEFT,
    MOST_NODES,
    NODES,
    NODES_NOW,
    NODES_UP,
)
from exatwin.schedule._slurm.power import possible


@where(CENTRE, otherwise=True)
def may_start(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether neither a limit nor a cap of now stands against the job, whatever nodes are free."""
    if not possible(g, m, o, job, now):
        return False
    if o[HAS_LIMITS] == 0:
        return True
    nodes = g.job[NODES, job]
    for i in range(g.member_first[job], g.member_first[job + 1]):
        group = g.member[i]
        if m.group[JOBS_NOW, group] >= g.limit[MOST_JOBS, group]:
            return False
        if m.group[NODES_NOW, group] + nodes > g.limit[MOST_NODES, group]:
            return False
        left = m.group[NODES_UP, group] - now * m.group[NODES_NOW, group]
        if left + nodes * g.job[LIMIT, job] > g.limit[MOST_LEFT, group]:
            return False
    return True


@where(CENTRE)
def count_in(g: Any, m: Any, o: Any, job: int, up: int, sign: int) -> None:
    """Count a job whose limit is up at `up` in all its groups (`sign` 1), or no more (-1)."""
    if o[HAS_LIMITS] == 0:
        return
    nodes = g.job[NODES, job]
    for i in range(g.member_first[job], g.member_first[job + 1]):
        group = g.member[i]
        m.group[JOBS_NOW, group] += sign
        m.group[NODES_NOW, group] += sign * nodes
        m.group[NODES_UP, group] += sign * nodes * up
