"""Time the power stage on a synthetic year of JUPITER: python benchmarks/bench_power.py [JOBS] [DAYS]."""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from exatwin.catalogue.load import machine as load_machine
from exatwin.power.it import it_power
from exatwin.schedule.result import Placement, Schedule
from exatwin.workload.draw import draw
from exatwin.workload.job import Jobs, Phases, Profiles, State


def lanes(nodes: int, count: int, days: float, seed: int = 0) -> Schedule:
    """Return a full schedule: 180 lanes of about 32 nodes, jobs back to back in each."""
    rng = np.random.default_rng(seed)
    widths = np.diff(np.linspace(0, nodes, 181).astype(int))
    lane = np.sort(rng.integers(0, len(widths), count))
    length = rng.exponential(1.0, count)
    start = np.zeros(count, np.int64)
    end = np.zeros(count, np.int64)
    for number in range(len(widths)):
        rows = np.flatnonzero(lane == number)
        edges = np.round(
            np.cumsum(np.append(0.0, length[rows])) / max(length[rows].sum(), 1e-9) * days * 86400
        )
        start[rows], end[rows] = edges[:-1], edges[1:]
    order = np.argsort(start, kind="stable")
    start, end, lane = start[order], end[order], lane[order]
    width = widths[lane] - (rng.random(count) < 0.5) * rng.integers(0, 30, count)
    jobs = Jobs(
        job_id=np.arange(count),
        submit_s=start,
        nodes=width,
        limit_s=2 * (end - start) + 60,
        runtime_s=np.maximum(end - start, 1),
        profile=rng.integers(0, 8, count),
    )
    ranges = Placement(np.arange(count + 1), (np.cumsum(widths) - widths)[lane].astype(np.int32), jobs.nodes)
    return Schedule(jobs, start, end, np.full(count, int(State.COMPLETED), np.uint8), ranges, nodes)


def profiles(seed: int = 1) -> Profiles:
    """Return eight profiles of three or four phases."""
    rng = np.random.default_rng(seed)
    sizes = [3, 4] * 4
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    share = np.concatenate([rng.dirichlet(np.ones(size)) for size in sizes])
    phases = Phases(share, *(rng.random(len(share)) for _ in range(5)))
    return Profiles(tuple(f"p{i}" for i in range(8)), first, phases, np.full(8, 0.7))


def main() -> None:
    """Print the seconds of the total, the groups and the racks, and the memory."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 250_000
    days = float(sys.argv[2]) if len(sys.argv) > 2 else 365.0
    jupiter = load_machine("jupiter")
    asked = profiles()
    drawn = draw(asked, jupiter)
    small = lanes(jupiter.nodes, 400, 1.0)
    clock = time.perf_counter()
    first = it_power(small, asked, drawn, jupiter, 0, 86400)
    assert len(first.by_group_w) == jupiter.groups
    assert len(first.by_rack_w) == jupiter.racks
    print(f"first call (kernels compiled or loaded) {time.perf_counter() - clock:.2f} s")
    schedule = lanes(jupiter.nodes, count, days)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    clock = time.perf_counter()
    power = it_power(schedule, asked, drawn, jupiter, 0, int(days * 86400))
    total = time.perf_counter()
    groups = power.by_group_w
    grouped = time.perf_counter()
    racks = power.by_rack_w
    racked = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} jobs, {len(power.events.time_s):,} events: total and partitions {total - clock:.2f} s,")
    print(f"{len(groups)} groups {grouped - total:.2f} s, {len(racks)} racks {racked - grouped:.2f} s, all")
    print(f"{racked - clock:.2f} s; memory {before:.0f} MB before, {peak:.0f} MB at most; ")
    two = power.total_w.integral(), power.job_j.sum() + power.idle_j
    print(f"energy {two[0] / 3.6e12:.2f} GWh, the two routes differ by {two[0] / two[1] - 1:.1e}")


if __name__ == "__main__":
    main()
