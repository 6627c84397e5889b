"""What a centre's own files say about the jobs of a scenario: nodes, priorities, limits, preemption."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.floor import Floor
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.conf import SlurmConf
from exatwin.schedule.site.limits import site_limits
from exatwin.schedule.site.preemption import site_preemption
from exatwin.schedule.site.ranks import Site, site_ranks
from exatwin.study.centre.asked import Asked
from exatwin.study.scenario import Scenario


def floor_of_conf(conf: SlurmConf) -> tuple[Floor, tuple[str, ...]] | None:
    """Return the nodes of a ``slurm.conf`` and its partitions; None where it names no nodes.

    Partitions that share nodes form a pool of all their nodes; what fewer nodes a partition has is a limit on
    its jobs together.
    """
    with_nodes = [one for one in conf.partitions if one.nodes]
    if not with_nodes:
        return (Floor.flat(conf.node_count), ("all",)) if conf.node_count else None
    pools: list[set[str]] = []
    for one in with_nodes:
        mine = set(one.nodes)
        apart = [pool for pool in pools if not pool & mine]
        mine.update(*(pool for pool in pools if pool & mine))
        pools = [*apart, mine]
    first = [min(with_nodes.index(one) for one in with_nodes if set(one.nodes) <= pool) for pool in pools]
    pools = [pools[at] for at in np.argsort(first)]
    of = [next(at for at, pool in enumerate(pools) if set(one.nodes) <= pool) for one in with_nodes]
    sizes = np.array([len(pool) for pool in pools], np.int32)
    floor = Floor(np.array(of, np.int16), sizes, np.zeros(int(sizes.sum()), np.int32))
    return floor, tuple(one.name for one in with_nodes)


def with_site(scenario: Scenario, wanted: Asked) -> Asked:
    """Return `wanted` with what the centre's files say: priorities, limits, preemption.

    Raises
    ------
    SpecError
        A file can't be read, or what it says does not fit together.
    """
    settings, rule = scenario.schedule.slurm, scenario.schedule
    if settings.conf is None and not settings.accounts:
        return wanted
    conf, accounts = settings.read_conf(), settings.read_accounts()
    site = Site(conf, accounts, wanted.labels, wanted.queue, wanted.floor.capacity)
    told = [*(conf.lines() if conf is not None else ()), *(accounts.lines() if accounts is not None else ())]
    ranks = None
    if rule.policy == MULTIFACTOR:
        order = settings.priority()
        ranks, remarks = site_ranks(wanted.jobs, site, order, reset_instants(order, wanted))
        told += remarks
    half_life_s = settings.priority().half_life_s if rule.policy == MULTIFACTOR else None
    limits, never, remarks = site_limits(wanted.jobs, site, half_life_s)
    asked = wanted.conditions
    if limits is not None:
        asked = replace(asked, limits=limits if asked.limits is None else asked.limits.joined(limits))
    if never is not None:
        asked = replace(asked, never=never if asked.never is None else asked.never | never)
    preempt, more = site_preemption(wanted.jobs, site)
    remarks = [*remarks, *more]
    if preempt is not None and asked.preempt is None:
        asked = replace(asked, preempt=preempt)
    return replace(wanted, ranks=ranks, conditions=asked, remarks=(*wanted.remarks, *told, *remarks))


def reset_instants(rule: PriorityRule, wanted: Asked) -> Int64:
    """Return when all usage is forgotten, from the first submission to a year after the last [s]."""
    if rule.reset in ("none", "now") or len(wanted.jobs) == 0:
        return np.zeros(0, np.int64)
    start = wanted.start.astimezone(UTC)
    first = start + timedelta(seconds=int(wanted.jobs.submit_s.min()))
    last = start + timedelta(seconds=int(wanted.jobs.submit_s.max()), days=366)
    found, at = [], _next_reset(rule.reset, first)
    while at <= last:
        found.append(round((at - start).total_seconds()))
        at = _next_reset(rule.reset, at)
    return np.array(found, np.int64)


def _next_reset(period: str, after: datetime) -> datetime:
    """Return the first midnight after `after` at which a period ends; weeks end before Sunday."""
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "daily":
        return day + timedelta(days=1)
    if period == "weekly":
        return day + timedelta(days=7 - (day.weekday() + 1) % 7)
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}[period]
    month = (day.month - 1) // months * months + months
    return day.replace(year=day.year + month // 12, month=month % 12 + 1, day=1)
