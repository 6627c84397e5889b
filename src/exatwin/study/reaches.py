"""IT power over reaches of time in which the nodes' clock and the water's temperature stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from exatwin.catalogue.leakage import Leakage
from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64, Int32
from exatwin.foundation.signal import Signal
from exatwin.power.it import ItPower, it_power
from exatwin.schedule.result import Placement, Schedule
from exatwin.study.centre.downtime import Down
from exatwin.workload.draw import Draw, draw, draw_at
from exatwin.workload.job import Jobs, Profiles
from exatwin.workload.warmth import Warmth

if TYPE_CHECKING:
    from exatwin.study.result import Result


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a machine's nodes meet over time; by default nothing out of the ordinary."""

    clock_frac: Signal | None = None
    """Clock that all nodes are held to, relative to nominal; None for nominal."""
    above_k: Signal | None = None
    """Water less that at which the power law holds [K]; None for none."""
    leakage: Leakage | None = None
    """How leakage follows the water."""
    downs: Sequence[Down] = ()
    """Nodes out of service; they draw nothing."""

    def reaches(self, start_s: float, end_s: float) -> list[tuple[float, float, float, float]]:
        """Return begin, end [s], clock and warmth [K] of each reach between two times."""
        edges = np.array([start_s, end_s])
        for signal in (self.clock_frac, self.above_k):
            if signal is not None:
                edges = np.union1d(edges, signal.edges_s)
        edges = edges[(edges >= start_s) & (edges <= end_s)]
        clock = np.ones(len(edges) - 1) if self.clock_frac is None else self.clock_frac.at(edges[:-1])
        above = np.zeros(len(edges) - 1) if self.above_k is None else self.above_k.at(edges[:-1])
        new = np.append(True, (np.diff(clock) != 0.0) | (np.diff(above) != 0.0))
        begins = np.append(edges[:-1][new], end_s)
        return [
            (float(low), float(high), float(c), float(a))
            for (low, high), c, a in zip(pairwise(begins), clock[new], above[new], strict=True)
        ]


class Draws:
    """What profiles draw on a machine, by clock and warmth, each computed once."""

    def __init__(self, profiles: Profiles, machine: Machine, leakage: Leakage | None) -> None:
        self.profiles, self.machine, self.leakage = profiles, machine, leakage
        self.plain = draw(profiles, machine)
        self._kept: dict[tuple[float, float], Draw] = {(1.0, 0.0): self.plain}

    def at(self, clock_frac: float, above_k: float) -> Draw:
        """Return it for one clock and one warmth [K]."""
        key = (clock_frac, above_k)
        if key not in self._kept:
            warmth = Warmth(above_k, self.leakage) if self.leakage is not None and above_k else None
            self._kept[key] = draw_at(self.profiles, self.machine, clock_frac=clock_frac, warmth=warmth)
        return self._kept[key]


@dataclass(frozen=True, eq=False)
class JoinedPower(ItPower):
    """IT power of reaches one after the other."""

    parts: tuple[ItPower, ...] = field(default=(), repr=False)
    """The reaches."""

    def by_bin(self, bin_of_node: Int32) -> list[Signal]:
        """Return the power of the nodes in each bin; empty without a placement."""
        each = [part.by_bin(bin_of_node) for part in self.parts]
        return [Signal.concat(one) for one in zip(*each, strict=True)]


def power_under(
    schedule: Schedule,
    draws: Draws,
    start_s: float,
    end_s: float,
    conditions: Conditions,
) -> ItPower:
    """Return the IT power from `start_s` to `end_s` [s] under `conditions`.

    Notes
    -----
    Phases are laid out over the run time that a job has come to, evenly: a phase that a slower clock
    stretches does not move the next by itself.
    """
    whole = _with_downs(schedule, conditions.downs)
    machine, parts = draws.machine, []
    for begin, end, clock, above in conditions.reaches(start_s, end_s):
        found = draws.at(clock, above)
        steps = () if whole.clocks is None else whole.clocks.frac.tolist()
        slowed = [draws.at(min(step, clock), above) for step in steps]
        parts.append(
            it_power(whole, draws.profiles, found, machine, begin, end, recorded=draws.plain, slowed=slowed)
        )
    power = parts[0] if len(parts) == 1 else _joined(parts)
    if len(whole) == len(schedule):
        return power
    return replace(power, job_j=power.job_j[: len(schedule)])


