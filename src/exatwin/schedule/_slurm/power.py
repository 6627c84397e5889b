"""Whether the watts suffice, and at which clock everything runs so that they do.

Watts are counted above those of idle nodes. A cap admits by what jobs are predicted to draw: at full clock,
or where clocks may fall, at the slowest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import common
from exatwin.schedule._slurm.layout import (
    ATTEMPT,
    BY_END,
    CENTRE,
    CHANGED,
    CHOSEN,
    ENDS,
    FIRST_NODE,
    FIRST_WORD,
    FOREVER,
    HAS_POWER,
    HOLDER,
    LENGTH,
    LIMIT,
    NODES,
    POOL,
    ROW,
    ROWS,
    START,
    TOUCHED,
    UP,
)
from exatwin.schedule._slurm.layout_power import (
    ADMISSION,
    AT,
    CAP_PIECE,
    CAPPED_GROUPS,
    HOLD_LEFT,
    HOLD_UNTIL,
    IN_TURN,
    LEAST_STEP,
    LIMIT_LEFT,
    POWER_MODE,
    STEP,
    UNSETTLED,
    WHOLE_WORK,
    WORK_TO_DO,
)

_ONE = np.uint64(1)


@lean
def admitted_at(g: Any, o: Any) -> int:
    """The clock step by whose watts jobs are admitted."""
    return 0 if o[POWER_MODE] == ADMISSION else g.power.watt.shape[1] - 1


@where(CENTRE, otherwise=0)
def need(g: Any, m: Any, o: Any, job: int) -> int:
    """What the job adds to the machine."""
    if o[HAS_POWER] == 0:
        return 0
    return g.job[NODES, job] * g.power.watt[g.power.klass[job], admitted_at(g, o)]


@where(CENTRE, otherwise=FOREVER)
def room(g: Any, m: Any, o: Any) -> int:
    """What the machine's cap leaves now."""
    if o[HAS_POWER] == 0:
        return FOREVER
    return _room(g, m, o, 0)


@lean
def _room(g: Any, m: Any, o: Any, cap: int) -> int:
    now = g.power.cap[cap, m.counter[CAP_PIECE]]
    return now - g.power.base[cap] - m.power.drawn[cap, admitted_at(g, o)]


@where(CENTRE, otherwise=0)
def frees(g: Any, m: Any, o: Any, row: int) -> int:
    """What the machine gains as a running job ends."""
    if o[HAS_POWER] == 0:
        return 0
    return need(g, m, o, m.row[HOLDER, row])


