"""Jobs that push others aside: those of the lowest priority first, then the youngest, no more than needed."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import add, common, copy, count, drop
from exatwin.schedule._slurm.layout import (
    BOOKED,
    BOOKED_FROM,
    BY_END,
    CENTRE,
    CLASS,
    DYNAMIC,
    EXEMPT,
    FIRST_WORD,
    HIGH_WORD,
    HOLDER,
    JOB_BITS,
    LIMIT,
    LOW_WORD,
    NODES,
    POOL,
    PREEMPTS,
    ROOM,
    ROW,
    ROWS,
    SHOVED,
    START,
    TO_QUEUE,
)
from exatwin.schedule._slurm.running import cut
from exatwin.schedule._slurm.windows import usable

PREEMPTED = 8  # by Slurm's numbers


@where(CENTRE, otherwise=False)
def make_room(g: Any, m: Any, o: Any, job: int, now: int, records: int) -> bool:
    """End running jobs that `job` may push aside until it could start; return whether it can.

    The first `records` of a plan hold nodes for jobs that come before it: it gets none of these, whoever is
    on them now.
    """
    if o[PREEMPTS] == 0:
        return False
    pool, wanted = g.job[POOL, job], g.job[NODES, job]
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    room, whole = m.scratch[ROOM], m.scratch[SHOVED]
    copy(m.free, room, low, high)
    _open(g, m, o, job, now, records, room)
    found, have = _candidates(g, m, o, job, now), count(room, low, high)
    for i in range(found):
        row = m.job[ROW, m.victim[i]]
        add(room, m.held[row], m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
    _open(g, m, o, job, now, records, room)
    copy(room, whole, low, high)
    if count(whole, low, high) < wanted:
        return False
    taken = 0
    while have < wanted:
        row = m.job[ROW, m.victim[taken]]
        have += common(m.held[row], whole, m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
        taken += 1
    for i in range(taken - 1, -1, -1):
        row = m.job[ROW, m.victim[i]]
        gives = common(m.held[row], whole, m.row[LOW_WORD, row], m.row[HIGH_WORD, row])
        if have - gives >= wanted:
            have -= gives
            continue
        cut(g, m, o, m.victim[i], now, PREEMPTED, o[PREEMPTS] == TO_QUEUE)
    return True


@lean
def _open(g: Any, m: Any, o: Any, job: int, now: int, records: int, bits: Any) -> None:
    """Take out of `bits` the nodes that windows, or the plan, keep from the job until its limit."""
    pool, until = g.job[POOL, job], now + g.job[LIMIT, job]
    usable(g, m, o, job, now, until, bits)
    for b in range(m.pool[BOOKED, pool] if records > 0 else 0):
        if m.booking[BOOKED_FROM, b] <= until:
            drop(bits, m.booked[b], g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1])


@lean
def _candidates(g: Any, m: Any, o: Any, job: int, now: int) -> int:
    """List the running jobs that `job` may push aside, in the order in which they go; return how many."""
    found = 0
    for i in range(m.counter[ROWS]):
        other = m.row[HOLDER, m.row[BY_END, i]]
        ran = now - m.job[START, other]
        if g.job[POOL, other] != g.job[POOL, job] or g.pushes[g.job[CLASS, job], g.job[CLASS, other]] == 0:
            continue
        if ran < o[EXEMPT] or ran == 0:
            continue
        k = found
        while k > 0 and _goes_before(m, o, other, m.victim[k - 1]):
            m.victim[k] = m.victim[k - 1]
            k -= 1
        m.victim[k] = other
        found += 1
    return found


@lean
def _goes_before(m: Any, o: Any, a: int, b: int) -> bool:
    # an order that changes as jobs wait says nothing of those that run
    if o[DYNAMIC] == 0 and m.key[a] >> JOB_BITS != m.key[b] >> JOB_BITS:
        return m.key[a] > m.key[b]
    if m.job[START, a] != m.job[START, b]:
        return m.job[START, a] > m.job[START, b]
    return a > b
