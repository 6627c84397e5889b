"""The policy ``multifactor``: priorities of Slurm in the event loop, with a tree of accounts and users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.schedule.priority import (
    DECAY,
    Shares,
    Weights,
    classic_fair_share,
    depth_oblivious,
    fair_tree,
    size_factor,
)
from exatwin.workload.job import Jobs

ALGORITHMS = ("fair-tree", "classic", "depth-oblivious")
RESETS = ("none", "now", "daily", "weekly", "monthly", "quarterly", "yearly")
RAW = ("assoc", "partition", "qos", "tres")
"""Factors that may be left as they are, instead of being divided by the greatest."""

DEFAULT_WEIGHTS = Weights(age=1000.0, fair_share=10000.0, job_size=10000.0)
"""Where no centre says what it has: as much for the whole machine as for the fairest share.

With much less for size, users whose turn it is keep taking nodes that a job of the whole machine waits for,
while none behind it may start: it never does, and the machine empties.
"""


@dataclass(frozen=True)
class PriorityRule:
    """How priorities are made: weights, and how the usage behind fair shares is counted."""

    weights: Weights = DEFAULT_WEIGHTS
    algorithm: str = "fair-tree"
    """``fair-tree``, ``classic`` or ``depth-oblivious``."""
    half_life_s: float = 7 * 86400.0
    """Half-life of usage; 0 for no decay."""
    calc_period_s: int = 300
    """How often usage and the priorities of waiting jobs are brought up to date."""
    phase_s: int = 0
    """When one of those times is [s]; all others follow by the period."""
    dampening: float = 1.0
    """``FairShareDampeningFactor`` of the classic algorithm."""
    reset: str = "none"
    """When all usage is forgotten (``PriorityUsageResetPeriod``), one of :data:`RESETS`."""
    relative_to_time: bool = False
    """Whether size is divided by the time limit in minutes (``SMALL_RELATIVE_TO_TIME``)."""
    only_up: bool = False
    """Whether priorities never fall (``INCR_ONLY``)."""
    from_submission: bool = False
    """Whether age counts from the submission, whatever holds a job back (``ACCRUE_ALWAYS``)."""
    greatest_resource: bool = False
    """Whether billing takes the greatest resource of a node, not the sum (``MAX_TRES``)."""
    raw: frozenset[str] = frozenset()
    """Factors that are not divided by the greatest (``NO_NORMAL_…``), of :data:`RAW`."""

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise SpecError(
                f"unknown fair-share algorithm '{self.algorithm}': {nearest(self.algorithm, ALGORITHMS)}"
            )
        if self.reset not in RESETS:
            raise SpecError(f"unknown period of reset '{self.reset}': {nearest(self.reset, RESETS)}")
        if self.calc_period_s < 1 or not self.half_life_s >= 0 or not self.dampening > 0:
            raise SpecError(
                "priorities need a period of at least 1 s, a half-life of 0 or more and a dampening > 0"
            )

    @property
    def left(self) -> float:
        """What is left of usage after a second."""
        return max(0.0, 1.0 - DECAY / self.half_life_s) if self.half_life_s > 0 else 1.0

    def calculated_s(self, until_s: int, first_s: int) -> tuple[int, int]:
        """Return the first time from which usage counts, and the last calculation until `until_s` [s].

        Parameters
        ----------
        first_s
            The first submission [s].
        """
        period = self.calc_period_s
        begin = (first_s - self.phase_s) // period * period + self.phase_s
        return begin, begin + max(until_s - begin, 0) // period * period

    def fair_points(self, tree: Shares, usage: Float64) -> Float64:
        """Return the points of each association by its fair share, given its own usage."""
        if self.algorithm == "classic":
            return self.weights.fair_share * classic_fair_share(tree, usage, self.dampening)
        if self.algorithm == "depth-oblivious":
            return self.weights.fair_share * depth_oblivious(tree, usage, self.dampening)
        return self.weights.fair_share * fair_tree(tree, usage)

    def fixed_points(self, nodes: Int64, capacity: int) -> Float64:
        """Return the points of each job that do not change as it waits."""
        part = np.clip(size_factor(nodes, capacity, self.weights.favor_small), 0.0, 1.0)
        found: Float64 = self.weights.job_size * part
        return found


def equal_shares(jobs: Jobs) -> tuple[Shares, Int64]:
    """Return a tree in which all accounts have equal shares, and in each all users; and the row of each job.

    A job without an account, or without a user, belongs to one that is unknown.
    """
    account, user = jobs.account.astype(np.int64), jobs.user.astype(np.int64)
    accounts, of_account = np.unique(account, return_inverse=True)
    names, of_user = np.unique(user, return_inverse=True)
    pairs, of_pair = np.unique(of_account * len(names) + of_user, return_inverse=True)
    many = len(accounts)
    parent = np.concatenate(([-1], np.zeros(many, np.int64), 1 + pairs // max(len(names), 1)))
    users = np.arange(1 + many + len(pairs)) > many
    return Shares(parent, np.ones(len(parent)), users), 1 + many + np.ravel(of_pair)
