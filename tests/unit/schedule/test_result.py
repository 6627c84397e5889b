"""What follows from starts and ends, and each invariant broken once."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.foundation.errors import SimulationError
from exatwin.schedule.result import NOT_STARTED, Placement, Schedule, check
from exatwin.workload.job import Jobs, State

HELD = Placement(
    first=np.array([0, 1, 3, 4]),
    node=np.array([0, 2, 5, 3], np.int32),
    count=np.array([2, 1, 2, 1], np.int32),
)


def schedule(
    *,
    submit: tuple[int, ...] = (0, 0, 4),
    nodes: tuple[int, ...] = (2, 3, 1),
    start: tuple[int, ...] = (0, 2, 10),
    end: tuple[int, ...] = (10, 102, 11),
    placement: Placement | None = HELD,
    capacity: int = 8,
) -> Schedule:
    """Return three jobs: nodes 0 and 1 until 10; nodes 2, 5 and 6 from 2 until 102; node 3 from 10 to 11."""
    count = len(submit)
    jobs = Jobs(
        job_id=np.arange(count) + 7,
        submit_s=submit,
        nodes=nodes,
        limit_s=[200] * count,
        runtime_s=[100] * count,
    )
    state = np.where(np.array(start) == NOT_STARTED, State.PENDING, State.COMPLETED).astype(np.uint8)
    return Schedule(jobs, np.array(start, np.int64), np.array(end, np.int64), state, placement, capacity)


WAITING = {"start": (0, 2, NOT_STARTED), "end": (10, 102, NOT_STARTED), "placement": None}


def test_wait_and_run() -> None:
    assert schedule().wait_s.tolist() == [0, 2, 6]
    assert schedule().run_s.tolist() == [10, 100, 1]


def test_bounded_slowdown_counts_short_jobs_as_ten_seconds_and_is_never_below_one() -> None:
    # Job 3 waited 6 s for 1 s: 7 / 10 is below one. Job 2: 102 / 100.
    assert schedule().bounded_slowdown.tolist() == [1.0, 1.02, 1.0]
    late = schedule(start=(0, 2, 53), end=(10, 102, 54))
    assert late.bounded_slowdown[2] == 5.0


def test_a_job_that_never_started_has_no_wait_no_run_and_no_slowdown() -> None:
    found = schedule(**WAITING)
    assert found.started.tolist() == [True, True, False]
    assert found.wait_s.tolist() == [0, 2, -1]
    assert found.run_s.tolist() == [10, 100, 0]
    assert np.isnan(found.bounded_slowdown).tolist() == [False, False, True]
    check(found)


def test_a_start_before_the_origin_is_a_start() -> None:
    found = schedule(submit=(-50, -40, -30), start=(-50, -40, -20), end=(-40, -1, 0))
    assert found.started.all()
    assert found.wait_s.tolist() == [0, 0, 10]
    assert found.allocated().start_s == -50.0


def test_allocated_is_exact_over_the_makespan() -> None:
    used = schedule().allocated()
    assert used.edges_s.tolist() == [0.0, 2.0, 10.0, 11.0, 102.0]
    assert used.values.tolist() == [2.0, 5.0, 4.0, 3.0]
    assert used.integral() == 2 * 10 + 3 * 100 + 1


def test_allocated_over_a_window_keeps_what_began_before() -> None:
    used = schedule().allocated(5.0, 20.0)
    assert (used.start_s, used.end_s) == (5.0, 20.0)
    assert used.integral() == 5 * 2 + 15 * 3 + 1


def test_allocated_by_no_job_is_zero() -> None:
    idle = schedule(start=(NOT_STARTED,) * 3, end=(NOT_STARTED,) * 3, placement=None).allocated(0.0, 50.0)
    assert idle.max() == 0.0
    assert idle.end_s == 50.0


def test_a_job_of_length_zero_uses_no_node_time() -> None:
    assert schedule(end=(0, 102, 11)).allocated().integral() == 301


def test_queued_counts_the_waiting() -> None:
    queue = schedule().queued(0.0, 20.0)
    assert [float(queue.at(time)) for time in (0.0, 1.9, 2.0, 4.0, 9.9, 10.0, 19.0)] == [1, 1, 0, 1, 1, 0, 0]
    assert queue.integral() == schedule().wait_s.sum()


def test_queued_counts_for_ever_what_never_starts() -> None:
    assert float(schedule(**WAITING).queued(0.0, 1e6).at(999999.0)) == 1.0


def test_nodes_of_a_job_are_its_ranges() -> None:
    assert [HELD.nodes_of(job).tolist() for job in range(3)] == [[0, 1], [2, 5, 6], [3]]
    nothing = Placement(np.array([0, 0]), np.empty(0, np.int32), np.empty(0, np.int32))
    assert nothing.nodes_of(0).tolist() == []


def test_a_sound_schedule_passes() -> None:
    check(schedule())
    check(schedule(placement=None))


def test_a_full_machine_and_a_node_handed_on_pass() -> None:
    # Job 3 takes nodes 0 and 1 in the very second in which job 1 leaves them.
    handed_on = HELD._replace(node=np.array([0, 2, 5, 0], np.int32), count=np.array([2, 1, 2, 2], np.int32))
    check(schedule(nodes=(2, 3, 2), placement=handed_on))
    check(schedule(nodes=(2, 3, 2), placement=None, capacity=5))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"submit": (0, 3, 4)}, "job 8 starts at 2 s, before its submission"),
        ({"end": (10, 102, 9)}, "job 9 ends before it starts"),
        ({"placement": None, "capacity": 4}, "more nodes are in use than the 4 that exist"),
        ({"nodes": (2, 4, 1)}, "job 8 holds 3 nodes, not the 4 it asked for"),
        ({"nodes": (2, 3, 2)}, "job 9 holds 1 nodes, not the 2 it asked for"),
        ({"capacity": 6}, "a job holds a node outside 0 … 5"),
        (
            {"placement": HELD._replace(node=np.array([-1, 2, 5, 3], np.int32))},
            "a job holds a node outside 0 … 7",
        ),
        (
            {"placement": HELD._replace(node=np.array([0, 1, 5, 3], np.int32))},
            "node 1 is held by jobs 7 and 8 at once",
        ),
        (
            {"placement": HELD._replace(node=np.array([0, 2, 5, 6], np.int32))},
            "node 6 is held by jobs 8 and 9 at once",
        ),
        (
            # One job that names a node twice.
            {"placement": HELD._replace(node=np.array([0, 5, 5, 3], np.int32))},
            "node 5 is held by jobs 8 and 8 at once",
        ),
    ],
)
def test_each_broken_invariant_is_named(broken: dict[str, object], message: str) -> None:
    with pytest.raises(SimulationError) as raised:
        check(schedule(**broken))
    assert str(raised.value) == message


def test_a_waiting_job_must_hold_nothing_and_a_running_one_its_nodes() -> None:
    nothing = Placement(np.array([0, 1, 1, 2]), np.array([0, 3], np.int32), np.array([2, 1], np.int32))
    with pytest.raises(SimulationError, match="job 8 holds 0 nodes, not the 3 it asked for"):
        check(schedule(placement=nothing))
