"""Time the whole river, and the start of the process: python benchmarks/bench_river.py [MACHINE].

A week and a year of the machine, each in its own process: CPU seconds and memory of the river and of its
schedule alone. Then the command line, with the compiled kernels thrown away (cold) and kept (warm).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

STAGES = """
import json, resource, sys, time

def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

import exatwin
from exatwin.catalogue.load import machine
from exatwin.schedule.floor import Floor
from exatwin.schedule.simulate import simulate
from exatwin.study.centre.asked import asked
from exatwin.study.run import run
from exatwin.study.scenario import Scenario

name, days = sys.argv[1], float(sys.argv[2])
run(Scenario(machine=name, days=1.0))
scenario = Scenario(machine=name, days=days)
began = cpu()
wanted = asked(scenario, machine(name))
drawn = cpu()
simulate(wanted.jobs, wanted.floor, placement="groups", until_s=scenario.end_s)
scheduled = cpu()
result = run(scenario)
done = cpu()
print(json.dumps({
    "jobs": len(wanted.jobs),
    "draw_s": drawn - began,
    "schedule_s": scheduled - drawn,
    "river_s": done - scheduled,
    "events": len(result.signals["it_w"]),
    "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def stages(machine: str, days: float) -> dict[str, float]:
    """Return CPU time [s] and memory [MB] of `days` of `machine`, once everything is compiled."""
    command = [sys.executable, "-c", STAGES, machine, str(days)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert isinstance(found, dict)
    return found


def start(cache: str, *words: str) -> tuple[float, float]:
    """Return CPU time and wall time [s] of a command line with its kernels in the folder `cache`."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "exatwin", *words],
            cwd=folder,
            env=os.environ | {"NUMBA_CACHE_DIR": cache},
            capture_output=True,
            check=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - clock


def main() -> None:
    """Print the figures and their ratios."""
    machine = sys.argv[1] if len(sys.argv) > 1 else "jupiter"
    week, year = stages(machine, 7.0), stages(machine, 365.0)
    for name, found in (("week", week), ("year", year)):
        print(
            f"{name} of {machine}: {found['jobs']:,} jobs, {found['events']:,} steps of power; CPU: "
            f"draw {found['draw_s']:.2f} s, schedule {found['schedule_s']:.2f} s, "
            f"whole river {found['river_s']:.2f} s; at most {found['memory_mb']:,.0f} MB"
        )
    print(
        f"the year has {year['jobs'] / week['jobs']:.1f} times the jobs of the week and takes "
        f"{year['river_s'] / week['river_s']:.1f} times its CPU; the whole river takes "
        f"{year['river_s'] / year['schedule_s']:.1f} times its schedule alone"
    )
    with tempfile.TemporaryDirectory() as cache:
        cold = start(cache, "run", "--machine", machine)
        warm = start(cache, "run", "--machine", machine)
        lean = start(cache, "run", "--machine", machine, "--json")
        usage = start(cache, "--help")
    for name, (cpu_s, wall_s) in (
        ("cold: first week, page and all", cold),
        ("warm: the same again", warm),
        ("warm, --json: without folder and page", lean),
        ("--help", usage),
    ):
        print(f"{name}: {cpu_s:.2f} s of CPU, {wall_s:.2f} s")
    print(f"compiling takes {(cold[0] - warm[0]) / warm[0]:.1f} times the warm run, once")


if __name__ == "__main__":
    main()
