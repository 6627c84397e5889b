"""The schedule of a scenario: by which rules, in which window, and with nodes out of service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exatwin.foundation.arrays import Int64
from exatwin.schedule.result import Schedule
from exatwin.schedule.simulate import simulate
from exatwin.study.centre.asked import Asked
from exatwin.study.centre.conditions import with_spares
from exatwin.study.centre.downtime import Down, Sent, Worked, plainly, worked
from exatwin.study.centre.log_waits import sent_then
from exatwin.study.centre.recorded import as_recorded
from exatwin.study.scenario import Scenario


def is_recorded(scenario: Scenario) -> bool:
    """Return whether jobs start when a log says, whatever else happens."""
    return scenario.trace is not None and scenario.trace.as_recorded


def scheduled(
    scenario: Scenario,
    wanted: Asked,
    *,
    runtime_s: Int64 | None = None,
    other_s: Mapping[Sent, int] | None = None,
    downs: Sequence[Down] = (),
) -> Worked:
    """Return the schedule of the jobs that `scenario` asks for.

    Parameters
    ----------
    runtime_s
        Run time of each job, in place of its own [s], shape (jobs,).
    other_s
        Run times of single attempts, in place of those [s].
    downs
        Nodes out of service.
    """
    jobs = wanted.jobs if runtime_s is None else wanted.jobs.replace(runtime_s=runtime_s)
    if is_recorded(scenario):
        found = as_recorded(jobs, wanted.floor, placement=placement(scenario), seed=scenario.seed)
        return plainly(found, jobs.runtime_s)
    rules = _rules(scenario) | {"ranks": wanted.ranks}
    asked = with_spares(scenario, wanted.conditions, downs, wanted.floor, jobs)
    if downs or asked:
        found_so = worked(jobs, wanted.floor, downs, runtime_s=other_s, conditions=asked, **rules)
        return found_so if wanted.sent_after is None else sent_then(found_so, wanted.sent_after, jobs)
    nominal_s = jobs.runtime_s
    if other_s:
        runtime = jobs.runtime_s.copy()
        runtime[[sent.row for sent in other_s]] = list(other_s.values())
        jobs = jobs.replace(runtime_s=runtime)
    return plainly(simulate(jobs, wanted.floor, **rules), nominal_s)


def _rules(scenario: Scenario) -> dict[str, Any]:
    rule, trace = scenario.schedule, scenario.trace
    return {
        "policy": rule.policy,
        "backfill": rule.backfill,
        "placement": placement(scenario),
        "semantics": semantics(scenario),
        "seed": scenario.seed,
        "until_s": None if trace is not None else scenario.end_s,
        "slurm": rule.slurm.rule(),
        "priority": rule.slurm.priority(),
    }


def semantics(scenario: Scenario) -> str:
    """Return whose semantics the schedule has: those of a published study, or a batch system's."""
    return (scenario.trace.compat if scenario.trace is not None else None) or "batch"


def placement(scenario: Scenario) -> str:
    """Return how nodes are named: bare processors are counted."""
    return scenario.schedule.placement if scenario.machine is not None else "none"


def window(scenario: Scenario, schedule: Schedule) -> tuple[float, float]:
    """Return the time that a result covers [s]: the scenario's, or all of a trace."""
    if scenario.trace is None:
        return 0.0, float(scenario.end_s)
    begun = schedule.started
    first = float(schedule.jobs.submit_s.min())
    return first, max(float(schedule.end_s[begun].max(initial=0)), first + 1.0)


def windowed(scenario: Scenario, schedule: Schedule) -> tuple[Schedule, float, float]:
    """Return what of `schedule` a result holds, and its window [s]."""
    start_s, end_s = window(scenario, schedule)
    return (in_window(schedule, start_s, end_s) if scenario.trace is None else schedule), start_s, end_s


def in_window(schedule: Schedule, start_s: float, end_s: float) -> Schedule:
    """Return `schedule` without the jobs that had left before `start_s` or came from `end_s` [s] on."""
    stayed = ~schedule.started | (schedule.end_s >= start_s)
    keep = stayed & (schedule.jobs.submit_s < end_s)
    if keep.all():
        return schedule
    return schedule.take(keep)
