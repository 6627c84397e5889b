"""Jobs and distance: how many groups they may span, and what it costs them to span more than they must."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.floor import Floor
from exatwin.schedule.placement import placement_code, segments
from exatwin.workload.job import Jobs, Profiles


@dataclass(frozen=True, eq=False)
class Communication:
    """What distance means to jobs; by default nothing."""

    penalty: Float64 | None = None
    """By how much longer each job would take if all it sends left its group, relative, shape (jobs,)."""
    most: Int64 | None = None
    """Most switches that each job wants to span, 0 for any number, shape (jobs,)."""
    patience_s: Int64 | int = 0
    """How long a job waits for that at most [s]."""
    switch_of_node: Int64 | None = None
    """What counts as one switch, ascending, shape (nodes,); by default the groups of the network."""
    placing: str = ""
    """Another way of taking nodes: ``spread`` or ``random``; blank for that of the placement."""
    seed: int = 0
    """Start of the draws of random placement."""

    def __post_init__(self) -> None:
        if self.penalty is not None and np.any(self.penalty < 0.0):
            raise SpecError("a penalty of distance must be 0 or more")
        if np.any(np.asarray(self.patience_s) < 0):
            raise SpecError("jobs wait for near nodes for a time of 0 s or more")


def placed(found: Communication | None, placement: str, seed: int, *, centre: bool) -> Communication | None:
    """Return what the engine of a centre must know of a placement, beside what there is of distance.

    Parameters
    ----------
    found
        What distance means to jobs.
    placement
        A name in :data:`exatwin.schedule.placement.PLACEMENTS`.
    seed
        Start of the draws of random placement.
    centre
        Whether that engine is used anyway.
    """
    if placement == "spread" or (placement == "random" and centre):
        return replace(found or Communication(), placing=placement, seed=seed)
    return found


def fewest(nodes: Int64, unit_of_node: Int64) -> Int64:
    """Return the fewest groups that hold each job on an empty machine, shape (jobs,).

    Parameters
    ----------
    nodes
        Nodes of each job, shape (jobs,).
    unit_of_node
        Group of each node, shape (nodes,).

    Examples
    --------
    >>> fewest(np.array([1, 3, 4]), np.array([0, 0, 1, 1, 1])).tolist()
    [1, 1, 2]
    """
    sizes = np.sort(np.bincount(unit_of_node))[::-1]
    held = np.cumsum(sizes)
    return np.minimum(np.searchsorted(held, nodes, side="left"), np.count_nonzero(sizes) - 1) + 1


def stretched(penalty: Float64, groups: Int64, least: Int64) -> Float64:
    """Return run times relative to those on the fewest groups.

    Parameters
    ----------
    penalty
        By how much longer a job would take if all it sends left its group, relative.
    groups, least
        Groups that it spans, and the fewest that hold it.

    Notes
    -----
    Of what a job on ``s`` groups sends evenly to all its nodes, ``1 - 1/s`` leaves a group. With the penalty
    ``p`` it takes ``(1 + p (1 - 1/s)) / (1 + p (1 - 1/s₀))`` as long as on the fewest groups ``s₀``, the run
    that the log (or the mix) tells.

    Examples
    --------
    >>> stretched(np.array([0.3]), np.array([4]), np.array([1])).round(4).tolist()
    [1.225]
    """
    far, near = 1.0 - 1.0 / np.maximum(groups, 1), 1.0 - 1.0 / np.maximum(least, 1)
    return np.where(groups > least, (1.0 + penalty * far) / (1.0 + penalty * near), 1.0)


def near_each_other(floor: Floor, placement: str, spread: Communication | None) -> Int64:
    """Return the segment of each node that placement keeps jobs to: switches that they ask for, or groups.

    Parameters
    ----------
    floor
        The nodes.
    placement
        A name in :data:`exatwin.schedule.placement.PLACEMENTS`.
    spread
        What distance means to jobs.
    """
    if placement == "groups" and spread is not None and spread.switch_of_node is not None:
        changes = np.diff(spread.switch_of_node[: floor.capacity], prepend=0) != 0
        changes |= np.diff(floor.pool_of_node, prepend=0) != 0
        return np.cumsum(changes).astype(np.int64)
    return segments(floor, placement_code(placement))


def network_share(profiles: Profiles) -> Float64:
    """Return the utilisation of the network over each profile, mean over its run, shape (profiles,)."""
    used = profiles.phases.share_frac * profiles.phases.network_frac
    return np.asarray(np.add.reduceat(used, profiles.first[:-1]))


def penalties(jobs: Jobs, profiles: Profiles, factor: float) -> Float64:
    """Return the penalty of each job: `factor` times the network share of its profile, shape (jobs,)."""
    return np.asarray(factor * network_share(profiles)[jobs.profile])


def switches_of(jobs: Jobs, floor: Floor, unit_of_node: Int64, most: int | None) -> Int64:
    """Return the most switches that each job wants to span.

    Parameters
    ----------
    most
        That many, for jobs that fit into them; None for each job's own fewest.
    """
    least = fewest(jobs.nodes.astype(np.int64), unit_of_node[: floor.capacity])
    return least if most is None else np.where(least <= most, most, 0)


__all__ = [
    "Communication",
    "fewest",
    "near_each_other",
    "network_share",
    "penalties",
    "placed",
    "stretched",
    "switches_of",
]
