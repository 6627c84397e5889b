"""What the plant takes, as shares of its limits (below 1 is within).

A year of JUPITER's plant at 15 minutes, a day at 1 s with the loops' transients, the dispatch of a year by
hours, and a thousand years of a site on two cores, measured with few.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from exatwin.account.market import synthetic_market
from exatwin.account.supply import supplied
from exatwin.catalogue.load import machine
from exatwin.catalogue.ranges import load_ranges
from exatwin.catalogue.site import load_site
from exatwin.catalogue.supply import Supply
from exatwin.facility.loops import run_loops
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.signal import Signal
from exatwin.study.plant_years import _Case, _drawn, _known, _year

YEAR_S, DAY_S = 365 * 86400, 86400
START = datetime(2026, 1, 1, tzinfo=UTC)
FEW, MANY, CORES = 6, 1000, 2


def main() -> None:
    site, jupiter = load_site("juelich"), machine("jupiter")
    weather = synthetic_weather(site.weather, START, YEAR_S)
    it = Signal.steps(13e6 + 2.5e6 * np.sin(np.arange(0, YEAR_S, 900) / 7e3), 900.0, "W")
    plant = build_plant(site, jupiter)
    run = run_plant(plant, it, weather)
    print(f"PUE {run.pue:.4f}: " + ", ".join(f"{name} {share:.4f}" for name, share in run.adders.items()))
    market = synthetic_market(site.grid, START, YEAR_S)
    chosen = Supply.parse({"ppa": {"wind": "20 MW", "solar": "10 MW"}, "battery": "20 MWh"}, "here")
    meter, prices = run.signals["facility_w"], site.prices()
    seconds = 13e6 + 2.5e6 * np.sign(np.sin(np.arange(DAY_S) / 700.0))
    heat = Signal.steps(plant.cooling.water_share * seconds, 1.0, "W")
    short = synthetic_weather(site.weather, START, DAY_S)
    ranges = [each for each in load_ranges().ranges if _known(site, each)]

    def years() -> None:
        for k in range(FEW):
            _year(_Case(site, jupiter, it, START, k, site.weather, 900.0, _drawn(ranges, 0, k)))

    tasks: list[tuple[str, float, Callable[[], Any], int, float]] = [
        ("a year of the plant at 15 min", 0.3, partial(run_plant, plant, it, weather), 7, 1.0),
        ("a day at 1 s with transients", 1.0, partial(run_loops, plant, heat, short.air_k), 5, 1.0),
        ("dispatch of a year by hours", 3.0,
         lambda: supplied(meter, weather, market, prices, site, chosen, START), 3, 1.0),
        (f"{MANY:,} years on {CORES} cores, by {FEW}", 180.0, years, 1, MANY / FEW / CORES),
    ]  # fmt: skip
    slow = [
        name for name, limit, task, repeats, factor in tasks if _share(name, limit, task, repeats, factor) > 1
    ]
    if slow:
        raise SystemExit(f"too slow: {', '.join(slow)}")


def _share(name: str, limit_s: float, task: Callable[[], Any], repeats: int, factor: float) -> float:
    """Say and return the least time of `task` [s of CPU], times `factor`, over `limit_s`."""
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        task()
        times.append(time.process_time() - begin)
    taken = min(times) * factor
    print(f"{name:36s}{taken:9.3f} s of CPU, {taken / limit_s:5.2f} of {limit_s:g} s")
    return taken / limit_s


if __name__ == "__main__":
    main()
