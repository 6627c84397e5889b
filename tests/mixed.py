"""Small centres with everything at once: two pools, windows, chains, limits, preemption, caps, distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from exatwin.foundation.random import stream
from exatwin.foundation.signal import Signal
from exatwin.schedule.communication import Communication
from exatwin.schedule.conditions import NOTHING, Conditions, Restart
from exatwin.schedule.dependencies import KINDS, Dependencies
from exatwin.schedule.floor import Floor
from exatwin.schedule.limits import Limits
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.power_rule import Cap, PowerRule
from exatwin.schedule.preempt import Preemption
from exatwin.schedule.priority import Weights
from exatwin.schedule.result import Schedule
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import SlurmRule
from exatwin.schedule.windows import Kind, Window
from exatwin.workload.job import Jobs, State

FLOOR = Floor(
    np.array([0, 1], np.int16),
    np.array([70, 12], np.int32),
    np.minimum(np.arange(82) // 12, 6).astype(np.int32),
)
QUICK = SlurmRule(bf_interval_s=7, bf_resolution_s=3, bf_window_s=900, sched_interval_s=11)
ORDERS = {
    "multifactor": PriorityRule(Weights(age=500.0, fair_share=4000.0, job_size=300.0, max_age_s=300.0),
                                half_life_s=90.0, calc_period_s=20),
    "classic": PriorityRule(Weights(age=500.0, fair_share=4000.0, max_age_s=300.0), algorithm="classic",
                            half_life_s=90.0, calc_period_s=20),
}  # fmt: skip
WITH = ("windows", "dependencies", "limits", "preempt", "power", "spread")


def table(seed: int, many: int) -> Jobs:
    """Return jobs whose submissions, limits and ends often fall on the same second."""
    draw = stream(seed, "tests", "mixed")
    partition = (draw.random(many) < 0.3).astype(np.int16)
    limit = draw.integers(1, 40, many)
    return Jobs(
        job_id=np.arange(many),
        submit_s=np.sort(draw.integers(0, 150, many)),
        nodes=np.where(partition == 1, draw.integers(1, 13, many), draw.integers(1, 50, many)),
        limit_s=limit,
        runtime_s=np.where(draw.random(many) < 0.4, limit, draw.integers(0, 45, many)),
        outcome=np.where(draw.random(many) < 0.8, int(State.COMPLETED), int(State.FAILED)),
        partition=partition,
        user=draw.integers(0, 5, many),
        account=draw.integers(0, 3, many),
    )


def windows(draw: np.random.Generator) -> list[Window]:
    """Return one or two of each kind, the reservations last."""
    found = []
    for kind in (Kind.DOWN, Kind.DOWN, Kind.DRAIN, Kind.MAINTENANCE, Kind.RESERVATION):
        start, first = int(draw.integers(0, 150)), int(draw.integers(0, 70))
        nodes = np.arange(first, min(82, first + int(draw.integers(1, 40))))
        users = (int(draw.integers(0, 5)),) if kind == Kind.RESERVATION else ()
        found.append(Window(start, start + int(draw.integers(1, 60)), nodes, kind, kind.name, users))
    return found


def conditions(seed: int, jobs: Jobs, parts: tuple[str, ...] = WITH, mode: str = "admission") -> Conditions:
    """Return what such a centre asks for; `parts` of :data:`WITH` or nothing at all, `mode` of its caps."""
    if "nothing" in parts:
        return NOTHING
    draw, many = stream(seed, "tests", "mixed", "conditions"), len(jobs)
    found: dict[str, Any] = {}
    spans, reserved = windows(draw), np.where(draw.random(many) < 0.1, 4, -1)
    width = np.bincount(FLOOR.pool_of_node[spans[4].nodes], minlength=2)
    reserved[jobs.nodes > width[jobs.partition]] = -1
    late = draw.integers(1, many, many // 4)
    pairs = [(int(j), int(draw.integers(0, j)), KINDS[int(draw.integers(0, 4))]) for j in late]
    member = draw.integers(0, 3, many)
    klass, kinds = draw.integers(0, 3, many), draw.integers(0, 2, many)
    pushes = np.array([[False, True, True], [False, False, True], [False, False, False]])
    caps = np.array([0.4, 0.9, 0.6, 1.0]) * 82 * 8.0
    begin = jobs.submit_s + np.where(draw.random(many) < 0.1, 15, 0)
    found["begin_s"] = begin
    found["restart"] = Restart(draw.random(many) < 0.8, draw.integers(0, 6, many), 2)
    if "windows" in parts:
        found |= {"windows": spans, "reserved": reserved, "length_s": {(many - 1, 0): 9, (many - 1, 1): 4}}
    if "dependencies" in parts:
        found["dependencies"] = Dependencies.of(pairs)
    if "limits" in parts:
        most = (np.array([2, 9, 30]), np.array([60, 82, 50]), np.array([10**4, 1500, 10**4]))
        found["limits"] = Limits.of_pairs(
            many, np.arange(many), member, most_jobs=most[0], most_nodes=most[1], most_node_s=most[2]
        )
    if "preempt" in parts:
        found["preempt"] = Preemption(klass, pushes, "cancel" if seed % 3 == 0 else "requeue", seed % 2 * 3)
    if "power" in parts:
        group = Cap(Signal([-1.0, 200.0, 1e9], [40.0, 70.0], "W"), np.arange(20, 30), "a group")
        machine = Cap(Signal([-1.0, 30.0, 70.0, 120.0, 1e9], caps.tolist(), "W"))
        found["power"] = PowerRule(
            caps=(machine, group), base_w=np.zeros(2), klass=kinds, mode=mode,
            above_w=np.array([[8.0, 4.0, 2.0], [4.0, 3.0, 1.0]]), nodes=jobs.nodes.astype(np.int64),
            stretch=np.array([[1.0, 1.5, 2.25], [1.0, 1.0, 1.25]]), frequency_frac=np.array([1.0, 0.6, 0.3]),
        )  # fmt: skip
    if "spread" in parts:
        most = np.where(draw.random(many) < 0.2, 2, 0)
        found["spread"] = Communication(draw.random(many) * 0.3, most, 20)
    return Conditions(**found)


def run(
    seed: int, many: int, rule: tuple[str, str, str], parts: tuple[str, ...] = WITH, mode: str = "admission"
) -> Schedule:
    """Return the schedule of such a centre by backfill, policy and placement."""
    jobs, (backfill, policy, placement) = table(seed, many), rule
    return simulate(
        jobs, FLOOR, policy="multifactor" if policy == "classic" else policy, backfill=backfill,
        placement=placement, seed=seed, slurm=QUICK, priority=ORDERS.get(policy),
        conditions=conditions(seed, jobs, parts, mode),
    )  # fmt: skip


def told(found: Schedule) -> list[Any]:
    """Return all that a schedule says of every attempt: job, times, state, losses, nodes, clocks."""
    assert found.placement is not None
    first, node, count = (each.tolist() for each in found.placement)
    columns = [found.jobs.job_id, found.start_s, found.end_s, found.state, found.jobs.runtime_s]
    columns += [each for each in (found.row, found.lost_s) if each is not None]
    rows = [
        [*map(int, each), node[low:high], count[low:high]]
        for each, low, high in zip(zip(*columns, strict=True), first[:-1], first[1:], strict=True)
    ]
    clocks = found.clocks
    if clocks is None:
        return [rows]
    return [rows, *(each.tolist() for each in (clocks.track, clocks.first, clocks.time_s, clocks.step))]
