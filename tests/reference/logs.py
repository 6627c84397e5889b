"""Real logs for the referee: the strong filter, the recorded starts, and the figures of a schedule."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from pathlib import Path

from reference.loop import Job


def lines(path: Path) -> Iterator[list[str]]:
    """Return the fields of the lines of `path` that hold data."""
    with gzip.open(path, "rt", encoding="latin-1") as file:
        for line in file:
            if line.strip() and not line.startswith(";"):
                yield line.split()


def strong_filter(path: Path, processors: int) -> list[Job]:
    """Return the jobs of the SWF log at `path` that can run on `processors` (strong filter)."""
    jobs = []
    for fields in lines(path):
        number, submit, _, run, allocated, _, _, requested, limit = (int(float(text)) for text in fields[:9])
        procs = requested if requested > 0 else allocated
        if procs > 0 and max(requested, allocated) <= processors and run > 0 and limit > 0:
            jobs.append(Job(number, submit, procs, limit, min(run, limit)))
    return jobs


def read_starts(path: Path) -> dict[int, int]:
    """Return the start of every job by its id from a reference schedule."""
    return {int(number): int(start) for number, start in lines(path)}


def figures(jobs: list[Job], starts: dict[int, int], processors: int) -> tuple[str, ...]:
    """Return the metrics of a schedule as they are printed in the tables."""
    flows = [starts[job.id] + job.run - job.submit for job in jobs]
    slowdowns = [max(1.0, flow / max(job.run, 10)) for job, flow in zip(jobs, flows, strict=True)]
    makespan = max(starts[job.id] + job.run for job in jobs) - min(job.submit for job in jobs)
    work = sum(job.run * job.procs for job in jobs)
    return (
        f"{sum(starts[job.id] - job.submit for job in jobs) / len(jobs):.4f}",
        f"{sum(flows) / len(jobs):.6f}",
        f"{math.fsum(slowdowns) / len(jobs):.9f}",
        f"{max(slowdowns):.4f}",
        f"{math.sqrt(math.fsum(value * value for value in slowdowns) / len(jobs)):.6f}",
        f"{work / (processors * makespan):.6f}",
        str(makespan),
    )
