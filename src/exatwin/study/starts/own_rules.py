"""What a centre's own rules make of a state that is asked about: its nodes, windows and priorities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from exatwin.catalogue.machine import Partition
from exatwin.foundation.arrays import Float64, Int64
from exatwin.schedule.ahead import Rule
from exatwin.schedule.floor import Floor
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import age_factor
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.result import Schedule
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.conf import ConfPartition, SlurmConf
from exatwin.schedule.site.ranks import Site, site_ranks
from exatwin.schedule.site.tree import Labels
from exatwin.schedule.standing import usage_at
from exatwin.schedule.windows import Kind, Window
from exatwin.study.centre.recorded import as_recorded
from exatwin.study.centre.reservations import windows
from exatwin.study.centre.site import floor_of_conf
from exatwin.study.scenario import Scenario
from exatwin.study.starts.standing_state import Place
from exatwin.workload.job import Jobs

_END_S = 2**40


def place_of_conf(conf: SlurmConf) -> Place | None:
    """Return the machine that a ``slurm.conf`` describes; None where it names no nodes."""
    floor = floor_of_conf(conf)
    if floor is None:
        return None
    known = {one.name: one for one in conf.partitions}
    queues = tuple(_partition(name, known.get(name), conf) for name in floor[1])
    default = next((at for at, one in enumerate(queues) if one.default), 0)
    title = conf.get("ClusterName") or f"{conf.node_count:,} nodes"
    names = frozenset(name for line in conf.nodes for name in line.names)
    pools = floor[0].pool_of_partition.astype(np.int64), floor[0].pool_nodes.astype(np.int64)
    return Place(title, queues, *pools, default, node_names=names)


def _partition(name: str, one: ConfPartition | None, conf: SlurmConf) -> Partition:
    if one is None:
        return Partition(name=name, nodes=conf.node_count)
    most = one.max_nodes if math.isfinite(one.max_nodes) and one.max_nodes >= 1 else None
    found = Partition(name=name, nodes=len(one.nodes), default=one.default, up=one.up)
    limits = {
        "max_nodes": None if most is None else min(int(most), len(one.nodes)),
        "max_time_s": one.max_time_s if math.isfinite(one.max_time_s) else None,
    }
    return found.model_copy(update=limits)


def floor_of(place: Place) -> Floor:
    """Return the nodes of `place` as a scheduler sees them."""
    if place.machine is not None:
        return Floor.of(place.machine)
    nodes = np.zeros(int(place.pool_nodes.sum()), np.int32)
    return Floor(place.pool.astype(np.int16), place.pool_nodes.astype(np.int32), nodes)


def windows_after(scenario: Scenario | None, place: Place, opens_s: int, at_s: int) -> tuple[Window, ...]:
    """Return the windows of `scenario` that a plan at `at_s` [s] knows, with times after that.

    Parameters
    ----------
    opens_s
        The time that those of the scenario count from [s].

    Notes
    -----
    Of what is not foreseen only that counts which has begun: nothing starts there until it ends.

    Raises
    ------
    SpecError
        A window lies on nodes that there are not.
    """
    if scenario is None or not scenario.reservations:
        return ()
    found = []
    for one in windows(scenario.reservations, place.machine, floor_of(place), opens_s, _END_S):
        begun, foreseen = one.start_s <= at_s, one.kind in (Kind.MAINTENANCE, Kind.RESERVATION)
        if one.end_s > at_s and (begun or foreseen):
            kind, start = (Kind.DRAIN, 0) if begun else (one.kind, one.start_s - at_s)
            found.append(Window(start, one.end_s - at_s, one.nodes, kind, one.name))
    return tuple(found)


def in_pool(found: Sequence[Window], place: Place, pool: int) -> tuple[Window, ...]:
    """Return the windows of one pool, its nodes counted from 0."""
    first = int(place.pool_nodes[:pool].sum())
    last = first + int(place.pool_nodes[pool])
    here = [(one, one.nodes[(one.nodes >= first) & (one.nodes < last)] - first) for one in found]
    return tuple(
        Window(one.start_s, one.end_s, nodes, one.kind, one.name) for one, nodes in here if len(nodes)
    )


def priorities_at(schedule: Schedule, ranks: Ranks, rule: PriorityRule, at_s: int, row: Int64) -> Float64:
    """Return the priorities that `row` of a schedule have at `at_s` [s], or had as they started.

    Parameters
    ----------
    ranks
        What the priority of each row of `schedule` is made of.
    """
    usage, calculated = usage_at(schedule, ranks, rule, at_s)
    since = np.maximum(ranks.eligible_s, schedule.jobs.submit_s)[row]
    until = np.minimum(np.where(schedule.started[row], schedule.start_s[row], calculated), calculated)
    age = age_factor(np.maximum(until - since, 0).astype(np.float64), rule.weights.max_age_s)
    fair = rule.fair_points(ranks.tree, usage)[ranks.row[row]]
    return np.asarray(ranks.points[row] + rule.weights.age * age + fair, np.float64)


def place_of(machine: str | None, scenario: Scenario | None) -> Place | None:
    """Return the machine that is named, else that of the ``slurm.conf``; the latter names its nodes."""
    conf = scenario.schedule.slurm.read_conf() if scenario is not None else None
    own = place_of_conf(conf) if conf is not None else None
    if machine is None:
        return own
    place = Place.of(machine)
    return place if own is None else replace(place, node_names=own.node_names)


def recorded_priorities(
    jobs: Jobs, labels: Labels, scenario: Scenario, capacity: int, at_s: int, rows: Int64
) -> Float64:
    """Return the priorities of `rows` of a log at `at_s` [s], by the centre's files and what had run.

    Parameters
    ----------
    jobs
        By submission, with recorded starts.
    labels
        Names of what they have by number.
    """
    settings = scenario.schedule.slurm
    upto = jobs.take(slice(0, int(np.searchsorted(jobs.submit_s, at_s, side="right"))))
    site = Site(settings.read_conf(), settings.read_accounts(), labels, None, capacity)
    rule = settings.priority()
    ranks, _ = site_ranks(upto, site, rule)
    found = as_recorded(upto, Floor.flat(capacity), placement="none")
    return priorities_at(found, ranks, rule, at_s, rows)


def result_priorities(scenario: Scenario, job_id: Int64, at_s: int) -> Float64:
    """Return the priorities of jobs of a result, by its scenario; NaN for those that it does not have."""
    from exatwin.study.centre.priorities import stood

    found = stood(scenario)
    own = found.schedule.jobs.job_id
    last = {int(number): row for row, number in enumerate(own)}
    row = np.array([last.get(int(number), -1) for number in job_id], np.int64)
    told = priorities_at(found.schedule, found.ranks, found.rule, at_s, np.maximum(row, 0))
    return np.where(row >= 0, told, np.nan)


def rule_of(scenario: Scenario | None, place: Place, opens_s: int = 0, at_s: int = 0) -> tuple[Rule, str]:
    """Return who starts next, and that in words; windows count from `opens_s` [s]."""
    if scenario is None:
        return Rule(), "schedule: first come first served, EASY backfill"
    own = scenario.schedule
    closed = windows_after(scenario, place, opens_s, at_s)
    rule = Rule(own.policy, own.backfill, own.slurm.rule(), own.slurm.priority(), closed)
    told = f"schedule: {own.policy}, backfill {own.backfill}"
    if own.policy == MULTIFACTOR:
        told += ", fair shares as of the instant, points of jobs that are not there yet like those of others"
    return rule, told + (f", {len(closed)} windows of the centre" if closed else "")


__all__ = [
    "in_pool", "place_of", "place_of_conf", "priorities_at", "recorded_priorities", "result_priorities",
    "rule_of", "windows_after",
]  # fmt: skip