@lean
def possible(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether the caps of now would let the job run on an idle machine."""
    if o[HAS_POWER] == 0:
        return True
    piece, each = m.counter[CAP_PIECE], g.power.watt[g.power.klass[job], admitted_at(g, o)]
    if each <= 0:
        return True
    if g.job[NODES, job] * each > g.power.cap[0, piece] - g.power.base[0]:
        return False
    pool, lost = g.job[POOL, job], 0
    for cap in range(1, len(g.power.base)):
        most = max(0, (g.power.cap[cap, piece] - g.power.base[cap]) // each)
        lost += max(0, g.power.zone_nodes[cap, pool] - most)
    return lost == 0 or g.job[NODES, job] <= g.pool[FIRST_NODE, pool + 1] - g.pool[FIRST_NODE, pool] - lost


@where(CENTRE)
def usable(g: Any, m: Any, o: Any, job: int, bits: Any) -> None:
    """Take out of `bits` the nodes of groups that have no watts left for the job; their first nodes stay."""
    if o[HAS_POWER] == 0 or o[CAPPED_GROUPS] == 0:
        return
    each = g.power.watt[g.power.klass[job], admitted_at(g, o)]
    if each <= 0:
        return
    low, high = g.pool[FIRST_WORD, g.job[POOL, job]], g.pool[FIRST_WORD, g.job[POOL, job] + 1]
    for cap in range(1, len(g.power.base)):
        zone, most = g.power.zone[cap], max(0, _room(g, m, o, cap) // each)
        if common(bits, zone, low, high) > most:
            keep_first(bits, zone, low, high, most)


@lean
def keep_first(bits: Any, zone: Any, low: int, high: int, most: int) -> None:
    """Take out of `bits` all nodes of the zone but the first `most`."""
    for w in range(low, high):
        rest, kept = bits[w] & zone[w], bits[w] & ~zone[w]
        while rest != 0 and most > 0:
            lowest = rest & (~rest + _ONE)
            kept |= lowest
            rest ^= lowest
            most -= 1
        bits[w] = kept


@where(CENTRE, otherwise=True)
def fits(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether the job may start now on the nodes in the row CHOSEN."""
    if o[HAS_POWER] == 0:
        return True
    each = g.power.watt[g.power.klass[job], admitted_at(g, o)]
    if each <= 0:
        return True
    if g.job[NODES, job] * each > _room(g, m, o, 0):
        return False
    low, high = g.pool[FIRST_WORD, g.job[POOL, job]], g.pool[FIRST_WORD, g.job[POOL, job] + 1]
    for cap in range(1, len(g.power.base)):
        nodes = common(m.scratch[CHOSEN], g.power.zone[cap], low, high)
        if nodes > 0 and nodes * each > _room(g, m, o, cap):
            return False
    return True


@where(CENTRE)
def take(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Count what a job that starts now on the nodes in the row CHOSEN draws."""
    if o[HAS_POWER] == 0:
        return
    row, pool, klass = m.job[ROW, job], g.job[POOL, job], g.power.klass[job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    for cap in range(len(g.power.base)):
        nodes = g.job[NODES, job]
        if cap > 0:
            nodes = common(m.scratch[CHOSEN], g.power.zone[cap], low, high)
        m.power.share[cap, row] = nodes
        for step in range(g.power.watt.shape[1]):
            m.power.drawn[cap, step] += nodes * g.power.watt[klass, step]
    m.power.pace[STEP, row] = 0
    m.power.pace[LEAST_STEP, row] = 0
    m.power.pace[AT, row] = now
    m.power.left[WORK_TO_DO, row] = m.job[LENGTH, job]
    m.power.left[WHOLE_WORK, row] = m.job[LENGTH, job]
    m.power.left[LIMIT_LEFT, row] = g.job[LIMIT, job]
    m.counter[UNSETTLED] = 1
    i = m.counter[ROWS] - 1
    while i > 0 and _turns_before(g, m, row, m.power.pace[IN_TURN, i - 1]):
        m.power.pace[IN_TURN, i] = m.power.pace[IN_TURN, i - 1]
        i -= 1
    m.power.pace[IN_TURN, i] = row


@lean
def _turns_before(g: Any, m: Any, row: int, other: int) -> bool:
    """Whether a running job is slowed down before another: by family, then in the order of the log."""
    a, b = m.row[HOLDER, row], m.row[HOLDER, other]
    mine, its = g.power.family[g.power.klass[a]], g.power.family[g.power.klass[b]]
    return mine < its or (mine == its and a < b)


@where(CENTRE)
def give(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Count no more what a job draws that ends now; it is no longer among the running rows."""
    if o[HAS_POWER] == 0:
        return
    row, klass = m.job[ROW, job], g.power.klass[job]
    for cap in range(len(g.power.base)):
        for step in range(g.power.watt.shape[1]):
            m.power.drawn[cap, step] -= m.power.share[cap, row] * g.power.watt[klass, step]
    i = 0
    while m.power.pace[IN_TURN, i] != row:
        i += 1
    for k in range(i, m.counter[ROWS]):
        m.power.pace[IN_TURN, k] = m.power.pace[IN_TURN, k + 1]
    m.counter[UNSETTLED] = 1


@where(CENTRE, otherwise=FOREVER)
def next_change(g: Any, m: Any, o: Any) -> int:
    """When a cap changes next."""
    if o[HAS_POWER] == 0 or m.counter[CAP_PIECE] + 1 >= len(g.power.cap_at):
        return FOREVER
    return g.power.cap_at[m.counter[CAP_PIECE] + 1]


@where(CENTRE)
def changed(g: Any, m: Any, o: Any, now: int) -> None:
    """Take up the caps of now; where one has changed, everybody may try again."""
    while next_change(g, m, o) <= now:
        m.counter[CAP_PIECE] += 1
        m.counter[UNSETTLED] = 1
        m.counter[CHANGED] = 1
        for pool in range(m.pool.shape[1]):
            m.pool[TOUCHED, pool] = 1


@lean
def hold_none(m: Any) -> None:
    """A cycle begins: nobody waits for watts yet."""
    m.counter[HOLD_UNTIL] = 0


@lean
def hold(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """Hold the watts of a job that lacks them, if it is the first; return when it has them by all limits."""
    have, wanted, when = room(g, m, o), need(g, m, o, job), now
    for i in range(m.counter[ROWS]):
        row = m.row[BY_END, i]
        if have >= wanted and m.row[UP, row] > when:
            break
        have += frees(g, m, o, row)
        when = m.row[UP, row]
    if have < wanted:
        return FOREVER
    if m.counter[HOLD_UNTIL] == 0:
        m.counter[HOLD_UNTIL] = max(when, now + 1)
        m.counter[HOLD_LEFT] = have - wanted
    return max(when, now + 1)


@lean
def passes(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether there are watts for the job beside those held; they are booked if so."""
    wanted = need(g, m, o, job)
    if o[HAS_POWER] == 0 or wanted <= 0:
        return True
    if wanted > room(g, m, o):
        return False
    if m.counter[HOLD_UNTIL] == 0 or now + g.job[LIMIT, job] <= m.counter[HOLD_UNTIL]:
        return True
    if wanted > m.counter[HOLD_LEFT]:
        return False
    m.counter[HOLD_LEFT] -= wanted
    return True


@lean
def progress(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """How far the attempt that runs has come by now, as seconds of its own at full clock."""
    if o[HAS_POWER] == 0 or o[POWER_MODE] == ADMISSION:
        return min(now - m.job[START, job], min(m.job[LENGTH, job], g.job[LIMIT, job]))
    row = m.job[ROW, job]
    ran = max(0, min(now, m.attempt[ENDS, m.job[ATTEMPT, job]]) - m.power.pace[AT, row])
    did = ran / g.power.stretch[g.power.klass[job], m.power.pace[STEP, row]]
    whole = m.power.left[WHOLE_WORK, row]
    return int(np.floor(min(whole - m.power.left[WORK_TO_DO, row] + did, whole) + 1e-6))
