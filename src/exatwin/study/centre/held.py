"""What a scenario asks of the scheduler that needs watts, prices or distances: caps, holding, near nodes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.catalogue.distance import distance_factor
from exatwin.catalogue.machine import Machine
from exatwin.foundation.signal import Signal
from exatwin.schedule.communication import Communication, penalties, switches_of
from exatwin.schedule.fragmentation import fragmentation
from exatwin.schedule.power_rule import PowerRule, clock_steps, power_rule
from exatwin.schedule.result import Schedule
from exatwin.study.centre.asked import Asked
from exatwin.study.centre.hold import held_begins
from exatwin.study.centre.power import caps, over_cap, shown
from exatwin.workload.node_model import power_law

if TYPE_CHECKING:
    from exatwin.power.it import ItPower
    from exatwin.schedule.floor import Floor
    from exatwin.study.reaches import Draws
    from exatwin.study.scenario import Scenario
    from exatwin.workload.job import Jobs


def asks(scenario: Scenario) -> dict[str, bool]:
    """Return what of it there is, by key."""
    rule = scenario.schedule
    return {
        "power.cap": bool(scenario.power.cap),
        "power.groups": bool(scenario.power.groups),
        "schedule.hold": rule.hold != "none",
        "schedule.switches": rule.switches is not None,
        "schedule.distance": rule.distance != "none",
    }


def with_held(
    scenario: Scenario, wanted: Asked, machine: Machine, draws: Draws, above_k: float = 0.0
) -> Asked:
    """Return `wanted` with caps, earliest starts and what distance means to jobs.

    Parameters
    ----------
    draws
        What the jobs draw.
    above_k
        Water less that at which the power law holds [K]: jobs are predicted to draw what they draw in it.

    Raises
    ------
    InfeasibleError
        A cap lies below what idle nodes draw.
    """
    if not any(asks(scenario).values()):
        return wanted
    found = wanted.conditions
    begin = held_begins(scenario, wanted, machine)
    if begin is not None:
        both = begin if found.begin_s is None else np.maximum(begin, found.begin_s)
        found = replace(found, begin_s=both)
    rule = _rule(scenario, wanted, machine, draws, above_k)
    return replace(wanted, conditions=replace(found, power=rule, spread=_spread(scenario, wanted, machine)))


def _rule(
    scenario: Scenario, wanted: Asked, machine: Machine, draws: Draws, above_k: float
) -> PowerRule | None:
    settings = scenario.power
    if not settings.capped:
        return None
    steps = clock_steps(power_law(machine).clock_min_frac) if settings.mode != "admission" else [1.0]
    return power_rule(
        wanted.jobs,
        wanted.profiles,
        [draws.at(step, above_k) for step in steps],
        machine,
        caps(settings, machine, _opens_s(scenario, wanted)),
        mode=settings.mode,
        predict=settings.predict,
        limits=settings.limits,
    )


def _opens_s(scenario: Scenario, wanted: Asked) -> float:
    return 0.0 if scenario.trace is None else float(wanted.jobs.submit_s.min())


def _spread(scenario: Scenario, wanted: Asked, machine: Machine) -> Communication | None:
    rule, jobs, floor = scenario.schedule, wanted.jobs, wanted.floor
    factor = distance_factor(rule.distance)
    if factor is None and rule.switches is None:
        return None
    found = Communication(penalty=None if factor is None else penalties(jobs, wanted.profiles, factor))
    if rule.switches is None:
        return found
    most, kind, patience = rule.asked_switches
    unit = (machine.rack_of_node if kind == "racks" else machine.group_of_node).astype(np.int64)
    return replace(
        found,
        most=switches_of(jobs, floor, unit, most),
        patience_s=round(patience),
        switch_of_node=unit[: floor.capacity],
    )


def _beyond(rule: PowerRule | None, jobs: Jobs, floor: Floor) -> np.ndarray:
    """Return which jobs ask for more watts than the caps ever leave them, shape (jobs,)."""
    if rule is None:
        return np.zeros(0, np.bool_)
    found = np.zeros(len(rule.klass), np.bool_)
    node_w = np.maximum(rule.node_w, 1e-9)
    pool = floor.pool_of_partition[jobs.partition]
    room = floor.pool_nodes[pool].astype(np.int64)
    for cap, base_w in zip(rule.caps, rule.base_w.tolist(), strict=True):
        left_w = cap.most_w.max() - base_w
        if cap.nodes is None:
            found |= node_w * rule.nodes > left_w
            continue
        ends = np.searchsorted(cap.nodes, floor.first_node)
        inside = np.diff(ends)[pool]  # nodes of the job's pool under this cap
        room -= inside - np.minimum(inside, left_w / node_w).astype(np.int64)
    return found | ((rule.nodes > room) & (rule.nodes <= floor.pool_nodes[pool]))


def met(
    scenario: Scenario, wanted: Asked, machine: Machine, schedule: Schedule, power: ItPower, draws: Draws
) -> tuple[dict[str, Signal], dict[str, Any]]:
    """Return the signals and figures of caps, and how far jobs were spread over the groups."""
    from exatwin.power.slowed import slowed_s

    it_w, found = power.total_w, dict[str, Any](fragmentation(schedule, machine.group_of_node))
    if not scenario.power.capped:
        return {}, found
    signals: dict[str, Signal] = {}
    over_j, over_s = 0.0, 0.0
    for cap in caps(scenario.power, machine, _opens_s(scenario, wanted)):
        drawn = it_w
        if cap.nodes is not None:
            inside = np.zeros(machine.nodes, np.int32)
            inside[cap.nodes] = 1
            every = power.by_bin(inside)
            drawn = every[int(inside.max())] if every else it_w * 0.0
        else:
            most_w = machine.nodes * float(draws.plain.nominal_w.max()) + power.fixed_w
            signals["power_cap_w"] = shown(cap.most_w, it_w, most_w)
        more_j, more_s = over_cap(drawn, cap.most_w)
        over_j, over_s = over_j + more_j, over_s + more_s
    asked_for, opens_s = wanted.jobs, _opens_s(scenario, wanted)
    beyond = _beyond(wanted.conditions.power, asked_for, wanted.floor) & (asked_for.submit_s >= opens_s)
    slow = slowed_s(schedule, lambda frac: draws.at(frac, 0.0), it_w.start_s, it_w.end_s)
    found |= {
        "jobs_beyond_cap": int(beyond.sum()),
        "cap_excess_j": over_j,
        "cap_excess_h": over_s / 3600.0,
        "slowed_node_h": float(np.dot(slow, schedule.jobs.nodes)) / 3600.0,
    }
    return signals, found


__all__ = ["asks", "met", "with_held"]
