"""Nodes out of service: nobody is on them, nothing is lost or made up, and time before stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.schedule.floor import Floor
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.study.downtime import Down, Sent, worked
from exatwin.workload.job import Jobs, State

FLOOR = Floor(
    np.array([0, 1], np.int16), np.array([10, 6], np.int32), np.repeat(np.arange(4), 4).astype(np.int32)
)
PLACEMENTS = ("contiguous", "groups", "random")
BACKFILLS = ("none", "easy", "easy-sjbf", "conservative")


@st.composite
def logs(draw):
    size = draw(st.integers(1, 25))
    partition = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)), np.int16)
    wide = np.where(partition == 0, 10, 6)
    numbers = lambda low, high: np.array(  # noqa: E731
        draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), np.int64
    )
    runtime = numbers(1, 40)
    return Jobs(
        job_id=np.arange(size),
        submit_s=np.sort(numbers(0, 60)),
        nodes=(1 + numbers(0, 9) % wide).astype(np.int32),
        limit_s=np.maximum(runtime + numbers(-5, 20), 1),
        runtime_s=runtime,
        partition=partition,
    )


@st.composite
def outages(draw):
    """Outages of nodes that are disjoint, or of one group one after the other."""
    found = []
    for group in draw(st.lists(st.integers(0, 3), max_size=3, unique=True)):
        begin = draw(st.integers(0, 90))
        for _ in range(draw(st.integers(1, 2))):
            end = begin + draw(st.integers(1, 40))
            found.append(Down(begin, end, np.arange(4 * group, 4 * group + 4)))
            begin = end + draw(st.integers(1, 20))
    return found


@given(
    jobs=logs(), downs=outages(), place=st.sampled_from(PLACEMENTS), fill=st.sampled_from(BACKFILLS),
    policy=st.sampled_from(("fcfs", "sjf", "wfp3")), requeue=st.booleans(),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_nobody_is_on_nodes_out_of_service(jobs, downs, place, fill, policy, requeue):
    rules = {"policy": policy, "backfill": fill, "placement": place}
    found = worked(jobs, FLOOR, downs, requeue=requeue, **rules)
    schedule = found.schedule
    check(schedule)
    assert np.all(schedule.started)
    for down in downs:
        for row in range(len(schedule)):
            apart = schedule.end_s[row] <= down.start_s or schedule.start_s[row] >= down.end_s
            assert apart or not np.intersect1d(schedule.placement.nodes_of(row), down.nodes).size
    assert set(np.flatnonzero(schedule.state == State.NODE_FAIL)) == set(found.killed)
    lengths = np.minimum(schedule.jobs.runtime_s, schedule.jobs.limit_s)
    whole = np.ones(len(schedule), np.bool_)
    whole[found.killed] = False
    assert np.array_equal(schedule.run_s[whole], lengths[whole])
    assert np.all(schedule.run_s[~whole] < lengths[~whole])
    assert len(schedule) == len(jobs) + (len(found.killed) if requeue else 0)
    ended = {Sent(int(found.row[i]), int(found.after[i])) for i in range(len(schedule)) if whole[i]}
    if requeue:
        assert {sent.row for sent in ended} == set(range(len(jobs)))
    for i in found.killed:
        assert any(schedule.end_s[i] == down.start_s for down in downs)
    plain = simulate(jobs, FLOOR, **rules)
    first = min((down.start_s for down in downs), default=10**9)
    before = plain.start_s < first
    own = {int(found.row[i]): i for i in range(len(schedule)) if found.after[i] == -1}
    for row in np.flatnonzero(before):
        assert schedule.start_s[own[row]] == plain.start_s[row]
    if not downs:
        assert np.array_equal(schedule.start_s, plain.start_s)
        assert np.array_equal(schedule.placement.node, plain.placement.node)


def test_other_run_times_belong_to_one_sending():
    one = Jobs(
        job_id=np.array([7]), submit_s=np.array([0]), nodes=np.array([3], np.int32), limit_s=np.array([100]),
        runtime_s=np.array([50]),
    )  # fmt: skip
    down = [Down(20, 30, np.arange(4))]
    runtime = {Sent(0, -1): 60, Sent(0, 0): 45}
    found = worked(one, FLOOR, down, runtime_s=runtime, placement="groups")
    assert found.schedule.start_s.tolist() == [0, 20]
    assert found.schedule.end_s.tolist() == [20, 65]
    assert found.schedule.jobs.job_id.tolist() == [7, 8]
    alone = worked(one, FLOOR, down, requeue=False, placement="groups")
    assert alone.schedule.end_s.tolist() == [20]
    assert alone.schedule.state.tolist() == [State.NODE_FAIL]


def test_a_job_that_ends_as_its_nodes_fail_has_ended():
    one = Jobs(
        job_id=np.array([0]), submit_s=np.array([0]), nodes=np.array([3], np.int32), limit_s=np.array([20]),
        runtime_s=np.array([20]),
    )  # fmt: skip
    found = worked(one, FLOOR, [Down(20, 30, np.arange(4))], placement="groups")
    assert found.schedule.end_s.tolist() == [20]
    assert found.schedule.state.tolist() == [State.COMPLETED]
    assert len(found.killed) == 0


def test_a_job_as_wide_as_its_pool_waits_until_all_nodes_are_back():
    wide = Jobs(
        job_id=np.arange(2), submit_s=np.array([0, 6]), nodes=np.array([10, 1], np.int32),
        limit_s=np.array([20, 5]), runtime_s=np.array([20, 5]),
    )  # fmt: skip
    found = worked(wide, FLOOR, [Down(5, 30, np.arange(4))], placement="groups")
    starts = dict(zip(found.schedule.jobs.job_id.tolist(), found.schedule.start_s.tolist(), strict=True))
    assert starts == {0: 0, 2: 30, 1: 6}
    assert pytest.approx(30) == starts[2]
