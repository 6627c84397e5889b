"""One pool from a snapshot on, with and without a job more: first starts of many hypothetical jobs at once.

EASY (or no) backfill with one pass a second, as :mod:`exatwin.schedule._kernel` in batch mode. Jobs stand in
the order of the queue, their *places*. A *probe* is a job that is asked about: it is looked at whenever the
queue is, at its place, but takes nothing, so that one course serves all probes; a probe whose turn has come
without room for it goes on alone in a copy of the course, where it holds the reservation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.jit import inner, jit

NEVER = np.iinfo(np.int64).max
_FAR = np.iinfo(np.int64).max // 4
_NOBODY = np.iinfo(np.int32).max
_WIDE = 64  # places of a block
# rows of a job: submission after the snapshot (NEVER for a probe), nodes, limit, run time
SUBMIT, NODES, LIMIT, RUN = range(4)
# rows of a running job: true end, end by its limit, nodes
END, DUE, HELD = range(3)
# entries of the counters: free nodes, next submission, running jobs; blocks between which all that wait stand
_FREE, _NEXT, _RUNNING, _FIRST, _LAST = range(5)


@inner
def _put(ends: Any, dues: Any, c: Any, end: int, due: int, nodes: int) -> None:
    """Let a job run: ends fall along `ends`, so that the next is last; dues rise along `dues`."""
    k = c[_RUNNING]
    while k > 0 and ends[0, k - 1] < end:
        ends[0, k], ends[1, k], ends[2, k] = ends[0, k - 1], ends[1, k - 1], ends[2, k - 1]
        k -= 1
    ends[0, k], ends[1, k], ends[2, k] = end, due, nodes
    k = c[_RUNNING]
    while k > 0 and dues[0, k - 1] > due:
        dues[0, k], dues[1, k] = dues[0, k - 1], dues[1, k - 1]
        k -= 1
    dues[0, k], dues[1, k] = due, nodes
    c[_RUNNING] += 1
    c[_FREE] -= nodes


@inner
def _finish(ends: Any, dues: Any, c: Any) -> None:
    """End the job that ends next."""
    last = c[_RUNNING] - 1
    due, nodes = ends[1, last], ends[2, last]
    k = np.searchsorted(dues[0, : last + 1], due)
    while dues[1, k] != nodes:
        k += 1
    for i in range(k, last):
        dues[0, i], dues[1, i] = dues[0, i + 1], dues[1, i + 1]
    c[_RUNNING] = last
    c[_FREE] += nodes


@inner
def _enqueue(job: Any, wait: Any, least: Any, c: Any, place: int) -> None:
    wait[place] = True
    block = place // _WIDE
    least[0, block] = min(least[0, block], job[NODES, place])
    least[1, block] = min(least[1, block], job[LIMIT, place])
    c[_FIRST] = min(c[_FIRST], block)
    c[_LAST] = max(c[_LAST], block)


@inner
def _start(job: Any, wait: Any, least: Any, ends: Any, dues: Any, c: Any, place: int, now: int) -> None:
    wait[place] = False
    _put(ends, dues, c, now + job[RUN, place], now + job[LIMIT, place], job[NODES, place])
    block = place // _WIDE
    low = block * _WIDE
    least[0, block], least[1, block] = _NOBODY, _FAR
    for i in range(low, min(low + _WIDE, len(wait))):
        if wait[i]:
            least[0, block] = min(least[0, block], job[NODES, i])
            least[1, block] = min(least[1, block], job[LIMIT, i])


@inner
def _following(
    wait: Any, least: Any, job: Any, c: Any, place: int, free: int, extra: int, window: int
) -> int:
    """First place from `place` on whose job fits and delays nobody; the number of places if there is none."""
    places = len(wait)
    stop = min(places, (c[_LAST] + 1) * _WIDE)
    while place < stop:
        block = place // _WIDE
        if least[0, block] > free or (least[0, block] > extra and least[1, block] > window):
            place = (block + 1) * _WIDE
            continue
        for i in range(place, min((block + 1) * _WIDE, places)):
            if wait[i] and job[NODES, i] <= free and (job[NODES, i] <= extra or job[LIMIT, i] <= window):
                return i
        place = (block + 1) * _WIDE
    return places


@inner
def _reserve(dues: Any, c: Any, now: int, nodes: int) -> tuple[int, int]:
    """Return for how long others may run beside a reservation of `nodes`, and the nodes that it leaves."""
    free, k = c[_FREE], 0
    while k < c[_RUNNING]:
        due = dues[0, k]
        while k < c[_RUNNING] and dues[0, k] == due:
            free += dues[1, k]
            k += 1
        if free >= nodes:
            return due - now, free - nodes
    return _FAR, free


@inner
def _pass(
    job: Any,
    wait: Any,
    least: Any,
    ends: Any,
    dues: Any,
    c: Any,
    backfill: int,
    now: int,
    probe: Any,
    begun: Any,
) -> int:
    """Start who can, and let each probe say so; return the first probe whose turn has come in vain, or -1.

    That one goes on alone, after which the pass is called again: it has done nothing yet behind the head.
    """
    places, probes, p = len(wait), len(probe), 0
    while c[_FIRST] < least.shape[1] and least[0, c[_FIRST]] == _NOBODY:
        c[_FIRST] += 1
    place = _following(wait, least, job, c, c[_FIRST] * _WIDE, _NOBODY - 1, _NOBODY - 1, _FAR)
    while True:
        while p < probes and probe[p] <= place:
            if begun[p] == NEVER:
                if job[NODES, probe[p]] > c[_FREE]:
                    return p
                begun[p] = now
            p += 1
        if place >= places:
            return -1
        if job[NODES, place] > c[_FREE]:
            break
        _start(job, wait, least, ends, dues, c, place, now)
        place = _following(wait, least, job, c, place + 1, _NOBODY - 1, _NOBODY - 1, _FAR)
    if backfill == 0:
        return -1
    window, extra = _FAR, _NOBODY
    if backfill == 1:
        window, extra = _reserve(dues, c, now, job[NODES, place])
    while c[_FREE] > 0 and place < places:
        place = _following(wait, least, job, c, place + 1, c[_FREE], extra, window)
        while p < probes and probe[p] <= place:
            nodes = job[NODES, probe[p]]
            if begun[p] == NEVER and nodes <= c[_FREE] and (nodes <= extra or job[LIMIT, probe[p]] <= window):
                begun[p] = now
            p += 1
        if place < places:
            if job[LIMIT, place] > window:
                extra -= job[NODES, place]
            _start(job, wait, least, ends, dues, c, place, now)
    return -1


@inner
def _instant(job: Any, order: Any, wait: Any, least: Any, ends: Any, dues: Any, c: Any) -> int:
    """Let all end and all be submitted that do so at the next instant; return it, NEVER if there is none."""
    now = NEVER
    if c[_NEXT] < len(order):
        now = job[SUBMIT, order[c[_NEXT]]]
    if c[_RUNNING] > 0:
        now = min(now, ends[0, c[_RUNNING] - 1])
    while c[_RUNNING] > 0 and ends[0, c[_RUNNING] - 1] == now:
        _finish(ends, dues, c)
    while c[_NEXT] < len(order) and job[SUBMIT, order[c[_NEXT]]] == now:
        _enqueue(job, wait, least, c, order[c[_NEXT]])
        c[_NEXT] += 1
    return now


@inner
def _alone(
    job: Any, order: Any, wait: Any, least: Any, ends: Any, dues: Any, c: Any, backfill: int, until: int,
    now: int, place: int,
) -> int:  # fmt: skip
    """Return when the probe at `place` starts that waits from `now` on; NEVER for not before `until`."""
    nobody = np.empty(0, np.int64)
    _enqueue(job, wait, least, c, place)
    while now < until:
        _pass(job, wait, least, ends, dues, c, backfill, now, nobody, nobody)
        if not wait[place]:
            return now
        now = _instant(job, order, wait, least, ends, dues, c)
    return NEVER


@jit
def ahead(
    job: Any, order: Any, running: Any, free: int, backfill: int, until: int, probe: Any, begun: Any
) -> None:
    """Write into `begun` when each probe starts if it is submitted at 0: NEVER for not before `until`.

    Parameters
    ----------
    job
        Jobs in the order of the queue, the probes among them, shape (4, places).
    order
        Places in the order of submission, probes left out.
    running
        What runs at 0, shape (3, running jobs).
    free
        Nodes that are free at 0.
    backfill
        0 for none, 1 for EASY, 2 for whoever fits, without a reservation.
    probe
        Places of the probes, ascending.
    """
    places = job.shape[1]
    wait = np.zeros(places, np.bool_)
    least = np.empty((2, places // _WIDE + 1), np.int64)
    least[0], least[1] = _NOBODY, _FAR
    room = running.shape[1] + places + 1
    ends, dues, c = np.empty((3, room), np.int64), np.empty((2, room), np.int64), np.zeros(5, np.int64)
    for k in range(running.shape[1]):
        _put(ends, dues, c, running[END, k], running[DUE, k], running[HELD, k])
    c[_FREE] = free
    begun[:] = NEVER
    now = 0
    while c[_NEXT] < len(order) and job[SUBMIT, order[c[_NEXT]]] <= 0:
        _enqueue(job, wait, least, c, order[c[_NEXT]])
        c[_NEXT] += 1
    while now < until:
        p = _pass(job, wait, least, ends, dues, c, backfill, now, probe, begun)
        while p >= 0:
            n = c[_RUNNING] + places + 1
            begun[p] = _alone(
                job, order, wait.copy(), least.copy(), ends[:, :n].copy(), dues[:, :n].copy(), c.copy(),
                backfill, until, now, probe[p],
            )  # fmt: skip
            if begun[p] == NEVER:
                begun[p] = NEVER - 1
            p = _pass(job, wait, least, ends, dues, c, backfill, now, probe, begun)
        left = 0
        for k in range(len(probe)):
            left += begun[k] == NEVER
        if left == 0:
            break
        now = _instant(job, order, wait, least, ends, dues, c)
    for k in range(len(probe)):
        if begun[k] >= NEVER - 1:
            begun[k] = NEVER
