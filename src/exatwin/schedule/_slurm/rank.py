"""Priorities: keys of the jobs at their period, and the usage that fair shares are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    AGE_POINTS,
    ASSOC,
    BACKFILL,
    BOUND,
    BY_END,
    CALC_PERIOD,
    CHANGED,
    DRIFT,
    DYNAMIC,
    EAGER,
    EASY,
    FAR,
    FIRST_PLACE,
    FIT_PLACE,
    FRONT,
    GREATEST_AGE,
    HIGHEST,
    HOLDER,
    JOB_BITS,
    LAST_CALC,
    LEAST_KEY,
    LEFT,
    LOOKED,
    NOW,
    ONLY_UP,
    ORDER_BITS,
    QUEUED,
    RATED,
    RATED_AT,
    RESCORE,
    RESETS,
    ROWS,
    SHORTEST,
    SINCE,
    SORTED,
    STALE,
    START,
    SUBMIT,
    TRIES,
)
from exatwin.schedule._slurm.line import job_of, sift


@lean
def by_priority(g: Any, m: Any, job: int, now: int) -> int:
    """The order of a job by its tier, then by its priority, from 1 to 2^32 - 1."""
    age = min(1.0, max(0, now - m.job[SINCE, job]) / m.weigh[GREATEST_AGE])
    points = g.score[job] + m.weigh[AGE_POINTS] * age + m.share[g.job[ASSOC, job]]
    priority = int(min(max(1.0, np.floor(points)), HIGHEST + 0.0))
    return (g.tier[job] << ORDER_BITS) + HIGHEST - priority


@lean
def rate(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Set the key of a job: by its score, or with priorities by its priority, then by its number.

    Where the order changes as jobs wait, it is the last until the next pass.
    """
    if o[CALC_PERIOD] > 0:
        order = by_priority(g, m, job, now)
    elif o[DYNAMIC] > 0:
        order = HIGHEST
    elif o[RESCORE] > 0 and m.job[TRIES, job] > 0:
        order = 2 * (m.job[SINCE, job] - g.job[SUBMIT, 0]) + 1
    else:
        order = 2 * int(g.score[job])
    m.key[job] = (order << JOB_BITS) | job
    m.job[RATED, job] = now


@lean
def charge(g: Any, m: Any, job: int, now: int) -> None:
    """Add what a job has used since usage was last brought up to date."""
    ran = now - max(m.job[START, job], m.counter[LAST_CALC])
    m.usage[g.job[ASSOC, job]] += g.charge[job] * ran * m.weigh[LEFT] ** ran


@lean
def bring_up_to_date(g: Any, m: Any, now: int) -> None:
    """Decay all usage to now, with what runs."""
    last = m.counter[LAST_CALC]
    faded = m.weigh[LEFT] ** (now - last)
    while m.counter[RESETS] < len(g.reset) and g.reset[m.counter[RESETS]] <= now:
        m.counter[RESETS] += 1
        faded = 0.0
    for i in range(len(m.usage)):
        m.usage[i] *= faded
    for i in range(m.counter[ROWS]):
        charge(g, m, m.row[HOLDER, m.row[BY_END, i]], now)
    m.counter[LAST_CALC] = now


@lean
def rate_all(g: Any, m: Any, o: Any, now: int) -> None:
    """Let keys be those of now, and bring queues into order as far as they were.

    With EASY, keys of jobs that are far behind stay what they were until they are needed (see `first`).
    """
    m.counter[EAGER] = max(m.counter[EAGER] - 1, 0)
    if o[BACKFILL] == EASY and o[ONLY_UP] + o[SHORTEST] + m.counter[EAGER] == 0:
        _rate_near(g, m, o, now)
    else:
        refresh(g, m, o, now)
    m.counter[CHANGED] = 1


@lean
def refresh(g: Any, m: Any, o: Any, now: int) -> None:
    """Set the keys of all that wait to those of `now`, when they were calculated last."""
    for pool in range(m.pool.shape[1]):
        first, end = g.pool[FIRST_PLACE, pool], g.pool[FIRST_PLACE, pool + 1]
        if m.pool[QUEUED, pool] == 0:
            continue
        low = first + m.pool[FRONT, pool]
        _rate_stretch(g, m, o, low, low + m.pool[SORTED, pool], now)
        _rate_stretch(g, m, o, end - m.pool[FAR, pool], end, now)
        _raise_bound(m, o, pool)
        sift(m, o, pool, first, end, m.pool[FAR, pool])
    m.counter[STALE] = 1
    m.counter[DRIFT] = m.counter[LOOKED] = 0
    m.counter[RATED_AT] = now
    for i in range(len(m.share)):
        m.least_share[i] = m.share[i]


@lean
def _rate_near(g: Any, m: Any, o: Any, now: int) -> None:
    """Set the keys of the jobs that are in order, and say by how much others may have come forward."""
    for pool in range(m.pool.shape[1]):
        first, low = g.pool[FIRST_PLACE, pool], g.pool[FIRST_PLACE, pool] + m.pool[FRONT, pool]
        _rate_stretch(g, m, o, low, low + m.pool[SORTED, pool], now)
        sift(m, o, pool, first, g.pool[FIRST_PLACE, pool + 1], 0)
    gained = 0.0
    for i in range(len(m.share)):
        m.least_share[i] = min(m.least_share[i], m.share[i])
        gained = max(gained, m.share[i] - m.least_share[i])
    gained += m.weigh[AGE_POINTS] * (now - m.counter[RATED_AT]) / m.weigh[GREATEST_AGE]
    # points are cut to whole ones
    m.counter[DRIFT] = np.int64(min(gained + 2.0, HIGHEST + 0.0)) << JOB_BITS


@lean
def _rate_stretch(g: Any, m: Any, o: Any, low: int, high: int, now: int) -> None:
    """Set the keys of a stretch to those of `now`, but of who has joined after that."""
    joined_later = m.counter[NOW] >= now
    for i in range(low, high):
        job = job_of(m.queue[i])
        if joined_later and m.job[RATED, job] > now:
            m.queue[i] = m.key[job]
            continue
        key = (by_priority(g, m, job, now) << JOB_BITS) | job
        if o[ONLY_UP] > 0:
            key = min(key, m.queue[i])
        m.queue[i] = key
        m.key[job] = key
        if o[BACKFILL] == EASY:
            m.tree[LEAST_KEY, g.fit[FIT_PLACE, job]] = key


@lean
def _raise_bound(m: Any, o: Any, pool: int) -> None:
    """Move the bound between near and far by what all jobs have aged in a period."""
    grown = np.int64(m.weigh[AGE_POINTS] * o[CALC_PERIOD] / m.weigh[GREATEST_AGE])
    m.pool[BOUND, pool] -= grown << JOB_BITS
