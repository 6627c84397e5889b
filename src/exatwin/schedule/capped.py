"""Caps, clocks and distance as the arrays of the event loop."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout_power as lp
from exatwin.schedule._slurm.layout import FOREVER, HAS_POWER, HAS_SPREAD
from exatwin.schedule.clocks import Clocks
from exatwin.schedule.communication import Communication, fewest
from exatwin.schedule.floor import Floor
from exatwin.schedule.power_rule import GRAINS, MODES, PowerRule
from exatwin.schedule.windows import bits_of
from exatwin.workload.job import Jobs

__all__ = ["begun", "clocks_of", "grown", "held", "known", "power_options"]


def power_options(numbers: Int64, power: PowerRule | None, spread: Communication | None) -> None:
    """Write into `numbers` what there is of caps and distance."""
    if power is not None:
        numbers[HAS_POWER] = 1
        numbers[lp.POWER_MODE] = MODES.index(power.mode)
        numbers[lp.LIMITS_KEPT] = int(power.limits == "kept")
        numbers[lp.CAPPED_GROUPS] = int(any(cap.nodes is not None for cap in power.caps))
    if spread is not None:
        numbers[HAS_SPREAD] = 1
        numbers[lp.PLACING] = {"spread": lp.SPREAD, "random": lp.RANDOM}.get(spread.placing, lp.BY_SEGMENTS)
        numbers[lp.HAS_SWITCHES] = int(spread.most is not None)
        numbers[lp.HAS_PENALTY] = int(spread.penalty is not None)


def known(jobs: Jobs, floor: Floor, power: PowerRule | None, spread: Communication | None) -> lp.Known:
    """Return what the loop reads of watts, clocks and distance."""
    many = len(jobs)
    groups = floor.group_of_node.astype(np.int64)
    near = Communication() if spread is None else spread
    switch = groups if near.switch_of_node is None else near.switch_of_node[: floor.capacity]
    blank = np.zeros(many, np.int64)
    return lp.Known(
        **_of_power(many, floor, power),
        unit=_shut(np.stack([groups, switch.astype(np.int64)])),
        most_units=_shut(blank if near.most is None else near.most),
        patience=_shut(blank + np.asarray(near.patience_s, np.int64)),
        traffic=_shut(np.zeros(many) if near.penalty is None else near.penalty.astype(np.float64)),
        least_units=_shut(blank if near.penalty is None else fewest(jobs.nodes.astype(np.int64), groups)),
    )


def _of_power(many: int, floor: Floor, power: PowerRule | None) -> dict[str, np.ndarray]:
    """Lay out caps with that of the machine first; it is there even where only groups have one."""
    words = int(np.sum(-(-floor.pool_nodes.astype(np.int64) // 64)))
    pools = len(floor.pool_nodes)
    if power is None:
        one = np.zeros((1, 1), np.int64)
        return {
            "klass": _shut(np.zeros(many, np.int64)),
            "watt": _shut(one),
            "stretch": _shut(np.ones((1, 1))),
            "family": _shut(np.zeros(1, np.int64)),
            "cut": _shut(np.zeros((2, 0), np.int64)),
            "cap": _shut(one + FOREVER),
            "cap_at": _shut(np.array([-FOREVER])),
            "base": _shut(np.zeros(1, np.int64)),
            "zone": _shut(np.zeros((1, words), np.uint64)),
            "zone_nodes": _shut(np.zeros((1, pools), np.int64)),
        }
    whole = [row for row, cap in enumerate(power.caps) if cap.nodes is None]
    rows = [*whole, *(row for row, cap in enumerate(power.caps) if cap.nodes is not None)]
    edges = sorted({round(edge) for row in rows for edge in power.caps[row].most_w.edges_s[1:-1].tolist()})
    cap_at = np.array([-FOREVER, *edges])
    times = np.array([power.caps[rows[0]].most_w.start_s - 1.0, *edges])
    cap = [_grains(power.caps[row].most_w.at(times)) for row in rows]
    base = [round(power.base_w[row] * GRAINS) for row in rows]
    zone = [bits_of(floor, _inside(power.caps[row].nodes, floor)) for row in rows]
    nodes = [
        np.bincount(floor.pool_of_node[_inside(power.caps[row].nodes, floor)], minlength=pools)
        for row in rows
    ]
    if not whole:
        cap.insert(0, np.full(len(cap_at), FOREVER))
        base.insert(0, 0)
        zone.insert(0, np.zeros(words, np.uint64))
        nodes.insert(0, np.zeros(pools, np.int64))
    family = np.ravel(np.unique(power.stretch, axis=0, return_inverse=True)[1])
    return {
        "klass": _shut(power.klass),
        "watt": _shut(np.rint(power.above_w * GRAINS).astype(np.int64)),
        "stretch": _shut(power.stretch.astype(np.float64)),
        "family": _shut(family),
        "cut": _shut(_cuts(power, family)),
        "cap": _shut(np.stack(cap)),
        "cap_at": _shut(cap_at),
        "base": _shut(np.array(base, np.int64)),
        "zone": _shut(np.stack(zone)),
        "zone_nodes": _shut(np.stack(nodes).astype(np.int64)),
    }


def _inside(nodes: Int64 | None, floor: Floor) -> Int64:
    every = np.arange(floor.capacity)
    return every if nodes is None else nodes[nodes < floor.capacity]


def _grains(watts: np.ndarray) -> Int64:
    return np.where(np.isfinite(watts), np.floor(np.minimum(watts, 1e15) * GRAINS), FOREVER).astype(np.int64)


def _cuts(power: PowerRule, family: np.ndarray) -> Int64:
    """Return families and steps in the order in which they are left for the next: by what a saved watt costs.

    What a step costs is the work that a node does less in a second. Steps of a family stay in order: one that
    is cheaper than the one before it has the price of both.
    """
    many, last = int(family.max(initial=0)) + 1, power.stretch.shape[1] - 1
    watts = np.stack([power.above_w[family == one].mean(axis=0) for one in range(many)])
    lost = 1.0 - 1.0 / np.stack([power.stretch[family == one][0] for one in range(many)])
    price = np.zeros((many, last))
    for one in range(many):
        at = 0
        while at < last:  # the lower hull of what is lost over what is saved
            more, less = lost[one, at + 1 :] - lost[one, at], watts[one, at] - watts[one, at + 1 :]
            each = np.where(less > 0.0, more / np.maximum(less, 1e-12), np.where(more > 0.0, np.inf, 0.0))
            stop = at + 1 + int(np.flatnonzero(each <= each.min())[-1])
            price[one, at:stop] = each.min()
            at = stop
    order = np.argsort(price.ravel(), kind="stable")
    return np.stack(np.divmod(order, max(last, 1))).astype(np.int64)


def held(read: lp.Known, rows: int, groups: int) -> lp.Held:
    """Return what the loop remembers of watts and clocks, before the first event."""
    caps, steps = len(read.base), read.watt.shape[1]
    return lp.Held(
        drawn=np.zeros((caps, steps), np.int64),
        share=np.zeros((caps, rows), np.int64),
        pace=np.zeros((lp.PACE_ROWS, rows + 1), np.int64),
        left=np.zeros((lp.LEFT_ROWS, rows)),
        change=np.zeros((3, 8 * rows if steps > 1 else 1), np.int64),
        level=np.zeros(caps, np.int64),
        begins=np.zeros(int(read.family.max(initial=0)) + 1, np.int64),
        stops=np.zeros(int(read.family.max(initial=0)) + 1, np.int64),
        free_in=np.zeros(groups, np.int64),
    )


def begun(counter: np.ndarray, spread: Communication | None) -> None:
    """Write into `counter` what there is before the first event: nobody waits, and the first draw."""
    counter[lp.NEXT_WAKE] = FOREVER
    counter[lp.LAST_DRAW] = 1 + (0 if spread is None else spread.seed) % 2147483646


def grown(memory: lp.Held) -> lp.Held:
    """Return the memory with more room for changes of clocks."""
    return memory._replace(change=np.concatenate([memory.change, np.zeros_like(memory.change)], axis=1))


def clocks_of(power: PowerRule | None, row: Int64, changed: np.ndarray) -> Clocks | None:
    """Return at which clock the attempts ran.

    Parameters
    ----------
    power
        The rule; None where there is none.
    row
        Row of the job of each attempt, shape (attempts,).
    changed
        Changes that the loop wrote down: which job (-1: all), when, to which step, shape (3, changes).
    """
    if power is None or changed.shape[1] == 0:
        return None
    which, time_s, step = changed
    if np.all(which < 0):
        return Clocks.of_changes(power.frequency_frac, np.zeros(len(row), np.int64), which * 0, time_s, step)
    return Clocks.of_changes(power.frequency_frac, row.astype(np.int64), which, time_s, step)


def _shut(array: np.ndarray) -> np.ndarray:
    kind = array.dtype if array.dtype in (np.float64, np.uint64) else np.int64
    view = np.ascontiguousarray(array, kind).view()
    view.flags.writeable = False
    return view
