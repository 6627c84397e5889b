"""Time a synthetic year of weather and market, and the wet bulb: `python benchmarks/bench_weather.py`."""

from __future__ import annotations

import time
from datetime import datetime

import numpy as np

from exatwin.account.market import synthetic_market
from exatwin.facility.psychrometrics import wet_bulb_k
from exatwin.facility.weather import synthetic_weather

YEAR_S = 365 * 86400.0


def main() -> None:
    begin = time.process_time()
    synthetic_weather("juelich", datetime(2001, 1, 1), 86400.0)
    synthetic_market("de", datetime(2001, 1, 1), 86400.0)
    print(f"first day, statistics read: {time.process_time() - begin:.3f} s of CPU")
    for name, draw in (
        ("weather", lambda y: synthetic_weather("juelich", datetime(y, 1, 1), YEAR_S)),
        ("market", lambda y: synthetic_market("de", datetime(y, 1, 1), YEAR_S)),
    ):
        times = []
        for year in range(2002, 2012):
            begin = time.process_time()
            draw(year)
            times.append(time.process_time() - begin)
        print(f"{name}, a year of hours: {np.median(times):.3f} s of CPU (target 0.1)")
    air = np.linspace(250.0, 315.0, 35_040)
    begin = time.process_time()
    wet_bulb_k(air, 0.6, 1e5)
    print(f"wet bulb, 35,040 points: {time.process_time() - begin:.3f} s of CPU")


if __name__ == "__main__":
    main()
