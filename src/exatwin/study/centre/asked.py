"""What is asked of the machine in a scenario: jobs drawn from a mix, or read from a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, TraceError
from exatwin.schedule.conditions import NOTHING, Conditions
from exatwin.schedule.dependencies import Dependencies
from exatwin.schedule.floor import Floor
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.site.tree import Labels
from exatwin.study.centre.added import without_added
from exatwin.study.centre.conditions import by_chance, conditions
from exatwin.study.centre.downtime import Down
from exatwin.study.centre.jobs_asked import MOST_PROCESSORS
from exatwin.study.centre.log_waits import LogWaits, log_waits
from exatwin.study.centre.one_job import nothing, with_job
from exatwin.study.centre.shaken import shaken
from exatwin.study.scenario import Scenario
from exatwin.workload.chains import in_chains
from exatwin.workload.job import Jobs, Profiles

if TYPE_CHECKING:
    from exatwin.workload.mix_profiles import ProfileTable


@dataclass(frozen=True, eq=False)
class Asked:
    """Jobs, what they do, the floor they run on, and what was dropped on the way."""

    jobs: Jobs
    """In order of submission."""
    profiles: Profiles
    """What the jobs do."""
    floor: Floor
    """The nodes, or bare processors."""
    start: datetime
    """Instant of time 0, UTC."""
    rows_read: int
    """Rows of the log, or jobs drawn."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """Rows repaired or skipped, by reason."""
    remarks: tuple[str, ...] = ()
    """What holds for the log as a whole, such as that it is cut off."""
    partitions: tuple[str, ...] = ()
    """Names of the partitions."""
    ranks: Ranks | None = None
    """What priorities are made of, where a centre's files say so."""
    labels: Labels = Labels()
    """Names in the log: of partitions, accounts, users and QOS."""
    queue: Int64 | None = None
    """Partition of each job by `labels`, as the log has it, shape (jobs,)."""
    conditions: Conditions = NOTHING
    """What is asked of the centre beyond an order and a backfill."""
    downs: tuple[Down, ...] = ()
    """What fails by chance."""
    sent_after: Dependencies | None = None
    """Which of the dependencies say when jobs are sent, by users who waited for others."""


def asked(scenario: Scenario, machine: Machine | None) -> Asked:
    """Return what `scenario` asks of `machine`.

    Raises
    ------
    SpecError
        The size of the machine is not known, or the log has no recorded starts where they are needed.
    TraceError
        No job of the log can be used.
    """
    from exatwin.study.centre.site import with_site

    found = _from_trace(scenario, machine) if scenario.trace is not None else _from_mix(scenario, machine)
    return with_site(scenario, found)


def _with_centre(
    scenario: Scenario,
    machine: Machine | None,
    found: Asked,
    chain: Int64 | None = None,
    waits: LogWaits | None = None,
) -> Asked:
    """Return `found` with what the scenario, and what a log, ask of the centre."""
    others = None if waits is None else waits.dependencies
    wanted = conditions(
        scenario, machine, found.floor, found.jobs, chain=chain, dependencies=others, labels=found.labels
    )
    if waits is not None:
        wanted = replace(wanted, limits=waits.limits, begin_s=waits.begin_s)
        found = replace(found, sent_after=waits.sent_after, remarks=found.remarks + waits.remarks)
    downs = by_chance(scenario, machine, found.floor, found.jobs)
    return replace(found, conditions=wanted, downs=tuple(downs))


class _Draw(NamedTuple):
    """What jobs of a mix depend on beside the machine; names of the catalogue stay what they are."""

    machine: str
    mix: str
    start: datetime
    start_s: int
    end_s: int
    load: float | None
    seed: int

    def jobs(self, machine: Machine, table: ProfileTable | None = None) -> tuple[Jobs, Profiles]:
        """Return the jobs that the mix sends to `machine`, and what they do, which may be known."""
        from exatwin.catalogue.workload_mix import load_mix
        from exatwin.workload.mix import generate

        mix = load_mix(self.mix)
        load = mix.load if self.load is None else self.load
        return generate(
            machine,
            mix,
            start=self.start,
            start_s=self.start_s,
            end_s=self.end_s,
            load=load,
            seed=self.seed,
            table=table,
        )


