"""A machine at an instant of a log, and what a log of the time before tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from exatwin.foundation.errors import SpecError, TraceError
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.tree import Labels
from exatwin.study.scenario import Scenario
from exatwin.study.starts.own_rules import place_of, recorded_priorities, rule_of
from exatwin.study.starts.standing_state import MachineState, Place, fitted
from exatwin.study.starts.state_parts import FEWEST, files_of, inside
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import standing_at
from exatwin.workload.usage import Usage, shipped_usage

MACHINE = "name the machine with --machine: a name of the catalogue, a file, or its number of nodes"


def of_log(
    path: Path,
    at: datetime,
    machine: str | None,
    scenario: Scenario | None,
    per_node: int | None,
    timezone: str,
) -> MachineState:
    """Return the machine at an instant of a log with recorded starts; parameters as for `read_state`."""
    log = _read(path, per_node, timezone)
    jobs, names, start, size = log.jobs, log.partitions, log.start, log.size
    known = place_of(machine, scenario)
    if known is None and size is None:
        raise SpecError(f"{path}: the log does not say how large its machine is: {MACHINE}")
    place = known if known is not None else Place.flat(size or 1, "processors")
    if place.machine is None and not place.node_names:  # its queues are all that is known of its partitions
        most = int(np.bincount(jobs.partition, minlength=1).argmax())
        what = place.title.split(" ")[1]
        place = Place.flat(int(place.pool_nodes[0]), what, names, most)
    at_s = int((at - start).total_seconds())
    inside(path, at_s, int(jobs.submit_s[0]), int((jobs.recorded_start_s + jobs.runtime_s).max()), start)
    end = jobs.recorded_start_s + jobs.runtime_s
    standing, rows = standing_at(jobs, jobs.recorded_start_s, end, at_s)
    rule, told = rule_of(scenario, place, at_s, at_s)
    if rule.policy == MULTIFACTOR and scenario is not None:
        told_of = recorded_priorities(jobs, log.labels, scenario, int(place.pool_nodes.sum()), at_s, rows)
        standing = standing.replace(priority=told_of)
    standing, more = fitted(standing, names, place)
    held = int(np.sum(standing.held > 0))
    if held:
        more = [*more, f"{held:,} jobs that could not start yet by the log: left out of the queue"]
    past = _here(jobs.take(np.flatnonzero(jobs.submit_s < at_s)), names, place)
    usage = Usage.of(past.take(np.flatnonzero(past.recorded_start_s + past.runtime_s <= at_s)))
    return MachineState(
        place=place, jobs=standing, at=at, usage=usage if len(usage.share) >= FEWEST else shipped_usage(),
        past=past, past_at_s=at_s, rule=rule, own=False, history=True,
        basis=("run times and arrivals: the log before the instant", told),
        notes=(*log.notes, *more), users=log.users, accounts=tuple(log.labels.accounts),
        qos=tuple(log.labels.qos), files=files_of(scenario),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Log:
    """A log with recorded starts."""

    jobs: Jobs
    partitions: tuple[str, ...]
    users: tuple[str, ...]
    start: datetime
    """Instant of its time 0."""
    size: int | None
    """Processors or nodes of its machine; None where it does not say."""
    notes: list[str]
    labels: Labels
    """Names of all that its jobs have by number."""


def _read(path: Path, per_node: int | None, zone: str) -> Log:
    from exatwin.workload.traces import read_trace

    trace = read_trace(path, processors_per_node=per_node, timezone=zone, pseudonymise=False)
    known = np.flatnonzero(trace.jobs.recorded_start_s >= trace.jobs.submit_s)
    if not len(known):
        raise TraceError(
            f"{path}: the log has no recorded starts, so that nobody knows who ran at an instant"
        )
    missing = len(trace.jobs) - len(known)
    notes = [f"{missing:,} jobs of {path.name} without a recorded start: left out"] if missing else []
    notes += [line for line in trace.report.lines()[1:] if "skipped" in line or "repaired" in line]
    size = trace.processors
    if size is not None and per_node:
        size = -(-size // per_node)
    labels = Labels(trace.partitions, trace.accounts, trace.users, trace.qos)
    return Log(trace.jobs.take(known), trace.partitions, trace.users, trace.origin, size, notes, labels)


def _here(jobs: Jobs, names: tuple[str, ...], place: Place) -> Jobs:
    """Return jobs of a log on the partitions of `place`: by name, else on the default one."""
    known = {partition.name: k for k, partition in enumerate(place.partitions)}
    index = np.array([known.get(name, place.default) for name in names] or [place.default], np.int16)
    return jobs.replace(partition=index[np.clip(jobs.partition, 0, len(index) - 1)])


def with_history(state: MachineState, path: Path, per_node: int | None, timezone: str) -> MachineState:
    """Return a state with what a log of its machine tells of the time before; as for `read_state`."""
    log = _read(path, per_node, timezone)
    end = log.jobs.recorded_start_s + log.jobs.runtime_s
    at_s = int(end.max()) if state.at is None else int((state.at - log.start).total_seconds())
    past = _here(log.jobs.take(np.flatnonzero(log.jobs.submit_s < at_s)), log.partitions, state.place)
    ended = past.take(np.flatnonzero(past.recorded_start_s + past.runtime_s <= at_s))
    if len(ended) < FEWEST:
        raise TraceError(f"{path}: only {len(ended)} of its jobs had ended by the instant, expected {FEWEST}")
    labels, columns = {}, {}
    for one, names, own in (
        ("user", log.users, state.users),
        ("account", log.labels.accounts, state.accounts),
        ("qos", log.labels.qos, state.qos),
    ):
        labels[one] = tuple(dict.fromkeys((*names, *own)))
        at = {name: k for k, name in enumerate(labels[one])}
        number = np.array([*(at[name] for name in own), -1], np.int64)
        column = getattr(state.jobs, one)
        columns[one] = number[column].astype(column.dtype)
    return replace(
        state,
        jobs=state.jobs.replace(**columns),
        usage=Usage.of(ended),
        past=past,
        past_at_s=at_s,
        history=True,
        basis=(f"run times and arrivals: {path.name}", state.basis[-1]),
        notes=(*state.notes, *log.notes),
        users=labels["user"],
        accounts=labels["account"],
        qos=labels["qos"],
    )


__all__ = ["MACHINE", "of_log", "with_history"]
