"""Which job of a log waits for which: dependencies that users asked for, and jobs that users waited for."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Int64, UInt8
from exatwin.foundation.columns import Table, column

KINDS = ("after", "afterok", "afternotok", "afterany")
"""What a job waits for: the start of another, its good end, its bad end, any end."""
_LONGEST_S = 10 * 366 * 86400


@dataclass(frozen=True, eq=False, repr=False)
class Follows(Table):
    """Pairs of jobs by their rows: the first waits for the second."""

    job: Int64 = column("i8", "1", "the job that waits")
    on: Int64 = column("i8", "1", "the job that it waits for")
    kind: UInt8 = column("u1", "1", "index of KINDS")
    delay_s: Int64 = column("i8", "s", "what must pass after that", 0)
    by_user: UInt8 = column(
        "u1", "1", "1: its user waited, to submit it (SWF's preceding job); 0: it waits", 0
    )

    @classmethod
    def none(cls) -> Follows:
        """Return no pairs."""
        blank = np.zeros(0, np.int64)
        return cls(job=blank, on=blank, kind=blank.astype(np.uint8))

    @classmethod
    def of(cls, pairs: list[tuple[int, ...]]) -> Follows:
        """Return pairs from tuples in the order of the columns."""
        job, on, kind, delay, user = np.array(pairs, np.int64).reshape(-1, 5).T
        return cls(job=job, on=on, kind=kind.astype(np.uint8), delay_s=delay, by_user=user.astype(np.uint8))

    def among(self, job_id: Int64, kept: Int64) -> Follows:
        """Return the pairs of which both jobs are kept, by the rows of those.

        Parameters
        ----------
        job_id
            Numbers of the jobs whose rows the pairs hold, unique, shape (jobs,).
        kept
            Numbers of some of them, in their own order, shape (kept,).
        """
        if len(self) == 0:
            return self
        order = np.argsort(kept, kind="stable")
        place = np.minimum(np.searchsorted(kept[order], job_id), max(len(kept) - 1, 0))
        found = kept[order][place] == job_id if len(kept) else np.zeros(len(job_id), np.bool_)
        row = np.where(found, order[place], -1) if len(kept) else np.full(len(job_id), -1)
        moved = self.replace(job=row[self.job], on=row[self.on])
        return moved.take((moved.job >= 0) & (moved.on >= 0))

    def to_text(self, job_id: Int64) -> str:
        """Return the pairs by the numbers of their jobs, as JSON."""
        columns = (job_id[self.job], job_id[self.on], self.kind, self.delay_s, self.by_user)
        return json.dumps(np.stack([np.asarray(each, np.int64) for each in columns], axis=1).tolist())

    @classmethod
    def from_text(cls, text: str, job_id: Int64) -> Follows:
        """Return the pairs that :meth:`to_text` left; those that make no sense are left out."""
        try:
            found = np.array(json.loads(text), np.int64).reshape(-1, 5)
        except (ValueError, TypeError, OverflowError):
            return cls.none()
        sound = (found[:, 2] >= 0) & (found[:, 2] < len(KINDS)) & (np.abs(found[:, 3]) <= _LONGEST_S)
        if len(found) == 0 or len(job_id) == 0:
            return cls.none()
        order = np.argsort(job_id, kind="stable")
        place = np.minimum(np.searchsorted(job_id[order], found[:, :2]), len(job_id) - 1)
        sound &= np.all(job_id[order][place] == found[:, :2], axis=1)
        job, on = order[place].T
        sound &= on < job
        kept = found[sound]
        return cls(
            job=job[sound],
            on=on[sound],
            kind=kept[:, 2].astype(np.uint8),
            delay_s=np.maximum(kept[:, 3], 0),
            by_user=(kept[:, 4] != 0).astype(np.uint8),
        )

    def of_jobs(self) -> Follows:
        """Return the pairs in which the job itself waits."""
        return self.take(self.by_user == 0)

    def of_users(self) -> Follows:
        """Return the pairs in which its user waited, to submit it."""
        return self.take(self.by_user != 0)


__all__ = ["KINDS", "Follows"]
