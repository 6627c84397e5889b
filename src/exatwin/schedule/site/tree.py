"""The tree of shares of a centre's accounts, and for which of its users each job counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.priority import Shares
from exatwin.schedule.site.accounts import ROOT, Accounts, Association, inherited
from exatwin.workload.job import Jobs


@dataclass(frozen=True, eq=False)
class Labels:
    """Names of what the columns of jobs count."""

    partitions: Sequence[str] = ()
    accounts: Sequence[str] = ()
    users: Sequence[str] = ()
    qos: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Tree:
    """Shares with the association of each row."""

    shares: Shares
    associations: tuple[Association, ...]
    """By row of the tree; accounts with ``Fairshare=parent`` are none of them."""
    default_account: dict[str, str]

    def rows(self, jobs: Jobs, labels: Labels, partition: Int64) -> Int64:
        """Return the row that each job counts for; that of the root where its association is unknown.

        Parameters
        ----------
        partition
            Partition of each job by `labels`, shape (jobs,).
        """
        at = {one.key: row for row, one in enumerate(self.associations)}
        three = [np.asarray(each, np.int64) + 1 for each in (jobs.account, jobs.user, partition)]
        wide = [int(each.max(initial=0)) + 1 for each in three]
        kinds, place = np.unique((three[0] * wide[1] + three[1]) * wide[2] + three[2], return_inverse=True)
        numbers = (kinds // (wide[1] * wide[2]), kinds // wide[2] % wide[1], kinds % wide[2])
        names = (labels.accounts, labels.users, labels.partitions)
        found = [
            self._row(at, *(_name(of, number - 1) for of, number in zip(names, kind, strict=True)))
            for kind in zip(*(each.tolist() for each in numbers), strict=True)
        ]
        return np.array(found, np.int64)[place]

    def _row(self, at: dict[tuple[str, str, str], int], account: str, user: str, partition: str) -> int:
        account = account or self.default_account.get(user, "")
        return at.get((account, user, partition), at.get((account, user, ""), 0))


def share_tree(accounts: Accounts) -> Tree:
    """Return the tree of shares of `accounts`.

    An account with ``Fairshare=parent`` is left out, and what is below it belongs to the one above; a user
    with ``Fairshare=parent`` borrows the shares of the account.

    References
    ----------
    https://slurm.schedmd.com/classic_fair_share.html, "FairShare=parent"
    """
    rows: dict[str, int] = {}
    kept: list[Association] = []
    parent: list[int] = []
    for one in inherited(accounts):
        above = rows.get(one.account.lower() if one.user else one.parent.lower(), 0)
        if not one.user and one.shares is None and one.account.lower() != ROOT:
            rows[one.account.lower()] = above
            continue
        if not one.user:
            rows[one.account.lower()] = len(kept)
        parent.append(above if kept else -1)
        kept.append(one)
    user = np.array([bool(one.user) for one in kept])
    borrows = np.array([one.shares is None for one in kept]) & user
    shares = np.array([1.0 if one.shares is None else float(one.shares) for one in kept])
    tree = Shares(np.array(parent, np.int64), shares, user, borrows if borrows.any() else None)
    return Tree(tree, tuple(kept), dict(accounts.default_account))


def _name(names: Sequence[str], number: int) -> str:
    return names[number].lower() if 0 <= number < len(names) else ""
