"""What a scenario asks of the centre beyond an order and a backfill: windows, chains, failures by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import load_site
from exatwin.catalogue.workload_mix import load_mix
from exatwin.foundation.arrays import Int64
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.dependencies import Dependencies, in_chains
from exatwin.schedule.floor import Floor
from exatwin.study.centre.downtime import Down
from exatwin.study.centre.reliability import drawn, failing, held_back, repairs
from exatwin.study.centre.reservations import People, windows
from exatwin.workload.job import Jobs

if TYPE_CHECKING:
    from exatwin.schedule.site.tree import Labels
    from exatwin.study.scenario import Scenario

_TAIL_S = 30 * 86400  # how long after its last submission a log may still run


def span(scenario: Scenario, jobs: Jobs) -> tuple[int, int]:
    """Return the time in which things may happen to jobs [s]: warm-up and window, or all of a log."""
    if scenario.trace is None or len(jobs) == 0:
        return -round(scenario.workload.warmup_s), scenario.end_s
    first, last = int(jobs.submit_s.min()), int(jobs.submit_s.max())
    return first, last + _TAIL_S + 2 * int(np.clip(jobs.limit_s.max(initial=0), 0, 10 * _TAIL_S))


def conditions(
    scenario: Scenario,
    machine: Machine | None,
    floor: Floor,
    jobs: Jobs,
    *,
    chain: Int64 | None = None,
    dependencies: Dependencies | None = None,
    labels: Labels | None = None,
) -> Conditions:
    """Return what `scenario` asks of the centre for `jobs`.

    Parameters
    ----------
    chain
        Number of the chain of each job, -1 for none, shape (jobs,).
    dependencies
        Which job waits for which by a log.
    labels
        Names of accounts and users in a log.

    Raises
    ------
    SpecError
        A window or a dependency that can't be.
    """
    first, last = span(scenario, jobs)
    opens = 0 if scenario.trace is None else first
    people = _people(scenario, jobs, labels) if scenario.reservations else None
    held = windows(scenario.reservations, machine, floor, opens, last, people)
    waits = dependencies
    if chain is not None and np.any(chain >= 0):
        found = in_chains(chain)
        waits = found if waits is None else waits.joined(found)
    if waits is not None:
        waits.check(len(jobs), jobs.job_id)
    restart = scenario.reliability.restart(scenario.schedule.requeue)
    return Conditions(windows=tuple(held), dependencies=waits, restart=restart)


def _people(scenario: Scenario, jobs: Jobs, labels: Labels | None) -> People:
    """Return whom a reservation can be for: those of a log, or all that a mix knows of."""
    many = [int(each.max(initial=-1)) + 1 for each in (jobs.account, jobs.user)]
    if scenario.trace is None and scenario.workload.mix != "none":
        kinds = load_mix(scenario.workload.mix).classes
        known = sum(kind.accounts for kind in kinds), sum(kind.users for kind in kinds)
        many = [max(pair) for pair in zip(many, known, strict=True)]
    names: tuple[Sequence[str], Sequence[str]] = ((), ())
    if labels is not None:
        names = (labels.accounts, labels.users)
    return People(many[0], many[1], *names)


def by_chance(scenario: Scenario, machine: Machine | None, floor: Floor, jobs: Jobs) -> list[Down]:
    """Return the failures by chance of a run of `scenario`."""
    return failures_between(scenario, machine, floor, *span(scenario, jobs))


def failures_between(
    scenario: Scenario, machine: Machine | None, floor: Floor, start_s: int, end_s: int
) -> list[Down]:
    """Return the failures by chance from `start_s` to `end_s` [s]; those of a longer time begin with them."""
    if machine is None or not scenario.reliability.fails:
        return []
    settings = scenario.reliability
    racks = _racks_per_cdu(scenario, machine) if settings.cdu_mtbf_s is not None else None
    return drawn(failing(settings, machine, floor, racks), repairs(settings), start_s, end_s, scenario.seed)


def _racks_per_cdu(scenario: Scenario, machine: Machine) -> int | None:
    from exatwin.study.building import plant_of

    units = plant_of(scenario, load_site(scenario.site or machine.file.site), machine).cooling.units
    return None if units is None else units.racks_per_cdu


def with_spares(
    scenario: Scenario, asked: Conditions, downs: Sequence[Down], floor: Floor, jobs: Jobs
) -> Conditions:
    """Return `asked` with the nodes that `scenario` holds back, given all that is out of service."""
    spares = held_back(downs, floor, scenario.reliability.spares, *span(scenario, jobs))
    return replace(asked, windows=(*asked.windows, *spares)) if spares else asked


__all__ = ["by_chance", "conditions", "failures_between", "span", "with_spares"]
