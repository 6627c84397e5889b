"""What the event loop of a centre knows of the order of its queue: keys, a tree of fits, a tree of shares."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule._slurm import layout
from exatwin.schedule.priority import Shares
from exatwin.schedule.ranks import Ranks

ORDER_GIVEN = ("charge", "tier", "fit", "level", "parent", "level_frac", "is_user", "child_first", "reset")
"""Names of what :func:`order_given` returns."""
_NO_SHARES = Shares(np.array([-1]), np.ones(1), np.zeros(1, np.bool_))


def places_of(score: Float64) -> Float64:
    """Return the place of each job by its score, ties as they stand."""
    found = np.empty(len(score))
    found[np.argsort(score, kind="stable")] = np.arange(len(score))
    return found


def order_given(job: Int64, easy: bool, ranks: Ranks | None) -> dict[str, np.ndarray]:
    """Return what the loop reads to find jobs that fit, and to rank shares.

    Parameters
    ----------
    job
        ``Given.job``: nodes, limit and pool of each job.
    easy
        Whether jobs are looked for by what fits.
    ranks
        Whose usage there is; None for nobody's.
    """
    tree = _NO_SHARES if ranks is None else ranks.tree
    parent = np.asarray(tree.parent, np.int64)
    return {
        **_fits(job, easy),
        "tier": _tiers(job, ranks),
        "charge": job[layout.NODES].astype(np.float64) if ranks is None else ranks.charge,
        "parent": parent,
        "level_frac": np.where(tree.borrowing, -1.0, tree.level_frac),
        "is_user": tree.user.astype(np.int64),
        "child_first": np.searchsorted(np.sort(parent[1:]), np.arange(len(parent) + 1)),
        "reset": np.zeros(0, np.int64) if ranks is None else np.asarray(ranks.reset_s, np.int64),
    }


def _tiers(job: Int64, ranks: Ranks | None) -> Int64:
    """Return how many tiers of priority are above that of each job."""
    if ranks is None or ranks.tier is None:
        return np.zeros(job.shape[1], np.int64)
    found = np.unique(-np.asarray(ranks.tier), return_inverse=True)[1].astype(np.int64)
    if found.max(initial=0) >= layout.TIERS:
        raise SpecError(f"partitions have more than {layout.TIERS} tiers of priority")
    return found


def _fits(job: Int64, easy: bool) -> dict[str, np.ndarray]:
    """Return a place for each job by pool, nodes and limit: what may pass a head stands together."""
    if not easy:
        return {"fit": np.zeros((2, 0), np.int64), "level": np.zeros(1, np.int64)}
    # a job that can't run has no pool, and comes last
    pool = np.where(job[layout.POOL] < 0, job[layout.POOL].max(initial=0) + 1, job[layout.POOL])
    at = np.lexsort((job[layout.LIMIT], job[layout.NODES], pool))
    place = np.empty(len(at), np.int64)
    place[at] = np.arange(len(at))
    begins, size = [0], len(at)
    while True:
        begins.append(begins[-1] + (size // layout.FAN + 2) * layout.FAN)
        if size <= layout.FAN:
            break
        size = -(-size // layout.FAN)
    return {"fit": np.stack([place, at]), "level": np.array(begins, np.int64)}


def order_memory(given: layout.Given, nodes: int, rows: int) -> dict[str, np.ndarray]:
    """Return what the loop writes of its queue and its ranking, before the first event."""
    jobs, associations = given.job.shape[1], len(given.parent)
    tree = np.full((3, int(given.level[-1])), layout.FOREVER)
    tree[layout.LEAST_NODES] = layout.NOBODY
    return {
        "list": np.zeros(jobs + 1, np.int64),
        "pick": np.zeros(nodes + 1, np.int64),
        "room": np.zeros(len(given.first), np.int64),
        "end": np.zeros((3, rows), np.int64),
        "tree": tree,
        "child": 1 + np.argsort(given.parent[1:], kind="stable"),
        "order": np.zeros(associations, np.int64),
        "stack": np.zeros((3, associations + 2), np.int64),
        "worth": np.zeros((2, associations)),
        "rated": np.zeros(jobs),
    }


__all__ = ["ORDER_GIVEN", "order_given", "order_memory", "places_of"]
