"""Where jobs and users stand at an instant of a schedule: priorities factor by factor, usage, fair shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import effective_usage, level_fair_share
from exatwin.schedule.ranks import FACTORS, Ranks, total
from exatwin.schedule.result import Schedule


@dataclass(frozen=True, eq=False)
class Waiting:
    """The jobs that wait at an instant, with the points of their priorities; the first in line first."""

    row: Int64
    """Row of each in the schedule, shape (waiting,)."""
    priority: Int64
    """Priority of each, shape (waiting,)."""
    parts: dict[str, Float64]
    """Points by factor, shape (waiting,): ``age``, ``fair_share``, the fixed ones and ``nice``, taken off."""
    by_resource: dict[str, Float64]
    """Points by resource, which ``tres`` adds up, shape (waiting,)."""
    calculated_s: int
    """When priorities were last calculated [s]."""


@dataclass(frozen=True, eq=False)
class Standing:
    """What each association has used and is due, as of a calculation; shape (associations,)."""

    usage: Float64
    """Decayed usage, with all below."""
    level_frac: Float64
    """Shares among siblings."""
    share_frac: Float64
    """Share of all: the product of the levels above."""
    used_frac: Float64
    """Usage over all usage."""
    effective_frac: Float64
    """Usage over the account's (Fair Tree), or as siblings change it (classic)."""
    level_fair_share: Float64
    """Share over usage among siblings."""
    factor: Float64
    """Fair-share factor."""


def usage_at(schedule: Schedule, ranks: Ranks, rule: PriorityRule, at_s: int) -> tuple[Float64, int]:
    """Return the decayed usage of each row of the tree itself at the last calculation, and when that was [s].

    Parameters
    ----------
    at_s
        An instant [s]; what happens at it has happened.

    Notes
    -----
    At each calculation all usage is decayed over the period; then what runs adds d · L^d for the d seconds
    that it ran in the period, L being what is left after a second. What ends within a period adds its part
    at once, and is decayed with the rest. A job that runs through whole periods thus adds a geometric sum.
    """
    jobs = schedule.jobs
    first_s = int(jobs.submit_s.min(initial=at_s))
    begin, until = rule.calculated_s(at_s, first_s)
    keep = schedule.started & (schedule.start_s < until)
    forgotten = ranks.reset_s[ranks.reset_s <= until]
    if len(forgotten):
        calculated = begin - (begin - int(forgotten[-1])) // rule.calc_period_s * rule.calc_period_s
        if calculated <= until:
            begin = max(begin, calculated - rule.calc_period_s)
            keep &= schedule.end_s > calculated
    rows = np.flatnonzero(keep)
    found = _spent(schedule.start_s[rows], schedule.end_s[rows], rule, begin, until)
    total = np.bincount(ranks.row[rows], found * ranks.charge[rows], len(ranks.tree.parent))
    return np.asarray(total, np.float64), until


def _spent(start_s: Int64, end_s: Int64, rule: PriorityRule, begin: int, until: int) -> Float64:
    """Return the decayed seconds that each job has run until the calculation at `until`."""
    period, left = rule.calc_period_s, rule.left
    start, end = np.maximum(start_s, begin), np.minimum(end_s, until)
    end = np.maximum(start, end)
    ended = end_s <= until
    last = (until - begin) // period
    into = (start - begin) // period + 1  # the period that it starts in, by the number of its end
    through = np.maximum(-(-(end - begin) // period), into)  # and the one that it ends in
    at_once = np.where(through == into, end, begin + into * period) - start
    found = _worn(at_once, left) * _faded(left, period, last - into + np.where(through == into, ended, 0))
    rest = np.where(through > into, end - begin - (through - 1) * period, 0)
    found += _worn(rest, left) * _faded(left, period, last - through + ended)
    whole, ratio = np.maximum(through - into - 1, 0), left**period
    times = whole.astype(np.float64) if ratio == 1.0 else (1.0 - ratio**whole) / (1.0 - ratio)
    return found + np.where(whole > 0, period * ratio * _faded(left, period, last - through + 1) * times, 0.0)


def _worn(seconds: Int64, left: float) -> Float64:
    return np.asarray(seconds * left ** seconds.astype(np.float64), np.float64)


def _faded(left: float, period: int, periods: Int64) -> Float64:
    return np.asarray(left ** (period * np.maximum(periods, 0)).astype(np.float64), np.float64)


def waiting_at(schedule: Schedule, ranks: Ranks, rule: PriorityRule, at_s: int) -> Waiting:
    """Return the jobs that wait at `at_s` [s] and their priorities, as they were last calculated.

    A job that came after the last calculation has the age 0 and the fair share of that.

    Parameters
    ----------
    ranks
        What the priority of each row of `schedule` is made of.
    """
    usage, calculated = usage_at(schedule, ranks, rule, at_s)
    since = np.maximum(ranks.eligible_s, schedule.jobs.submit_s)
    rows = np.flatnonzero((since <= at_s) & (~schedule.started | (schedule.start_s > at_s)))
    wait = np.maximum(calculated - since[rows], 0)
    age = np.minimum(wait / rule.weights.max_age_s, 1.0)
    fair = rule.fair_points(ranks.tree, usage)[ranks.row[rows]]
    parts = {name: ranks.parts[name][rows] for name in (*FACTORS, "nice") if name in ranks.parts}
    priority = total(parts, rule.weights.age * age, fair)
    tier = np.zeros(len(rows), np.int64) if ranks.tier is None else ranks.tier[rows]
    order = np.lexsort((rows, -priority, -tier))
    found = {"age": rule.weights.age * age, "fair_share": fair, **parts}
    resources = {kind: points[rows][order] for kind, points in ranks.by_resource.items()}
    return Waiting(
        rows[order], priority[order], {k: v[order] for k, v in found.items()}, resources, calculated
    )


def standing_at(schedule: Schedule, ranks: Ranks, rule: PriorityRule, at_s: int) -> Standing:
    """Return what each association has used and is due at `at_s` [s], as of the last calculation."""
    usage, _ = usage_at(schedule, ranks, rule, at_s)
    tree = ranks.tree
    total, level = tree.with_usage_of_children(usage), tree.level_frac
    share, effective = effective_usage(tree, usage, oblivious=rule.algorithm == "depth-oblivious")
    if rule.algorithm == "fair-tree":
        up = total[np.maximum(tree.parent, 0)]
        effective = np.divide(total, up, out=np.zeros(len(total)), where=up > 0)
    factor = rule.fair_points(tree, usage)
    weight = rule.weights.fair_share
    return Standing(
        usage=total,
        level_frac=level,
        share_frac=share,
        used_frac=total / total[0] if total[0] > 0 else np.zeros(len(total)),
        effective_frac=effective,
        level_fair_share=level_fair_share(tree, usage),
        factor=factor / weight if weight > 0 else factor,
    )
