"""The machine's IT power: exact piecewise-constant signals of the whole, of partitions, groups and racks.

Boundary: the input of the racks, power supplies included, with the switches: what TOP500 and Green500 mean by
the power of a system. Pumps in the racks, storage, login nodes and everything of the building are outside.
Nodes draw their idle power whenever no job holds them; switches draw the same always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64, Int32, Int64
from exatwin.foundation.errors import SimulationError
from exatwin.foundation.signal import Signal
from exatwin.power import _clocked_kernel, _kernel
from exatwin.schedule.result import Placement, Schedule
from exatwin.workload.draw import Draw
from exatwin.workload.job import Profiles
from exatwin.workload.recorded_draw import recorded_scale

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Events:
    """Power steps of all jobs inside the window, for one node each."""

    time_s: Float64
    """When, shape (events,)."""
    change_w: Float64
    """By how much one node changes, relative to idle at both ends of a job [W], shape (events,)."""
    taken: NDArray[np.int8]
    """1 where the job takes its nodes, -1 where it gives them back, shape (events,)."""
    job: Int32
    """Row of the job, shape (events,)."""
    order: Int64
    """The events by time, ties in the order of the jobs, shape (events,)."""
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class ItPower:
    """IT power over a window and where its energy went.

    Watts of a node are rounded to 1/1024 W, so that sums over racks, groups, partitions and nodes agree to
    the last bit in whatever order they are taken.
    """

    total_w: Signal
    """All nodes and the switches [W]."""
    by_partition_w: dict[str, Signal]
    """Nodes that jobs of each partition hold [W]; with `idle_w` and `fixed_w` they add up to `total_w`."""
    idle_w: Signal
    """Nodes that no job holds [W]."""
    by_part_j: dict[str, float]
    """Energy by part [J]; the switches count as network. Adds up to the integral of `total_w`."""
    job_j: Float64
    """Energy of the nodes of each job inside the window [J], shape (jobs,)."""
    idle_j: float
    """Energy that belongs to no job [J]: idle nodes and switches."""
    fixed_w: float
    """Switches, always on [W]; in no group and no rack."""
    node_idle_w: float
    """One idle node [W]."""
    events: Events = field(repr=False)
    machine: Machine = field(repr=False)
    placement: Placement | None = field(repr=False)

    @cached_property
    def by_group_w(self) -> list[Signal]:
        """Nodes of each group [W]; empty without a placement. Adds up to `total_w` less `fixed_w`."""
        return self.by_bin(self.machine.group_of_node)

    @cached_property
    def by_rack_w(self) -> list[Signal]:
        """Nodes of each rack [W]; empty without a placement. Adds up to `total_w` less `fixed_w`."""
        return self.by_bin(self.machine.rack_of_node)

    def by_bin(self, bin_of_node: Int32) -> list[Signal]:
        """Return the power of the nodes in each bin; empty without a placement.

        Parameters
        ----------
        bin_of_node
            Bin (from 0) of each node, shape (nodes,).
        """
        if self.placement is None:
            return []
        bins = _frozen(bin_of_node, np.int32)
        first, node, count = self.placement
        touch = _kernel.touched_bins(
            _frozen(first, np.int64), _frozen(node, np.int32), _frozen(count, np.int32), bins
        )
        return _signals(self.events, touch, np.bincount(bins) * np.float64(self.node_idle_w))


def it_power(
    schedule: Schedule,
    profiles: Profiles,
    draw: Draw,
    machine: Machine,
    start_s: float,
    end_s: float,
    *,
    recorded: Draw | None = None,
    slowed: Sequence[Draw] = (),
) -> ItPower:
    """Return the IT power of `machine` under `schedule` from `start_s` to `end_s` [s].

    Parameters
    ----------
    schedule
        When jobs run, and on which nodes; with no placement groups and racks stay empty.
    profiles
        What the jobs do; ``Jobs.profile`` counts their rows.
    draw
        Watts of the phases on a node of `machine`.
    recorded
        Watts under which recorded means hold; by default `draw`.
    slowed
        What the phases draw at each step of ``schedule.clocks``, the first at full clock, where it has any.

    Raises
    ------
    SimulationError
        More nodes are in use than the machine has, or a job has a profile or partition that does not exist.

    Notes
    -----
    Phases are laid out over a job's own run time and cut where the job is cut. A job with a recorded mean
    (``Jobs.node_w``) keeps the shape of its profile, scaled to that mean over its run. Phases begin on whole
    seconds. A slower clock stretches what is left of a run evenly, by the slowdown of its profile. Two routes
    close the energy: the integral of `total_w` over its steps, and the sum over jobs plus idle node-seconds
    and switches.
    """
    _check(schedule, profiles, machine, start_s, end_s)
    jobs = schedule.jobs
    node_idle_w = float(_kernel.grained(draw.idle_w))
    switches_w = float(_kernel.grained(draw.fixed_w))
    runs = _runs(schedule)
    each = slowed if schedule.clocks is not None and len(slowed) else (draw,)
    found = _found(schedule, profiles, (draw, recorded or draw, each), runs, node_idle_w, start_s, end_s)
    time_s, change_w, taken, job, job_j, phase_j = found
    order = np.argsort(time_s, kind="stable")
    events = Events(
        time_s=_shut(time_s),
        change_w=_shut(change_w),
        taken=_shut(taken),
        job=_shut(job),
        order=_shut(order),
        start_s=float(start_s),
        end_s=float(end_s),
    )
    held = np.minimum(runs[1], end_s) - np.maximum(runs[0], start_s)
    held_node_s = float(np.dot(np.maximum(held, 0.0), jobs.nodes))
    idle_nodes_j = (machine.nodes * (end_s - start_s) - held_node_s) * node_idle_w
    whole = _touch(np.zeros(len(jobs), np.int32), jobs.nodes)
    all_idle_w = np.array([machine.nodes * node_idle_w])
    switches_j = switches_w * (end_s - start_s)
    return ItPower(
        total_w=_signals(events, whole, all_idle_w)[0] + switches_w,
        by_partition_w=_by_partition(events, schedule, machine, node_idle_w),
        idle_w=_signals(events, whole, all_idle_w, above_frac=0.0, taken_w=-node_idle_w)[0],
        by_part_j=_by_part(each, phase_j, draw, idle_nodes_j, switches_j),
        job_j=_shut(job_j),
        idle_j=idle_nodes_j + switches_j,
        fixed_w=switches_w,
        node_idle_w=node_idle_w,
        events=events,
        machine=machine,
        placement=schedule.placement,
    )


def _found(
    schedule: Schedule,
    profiles: Profiles,
    draws: tuple[Draw, Draw, Sequence[Draw]],
    runs: tuple[Float64, Float64, Float64],
    node_idle_w: float,
    start_s: float,
    end_s: float,
) -> tuple[Float64, Float64, NDArray[np.int8], Int32, Float64, Float64]:
    """Return the power steps of all jobs, their energy, and that of each phase, shape (steps, phases)."""
    jobs, clocks, (draw, recorded, each) = schedule.jobs, schedule.clocks, draws
    nodes, profile = _frozen(jobs.nodes, np.int32), _frozen(jobs.profile, np.int32)
    laid = _frozen(profiles.first, np.int64), _frozen(_upto(profiles), np.float64)
    if clocks is None or len(each) < len(clocks.frac):
        *events, phase_j = _kernel.job_events(
            *runs,
            nodes,
            profile,
            _frozen(jobs.node_w, np.float64),
            *laid,
            _frozen(draw.nominal_w, np.float64),
            _frozen(recorded.nominal_w, np.float64),
            node_idle_w,
            float(start_s),
            float(end_s),
        )
        return (*events, phase_j[None, :])  # type: ignore[return-value]
    usual = each[0].slowdown[:, 0]
    return _clocked_kernel.clocked_events(
        *runs,
        nodes,
        profile,
        _frozen(recorded_scale(jobs, profiles, recorded.nominal_w), np.float64),
        *laid,
        _frozen(np.stack([one.nominal_w for one in each]), np.float64),
        _frozen(np.stack([usual / one.slowdown[:, 0] for one in each]), np.float64),
        _frozen(clocks.track, np.int64),
        _frozen(clocks.first, np.int64),
        _frozen(clocks.time_s, np.int64),
        _frozen(clocks.step, np.int64),
        node_idle_w,
        float(start_s),
        float(end_s),
    )


def _check(schedule: Schedule, profiles: Profiles, machine: Machine, start_s: float, end_s: float) -> None:
    """Refuse what would read outside an array or draw more than there is."""
    jobs = schedule.jobs
    if not end_s > start_s:
        raise SimulationError(f"the window from {start_s} to {end_s} s is empty")
    if len(jobs) and not 0 <= jobs.profile.min() <= jobs.profile.max() < len(profiles):
        raise SimulationError(f"a job has profile {jobs.profile.max()}, expected 0 … {len(profiles) - 1}")
    if len(jobs) and not 0 <= jobs.partition.min() <= jobs.partition.max() < len(machine.partitions):
        last = len(machine.partitions) - 1
        raise SimulationError(f"a job has partition {jobs.partition.max()}, expected 0 … {last}")
    place = schedule.placement
    if place is not None and len(place.node):
        low, high = int(place.node.min()), int((place.node + place.count).max())
        if low < 0 or high > machine.nodes:
            raise SimulationError(f"a job holds node {high - 1}, expected 0 … {machine.nodes - 1}")
    if schedule.capacity > machine.nodes and np.any(schedule.started):
        most = int(schedule.allocated().max())
        if most > machine.nodes:
            raise SimulationError(f"{most} nodes are in use, {machine.name} has {machine.nodes}")


def _runs(schedule: Schedule) -> tuple[Float64, Float64, Float64]:
    """Return start, end and uncut run time of each job [s]; a job that never started has no length."""
    ran = schedule.started
    start = np.where(ran, schedule.start_s, 0)
    end = np.where(ran, schedule.end_s, 0)
    return (
        _frozen(start, np.float64),
        _frozen(end, np.float64),
        _frozen(schedule.jobs.runtime_s, np.float64),
    )


def _upto(profiles: Profiles) -> Float64:
    """Return the share of the run at which each phase ends, shape (phases,)."""
    total = np.cumsum(profiles.phases.share_frac)
    before = np.concatenate(([0.0], total))[profiles.first[:-1]]
    return np.asarray(total - np.repeat(before, np.diff(profiles.first)))


def _touch(bins: NDArray[np.integer], nodes: Int32) -> tuple[Int64, Int32, Int32]:
    """Return the touches of jobs whose nodes all fall into one bin each."""
    return np.arange(len(nodes) + 1), bins.astype(np.int32), np.array(nodes, np.int32)


def _by_partition(
    events: Events, schedule: Schedule, machine: Machine, node_idle_w: float
) -> dict[str, Signal]:
    """Return the power of the nodes that jobs of each partition hold."""
    names = [partition.name for partition in machine.partitions]
    touch = _touch(schedule.jobs.partition, schedule.jobs.nodes)
    found = _signals(events, touch, np.zeros(len(names)), taken_w=node_idle_w)
    return dict(zip(names, found, strict=True))


def _by_part(
    each: Sequence[Draw], phase_j: Float64, draw: Draw, idle_nodes_j: float, switches_j: float
) -> dict[str, float]:
    """Return the energy by part [J]: that of each phase and of idle nodes, split as one node's watts are."""
    parts_j = idle_nodes_j * draw.idle_part_w / draw.idle_w
    for one, energy_j in zip(each, phase_j, strict=True):
        parts_j = parts_j + energy_j @ (one.phase_part_w / one.nominal_w[:, None])
    found = dict(zip(draw.parts, parts_j.tolist(), strict=True))
    found["network"] += switches_j
    return found


def _signals(
    events: Events,
    touch: tuple[Int64, Int32, Int32],
    base_w: Float64,
    *,
    above_frac: float = 1.0,
    taken_w: float = 0.0,
) -> list[Signal]:
    """Return the power over time of each bin that the jobs of `events` touch."""
    first, edge_s, level_w = _kernel.bin_levels(
        events.order,
        events.time_s,
        events.change_w,
        events.taken,
        events.job,
        _shut(touch[0]),
        _shut(touch[1]),
        _shut(touch[2]),
        _frozen(base_w, np.float64),
        above_frac,
        taken_w,
        events.start_s,
    )
    found = []
    for low, high in pairwise(first):
        edges = np.append(edge_s[low:high], events.end_s)
        found.append(Signal(edges, level_w[low:high], "W"))
    return found


def _frozen(values: NDArray[Any], dtype: type[T]) -> NDArray[T]:
    """Return `values` contiguous and read-only: one kind of array, so that each kernel compiles once."""
    return _shut(np.ascontiguousarray(values, dtype))


def _shut(values: NDArray[T]) -> NDArray[T]:
    view = values.view()
    view.flags.writeable = False
    return view


__all__ = ["Events", "ItPower", "it_power"]
