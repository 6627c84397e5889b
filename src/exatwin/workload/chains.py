"""Long work in chains: jobs of the longest time limit, each going on where the one before it stopped."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.random import stream
from exatwin.workload.job import Jobs


def in_chains(jobs: Jobs, *, share_frac: float, links: float, seed: int) -> tuple[Jobs, Int64]:
    """Return `jobs` with some of the long ones in chains, and the chain of each, -1 for none.

    Parameters
    ----------
    jobs
        In order of submission.
    share_frac
        Share of the long jobs that are links of chains; long is who asks for the longest limit that anybody
        asks for in the partition.
    links
        Mean number of links of a chain, at least 1.
    seed
        Seed of the draws.

    Returns
    -------
    tuple[Jobs, Int64]
        The jobs in order of submission, and the number of the chain of each, shape (jobs,). The links of a
        chain are in the order in which they run.

    Notes
    -----
    No work is made up or lost: long jobs of the same size and profile that follow each other are sent
    together, when the first of them was, by its user. Lengths of chains are geometric.
    """
    chain = np.full(len(jobs), -1)
    chosen = _chosen(jobs, share_frac, seed)
    if len(chosen) == 0:
        return jobs, chain
    alike = np.unique(
        np.stack([jobs.partition, jobs.nodes, jobs.profile])[:, chosen], axis=1, return_inverse=True
    )
    kind = np.ravel(alike[1])
    order = np.argsort(kind, kind="stable")
    rows, kind = chosen[order], kind[order]
    ends = stream(seed, "workload", "chains", "links").random(len(rows)) < 1.0 / links
    fresh = np.concatenate(([True], ends[:-1] | (kind[1:] != kind[:-1])))
    chain[rows] = np.cumsum(fresh) - 1
    head = rows[fresh][chain[rows]]
    columns = {name: getattr(jobs, name).copy() for name in ("submit_s", "user", "account")}
    for column in columns.values():
        column[rows] = column[head]
    together = np.argsort(columns["submit_s"], kind="stable")
    return jobs.replace(**columns).take(together), chain[together]


def _chosen(jobs: Jobs, share_frac: float, seed: int) -> Int64:
    """Return the rows of the links."""
    longest = np.zeros(int(jobs.partition.max(initial=0)) + 1, np.int64)
    np.maximum.at(longest, jobs.partition, jobs.limit_s)
    long = np.flatnonzero(jobs.limit_s == longest[jobs.partition])
    taken = stream(seed, "workload", "chains", "share").random(len(long)) < share_frac
    return np.asarray(long[taken], np.int64)


__all__ = ["in_chains"]
