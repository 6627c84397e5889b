"""What users really use of the time they ask for: run times drawn from what ended before.

A job that runs is conditioned on having run so long. Shares of the limit are drawn from the jobs of the same
user, mixed with those of all users with limits of the same class; the more of the user's own are known, the
more they count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from exatwin.catalogue.load import data_folder
from exatwin.foundation.arrays import Float64, Int64
from exatwin.workload.job import Jobs

CLASS_ENDS_S = (900, 3600, 4 * 3600, 12 * 3600, 86400)
"""Limits at which classes end; the last class has no end."""
_OWN, _ALIKE, _RECENT, _ENOUGH = 40, 200, 3000, 5
"""Jobs of a user, of a class, and in all that count, the latest; own jobs that weigh as much as the class."""


@dataclass(frozen=True, eq=False)
class Usage:
    """Shares of their limits that jobs have used."""

    share: Float64
    """Used over requested time, 0 to 1, in the order of the ends, shape (jobs,)."""
    user: Int64
    """User of each; -1 unknown, shape (jobs,)."""
    kind: Int64
    """Class of the limit of each, shape (jobs,)."""

    @classmethod
    def of(cls, ended: Jobs, rows: Int64 | None = None) -> Usage:
        """Return the usage of jobs that have ended, `rows` of them in the order of their ends."""
        limit = np.maximum(ended.limit_s, 1)
        if rows is None:
            rows = np.argsort(ended.recorded_start_s + ended.runtime_s, kind="stable")
        rows = rows[-_RECENT:]
        share = np.minimum(ended.runtime_s[rows] / limit[rows], 1.0)
        return cls(share, ended.user[rows].astype(np.int64), limit_class(limit[rows]))

    def draw(
        self, rng: np.random.Generator, limit_s: Int64, user: Int64, elapsed_s: Int64, members: int
    ) -> Int64:
        """Return run times in all members of an ensemble [s], shape (jobs, members).

        Parameters
        ----------
        limit_s
            Time that each job asked for [s], shape (jobs,).
        user
            Its user, -1 unknown, shape (jobs,).
        elapsed_s
            How long it has run; -1 where it waits [s], shape (jobs,).

        Notes
        -----
        A run time is at least a second longer than what has passed. Where nobody like this job ever ran as
        long, the rest of the limit is as likely to be used to any point as to any other.
        """
        limit = np.maximum(limit_s, 1).astype(np.int64)
        since = np.maximum(elapsed_s, -1)
        found = np.empty((len(limit), members), np.int64)
        below = rng.random((len(limit), members))
        for row, (share, weight) in enumerate(self._alike(limit, user)):
            left = weight * (share * limit[row] > since[row])
            total = np.cumsum(left)
            if total[-1] < 1e-6:
                begun = min(max(since[row], 0) / limit[row], 1.0)
                used = begun + below[row] * (1.0 - begun)
            else:
                used = share[np.searchsorted(total, below[row] * total[-1], side="right")]
            found[row] = used * limit[row]
        return np.asarray(np.maximum(found, since[:, None] + 1), np.int64)

    def _alike(self, limit: Int64, user: Int64) -> Iterator[tuple[Float64, Float64]]:
        """Yield for each job the shares it may draw from and how much each counts."""
        own, kinds = _Groups(self.user), _Groups(self.kind)
        kind = limit_class(limit)
        known: dict[tuple[int, int], tuple[Float64, Float64]] = {}
        for one in zip(user.tolist(), kind.tolist(), strict=True):
            if one not in known:
                mine = self.share[own.last(one[0], _OWN)] if one[0] >= 0 else self.share[:0]
                alike = self.share[kinds.last(one[1], _ALIKE)]
                if len(alike) < _ENOUGH:
                    alike = self.share[-_ALIKE:]
                trust = len(mine) / (len(mine) + _ENOUGH)
                weight = np.concatenate([
                    np.full(len(mine), trust / max(len(mine), 1)),
                    np.full(len(alike), (1.0 - trust) / max(len(alike), 1)),
                ])  # fmt: skip
                known[one] = np.concatenate([mine, alike]), weight
            yield known[one]


class _Groups:
    """Rows by group, each group's in the order of the table."""

    def __init__(self, group: Int64) -> None:
        self.rows = np.argsort(group, kind="stable")
        self.sorted = group[self.rows]

    def last(self, group: int, count: int) -> Int64:
        """Return the last `count` rows of `group`."""
        low, high = np.searchsorted(self.sorted, [group, group + 1])
        found: Int64 = self.rows[max(int(low), int(high) - count) : int(high)]
        return found


def limit_class(limit_s: Int64) -> Int64:
    """Return the class of each time limit [s].

    Examples
    --------
    >>> limit_class(np.array([900, 901, 43200, 10**6]))
    array([0, 1, 3, 5])
    """
    return np.searchsorted(np.array(CLASS_ENDS_S), limit_s).astype(np.int64)


@cache
def shipped_usage() -> Usage:
    """Return what users of recorded machines use of their limits, for where there is no history."""
    import csv

    path = data_folder() / "calibration" / "limit-usage.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [line for line in csv.reader(file) if line and not line[0].startswith("#")][1:]
    kind = np.array([int(line[0]) for line in rows], np.int64)
    share = np.array([float(line[2]) for line in rows], np.float64)
    return Usage(share, np.full(len(rows), -1, np.int64), kind)


__all__ = ["CLASS_ENDS_S", "Usage", "limit_class", "shipped_usage"]
