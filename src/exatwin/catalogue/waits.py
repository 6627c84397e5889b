"""How long jobs of a shape wait in the simulated queue of a machine: percentiles, recorded beforehand."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from exatwin.catalogue.load import data_folder, entry
from exatwin.foundation.spec import PositiveCount, Ratio, Sourced

_H = 3600.0
LIMITS_S = (2 * _H, 6 * _H, 12 * _H, 24 * _H, 72 * _H)
"""Upper ends of the classes of time limits [s]."""
COLUMNS = ("machine", "nodes", "limit_s", "jobs", "low_s", "middle_s", "high_s")
"""Columns of the table: fewest nodes and longest limit of a shape, its jobs, percentiles of their waits."""


class Made(Sourced):
    """How the table was made."""

    mix: str
    """Catalogue name of the mix of jobs."""
    policy: str
    """Order of the queue."""
    backfill: str
    """Backfilling."""
    load: Ratio
    """Node time offered over node time there is."""
    weeks: PositiveCount
    """Weeks whose jobs are counted."""
    warmup_weeks: PositiveCount
    """Weeks before them."""


@dataclass(frozen=True)
class Shape:
    """Waits of the jobs of one shape."""

    nodes: int
    """Fewest nodes; below twice as many."""
    limit_s: float
    """Longest time limit [s]."""
    jobs: int
    """Jobs behind the percentiles."""
    low_s: float
    """10th percentile [s]."""
    middle_s: float
    """Median [s]."""
    high_s: float
    """90th percentile [s]."""


def octave(nodes: int) -> int:
    """Return the power of two at or below `nodes`.

    Examples
    --------
    >>> octave(1), octave(5), octave(64)
    (1, 4, 64)
    """
    return 1 << (nodes.bit_length() - 1)


@cache
def made() -> Made:
    """Return how the table was made."""
    found: Made = entry(Made, "waits", "waits")
    return found


@cache
def shapes() -> dict[str, tuple[Shape, ...]]:
    """Return the shapes that are known, by machine.

    Examples
    --------
    >>> shapes()["jupiter"][0].nodes
    1
    """
    found: dict[str, list[Shape]] = {}
    with (data_folder() / "waits" / "waits.csv").open(newline="", encoding="utf-8") as file:
        for name, *row in list(csv.reader(file))[1:]:
            nodes, limit_s, jobs, *waits = row
            low, middle, high = map(float, waits)
            shape = Shape(int(nodes), float(limit_s), int(jobs), low, middle, high)
            found.setdefault(name, []).append(shape)
    return {name: tuple(rows) for name, rows in found.items()}


__all__ = ["COLUMNS", "LIMITS_S", "Made", "Shape", "made", "octave", "shapes"]
