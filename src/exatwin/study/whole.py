"""A run with its building: machine and plant coupled, then the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from exatwin.catalogue.leakage import leakage
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import Site, load_site
from exatwin.facility.limits import check_held
from exatwin.facility.outages import Outage, able
from exatwin.facility.plant import FacilityRun
from exatwin.facility.running import run_plant
from exatwin.foundation.progress import Progress
from exatwin.power.it import ItPower
from exatwin.schedule.result import Schedule
from exatwin.study.building import Around, around, plant_of, settled
from exatwin.study.centre.asked import Asked
from exatwin.study.centre.downtime import Down, Sent, Worked
from exatwin.study.centre.failures import downs, outages
from exatwin.study.centre.held import met, with_held
from exatwin.study.centre.reliability import apart
from exatwin.study.centre.scheduled import is_recorded, scheduled, windowed
from exatwin.study.couple import Coupled, River, coupled
from exatwin.study.reaches import Draws
from exatwin.study.scenario import Scenario

if TYPE_CHECKING:
    from exatwin.facility.plant import Plant


class Ready(NamedTuple):
    """What is known of a run with its building before anything is scheduled."""

    wanted: Asked
    """The jobs, with caps, earliest starts and distances."""
    plant: Plant
    """The building's plant as it stands."""
    hit: list[Outage]
    """What of the plant fails."""
    down: list[Down]
    """Nodes out of service."""
    draws: Draws
    """What the jobs draw."""
    above_k: float
    """Water less that at which the power law holds [K]."""


def ready(scenario: Scenario, wanted: Asked, machine: Machine) -> Ready:
    """Return what is known before anything is scheduled; most of what can't be is found here.

    Raises
    ------
    SpecError
        Something that is named does not exist or does not fit.
    InfeasibleError
        The building can't do what is asked, or a cap lies below what idle nodes draw.
    """
    plant = plant_of(scenario, load_site(scenario.site or machine.file.site), machine)
    first = 0.0 if scenario.trace is None else float(wanted.jobs.submit_s.min())
    last = np.inf if scenario.trace is not None else float(scenario.end_s)
    hit = outages(scenario.failures, first, last)
    able(plant, hit, np.array([first, first + 1.0]))
    down = apart([*downs(hit, plant, machine, wanted.floor), *wanted.downs], wanted.floor.capacity)
    draws = Draws(wanted.profiles, machine, leakage(scenario.cooling.leakage))
    above_k = warmth_k(plant.cooling.supply_k, machine) if draws.leakage is not None else 0.0
    return Ready(with_held(scenario, wanted, machine, draws, above_k), plant, hit, down, draws, above_k)


def whole(scenario: Scenario, wanted: Asked, machine: Machine, progress: Progress) -> dict[str, Any]:
    """Return schedule, window, power, signals, ledger and origins of a run with its building.

    Raises
    ------
    SpecError
        Something that is named does not exist or does not fit.
    InfeasibleError
        The building can't do what is asked.
    """
    wanted, _, hit, down, draws, above_k = ready(scenario, wanted, machine)

    @cache
    def about(start_s: float, end_s: float) -> Around:
        return around(scenario, wanted, machine, start_s, end_s)

    runtime_s = wanted.jobs.runtime_s
    if above_k and not is_recorded(scenario):
        slower = draws.at(1.0, above_k).slowdown[wanted.jobs.profile, 0]
        runtime_s = np.rint(runtime_s * slower).astype(np.int64)

    def schedule(other_s: Mapping[Sent, int]) -> Worked:
        progress.stage("schedule")
        return scheduled(scenario, wanted, runtime_s=runtime_s, other_s=other_s, downs=down)

    def inside(found: Schedule) -> tuple[Schedule, float, float]:
        progress.stage("power")
        return windowed(scenario, found)

    def run(power: ItPower) -> FacilityRun:
        progress.stage("facility and account")
        it = power.total_w
        met = about(it.start_s, it.end_s)
        return run_plant(met.plant, it, met.weather, scenario.step_s, heat_demand_w=met.demand_w, outages=hit)

    flexible = not is_recorded(scenario)
    course = coupled(River(schedule, inside, run, draws, runtime_s, above_k, down, flexible))
    start_s, end_s = course.power.total_w.start_s, course.power.total_w.end_s
    outages(scenario.failures, start_s, end_s)  # a log tells its end only now
    if not hit:
        check_held(course.facility, load_site(scenario.site or machine.file.site).plant().supply_k)
    ledger, signals, basis = settled(
        scenario, wanted, machine, course.schedule, course.power, about(start_s, end_s), course.facility
    )
    more, told = met(scenario, wanted, machine, course.schedule, course.power, draws)
    return {
        "schedule": course.schedule,
        "start_s": start_s,
        "end_s": end_s,
        "power": course.power,
        "signals": signals | _met(course) | more,
        "ledger": ledger,
        "basis": basis | _cost(course, down, hit, start_s, end_s) | told,
        "notes": _notes(course),
    }


def warmth_k(supply_k: float, machine: Machine) -> float:
    """Return a set point less that of the site where the machine stands, and was measured [K]."""
    home: Site = load_site(machine.file.site)
    return supply_k - home.plant().supply_k


def _met(course: Coupled) -> dict[str, Any]:
    """Return the signals of what the nodes met, where it was out of the ordinary."""
    met = course.conditions
    found = {"clock_frac": met.clock_frac, "water_above_k": met.above_k}
    start_s, end_s = course.power.total_w.start_s, course.power.total_w.end_s
    return {name: signal.clip(start_s, end_s) for name, signal in found.items() if signal is not None}


def _cost(
    course: Coupled, down: Sequence[Down], hit: Sequence[Outage], start_s: float, end_s: float
) -> dict[str, Any]:
    """Return what a plant that fell short, or units that failed, cost in hours and node-hours."""
    schedule, killed = course.worked.schedule, course.worked.killed
    spans = [max(min(one.end_s, end_s) - max(one.start_s, start_s), 0.0) for one in down]
    missing = sum(len(one.nodes) * span for one, span in zip(down, spans, strict=True))
    lost_s = schedule.run_s if schedule.lost_s is None else schedule.lost_s
    gone = float(np.dot(lost_s[killed], schedule.jobs.nodes[killed]))
    found = {
        "throttled_h": course.throttled_h,
        "lost_node_h": course.lost_node_h + (missing + gone) / 3600.0,
        "overrun_h": course.overrun_h,
    }
    if not hit and not down and course.rounds == 1:
        return found
    clock = course.conditions.clock_frac
    return found | {
        "coupling": {
            "rounds": course.rounds,
            "settled": course.settled,
            "lowest_clock_frac": 1.0 if clock is None else clock.min(),
            "slowed_node_h": course.lost_node_h,
            "down_node_h": missing / 3600.0,
            "killed_jobs": len(killed),
            "killed_node_h": gone / 3600.0,
        }
    }


def _notes(course: Coupled) -> list[str]:
    found = []
    if not course.settled:
        found.append(
            f"plant and schedule did not settle within {course.rounds} rounds: figures are those of the last"
        )
    if course.overrun_h > 0.0 and course.conditions.clock_frac is not None:
        found.append(
            f"for {course.overrun_h:,.3g} h the plant falls short even at the clock that was chosen: "
            "nodes would have to be switched off"
        )
    return found
