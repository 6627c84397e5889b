"""Priorities: keys of the jobs at their period, and the usage that fair shares are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.layout import (
    AGE_POINTS,
    ASSOC,
    BY_END,
    CALC_PERIOD,
    CHANGED,
    FIRST_PLACE,
    GREATEST_AGE,
    HOLDER,
    LAST_CALC,
    LEFT,
    QUEUED,
    ROWS,
    SINCE,
    START,
)
from exatwin.schedule._slurm.line import reorder


@lean
def rate(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Set the key of a job: its score, or with priorities minus its priority."""
    if o[CALC_PERIOD] == 0:
        m.key[job] = g.score[job]
        return
    age = min(1.0, (now - m.job[SINCE, job]) / m.weigh[GREATEST_AGE])
    points = g.score[job] + m.weigh[AGE_POINTS] * age + m.share[g.job[ASSOC, job]]
    m.key[job] = -max(1.0, np.floor(points))


@lean
def charge(g: Any, m: Any, job: int, now: int) -> None:
    """Add what a job has used since usage was last brought up to date."""
    ran = now - max(m.job[START, job], m.counter[LAST_CALC])
    m.usage[g.job[ASSOC, job]] += g.charge[job] * ran * m.weigh[LEFT] ** ran


@lean
def bring_up_to_date(g: Any, m: Any, now: int) -> None:
    """Decay all usage to now, with what runs."""
    faded = m.weigh[LEFT] ** (now - m.counter[LAST_CALC])
    for i in range(len(m.usage)):
        m.usage[i] *= faded
    for i in range(m.counter[ROWS]):
        charge(g, m, m.row[HOLDER, m.row[BY_END, i]], now)
    m.counter[LAST_CALC] = now


@lean
def rate_all(g: Any, m: Any, o: Any, now: int) -> None:
    """Set the keys of all that wait, and bring them into order."""
    for pool in range(m.pool.shape[1]):
        first = g.pool[FIRST_PLACE, pool]
        for i in range(first, first + m.pool[QUEUED, pool]):
            rate(g, m, o, m.queue[i], now)
        reorder(g, m, pool)
    m.counter[CHANGED] = 1
