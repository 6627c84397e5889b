"""How long the page of a run takes to write and how large it is: a week and a year of JUPITER.

python benchmarks/bench_report.py [--days 7 365]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from exatwin.report import document
from exatwin.study.run import run
from exatwin.study.scenario import Scenario

LIMIT_S = {7.0: 3.0}
LIMIT_MB = 8.0
REPEATS = 5


def measure(days: float) -> tuple[int, float, float, float]:
    """Return jobs, first and median later time [s] and size [MB] of the page of `days` of JUPITER."""
    result = run(Scenario(machine="jupiter", days=days))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        times = []
        for _ in range(1 + REPEATS):
            begun = time.perf_counter()
            document.write(result, path)
            times.append(time.perf_counter() - begun)
        return len(result.jobs), times[0], statistics.median(times[1:]), path.stat().st_size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, nargs="+", default=[7.0, 365.0])
    for days in parser.parse_args().days:
        jobs, first, later, size = measure(days)
        print(f"{days:g} days, {jobs:,} jobs: {first:.2f} s first, {later:.2f} s median, {size:.2f} MB")
        if first > LIMIT_S.get(days, float("inf")) or size > LIMIT_MB:
            raise SystemExit(f"over the limit of {LIMIT_S.get(days)} s or {LIMIT_MB} MB")


if __name__ == "__main__":
    main()
