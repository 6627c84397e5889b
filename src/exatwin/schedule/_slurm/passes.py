"""Who starts now: heads of the queue in strict order, what passes them by EASY, and Slurm's cycle."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import common, copy, count
from exatwin.schedule._slurm.choose import choose
from exatwin.schedule._slurm.first import first_of, head_of
from exatwin.schedule._slurm.fits import fewest
from exatwin.schedule._slurm.layout import (
    ALLOWED,
    BACKFILL,
    CENTRE,
    CHOSEN,
    EASY,
    FAR,
    FIRST_PLACE,
    FIRST_WORD,
    FOREVER,
    FREE,
    FRONT,
    HAS_WINDOWS,
    HEAD,
    LIMIT,
    LIVE,
    NAMED,
    NODES,
    OFFERED,
    PREEMPTS,
    QUEUED,
    SHADE,
    SHORTEST,
    SORTED,
)
from exatwin.schedule._slurm.layout_power import CAPPED_GROUPS
from exatwin.schedule._slurm.limits import may_start
from exatwin.schedule._slurm.line import job_of, nth, withdraw
from exatwin.schedule._slurm.power import fits, keep_first, need, room
from exatwin.schedule._slurm.power import usable as keep_capped
from exatwin.schedule._slurm.preempt import make_room
from exatwin.schedule._slurm.running import start
from exatwin.schedule._slurm.shadow import shadow, shadow_nodes
from exatwin.schedule._slurm.spread import fits as near
from exatwin.schedule._slurm.windows import usable

# what becomes of a job that is looked at: it starts, it waits and blocks those behind it, it is passed over
READY, WAITS, PASSED = 0, 1, 2


@lean
def place(g: Any, m: Any, o: Any, pool: int, job: int, now: int) -> int:
    """Choose free nodes for a job that would start now; say what becomes of it."""
    wanted = g.job[NODES, job]
    if wanted > m.pool[FREE, pool] or need(g, m, o, job) > room(g, m, o):
        return WAITS
    bits = m.free
    if o[HAS_WINDOWS] + o[CAPPED_GROUPS] > 0:
        bits = m.scratch[OFFERED]
        copy(m.free, bits, g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1])
    return choose_from(g, m, o, bits, pool, job, now)


@lean
def choose_from(g: Any, m: Any, o: Any, bits: Any, pool: int, job: int, now: int) -> int:
    """The same, among the nodes in `bits`: those that windows and caps of groups keep from it are dropped."""
    wanted = g.job[NODES, job]
    if o[HAS_WINDOWS] + o[CAPPED_GROUPS] > 0:
        usable(g, m, o, job, now, now + g.job[LIMIT, job], bits)
        keep_capped(g, m, o, job, bits)
        if count(bits, g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]) < wanted:
            return WAITS
    if o[NAMED] > 0:
        choose(g, m, o, bits, pool, wanted)
    if not near(g, m, o, job, now):
        return PASSED
    return READY if fits(g, m, o, job, now) else WAITS


@lean
def begin(g: Any, m: Any, o: Any, job: int, now: int) -> None:
    """Start a job that waits on the nodes in CHOSEN."""
    withdraw(g, m, o, job)
    start(g, m, o, job, now)


@lean
def start_heads(g: Any, m: Any, o: Any, pool: int, now: int, depth: int) -> bool:
    """Start the heads of a queue while they fit, looking at `depth` at most; return whether that was too few.

    A job that its limits hold back is passed over, and without EASY one that only a window keeps from nodes;
    the first that can't start for want of nodes or watts blocks those behind it.
    """
    at, seen, blocked = 0, 0, False
    while at < m.pool[QUEUED, pool] and seen < depth:
        job = head_of(g, m, o, pool, at)
        seen += 1
        if not may_start(g, m, o, job, now):
            at += 1
            continue
        tried = o[PREEMPTS] == 0
        while True:
            found = place(g, m, o, pool, job, now)
            if found != WAITS or tried or not make_room(g, m, o, job, now, 0):
                break
            tried = True
        if found == WAITS and (o[BACKFILL] == EASY or not _in_the_way(g, m, o, pool, job)):
            blocked = True
            break
        if found == READY:
            begin(g, m, o, job, now)
        else:
            at += 1
    m.pool[HEAD, pool] = at
    return not blocked and seen == depth and at < m.pool[QUEUED, pool]


@lean
def _in_the_way(g: Any, m: Any, o: Any, pool: int, job: int) -> bool:
    """Whether it is only a window that keeps a job from nodes that are idle."""
    idle = g.job[NODES, job] <= m.pool[FREE, pool] and need(g, m, o, job) <= room(g, m, o)
    return o[HAS_WINDOWS] > 0 and idle


@lean
def pass_easy(g: Any, m: Any, o: Any, pool: int, now: int) -> None:
    """Start what neither outlasts the shadow time of the head nor needs more than is left over then."""
    if m.pool[HEAD, pool] >= m.pool[QUEUED, pool] - 1 or m.pool[FREE, pool] < fewest(m.tree, g.level):
        return
    head = head_of(g, m, o, pool, m.pool[HEAD, pool])
    if o[HAS_WINDOWS] > 0 and m.counter[LIVE] > 0:
        _pass_beside_windows(g, m, o, pool, head, now)
        return
    edge, extra, watts = shadow(g, m, o, pool, head, now)
    after, at = _before_all(m, o, head), m.pool[HEAD, pool] + 1
    while m.pool[FREE, pool] > 0:
        after, at = _candidate(g, m, o, pool, at, extra, edge - now, after)
        if after == FOREVER:
            return
        job = job_of(after)
        late, asks = now + g.job[LIMIT, job] > edge, need(g, m, o, job)
        if (late and asks > watts) or not may_start(g, m, o, job, now):
            continue
        if place(g, m, o, pool, job, now) == READY:
            if late:
                extra -= g.job[NODES, job]
                watts -= asks
            begin(g, m, o, job, now)
            m.key[job] = after


@where(CENTRE)
def _pass_beside_windows(g: Any, m: Any, o: Any, pool: int, head: int, now: int) -> None:
    """The same where nodes are not for everybody at all times.

    At its time the head may choose among the nodes in the row SHADE; what outlasts that may take as many of
    these as are left over, and any others. Without windows these are all nodes, and it is the same as above.
    """
    edge, extra, watts = shadow_nodes(g, m, o, pool, head, now)
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    held = m.scratch[SHADE]
    beside = m.pool[FREE, pool] - common(m.free, held, low, high)
    after, at = _before_all(m, o, head), m.pool[HEAD, pool] + 1
    while m.pool[FREE, pool] > 0:
        after, at = _candidate(g, m, o, pool, at, extra + beside, edge - now, after)
        if after == FOREVER:
            return
        job = job_of(after)
        late, asks = now + g.job[LIMIT, job] > edge, need(g, m, o, job)
        if asks > room(g, m, o) or (late and asks > watts) or not may_start(g, m, o, job, now):
            continue
        if not _sparing(g, m, o, pool, job, now, extra if late else FOREVER):
            continue
        used = common(m.scratch[CHOSEN], held, low, high)
        beside -= g.job[NODES, job] - used
        if late:
            extra -= used
            watts -= asks
        begin(g, m, o, job, now)
        m.key[job] = after


@lean
def _sparing(g: Any, m: Any, o: Any, pool: int, job: int, now: int, most: int) -> bool:
    """Choose free nodes for a job, at most so many of those in the row SHADE; say whether there are any."""
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    bits, held = m.scratch[OFFERED], m.scratch[SHADE]
    copy(m.free, bits, low, high)
    if choose_from(g, m, o, bits, pool, job, now) != READY:
        return False
    if common(m.scratch[CHOSEN], held, low, high) <= most:
        return True
    copy(m.free, bits, low, high)
    usable(g, m, o, job, now, now + g.job[LIMIT, job], bits)
    keep_first(bits, held, low, high, most)
    return choose_from(g, m, o, bits, pool, job, now) == READY


@lean
def _before_all(m: Any, o: Any, head: int) -> int:
    """What is before all that stand behind the head: its key, or shortest first nothing."""
    return -1 if o[SHORTEST] > 0 else m.key[head]


@lean
def _candidate(
    g: Any, m: Any, o: Any, pool: int, at: int, extra: int, window: int, after: int
) -> tuple[int, int]:
    """The next key beyond `after` of a job that may pass the head, and where to look next; FOREVER if none.

    A short queue is gone through from place `at` on (one further back if the last has started), a long one by
    the tree. Shortest first, it is the next by limit and key.
    """
    if o[SHORTEST] > 0:
        return _shortest(g, m, pool, extra, window, after), at
    if m.pool[FAR, pool] > 0:
        return first_of(g, m, o, pool, extra, window, after), at
    low, free = g.pool[FIRST_PLACE, pool] + m.pool[FRONT, pool], m.pool[FREE, pool]
    at = max(at - 1, 0)
    while at < m.pool[SORTED, pool]:
        key = m.queue[low + at]
        job = job_of(key)
        at += 1
        nodes = g.job[NODES, job]
        if key > after and nodes <= free and (nodes <= extra or g.job[LIMIT, job] <= window):
            return key, at
    return FOREVER, at


@lean
def _shortest(g: Any, m: Any, pool: int, extra: int, window: int, after: int) -> int:
    """The next key beyond `after`, by limit, then key, of a job that may pass the head; else FOREVER.

    All behind the head are looked at: the queue has no order of limits.
    """
    low, end = g.pool[FIRST_PLACE, pool] + m.pool[FRONT, pool], g.pool[FIRST_PLACE, pool + 1]
    near, free = m.pool[SORTED, pool], m.pool[FREE, pool]
    last = g.job[LIMIT, job_of(after)] if after >= 0 else -1
    best, least = FOREVER, FOREVER
    for i in range(m.pool[HEAD, pool] + 1, near + m.pool[FAR, pool]):
        key = m.queue[low + i] if i < near else m.queue[end - 1 - (i - near)]
        nodes, limit = g.job[NODES, job_of(key)], g.job[LIMIT, job_of(key)]
        fits_in = nodes <= free and (nodes <= extra or limit <= window)
        beyond = limit > last or (limit == last and key > after)
        if fits_in and beyond and (limit < least or (limit == least and key < best)):
            best, least = key, limit
    return best


@lean
def allow(g: Any, m: Any, o: Any, most: int) -> None:
    """Say how many jobs of each pool are among the first `most` of all."""
    pools, total = m.pool.shape[1], 0
    for pool in range(pools):
        m.pool[ALLOWED, pool] = min(m.pool[QUEUED, pool], most)
        total += m.pool[QUEUED, pool]
    if pools == 1 or total <= most:
        return
    for pool in range(pools):
        m.pool[ALLOWED, pool] = 0
    for _ in range(most):
        best, least = -1, 0
        for pool in range(pools):
            at = m.pool[ALLOWED, pool]
            if at == m.pool[QUEUED, pool]:
                continue
            key = m.key[nth(g, m, o, pool, at)]
            if best < 0 or key < least:
                best, least = pool, key
        m.pool[ALLOWED, best] += 1
