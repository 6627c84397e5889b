"""How far the figures of a reported year may lie from what meters would say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import NormalDist

import numpy as np

from exatwin.catalogue.ranges import load_ranges
from exatwin.catalogue.site import Site
from exatwin.foundation.arrays import Float64
from exatwin.foundation.signal import Signal
from exatwin.study.plant_years import PlantYears, plant_years
from exatwin.study.result import Result

STEP_S = 3600.0
WEATHERS = 8
"""How many weathers the years share, as they move little beside what nobody measured."""
LEAST_SEEDS = 5
POINTS = 33
_SEEDS = {"it_j": "energy_j", "facility_j": "facility_energy_j", "pue": "pue", "water_kg": "water_kg"}


def intervals(
    result: Result, site: Site, year: int, figures: Mapping[str, float], years: int
) -> dict[str, tuple[float, float]]:
    """Return the range of each of the year's figures that nine in ten values lie in, by its name.

    Parameters
    ----------
    result
        What was run; the part of it in the calendar `year` counts.
    site
        Where it stands.
    year
        The calendar year.
    figures
        The reported values: ``it_j``, ``facility_j``, ``water_kg``, ``pue``, ``heat_to_water_j``; energies,
        heat and water scaled to the whole year.
    years
        How many years of the plant; none for no ranges.

    Notes
    -----
    Three independent causes are multiplied: the error of the modelled IT power (a declared range), weather
    and numbers of the plant that nobody measured (:func:`~exatwin.study.plant_years.plant_years`), and what
    comes to be run, where the result has seeds. Where the result covers a part of the year, the range
    also holds what the plant makes of the same IT power over all seasons.
    """
    if years < 1 or result.machine is None or not figures["it_j"] > 0.0:
        return {}
    first, last = (datetime(y, 1, 1, tzinfo=UTC) for y in (year, year + 1))
    length = (last - first).total_seconds()
    offset = (first - result.start).total_seconds()
    it = result.signals["it_w"].clip(max(offset, result.start_s), min(offset + length, result.end_s))
    covered = it.end_s - it.start_s
    hours = it.mean(min(STEP_S, covered))
    told = Signal(hours.edges_s - offset, hours.values, "W")
    whole = covered >= length - 1.0
    full = told if whole else _repeated(told, length)
    runs = _years(result, site, full, first, years)
    part = runs.central if whole else _years(result, site, told, first, 0).central
    error = _it_error()
    ran = _over_seeds(result)
    it_frac = np.multiply.outer(error, ran["it_j"]).ravel()
    found = {
        "it_j": _quantiles(it_frac * figures["it_j"]),
        "heat_to_water_j": _quantiles(it_frac * figures["heat_to_water_j"]),
    }
    for name, frac, scale in (
        ("facility_j", it_frac, length / covered),
        ("water_kg", np.multiply.outer(error, ran["water_kg"]).ravel(), length / covered),
        ("pue", ran["pue"], 1.0),
    ):
        moved = _moved(runs, part, name, figures[name], scale)
        found[name] = _hull([_quantiles(np.multiply.outer(each, frac).ravel()) for each in moved])
        if name == "water_kg" and figures["it_j"] > 0.0:
            # an error of the IT energy moves both alike
            found["wue_kg_j"] = _hull([_quantiles(each / figures["it_j"]) for each in moved])
    return found


def _years(result: Result, site: Site, it: Signal, start: datetime, years: int) -> PlantYears:
    """Return years of the plant; with none, only what the files say."""
    assert result.machine is not None
    named = result.scenario.weather
    measured = named is not None and any(mark in named for mark in "/\\.") and not named.endswith(".toml")
    return plant_years(
        site,
        result.machine,
        it,
        start,
        years=max(1, years),
        seed=result.scenario.seed,
        weather=None if measured else named,
        step_s=STEP_S,
        processes=1,
        weathers=WEATHERS,
        tornado=False,
    )


def _repeated(it: Signal, length_s: float) -> Signal:
    """Return `it`, again and again from the start of the year to its end."""
    steps = round(length_s / STEP_S)
    return Signal.steps(np.resize(it.values, steps), STEP_S, "W")


def _moved(
    runs: PlantYears, part: Mapping[str, float], name: str, value: float, scale: float
) -> list[Float64]:
    """Return what the years make of a reported value: relative to it, and over all seasons."""
    samples = runs.samples[name]
    covered, central = part[name] * scale, runs.central[name]
    season = samples * (value / covered) if covered > 0.0 else samples
    return [season] if not central > 0.0 else [samples / central * value, season]


def _hull(ranges: list[tuple[float, float]]) -> tuple[float, float]:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _quantiles(values: Float64) -> tuple[float, float]:
    low, high = np.percentile(values, [5.0, 95.0])
    return float(low), float(high)


def _it_error() -> Float64:
    """Return equally likely factors between a meter's IT energy and the modelled one."""
    each = load_ranges("it").ranges[0]
    low, high = np.log(each.low), np.log(each.high)
    normal = [NormalDist().inv_cdf((k + 0.5) / POINTS) / NormalDist().inv_cdf(0.95) for k in range(POINTS)]
    return np.asarray(np.exp((low + high) / 2 + (high - low) / 2 * np.array(normal)), np.float64)


def _over_seeds(result: Result) -> dict[str, Float64]:
    """Return the figures of each seed over the result's own; 1 without enough seeds."""
    own = result.summary()
    found = {}
    for name, key in _SEEDS.items():
        values = np.array([float(seed[key]) for seed in result.seeds if seed.get(key)])
        enough = len(values) >= LEAST_SEEDS and own.get(key)
        found[name] = values / own[key] if enough else np.ones(1)
    return found


__all__ = ["intervals"]
