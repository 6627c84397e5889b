"""The twin from Python: run, replay, look things up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from exatwin.catalogue import load as catalogue
from exatwin.catalogue.site import Site, load_site
from exatwin.foundation.progress import SILENT, Progress
from exatwin.study.result import Result
from exatwin.study.scenario import Scenario, Trace
from exatwin.study.sweep import sweep


def run(
    machine: str | Path | Scenario = "jupiter",
    *,
    days: float | None = None,
    seed: int | None = None,
    start: datetime | str | None = None,
    policy: str | None = None,
    backfill: str | None = None,
    placement: str | None = None,
    seeds: int = 1,
    changes: dict[str, Any] | None = None,
    progress: Progress = SILENT,
) -> Result:
    """Return what becomes of a machine under its workload.

    Parameters
    ----------
    machine
        A machine (catalogue name, list name or file), or a whole scenario.
    days
        Length of the window [d].
    seed, seeds
        First seed, and how many.
    start
        When the window opens, UTC.
    policy, backfill, placement
        How jobs are scheduled.
    changes
        Any other key of the scenario by its dotted path, such as ``{"cooling.supply": "40 degC"}``.

    Raises
    ------
    ExatwinError
        What is asked does not exist, does not fit, or can't be done.
    """
    scenario = machine if isinstance(machine, Scenario) else Scenario().replace("machine", str(machine))
    wanted = {
        "days": days,
        "seed": seed,
        "start": start.isoformat() if isinstance(start, datetime) else start,
        "schedule.policy": policy,
        "schedule.backfill": backfill,
        "schedule.placement": placement,
    }
    return sweep(_changed(scenario, wanted | (changes or {})), seeds, progress=progress)


def replay(
    trace: str | Path,
    *,
    machine: str | Path | None = None,
    policy: str | None = None,
    backfill: str | None = None,
    placement: str | None = None,
    as_recorded: bool = False,
    compat: str | None = None,
    processors: int | None = None,
    changes: dict[str, Any] | None = None,
    progress: Progress = SILENT,
) -> Result:
    """Return what becomes of the jobs of a log, scheduled again or as recorded.

    Parameters
    ----------
    trace
        ``sacct --parsable2`` text, SWF (plain or ``.gz``) or Parquet.
    machine
        The machine; it may be left out for SWF, whose header gives a size.
    policy, backfill, placement
        How jobs are scheduled.
    as_recorded
        Start jobs when the log says.
    compat
        ``event`` or ``batch``: exact semantics of a published study, with its strong filter.
    processors
        Size of the machine where none is named.
    changes
        Any other key of the scenario by its dotted path.

    Raises
    ------
    ExatwinError
        The log can't be used, or what is asked does not fit.
    """
    scenario = Scenario(machine=None if machine is None else str(machine), trace=Trace(path=str(trace)))
    wanted = {
        "schedule.policy": policy,
        "schedule.backfill": backfill,
        "schedule.placement": placement,
        "trace.as_recorded": as_recorded,
        "trace.compat": compat,
        "trace.processors": processors,
    }
    return sweep(_changed(scenario, wanted | (changes or {})), 1, progress=progress)


def _changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    for path, value in changes.items():
        if value is not None:
            scenario = scenario.replace(path, value)
    return scenario


def machines() -> list[str]:
    """Return the names of the machines of the catalogue."""
    return catalogue.names("machines")


def sites() -> list[str]:
    """Return the names of the sites of the catalogue."""
    return catalogue.names("sites")


def site(name: str) -> Site:
    """Return the site called `name`, or described by the file at that path.

    Raises
    ------
    CatalogueError
        There is no such site.
    """
    return load_site(name)
