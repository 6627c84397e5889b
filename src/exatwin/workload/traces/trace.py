"""Trace: the jobs of a log, what else the log says, and what became of its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from exatwin.foundation.arrays import Float64, Int32, Int64, UInt8
from exatwin.foundation.columns import Table, column, write_columns
from exatwin.foundation.registry import Registry
from exatwin.workload.job import Jobs
from exatwin.workload.traces.follow import Follows
from exatwin.workload.traces.report import ReadReport
from exatwin.workload.traces.source import Source


@dataclass(frozen=True, eq=False, repr=False)
class Raw(Table):
    """What the log itself says of each job of a trace, before any repair; NaN where it says nothing."""

    row: Int64 = column("i8", "1", "row of the log, from 0")
    allocated: Float64 = column("f8", "1", "processors (or nodes) allocated")
    requested: Float64 = column("f8", "1", "processors (or nodes) requested")
    run_s: Float64 = column("f8", "s", "run time")
    requested_s: Float64 = column("f8", "s", "time requested")


@dataclass(frozen=True, eq=False)
class Trace:
    """The jobs of a log, in order of submission, and the calendar and names that their numbers stand for."""

    jobs: Jobs
    origin: datetime
    """Instant of time 0, in UTC."""
    partitions: tuple[str, ...]
    """Name of each partition, by ``jobs.partition``."""
    accounts: tuple[str, ...]
    """Label of each account, by ``jobs.account``: pseudonyms unless asked otherwise."""
    users: tuple[str, ...]
    """Label of each user, by ``jobs.user``: pseudonyms unless asked otherwise."""
    header: Mapping[str, str]
    """What the head of the log says, such as ``MaxProcs``."""
    report: ReadReport
    raw: Raw
    """What the log says before repairs, row by row of ``jobs``."""
    qos: tuple[str, ...] = ()
    """Name of each quality of service, by ``jobs.qos``."""
    follows: Follows = field(default_factory=Follows.none)
    """Which job waits for which, by rows of ``jobs``."""
    throttles: Mapping[int, int] = field(default_factory=dict)
    """Most tasks of an array that run at once, by ``jobs.array``."""

    @property
    def processors(self) -> int | None:
        """Processors of the machine by the header of an SWF log (``MaxProcs``, else ``MaxNodes``)."""
        for key in ("MaxProcs", "MaxNodes"):
            text = self.header.get(key, "").split(" ")[0].strip()
            if text.isdecimal() and 0 < int(text) < 2**31:
                return int(text)
        return None

    def write(self, path: Path) -> None:
        """Write the jobs to `path`: Parquet that keeps calendar and labels, or CSV by the ending.

        Raises
        ------
        OutputError
            The file can't be written.
        """
        labels = {
            "origin": self.origin.isoformat(),
            "partitions": json.dumps(self.partitions),
            "accounts": json.dumps(self.accounts),
            "users": json.dumps(self.users),
            "qos": json.dumps(self.qos),
            "follows": self.follows.to_text(self.jobs.job_id),
            "throttles": json.dumps(self.throttles),
        }
        write_columns(dict(self.jobs), path, {f"exatwin.{key}": text for key, text in labels.items()})


@dataclass(frozen=True)
class ReadOptions:
    """How a log is to be understood where it leaves that open."""

    timezone: str = "UTC"
    """Zone of times without an offset."""
    origin: datetime | None = None
    """Instant of time 0; by default the log's own start, or midnight (UTC) before the first submission."""
    pseudonymise: bool = True
    """Whether accounts and users become ``a001``, ``u0001`` in order of first appearance."""
    processors_per_node: int | None = None
    """Processors of a node, to turn processors into nodes; by default nodes are what the log counts."""
    node_cap_w: float | None = None
    """The most that a node can draw [W]: energy above it is rejected."""
    default_limit_s: int | None = None
    """Limit of jobs that have none [s]; by default their run time, rounded up to a minute."""


