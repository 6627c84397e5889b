"""Slurm's own parameters in a scenario, by the names that ``slurm.conf`` has for them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from exatwin.foundation.spec import Quantity, Spec
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.schedule.site.accounts import Accounts
from exatwin.schedule.site.conf import SlurmConf, read_conf
from exatwin.schedule.site.read import read_accounts
from exatwin.schedule.site.rule import conf_rule, conf_settings
from exatwin.schedule.slurm import SlurmRule
from exatwin.study.texts import listed

Seconds = Annotated[float, Quantity("s", minimum=1.0, maximum=366 * 86400.0)]
MaybeSeconds = Annotated[float, Quantity("s", minimum=0.0, maximum=366 * 86400.0)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**6)]
Weight = Annotated[float, Quantity("1", minimum=0.0, maximum=2.0**32 - 1)]
Dampening = Annotated[float, Quantity("1", above=0.0, maximum=1e6)]
MaybeCount = Annotated[int, Field(strict=True, ge=0, le=2 * 10**6)]


Paths = Annotated[tuple[str, ...], BeforeValidator(listed)]


class SlurmSettings(Spec):
    """Slurm's two schedulers, for the backfill ``slurm``; its priorities, for the policy ``multifactor``."""

    conf: str | None = None
    """A centre's ``slurm.conf``: what the settings below leave blank is taken from it."""
    accounts: Paths = ()
    """The centre's accounts, users and QOS: files of ``sacctmgr`` (dump, script of commands, tables)."""

    bf_interval_s: Seconds | None = None
    """Time from one backfill cycle to the next; blank for 30 s."""
    bf_resolution_s: Seconds | None = None
    """Grid of the plan in time: reservations begin and end on it, rounded down; blank for 60 s."""
    bf_window_s: Seconds | None = None
    """How far ahead a cycle plans; blank for a day."""
    bf_max_job_test: Count | None = None
    """Most jobs that a cycle looks at; blank for 500."""
    bf_max_job_start: MaybeCount | None = None
    """Most jobs that a cycle starts; blank or 0 for no bound."""
    bf_node_space_size: MaybeCount | None = None
    """Most records of the plan; blank or 0 for as many as `bf_max_job_test`."""
    default_queue_depth: Count | None = None
    """Most jobs that the main scheduler starts after an event; blank for 100."""
    sched_interval_s: Seconds | None = None
    """How often the main scheduler goes through the whole queue; blank for 60 s."""
    epilog_s: MaybeSeconds = 0.0
    """From the end of a job to the time when its nodes are free again."""

    priority_weight_age: Weight | None = None
    """Points of a job that has waited for `priority_max_age` or longer; blank for 1000."""
    priority_weight_assoc: Weight | None = None
    """Points of the association of the greatest priority; blank for 0."""
    priority_weight_fairshare: Weight | None = None
    """Points of the user who has used least of what is due; blank for 10000."""
    priority_weight_job_size: Weight | None = None
    """Points of a job on the whole machine; blank for 10000."""
    priority_weight_partition: Weight | None = None
    """Points of the partition of the greatest ``PriorityJobFactor``; blank for 0."""
    priority_weight_qos: Weight | None = None
    """Points of the QOS of the greatest priority; blank for 0."""
    priority_max_age_s: Seconds | None = None
    """Wait after which age counts in full; blank for 7 days."""
    priority_favor_small: bool | None = None
    """Whether small jobs get the points of size, instead of large ones; blank for no."""
    priority_decay_half_life_s: MaybeSeconds | None = None
    """Half-life of what has been used; blank for 7 days, 0 to forget nothing."""
    priority_calc_period_s: Seconds | None = None
    """How often usage and the priorities of waiting jobs are brought up to date; blank for 300 s."""
    priority_calc_phase_s: MaybeSeconds = 0.0
    """When one of those calculations is, after time 0; all others follow by the period."""
    fair_share: Literal["fair-tree", "classic", "depth-oblivious"] | None = None
    """How usage becomes a factor: rank in the tree of users, or 2^(-usage / share); blank for fair-tree."""
    fair_share_dampening: Dampening | None = None
    """Dampening of the classic factor; blank for 1."""

    def read_conf(self) -> SlurmConf | None:
        """Return the ``slurm.conf``, if one is named.

        Raises
        ------
        SpecError
            It can't be read, or a value in it is malformed.
        """
        return _conf(self.conf, _changed(self.conf)) if self.conf is not None else None

    def read_accounts(self) -> Accounts | None:
        """Return the accounts, if files of them are named.

        Raises
        ------
        SpecError
            They can't be read, or don't fit together.
        """
        return _accounts(self.accounts, tuple(map(_changed, self.accounts))) if self.accounts else None

    def settled(self) -> dict[str, Any]:
        """Return every setting: as given here, else as in the ``slurm.conf``, else by default."""
        conf = self.read_conf()
        found = _DEFAULTS | (conf_settings(conf) if conf is not None else {})
        given = {name: getattr(self, name) for name in found}
        return found | {name: value for name, value in given.items() if value is not None}

    def priority(self) -> PriorityRule:
        """Return how priorities are made.

        Raises
        ------
        SpecError
            The ``slurm.conf`` can't be read, or what it says does not fit.
        """
        of = self.settled()
        rule = PriorityRule(
            weights=Weights(
                age=of["priority_weight_age"],
                assoc=of["priority_weight_assoc"],
                fair_share=of["priority_weight_fairshare"],
                job_size=of["priority_weight_job_size"],
                partition=of["priority_weight_partition"],
                qos=of["priority_weight_qos"],
                max_age_s=of["priority_max_age_s"],
                favor_small=of["priority_favor_small"],
            ),
            algorithm=of["fair_share"],
            half_life_s=of["priority_decay_half_life_s"],
            calc_period_s=max(1, round(of["priority_calc_period_s"])),
            phase_s=round(self.priority_calc_phase_s),
            dampening=of["fair_share_dampening"],
        )
        conf = self.read_conf()
        return rule if conf is None else conf_rule(conf, rule)

    def rule(self) -> SlurmRule:
        """Return the parameters of the schedulers, in whole seconds.

        Raises
        ------
        SpecError
            The ``slurm.conf`` can't be read.
        """
        of = self.settled()
        return SlurmRule(
            bf_interval_s=max(1, round(of["bf_interval_s"])),
            bf_resolution_s=max(1, round(of["bf_resolution_s"])),
            bf_window_s=round(of["bf_window_s"]),
            bf_max_job_test=of["bf_max_job_test"],
            bf_max_job_start=of["bf_max_job_start"],
            bf_node_space_size=of["bf_node_space_size"],
            default_queue_depth=of["default_queue_depth"],
            sched_interval_s=max(1, round(of["sched_interval_s"])),
            epilog_s=round(self.epilog_s),
        )


