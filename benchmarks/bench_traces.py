"""How fast logs are read: generated SWF and sacct text, plain and gzip, as rows a second and as ratios.

Run ``python benchmarks/bench_traces.py [ROWS]`` (by default 1,000,000).
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from exatwin.workload.job import Jobs
from exatwin.workload.traces import read_trace, write_sacct, write_swf


def generated(rows: int) -> Jobs:
    """Return plausible jobs."""
    random = np.random.default_rng(0)
    submit = np.sort(random.integers(0, 365 * 86400, rows))
    run = np.minimum(random.lognormal(7.5, 1.8, rows), 86400).astype(np.int64) + 1
    user = random.zipf(1.5, rows) % 2000
    return Jobs(
        job_id=np.arange(1, rows + 1),
        submit_s=submit,
        nodes=2 ** random.integers(0, 9, rows),
        limit_s=-(-run // 3600) * 3600,
        runtime_s=run,
        partition=np.zeros(rows, np.int16),
        account=user % 300,
        user=user,
        recorded_start_s=submit + random.integers(0, 86400, rows),
    )


def dirtied(path: Path, every: int) -> Path:
    """Return a copy in which one row in so many holds surplus delimiters, or lacks fields."""
    lines = path.read_text().split("\n")
    for k in range(every, len(lines) - 1, every):
        lines[k] = lines[k].rsplit("|", 3)[0] if k // every % 2 else lines[k] + "|a|b"
    out = path.with_name("dirty.txt")
    out.write_text("\n".join(lines))
    return out


def bytes_per_second(path: Path) -> float:
    """Return how fast the machine splits this file at line breaks with the standard library."""
    start = time.process_time()
    path.read_bytes().split(b"\n")
    return time.process_time() - start


def timed(path: Path) -> tuple[float, int]:
    best, count = np.inf, 0
    for _ in range(2):
        start = time.process_time()
        count = len(read_trace(path).jobs)
        best = min(best, time.process_time() - start)
    return best, count


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    jobs = generated(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_swf(jobs.take(slice(0, 1000)), folder / "warm.swf")
        write_sacct(jobs.take(slice(0, 1000)), folder / "warm.txt")
        for warm in ("warm.swf", "warm.txt"):
            read_trace(folder / warm)  # compile, or load what is compiled
        write_swf(jobs, folder / "jobs.swf", origin=datetime(2026, 1, 1, tzinfo=UTC))
        write_sacct(jobs, folder / "jobs.txt", origin=datetime(2026, 1, 1, tzinfo=UTC))
        read_trace(folder / "jobs.txt").write(folder / "jobs.parquet")
        for plain in ("jobs.swf", "jobs.txt"):
            with gzip.open(folder / f"{plain}.gz", "wb", compresslevel=1) as file:
                file.write((folder / plain).read_bytes())
        dirtied(folder / "jobs.txt", 50)
        base = bytes_per_second(folder / "jobs.txt")
        print(f"{'file':16} {'MB':>6} {'CPU s':>7} {'rows/s':>10} {'× splitting lines':>18}")
        for kind in ("jobs.swf", "jobs.swf.gz", "jobs.txt", "jobs.txt.gz", "dirty.txt", "jobs.parquet"):
            path = folder / kind
            seconds, count = timed(path)
            size = path.stat().st_size / 1e6
            print(f"{kind:16} {size:6.0f} {seconds:7.2f} {count / seconds:10,.0f} {seconds / base:18.1f}")


if __name__ == "__main__":
    main()
