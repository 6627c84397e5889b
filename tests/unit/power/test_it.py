"""IT power of hand-made schedules, by arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SimulationError
from exatwin.power.it import ItPower, it_power
from exatwin.schedule.result import NOT_STARTED, Placement, Schedule
from exatwin.workload.draw import Draw
from exatwin.workload.job import Jobs, Phases, Profiles, State

IDLE_W, FIXED_W = 100.0, 1000.0
PHASE_W = np.array([200.0, 400.0, 300.0])


def profiles() -> Profiles:
    """Two profiles: 200 W then 400 W in halves, and 300 W throughout."""
    half = np.array([0.5, 0.5, 1.0])
    phases = Phases(half, *(np.zeros(3) for _ in range(5)))
    return Profiles(("two", "one"), np.array([0, 2, 3], np.int64), phases, np.ones(2))


def drawn() -> Draw:
    part = np.stack([0.75 * PHASE_W, 0.25 * PHASE_W], axis=1)
    ones = np.ones((3, 1))
    return Draw(
        parts=("accelerator", "network"),
        phase_w=PHASE_W[:, None],
        phase_part_w=part,
        idle_part_w=np.array([0.4 * IDLE_W, 0.6 * IDLE_W]),
        slowdown=np.ones((2, 1)),
        phase_slowdown=ones,
        frequency_frac=np.ones(1),
        fixed_w=FIXED_W,
    )


def jupiter() -> Machine:
    return machine("jupiter")


def schedule(start: list[int], end: list[int], nodes: list[int], **columns: Any) -> Schedule:
    first = columns.pop("first_node", None)
    count = len(start)
    run = columns.pop("runtime_s", [e - s for s, e in zip(start, end, strict=True)])
    jobs = Jobs(
        job_id=np.arange(count),
        submit_s=np.minimum(start, 0),
        nodes=nodes,
        limit_s=np.full(count, 10**6),
        runtime_s=run,
        **columns,
    )
    place = None
    if first is not None:
        ranges = np.arange(count + 1, dtype=np.int64)
        place = Placement(ranges, np.array(first, np.int32), np.array(nodes, np.int32))
    state = np.full(count, int(State.COMPLETED), np.uint8)
    return Schedule(jobs, np.array(start, np.int64), np.array(end, np.int64), state, place, 5884)


def power(found: Schedule, start_s: float = 0, end_s: float = 100) -> ItPower:
    return it_power(found, profiles(), drawn(), jupiter(), start_s, end_s)


def base_w(nodes: int = 5884) -> float:
    return nodes * IDLE_W


def test_an_empty_machine_draws_idle_nodes_and_switches() -> None:
    found = power(schedule([], [], []))
    assert found.total_w.values.tolist() == [base_w() + FIXED_W]
    assert found.idle_j == (base_w() + FIXED_W) * 100
    assert found.job_j.tolist() == []
    assert sum(found.by_part_j.values()) == pytest.approx(found.idle_j, rel=1e-12)


def test_phases_are_steps_at_their_shares_of_the_run() -> None:
    found = power(schedule([10], [50], [7]))
    assert found.total_w.edges_s.tolist() == [0, 10, 30, 50, 100]
    above = found.total_w.values - base_w() - FIXED_W
    assert above.tolist() == [0, 7 * 100, 7 * 300, 0]
    assert found.job_j.tolist() == [7 * (200 * 20 + 400 * 20)]
    assert found.idle_w.values.tolist() == [base_w(), base_w(5877), base_w()]


def test_a_job_cut_by_its_limit_loses_its_last_phases() -> None:
    found = power(schedule([10], [40], [1], runtime_s=[80]))
    assert found.job_j.tolist() == [200 * 30]  # the first half of 80 s was not over
    assert found.total_w.edges_s.tolist() == [0, 10, 40, 100]


def test_jobs_are_clipped_to_the_window() -> None:
    found = power(schedule([-20, 90, -50, 100], [20, 130, 0, 120], [1, 2, 4, 8]))
    assert found.job_j.tolist() == [400 * 20, 2 * 200 * 10, 0.0, 0.0]
    assert (found.total_w.start_s, found.total_w.end_s) == (0, 100)


def test_jobs_that_never_started_or_took_no_time_draw_nothing() -> None:
    found = power(schedule([NOT_STARTED, 10], [NOT_STARTED, 10], [5, 6], runtime_s=[5, 0]))
    assert found.job_j.tolist() == [0.0, 0.0]
    assert len(found.total_w) == 1


def test_a_recorded_mean_replaces_the_profiles_watts() -> None:
    found = power(schedule([0, 0], [40, 40], [3, 3], node_w=[600.0, float("nan")]))
    assert found.job_j.tolist() == [3 * 600 * 40, 3 * 300 * 40]
    above = found.total_w.values - base_w() - FIXED_W
    assert above[:2].tolist() == [3 * (400 - 100) + 3 * 100, 3 * (800 - 100) + 3 * 300]


def test_a_recorded_mean_holds_over_a_run_that_was_cut() -> None:
    found = power(schedule([0], [40], [1], runtime_s=[160], node_w=[333.0]))
    assert found.job_j.tolist() == [333.0 * 40]


def test_partitions_idle_nodes_and_switches_add_up() -> None:
    found = power(schedule([0, 10], [30, 90], [5, 6], partition=[0, 1]))
    names = [partition.name for partition in jupiter().partitions]
    assert list(found.by_partition_w) == names
    assert found.by_partition_w[names[1]].values.tolist() == [0, 6 * 200, 6 * 400, 0]
    parts = [*found.by_partition_w.values(), found.idle_w]
    total = parts[0] + parts[1] + parts[2]
    assert (total - found.total_w).values.tolist() == [-FIXED_W] * len(total)


def test_groups_and_racks_hold_the_nodes_of_their_jobs() -> None:
    found = power(schedule([0, 0], [40, 40], [60, 20], first_node=[40, 5860], profile=[1, 1]))
    racks = found.by_rack_w
    assert len(racks) == jupiter().racks
    assert racks[0].values.tolist() == [48 * 100 + 8 * 200, 48 * 100]
    assert racks[1].values.tolist() == [48 * 100 + 48 * 200, 48 * 100]
    assert racks[2].values.tolist() == [48 * 100 + 4 * 200, 48 * 100]
    assert racks[3].values.tolist() == [48 * 100]
    groups = found.by_group_w
    assert len(groups) == jupiter().groups
    assert groups[0].at([0.0]).tolist() == [240 * 100 + 60 * 200]


def test_without_a_placement_groups_and_racks_stay_empty() -> None:
    found = power(schedule([0], [40], [60]))
    assert found.by_group_w == []
    assert found.by_rack_w == []


def test_parts_split_as_the_watts_of_a_node_do() -> None:
    found = power(schedule([0], [100], [10]))
    jobs_j, idle_j = 10 * 300 * 100, (5884 - 10) * 100 * 100
    assert found.by_part_j["accelerator"] == pytest.approx(0.75 * jobs_j + 0.4 * idle_j)
    assert found.by_part_j["network"] == pytest.approx(0.25 * jobs_j + 0.6 * idle_j + FIXED_W * 100)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"profile": [2]}, "profile 2, expected 0 … 1"),
        ({"partition": [9]}, "partition 9, expected 0 … "),
        ({"first_node": [5880]}, "node 5889, expected 0 … 5883"),
    ],
)
def test_what_lies_outside_is_refused(broken: dict[str, Any], said: str) -> None:
    with pytest.raises(SimulationError, match=said):
        power(schedule([0], [40], [10], **broken))


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(SimulationError, match="window"):
        power(schedule([0], [40], [10]), 5, 5)