def power_again(result: Result, machine: Machine) -> ItPower:
    """Return the IT power of `result`, from its schedule and from what its nodes met."""
    from exatwin.catalogue.leakage import leakage
    from exatwin.study.centre.failures import downs_again

    terms = leakage(result.scenario.cooling.leakage)
    met = Conditions(
        result.signals.get("clock_frac"),
        result.signals.get("water_above_k"),
        terms,
        downs_again(result.scenario, machine, result.start_s, result.end_s),
    )
    draws = Draws(result.profiles, machine, terms)
    return power_under(result.schedule, draws, result.start_s, result.end_s, met)


def _joined(parts: Sequence[ItPower]) -> JoinedPower:
    first = parts[0]
    names = list(first.by_partition_w)
    return JoinedPower(
        total_w=Signal.concat([part.total_w for part in parts]),
        by_partition_w={name: Signal.concat([part.by_partition_w[name] for part in parts]) for name in names},
        idle_w=Signal.concat([part.idle_w for part in parts]),
        by_part_j={name: sum(part.by_part_j[name] for part in parts) for name in first.by_part_j},
        job_j=_sum([part.job_j for part in parts]),
        idle_j=sum(part.idle_j for part in parts),
        fixed_w=first.fixed_w,
        node_idle_w=first.node_idle_w,
        events=first.events,
        machine=first.machine,
        placement=first.placement,
        parts=tuple(parts),
    )


def _sum(columns: Sequence[Float64]) -> Float64:
    total = columns[0].copy()
    for column in columns[1:]:
        total += column
    return total


def _with_downs(schedule: Schedule, downs: Sequence[Down]) -> Schedule:
    """Return `schedule` with a job that draws nothing on nodes out of service, behind all others."""
    place = schedule.placement
    if not downs or place is None:
        return schedule
    many = len(downs)
    nodes = np.array([len(down.nodes) for down in downs], np.int32)
    begin = np.array([down.start_s for down in downs], np.int64)
    end = np.array([down.end_s for down in downs], np.int64)
    nobody = Jobs(
        job_id=-1 - np.arange(many), submit_s=begin, nodes=nodes, limit_s=end - begin, runtime_s=end - begin,
        partition=np.zeros(many, np.int16), node_w=np.zeros(many),
    )  # fmt: skip
    jobs = dict(schedule.jobs)
    ranges = [np.split(down.nodes, np.flatnonzero(np.diff(down.nodes) != 1) + 1) for down in downs]
    first = place.first[-1] + np.cumsum([len(each) for each in ranges])
    flat = [part for each in ranges for part in each]
    return Schedule(
        jobs=Jobs(**{name: np.concatenate([jobs[name], column]) for name, column in nobody}),
        start_s=np.concatenate([schedule.start_s, begin]),
        end_s=np.concatenate([schedule.end_s, end]),
        state=np.concatenate([schedule.state, np.zeros(many, np.uint8)]),
        placement=Placement(
            np.concatenate([place.first, first]),
            np.concatenate([place.node, np.array([part[0] for part in flat], np.int32)]),
            np.concatenate([place.count, np.array([len(part) for part in flat], np.int32)]),
        ),
        capacity=schedule.capacity,
        clocks=None if schedule.clocks is None else schedule.clocks.with_more(many),
    )


__all__ = ["Conditions", "Draws", "JoinedPower", "power_again", "power_under"]