_DEFAULTS: dict[str, Any] = {
    **{
        name: getattr(SlurmRule(), name)
        for name in (
            "bf_interval_s",
            "bf_resolution_s",
            "bf_window_s",
            "bf_max_job_test",
            "bf_max_job_start",
            "bf_node_space_size",
            "default_queue_depth",
            "sched_interval_s",
        )
    },
    "priority_weight_age": PriorityRule().weights.age,
    "priority_weight_assoc": 0.0,
    "priority_weight_fairshare": PriorityRule().weights.fair_share,
    "priority_weight_job_size": PriorityRule().weights.job_size,
    "priority_weight_partition": 0.0,
    "priority_weight_qos": 0.0,
    "priority_max_age_s": PriorityRule().weights.max_age_s,
    "priority_favor_small": False,
    "priority_decay_half_life_s": PriorityRule().half_life_s,
    "priority_calc_period_s": float(PriorityRule().calc_period_s),
    "fair_share": PriorityRule().algorithm,
    "fair_share_dampening": PriorityRule().dampening,
}


def _changed(path: str) -> int:
    """Return when the file at `path` was last changed, so that a changed one is read again."""
    try:
        return Path(path).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


@lru_cache(maxsize=8)
def _conf(path: str, changed: int) -> SlurmConf:
    return read_conf(Path(path))


@lru_cache(maxsize=8)
def _accounts(paths: tuple[str, ...], changed: tuple[int, ...]) -> Accounts:
    return read_accounts([Path(path) for path in paths])
