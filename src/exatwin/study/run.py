"""Run a scenario: the river from the catalogue to the account, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.account.ledger import Ledger, settle
from exatwin.catalogue import load
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import Site, load_site
from exatwin.catalogue.tariff import Tariff
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.progress import SILENT, Progress
from exatwin.foundation.signal import Signal
from exatwin.foundation.units import show
from exatwin.power.it import ItPower, it_power
from exatwin.schedule.result import Placement, Schedule
from exatwin.schedule.rules import check_rule
from exatwin.schedule.simulate import simulate
from exatwin.study.asked import Asked, asked
from exatwin.study.provenance import provenance
from exatwin.study.recorded import as_recorded
from exatwin.study.result import Result
from exatwin.study.scenario import Scenario

if TYPE_CHECKING:
    from exatwin.account.market import Market
    from exatwin.facility.plant import FacilityRun, Plant
    from exatwin.facility.weather import Weather

_SHOWN = (
    "facility_w", "pue", "supply_k", "return_k", "heat_to_water_w", "heat_to_air_w", "pump_w", "fan_w",
    "room_w", "fixed_w", "chain_loss_w", "water_kg_s",
)  # fmt: skip


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
    machine = load.machine(scenario.machine) if scenario.machine else None
    _check(scenario, machine)
    progress.stage("workload")
    wanted = asked(scenario, machine)
    progress.stage("schedule")
    schedule = _scheduled(scenario, wanted)
    start_s, end_s = _window(scenario, schedule)
    if scenario.trace is None:
        schedule = in_window(schedule, start_s, end_s)
    signals: dict[str, Signal] = {
        "allocated_nodes": schedule.allocated(start_s, end_s),
        "queued_jobs": schedule.queued(start_s, end_s),
    }
    ledger, power = None, None
    basis: dict[str, Any] = {}
    if machine is not None:
        progress.stage("power")
        power = _power(schedule, wanted, machine, start_s, end_s)
        signals["it_w"] = power.total_w
        if scenario.facility:
            progress.stage("facility and account")
            ledger, more, basis = _building(scenario, wanted, machine, schedule, power)
            signals |= more
    result = Result(
        scenario=scenario,
        machine=machine,
        profiles=wanted.profiles,
        schedule=schedule,
        signals=signals,
        ledger=ledger,
        start=wanted.start,
        start_s=start_s,
        end_s=end_s,
        provenance=provenance(scenario, wanted, len(schedule), command) | basis,
    )
    if power is not None:
        result.__dict__["power"] = power  # what the cached property would compute again
    return result


def _check(scenario: Scenario, machine: Machine | None) -> None:
    """Find out what does not exist before anything is computed."""
    rule = scenario.schedule
    check_rule(rule.policy, rule.backfill, rule.placement, _semantics(scenario))
    if machine is not None and scenario.facility:
        load_site(scenario.site or machine.file.site)
        if scenario.market.tariff:
            load.entry(Tariff, "tariffs", scenario.market.tariff)


def _scheduled(scenario: Scenario, wanted: Asked) -> Schedule:
    rule, trace = scenario.schedule, scenario.trace
    if trace is not None and trace.as_recorded:
        return as_recorded(wanted.jobs, wanted.floor, placement=_placement(scenario), seed=scenario.seed)
    return simulate(
        wanted.jobs,
        wanted.floor,
        policy=rule.policy,
        backfill=rule.backfill,
        placement=_placement(scenario),
        semantics=_semantics(scenario),
        seed=scenario.seed,
        until_s=None if trace is not None else scenario.end_s,
        slurm=rule.slurm.rule(),
        priority=rule.slurm.priority(),
    )


def _semantics(scenario: Scenario) -> str:
    return (scenario.trace.compat if scenario.trace is not None else None) or "batch"


def _placement(scenario: Scenario) -> str:
    """Bare processors are counted; nodes of a machine are named."""
    return scenario.schedule.placement if scenario.machine is not None else "none"


def _window(scenario: Scenario, schedule: Schedule) -> tuple[float, float]:
    """Return the time that a result covers [s]: the scenario's, or all of a trace."""
    if scenario.trace is None:
        return 0.0, float(scenario.end_s)
    begun = schedule.started
    first = float(schedule.jobs.submit_s.min())
    return first, max(float(schedule.end_s[begun].max(initial=0)), first + 1.0)


