"""Most that groups of jobs may run, hold, have used and have sent."""

from __future__ import annotations

import math
from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    CENTRE,
    FOREVER,
    HALF_LIFE,
    HAS_LIMITS,
    JOB_TIME,
    JOBS_NOW,
    JOBS_UP,
    LIMIT,
    METERED,
    MOST_JOBS,
    MOST_LEFT,
    MOST_NODES,
    MOST_SENT,
    MOST_USED,
    MOST_WALL,
    NODE_TIME,
    NODES,
    NODES_NOW,
    NODES_UP,
    NOW,
    SAFE,
    SENT_NOW,
    USED_AT,
)
from exatwin.schedule._slurm.layout_power import NEXT_WAKE
from exatwin.schedule._slurm.power import possible
from exatwin.schedule.priority import DECAY

_LONGEST = 2.0**40


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
        if g.limit[METERED, group] != 0 and _used_up(g, m, job, group, now):
            return False
    return True


@lean
def _used_up(g: Any, m: Any, job: int, group: int, now: int) -> bool:
    """Whether the group has used so much that the job must wait; if so, note when to look again."""
    _bring_up(g, m, group, now)
    nodes, jobs = m.group[NODES_NOW, group], m.group[JOBS_NOW, group]
    node_time, job_time = g.limit[MOST_USED, group] + 0.0, g.limit[MOST_WALL, group] + 0.0
    if g.limit[SAFE, group] != 0:
        node_time -= m.group[NODES_UP, group] - now * nodes + g.job[NODES, job] * g.job[LIMIT, job] - 1
        job_time -= m.group[JOBS_UP, group] - now * jobs + g.job[LIMIT, job] - 1
        nodes = jobs = 0  # what runs has been counted in full, and ends
    wait = max(
        _falls_below(g, m.used[NODE_TIME, group], nodes, node_time, group),
        _falls_below(g, m.used[JOB_TIME, group], jobs, job_time, group),
    )
    if wait <= 0.0:
        return False
    when = FOREVER
    if wait < _LONGEST:
        when = now + int(wait) + 1
    after = _resets_until(g, now)
    if after < len(g.reset) and g.limit[HALF_LIFE, group] < FOREVER:
        when = min(when, g.reset[after])
    m.counter[NEXT_WAKE] = min(m.counter[NEXT_WAKE], when)
    return True


@lean
def _rate(half: int) -> float:
    """How fast usage decays with a half-life, as Slurm's share of each second has it [1/s]."""
    return -math.log1p(-DECAY / half)


@lean
def _falls_below(g: Any, used: float, running: int, most: float, group: int) -> float:
    """After how many seconds `used` is below `most`, if no more start and none end; 0 if it is now."""
    if used < most:
        return 0.0
    half = g.limit[HALF_LIFE, group]
    if half == 0 or half == FOREVER or most <= 0.0:
        return 2.0 * _LONGEST
    rate = _rate(half)
    steady = running / rate
    if steady >= most:
        return 2.0 * _LONGEST
    return max(1.0, math.log((used - steady) / (most - steady)) / rate)


@lean
def _resets_until(g: Any, now: int) -> int:
    """How many of the instants have gone by at which all usage is forgotten."""
    low, high = 0, len(g.reset)
    while low < high:
        middle = (low + high) // 2
        if g.reset[middle] <= now:
            low = middle + 1
        else:
            high = middle
    return low


@lean
def _bring_up(g: Any, m: Any, group: int, now: int) -> None:
    """Bring what a group has used up to now: what there was decays, what runs adds."""
    last, half = m.group[USED_AT, group], g.limit[HALF_LIFE, group]
    gone = _resets_until(g, now) if half < FOREVER else 0
    if gone > 0 and g.reset[gone - 1] > last:
        last = g.reset[gone - 1]
        m.used[NODE_TIME, group] = 0.0
        m.used[JOB_TIME, group] = 0.0
    passed = now - last
    m.group[USED_AT, group] = now
    if passed <= 0:
        return
    left, counts = 1.0, passed + 0.0
    if 0 < half < FOREVER:
        rate = _rate(half)
        left = math.exp(-rate * passed)
        counts = (1.0 - left) / rate
    m.used[NODE_TIME, group] = m.used[NODE_TIME, group] * left + m.group[NODES_NOW, group] * counts
    m.used[JOB_TIME, group] = m.used[JOB_TIME, group] * left + m.group[JOBS_NOW, group] * counts


@where(CENTRE)
def count_in(g: Any, m: Any, o: Any, job: int, up: int, sign: int) -> None:
    """Count a job whose limit is up at `up` in all its groups (`sign` 1), or no more (-1)."""
    if o[HAS_LIMITS] == 0:
        return
    nodes = g.job[NODES, job]
    for i in range(g.member_first[job], g.member_first[job + 1]):
        group = g.member[i]
        if g.limit[METERED, group] != 0:
            _bring_up(g, m, group, m.counter[NOW])
        m.group[JOBS_NOW, group] += sign
        m.group[NODES_NOW, group] += sign * nodes
        m.group[NODES_UP, group] += sign * nodes * up
        m.group[JOBS_UP, group] += sign * up


@lean
def count_sent(g: Any, m: Any, job: int) -> bool:
    """Count a job that is submitted in all its groups; return whether none of them has too many."""
    for i in range(g.member_first[job], g.member_first[job + 1]):
        if m.group[SENT_NOW, g.member[i]] >= g.limit[MOST_SENT, g.member[i]]:
            return False
    for i in range(g.member_first[job], g.member_first[job + 1]):
        m.group[SENT_NOW, g.member[i]] += 1
    return True


@lean
def count_gone(g: Any, m: Any, o: Any, job: int) -> None:
    """Count a job that has ended for good no more."""
    if o[HAS_LIMITS] == 0:
        return
    for i in range(g.member_first[job], g.member_first[job + 1]):
        m.group[SENT_NOW, g.member[i]] -= 1
