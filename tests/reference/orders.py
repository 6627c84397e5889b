"""Orders of the queue: each returns the key of a job at time `now`; the job with the least key is the head.

Every order ends in the row of the job (the order of submission, ties in the order of the log), so it is
total.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference.loop import Job

Key = Callable[["Job", int, int], Any]


def wfp3(job: Job, now: int) -> float:
    """Tang et al., CLUSTER 2009: (wait / limit)³ × processors, the highest first."""
    ratio = float(now - job.submit) / float(max(job.limit, 1))
    return -(ratio * ratio * ratio * float(job.procs))


def unicef(job: Job, now: int) -> float:
    """Tang et al., CLUSTER 2009: wait / (log2(processors) × limit), the highest first."""
    return -float(now - job.submit) / (math.log2(max(job.procs, 2)) * float(max(job.limit, 1)))


def f1(job: Job) -> float:
    """Carastan-Santos and de Camargo, SC 2017: log10(limit) × procs + 870 log10(submit), lowest first."""
    return math.log10(max(job.limit, 1)) * float(job.procs) + 870.0 * math.log10(max(job.submit, 1))


ORDERS: dict[str, Key] = {
    "fcfs": lambda job, row, now: row,
    "sjf": lambda job, row, now: (job.limit, row),
    "ljf": lambda job, row, now: (-job.limit, row),
    "smallest": lambda job, row, now: (job.procs, row),
    "largest": lambda job, row, now: (-job.procs, row),
    "wfp3": lambda job, row, now: (wfp3(job, now), row),
    "unicef": lambda job, row, now: (unicef(job, now), row),
    "f1": lambda job, row, now: (f1(job), row),
}
