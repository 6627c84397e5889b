"""Jobs whose nodes are far apart: ways of taking nodes, how long a job waits for near ones, what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.handle import where
from exatwin.foundation.jit import lean
from exatwin.schedule._slurm.bits import ONE, count, trailing, whole
from exatwin.schedule._slurm.layout import (
    CENTRE,
    CHANGED,
    CHOSEN,
    FIRST_NODE,
    FIRST_WORD,
    FOREVER,
    HAS_LIMITS,
    HAS_SPREAD,
    POOL,
    SINCE,
    TOUCHED,
)
from exatwin.schedule._slurm.layout_power import (
    GROUP,
    HAS_PENALTY,
    HAS_SWITCHES,
    LAST_DRAW,
    NEXT_WAKE,
    SWITCH,
)

_MINSTD, _MODULUS = 48271, 2147483647


@lean
def _spanned(g: Any, m: Any, pool: int, kind: int) -> int:
    """How many groups (or switches) the nodes in the row CHOSEN are in."""
    low, base, found, last = g.pool[FIRST_WORD, pool], g.pool[FIRST_NODE, pool], 0, -1
    for w in range(low, g.pool[FIRST_WORD, pool + 1]):
        rest = m.scratch[CHOSEN, w]
        while rest != 0:
            unit = g.power.unit[kind, base + 64 * (w - low) + whole(trailing(rest))]
            if unit != last:
                found += 1
                last = unit
            rest &= rest - ONE
    return found


@lean
def length(g: Any, m: Any, o: Any, job: int, nominal: int) -> int:
    """How long the job takes on the nodes in the row CHOSEN for what takes `nominal` seconds side by side."""
    if o[HAS_SPREAD] == 0 or o[HAS_PENALTY] == 0:
        return nominal
    groups, least = _spanned(g, m, g.job[POOL, job], GROUP), g.power.least_units[job]
    if groups <= least:
        return nominal
    more = g.power.traffic[job]
    stretched = (1.0 + more * (1.0 - 1.0 / groups)) / (1.0 + more * (1.0 - 1.0 / least))
    return int(np.floor(nominal * stretched + 0.5))


@where(CENTRE, otherwise=True)
def fits(g: Any, m: Any, o: Any, job: int, now: int) -> bool:
    """Whether the nodes in the row CHOSEN are near enough for the job, or it has waited for that enough."""
    if o[HAS_SPREAD] == 0 or o[HAS_SWITCHES] == 0 or g.power.most_units[job] == 0:
        return True
    until = m.job[SINCE, job] + g.power.patience[job]
    if now >= until or _spanned(g, m, g.job[POOL, job], SWITCH) <= g.power.most_units[job]:
        return True
    m.counter[NEXT_WAKE] = min(m.counter[NEXT_WAKE], until)
    return False


@where(CENTRE, otherwise=FOREVER)
def next_wake(g: Any, m: Any, o: Any) -> int:
    """When a job next stops waiting for few switches, or for what its groups have used."""
    return m.counter[NEXT_WAKE] if o[HAS_SPREAD] + o[HAS_LIMITS] != 0 else FOREVER


@where(CENTRE)
def woken(g: Any, m: Any, o: Any, now: int) -> None:
    """Let all pools be looked at as a job stops waiting for few switches, or for its groups' usage."""
    if o[HAS_SPREAD] + o[HAS_LIMITS] == 0 or m.counter[NEXT_WAKE] > now:
        return
    m.counter[NEXT_WAKE] = FOREVER
    m.counter[CHANGED] = 1
    for pool in range(m.pool.shape[1]):
        m.pool[TOUCHED, pool] = 1


@where(CENTRE)
def choose_spread(g: Any, m: Any, o: Any, bits: Any, pool: int, want: int) -> None:
    """Put `want` of the nodes in `bits` into the row CHOSEN, from all groups as evenly as they allow."""
    low, high, base = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1], g.pool[FIRST_NODE, pool]
    first = g.power.unit[GROUP, base]
    groups = g.power.unit[GROUP, g.pool[FIRST_NODE, pool + 1] - 1] - first + 1
    for group in range(groups):
        m.power.free_in[group] = 0
    for w in range(low, high):
        rest = bits[w]
        while rest != 0:
            node = base + 64 * (w - low) + whole(trailing(rest))
            m.power.free_in[g.power.unit[GROUP, node] - first] += 1
            rest &= rest - ONE
    level, below = 0, 0  # each group gives up to `level`; the first that have more give one more
    while True:
        taken = 0
        for group in range(groups):
            taken += min(m.power.free_in[group], level + 1)
        if taken > want:
            break
        level, below = level + 1, taken
        if taken == want:
            break
    more = want - below
    for group in range(groups):
        gives = min(m.power.free_in[group], level)
        if more > 0 and m.power.free_in[group] > level:
            gives += 1
            more -= 1
        m.power.free_in[group] = gives
    for w in range(low, high):
        rest = bits[w]
        while rest != 0:
            node = base + 64 * (w - low) + whole(trailing(rest))
            group = g.power.unit[GROUP, node] - first
            if m.power.free_in[group] > 0:
                m.power.free_in[group] -= 1
                m.scratch[CHOSEN, w] |= rest & (~rest + ONE)
            rest &= rest - ONE


@where(CENTRE)
def choose_random(g: Any, m: Any, o: Any, bits: Any, pool: int, want: int) -> None:
    """Put `want` of the nodes in `bits` into the row CHOSEN, each as likely as any other (draws: MINSTD)."""
    low, high = g.pool[FIRST_WORD, pool], g.pool[FIRST_WORD, pool + 1]
    left = count(bits, low, high)
    for w in range(low, high):
        rest = bits[w]
        while rest != 0 and want > 0:
            m.counter[LAST_DRAW] = m.counter[LAST_DRAW] * _MINSTD % _MODULUS
            if m.counter[LAST_DRAW] * left < want * _MODULUS:
                m.scratch[CHOSEN, w] |= rest & (~rest + ONE)
                want -= 1
            left -= 1
            rest &= rest - ONE
