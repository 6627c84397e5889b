"""Schedule: the start, end, state and nodes of every job, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int32, Int64, UInt8
from exatwin.foundation.errors import SimulationError
from exatwin.foundation.signal import Signal
from exatwin.schedule.clocks import Clocks
from exatwin.workload.job import Jobs, State


class Placement(NamedTuple):
    """Nodes of every job as ranges: job ``j`` holds ranges ``first[j]`` to ``first[j + 1]``."""

    first: Int64
    """Row of the first range of each job, and the end, shape (jobs + 1,)."""
    node: Int32
    """First node of each range, shape (ranges,)."""
    count: Int32  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    """Nodes of each range, shape (ranges,)."""

    def nodes_of(self, job: int) -> Int32:
        """Return the nodes of `job`, ascending."""
        rows = range(int(self.first[job]), int(self.first[job + 1]))
        parts = [np.arange(self.node[r], self.node[r] + self.count[r], dtype=np.int32) for r in rows]
        return np.concatenate(parts) if parts else np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Schedule:
    """What became of every job, in the order of ``jobs``; NOT_STARTED where it never started."""

    jobs: Jobs
    start_s: Int64
    end_s: Int64
    state: UInt8
    placement: Placement | None
    capacity: int
    """Nodes of the machine (or processors)."""
    row: Int64 | None = None
    """Row of the job among those asked for, where a job may have several rows, one an attempt."""
    attempt: Int64 | None = None
    """Number of the attempt, from 0 on, where there may be several."""
    nominal_s: Int64 | None = None
    """Run time of each attempt at nominal clock, if nothing ends it early [s], where there may be several."""
    early: NDArray[np.bool_] | None = None
    """Whether a failure or another job ended each attempt, where that can be."""
    lost_s: Int64 | None = None
    """How long each such attempt ran for nothing [s]; 0 for the others."""
    clocks: Clocks | None = None
    """At which clock the jobs ran when; None where all ran at full clock."""

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, keep: NDArray[np.bool_]) -> Schedule:
        """Return the rows of `keep`."""

        def of(each: Int64 | None) -> Int64 | None:
            return None if each is None else each[keep]

        place = self.placement
        if place is not None:
            counts = np.diff(place.first)
            rows = np.repeat(keep, counts)
            first = np.concatenate(([0], np.cumsum(counts[keep])))
            place = Placement(first, place.node[rows], place.count[rows])
        return replace(
            self,
            jobs=self.jobs.take(keep),
            start_s=self.start_s[keep],
            end_s=self.end_s[keep],
            state=self.state[keep],
            placement=place,
            row=of(self.row),
            attempt=of(self.attempt),
            nominal_s=of(self.nominal_s),
            early=None if self.early is None else self.early[keep],
            lost_s=of(self.lost_s),
            clocks=None if self.clocks is None else self.clocks.take(keep),
        )

    @property
    def started(self) -> NDArray[np.bool_]:
        """Mask of the jobs that have started, shape (jobs,)."""
        return self.start_s > _NEVER

    @property
    def wait_s(self) -> Int64:
        """Wait of each job [s]; -1 for one that never started."""
        return np.where(self.started, self.start_s - self.jobs.submit_s, -1)

    @property
    def run_s(self) -> Int64:
        """Time each job ran [s]; 0 for one that never started."""
        return np.where(self.started, self.end_s - self.start_s, 0)

    @property
    def bounded_slowdown(self) -> Float64:
        """Bounded slowdown, max(1, (wait + run) / max(run, 10 s)); NaN for a job that never started."""
        run = self.run_s
        value = np.maximum(1.0, (self.wait_s + run) / np.maximum(run, 10))
        return np.where(self.started, value, np.nan)

    def allocated(self, start_s: float | None = None, end_s: float | None = None) -> Signal:
        """Return the nodes in use as a signal from `start_s` to `end_s` [s], by default over the makespan."""
        ran = self.started & (self.end_s > self.start_s)
        first = self.jobs.submit_s[0] if len(self) else 0
        low = float(first) if start_s is None else start_s
        high = float(self.end_s[ran].max(initial=int(low) + 1)) if end_s is None else end_s
        nodes = self.jobs.nodes[ran].astype(np.float64)
        times = np.concatenate([self.start_s[ran], self.end_s[ran]])
        return Signal.from_events(times, np.concatenate([nodes, -nodes]), low, high, "node")

    def queued(self, start_s: float, end_s: float) -> Signal:
        """Return the number of waiting jobs as a signal from `start_s` to `end_s` [s]."""
        ones = np.ones(len(self))
        left = np.where(self.started, self.start_s, np.iinfo(np.int64).max // 4)
        times = np.concatenate([self.jobs.submit_s, left])
        return Signal.from_events(times, np.concatenate([ones, -ones]), start_s, end_s, "1")


_NEVER = np.iinfo(np.int64).min // 2
NOT_STARTED = int(np.iinfo(np.int64).min)


def check(schedule: Schedule) -> None:
    """Check the invariants of `schedule`: no start before submission, capacity kept, no node held twice.

    Raises
    ------
    SimulationError
        The first invariant that is broken, with the job and time.
    """
    jobs, ran = schedule.jobs, schedule.started
    early = np.flatnonzero(ran & (schedule.start_s < jobs.submit_s))
    if len(early):
        row = early[0]
        raise SimulationError(
            f"job {jobs.job_id[row]} starts at {schedule.start_s[row]} s, before its submission"
        )
    backwards = np.flatnonzero(ran & (schedule.end_s < schedule.start_s))
    if len(backwards):
        raise SimulationError(f"job {jobs.job_id[backwards[0]]} ends before it starts")
    if np.any(ran) and schedule.allocated().max() > schedule.capacity:
        raise SimulationError(f"more nodes are in use than the {schedule.capacity} that exist")
    if schedule.placement is not None:
        _check_nodes(schedule, schedule.placement)


def _check_nodes(schedule: Schedule, placement: Placement) -> None:
    held = np.zeros(len(schedule), np.int64)
    owner = np.repeat(np.arange(len(schedule)), np.diff(placement.first))
    np.add.at(held, owner, placement.count)
    wrong = np.flatnonzero(schedule.started & (held != schedule.jobs.nodes))
    if len(wrong):
        row = wrong[0]
        job, wanted = schedule.jobs.job_id[row], schedule.jobs.nodes[row]
        raise SimulationError(f"job {job} holds {held[row]} nodes, not the {wanted} it asked for")
    nodes = np.repeat(placement.node - np.cumsum(placement.count) + placement.count, placement.count)
    nodes = nodes + np.arange(len(nodes))
    job = np.repeat(owner, placement.count)
    if len(nodes) and (nodes.min() < 0 or nodes.max() >= schedule.capacity):
        raise SimulationError(f"a job holds a node outside 0 … {schedule.capacity - 1}")
    lasting = schedule.end_s[job] > schedule.start_s[job]
    nodes, job = nodes[lasting], job[lasting]
    order = np.lexsort((schedule.start_s[job], nodes))
    nodes, job = nodes[order], job[order]
    twice = np.flatnonzero((nodes[1:] == nodes[:-1]) & (schedule.start_s[job[1:]] < schedule.end_s[job[:-1]]))
    if len(twice):
        first, second = schedule.jobs.job_id[job[twice[0]]], schedule.jobs.job_id[job[twice[0] + 1]]
        raise SimulationError(f"node {nodes[twice[0]]} is held by jobs {first} and {second} at once")


__all__ = ["NOT_STARTED", "Placement", "Schedule", "State", "check"]