@lru_cache(maxsize=1)
def _drawn_once(draw: _Draw) -> tuple[Jobs, Profiles]:
    """Return the jobs of a machine of the catalogue; runs compared one after the other share them."""
    from exatwin.catalogue.load import machine

    return draw.jobs(machine(draw.machine), table_of(draw.machine, draw.mix))


@lru_cache(maxsize=1)
def table_of(machine_name: str, mix_name: str) -> ProfileTable:
    """Return what the jobs of a mix of the catalogue do on a machine of it; all seeds share it."""
    from exatwin.catalogue.load import machine
    from exatwin.catalogue.workload_mix import load_mix
    from exatwin.workload.classes import room_of
    from exatwin.workload.mix_profiles import profile_table

    there, mix = machine(machine_name), load_mix(mix_name)
    return profile_table(mix, there, room_of(there, mix))


def _drawn(scenario: Scenario, machine: Machine) -> tuple[Jobs, Profiles]:
    from exatwin.catalogue.load import machine as named

    wanted, window = scenario.workload, (scenario.start, -round(scenario.workload.warmup_s), scenario.end_s)
    draw = _Draw(scenario.machine or "", wanted.mix, *window, wanted.load, scenario.seed)
    files = any(mark in draw.machine + draw.mix for mark in "/\\.")
    if files or not draw.machine or named(draw.machine) is not machine:
        return draw.jobs(machine)
    return _drawn_once(draw)


def _from_mix(scenario: Scenario, machine: Machine | None) -> Asked:
    if machine is None:
        raise SpecError("'machine' is missing: a workload is drawn for a machine")
    wanted, (jobs, profiles) = scenario.workload, nothing()
    if wanted.mix != "none":
        jobs, profiles = _drawn(scenario, without_added(machine, scenario.schedule.added_nodes))
    jobs, profiles = with_job(wanted.job, machine, jobs, profiles)
    if len(profiles) == 0:
        raise SpecError(
            "the workload is empty: expected another 'workload.mix' than none, or 'workload.job.app'"
        )
    names = tuple(partition.name for partition in machine.partitions)
    share, chain = wanted.chains.share_frac, None
    if share > 0.0:
        jobs, chain = in_chains(jobs, share_frac=share, links=wanted.chains.links, seed=scenario.seed)
    found = Asked(jobs, profiles, Floor.of(machine), scenario.start, len(jobs), partitions=names)
    return _with_centre(scenario, machine, found, chain)


def _from_trace(scenario: Scenario, machine: Machine | None) -> Asked:
    from exatwin.workload.draw import node_max_w
    from exatwin.workload.traces import read_trace
    from exatwin.workload.traces.filters import drop_unrunnable, strong_filter

    wanted = scenario.trace
    assert wanted is not None
    trace = read_trace(
        Path(wanted.path),
        format=wanted.format,
        timezone=wanted.timezone,
        pseudonymise=not scenario.schedule.slurm.accounts,
        processors_per_node=wanted.processors_per_node,
        node_cap_w=node_max_w(machine) if machine is not None else None,
    )
    floor, queues = _floor(scenario, machine, trace.processors)
    notes = dict(trace.report.skipped) | {f"repaired: {why}": n for why, n in trace.report.repaired.items()}
    if wanted.compat is not None:
        kept = strong_filter(trace, floor.capacity)
        notes["dropped by the strong filter"] = len(trace.jobs) - len(kept)
    else:
        kept = trace.jobs
    jobs, dropped = drop_unrunnable(_on_partitions(kept, trace.partitions, queues), _sizes(floor))
    notes |= dropped
    if wanted.as_recorded:
        known = jobs.recorded_start_s >= jobs.submit_s
        notes["no recorded start"] = int(np.sum(~known))
        jobs = jobs.take(known)
    elif wanted.shake_s and len(jobs):
        jobs = shaken(jobs, round(wanted.shake_s), scenario.seed)
    if len(jobs) == 0:
        raise TraceError(
            f"{wanted.path}: none of its {trace.report.rows_read:,} rows is a job that can run here"
        )
    names = tuple(name for name in queues if name) or trace.partitions or ("all",)
    used = {why: count for why, count in notes.items() if count}
    found = Asked(
        jobs=jobs,
        profiles=_profiles(machine),
        floor=floor,
        start=trace.origin,
        rows_read=trace.report.rows_read,
        notes=used,
        remarks=trace.report.notes,
        partitions=names,
        labels=Labels(trace.partitions, trace.accounts, trace.users, trace.qos),
        queue=_rows_of(jobs, trace.jobs),
    )
    return _with_centre(scenario, machine, found, waits=log_waits(scenario, trace, jobs))


