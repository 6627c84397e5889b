"""How far jobs are spread over the groups of the network."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int32, Int64
from exatwin.schedule.communication import fewest
from exatwin.schedule.result import Placement, Schedule


def spanned(placement: Placement, unit_of_node: Int32 | Int64) -> Int64:
    """Return how many groups the nodes of each job are in, shape (jobs,).

    Parameters
    ----------
    placement
        Who holds which nodes; ranges of a job ascend.
    unit_of_node
        Group of each node, ascending, shape (nodes,).
    """
    jobs = len(placement.first) - 1
    first, last = unit_of_node[placement.node], unit_of_node[placement.node + placement.count - 1]
    owner = np.repeat(np.arange(jobs), np.diff(placement.first))
    joined = np.zeros(len(owner), np.int64)
    joined[1:] = (owner[1:] == owner[:-1]) & (first[1:] == last[:-1])
    found = np.zeros(jobs, np.int64)
    np.add.at(found, owner, last - first + 1 - joined)
    return found


def fragmentation(schedule: Schedule, unit_of_node: Int32 | Int64) -> dict[str, float]:
    """Return by how much jobs span more groups than they must.

    Parameters
    ----------
    schedule
        Who ran where; without names of nodes nothing is known.
    unit_of_node
        Group of each node, ascending, shape (nodes,).

    Returns
    -------
    figures
        ``groups_over_fewest``: groups spanned over the fewest that could hold the job, weighted by nodes over
        the jobs that started; ``scattered_frac``: share of their nodes whose jobs span more than they must.
    """
    place, ran = schedule.placement, schedule.started
    if place is None or not ran.any():
        return {}
    units = unit_of_node[: schedule.capacity].astype(np.int64)
    nodes = schedule.jobs.nodes[ran].astype(np.int64)
    groups, least = spanned(place, units)[ran], fewest(nodes, units)
    return {
        "groups_over_fewest": float(np.average(groups / least, weights=nodes)),
        "scattered_frac": float(nodes[groups > least].sum() / nodes.sum()),
    }


__all__ = ["fragmentation", "spanned"]
