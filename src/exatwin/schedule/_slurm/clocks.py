"""The clock of every running job: as fast as the caps bear, all alike or those that lose least first."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.heap import _before, _swap
from exatwin.schedule._slurm.layout import (
    ATTEMPT,
    BY_END,
    CENTRE,
    CUT,
    END_OF_JOB,
    ENDS,
    EPILOG,
    HAS_POWER,
    HEAP,
    HOLDER,
    LENGTH,
    ORDER,
    ROWS,
    START,
    UP,
    WHEN,
    WHO,
)
from exatwin.schedule._slurm.layout_power import (
    ADMISSION,
    AT,
    CAP_PIECE,
    CAPPED_GROUPS,
    CHANGED_AT,
    CHANGED_JOB,
    CHANGED_TO,
    CLOCKS,
    COMMON_STEP,
    IN_TURN,
    LEAST_STEP,
    LIMIT_LEFT,
    LIMITS_KEPT,
    NEW_STEP,
    POWER_MODE,
    STEP,
    UNIFORM,
    UNSETTLED,
    WORK_TO_DO,
)
from exatwin.schedule._slurm.limits import count_in

_KIND = 56
_HAIR_S = 1e-6  # a run that is longer by rounding only does not take another second


@where(CENTRE)
def settle(g: Any, m: Any, o: Any, now: int) -> None:
    """Find the clocks anew where something has started, ended or changed."""
    if o[HAS_POWER] == 0 or m.counter[UNSETTLED] == 0 or o[POWER_MODE] == ADMISSION:
        return
    m.counter[UNSETTLED] = 0
    if o[POWER_MODE] == UNIFORM:
        _alike(g, m, o, now)
    else:
        _least_first(g, m)
    moved = 0
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        if m.power.pace[NEW_STEP, row] != m.power.pace[STEP, row]:
            moved += _change(g, m, o, row, now)
    if moved > 0:
        _sort_by_limit(m)
        _sort_events(m, o)


@lean
def _fastest(g: Any, m: Any, cap: int) -> int:
    """The fastest step at which all that runs keeps a cap, were all at one; else the slowest."""
    last = g.power.watt.shape[1] - 1
    most = g.power.cap[cap, m.counter[CAP_PIECE]] - g.power.base[cap]
    for step in range(last):
        if m.power.drawn[cap, step] <= most:
            return step
    return last


@lean
def _alike(g: Any, m: Any, o: Any, now: int) -> None:
    """One step for all of a capped group, and one for the machine; the slower of both counts."""
    rows = m.counter[ROWS]
    if o[CAPPED_GROUPS] == 0:
        step = _fastest(g, m, 0)
        if step != m.counter[COMMON_STEP]:
            m.counter[COMMON_STEP] = step
            _write(m, -1, now, step)
        for i in range(rows):
            m.power.pace[NEW_STEP, m.row[BY_END, i]] = step
        return
    for cap in range(1, len(g.power.base)):
        m.power.level[cap] = _fastest(g, m, cap)
    for i in range(rows):
        row, least = m.row[BY_END, i], 0
        for cap in range(1, len(g.power.base)):
            if m.power.share[cap, row] > 0:
                least = max(least, m.power.level[cap])
        m.power.pace[LEAST_STEP, row] = least
    last = g.power.watt.shape[1] - 1
    most = g.power.cap[0, m.counter[CAP_PIECE]] - g.power.base[0]
    step = 0
    while step < last and _drawn_at(g, m, step) > most:
        step += 1
    for i in range(rows):
        row = m.row[BY_END, i]
        m.power.pace[NEW_STEP, row] = max(step, m.power.pace[LEAST_STEP, row])


@lean
def _drawn_at(g: Any, m: Any, step: int) -> int:
    """What the machine draws above idle with nobody faster than a step."""
    total = 0
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        klass = g.power.klass[m.row[HOLDER, row]]
        total += m.power.share[0, row] * g.power.watt[klass, max(step, m.power.pace[LEAST_STEP, row])]
    return total


@lean
def _least_first(g: Any, m: Any) -> None:
    """Slow down by one step after the other, those first that cost least for the watts they save.

    Caps of groups come first. Within a step it goes job by job, until the cap is kept.
    """
    rows, caps = m.counter[ROWS], len(g.power.base)
    for cap in range(caps):
        m.power.level[cap] = m.power.drawn[cap, 0]
    for family in range(len(m.power.begins)):
        m.power.begins[family] = m.power.stops[family] = 0
    for i in range(rows):
        row = m.power.pace[IN_TURN, i]
        m.power.pace[NEW_STEP, row] = 0
        family = g.power.family[g.power.klass[m.row[HOLDER, row]]]
        if m.power.stops[family] == 0:
            m.power.begins[family] = i
        m.power.stops[family] = i + 1
    for k in range(caps):
        cap = (k + 1) % caps
        most = g.power.cap[cap, m.counter[CAP_PIECE]] - g.power.base[cap]
        at = 0
        while at < g.power.cut.shape[1] and m.power.level[cap] > most:
            _cut(g, m, cap, most, g.power.cut[0, at], g.power.cut[1, at])
            at += 1


@lean
def _cut(g: Any, m: Any, cap: int, most: int, family: int, step: int) -> None:
    """Take the jobs of a family at a step to the next, one after the other, while a cap asks for it."""
    i = m.power.begins[family]
    while i < m.power.stops[family] and m.power.level[cap] > most:
        row = m.power.pace[IN_TURN, i]
        i += 1
        if m.power.share[cap, row] == 0 or m.power.pace[NEW_STEP, row] != step:
            continue
        klass = g.power.klass[m.row[HOLDER, row]]
        saved = g.power.watt[klass, step] - g.power.watt[klass, step + 1]
        for other in range(len(g.power.base)):
            m.power.level[other] -= m.power.share[other, row] * saved
        m.power.pace[NEW_STEP, row] = step + 1


@lean
def _change(g: Any, m: Any, o: Any, row: int, now: int) -> int:
    """Bring a running job to its new step: how long it will take, and when its limit is up."""
    job, old, new = m.row[HOLDER, row], m.power.pace[STEP, row], m.power.pace[NEW_STEP, row]
    begun, attempt = m.job[START, job], m.job[ATTEMPT, job]
    if m.attempt[ENDS, attempt] < now:
        return 0  # only its epilog runs
    klass, ran = g.power.klass[job], now - m.power.pace[AT, row]
    did = ran / g.power.stretch[klass, old]
    m.power.left[WORK_TO_DO, row] -= did
    m.power.left[LIMIT_LEFT, row] -= did
    m.power.pace[AT, row] = now
    m.power.pace[STEP, row] = new
    slower, up = g.power.stretch[klass, new], m.row[UP, row]
    takes = now - begun + _seconds(m.power.left[WORK_TO_DO, row] * slower)
    if o[LIMITS_KEPT] == 0:
        m.row[UP, row] = now + _seconds(m.power.left[LIMIT_LEFT, row] * slower)
        count_in(g, m, o, job, up, -1)
        count_in(g, m, o, job, m.row[UP, row], 1)
    m.job[LENGTH, job] = takes
    m.job[CUT, job] = 1 if begun + takes > m.row[UP, row] else 0
    m.attempt[ENDS, attempt] = min(begun + takes, m.row[UP, row])
    if o[POWER_MODE] != UNIFORM or o[CAPPED_GROUPS] != 0:
        _write(m, job, now, new)
    return 1


@lean
def _seconds(time: float) -> int:
    """Whole seconds, rounded up."""
    return max(0, int(np.ceil(time - _HAIR_S)))


@lean
def _write(m: Any, job: int, now: int, step: int) -> None:
    """Write down a change of clock: of a job, or (-1) of all."""
    at = m.counter[CLOCKS]
    m.counter[CLOCKS] = at + 1
    m.power.change[CHANGED_JOB, at] = job
    m.power.change[CHANGED_AT, at] = now
    m.power.change[CHANGED_TO, at] = step


@lean
def _sort_by_limit(m: Any) -> None:
    """Bring the running jobs into the order of their limits again; most of it still holds."""
    for i in range(1, m.counter[ROWS]):
        row, k = m.row[BY_END, i], i
        while k > 0 and m.row[UP, m.row[BY_END, k - 1]] > m.row[UP, row]:
            m.row[BY_END, k] = m.row[BY_END, k - 1]
            k -= 1
        m.row[BY_END, k] = row


@lean
def _sort_events(m: Any, o: Any) -> None:
    """Bring the ends of jobs into the heap at their new times."""
    size = m.counter[HEAP]
    for i in range(size):
        if m.heap[ORDER, i] >> _KIND == END_OF_JOB:
            m.heap[WHEN, i] = m.attempt[ENDS, m.job[ATTEMPT, m.heap[WHO, i]]] + o[EPILOG]
    for top in range(size // 2 - 1, -1, -1):
        i, least = top, 2 * top + 1
        while least < size:
            if least + 1 < size and _before(m.heap, least + 1, least):
                least += 1
            if not _before(m.heap, least, i):
                break
            _swap(m.heap, i, least)
            i, least = least, 2 * least + 1
