"""How long a changed knob takes: ``python benchmarks/bench_whatif.py [--seeds N] [--compile]``.

A month of JUPITER, EASY and multifactor; with and without the change for each seed, in as many processes as
there are cores, whose times are added. ``--compile`` also prints what the engine's first compile takes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from exatwin.study.scenario import Scenario, read_value
from exatwin.study.whatif import whatif

CHANGES = ("power.cap=13MW", "schedule.policy=fcfs", "schedule.slurm.priority_weight_age=0")
PARTS = {
    0: "an order, EASY or none",
    2: "Slurm's backfill cycles",
    1: "EASY or none, and what goes beyond an order",
    3: "all of it",
}
_COMPILE = """
import sys, time
from exatwin.schedule._slurm import loop
began = time.process_time()
loop.loop_of(int(sys.argv[1]))
print(time.process_time() - began)
"""


def processor_s() -> float:
    """Return the processor time of this process and of those that it has ended [s]."""
    return sum(sum(getrusage(who)[:2]) for who in (RUSAGE_SELF, RUSAGE_CHILDREN))


def with_change(text: str, seeds: int) -> None:
    path, value = text.split("=")
    base = Scenario().replace("days", 30.0).replace("schedule.policy", "multifactor")
    whatif(base, {path: read_value(path, value)}, seeds=1)  # compiled from here on
    began, used = time.perf_counter(), processor_s()
    found = whatif(base, {path: read_value(path, value)}, seeds=seeds)
    used, took = processor_s() - used, time.perf_counter() - began
    jobs = next(row.base for row in found.figures if row.name == "jobs_started")
    most = max(getrusage(who).ru_maxrss for who in (RUSAGE_SELF, RUSAGE_CHILDREN)) / 1024
    print(
        f"  {text:<36} {seeds} seeds, {jobs:,.0f} jobs: {used:5.1f} s of processors, "
        f"{took:5.1f} s by the clock, {most:,.0f} MB a process",
        flush=True,
    )


def first_compile() -> None:
    print("\nFirst compile of the engine of a centre, processor seconds")
    for parts, told in PARTS.items():
        with tempfile.TemporaryDirectory() as cache:
            done = subprocess.run(
                [sys.executable, "-c", _COMPILE, str(parts)],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                capture_output=True,
                text=True,
                check=True,
            )
        print(f"  {told:<45} {float(done.stdout):.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--compile", action="store_true", help="the first compile too")
    asked = parser.parse_args()
    print(f"A month of JUPITER with a change and without, {os.cpu_count()} cores (goal: 50 seeds in 60 s)")
    for text in CHANGES:
        with_change(text, asked.seeds)
    if asked.compile:
        first_compile()


if __name__ == "__main__":
    main()
