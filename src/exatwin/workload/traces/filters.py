"""Which jobs of a trace are simulated: those that a machine can run, or the strong filter of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exatwin.workload.job import Jobs
from exatwin.workload.traces.trace import Trace


def strong_filter(trace: Trace, processors: int) -> Jobs:
    """Return the jobs that the strong filter keeps on a machine of so many processors.

    Parameters
    ----------
    trace
        A trace; what counts is what its log says (``trace.raw``), not what the reader mended.
    processors
        Processors of the machine [1].

    Notes
    -----
    A job is dropped if its allocated or its requested processors exceed the machine's; if both are missing;
    if its run time or its requested time is not above zero. What remains uses the processors requested, or
    those allocated where the request is missing, and runs for the shorter of run time and requested time, so
    that no job is cut off.

    References
    ----------
    E. Gaussier, D. Glesser, V. Reis, D. Trystram, Improving backfilling by using machine learning to predict
    running times, SC'15, https://doi.org/10.1145/2807591.2807646
    """
    raw = trace.raw
    fits = ~(raw.allocated > processors) & ~(raw.requested > processors)
    used = np.where(raw.requested > 0, raw.requested, raw.allocated)
    keep = fits & (used > 0) & (raw.run_s > 0) & (raw.requested_s > 0) & np.isfinite(raw.requested_s)
    asked_s = np.rint(raw.requested_s[keep]).astype(np.int64)
    run_s = np.rint(raw.run_s[keep]).astype(np.int64)
    ran_s = np.minimum(run_s, asked_s)
    return trace.jobs.take(keep).replace(nodes=used[keep].astype(np.int32), limit_s=asked_s, runtime_s=ran_s)


def drop_unrunnable(
    jobs: Jobs, partition_nodes: Sequence[int], partition_limit_s: Sequence[int | None] | None = None
) -> tuple[Jobs, dict[str, int]]:
    """Return the jobs that can ever run, and how many can't by reason.

    Parameters
    ----------
    jobs
        The jobs of a trace.
    partition_nodes
        Nodes of each partition [1]; one number stands for a machine without partitions.
    partition_limit_s
        The longest limit that each partition grants [s]; None for no bound.

    Examples
    --------
    >>> jobs = Jobs(job_id=[1, 2], submit_s=[0, 0], nodes=[4, 400], limit_s=[60, 60], runtime_s=[9, 9])
    >>> kept, dropped = drop_unrunnable(jobs, [48])
    >>> kept.job_id, dropped
    (array([1]), {'wider than its partition': 1})
    """
    single = len(partition_nodes) == 1
    index = np.zeros(len(jobs), np.int64) if single else jobs.partition.astype(np.int64)
    known = (index >= 0) & (index < len(partition_nodes))
    place = np.where(known, index, 0)
    wide = known & (jobs.nodes > np.asarray(partition_nodes, np.int64)[place])
    long = np.zeros(len(jobs), np.bool_)
    if partition_limit_s is not None:
        longest = [np.iinfo(np.int64).max if limit is None else limit for limit in partition_limit_s]
        long = known & ~wide & (jobs.limit_s > np.asarray(longest, np.int64)[place])
    reasons = {
        "in a partition that the machine lacks": ~known,
        "wider than its partition": wide,
        "asks for more time than its partition grants": long,
    }
    counts = {why: int(mask.sum()) for why, mask in reasons.items() if mask.any()}
    return jobs.take(known & ~wide & ~long), counts
