"""Jobs, with or without what became of them, in the formats of others: SWF, sacct text, Batsim's CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int32, Int64, UInt8
from exatwin.foundation.files import whole
from exatwin.workload.job import Jobs, State
from exatwin.workload.traces.clock import EPOCH, instant
from exatwin.workload.traces.export import COLUMNS

_SWF_STATUS = {State.COMPLETED: 1, State.CANCELLED: 5}
_STATES = frozenset(int(state) for state in State)
_SWF_STATUS_OF = np.array([_SWF_STATUS.get(State(s), 0) if s in _STATES else -1 for s in range(256)])
_BATSIM_COLUMNS = (
    "job_id,workload_name,profile,submission_time,requested_number_of_resources,requested_time,success,final_state,"
    "starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,allocated_resources,consumed_energy,"
    "metadata"
)
_BATSIM_STATE = {
    State.COMPLETED: "COMPLETED_SUCCESSFULLY",
    State.TIMEOUT: "COMPLETED_WALLTIME_REACHED",
    State.CANCELLED: "COMPLETED_KILLED",
    State.PREEMPTED: "COMPLETED_KILLED",
}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of jobs, row by row; a start below that of any calendar means that a job never started."""

    start_s: Int64
    end_s: Int64
    state: UInt8

    @classmethod
    def recorded(cls, jobs: Jobs) -> Outcome:
        """Return what the log itself says; jobs without a recorded start never started."""
        start = np.where(jobs.recorded_start_s == -1, _NEVER - 1, jobs.recorded_start_s)
        return cls(start, start + jobs.runtime_s, jobs.outcome)


@dataclass(frozen=True, eq=False)
class Ranges:
    """Nodes of every job as ranges: job ``j`` holds ranges ``first[j]`` to ``first[j + 1]``."""

    first: Int64
    node: Int32
    count: Int32


_NEVER = np.iinfo(np.int64).min // 2


def write_swf(
    jobs: Jobs,
    path: Path,
    *,
    outcome: Outcome | None = None,
    origin: datetime | None = None,
    processors: int | None = None,
    partitions: Sequence[str] = (),
) -> None:
    """Write `jobs` as a Standard Workload Format 2.2 log.

    Parameters
    ----------
    jobs
        The jobs; nodes stand in the columns of processors.
    path
        Where to write.
    outcome
        When they started and ended, in the calendar of the jobs; by default as recorded.
    origin
        Instant of time 0; submissions before it move the log's own start.
    processors
        Nodes or processors of the machine [1], for the header.
    partitions
        Names of the partitions, for the header.

    Raises
    ------
    OutputError
        The file can't be written.

    References
    ----------
    https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
    """
    became = outcome or Outcome.recorded(jobs)
    zero_s = min(int(jobs.submit_s.min(initial=0)), 0)
    ran = became.start_s > _NEVER
    run_s = jobs.runtime_s if outcome is None else np.where(ran, became.end_s - became.start_s, -1)
    wait_s = np.where(ran, became.start_s - jobs.submit_s, -1)
    status = np.array([_SWF_STATUS.get(State(s), 0) if s in _STATES else -1 for s in range(256)])[
        became.state
    ]
    columns: list[Any] = [jobs.job_id, jobs.submit_s - zero_s, wait_s, run_s, jobs.nodes, jobs.nodes]
    columns += [jobs.limit_s, status, jobs.user + (jobs.user >= 0), jobs.account + (jobs.account >= 0)]
    columns += [jobs.partition + 1]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    lines = (
        f"{job} {submit} {wait} {run} {held} -1 -1 {asked} {limit} -1 {state} {user} {group}"
        f" -1 -1 {partition} -1 -1"
        for job, submit, wait, run, held, asked, limit, state, user, group, partition in rows
    )
    start_s = None if origin is None else instant(origin) + zero_s
    _write(path, (*_swf_header(len(jobs), start_s, processors, partitions), *lines))


def _swf_header(
    count: int, start_s: int | None, processors: int | None, partitions: Sequence[str]
) -> list[str]:
    lines = ["; Version: 2.2", "; Conversion: exatwin", f"; MaxJobs: {count}", f"; MaxRecords: {count}"]
    if start_s is not None:
        lines.append(f"; UnixStartTime: {start_s}")
    if processors is not None:
        lines += [f"; MaxNodes: {processors}", f"; MaxProcs: {processors}"]
    lines += [f"; Partition: {k + 1} {_plain(name, ' ')}" for k, name in enumerate(partitions)]
    return lines


