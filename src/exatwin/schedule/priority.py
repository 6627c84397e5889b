"""Priorities of waiting jobs as Slurm's multifactor plugin computes them: pure functions of arrays.

The priority of a job is the sum of weights times factors, each factor from 0 to 1, less its nice value. The
fair-share factor comes from the usage of a tree of accounts and users, which decays with a half-life.

References
----------
Slurm Workload Manager, Multifactor Priority Plugin, Classic Fairshare Algorithm and Fair Tree Fairshare
Algorithm, https://slurm.schedmd.com/priority_multifactor.html, https://slurm.schedmd.com/fair_tree.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError

LARGEST_PRIORITY = 2**32 - 1


@dataclass(frozen=True)
class Weights:
    """Weights of the factors (``PriorityWeightAge`` …), and the time after which age counts in full."""

    age: float = 0.0
    assoc: float = 0.0
    fair_share: float = 0.0
    job_size: float = 0.0
    partition: float = 0.0
    qos: float = 0.0
    max_age_s: float = 7 * 86400.0
    favor_small: bool = False
    tres: Mapping[str, float] = field(default_factory=dict)
    """Weight of each trackable resource by name, such as ``gres/gpu`` (``PriorityWeightTRES``)."""

    def __post_init__(self) -> None:
        for name in ("age", "assoc", "fair_share", "job_size", "partition", "qos"):
            if not getattr(self, name) >= 0:
                raise SpecError(f"the weight of {name} is {getattr(self, name):g}: expected 0 or more")
        for name, weight in self.tres.items():
            if not weight >= 0:
                raise SpecError(f"the weight of {name} is {weight:g}: expected 0 or more")
        if not self.max_age_s > 0:
            raise SpecError(f"the greatest age is {self.max_age_s:g} s: expected more than 0")


@dataclass(frozen=True, eq=False)
class Shares:
    """A tree of associations, parents before their children; row 0 is the root."""

    parent: Int64
    """Row of the parent of each association, -1 for the root, shape (associations,)."""
    shares: Float64
    """Shares of each association beside its siblings, shape (associations,)."""
    user: NDArray[np.bool_]
    """Whether an association is a user's (a leaf), shape (associations,)."""
    borrows: NDArray[np.bool_] | None = None
    """Whether a user has no shares of its own but its account's (``Fairshare=parent``); None for nobody."""

    def __post_init__(self) -> None:
        rows = np.arange(len(self.parent))
        if len(rows) == 0 or self.parent[0] != -1 or bool(self.user[0]):
            raise SpecError("a tree of shares begins with its root, an account without a parent")
        wrong = rows[1:][(self.parent[1:] < 0) | (self.parent[1:] >= rows[1:])]
        if len(wrong):
            raise SpecError(
                f"association {wrong[0]} has the unknown parent {self.parent[wrong[0]]}: "
                "expected one before it"
            )
        if np.any(self.user[self.parent[1:]]):
            raise SpecError("a user can't be the parent of an association: expected an account")
        if not np.all(self.shares >= 0):
            raise SpecError("shares are negative: expected 0 or more")
        if self.borrows is not None and np.any(self.borrows & ~self.user):
            raise SpecError("only users borrow shares: give the children of an account to the one above it")

    @property
    def level_frac(self) -> Float64:
        """Shares of each association over those of all its siblings and itself; 1 for the root."""
        own = np.where(self.borrowing, 0.0, self.shares)
        level = np.bincount(self.parent[1:], own[1:], len(self.parent))
        found = np.ones(len(self.parent))
        total = level[self.parent[1:]]
        found[1:] = np.divide(own[1:], total, out=np.zeros(len(total)), where=total > 0)
        return found

    @property
    def borrowing(self) -> NDArray[np.bool_]:
        """Whether each association has the shares of its account, shape (associations,)."""
        return np.zeros(len(self.parent), np.bool_) if self.borrows is None else self.borrows

    def with_usage_of_children(self, usage: Float64) -> Float64:
        """Return the usage of each association with all below it; `usage` is each one's own, in any unit."""
        total = usage.astype(np.float64).copy()
        for row in range(len(total) - 1, 0, -1):
            total[self.parent[row]] += total[row]
        return total


DECAY = 0.693
"""What Slurm takes of usage in a second, times the half-life [s]: ln 2 to three digits."""


def decay(usage: Float64, elapsed_s: float, half_life_s: float) -> Float64:
    """Return what is left of `usage` after `elapsed_s`; a half-life of 0 forgets nothing.

    Slurm leaves the share 1 - :data:`DECAY` / half-life of the usage each second.
    """
    if half_life_s <= 0:
        return usage.copy()
    left: Float64 = usage * (1.0 - DECAY / half_life_s) ** elapsed_s
    return left


def classic_fair_share(tree: Shares, usage: Float64, dampening: float = 1.0) -> Float64:
    """Return 2^(-U / S / dampening) for each association, U its effective usage and S its share of all.

    Parameters
    ----------
    usage
        Own usage of each association, shape (associations,).
    dampening
        ``FairShareDampeningFactor``.

    Notes
    -----
    The effective usage of an association is its own share of all usage, moved towards the effective usage of
    its parent by its share among its siblings: whoever has unused siblings pays for the account a little. A
    user who borrows has the shares and the effective usage of the account.
    """
    share, effective = effective_usage(tree, usage)
    exponent = np.divide(effective, share, out=np.full(len(share), np.inf), where=share > 0) / dampening
    found: Float64 = np.exp2(-exponent)
    return found


