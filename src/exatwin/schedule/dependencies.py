"""Which job waits for which: after, afterok, afternotok, afterany, singleton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.workload.job import Jobs

KINDS = ("after", "afterok", "afternotok", "afterany")


@dataclass(frozen=True, eq=False)
class Dependencies:
    """Pairs of jobs by their rows; a job may start when all that it waits for has come."""

    job: Int64
    """The job that waits, shape (pairs,)."""
    on: Int64
    """The job that it waits for, shape (pairs,)."""
    kind: Int64
    """Index of :data:`KINDS`, shape (pairs,)."""
    delay_s: Int64 | None = None
    """What must pass after that [s], shape (pairs,); None for nothing."""

    @property
    def delays(self) -> Int64:
        """What must pass after that [s], shape (pairs,)."""
        return np.zeros(len(self.job), np.int64) if self.delay_s is None else self.delay_s

    @classmethod
    def of(cls, pairs: Sequence[tuple[int, int, str]]) -> Dependencies:
        """Return dependencies from triples of a job, the job that it waits for, and the kind by its name.

        Raises
        ------
        SpecError
            An unknown kind.
        """
        for _, _, kind in pairs:
            if kind not in KINDS:
                raise SpecError(f"unknown kind of dependency '{kind}': {nearest(kind, KINDS)}")
        codes = [(job, on, KINDS.index(kind)) for job, on, kind in pairs]
        return cls(*np.array(codes, np.int64).reshape(-1, 3).T)

    def check(self, jobs: int, job_id: Int64 | None = None) -> None:
        """Check that all jobs are known and that none waits for itself.

        Parameters
        ----------
        jobs
            How many there are.
        job_id
            Their numbers, for messages; by default their rows.

        Raises
        ------
        SpecError
            An unknown job, or a cycle: the chain is named.
        """
        if np.any(self.delays < 0):
            raise SpecError(f"a dependency has a delay of {self.delays.min()} s: expected 0 or more")
        rows = np.concatenate([self.job, self.on])
        if len(rows) and not 0 <= rows.min() <= rows.max() < jobs:
            wrong = int(rows.min() if rows.min() < 0 else rows.max())
            raise SpecError(f"a dependency names job {wrong}: expected a job from 0 to {jobs - 1}")
        if len(self.kind) and not 0 <= self.kind.min() <= self.kind.max() < len(KINDS):
            raise SpecError(f"a dependency is of a kind beyond those known: expected 0 to {len(KINDS) - 1}")
        chain = self._cycle(jobs)
        if chain:
            names = [str(row if job_id is None else job_id[row]) for row in chain]
            raise SpecError(f"jobs wait for each other: {' after '.join(names)}; expected no cycle")

    def _cycle(self, jobs: int) -> list[int]:
        """Return a cycle, its first job once more at the end; nothing if there is none."""
        waits = np.bincount(self.job, minlength=jobs)
        order = np.argsort(self.on, kind="stable")
        first = np.searchsorted(self.on[order], np.arange(jobs + 1))
        free = [int(row) for row in np.flatnonzero(waits == 0)]
        while free:
            row = free.pop()
            for other in self.job[order[first[row] : first[row + 1]]].tolist():
                waits[other] -= 1
                if waits[other] == 0:
                    free.append(other)
        stuck = np.flatnonzero(waits > 0)
        if len(stuck) == 0:
            return []
        kept = np.isin(self.job, stuck) & np.isin(self.on, stuck)
        before = dict(zip(self.job[kept].tolist(), self.on[kept].tolist(), strict=True))
        seen, row = [], int(stuck[0])
        while row not in seen:
            seen.append(row)
            row = before[row]
        return [*seen[seen.index(row) :], row]

    def joined(self, other: Dependencies) -> Dependencies:
        """Return all pairs of both."""
        parts = [
            (self.job, other.job),
            (self.on, other.on),
            (self.kind, other.kind),
            (self.delays, other.delays),
        ]
        return Dependencies(*(np.concatenate(pair) for pair in parts))


def in_chains(chain: Int64, kind: str = "afterany") -> Dependencies:
    """Return dependencies by which each job waits for the one before it in its chain.

    Parameters
    ----------
    chain
        Number of the chain of each job, -1 for none, shape (jobs,). The jobs of a chain are in order of rows.
    kind
        One of :data:`KINDS`.
    """
    rows = np.flatnonzero(chain >= 0)
    rows = rows[np.argsort(chain[rows], kind="stable")]
    same = chain[rows[1:]] == chain[rows[:-1]]
    later, earlier = rows[1:][same], rows[:-1][same]
    return Dependencies(
        later.astype(np.int64), earlier.astype(np.int64), np.full(len(later), KINDS.index(kind))
    )


def singletons(jobs: Jobs, name: Int64) -> Dependencies:
    """Return dependencies by which jobs of one user and one name run one after the other.

    Parameters
    ----------
    name
        Number of the name of each job that asks for it, -1 for the others, shape (jobs,).
    """
    pairs = np.stack([jobs.user.astype(np.int64), name])
    which = np.ravel(np.unique(pairs, axis=1, return_inverse=True)[1])
    return in_chains(np.where(name >= 0, which, -1))


__all__ = ["KINDS", "Dependencies", "in_chains", "singletons"]
