"""Where the energy comes from: contracts, engine, battery and grid, dispatched hour by hour and settled.

References
----------
Both ways to count emissions: Greenhouse Gas Protocol, *Scope 2 Guidance*, World Resources Institute (2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from exatwin.account.cost import cost_eur
from exatwin.account.dispatch import Dispatch, Terms, dispatch
from exatwin.account.energy import weighted
from exatwin.catalogue.site import Site
from exatwin.catalogue.supply import Supply, SupplyTerms, load_supply_terms
from exatwin.catalogue.tariff import PriceKind, Tariff
from exatwin.facility.renewables import solar_power_w, wind_power_w
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

if TYPE_CHECKING:
    from exatwin.account.market import Market
    from exatwin.facility.weather import Weather

HOUR_S = 3600.0


@dataclass(frozen=True, eq=False)
class SupplyRun:
    """What a supply did and what it amounts to."""

    signals: Mapping[str, Signal]
    """``grid_w``, ``fed_in_w``, ``wind_w``, ``solar_w``, ``engine_w``, ``battery_w`` (given out less taken
    in), ``unused_w``, ``shifted_w`` [W], ``battery_j`` [J]: hourly."""
    cost_parts_eur: Mapping[str, float]
    """What it cost, by what is paid for [EUR]; revenue is negative."""
    location_kgco2e: float
    """All that comes over the grid, contracts too, at the hours' mix, and the engine's fuel [kg CO2e]."""
    market_kgco2e: float
    """The same, contracts and energy with guarantees of origin counted as free [kg CO2e]."""
    renewable_j: Mapping[str, float]
    """Renewable energy by kind, ``ppa`` and ``goo`` [J]."""
    balance_frac: float
    """Renewable over used energy, over the whole time, at most 1."""
    matched_frac: float
    """Used energy met by the contracts in the very hour, battery included (24/7)."""
    heat_j: float
    """Useful heat of the engine [J]."""
    basis: str
    """What it rests on, for people."""

    def figures(self) -> dict[str, float]:
        """Return the key figures by name, SI units in the names."""
        return {
            "market_kgco2e": self.market_kgco2e,
            "renewable_ppa_j": self.renewable_j["ppa"],
            "renewable_goo_j": self.renewable_j["goo"],
            "renewable_balance_frac": self.balance_frac,
            "renewable_matched_frac": self.matched_frac,
            "engine_heat_j": self.heat_j,
            "grid_j": self.signals["grid_w"].integral(),
            "fed_in_j": self.signals["fed_in_w"].integral(),
        }


def supplied(
    facility_w: Signal,
    weather: Weather,
    market: Market,
    tariff: Tariff,
    site: Site,
    chosen: Supply,
    start: datetime,
) -> SupplyRun:
    """Return how the facility's energy is best supplied.

    Parameters
    ----------
    facility_w
        Power at the facility's meter [W].
    weather, market
        Wind, sun and air; price and carbon intensity. Both must cover the time.
    tariff
        What energy from the grid costs.
    site
        Where it is.
    chosen
        Sizes of contracts, battery and engine, and what is made least.
    start
        The instant of time 0, UTC.

    Raises
    ------
    SpecError
        Prices or carbon intensities are missing.
    InfeasibleError
        The load can't be met.
    """
    terms = load_supply_terms(chosen.terms or "generic")
    edges = _hours(facility_w)
    load = facility_w.over(edges).values
    parks = _parks(weather, site, chosen, terms, start, edges)
    price, bought = _prices(market, tariff, edges)
    carbon = market.carbon_kgco2e_j.over(edges).values
    made = sum(parks.values(), np.zeros_like(load))
    if chosen.objective == "carbon":
        # selling spares somebody's emissions too, but none of the site's
        fuel = terms.engine.fuel_carbon_kgco2e_j / terms.engine.electric_frac
        done = dispatch(load, made, carbon, np.zeros_like(load), _limits(chosen, site, terms, fuel, 0.0))
    else:
        fuel = terms.engine.fuel_price_eur_j / terms.engine.electric_frac
        wear = terms.battery.wear_eur_j
        done = dispatch(
            load, made, bought, np.minimum(price, bought), _limits(chosen, site, terms, fuel, wear)
        )
    signals = _signals(done, parks, edges)
    return _settled(signals, market, tariff, terms, chosen, matched_j(load, made, done, terms, edges))


def _hours(signal: Signal) -> Float64:
    count = max(1, int(np.ceil((signal.end_s - signal.start_s) / HOUR_S - 1e-9)))
    return np.asarray(np.minimum(signal.start_s + HOUR_S * np.arange(count + 1), signal.end_s), np.float64)


def _parks(
    weather: Weather, site: Site, chosen: Supply, terms: SupplyTerms, start: datetime, edges: Float64
) -> dict[str, Float64]:
    found = {}
    if chosen.ppa.wind_w:
        found["wind"] = wind_power_w(chosen.ppa.wind_w, weather, terms.wind, edges)
    if chosen.ppa.solar_w:
        found["solar"] = solar_power_w(chosen.ppa.solar_w, weather, terms.solar, site, start, edges)
    return found


def _prices(market: Market, tariff: Tariff, edges: Float64) -> tuple[Float64, Float64]:
    """Return the market's price, and what a joule from the grid costs in all [EUR/J]."""
    price = market.price_eur_j.over(edges).values
    if not np.all(np.isfinite(price)):
        gap = int(np.flatnonzero(~np.isfinite(price))[0])
        raise SpecError(f"the market price has a gap in hour {gap}: expected a finite value at every time")
    own = price if tariff.kind is PriceKind.HOURLY else np.full_like(price, tariff.price_eur_j or 0.0)
    return price, own + tariff.adders_eur_j