@dataclass(frozen=True, eq=False, repr=False)
class Rows(Table):
    """The rows of a log as numbers, in the order of the log; NaN and -1 where it says nothing."""

    number: Int64 = column("i8", "1", "job number, -1 unusable")
    submit_s: Float64 = column("f8", "s", "submission, after the log's time 0")
    run_s: Float64 = column("f8", "s", "run time")
    nodes: Float64 = column("f8", "1", "nodes (or processors) that count")
    task: Int64 = column("i8", "1", "task of an array, -2 - offset in a heterogeneous job, -1 none", -1)
    array: Int64 = column("i8", "1", "number of the array or heterogeneous job that people see, -1 none", -1)
    throttle: Int64 = column("i8", "1", "most tasks of the array that run at once, -1 unknown", -1)
    dependency: Int32 = column("i4", "1", "number of the text of what it waits for, -1 none", -1)
    name: Int32 = column("i4", "1", "number of the job's name", -1)
    reason: Int32 = column("i4", "1", "number of the reason why it waited", -1)
    preceding: Int64 = column("i8", "1", "job that its user had waited for, -1 none", -1)
    think_s: Float64 = column("f8", "s", "from the end of that to this one's submission", float("nan"))
    cluster: Int32 = column("i4", "1", "number of the cluster", -1)
    partition: Int32 = column("i4", "1", "number of the partition", -1)
    account: Int32 = column("i4", "1", "number of the account", -1)
    user: Int32 = column("i4", "1", "number of the user", -1)
    state: UInt8 = column("u1", "1", "State, or 255 unknown", 255)
    eligible_s: Float64 = column("f8", "s", "when it could have started", float("nan"))
    start_s: Float64 = column("f8", "s", "start", float("nan"))
    end_s: Float64 = column("f8", "s", "end", float("nan"))
    requested_s: Float64 = column("f8", "s", "time requested, infinite for unlimited", float("nan"))
    allocated: Float64 = column("f8", "1", "nodes (or processors) allocated", float("nan"))
    requested: Float64 = column("f8", "1", "nodes (or processors) requested", float("nan"))
    processors: Float64 = column("f8", "1", "processors, where nodes are missing", float("nan"))
    energy_j: Float64 = column("f8", "J", "energy", float("nan"))
    qos: Int32 = column("i4", "1", "number of the quality of service", -1)
    nice: Float64 = column("f8", "1", "nice value", float("nan"))
    asked_processors: Float64 = column("f8", "1", "processors asked for", float("nan"))
    gpus: Float64 = column("f8", "1", "accelerators asked for", float("nan"))
    memory_mib: Float64 = column("f8", "MiB", "memory asked for", float("nan"))
    skip: UInt8 = column("u1", "1", "why the reader gave the row up (Skip)", 0)
    repair: Int64 = column("i8", "1", "what the reader mended, one bit a Repair", 0)


@dataclass(frozen=True, eq=False)
class Parsed:
    """What a reader makes of a log: its rows as numbers, nothing judged yet."""

    rows: Rows
    partitions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    qos: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    """What each text of ``rows.dependency`` says, as ``sbatch --dependency`` takes it."""
    reasons: tuple[str, ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    zero_s: int | None = 0
    """Instant of the log's time 0, after 1970 [s]; None if the log does not tell."""
    keep_zero: bool = False
    """Whether time 0 of the log is a good origin (SWF), or the first midnight is (absolute times)."""
    has_run: bool = True
    """Whether the log has a column of run times at all."""


@dataclass(frozen=True)
class Format:
    """A format of traces: how to know it, and how to read it."""

    title: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source, ReadOptions], Parsed | Trace]


FORMATS: Registry[Format] = Registry(
    "trace format",
    "exatwin.traces",
    (
        "exatwin.workload.traces.parquet",
        "exatwin.workload.traces.sacct",
        "exatwin.workload.traces.sacct_json",
        "exatwin.workload.traces.swf",
    ),
)
