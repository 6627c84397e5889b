"""Time the jobs of a year and show how the cost grows: ``python benchmarks/bench_mix.py [MACHINE]``."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import numpy as np

from exatwin.catalogue.load import machine
from exatwin.workload.arrivals import WEEK_S
from exatwin.workload.mix import generate, load_mix

START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print jobs and CPU seconds for windows from a week to four years."""
    there, mix = machine(sys.argv[1] if len(sys.argv) > 1 else "jupiter"), load_mix()
    window = {"start": START, "load": mix.load, "seed": 0}
    generate(there, mix, start_s=0, end_s=WEEK_S, **window)
    print(f"{'weeks':>6} {'jobs':>10} {'CPU s':>8} {'us/job':>8}")
    for weeks in (1, 4, 13, 52, 208):
        best = np.inf
        for _ in range(3):
            begin = time.process_time()
            jobs, _ = generate(there, mix, start_s=0, end_s=weeks * WEEK_S, **window)
            best = min(best, time.process_time() - begin)
        print(f"{weeks:6d} {len(jobs):10,d} {best:8.3f} {1e6 * best / len(jobs):8.2f}")


if __name__ == "__main__":
    main()