def _limits(chosen: Supply, site: Site, terms: SupplyTerms, fuel: float, wear: float) -> Terms:
    energy = chosen.battery_j or 0.0
    limit = chosen.grid_limit_w if chosen.grid_limit_w is not None else site.connection_w
    return Terms(
        grid_limit_w=np.inf if limit is None else limit,
        battery_j=energy,
        battery_w=chosen.battery_power_w or energy / max(terms.battery.duration_s, 1.0),
        one_way_frac=terms.battery.one_way_frac,
        standing_frac=min(1.0, terms.battery.standing_per_s * HOUR_S),
        wear=wear,
        engine_w=chosen.engine_w or 0.0,
        engine=fuel,
        shift_frac=chosen.shift_frac or 0.0,
    )


def matched_j(load: Float64, made: Float64, done: Dispatch, terms: SupplyTerms, edges: Float64) -> float:
    """Return the energy of the load that the contracts met in the very hour [J], through the battery too.

    Notes
    -----
    What is sold is taken from the contracts first. What they give beyond serves load and battery alike, and
    the battery gives out green and grey in the mixture that it holds.
    """
    green = np.maximum(made - done.unused_w - done.sold_w, 0.0)
    taken = load - done.later_w + done.earlier_w
    into = np.divide(done.charge_w, taken + done.charge_w, out=np.zeros_like(load), where=taken > 0)
    width = np.diff(edges)
    way = terms.battery.one_way_frac
    keep = 1.0 - terms.battery.standing_per_s * width
    held, total = 0.0, 0.0
    before = done.stored_j[0] if len(load) else 0.0
    for step, stored in enumerate(done.stored_j):
        held = held * keep[step] + green[step] * into[step] * way * width[step]
        out = done.discharge_w[step] / way * width[step]
        mixture = min(1.0, held / max(before, stored + out, 1e-9))
        held -= mixture * out
        use = green[step] * (1.0 - into[step]) + mixture * done.discharge_w[step]
        total += min(use, taken[step]) * width[step]
        before = stored
    return total


def _signals(done: Dispatch, parks: Mapping[str, Float64], edges: Float64) -> dict[str, Signal]:
    values = {
        "grid_w": done.grid_w,
        "fed_in_w": done.sold_w,
        "engine_w": done.engine_w,
        "battery_w": done.discharge_w - done.charge_w,
        "unused_w": done.unused_w,
        "shifted_w": done.earlier_w - done.later_w,
        **{f"{name}_w": power for name, power in parks.items()},
    }
    found = {name: Signal(edges, value, "W") for name, value in values.items()}
    return found | {"battery_j": Signal(edges, done.stored_j, "J")}


def _settled(
    signals: dict[str, Signal], market: Market, tariff: Tariff, terms: SupplyTerms, chosen: Supply,
    matched: float,
) -> SupplyRun:  # fmt: skip
    grid, sold = signals["grid_w"], signals["fed_in_w"]
    span = (grid.start_s, grid.end_s)
    total = {name: signal.integral() for name, signal in signals.items()}
    made = {name: total.get(f"{name}_w", 0.0) for name in ("wind", "solar")}
    fuel = total["engine_w"] / terms.engine.electric_frac
    origin = (chosen.origin_frac or 0.0) * total["grid_w"]
    out = np.maximum(signals["battery_w"].values, 0.0) @ grid.widths_s
    parts = cost_eur(grid, tariff, market.price_eur_j, *span) | {
        "wind contract": made["wind"] * terms.wind.price_eur_j,
        "solar contract": made["solar"] * terms.solar.price_eur_j,
        "sold": -weighted(sold, market.price_eur_j, *span, "market price"),
        "engine fuel": fuel * terms.engine.fuel_price_eur_j,
        "battery wear": float(out) * terms.battery.wear_eur_j,
        "guarantees of origin": origin * terms.origin_eur_j,
    }
    delivered = grid - sold - signals["unused_w"]  # contracts reach the site over the grid like all else
    for name in ("wind_w", "solar_w"):
        delivered = delivered + signals[name] if name in signals else delivered
    mixed = weighted(delivered, market.carbon_kgco2e_j, *span, "carbon intensity")
    grey = weighted(grid, market.carbon_kgco2e_j, *span, "carbon intensity")
    burnt = fuel * terms.engine.fuel_carbon_kgco2e_j
    used = total["grid_w"] - total["fed_in_w"] + sum(made.values()) - total["unused_w"] + total["engine_w"]
    used += total["battery_w"]
    green = sum(made.values()) - total["unused_w"]
    return SupplyRun(
        signals=signals,
        cost_parts_eur={name: value for name, value in parts.items() if value},
        location_kgco2e=mixed + burnt,
        market_kgco2e=grey * (1.0 - (chosen.origin_frac or 0.0)) + burnt,
        renewable_j={"ppa": green, "goo": origin},
        balance_frac=min(1.0, (green + origin) / used) if used > 0 else 0.0,
        matched_frac=matched / used if used > 0 else 0.0,
        heat_j=fuel * terms.engine.heat_frac,
        basis=f"{terms.title}; least {chosen.objective or 'cost'} on a rolling horizon of two days",
    )


__all__ = ["SupplyRun", "matched_j", "supplied"]
