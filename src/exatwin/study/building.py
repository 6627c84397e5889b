"""What stands around a machine in a scenario: its building, the weather, the market, the account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from exatwin.account.ledger import Ledger, settle
from exatwin.catalogue import load
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import Site, load_site
from exatwin.catalogue.tariff import Tariff
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.signal import Signal
from exatwin.foundation.units import show
from exatwin.power.it import ItPower
from exatwin.schedule.result import Schedule
from exatwin.study.centre.asked import Asked
from exatwin.study.customers import HEAT_SIGNALS, customers, with_heat
from exatwin.study.scenario import Scenario

if TYPE_CHECKING:
    from exatwin.account.market import Market
    from exatwin.facility.plant import FacilityRun, Plant
    from exatwin.facility.weather import Weather

_SHOWN = (
    "facility_w", "pue", "supply_k", "return_k", "heat_to_water_w", "heat_to_air_w", "pump_w", "fan_w",
    "room_w", "fixed_w", "chain_loss_w", "water_kg_s",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Around:
    """The building of a scenario and what it meets, over one window."""

    site: Site
    plant: Plant
    weather: Weather
    demand_w: Signal | None
    """What customers of heat ask for [W]."""


def around(scenario: Scenario, wanted: Asked, machine: Machine, start_s: float, end_s: float) -> Around:
    """Return the building of `scenario` and its weather from `start_s` to `end_s` [s].

    Raises
    ------
    SpecError, CatalogueError
        Something that is named does not exist or does not fit.
    InfeasibleError
        The plant can't be built, or not make water as cold as is asked.
    """
    from exatwin.facility.limits import check_supply

    site = load_site(scenario.site or machine.file.site)
    weather = _weather(scenario, site, wanted, start_s, end_s)
    plant = plant_of(scenario, site, machine)
    check_supply(plant, weather)
    plant, demand_w = customers(scenario.heat_reuse, plant, weather.air_k, wanted.start)
    return Around(site, plant, weather, demand_w)


def plant_of(scenario: Scenario, site: Site, machine: Machine) -> Plant:
    """Return the plant of `site` for `machine`, with the set point of `scenario`.

    Raises
    ------
    InfeasibleError
        It can't be built, or the racks do not accept water of that set point.
    """
    from exatwin.facility.plant import build_plant

    plant = build_plant(site, machine)
    supply = scenario.cooling.supply_k
    return plant if supply is None else _with_supply(plant, supply)


def settled(
    scenario: Scenario,
    wanted: Asked,
    machine: Machine,
    schedule: Schedule,
    power: ItPower,
    about: Around,
    facility: FacilityRun,
) -> tuple[Ledger, dict[str, Signal], dict[str, Any]]:
    """Return the account of what the plant did, the signals around the machine, and their origins."""
    site, weather, start_s, end_s = about.site, about.weather, power.total_w.start_s, power.total_w.end_s
    market = market_of(scenario, site, wanted, start_s, end_s)
    named = scenario.market.tariff
    tariff = load.entry(Tariff, "tariffs", named) if named else None
    chosen = scenario.supply.over(site.supply)
    supply = None
    if not chosen.plain:
        from exatwin.account.supply import supplied

        prices = tariff or site.prices()
        supply = supplied(facility.signals["facility_w"], weather, market, prices, site, chosen, wanted.start)
    ledger = settle(
        power,
        facility,
        market,
        machine,
        schedule,
        start_s,
        end_s,
        tariff=tariff,
        supply=supply,
        ramp_limit_w_s=chosen.ramp_limit_w_s,
    )
    ledger = with_heat(ledger, facility, market, tariff or site.prices())
    signals = {name: facility.signals[name] for name in (*_SHOWN, *HEAT_SIGNALS) if name in facility.signals}
    signals |= dict(supply.signals) if supply else {}
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
    if _is_file(name) and not name.endswith(".toml"):
        return read_weather(name, wanted.start, end_s, start_s=start_s, longitude_deg=site.longitude_deg)
    return synthetic_weather(name, wanted.start, end_s, scenario.seed, start_s=start_s)


def market_of(scenario: Scenario, site: Site, wanted: Asked, start_s: float, end_s: float) -> Market:
    """Return prices and carbon intensity of `scenario` from `start_s` to `end_s` [s]."""
    from exatwin.account.market import read_market, synthetic_market

    name = scenario.market.prices or site.grid
    if _is_file(name):
        return read_market(name, wanted.start, end_s, start_s=start_s)
    return synthetic_market(name, wanted.start, end_s, scenario.seed, start_s=start_s)


def _is_file(name: str) -> bool:
    return "/" in name or "\\" in name or "." in name
