"""Many years of a plant: other weather and other values of what nobody measured, for an honest PUE."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.ranges import Range, changed, has, load_ranges
from exatwin.catalogue.site import Site
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.foundation.signal import Signal

if TYPE_CHECKING:
    from exatwin.facility.weather import Weather

FIGURES = ("pue", "water_kg", "limited_h", "facility_j", "peak_facility_w")
SERIAL = 40
"""Runs up to which other processes would cost more than they save."""
WEATHERS = 8
"""How many other weathers show what weather moves by itself."""
WEATHER = "weather"
"""Key of that among the numbers that move the PUE."""


@dataclass(frozen=True)
class Move:
    """What one number moves, between the ends of its range with all else as the files say."""

    name: str
    """Which number, for people."""
    low: float
    """PUE at the lower end."""
    high: float
    """PUE at the upper end."""
    key: str = ""
    """Where its range stands (:attr:`exatwin.catalogue.ranges.Range.key`)."""

    @property
    def span(self) -> float:
        """How far they lie apart."""
        return abs(self.high - self.low)


@dataclass(frozen=True)
class PlantYears:
    """Years of one plant under one IT power."""

    site: str
    """Catalogue name of the site."""
    machine: str
    """Catalogue name of the machine."""
    central: dict[str, float]
    """Figures with everything as the files say and the first weather."""
    samples: dict[str, Float64]
    """Figures of every year, shape (years,) each."""
    tornado: tuple[Move, ...]
    """What each number moves by itself, the largest first."""
    boundary: str
    """Where energy is metered, in the terms of EN 50600-4-2."""

    def interval(self, figure: str = "pue") -> tuple[float, float, float]:
        """Return the 5th, 50th and 95th percentile of a figure."""
        low, middle, high = np.percentile(self.samples[figure], [5.0, 50.0, 95.0])
        return float(low), float(middle), float(high)

    def document(self) -> dict[str, Any]:
        """Return everything but the single years as plain data."""
        return {
            "site": self.site,
            "machine": self.machine,
            "years": len(self.samples["pue"]),
            "central": self.central,
            "percentiles": {
                figure: dict(zip(("p5", "p50", "p95"), self.interval(figure), strict=True))
                for figure in FIGURES
            },
            "tornado": [vars(move) for move in self.tornado],
            "pue_boundary": self.boundary,
        }


@dataclass(frozen=True)
class _Case:
    """One year: which weather, and what is changed by how much."""

    site: Site
    machine: Machine
    it_w: Signal
    start: datetime
    seed: int
    weather: str
    step_s: float
    changes: tuple[tuple[Range, float], ...]


def plant_years(
    site: Site,
    machine: Machine,
    it_w: Signal,
    start: datetime,
    *,
    years: int = 100,
    seed: int = 0,
    ranges: str = "plant",
    weather: str | None = None,
    step_s: float = 900.0,
    processes: int | None = None,
    weathers: int | None = None,
    tornado: bool = True,
) -> PlantYears:
    """Return what a plant may do in many years.

    Parameters
    ----------
    site, machine
        Which plant.
    it_w
        IT power [W]; its length is that of a year here, whatever it is.
    start
        The instant of time 0, UTC.
    years
        How many.
    seed
        Seed of the first weather and of the draws.
    ranges
        Catalogue name or file of the ranges of numbers that nobody measured.
    weather
        Name of the weather's statistics; by default the site's.
    step_s
        Step of the plant [s].
    processes
        How many at a time; by default as many as the computer has.
    weathers
        How many weathers the years share, for less time; by default each has its own.
    tornado
        Whether to find out what each number moves by itself.

    Raises
    ------
    SpecError
        Fewer than one year.

    Notes
    -----
    Each year has a weather of its own. Numbers are drawn apart from each other, log-normally for factors and
    normally for differences, so that nine in ten lie within their range.
    """
    if years < 1:
        raise SpecError(f"{years} years: expected at least 1")
    known = [each for each in load_ranges(ranges).ranges if _known(site, each)]
    common = (site, machine, it_w, start)
    name = weather or site.weather
    airs = [seed + (k if weathers is None else k * min(weathers, years) // years) for k in range(years)]
    cases = [_Case(*common, air, name, step_s, _drawn(known, seed, k)) for k, air in enumerate(airs)]
    plain = _Case(*common, seed, name, step_s, ())
    shown = known if tornado else []
    ends = [
        _Case(*common, seed, name, step_s, ((each, end),)) for each in shown for end in (each.low, each.high)
    ]
    others = [_Case(*common, seed + 1 + k, name, step_s, ()) for k in range(min(years, WEATHERS))]
    alone = [plain, *ends, *others] if tornado else [plain]
    found = _all([*alone, *cases], processes)
    pues, sampled = [each["pue"] for each in found[: len(alone)]], found[len(alone) :]
    moves = [Move(each.name, pues[1 + 2 * k], pues[2 + 2 * k], each.key) for k, each in enumerate(shown)]
    if tornado:
        aired = [pues[0], *pues[1 + len(ends) :]]
        moves.append(Move(f"weather of {len(aired)} years", min(aired), max(aired), WEATHER))
    return PlantYears(
        site=site.name,
        machine=machine.name,
        central=found[0],
        samples={figure: np.array([each[figure] for each in sampled]) for figure in FIGURES},
        tornado=tuple(sorted(moves, key=lambda move: -move.span)),
        boundary=site.chain().boundary,
    )


def _known(site: Site, each: Range) -> bool:
    part, _, path = each.key.partition(".")
    if part != "cooling":
        return has(site.chain(), path)
    cooling = site.plant()
    dry = path.startswith("rejection.") and path.count(".") == 1
    if dry and cooling.rejection.component.endswith("tower"):
        return False  # a tower uses none of what describes a dry cooler
    return has(cooling, path)


def _drawn(known: Sequence[Range], seed: int, year: int) -> tuple[tuple[Range, float], ...]:
    """Return a value for each range: 5 % lie below its low and 5 % above its high."""
    normal = stream(seed, "plant-years", str(year)).standard_normal(len(known)) / 1.6448536269514722
    found = []
    for each, z in zip(known, normal, strict=True):
        if each.how == "times":
            low, high = np.log(each.low), np.log(each.high)
            found.append((each, float(np.exp((low + high) / 2 + (high - low) / 2 * z))))
        else:
            found.append((each, (each.low + each.high) / 2 + (each.high - each.low) / 2 * float(z)))
    return tuple(found)


def _all(cases: Sequence[_Case], processes: int | None) -> list[dict[str, float]]:
    workers = min(len(cases), processes or _cores())
    if workers <= 1 or len(cases) <= SERIAL:
        return [_year(case) for case in cases]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_year, cases, chunksize=max(1, min(25, len(cases) // (4 * workers)))))


def _cores() -> int:
    """Return how many cores this process may use."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _weather(name: str, start: datetime, start_s: float, end_s: float, seed: int) -> Weather:
    """Return a weather, kept for the next case: all ends of ranges see the first one."""
    from exatwin.facility.weather import synthetic_weather

    return synthetic_weather(name, start, end_s, seed, start_s=start_s)


def _year(case: _Case) -> dict[str, float]:
    chain, cooling = case.site.chain(), case.site.plant()
    for each, by in case.changes:
        part, _, path = each.key.partition(".")
        if part == "cooling":
            cooling = _bounded(changed(cooling, path, each.how, by))
        else:
            chain = changed(chain, path, each.how, by)
    plant = build_plant(case.site, case.machine, chain=chain, cooling=cooling)
    air = _weather(case.weather, case.start, case.it_w.start_s, case.it_w.end_s, case.seed)
    done = run_plant(plant, case.it_w, air, case.step_s)
    meter = done.signals["facility_w"]
    return {
        "pue": done.pue,
        "water_kg": done.signals["water_kg_s"].integral(),
        "limited_h": done.limited_h,
        "facility_j": meter.integral(),
        "peak_facility_w": meter.max(),
    }


def _bounded(cooling: Any) -> Any:
    """Return `cooling` with its shares no larger than 1, however far a draw went."""
    if cooling.water_share > 0.999:
        return cooling.model_copy(update={"water_share": 0.999})
    return cooling


__all__ = ["FIGURES", "WEATHER", "Move", "PlantYears", "plant_years"]
