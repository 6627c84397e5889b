"""Jobs as they stand at one instant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from exatwin.foundation.arrays import Float64, Int16, Int32, Int64, UInt8
from exatwin.foundation.columns import Table, column
from exatwin.workload.job import Jobs


@dataclass(frozen=True, eq=False, repr=False)
class Standing(Table):
    """Jobs that run or wait, one row a job; those that wait in the order in which they were listed."""

    job_id: Int64 = column("i8", "1", "number of the job")
    nodes: Int32 = column("i4", "1", "nodes held or asked for")
    limit_s: Int64 = column("i8", "s", "time limit asked for, -1 unknown")
    elapsed_s: Int64 = column("i8", "s", "how long it has run, -1 where it waits", -1)
    waited_s: Int64 = column("i8", "s", "time since it was submitted, -1 unknown", -1)
    begin_s: Int64 = column("i8", "s", "earliest start after the instant that was asked for, 0 for any", 0)
    partition: Int16 = column("i2", "1", "index of the partition, -1 none", -1)
    user: Int32 = column("i4", "1", "number of the user, -1 unknown", -1)
    priority: Float64 = column("f8", "1", "priority of a waiting job, NaN unknown", float("nan"))
    held: UInt8 = column("u1", "1", "what it waits for but nodes: 1 anything, 2 a job, 3 a limit", 0)
    account: Int32 = column("i4", "1", "number of the account, -1 unknown", -1)
    qos: Int16 = column("i2", "1", "number of the quality of service, -1 unknown", -1)

    @property
    def runs(self) -> np.ndarray:
        """Mask of the jobs that run, shape (jobs,)."""
        return np.asarray(self.elapsed_s >= 0)


HELD, HELD_BY_JOB, HELD_BY_LIMIT = 1, 2, 3
"""What a job waits for: anything else than nodes; another job; room below a limit of its QOS or account."""


class HeldNodes(NamedTuple):
    """The nodes that one running job names."""

    job: str
    """Its number, as it was written."""
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The jobs of a machine at one instant, and what had to be said about them."""

    jobs: Standing
    at: datetime | None
    """The instant, UTC; None where nobody says."""
    partitions: tuple[str, ...]
    """Name of each partition, by ``jobs.partition``."""
    users: tuple[str, ...]
    """Name of each user, by ``jobs.user``."""
    notes: tuple[str, ...] = ()
    """One line for each thing that was mended, set aside or left open."""
    held: tuple[HeldNodes, ...] = ()
    """The nodes of the running jobs that name them."""
    accounts: tuple[str, ...] = ()
    """Name of each account, by ``jobs.account``."""
    qos: tuple[str, ...] = ()
    """Name of each QOS, by ``jobs.qos``."""
    follows: Int64 = field(default_factory=lambda: np.empty((3, 0), np.int64))
    """Which waiting job waits for which other one that is there: rows of `jobs`, and the kind, an index of
    :data:`exatwin.workload.traces.follow.KINDS`, shape (3, pairs)."""

    def with_notes(self, *notes: str) -> Snapshot:
        """Return it with more to say."""
        return replace(self, notes=(*self.notes, *notes)) if notes else self


def standing_at(
    jobs: Jobs, start_s: Int64, end_s: Int64, at_s: int, before: int | None = None
) -> tuple[Standing, Int64]:
    """Return who runs and who waits at `at_s` [s] of jobs with known starts and ends, and their rows.

    Parameters
    ----------
    jobs
        In order of submission.
    start_s, end_s
        Of each job [s]; a start beyond all times for one that never starts, shape (jobs,).
    before
        Only rows before this one count; by default all that were submitted by then.

    Notes
    -----
    A job is told as it stood: not when it will end or start. One that was not eligible yet is held.
    """
    upto = int(np.searchsorted(jobs.submit_s, at_s, side="right")) if before is None else before
    rows = np.flatnonzero(end_s[:upto] > at_s)
    runs = start_s[rows] <= at_s
    rows = np.concatenate([rows[runs], rows[~runs]])
    elapsed = np.where(start_s[rows] <= at_s, at_s - start_s[rows], -1)
    found = Standing(
        job_id=jobs.job_id[rows],
        nodes=jobs.nodes[rows],
        limit_s=np.maximum(jobs.limit_s[rows], 1),
        elapsed_s=elapsed,
        waited_s=at_s - jobs.submit_s[rows],
        partition=jobs.partition[rows],
        user=jobs.user[rows],
        account=jobs.account[rows],
        qos=jobs.qos[rows],
        held=np.where((elapsed < 0) & (jobs.eligible_s[rows] > at_s), HELD, 0).astype(np.uint8),
    )
    return found, rows


__all__ = ["HELD", "HELD_BY_JOB", "HELD_BY_LIMIT", "HeldNodes", "Snapshot", "Standing", "standing_at"]
