"""What the figures show, as plain arrays: thinned signals, waits by size, node power, who holds what when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from exatwin.foundation.arrays import Float64, Int32, Int64
from exatwin.foundation.signal import Signal
from exatwin.schedule.result import Placement, Schedule

STEPS_S: Final = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800)
SIZE_EDGES: Final = (1, 2, 5, 17, 65, 257, 1025, 4097)
"""Lower bounds of the size classes; the last class is open."""
QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)


def step_for(start_s: float, end_s: float, points: int = 1000) -> float:
    """Return the shortest round step [s] that cuts the time into at most `points` pieces.

    Examples
    --------
    >>> step_for(0, 7 * 86400)
    900.0
    """
    span = end_s - start_s
    fitting = [step for step in STEPS_S if span / step <= points]
    return float(fitting[0]) if fitting else span / points


def thin(signal: Signal, points: int = 1000) -> Signal:
    """Return `signal` as it is if it has at most `points` pieces, else its means over round steps."""
    if len(signal) <= points:
        return signal
    return signal.mean(step_for(signal.start_s, signal.end_s, points))  # type: ignore[no-any-return]


def envelope(signal: Signal, edges_s: Float64) -> tuple[Float64, Float64]:
    """Return the least and the greatest value of `signal` between neighbouring edges.

    Parameters
    ----------
    edges_s
        Increasing times [s] inside the signal, shape (n + 1,).

    Returns
    -------
    low, high
        Each of shape (n,).
    """
    inner = signal.edges_s[1:-1]
    times = np.union1d(edges_s[:-1], inner[(inner > edges_s[0]) & (inner < edges_s[-1])])
    values = signal.at(times)
    first = np.searchsorted(times, edges_s[:-1])
    return np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)


@dataclass(frozen=True)
class WaitClass:
    """Waiting times of the jobs of one size class."""

    label: str
    """Smallest and largest size, such as ``5–16``."""
    jobs: int
    """Jobs that started inside the window."""
    quantiles_s: tuple[float, ...]
    """Wait [s] at P10, P25, P50, P75 and P90; NaN where the class is empty."""
    mean_s: float
    """Mean wait [s]; NaN where the class is empty."""
    node_h: float
    """Node-hours that the class used."""


def size_classes(largest: int) -> list[tuple[int, int, str]]:
    """Return the size classes up to `largest` nodes as (from, up to, label).

    Examples
    --------
    >>> [label for _, _, label in size_classes(100)]
    ['1', '2–4', '5–16', '17–64', '65–100']
    """
    lows = [low for low in SIZE_EDGES if low <= max(1, largest)]
    highs = [low - 1 for low in lows[1:]] + [max(1, largest)]
    return [
        (low, high, str(low) if low == high else f"{low}–{high}")
        for low, high in zip(lows, highs, strict=True)
    ]


def waits_by_size(schedule: Schedule, start_s: float = 0.0) -> list[WaitClass]:
    """Return the waits of the jobs that started from `start_s` [s] on, by size class."""
    counted = schedule.started & (schedule.start_s >= start_s)
    nodes, wait = schedule.jobs.nodes[counted], schedule.wait_s[counted].astype(np.float64)
    node_h = nodes * schedule.run_s[counted] / 3600.0
    found = []
    for low, high, label in size_classes(int(schedule.jobs.nodes.max(initial=1))):
        mask = (nodes >= low) & (nodes <= high)
        some = bool(mask.any())
        quantiles = np.quantile(wait[mask], QUANTILES) if some else np.full(len(QUANTILES), np.nan)
        mean = float(wait[mask].mean()) if some else float("nan")
        found.append(WaitClass(label, int(mask.sum()), tuple(quantiles), mean, float(node_h[mask].sum())))
    return found


def _overlap_s(schedule: Schedule, start_s: float, end_s: float) -> Float64:
    """Return the seconds that each job ran inside the window, shape (jobs,)."""
    low = np.maximum(schedule.start_s, start_s)
    ran = np.minimum(schedule.end_s, end_s) - low
    return np.where(schedule.started, np.maximum(ran, 0.0), 0.0)


def _spread(placement: Placement, of_job: Float64, nodes: int) -> Float64:
    """Return the sum, at each node, of `of_job` over the jobs that held it, shape (nodes,)."""
    first, node, width = placement.first, placement.node, placement.count
    owner = np.repeat(np.arange(len(of_job)), np.diff(first))
    change = np.zeros(nodes + 1)
    np.add.at(change, node, of_job[owner])
    np.add.at(change, node + width, -of_job[owner])
    return np.maximum(np.cumsum(change[:-1]), 0.0)


def node_busy_frac(schedule: Schedule, start_s: float, end_s: float) -> Float64:
    """Return the share of the window in which each node was held, shape (nodes,).

    Raises
    ------
    ValueError
        The schedule has no placement.
    """
    if schedule.placement is None:
        raise ValueError("the schedule records no placement")
    busy = _spread(schedule.placement, _overlap_s(schedule, start_s, end_s), schedule.capacity)
    return np.minimum(busy / (end_s - start_s), 1.0)


def node_mean_w(schedule: Schedule, job_j: Float64, idle_j: float, start_s: float, end_s: float) -> Float64:
    """Return the mean power [W] of each node over the window, shape (nodes,).

    The energy of a job spreads evenly over its nodes and that of idle nodes evenly over idle node-seconds, so
    the nodes add up to the energy of the machine.

    Parameters
    ----------
    job_j
        Energy [J] of each job inside the window, shape (jobs,).
    idle_j
        Energy [J] of the nodes that no job held.

    Raises
    ------
    ValueError
        The schedule has no placement.
    """
    if schedule.placement is None:
        raise ValueError("the schedule records no placement")
    nodes = schedule.jobs.nodes.astype(np.float64)
    energy = _spread(schedule.placement, np.asarray(job_j) / np.maximum(nodes, 1.0), schedule.capacity)
    idle_s = (end_s - start_s) * (1.0 - node_busy_frac(schedule, start_s, end_s))
    if idle_s.sum() > 0:
        energy = energy + idle_j * idle_s / idle_s.sum()
    return energy / (end_s - start_s)


def owners(schedule: Schedule, start_s: float, end_s: float, rows: int, columns: int) -> Int32:
    """Return which job holds which node when, sampled at the centres of a grid, shape (rows, columns).

    Rows are nodes from 0 up, columns are time; -1 where nobody holds the node.

    Raises
    ------
    ValueError
        The schedule has no placement.
    """
    place = schedule.placement
    if place is None:
        raise ValueError("the schedule records no placement")
    rows = min(rows, schedule.capacity)
    grid = np.full((rows, columns), -1, np.int32)
    owner = np.repeat(np.arange(len(schedule), dtype=np.int32), np.diff(place.first))
    per_column, per_row = (end_s - start_s) / columns, schedule.capacity / rows

    def centre(edges: Any, origin: float, width: float, count: int) -> Int64:
        return np.asarray(np.clip(np.ceil((edges - origin) / width - 0.5), 0, count), np.int64)

    left = centre(schedule.start_s.astype(np.float64), start_s, per_column, columns)[owner]
    right = centre(schedule.end_s.astype(np.float64), start_s, per_column, columns)[owner]
    low = centre(place.node, 0.0, per_row, rows)
    high = centre(place.node + place.count, 0.0, per_row, rows)
    for index in np.flatnonzero((right > left) & (high > low)):
        grid[low[index] : high[index], left[index] : right[index]] = owner[index]
    return grid


def stacked_owners(
    schedule: Schedule, start_s: float, end_s: float, rows: int, columns: int, rank: Int32
) -> Int32:
    """Return the jobs that run at each time, one upon the other, sampled as a grid of shape (rows, columns).

    Parameters
    ----------
    rank
        Jobs of lower rank lie below, jobs of equal rank by their start, shape (jobs,).
    """
    rows = min(rows, schedule.capacity)
    grid = np.full((rows, columns), -1, np.int32)
    order = np.argsort(schedule.start_s, kind="stable")
    order = order[schedule.started[order]]
    begin, end = schedule.start_s[order], schedule.end_s[order]
    longest = int((end - begin).max(initial=0))
    centres = (np.arange(rows) + 0.5) * schedule.capacity / rows
    for column, time in enumerate(start_s + (np.arange(columns) + 0.5) * (end_s - start_s) / columns):
        low, high = np.searchsorted(begin, time - longest), np.searchsorted(begin, time, side="right")
        running = order[low:high][end[low:high] > time]
        running = running[np.argsort(rank[running], kind="stable")]
        at = np.searchsorted(np.cumsum(schedule.jobs.nodes[running]), centres, side="right")
        held = at < len(running)
        grid[held, column] = running[at[held]]
    return grid


def runs(grid: Int32) -> tuple[Int32, Int32]:
    """Return the values and lengths of the runs of equal neighbours of `grid`, row after row."""
    flat = np.ascontiguousarray(grid).ravel()
    if not len(flat):
        return np.empty(0, np.int32), np.empty(0, np.int32)
    first = np.flatnonzero(np.append(True, flat[1:] != flat[:-1]))
    return flat[first].astype(np.int32), np.diff(np.append(first, len(flat))).astype(np.int32)


@dataclass(frozen=True)
class Spread:
    """One figure over several seeds."""

    median: float
    low: float
    """P10, or the least of fewer than ten seeds."""
    high: float
    """P90, or the greatest of fewer than ten seeds."""
    seeds: int


def over_seeds(summaries: Sequence[Mapping[str, Any]], key: str) -> Spread | None:
    """Return the spread of the figure `key` over `summaries`, or None where fewer than two seeds know it."""
    values = [float(s[key]) for s in summaries if isinstance(s.get(key), int | float)]
    values = [value for value in values if np.isfinite(value)]
    if len(values) < 2:
        return None
    ends = (0.1, 0.9) if len(values) >= 10 else (0.0, 1.0)
    low, high = np.quantile(values, ends)
    return Spread(float(np.median(values)), float(low), float(high), len(values))
