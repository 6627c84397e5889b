"""How fast the scheduling kernel is, as ratios: ``python benchmarks/bench_schedule.py [--quick]``.

Times are of the processor (one thread), the least of a few runs, once all is compiled. The synthetic logs
need no data; the real ones are looked for in ``$EXATWIN_DATA`` or ``../shared/data``, else left out.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from exatwin.catalogue.load import machine
from exatwin.foundation.random import stream
from exatwin.schedule.floor import Floor
from exatwin.schedule.result import Schedule
from exatwin.schedule.simulate import simulate
from exatwin.workload.job import Jobs
from exatwin.workload.mix import generate, load_mix
from exatwin.workload.traces import read_trace, strong_filter

ROOT = Path(__file__).resolve().parents[1]
NODES = 9408
LOGS = {"KTH": ("KTH-SP2-1996-2.1", 100), "Atlas": ("LLNL-Atlas-2006-2.1-cln", 9216)}


def least(work: Callable[[], object], runs: int = 3) -> float:
    """Return the least processor time of `runs` calls [s]."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def log_uniform(draw: np.random.Generator, most: float, jobs: int) -> np.ndarray:
    """Return whole numbers from 1 to `most`, each octave as likely as any other."""
    return np.minimum(most, np.exp(draw.uniform(0.0, math.log(most + 1), jobs))).astype(np.int64)


MIXES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "one node": lambda draw, jobs: np.ones(jobs, np.int64),
    "1 to 64 nodes": lambda draw, jobs: log_uniform(draw, 64, jobs),
    "1 to 2,352 nodes": lambda draw, jobs: log_uniform(draw, NODES // 4, jobs),
    "1 to 9,408 nodes": lambda draw, jobs: log_uniform(draw, NODES, jobs),
    "powers of two to 2,048": lambda draw, jobs: 2 ** draw.integers(0, 12, jobs),
}


def synthetic(jobs: int, load: float, mix: str = "1 to 2,352 nodes", backlog: int = 0, seed: int = 0) -> Jobs:
    """Return jobs that offer `load` to `NODES` nodes; the first `backlog` of them come at once."""
    draw = stream(seed, "benchmark", mix)
    nodes = MIXES[mix](draw, jobs)
    limit = 60 * np.clip(np.rint(draw.lognormal(4.0, 1.3, jobs)), 1, 1440).astype(np.int64)
    run = np.maximum(1, (limit * draw.beta(0.7, 1.3, jobs)).astype(np.int64))
    span = float(np.sum(nodes[backlog:] * run[backlog:])) / NODES / load
    submit = np.concatenate([np.zeros(backlog), np.sort(draw.uniform(0.0, span, jobs - backlog))])
    return Jobs(
        job_id=np.arange(jobs),
        submit_s=submit.astype(np.int64),
        nodes=nodes,
        limit_s=limit,
        runtime_s=run,
    )


def queue_length(schedule: Schedule) -> tuple[float, float]:
    """Return the mean and the greatest number of waiting jobs while jobs still come."""
    submit = schedule.jobs.submit_s
    waiting = schedule.queued(float(submit[0]), float(submit[-1]) + 1)
    return float(waiting.integral() / (waiting.end_s - waiting.start_s)), float(waiting.max())


def run(jobs: Jobs, placement: str = "none", backfill: str = "easy") -> Schedule:
    return simulate(jobs, NODES, placement=placement, backfill=backfill)


def real_logs() -> None:
    data = Path(os.environ.get("EXATWIN_DATA", ROOT.parent / "shared" / "data")) / "traces" / "pwa"
    print("\nEASY on real logs (goal: 500,000 jobs a second with counts, placement within 3 times)")
    for name, (file, processors) in LOGS.items():
        path = data / f"{file}.swf.gz"
        if not path.is_file():
            print(f"  {name}: {path} is not here, left out")
            continue
        jobs = strong_filter(read_trace(path), processors)
        seconds = {
            placement: least(lambda: simulate(jobs, processors, placement=placement), 9)  # noqa: B023
            for placement in ("none", "contiguous", "groups")
        }
        rates = ", ".join(f"{kind} {len(jobs) / value:,.0f}/s" for kind, value in seconds.items())
        slower = seconds["contiguous"] / seconds["none"]
        print(f"  {name}: {len(jobs):,} jobs: {rates}; placement / counts {slower:.2f}")


def against_the_plain_reference() -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from reference import reference

    jobs = synthetic(10_000, 0.9)
    columns = (jobs.job_id, jobs.submit_s, jobs.nodes, jobs.limit_s, jobs.runtime_s)
    log = list(zip(*(column.tolist() for column in columns), strict=True))
    print("\nThe kernel and the plain Python reference of the tests, 10,000 jobs at 90 % load")
    for backfill in ("none", "easy", "easy-sjbf"):
        fast = least(lambda: run(jobs, backfill=backfill), 5)  # noqa: B023
        slow = least(lambda: reference(log, NODES, "batch", backfill), 1)  # noqa: B023
        print(f"  {backfill}: {fast * 1e3:.1f} ms against {slow:.2f} s: {slow / fast:,.0f} times faster")