def _profiles(machine: Machine | None) -> Profiles:
    """What jobs of a log do: nobody knows, so all do the average of the machine's default mix."""
    from exatwin.catalogue.workload_mix import load_mix
    from exatwin.workload.mix import average_profile

    return average_profile(load_mix(), machine) if machine is not None else Profiles.single()


def _floor(
    scenario: Scenario, machine: Machine | None, header: int | None
) -> tuple[Floor, Mapping[str, int]]:
    """Return the floor that jobs of a log run on, and the number of each of its partitions by name.

    It is that of the machine, of as many processors as are asked for, of the centre's ``slurm.conf``, or of
    the processors in the header of the log. The empty name is that of the default partition.
    """
    from exatwin.study.centre.site import floor_of_conf

    wanted = scenario.trace
    assert wanted is not None
    if machine is not None:
        numbers = {partition.name: index for index, partition in enumerate(machine.partitions)}
        return Floor.of(machine), {**numbers, "": machine.default_partition()}
    conf = scenario.schedule.slurm.read_conf()
    known = floor_of_conf(conf) if conf is not None and wanted.processors is None else None
    if known is not None and conf is not None:
        default = [one.name for one in conf.partitions if one.default]
        numbers = {name: index for index, name in enumerate(known[1])}
        return known[0], {**numbers, "": numbers.get(default[0], 0) if default else 0}
    return _bare(wanted.processors or header, wanted.path), {"": 0}


def _bare(processors: int | None, path: str) -> Floor:
    if processors is None:
        raise SpecError(
            f"{path}: the log does not say how large its machine is: name one with --machine, "
            "or give --processors N, or a slurm.conf that names its nodes"
        )
    if processors > MOST_PROCESSORS:
        raise TraceError(
            f"{path}: by its header the machine has {processors:,} processors, expected at most "
            f"{MOST_PROCESSORS:,}: give their number with --processors N"
        )
    return Floor.flat(processors)


def _on_partitions(jobs: Jobs, names: tuple[str, ...], numbers: Mapping[str, int]) -> Jobs:
    """Send jobs to the floor's partition of the same name, the others to its default."""
    default = numbers[""]
    index = np.array([numbers.get(name, default) for name in names] or [default], np.int16)
    inside = (jobs.partition >= 0) & (jobs.partition < len(index))
    target = np.where(inside, index[np.where(inside, jobs.partition, 0)], default)
    return jobs.replace(partition=target.astype(np.int16))


def _rows_of(jobs: Jobs, logged: Jobs) -> Int64:
    """Return the partition that the log has for each of `jobs`, which are some of those in it."""
    order = np.argsort(logged.job_id, kind="stable")
    at = np.searchsorted(logged.job_id[order], jobs.job_id)
    return logged.partition[order[at]].astype(np.int64)


def _sizes(floor: Floor) -> list[int]:
    return [int(floor.pool_nodes[pool]) for pool in floor.pool_of_partition]
