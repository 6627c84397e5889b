"""One job that a scenario sends beside its mix: an application with its settings, at a given time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.spec import NodeCount, Quantity, Spec
from exatwin.workload.job import Jobs, Phases, Profiles

if TYPE_CHECKING:
    from exatwin.study.result import Result

Moment = Annotated[float, Quantity("s", minimum=0.0, maximum=7320 * 86400.0)]
Duration = Annotated[float, Quantity("s", minimum=1.0, maximum=3.2e8)]
_MARGIN = 1.1
_SUFFIX = "-asked"


class OneJob(Spec):
    """A job of an application."""

    app: str | None = None
    """Application: hpl, hpcg, hpl-mxp, llm-training, or one of another package; blank for no job."""
    nodes: NodeCount | None = None
    """Its nodes; blank for all of the machine."""
    submit_s: Moment = 0.0
    """When it is sent, from the opening of the window."""
    time_s: Duration | None = None
    """How long it runs, for an application that runs as long as it is let; blank where it knows itself."""
    limit_s: Duration | None = None
    """Time limit that it asks for; blank for a tenth more than it needs."""
    settings: dict[str, str | bool | int | float] = {}
    """What is set of the application."""


def with_job(job: OneJob, machine: Machine, jobs: Jobs, profiles: Profiles) -> tuple[Jobs, Profiles]:
    """Return `jobs` and `profiles` with `job` among them, if there is one.

    Raises
    ------
    SpecError, CatalogueError, InfeasibleError
        The application is unknown, its settings don't fit, or it can't run on these nodes.
    """
    from exatwin.workload.apps.app import app_of, as_profiles

    if job.app is None:
        return jobs, profiles
    nodes = job.nodes or machine.nodes
    if nodes > machine.nodes:
        raise InfeasibleError(
            f"workload.job.nodes is {nodes:,}, '{machine.name}' has {machine.nodes:,}: expected at most that"
        )
    app = app_of(job.app, job.settings, "workload.job.settings")
    run = app.profile(machine, nodes, job.time_s)
    runtime = max(round(run.time_s), 1)
    limit = math.ceil(runtime * _MARGIN) if job.limit_s is None else round(job.limit_s)
    row = {
        "job_id": int(jobs.job_id.max(initial=0)) + 1,
        "submit_s": round(job.submit_s),
        "nodes": nodes,
        "limit_s": limit,
        "runtime_s": runtime,
        "partition": machine.default_partition(),
        "profile": len(profiles),
    }
    added = Jobs(**{name: np.array([value]) for name, value in row.items()})
    both = Jobs(**{name: np.concatenate([mine, getattr(added, name)]) for name, mine in jobs})
    return both.ordered(), _joined(profiles, as_profiles([(job.app + _SUFFIX, run)]))


def _joined(first: Profiles, second: Profiles) -> Profiles:
    """Return both tables, one after the other."""
    phases = {name: np.concatenate([mine, getattr(second.phases, name)]) for name, mine in first.phases}
    return Profiles(
        names=(*first.names, *second.names),
        first=np.concatenate([first.first, first.first[-1] + second.first[1:]]),
        phases=Phases(**phases),
        compute_bound_frac=np.concatenate([first.compute_bound_frac, second.compute_bound_frac]),
    )


def nothing() -> tuple[Jobs, Profiles]:
    """Return no jobs, and no profiles."""
    jobs = Jobs(**{name: np.empty(0, column.dtype) for name, column in Jobs.columns().items()})
    phases = Phases(**{name: np.empty(0) for name in Phases.columns()})
    return jobs, Profiles((), np.zeros(1, np.int64), phases, np.empty(0))


def job_figures(result: Result) -> dict[str, float | None]:
    """Return what became of the scenario's job: its wait, its time and the energy of its nodes."""
    job = result.scenario.workload.job
    if job.app is None or result.scenario.trace is not None:
        return {}
    schedule = result.schedule
    row = np.flatnonzero(result.jobs.profile == len(result.profiles) - 1)
    names = ("job_wait_s", "job_time_s", "job_energy_j")
    if not len(row) or not schedule.started[row[0]]:
        return dict.fromkeys(names)
    at = int(row[0])
    energy = result.power.job_j[at] if result.power is not None else None
    figures = (schedule.wait_s[at], schedule.end_s[at] - schedule.start_s[at], energy)
    return {name: None if value is None else float(value) for name, value in zip(names, figures, strict=True)}


__all__ = ["OneJob", "job_figures", "nothing", "with_job"]
