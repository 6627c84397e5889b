"""Time of a year of JUPITER's plant at 15 minutes: at most 0.3 s on one core."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np

from exatwin.catalogue.load import machine
from exatwin.catalogue.site import load_site
from exatwin.facility.plant import build_plant, run_plant
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.signal import Signal

YEAR_S = 365 * 86400
LIMIT_S = 0.3


def main() -> None:
    site = load_site("juelich")
    weather = synthetic_weather(site.weather, datetime(2026, 1, 1, tzinfo=UTC), YEAR_S)
    seconds = np.arange(0, YEAR_S, 900)
    it = Signal.steps(13e6 + 2.5e6 * np.sin(seconds / 7e3), 900.0, "W")
    begin = time.perf_counter()
    plant = build_plant(site, machine("jupiter"))
    built = time.perf_counter() - begin
    times = []
    for _ in range(7):
        begin = time.process_time()
        run = run_plant(plant, it, weather)
        times.append(time.process_time() - begin)
    best = min(times)
    print(f"plant built in {built:.3f} s; {len(seconds):,} steps in {best:.3f} s of CPU (limit {LIMIT_S} s)")
    print(f"PUE {run.pue:.4f}: " + ", ".join(f"{name} {share:.4f}" for name, share in run.adders.items()))
    if best > LIMIT_S:
        raise SystemExit(f"too slow: {best:.3f} s")


if __name__ == "__main__":
    main()
