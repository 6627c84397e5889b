"""Slurm's own parameters in a scenario, by the names that ``slurm.conf`` has for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exatwin.foundation.spec import Quantity, Spec
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.schedule.slurm import SlurmRule

Seconds = Annotated[float, Quantity("s", minimum=1.0, maximum=366 * 86400.0)]
MaybeSeconds = Annotated[float, Quantity("s", minimum=0.0, maximum=366 * 86400.0)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**6)]
Weight = Annotated[float, Quantity("1", minimum=0.0, maximum=4e9)]
Dampening = Annotated[float, Quantity("1", above=0.0, maximum=1e6)]
MaybeCount = Annotated[int, Field(strict=True, ge=0, le=2 * 10**6)]


class SlurmSettings(Spec):
    """Slurm's two schedulers, for the backfill ``slurm``; its priorities, for the policy ``multifactor``."""

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

    priority_weight_age: Weight = 1000.0
    """Points of a job that has waited for `priority_max_age` or longer."""
    priority_weight_fairshare: Weight = 10000.0
    """Points of the user who has used least of what is due."""
    priority_weight_job_size: Weight = 1000.0
    """Points of a job on the whole machine."""
    priority_max_age_s: Seconds = 7 * 86400.0
    """Wait after which age counts in full."""
    priority_favor_small: bool = False
    """Whether small jobs get the points of size, instead of large ones."""
    priority_decay_half_life_s: MaybeSeconds = 7 * 86400.0
    """Half-life of what has been used; 0 to forget nothing."""
    priority_calc_period_s: Seconds = 300.0
    """How often usage and the priorities of waiting jobs are brought up to date."""
    fair_share: Literal["fair-tree", "classic"] = "fair-tree"
    """How usage becomes a factor: the rank in the tree of accounts and users, or 2^(-usage / share)."""
    fair_share_dampening: Dampening = 1.0
    """Dampening of the classic factor."""

    def priority(self) -> PriorityRule:
        """Return how priorities are made."""
        weights = Weights(
            age=self.priority_weight_age,
            fair_share=self.priority_weight_fairshare,
            job_size=self.priority_weight_job_size,
            max_age_s=self.priority_max_age_s,
            favor_small=self.priority_favor_small,
        )
        return PriorityRule(
            weights=weights,
            algorithm=self.fair_share,
            half_life_s=self.priority_decay_half_life_s,
            calc_period_s=max(1, round(self.priority_calc_period_s)),
            dampening=self.fair_share_dampening,
        )

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
