"""Read the STATE of a forecast: squeue, an instant of a log, or an instant of a result."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError, TraceError
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.tree import Labels
from exatwin.study.scenario import Scenario
from exatwin.study.starts.ensemble import DAY_S
from exatwin.study.starts.own_rules import place_of, recorded_priorities, result_priorities, rule_of
from exatwin.study.starts.standing_state import MachineState, Place, fitted
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import read_snapshot, standing_at
from exatwin.workload.usage import Usage, shipped_usage

_WEEKS = 6
_OTHER_SEED = 1_000_003
_FEWEST = 5
_MACHINE = "name the machine with --machine: a name of the catalogue, a file, or its number of nodes"
_LOG = re.compile(r"(^|[|,\t])(end|endtime|elapsedraw)([|,\t]|$)", re.IGNORECASE)


def read_state(
    path: str | Path,
    *,
    at: datetime | str | None = None,
    machine: str | None = None,
    history: str | Path | None = None,
    scenario: Scenario | None = None,
    processors_per_node: int | None = None,
    timezone: str = "UTC",
) -> MachineState:
    """Return the machine at the instant that the files tell of.

    Parameters
    ----------
    path
        The output of ``squeue`` (text or JSON), a log (sacct text, SWF, Parquet), or the folder of a result.
    at
        The instant of a log or result, ISO 8601; without a zone UTC.
    machine
        Its name, a file, or its number of nodes; a result and SWF bring their own.
    history
        A log of the machine up to the snapshot: of run times, arrivals, and errors of forecasts.
    scenario
        Brings the rules of scheduling; by default those of a result, else first come first served with EASY.

    Raises
    ------
    SpecError
        What is asked does not exist or does not fit.
    TraceError
        A file can't be used.
    """
    where = Path(path)
    moment = _moment(at)
    if where.is_dir():
        found = _of_result(where, moment, scenario)
    elif moment is not None:
        found = _of_log(where, moment, machine, scenario, processors_per_node, timezone)
    else:
        _refuse_logs(where)
        found = _of_snapshot(where, machine, scenario)
    if history is not None:
        found = _with_history(found, Path(history), processors_per_node, timezone)
    return found


def _moment(at: datetime | str | None) -> datetime | None:
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at.strip())
        except ValueError:
            raise SpecError(f"--at {at}: expected a time in ISO 8601, such as 2026-06-04T12:00") from None
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _refuse_logs(path: Path) -> None:
    """Refuse a log without an instant: it is no snapshot."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return  # read_snapshot says it better
    first = next((line for line in head.decode("utf-8", "replace").splitlines() if line.strip()), "")
    packed = head.startswith((b"PAR1", b"\x1f\x8b"))
    if packed or first.lstrip().startswith(";") or _LOG.search(first.strip()):
        raise SpecError(
            f"{path}: is a log, expected the output of squeue; or name an instant of it with --at"
        )


def _of_snapshot(path: Path, machine: str | None, scenario: Scenario | None) -> MachineState:
    found = read_snapshot(path)
    place = place_of(machine, scenario)
    if place is None:
        raise SpecError(f"{path}: does not say how large its machine is: {_MACHINE}")
    jobs, notes = fitted(found.jobs, found.partitions, place, found.held)
    rule, told = rule_of(scenario, place)
    past, past_at_s, comes = _mix_before(place, found.at, scenario)
    return MachineState(
        place=place, jobs=jobs, at=found.at, usage=shipped_usage(), past=past, past_at_s=past_at_s, rule=rule,
        own=False, history=False,
        basis=("run times: shares of the limit on four recorded machines", comes, told),
        notes=(*found.notes, *notes), users=found.users,
    )  # fmt: skip


