"""A machine at an instant of a result: its scheduler is known, and so is who waits for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.tree import Labels
from exatwin.study.result import Result
from exatwin.study.scenario import Scenario
from exatwin.study.starts.own_rules import place_of, result_priorities, rule_of
from exatwin.study.starts.standing_state import MachineState, Place
from exatwin.study.starts.state_parts import files_of, inside, mix_before
from exatwin.workload.snapshot import standing_at
from exatwin.workload.usage import Usage, shipped_usage


def of_result(folder: Path, at: datetime | None, scenario: Scenario | None) -> MachineState:
    """Return the machine at an instant of a result."""
    from exatwin.study.store import load

    result = load(folder)
    if at is None:
        raise SpecError(
            f"{folder}: is a result: name an instant of it with --at, such as "
            f"{result.start + timedelta(seconds=(result.start_s + result.end_s) / 2):%Y-%m-%dT%H:%M}"
        )
    at_s = int((at - result.start).total_seconds())
    inside(folder, at_s, int(result.start_s), int(result.end_s), result.start)
    schedule = result.schedule
    never = np.iinfo(np.int64).max // 4
    start_s = np.where(schedule.started, schedule.start_s, never)
    end_s = np.where(schedule.started, schedule.end_s, never)
    standing, rows = standing_at(result.jobs, start_s, end_s, at_s)
    own = place_of(None, result.scenario) if result.machine is None else None
    place = own if own is not None else _place_of(result.machine, schedule.capacity)
    opens = 0 if result.scenario.trace is None else int(result.start_s)
    rule, told = rule_of(scenario or result.scenario, place, opens, at_s)
    if rule.policy == MULTIFACTOR:
        told_by = (scenario or result.scenario).replace("schedule.policy", MULTIFACTOR)
        standing = standing.replace(priority=result_priorities(told_by, result.jobs.job_id[rows], at_s))
    ran = schedule.started & (schedule.end_s <= at_s)
    ended = result.jobs.take(np.flatnonzero(ran)).replace(recorded_start_s=schedule.start_s[ran])
    usage = Usage.of(ended) if ran.sum() >= 50 else shipped_usage()
    past, past_at_s, comes = mix_before(place, at, result.scenario)
    if result.scenario.trace is not None:
        past = result.jobs.take(np.flatnonzero(result.jobs.submit_s < at_s))
        past_at_s, comes = at_s, "arrivals: stretches of the log before the instant"
    recorded = result.scenario.trace is not None and result.scenario.trace.as_recorded
    if scenario is None and recorded:
        rule, told = rule_of(None, place)
    labels, waits = _asked(result)
    return MachineState(
        place=place, jobs=standing, at=at, usage=usage, past=past, past_at_s=past_at_s, rule=rule,
        own=not recorded, history=False,
        basis=("run times: what ended before the instant", comes, told),
        users=tuple(labels.users), accounts=tuple(labels.accounts), qos=tuple(labels.qos),
        follows=_rows(waits, standing.job_id), files=files_of(scenario or result.scenario),
    )  # fmt: skip


def _asked(result: Result) -> tuple[Labels, Int64]:
    """Return the names in a result, and which of its jobs waits for which: numbers and the kind."""
    from exatwin.study.centre.asked import asked

    own = result.scenario
    none = np.empty((3, 0), np.int64)
    if own.trace is None and own.workload.chains.share_frac <= 0.0:
        return _numbered(result), none
    wanted = asked(own, result.machine)
    labels = wanted.labels if own.trace is not None else _numbered(result)
    waits = wanted.conditions.dependencies
    if waits is None:
        return labels, none
    number = wanted.jobs.job_id
    return labels, np.stack([number[waits.job], number[waits.on], waits.kind])


def _numbered(result: Result) -> Labels:
    """Return names for the numbers of a mix."""
    jobs = result.jobs
    users, accounts = (int(column.max(initial=-1)) + 1 for column in (jobs.user, jobs.account))
    return Labels(accounts=[f"account{k}" for k in range(accounts)], users=[f"user{k}" for k in range(users)])


def _rows(follows: Int64, job_id: Int64) -> Int64:
    """Return the pairs of jobs that both stand in `job_id`, by their rows there."""
    at = {int(number): row for row, number in enumerate(job_id)}
    pairs = [(at[j], at[o], k) for j, o, k in follows.T.tolist() if j in at and o in at]
    return np.array(pairs, np.int64).reshape(-1, 3).T


def _place_of(machine: Machine | None, capacity: int) -> Place:
    if machine is None:
        return Place.flat(capacity, "processors")
    pool, sizes = machine.pools()
    return Place(
        machine.title, tuple(machine.partitions), pool.astype(np.int64), sizes.astype(np.int64),
        machine.default_partition(), machine,
    )  # fmt: skip


__all__ = ["of_result"]