def effective_usage(tree: Shares, usage: Float64, *, oblivious: bool = False) -> tuple[Float64, Float64]:
    """Return the share of all of each association, and its effective usage; parameters as there.

    Parameters
    ----------
    oblivious
        Whether depth has no effect (``PriorityFlags=DEPTH_OBLIVIOUS``).
    """
    total, level = tree.with_usage_of_children(usage), tree.level_frac
    share, effective = np.ones(len(total)), np.ones(len(total))
    of_all = total / total[0] if total[0] > 0 else np.zeros(len(total))
    own = np.where(tree.borrowing, 0.0, of_all)
    siblings = np.bincount(tree.parent[1:], own[1:], len(total))
    some = np.bincount(tree.parent[1:], np.where(tree.borrowing, 0.0, tree.shares)[1:], len(total)) > 0
    for row in range(1, len(total)):
        up = tree.parent[row]
        if tree.borrowing[row]:
            share[row], effective[row] = share[up], effective[up]
            continue
        share[row] = share[up] * level[row]
        if up == 0:
            effective[row] = of_all[row]
        elif oblivious:
            effective[row] = _oblivious(of_all[row], share[row], effective[up], share[up], siblings[up])
        elif not some[up]:
            effective[row] = effective[up]
        else:
            effective[row] = of_all[row] + (effective[up] - of_all[row]) * level[row]
    return share, effective


def _oblivious(used: float, share: float, used_above: float, share_above: float, beside: float) -> float:
    """Return the effective usage of an association where depth has no effect.

    The ratio of usage to shares of the account, R, times that of the association among its siblings, r, to
    the power of k: k is 1 where both are above or both below 1, else 1 / (1 + (5 ln R)²).
    """
    if not (share and share_above and used_above and used):
        return used
    above = used_above / share_above
    ratio = used / share / (beside / share_above)
    together = np.log(above) * np.log(ratio) >= 0
    k = 1.0 if together else 1.0 / (1.0 + (5.0 * np.log(above)) ** 2)
    return float(above * ratio**k * share)


def depth_oblivious(tree: Shares, usage: Float64, dampening: float = 1.0) -> Float64:
    """Return the factor of each association as :func:`classic_fair_share` does, whatever its depth."""
    share, effective = effective_usage(tree, usage, oblivious=True)
    exponent = np.divide(effective, share, out=np.full(len(share), np.inf), where=share > 0) / dampening
    found: Float64 = np.exp2(-exponent)
    return found


def fair_tree(tree: Shares, usage: Float64) -> Float64:
    """Return the rank of each user over the number of users, by the Fair Tree algorithm; 0 for accounts.

    Siblings are ranked by their share among themselves over their part of their parent's usage, and with an
    account all users below it. Users of the same value share a rank, accounts of the same value are merged,
    and a user that equals an account shares the rank of the first user below that. Users who borrow come
    first in their account.
    """
    value = level_fair_share(tree, usage)
    children: list[list[int]] = [[] for _ in range(len(value))]
    for row in range(1, len(value)):
        children[tree.parent[row]].append(row)
    return _ranked(children, value, tree.user)


def level_fair_share(tree: Shares, usage: Float64) -> Float64:
    """Return the share of each association among its siblings over its part of the account's usage.

    It is infinite without usage, 0 without shares, and infinite for users who borrow.
    """
    total, level = tree.with_usage_of_children(usage), tree.level_frac
    up = total[tree.parent[1:]]
    used = np.divide(total[1:], up, out=np.zeros(len(up)), where=up > 0)
    value = np.full(len(total), np.inf)
    value[1:] = np.divide(level[1:], used, out=np.full(len(up), np.inf), where=used > 0)
    value[1:][level[1:] == 0] = 0.0
    value[tree.borrowing] = np.inf
    return value


def _ranked(children: Sequence[list[int]], value: Float64, user: NDArray[np.bool_]) -> Float64:
    users = int(user.sum())
    found, rank, left = np.zeros(len(value)), users, users
    stack: list[tuple[list[int], bool]] = [(children[0], False)]
    while stack:
        rows, tied = stack.pop()
        rows = sorted(rows, key=lambda row: (-value[row], not user[row]))
        for place, row in enumerate(rows):
            if place > 0:
                tied = value[rows[place - 1]] == value[row]
            if user[row]:
                rank = rank if tied else left
                found[row] = rank / users
                left -= 1
                continue
            same = [other for other in rows[place:] if value[other] == value[row]]
            stack.append((rows[place + len(same) :], value[row] == _next(rows, place + len(same), value)))
            stack.append(([child for other in same for child in children[other]], tied))
            break
    return found


def _next(rows: list[int], place: int, value: Float64) -> float:
    return float(value[rows[place]]) if place < len(rows) else float("nan")


def age_factor(wait_s: Float64, max_age_s: float) -> Float64:
    """Return the wait over the greatest age that counts, at most 1."""
    found: Float64 = np.clip(wait_s / max_age_s, 0.0, 1.0)
    return found


def size_factor(nodes: Int64, capacity: int, favor_small: bool = False) -> Float64:
    """Return the part of the machine that a job of whole nodes asks for; to favour small jobs what it leaves.

    Slurm takes the mean of the part of the nodes and of the processors, which whole nodes make the same.
    """
    part = nodes / capacity
    return np.asarray(1.0 - part if favor_small else part, np.float64)


def priorities(weights: Weights, factors: dict[str, Float64], nice: Int64 | int = 0) -> Int64:
    """Return the priority of each job: whole, at least 1, at most 2^32 - 1.

    Parameters
    ----------
    factors
        Arrays of the same length from 0 to 1 by the name of their weight, such as ``age``; one that is
        missing counts as 0.
    nice
        Taken off at the end.
    """
    total: Float64 = sum((getattr(weights, name) * each for name, each in factors.items()), start=np.zeros(1))
    return np.clip(np.floor(total) - nice, 1, LARGEST_PRIORITY).astype(np.int64)