def _of_log(
    path: Path,
    at: datetime,
    machine: str | None,
    scenario: Scenario | None,
    per_node: int | None,
    timezone: str,
) -> MachineState:
    log = _log(path, per_node, timezone)
    jobs, names, start, size = log.jobs, log.partitions, log.start, log.size
    known = place_of(machine, scenario)
    if known is None and size is None:
        raise SpecError(f"{path}: the log does not say how large its machine is: {_MACHINE}")
    place = known if known is not None else Place.flat(size or 1, "processors")
    if place.machine is None and not place.node_names:  # its queues are all that is known of its partitions
        most = int(np.bincount(jobs.partition, minlength=1).argmax())
        what = place.title.split(" ")[1]
        place = Place.flat(int(place.pool_nodes[0]), what, names, most)
    at_s = int((at - start).total_seconds())
    _inside(path, at_s, int(jobs.submit_s[0]), int((jobs.recorded_start_s + jobs.runtime_s).max()), start)
    end = jobs.recorded_start_s + jobs.runtime_s
    standing, rows = standing_at(jobs, jobs.recorded_start_s, end, at_s)
    rule, told = rule_of(scenario, place, at_s, at_s)
    if rule.policy == MULTIFACTOR and scenario is not None:
        told_of = recorded_priorities(jobs, log.labels, scenario, int(place.pool_nodes.sum()), at_s, rows)
        standing = standing.replace(priority=told_of)
    standing, more = fitted(standing, names, place)
    past = _here(jobs.take(np.flatnonzero(jobs.submit_s < at_s)), names, place)
    usage = Usage.of(past.take(np.flatnonzero(past.recorded_start_s + past.runtime_s <= at_s)))
    return MachineState(
        place=place, jobs=standing, at=at, usage=usage if len(usage.share) >= _FEWEST else shipped_usage(),
        past=past, past_at_s=at_s, rule=rule, own=False, history=True,
        basis=("run times and arrivals: the log before the instant", told),
        notes=(*log.notes, *more), users=log.users,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Log:
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


def _log(path: Path, per_node: int | None, zone: str) -> _Log:
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
    return _Log(trace.jobs.take(known), trace.partitions, trace.users, trace.origin, size, notes, labels)


def _here(jobs: Jobs, names: tuple[str, ...], place: Place) -> Jobs:
    """Return jobs of a log on the partitions of `place`: by name, else on the default one."""
    known = {partition.name: k for k, partition in enumerate(place.partitions)}
    index = np.array([known.get(name, place.default) for name in names] or [place.default], np.int16)
    return jobs.replace(partition=index[np.clip(jobs.partition, 0, len(index) - 1)])


def _inside(path: Path, at_s: int, first_s: int, last_s: int, start: datetime) -> None:
    if not first_s <= at_s <= last_s:
        low, high = (start + timedelta(seconds=float(each)) for each in (first_s, last_s))
        raise SpecError(
            f"{path}: covers {low:%Y-%m-%dT%H:%M} to {high:%Y-%m-%dT%H:%M} (UTC): name --at inside"
        )


def _of_result(folder: Path, at: datetime | None, scenario: Scenario | None) -> MachineState:
    from exatwin.study.store import load

    result = load(folder)
    if at is None:
        raise SpecError(
            f"{folder}: is a result: name an instant of it with --at, such as "
            f"{result.start + timedelta(seconds=(result.start_s + result.end_s) / 2):%Y-%m-%dT%H:%M}"
        )
    at_s = int((at - result.start).total_seconds())
    _inside(folder, at_s, int(result.start_s), int(result.end_s), result.start)
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
    past, past_at_s, comes = _mix_before(place, at, result.scenario)
    if result.scenario.trace is not None:
        past = result.jobs.take(np.flatnonzero(result.jobs.submit_s < at_s))
        past_at_s, comes = at_s, "arrivals: stretches of the log before the instant"
    recorded = result.scenario.trace is not None and result.scenario.trace.as_recorded
    if scenario is None and recorded:
        rule, told = rule_of(None, place)
    return MachineState(
        place=place, jobs=standing, at=at, usage=usage, past=past, past_at_s=past_at_s, rule=rule,
        own=not recorded, history=False,
        basis=("run times: what ended before the instant", comes, told),
    )  # fmt: skip


def _place_of(machine: Machine | None, capacity: int) -> Place:
    if machine is None:
        return Place.flat(capacity, "processors")
    pool, sizes = machine.pools()
    return Place(
        machine.title, tuple(machine.partitions), pool.astype(np.int64), sizes.astype(np.int64),
        machine.default_partition(), machine,
    )  # fmt: skip


def _mix_before(place: Place, at: datetime | None, scenario: Scenario | None) -> tuple[Jobs, int, str]:
    """Return weeks of jobs of the mix before the instant, other than those of any run, and what they are."""
    from exatwin.catalogue.workload_mix import load_mix
    from exatwin.workload.mix import generate

    wanted = (scenario or Scenario()).workload
    none = np.empty(0, np.int64)
    empty = Jobs(job_id=none, submit_s=none, nodes=none.astype(np.int32), limit_s=none, runtime_s=none)
    if place.machine is None:
        return empty, 0, "arrivals: none are known (give --history, or a machine of the catalogue)"
    if wanted.mix == "none":
        return empty, 0, "arrivals: none"
    mix = load_mix(wanted.mix)
    start = at or datetime(2026, 6, 1, tzinfo=UTC)
    seed = (scenario or Scenario()).seed + _OTHER_SEED
    load = wanted.load or mix.load
    span = _WEEKS * 7 * DAY_S
    jobs, _ = generate(place.machine, mix, start=start, start_s=-span, end_s=0, load=load, seed=seed)
    return jobs, 0, f"arrivals: the mix '{mix.name}' at {load:.0%} of the nodes"


def _with_history(state: MachineState, path: Path, per_node: int | None, timezone: str) -> MachineState:
    log = _log(path, per_node, timezone)
    end = log.jobs.recorded_start_s + log.jobs.runtime_s
    at_s = int(end.max()) if state.at is None else int((state.at - log.start).total_seconds())
    past = _here(log.jobs.take(np.flatnonzero(log.jobs.submit_s < at_s)), log.partitions, state.place)
    ended = past.take(np.flatnonzero(past.recorded_start_s + past.runtime_s <= at_s))
    if len(ended) < _FEWEST:
        raise TraceError(
            f"{path}: only {len(ended)} of its jobs had ended by the instant, expected {_FEWEST}"
        )
    number = {name: k for k, name in enumerate(log.users)}
    users = np.array([*(number.get(name, -1) for name in state.users), -1], np.int32)
    return replace(
        state,
        jobs=state.jobs.replace(user=users[state.jobs.user]),
        usage=Usage.of(ended),
        past=past,
        past_at_s=at_s,
        history=True,
        basis=(f"run times, arrivals and errors of forecasts: {path.name}", state.basis[-1]),
        notes=(*state.notes, *log.notes),
        users=log.users,
    )


__all__ = ["read_state"]
