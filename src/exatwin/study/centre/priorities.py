"""The priorities of the jobs that wait at an instant, and what users have used: tables like Slurm's own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from exatwin.catalogue import load
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import parse
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.ranks import Ranks, plain_ranks
from exatwin.schedule.result import Schedule
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.ranks import Site, site_ranks
from exatwin.schedule.site.tree import Tree, share_tree
from exatwin.schedule.standing import standing_at, waiting_at
from exatwin.study.centre.asked import Asked, asked
from exatwin.study.centre.downtime import Worked
from exatwin.study.centre.log_waits import released
from exatwin.study.centre.scheduled import is_recorded, scheduled
from exatwin.study.scenario import Scenario

_FURTHEST_S = 1e11
_PARTS = {
    "SITE": "site",
    "AGE": "age",
    "ASSOC": "assoc",
    "FAIRSHARE": "fair_share",
    "JOBSIZE": "job_size",
    "PARTITION_POINTS": "partition",
    "QOS": "qos",
    "NICE": "nice",
}
"""Columns of points, and the factors behind them."""
COLUMNS = (
    *("JOBID", "PARTITION", "USER", "ACCOUNT", "PRIORITY", "SITE", "AGE", "ASSOC", "FAIRSHARE", "JOBSIZE"),
    *("PARTITION_POINTS", "QOSNAME", "QOS", "NICE", "TRES"),
)
"""Those of ``sprio --long``; the second of the name PARTITION has the points."""


@dataclass(frozen=True, eq=False)
class Stood:
    """A schedule, and what its priorities are made of."""

    scenario: Scenario
    wanted: Asked
    schedule: Schedule
    rule: PriorityRule
    ranks: Ranks
    tree: Tree | None
    remarks: tuple[str, ...]


def stood(scenario: Scenario) -> Stood:
    """Return the schedule of `scenario` with its priorities; nothing of a building.

    Raises
    ------
    SpecError
        The scenario has no priorities of Slurm, or something in it does not fit.
    TraceError
        A log holds no usable job.
    """
    recorded = scenario.trace is not None and scenario.trace.as_recorded
    if scenario.schedule.policy != MULTIFACTOR and not recorded:
        raise SpecError(
            f"policy '{scenario.schedule.policy}' has no priorities: expected multifactor, or --slurm-conf"
        )
    machine = load.machine(scenario.machine) if scenario.machine else None
    wanted = asked(scenario, machine)
    found = scheduled(scenario, wanted)
    settings = scenario.schedule.slurm
    rule = settings.priority()
    accounts = settings.read_accounts()
    told: list[str] = []
    if wanted.ranks is not None:
        ranks = wanted.ranks
    elif settings.conf is not None or accounts is not None:
        site = Site(settings.read_conf(), accounts, wanted.labels, wanted.queue, wanted.floor.capacity)
        ranks, told = site_ranks(wanted.jobs, site, rule)
    else:
        ranks = plain_ranks(wanted.jobs, rule, wanted.floor.capacity)
    return Stood(
        scenario=scenario,
        wanted=wanted,
        schedule=found.schedule,
        rule=rule,
        ranks=_by_row(ranks, found, _since(scenario, wanted, found)),
        tree=share_tree(accounts) if accounts is not None else None,
        remarks=(*wanted.remarks, *told),
    )


def _since(scenario: Scenario, wanted: Asked, found: Worked) -> Int64 | None:
    """Return since when each job could start in the schedule [s]; None for when the log says."""
    if is_recorded(scenario):
        return None
    asked_for = wanted.conditions
    since = np.zeros(len(wanted.jobs), np.int64) if asked_for.begin_s is None else asked_for.begin_s
    if asked_for.dependencies is not None:
        since = np.maximum(since, released(found, asked_for.dependencies, wanted.jobs))
    return np.maximum(since, wanted.jobs.submit_s)


def _by_row(ranks: Ranks, found: Worked, since_s: Int64 | None) -> Ranks:
    """Return `ranks` for each row of a schedule: a job that ran several times has several."""
    schedule, of = found.schedule, found.row
    if since_s is not None:
        ranks = replace(ranks, eligible_s=since_s)
    again = schedule.jobs.submit_s > ranks.eligible_s[of]
    return Ranks(
        tree=ranks.tree,
        row=ranks.row[of],
        parts={name: points[of] for name, points in ranks.parts.items()},
        charge=ranks.charge[of],
        eligible_s=np.where(again, schedule.jobs.submit_s, ranks.eligible_s[of]),
        tier=None if ranks.tier is None else ranks.tier[of],
        reset_s=ranks.reset_s,
        by_resource={kind: points[of] for kind, points in ranks.by_resource.items()},
    )


def instant(text: str) -> datetime | int:
    """Return the instant that `text` names, or the span after time 0 [s].

    Parameters
    ----------
    text
        A date or a time in ISO 8601 (UTC unless it names a zone), or a span after time 0 such as ``36 h``.

    Raises
    ------
    SpecError
        It is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        like = "expected a time such as 2026-09-07T12:00, or a span after time 0 such as 36h"
        try:
            span = parse(text, "s")
        except SpecError:
            raise SpecError(f"--at {text}: {like}") from None
        if not abs(span) < _FURTHEST_S:
            raise SpecError(f"--at {text}: {like}") from None
        return round(span)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def seconds_at(at: datetime | int, found: Stood) -> int:
    """Return an instant in the calendar of the schedule [s]."""
    return at if isinstance(at, int) else round((at - found.wanted.start).total_seconds())


