"""Most running jobs, nodes and node seconds of groups of jobs: a QOS, an association, a user, an array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError

NO_LIMIT = int(np.iinfo(np.int64).max // 4)


@dataclass(frozen=True, eq=False)
class Limits:
    """Groups and their members. A job beyond a limit of its groups is passed over; it blocks nobody."""

    most_jobs: Int64
    """Most jobs of each group that run at once, shape (groups,)."""
    most_nodes: Int64
    """Most nodes that they hold, shape (groups,)."""
    most_node_s: Int64
    """Most node seconds that they have left by their time limits (``GrpTRESRunMins``), shape (groups,)."""
    first: Int64
    """Where the groups of each job begin in `group`, and the end, shape (jobs + 1,)."""
    group: Int64
    """Groups of the jobs, one job after the other."""
    names: tuple[str, ...] = ()
    """What each group is, for people."""

    def __post_init__(self) -> None:
        for each in (self.most_jobs, self.most_nodes, self.most_node_s):
            if np.any(each < 0):
                raise SpecError(f"a limit is {int(np.min(each))}: expected 0 or more")
        if len(self.group) and not 0 <= self.group.min() <= self.group.max() < len(self.most_jobs):
            wrong = int(self.group.min() if self.group.min() < 0 else self.group.max())
            raise SpecError(f"a job is in group {wrong}: expected 0 to {len(self.most_jobs) - 1}")

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
        names: tuple[str, ...] = (),
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
        given = (most_jobs, most_nodes, most_node_s)
        groups = max([len(each) for each in given if each is not None] + [int(group.max(initial=-1)) + 1])
        full = [np.full(groups, NO_LIMIT) if each is None else each.astype(np.int64) for each in given]
        order = np.argsort(job, kind="stable")
        first = np.concatenate(([0], np.cumsum(np.bincount(job, minlength=jobs)))).astype(np.int64)
        return cls(full[0], full[1], full[2], first, group[order].astype(np.int64), names)

    def joined(self, other: Limits) -> Limits:
        """Return both sets of limits as one."""
        jobs = len(self.first) - 1
        rows = [np.repeat(np.arange(jobs), np.diff(each.first)) for each in (self, other)]
        return Limits.of_pairs(
            jobs,
            np.concatenate(rows),
            np.concatenate([self.group, other.group + len(self.most_jobs)]),
            most_jobs=np.concatenate([self.most_jobs, other.most_jobs]),
            most_nodes=np.concatenate([self.most_nodes, other.most_nodes]),
            most_node_s=np.concatenate([self.most_node_s, other.most_node_s]),
            names=self.names + other.names,
        )


__all__ = ["NO_LIMIT", "Limits"]