def in_window(schedule: Schedule, start_s: float, end_s: float) -> Schedule:
    """Return `schedule` without the jobs that had left before `start_s` or came from `end_s` [s] on."""
    stayed = ~schedule.started | (schedule.end_s >= start_s)
    keep = stayed & (schedule.jobs.submit_s < end_s)
    if keep.all():
        return schedule
    placement = schedule.placement
    if placement is not None:
        counts = np.diff(placement.first)
        rows = np.repeat(keep, counts)
        first = np.concatenate(([0], np.cumsum(counts[keep])))
        placement = Placement(first, placement.node[rows], placement.count[rows])
    return Schedule(
        jobs=schedule.jobs.take(keep),
        start_s=schedule.start_s[keep],
        end_s=schedule.end_s[keep],
        state=schedule.state[keep],
        placement=placement,
        capacity=schedule.capacity,
    )


def _power(schedule: Schedule, wanted: Asked, machine: Machine, start_s: float, end_s: float) -> ItPower:
    from exatwin.workload.draw import draw

    return it_power(schedule, wanted.profiles, draw(wanted.profiles, machine), machine, start_s, end_s)


def _building(
    scenario: Scenario, wanted: Asked, machine: Machine, schedule: Schedule, power: ItPower
) -> tuple[Ledger, dict[str, Signal], dict[str, Any]]:
    """Run the plant under the weather and settle the account; return it, signals, and their origins."""
    from exatwin.facility.plant import build_plant, run_plant

    site = load_site(scenario.site or machine.file.site)
    it, start_s, end_s = power.total_w, power.total_w.start_s, power.total_w.end_s
    weather = _weather(scenario, site, wanted, start_s, end_s)
    market = _market(scenario, site, wanted, start_s, end_s)
    plant = build_plant(site, machine)
    if scenario.cooling.supply_k is not None:
        plant = _with_supply(plant, scenario.cooling.supply_k)
    facility = run_plant(plant, it, weather, scenario.step_s)
    chosen = scenario.market.tariff
    tariff = load.entry(Tariff, "tariffs", chosen) if chosen else None
    ledger = settle(power, facility, market, machine, schedule, start_s, end_s, tariff=tariff)
    signals = {name: facility.signals[name] for name in _SHOWN}
    signals |= {"air_k": weather.air_k, "wet_bulb_k": weather.wet_bulb_k}
    signals |= {"price_eur_j": market.price_eur_j, "carbon_kgco2e_j": market.carbon_kgco2e_j}
    signals = {name: signal.clip(start_s, end_s) for name, signal in signals.items()}
    return ledger, signals, _basis(site, weather, market, facility)


def _with_supply(plant: Plant, supply_k: float) -> Plant:
    """Return `plant` with another set point of the warm water, if the racks accept it."""
    if supply_k > plant.cooling.supply_max_k:
        raise InfeasibleError(
            f"cooling.supply is {show(supply_k, 'K')}: the racks accept water of at most "
            f"{show(plant.cooling.supply_max_k, 'K')}"
        )
    return replace(plant, cooling=plant.cooling.model_copy(update={"supply_k": supply_k}))


def _basis(site: Site, weather: Weather, market: Market, facility: FacilityRun) -> dict[str, Any]:
    return {
        "site": site.name,
        "weather": weather.source,
        "market": market.source,
        "pue_boundary": facility.boundary,
        "pue_adders": facility.adders,
        "supply_limited_h": facility.limited_h,
        "stand_ins": dict(site.stand_ins),
    }


def _weather(scenario: Scenario, site: Site, wanted: Asked, start_s: float, end_s: float) -> Weather:
    from exatwin.facility.weather import read_weather, synthetic_weather

    name = scenario.weather or site.weather
    if _is_file(name):
        return read_weather(name, wanted.start, end_s, start_s=start_s)
    return synthetic_weather(name, wanted.start, end_s, scenario.seed, start_s=start_s)


def _market(scenario: Scenario, site: Site, wanted: Asked, start_s: float, end_s: float) -> Market:
    from exatwin.account.market import read_market, synthetic_market

    name = scenario.market.prices or site.grid
    if _is_file(name):
        return read_market(name, wanted.start, end_s, start_s=start_s)
    return synthetic_market(name, wanted.start, end_s, scenario.seed, start_s=start_s)


def _is_file(name: str) -> bool:
    return "/" in name or "\\" in name or "." in name