def sprio(found: Stood, at_s: int) -> list[dict[str, Any]]:
    """Return the jobs that wait at `at_s` [s], the first in line first, with :data:`COLUMNS`."""
    waiting = waiting_at(found.schedule, found.ranks, found.rule, at_s)
    jobs = found.schedule.jobs.take(waiting.row)
    labels = found.wanted.labels
    queue = jobs.partition.tolist() if found.wanted.queue is None else None
    names = labels.partitions if queue is None else found.wanted.partitions
    number = _queues(found)[waiting.row].tolist() if queue is None else queue
    defaults = _default_qos(found, waiting.row)
    rows = []
    for at, job in enumerate(jobs.shown()):
        rows.append(
            {
                "JOBID": int(job) if job.isdecimal() else job,
                "PARTITION": _label(names, number[at], "partition"),
                "USER": _label(labels.users, int(jobs.user[at]), "user"),
                "ACCOUNT": _label(labels.accounts, int(jobs.account[at]), "account"),
                "PRIORITY": int(waiting.priority[at]),
                **{name: _points(waiting.parts.get(part), at) for name, part in _PARTS.items()},
                "QOSNAME": _label(labels.qos, int(jobs.qos[at]), "qos") or defaults[at],
                "TRES": {kind: float(points[at]) for kind, points in waiting.by_resource.items()},
            }
        )
    return [{name: row[name] for name in COLUMNS} for row in rows]


def _default_qos(found: Stood, rows: Int64) -> list[str]:
    """Return the QOS of jobs that name none."""
    if found.tree is None:
        return [""] * len(rows)
    return [found.tree.associations[at].default_qos or "normal" for at in found.ranks.row[rows].tolist()]


def numbered(rows: list[dict[str, Any]], jobs: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the `rows` of the jobs in a list such as ``7,12_3``, and which of them are not there.

    The number of an array stands for all its tasks.
    """
    wanted = [part.strip() for part in jobs.split(",") if part.strip()]
    shown = [str(row["JOBID"]) for row in rows]
    whole = [re.split(r"[_+]", text)[0] for text in shown]
    kept = [row for row, a, b in zip(rows, shown, whole, strict=True) if a in wanted or b in wanted]
    return kept, [one for one in wanted if one not in shown and one not in whole]


def _queues(found: Stood) -> Any:
    """Return the partition of each row of the schedule as the log has it."""
    assert found.wanted.queue is not None
    order = np.argsort(found.wanted.jobs.job_id, kind="stable")
    at = np.searchsorted(found.wanted.jobs.job_id[order], found.schedule.jobs.job_id)
    return found.wanted.queue[order[np.minimum(at, len(order) - 1)]]


def _points(values: Any, at: int) -> float:
    return float(values[at]) if values is not None else 0.0


def _label(names: Any, number: int, kind: str) -> str:
    return str(names[number]) if 0 <= number < len(names) else (f"{kind}{number}" if number >= 0 else "")


def weights(rule: PriorityRule) -> dict[str, float]:
    """Return the weight of each factor, by its column."""
    of = rule.weights
    return {
        "AGE": of.age,
        "ASSOC": of.assoc,
        "FAIRSHARE": of.fair_share,
        "JOBSIZE": of.job_size,
        "PARTITION": of.partition,
        "QOS": of.qos,
        **{f"TRES {name}": weight for name, weight in of.tres.items()},
    }


def sshare(found: Stood, at_s: int) -> list[dict[str, Any]]:
    """Return what each account and user has used and is due at `at_s` [s], accounts before what is below."""
    standing, tree = standing_at(found.schedule, found.ranks, found.rule, at_s), found.ranks.tree
    children: dict[int, list[int]] = {}
    for row, parent in enumerate(tree.parent.tolist()):
        children.setdefault(parent, []).append(row)
    rows: list[dict[str, Any]] = []
    stack = [(row, 0) for row in reversed(children.get(-1, []))]
    while stack:
        row, depth = stack.pop()
        below = sorted(children.get(row, []), key=lambda child: (not tree.user[child], child))
        stack += [(child, depth + 1) for child in reversed(below)]
        account, user = _names(found, row)
        level = float(standing.level_fair_share[row])
        rows.append(
            {
                "ACCOUNT": account,
                "USER": user,
                "DEPTH": depth,
                "RAWSHARES": "parent" if tree.borrowing[row] else round(float(tree.shares[row])),
                "NORMSHARES": float(standing.level_frac[row]),
                "RAWUSAGE": round(float(standing.usage[row])),
                "NORMUSAGE": float(standing.used_frac[row]),
                "EFFECTVUSAGE": float(standing.effective_frac[row]),
                "LEVELFS": None if row == 0 else (level if math.isfinite(level) else "inf"),
                "FAIRSHARE": float(standing.factor[row]) if tree.user[row] else None,
            }
        )
    return rows


def _names(found: Stood, row: int) -> tuple[str, str]:
    """Return the account and the user of a row of the tree."""
    if found.tree is not None:
        one = found.tree.associations[row]
        return one.account, one.user
    tree, labels, jobs = found.ranks.tree, found.wanted.labels, found.schedule.jobs
    if row == 0:
        return "root", ""
    here = np.flatnonzero(found.ranks.row == row)
    if not tree.user[row]:
        here = np.flatnonzero(tree.parent[found.ranks.row] == row)
    if len(here) == 0:
        return "", ""
    account = _label(labels.accounts, int(jobs.account[here[0]]), "account")
    return account, _label(labels.users, int(jobs.user[here[0]]), "user") if tree.user[row] else ""


def when(found: Stood, at_s: int) -> str:
    """Return the instant `at_s` [s] as a date and a time in UTC."""
    return (found.wanted.start + timedelta(seconds=at_s)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
