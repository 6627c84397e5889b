"""A log whose submissions are moved a little, to see what of an answer is chance."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.random import stream
from exatwin.workload.job import Jobs


def shaken(jobs: Jobs, most_s: int, seed: int) -> Jobs:
    """Return `jobs` with each submission but the first up to `most_s` later [s], as `seed` has it.

    Schedules are chaotic: what a change does to one log, submitted to the second as it was, is one draw of
    many. Moving submissions by less than anybody would notice shows how wide the others lie.

    References
    ----------
    D. Tsafrir, K. Ouaknine, D. G. Feitelson, *Reducing performance evaluation sensitivity and variability by
    input shaking*, MASCOTS 2007
    """
    later = stream(seed, "workload", "shake").integers(0, most_s + 1, len(jobs))
    later[jobs.submit_s == np.min(jobs.submit_s)] = 0
    eligible = np.where(jobs.eligible_s >= 0, jobs.eligible_s + later, jobs.eligible_s)
    moved = jobs.replace(submit_s=jobs.submit_s + later, eligible_s=eligible)
    return moved.take(np.argsort(moved.submit_s, kind="stable"))


__all__ = ["shaken"]
