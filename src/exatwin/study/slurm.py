"""Slurm's own parameters in a scenario, by the names that ``slurm.conf`` has for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exatwin.foundation.spec import Quantity, Spec
from exatwin.schedule.slurm import SlurmRule

Seconds = Annotated[float, Quantity("s", minimum=1.0, maximum=366 * 86400.0)]
MaybeSeconds = Annotated[float, Quantity("s", minimum=0.0, maximum=366 * 86400.0)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**6)]
MaybeCount = Annotated[int, Field(strict=True, ge=0, le=2 * 10**6)]


class SlurmSettings(Spec):
    """How Slurm's two schedulers work, for the backfill ``slurm``."""

    bf_interval_s: Seconds = 30.0
    """Time from one backfill cycle to the next."""
    bf_resolution_s: Seconds = 60.0
    """Grid of the plan in time: reservations begin and end on it, rounded down."""
    bf_window_s: Seconds = 86400.0
    """How far ahead a cycle plans."""
    bf_max_job_test: Count = 500
    """Most jobs that a cycle looks at."""
    bf_max_job_start: MaybeCount = 0
    """Most jobs that a cycle starts; 0 for no bound."""
    bf_node_space_size: MaybeCount = 0
    """Most records of the plan; 0 for as many as `bf_max_job_test`."""
    default_queue_depth: Count = 100
    """Most jobs that the main scheduler starts after an event."""
    sched_interval_s: Seconds = 60.0
    """How often the main scheduler goes through the whole queue."""
    epilog_s: MaybeSeconds = 0.0
    """From the end of a job to the time when its nodes are free again."""

    def rule(self) -> SlurmRule:
        """Return the parameters in whole seconds."""
        return SlurmRule(
            bf_interval_s=max(1, round(self.bf_interval_s)),
            bf_resolution_s=max(1, round(self.bf_resolution_s)),
            bf_window_s=round(self.bf_window_s),
            bf_max_job_test=self.bf_max_job_test,
            bf_max_job_start=self.bf_max_job_start,
            bf_node_space_size=self.bf_node_space_size,
            default_queue_depth=self.default_queue_depth,
            sched_interval_s=max(1, round(self.sched_interval_s)),
            epilog_s=round(self.epilog_s),
        )
