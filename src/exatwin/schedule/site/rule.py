"""The settings of a ``slurm.conf`` by the names that a scenario has for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.site.conf import SlurmConf
from exatwin.schedule.site.words import count, span_s, tres

_PARAMETERS: dict[str, tuple[str, Callable[[str], float | int]]] = {
    "bf_interval": ("bf_interval_s", lambda text: span_s(text, bare_s=1.0)),
    "bf_resolution": ("bf_resolution_s", lambda text: span_s(text, bare_s=1.0)),
    "bf_window": ("bf_window_s", lambda text: count(text) * 60.0),
    "bf_max_job_test": ("bf_max_job_test", lambda text: int(count(text))),
    "bf_max_job_start": ("bf_max_job_start", lambda text: int(count(text))),
    "bf_node_space_size": ("bf_node_space_size", lambda text: int(count(text))),
    "default_queue_depth": ("default_queue_depth", lambda text: int(count(text))),
    "sched_interval": ("sched_interval_s", lambda text: span_s(text, bare_s=1.0)),
}
_MINUTES = {
    "PriorityMaxAge": "priority_max_age_s",
    "PriorityDecayHalfLife": "priority_decay_half_life_s",
    "PriorityCalcPeriod": "priority_calc_period_s",
}
_WEIGHTS = {
    "PriorityWeightAge": "priority_weight_age",
    "PriorityWeightAssoc": "priority_weight_assoc",
    "PriorityWeightFairshare": "priority_weight_fairshare",
    "PriorityWeightJobSize": "priority_weight_job_size",
    "PriorityWeightPartition": "priority_weight_partition",
    "PriorityWeightQOS": "priority_weight_qos",
}
_RAW = {
    "NO_NORMAL_ASSOC": "assoc",
    "NO_NORMAL_PART": "partition",
    "NO_NORMAL_QOS": "qos",
    "NO_NORMAL_TRES": "tres",
}


def conf_settings(conf: SlurmConf) -> dict[str, Any]:
    """Return what `conf` says about the schedulers and priorities, by the field of the scenario's settings.

    Weights that it does not name are 0, as in Slurm; other settings that it does not name are left out.
    """
    found: dict[str, Any] = {}
    for name, (field, read) in _PARAMETERS.items():
        if conf.parameters.get(name):
            found[field] = read(conf.parameters[name])
    for name, field in _MINUTES.items():
        if conf.get(name):
            found[field] = span_s(conf.get(name))
    for name, field in _WEIGHTS.items():
        found[field] = count(conf.get(name, "0"))
    if conf.get("PriorityFavorSmall"):
        found["priority_favor_small"] = conf.get("PriorityFavorSmall").lower() in ("yes", "1", "true")
    if conf.get("FairShareDampeningFactor"):
        found["fair_share_dampening"] = count(conf.get("FairShareDampeningFactor"))
    found["fair_share"] = _algorithm(conf)
    return found


def _algorithm(conf: SlurmConf) -> str:
    """Return how usage becomes a factor: Fair Tree unless that is switched off."""
    if "DEPTH_OBLIVIOUS" in conf.flags:
        return "depth-oblivious"
    return "classic" if "NO_FAIR_TREE" in conf.flags else "fair-tree"


def conf_rule(conf: SlurmConf, rule: PriorityRule) -> PriorityRule:
    """Return `rule` with what `conf` says beyond the scenario's settings: flags, resources, resets."""
    raw = {kind for flag, kind in _RAW.items() if flag in conf.flags or "NO_NORMAL_ALL" in conf.flags}
    return replace(
        rule,
        weights=replace(rule.weights, tres=tres(conf.get("PriorityWeightTRES"), weights=True)),
        reset=(conf.get("PriorityUsageResetPeriod") or "none").lower(),
        relative_to_time="SMALL_RELATIVE_TO_TIME" in conf.flags,
        only_up="INCR_ONLY" in conf.flags,
        from_submission="ACCRUE_ALWAYS" in conf.flags,
        greatest_resource=bool({"MAX_TRES", "MAX_TRES_GRES"} & conf.flags),
        raw=frozenset(raw),
    )


def conf_policy(conf: SlurmConf) -> tuple[str, str]:
    """Return the order of the queue and the backfill that `conf` asks for."""
    order = conf.get("PriorityType", "priority/multifactor").lower()
    scheduler = conf.get("SchedulerType", "sched/backfill").lower()
    return (
        "fcfs" if order.endswith("basic") else "multifactor",
        "slurm" if scheduler.endswith("backfill") else "none",
    )
