"""Run a scenario: the river from the catalogue to the account."""

from __future__ import annotations

from typing import Any

from exatwin.catalogue import load
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import load_site
from exatwin.catalogue.tariff import Tariff
from exatwin.foundation.errors import SpecError
from exatwin.foundation.progress import SILENT, Progress
from exatwin.foundation.signal import Signal
from exatwin.schedule.rules import check_rule
from exatwin.study.centre.added import with_added
from exatwin.study.centre.asked import Asked, asked
from exatwin.study.centre.conditions import with_spares
from exatwin.study.centre.held import asks
from exatwin.study.centre.power import check_times
from exatwin.study.centre.reliability import apart
from exatwin.study.centre.scheduled import in_window, is_recorded, scheduled, semantics, windowed
from exatwin.study.provenance import provenance
from exatwin.study.result import Result
from exatwin.study.scenario import Scenario

_PLACED = ("failures", "reliability", "power.groups", "schedule.switches", "schedule.distance")
"""What is asked for that means nothing where nobody knows who holds which node."""


def run(scenario: Scenario, *, progress: Progress = SILENT, command: str = "") -> Result:
    """Return what becomes of `scenario`.

    Parameters
    ----------
    scenario
        The question.
    progress
        Told which stage begins; silent by default.
    command
        The command line that asked, for the provenance.

    Raises
    ------
    SpecError, CatalogueError
        The scenario names something that does not exist or does not fit.
    TraceError
        A trace holds no usable job.
    InfeasibleError
        The machine or its building can't do what is asked.
    """
    machine = _machine(scenario)
    _check(scenario, machine)
    progress.stage("workload")
    wanted = asked(scenario, machine)
    parts = _parts(scenario, wanted, machine, progress)
    schedule, start_s, end_s = parts["schedule"], parts["start_s"], parts["end_s"]
    signals: dict[str, Signal] = {
        "allocated_nodes": schedule.allocated(start_s, end_s),
        "queued_jobs": schedule.queued(start_s, end_s),
    }
    if "power" in parts:
        signals["it_w"] = parts["power"].total_w
    origin = provenance(scenario, wanted, len(schedule), command) | parts.get("basis", {})
    origin["notes"] = [*origin["notes"], *parts.get("notes", ())]
    result = Result(
        scenario=scenario,
        machine=machine,
        profiles=wanted.profiles,
        schedule=schedule,
        signals=signals | parts.get("signals", {}),
        ledger=parts.get("ledger"),
        start=wanted.start,
        start_s=start_s,
        end_s=end_s,
        provenance=origin,
        accounts=tuple(wanted.labels.accounts),
    )
    if "power" in parts:
        result.__dict__["power"] = parts["power"]  # what the cached property would compute again
    return result


def check(scenario: Scenario) -> None:
    """Find out what of `scenario` can't be, without simulating it.

    Notes
    -----
    Jobs are drawn or read, the building and what the centre is asked for stand ready; nothing is scheduled.
    What shows only as a schedule unfolds, such as a plant that can't hold its water, is not found.

    Raises
    ------
    SpecError, CatalogueError, TraceError, InfeasibleError
        As :func:`run` raises them.
    """
    machine = _machine(scenario)
    _check(scenario, machine)
    wanted = asked(scenario, machine)
    scenario.schedule.slurm.rule()
    scenario.schedule.slurm.priority()
    downs = wanted.downs
    if machine is not None and scenario.facility:
        from exatwin.study.building import around, market_of
        from exatwin.study.whole import ready

        prepared = ready(scenario, wanted, machine)
        downs = tuple(prepared.down)
        if scenario.trace is None:
            window = (0.0, float(scenario.end_s))
            site = around(scenario, wanted, machine, *window).site
            market_of(scenario, site, wanted, *window)
    elif machine is not None:
        from exatwin.study.centre.held import with_held
        from exatwin.study.reaches import Draws

        with_held(scenario, wanted, machine, Draws(wanted.profiles, machine, None))
    with_spares(scenario, wanted.conditions, downs, wanted.floor, wanted.jobs)


def _machine(scenario: Scenario) -> Machine | None:
    machine = load.machine(scenario.machine) if scenario.machine else None
    return None if machine is None else with_added(machine, scenario.schedule.added_nodes)


def _check(scenario: Scenario, machine: Machine | None) -> None:
    """Find out what does not exist before anything is computed."""
    rule = scenario.schedule
    check_rule(rule.policy, rule.backfill, rule.placement, semantics(scenario))
    if scenario.trace is None:
        check_times(scenario.power, scenario.end_s)
    if machine is not None and scenario.facility:
        load_site(scenario.site or machine.file.site)
        if scenario.market.tariff:
            load.entry(Tariff, "tariffs", scenario.market.tariff)
    if scenario.failures and (machine is None or not scenario.facility):
        raise SpecError("'failures' are those of a plant: expected a machine, and 'facility' to be true")
    _check_centre(scenario, machine)


def _check_centre(scenario: Scenario, machine: Machine | None) -> None:
    """Refuse what does not go with failures, reservations and chains."""
    rule, asked_for = (
        scenario.schedule,
        {
            "failures": bool(scenario.failures),
            "reliability": scenario.reliability.fails or scenario.reliability.spares > 0,
            "reservations": bool(scenario.reservations),
            **asks(scenario),
            "schedule.added_nodes": machine is None and scenario.schedule.added_nodes > 0,
            "workload.chains": scenario.trace is None and scenario.workload.chains.share_frac > 0.0,
        },
    )
    names = [name for name, there in asked_for.items() if there]
    if not names:
        return
    what = f"'{names[0]}'"
    if is_recorded(scenario):
        change = "change" if names[0] in ("failures", "reservations") else "changes"
        raise SpecError(f"{what} {change} when jobs run: not with trace.as_recorded")
    of_machine = [name for name in names if machine is None and name not in ("reservations", "failures")]
    if of_machine:
        raise SpecError(f"'{of_machine[0]}' is for the nodes of a machine: expected one (--machine)")
    placed = [name for name in names if name in _PLACED]
    if rule.placement == "none" and placed:
        need = "need" if placed[0] == "failures" else "needs"
        raise SpecError(
            f"'{placed[0]}' {need} to know who holds which node: expected another schedule.placement"
        )
    try:
        check_rule(rule.policy, rule.backfill, rule.placement, semantics(scenario), centre=True)
    except SpecError as error:
        raise SpecError(f"{what}: {error}") from None


def _parts(scenario: Scenario, wanted: Asked, machine: Machine | None, progress: Progress) -> dict[str, Any]:
    """Return what of a result depends on whether there are nodes and a building."""
    if machine is not None and scenario.facility:
        from exatwin.study.whole import whole

        return whole(scenario, wanted, machine, progress)
    progress.stage("schedule")
    draws = None
    if machine is not None:
        from exatwin.study.centre.held import met, with_held
        from exatwin.study.reaches import Conditions, Draws, power_under

        draws = Draws(wanted.profiles, machine, None)
        wanted = with_held(scenario, wanted, machine, draws)
    down = apart(wanted.downs, wanted.floor.capacity)
    schedule, start_s, end_s = windowed(scenario, scheduled(scenario, wanted, downs=down).schedule)
    found: dict[str, Any] = {"schedule": schedule, "start_s": start_s, "end_s": end_s}
    if machine is not None and draws is not None:
        progress.stage("power")
        found["power"] = power_under(schedule, draws, start_s, end_s, Conditions(downs=down))
        found["signals"], found["basis"] = met(scenario, wanted, machine, schedule, found["power"], draws)
    return found


__all__ = ["check", "in_window", "run"]
