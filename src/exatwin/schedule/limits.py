"""Most that groups of jobs may run, hold, have used and have sent: a QOS, an association, an array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError

NO_LIMIT = int(np.iinfo(np.int64).max // 4)
MOST = ("most_jobs", "most_nodes", "most_node_s", "most_used_node_s", "most_used_s", "most_sent")
"""The limits that a group may have."""


@dataclass(frozen=True, eq=False)
class Limits:
    """Groups and their members. A job beyond a limit of its groups is passed over; it blocks nobody."""

    most_jobs: Int64
    """Most jobs of each group that run at once, shape (groups,)."""
    most_nodes: Int64
    """Most nodes that they hold, shape (groups,)."""
    most_node_s: Int64
    """Most node seconds that they have left by their time limits (``GrpTRESRunMins``), shape (groups,)."""
    most_used_node_s: Int64
    """Most node seconds that they may have used (``GrpTRESMins``): then none starts, shape (groups,)."""
    most_used_s: Int64
    """Most seconds that they may have run, one beside the other (``GrpWall``), shape (groups,)."""
    most_sent: Int64
    """Most that wait or run at once (``MaxSubmitJobs``): more are refused, shape (groups,)."""
    half_life_s: Int64
    """Half-life of what they have used [s], shape (groups,): 0 to forget it at resets only,
    :data:`NO_LIMIT` never."""
    first: Int64
    """Where the groups of each job begin in `group`, and the end, shape (jobs + 1,)."""
    group: Int64
    """Groups of the jobs, one job after the other."""
    names: tuple[str, ...] = ()
    """What each group is, for people."""
    safe: bool = False
    """Whether a job starts only if what all may use by their limits is not too much either
    (``AccountingStorageEnforce=safe``)."""

    def __post_init__(self) -> None:
        for name in (*MOST, "half_life_s"):
            if np.any(getattr(self, name) < 0):
                raise SpecError(f"a limit is {int(np.min(getattr(self, name)))}: expected 0 or more")
        if len(self.group) and not 0 <= self.group.min() <= self.group.max() < len(self.most_jobs):
            wrong = int(self.group.min() if self.group.min() < 0 else self.group.max())
            raise SpecError(f"a job is in group {wrong}: expected 0 to {len(self.most_jobs) - 1}")

    @property
    def table(self) -> Int64:
        """The rows that the event loop reads, shape (rows, groups)."""
        used = (self.most_used_node_s < NO_LIMIT) | (self.most_used_s < NO_LIMIT)
        safe = np.full(len(used), int(self.safe))
        rows = (self.most_jobs, self.most_nodes, self.most_node_s, self.most_used_node_s, self.most_used_s)
        return np.stack([*rows, self.half_life_s, safe, self.most_sent, used]).astype(np.int64)

    @classmethod
    def of_pairs(
        cls,
        jobs: int,
        job: Int64,
        group: Int64,
        *,
        most_jobs: Int64 | None = None,
        most_nodes: Int64 | None = None,
        most_node_s: Int64 | None = None,
        most_used_node_s: Int64 | None = None,
        most_used_s: Int64 | None = None,
        most_sent: Int64 | None = None,
        half_life_s: Int64 | None = None,
        names: tuple[str, ...] = (),
        safe: bool = False,
    ) -> Limits:
        """Return limits from pairs of a job and a group it is in; what is not given has no limit.

        Raises
        ------
        SpecError
            A job that there is not.
        """
        if len(job) and not 0 <= job.min() <= job.max() < jobs:
            wrong = int(job.min() if job.min() < 0 else job.max())
            raise SpecError(f"a limit names job {wrong}: expected a job from 0 to {jobs - 1}")
        given = (most_jobs, most_nodes, most_node_s, most_used_node_s, most_used_s, most_sent)
        groups = max([len(each) for each in given if each is not None] + [int(group.max(initial=-1)) + 1])
        full = [np.full(groups, NO_LIMIT) if each is None else each.astype(np.int64) for each in given]
        decay = np.zeros(groups, np.int64) if half_life_s is None else half_life_s.astype(np.int64)
        order = np.argsort(job, kind="stable")
        first = np.concatenate(([0], np.cumsum(np.bincount(job, minlength=jobs)))).astype(np.int64)
        run, nodes, left, used, wall, sent = full
        members = group[order].astype(np.int64)
        return cls(run, nodes, left, used, wall, sent, decay, first, members, names, safe)

    def joined(self, other: Limits) -> Limits:
        """Return both sets of limits as one."""
        jobs = len(self.first) - 1
        rows = [np.repeat(np.arange(jobs), np.diff(each.first)) for each in (self, other)]
        both = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in (*MOST, "half_life_s")
        }
        return Limits.of_pairs(
            jobs,
            np.concatenate(rows),
            np.concatenate([self.group, other.group + len(self.most_jobs)]),
            names=self.names + other.names,
            safe=self.safe or other.safe,
            **both,
        )


__all__ = ["MOST", "NO_LIMIT", "Limits"]