def write_sacct(
    jobs: Jobs,
    path: Path,
    *,
    outcome: Outcome | None = None,
    origin: datetime = EPOCH,
    partitions: Sequence[str] = (),
    accounts: Sequence[str] = (),
    users: Sequence[str] = (),
    qos: Sequence[str] = (),
    cluster: str = "exatwin",
) -> None:
    """Write `jobs` as ``sacct --parsable2`` would, with the columns of the canonical export.

    Times are epoch seconds. Limits are whole minutes, rounded up, as accounting keeps them.

    Parameters
    ----------
    jobs
        The jobs.
    path
        Where to write.
    outcome
        When they started and ended, in the calendar of the jobs; by default as recorded.
    origin
        Instant of time 0.
    partitions, accounts, users, qos
        Labels by number; made up where they are missing.
    cluster
        Name of the cluster.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    became = outcome or Outcome.recorded(jobs)
    ran, zero_s = became.start_s > _NEVER, instant(origin)
    run_s = np.where(ran, became.end_s - became.start_s, 0 if outcome is not None else jobs.runtime_s)
    energy = np.nan_to_num(np.rint(jobs.node_w * jobs.nodes * run_s)).astype(np.int64)
    started = np.where(ran, became.start_s, 0) + zero_s
    columns: list[Any] = [jobs.job_id, jobs.account, jobs.user, jobs.partition, jobs.submit_s + zero_s, run_s]
    columns += [-(-jobs.limit_s // 60), became.state, jobs.nodes, energy, ran, started]
    columns += [np.maximum(jobs.eligible_s, jobs.submit_s) + zero_s, jobs.qos, _resources(jobs)]
    lines = [COLUMNS.replace(",", "|")]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for job, acct, user, part, submit, run, limit, state, nodes, joule, has, start, able, level, more in rows:
        begin, end = (str(start), str(start + run)) if has else ("Unknown", "Unknown")
        name = State(state).name if state in _STATES else "COMPLETED"
        lines.append(
            f"{job}|{cluster}|{_label(accounts, acct, 'a{:03d}')}|{_label(users, user, 'u{:04d}')}|"
            f"{_label(partitions, part, 'partition{}')}|{_label(qos, level, 'qos{}')}|{submit}|{able}|"
            f"{begin}|{end}|{run}|{limit}|{name}|0:0|{nodes}||{more}node={nodes}|node={nodes}||"
            f"{joule or ''}|0||"
        )
    _write(path, lines)


def _resources(jobs: Jobs) -> NDArray[Any]:
    """Return what jobs ask for beside nodes, as ``ReqTRES`` begins."""
    found = np.full(len(jobs), "", object)
    found += np.where(jobs.processors > 0, [f"cpu={n}," for n in jobs.processors.tolist()], "").astype(object)
    found += np.where(jobs.gpus >= 0, [f"gres/gpu={n}," for n in jobs.gpus.tolist()], "").astype(object)
    memory = np.nan_to_num(jobs.memory_mib)
    found += np.where(memory > 0, [f"mem={n:.0f}M," for n in memory.tolist()], "").astype(object)
    return found


def write_batsim_csv(
    jobs: Jobs, path: Path, *, outcome: Outcome | None = None, ranges: Ranges | None = None
) -> None:
    """Write `jobs` and what became of them as Batsim's ``jobs.csv``; jobs that never started are left out.

    Parameters
    ----------
    jobs
        The jobs.
    path
        Where to write.
    outcome
        When they started and ended, in the calendar of the jobs; by default as recorded.
    ranges
        Their nodes, for ``allocated_resources``; empty where they are not known.

    Raises
    ------
    OutputError
        The file can't be written.

    References
    ----------
    https://batsim.readthedocs.io/en/latest/output-jobs.html
    """
    became = outcome or Outcome.recorded(jobs)
    started = np.flatnonzero(became.start_s > _NEVER)
    columns: list[Any] = [jobs.job_id, jobs.profile, jobs.submit_s, jobs.nodes, jobs.limit_s]
    columns += [became.state, became.start_s, became.end_s]
    lines = [_BATSIM_COLUMNS]
    for row, job, profile, submit, nodes, limit, state, start, end in zip(
        started.tolist(), *(column[started].tolist() for column in columns), strict=True
    ):
        final = _BATSIM_STATE.get(state, "COMPLETED_FAILED")
        stretch = (end - submit) / (end - start) if end > start else 1.0
        lines.append(
            f"{job},exatwin,{profile},{submit},{nodes},{limit},{int(state == State.COMPLETED)},{final},"
            f"{start},{end - start},{end},{start - submit},{end - submit},{stretch:.6g},"
            f"{_intervals(ranges, row)},-1,"
        )
    _write(path, lines)


def _intervals(ranges: Ranges | None, row: int) -> str:
    """Return the nodes of a job as an interval set such as ``0-3 7``."""
    if ranges is None:
        return ""
    held = range(int(ranges.first[row]), int(ranges.first[row + 1]))
    pairs = ((int(ranges.node[r]), int(ranges.node[r] + ranges.count[r]) - 1) for r in held)
    return " ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in pairs)


def _label(labels: Sequence[str], number: int, pattern: str) -> str:
    if number < 0:
        return ""
    return _plain(labels[number], "") if number < len(labels) else pattern.format(number + 1)


def _plain(text: str, alternative: str) -> str:
    """Return `text` without what would break a line or a field."""
    return "".join(" " if c in "|\n\r\t\0" else c for c in text).strip() or alternative


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write `lines` whole or not at all."""
    with whole(path) as partial, partial.open("w", encoding="utf-8", errors="replace") as file:
        file.writelines(f"{line}\n" for line in lines)
