"""Jobs with recorded watts: the shape is their profile's, the mean is what was recorded."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.workload.job import Jobs, Profiles


def recorded_scale(jobs: Jobs, profiles: Profiles, phase_w: Float64) -> Float64:
    """Return what the watts of each job's phases are multiplied by so that it meets its recorded mean.

    Parameters
    ----------
    jobs, profiles
        The jobs, and what they do.
    phase_w
        One node in each phase at full clock [W], shape (phases,).

    Returns
    -------
    scale
        1 for a job without recorded watts (``Jobs.node_w``), shape (jobs,).

    Notes
    -----
    Phases are laid out over the run time, begin on whole seconds and are cut at the limit.
    """
    found = np.ones(len(jobs))
    cut_s = np.minimum(jobs.runtime_s, jobs.limit_s).astype(np.float64)
    known = np.isfinite(jobs.node_w) & (cut_s > 0.0)
    total = np.cumsum(profiles.phases.share_frac)
    for profile in np.unique(jobs.profile[known]):
        rows = np.flatnonzero(known & (jobs.profile == profile))
        low, high = int(profiles.first[profile]), int(profiles.first[profile + 1])
        share = total[low : high - 1] - (total[low - 1] if low else 0.0)
        ends = np.floor(np.outer(jobs.runtime_s[rows], share) + 0.5)
        ends = np.minimum(np.column_stack([ends, np.full(len(rows), np.inf)]), cut_s[rows, None])
        spans = np.diff(np.maximum.accumulate(ends, axis=1), axis=1, prepend=0.0)
        found[rows] = jobs.node_w[rows] * cut_s[rows] / (spans @ phase_w[low:high])
    return found


__all__ = ["recorded_scale"]
