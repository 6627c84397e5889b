"""What jobs of a log wait for beside nodes: other jobs, other tasks of their array, a time; by choice."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.dependencies import KINDS, Dependencies
from exatwin.schedule.limits import Limits
from exatwin.schedule.rules import check_rule
from exatwin.study.centre.downtime import Worked
from exatwin.study.scenario import Scenario
from exatwin.workload.job import Jobs
from exatwin.workload.traces.follow import KINDS as LOGGED
from exatwin.workload.traces.follow import Follows
from exatwin.workload.traces.trace import Trace
from exatwin.workload.traces.waits import since_when

_NEVER = np.iinfo(np.int64).max // 4


class LogWaits(NamedTuple):
    """What jobs of a log wait for."""

    dependencies: Dependencies | None = None
    limits: Limits | None = None
    """At most so many tasks of an array at once."""
    begin_s: Int64 | None = None
    """Since when jobs may start but for that [s], shape (jobs,)."""
    sent_after: Dependencies | None = None
    """Which of the dependencies say when a job was sent."""
    remarks: tuple[str, ...] = ()


def log_waits(scenario: Scenario, trace: Trace, jobs: Jobs) -> LogWaits:
    """Return what `jobs`, some of those of `trace`, wait for, by the choice in `scenario`.

    Raises
    ------
    SpecError
        It is asked for, and the scheduler can't.
    """
    wanted = scenario.trace
    assert wanted is not None
    if wanted.compat is not None or wanted.as_recorded:
        return LogWaits()
    choice = wanted.dependencies or "asked"
    follows = trace.follows.among(trace.jobs.job_id, jobs.job_id)
    found = _found(choice, follows, trace, jobs)
    if found.dependencies is None and found.limits is None and found.begin_s is None:
        return found
    rule = scenario.schedule
    try:
        check_rule(rule.policy, rule.backfill, rule.placement, centre=True)
    except SpecError:
        if wanted.dependencies is not None:
            raise
        order = f"policy '{rule.policy}' with backfill '{rule.backfill}'"
        remark = f"{order} knows no waits for other jobs, tasks or times: left aside ({_counts(found, jobs)})"
        return LogWaits(remarks=(remark,))
    return found


def _found(choice: str, follows: Follows, trace: Trace, jobs: Jobs) -> LogWaits:
    if choice == "recorded":
        return LogWaits(begin_s=_begin(np.maximum(jobs.eligible_s, jobs.submit_s), jobs))
    pairs = follows if choice == "closed" else follows.of_jobs()
    found = LogWaits(
        dependencies=_dependencies(pairs) if len(pairs) else None,
        limits=_throttles(trace, jobs),
        begin_s=_begin(since_when(jobs, follows), jobs),
        sent_after=_dependencies(follows.of_users()) if choice == "closed" else None,
    )
    told = _counts(found._replace(dependencies=None), jobs)
    return found._replace(remarks=(f"by the log {told}",)) if told else found


def _counts(found: LogWaits, jobs: Jobs) -> str:
    parts = []
    if found.dependencies is not None:
        parts.append(f"{len(np.unique(found.dependencies.job)):,} jobs wait for others")
    if found.limits is not None:
        parts.append(f"{len(found.limits.names):,} arrays have a bound on their tasks at once")
    if found.begin_s is not None:
        later = int(np.sum(found.begin_s > jobs.submit_s))
        parts.append(f"{later:,} jobs may start some time after they were sent")
    return ", ".join(parts)


def _begin(since_s: Int64, jobs: Jobs) -> Int64 | None:
    return np.asarray(since_s, np.int64) if np.any(since_s > jobs.submit_s) else None


def _dependencies(pairs: Follows) -> Dependencies:
    kinds = np.array([KINDS.index(name) for name in LOGGED], np.int64)
    return Dependencies(pairs.job, pairs.on, kinds[pairs.kind], pairs.delay_s)


def _throttles(trace: Trace, jobs: Jobs) -> Limits | None:
    """Return a group for each array with a bound on its tasks that run at once, where it has more."""
    arrays, place, tasks = np.unique(
        np.where(jobs.task >= 0, jobs.array, -1), return_inverse=True, return_counts=True
    )
    most = np.array([trace.throttles.get(int(array), 0) for array in arrays])
    bound = (arrays >= 0) & (most > 0) & (tasks > most)
    if not bound.any():
        return None
    number = np.cumsum(bound) - 1
    rows = np.flatnonzero(bound[place])
    names = tuple(f"array {array}" for array in arrays[bound].tolist())
    return Limits.of_pairs(len(jobs), rows, number[place[rows]], most_jobs=most[bound], names=names)


def released(found: Worked, dependencies: Dependencies, jobs: Jobs) -> Int64:
    """Return when all that each job waits for had come in a schedule [s]; far in the future where it had not.

    Parameters
    ----------
    found
        The schedule of `jobs`.
    """
    begun, ended = _first_and_last(found, len(jobs))
    on_start = dependencies.kind == KINDS.index("after")
    came = np.where(on_start, begun[dependencies.on], ended[dependencies.on])
    out = jobs.submit_s.astype(np.int64).copy()
    np.maximum.at(out, dependencies.job, np.minimum(came + dependencies.delays, _NEVER))
    return out


def _first_and_last(found: Worked, many: int) -> tuple[Int64, Int64]:
    """Return the first start and the last end of each job [s]; far in the future where there is none."""
    schedule = found.schedule
    begun: Int64 = np.full(many, _NEVER)
    ended: Int64 = np.full(many, np.iinfo(np.int64).min)
    start = np.where(schedule.started, schedule.start_s, _NEVER)
    np.minimum.at(begun, found.row, start)
    np.maximum.at(ended, found.row, np.where(schedule.started, schedule.end_s, _NEVER))
    return begun, ended


def sent_then(found: Worked, after: Dependencies, jobs: Jobs) -> Worked:
    """Return a schedule in which jobs whose users waited for others are sent when those had ended.

    A job is never sent before the log has it. What was not sent until the end keeps its time.
    """
    sent = released(found, after, jobs)
    schedule = found.schedule
    first: NDArray[np.bool_] = (found.attempt == 0) & schedule.started
    submit = np.where(first, np.minimum(sent[found.row], schedule.start_s), schedule.jobs.submit_s)
    submit = np.maximum(submit, schedule.jobs.submit_s)
    return replace(found, schedule=replace(schedule, jobs=schedule.jobs.replace(submit_s=submit)))


__all__ = ["LogWaits", "log_waits", "released", "sent_then"]
