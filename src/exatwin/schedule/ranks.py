"""What the priorities of jobs are made of: fixed points, and the user of a tree that each job counts for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.multifactor import PriorityRule, equal_shares
from exatwin.schedule.priority import LARGEST_PRIORITY, Shares
from exatwin.workload.job import Jobs

FACTORS = ("assoc", "job_size", "partition", "qos", "tres", "site")
"""Factors that do not change as a job waits, in the order in which Slurm adds their points."""
_TIER = 2.0**33
"""More points than any priority has."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """The parts of the priority of each job that its centre's files, and the job itself, decide."""

    tree: Shares
    """The accounts and users."""
    row: Int64
    """Row of the tree that each job counts for, shape (jobs,)."""
    parts: Mapping[str, Float64]
    """Points of each job by factor (of :data:`FACTORS`), and ``nice``, which is taken off."""
    charge: Float64
    """Usage that each job adds in a second: billing units times the factor of its QOS, shape (jobs,)."""
    eligible_s: Int64
    """Since when the age of each job counts [s], shape (jobs,)."""
    reset_s: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    """When all usage is forgotten [s], ascending."""
    tier: Int64 | None = None
    """What comes before all points, ``PriorityTier``, shape (jobs,); None where all have the same."""
    by_resource: Mapping[str, Float64] = field(default_factory=dict)
    """Points of each job by resource, which ``parts["tres"]`` adds up, shape (jobs,)."""

    def __post_init__(self) -> None:
        if len(self.row) and not 0 <= self.row.min() <= self.row.max() < len(self.tree.parent):
            raise SpecError(f"a job counts for row {int(self.row.max())} of {len(self.tree.parent)}")

    @property
    def points(self) -> Float64:
        """Points of each job that do not change as it waits, shape (jobs,)."""
        return fixed(self.parts, len(self.row))

    @property
    def score(self) -> Float64:
        """Points that order the queue: those of a higher tier are above all others, shape (jobs,)."""
        return self.points if self.tier is None else self.points + _TIER * self.tier


def fixed(parts: Mapping[str, Float64], jobs: int) -> Float64:
    """Return the sum of fixed points, in the order of :data:`FACTORS`, less ``nice``, shape (jobs,)."""
    total = np.zeros(jobs)
    for name in FACTORS:
        if name in parts:
            total = total + parts[name]
    return total - parts["nice"] if "nice" in parts else total


def total(parts: Mapping[str, Float64], age: Float64, fair: Float64) -> Int64:
    """Return the priority of each job: points added in the order of Slurm, then cut to a whole number.

    The order matters where the sum is a whole number: ``age + assoc + fair share + job size + partition + QOS
    + TRES + site - nice``. A priority is at least 1, since 0 is for jobs that are held, and at most 2^32 - 1.
    """
    found = age.astype(np.float64)
    for name in ("assoc", "fair_share", "job_size", "partition", "qos", "tres", "site"):
        if name == "fair_share":
            found = found + fair
        elif name in parts:
            found = found + parts[name]
    if "nice" in parts:
        found = found - parts["nice"]
    return np.asarray(np.clip(np.floor(found), 1, LARGEST_PRIORITY), np.int64)


def plain_ranks(jobs: Jobs, rule: PriorityRule, capacity: int) -> Ranks:
    """Return ranks where no file is known: equal shares, whole nodes of a machine of `capacity`."""
    tree, row = equal_shares(jobs)
    nodes = jobs.nodes.astype(np.int64)
    return Ranks(
        tree=tree,
        row=row,
        parts={"job_size": rule.fixed_points(nodes, capacity), "nice": jobs.nice.astype(np.float64)},
        charge=nodes.astype(np.float64),
        eligible_s=np.maximum(jobs.submit_s, jobs.eligible_s).astype(np.int64),
    )