def size_mixes(large: int) -> None:
    print(f"\n{NODES:,} nodes at 90 % load, with placement")
    print("(goal: 100,000 jobs under 0.3 s, 1,000,000 within 12 times that)")
    for mix in MIXES:
        some, many = synthetic(100_000, 0.9, mix), synthetic(large, 0.9, mix)
        placed_s = least(lambda: run(some, "contiguous"))  # noqa: B023
        counts_s = least(lambda: run(some))  # noqa: B023
        many_s = least(lambda: run(many, "contiguous"), 2)  # noqa: B023
        print(
            f"  {mix:>22}: 100,000 jobs {placed_s:.3f} s ({placed_s / counts_s:.2f} × counts only);"
            f" {large:,} jobs {many_s:.2f} s, {many_s / placed_s:.1f} times"
        )


def by_number_of_jobs(largest: int) -> None:
    print("\nCost by number of jobs, 90 % load, EASY with placement")
    print("      jobs   µs a job   times n log n")
    first = 0.0
    for jobs in (10_000, 30_000, 100_000, 300_000, 1_000_000):
        if jobs > largest:
            break
        log = synthetic(jobs, 0.9)
        each = least(lambda: run(log, "contiguous"), 2) / jobs  # noqa: B023
        first = first or each / math.log(jobs)
        print(f"{jobs:>10,}   {each * 1e6:8.2f}   {each / math.log(jobs) / first:13.2f}")


def by_length_of_queue(jobs: int) -> None:
    print(f"\nCost by length of the queue, {jobs:,} jobs at 100 % load behind a backlog, with placement")
    print("  backfill      mean queue   longest   µs a job      jobs/s")
    for backfill in ("none", "easy", "easy-sjbf", "conservative"):
        for backlog in (0, 250, 1000, 4000, 16_000):
            if backfill == "conservative" and backlog > 1000:
                break
            log = synthetic(jobs if backfill != "conservative" else 5000, 1.0, backlog=backlog)
            mean, longest = queue_length(run(log, "contiguous", backfill))
            each = least(lambda: run(log, "contiguous", backfill), 1) / len(log)  # noqa: B023
            print(f"  {backfill:<12} {mean:>11,.0f} {longest:>9,.0f} {each * 1e6:>10.2f} {1 / each:>11,.0f}")


def owned(jobs: Jobs, accounts: int = 40, users: int = 200, seed: int = 0) -> Jobs:
    """Return `jobs` with users of equal diligence, each in one account."""
    user = stream(seed, "owners").integers(0, users, len(jobs))
    return jobs.replace(user=user, account=user % accounts)


CENTRES = {
    "fcfs + EASY": {"policy": "fcfs", "backfill": "easy"},
    "multifactor + EASY": {"policy": "multifactor", "backfill": "easy"},
    "multifactor + slurm": {"policy": "multifactor", "backfill": "slurm"},
}


def as_centres_do(most: int) -> None:
    print(f"\nCost by jobs that wait at once, {NODES:,} nodes, 100 % load behind the backlog, counts only")
    print("  (goals with 16,000: EASY 150,000 jobs/s, multifactor + slurm 20,000 jobs/s)")
    print("  mix               order and backfill      backlog   mean queue   µs a job      jobs/s")
    for mix in ("1 to 64 nodes", "1 to 2,352 nodes"):
        for name, way in CENTRES.items():
            for backlog in (10, 100, 1000, 4000, 16_000):
                log = owned(synthetic(min(backlog + 10_000, most), 1.0, mix, backlog))
                mean, _ = queue_length(simulate(log, NODES, **way))
                runs = 3 if way["backfill"] == "easy" else 1
                each = least(lambda: simulate(log, NODES, **way), runs) / len(log)  # noqa: B023
                told = f"{backlog:>7,} {mean:>12,.0f} {each * 1e6:>10.2f} {1 / each:>11,.0f}"
                print(f"  {mix:<17} {name:<22} {told}", flush=True)


def month_of_jupiter() -> None:
    there, mix = machine("jupiter"), load_mix()
    start, end_s = datetime(2026, 1, 1, tzinfo=UTC), 30 * 86400
    jobs, _ = generate(there, mix, start=start, start_s=0, end_s=end_s, load=mix.load, seed=0)
    floor = Floor.of(there)
    print(f"\nA month of JUPITER, {len(jobs):,} jobs (goal: 100 of them in 60 s on two cores)")
    for name, way in CENTRES.items():
        for placement in ("none", "groups"):
            seconds = least(lambda: simulate(jobs, floor, placement=placement, **way))  # noqa: B023
            print(f"  {name:<22} placement {placement:<7} {seconds:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 300,000 jobs only")
    parser.add_argument("--centres", action="store_true", help="only orders and backfills of centres")
    asked = parser.parse_args()
    largest = 300_000 if asked.quick else 1_000_000
    if asked.centres:
        as_centres_do(largest)
        month_of_jupiter()
        return
    began = time.perf_counter()
    for placement in ("none", "contiguous"):
        run(synthetic(100, 0.9), placement)
    print(f"ready after {time.perf_counter() - began:.2f} s (compiled or fetched from the cache)")
    real_logs()
    against_the_plain_reference()
    size_mixes(largest)
    by_number_of_jobs(largest)
    by_length_of_queue(50_000)
    as_centres_do(largest)
    month_of_jupiter()


if __name__ == "__main__":
    main()
