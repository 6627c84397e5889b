"""Nodes out of service: nobody is on them, nothing is lost or made up, and time before stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.foundation.errors import SpecError
from exatwin.schedule.conditions import Conditions, Restart
from exatwin.schedule.floor import Floor
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.study.centre.downtime import Down, Sent, worked
from exatwin.workload.job import Jobs, State

FLOOR = Floor(
    np.array([0, 1], np.int16), np.array([10, 6], np.int32), np.repeat(np.arange(4), 4).astype(np.int32)
)
PLACEMENTS = ("contiguous", "groups")
BACKFILLS = ("none", "easy", "easy-sjbf", "slurm")


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
    policy=st.sampled_from(("fcfs", "sjf", "multifactor")), requeue=st.booleans(),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_nobody_is_on_nodes_out_of_service(jobs, downs, place, fill, policy, requeue):
    rules = {"policy": policy, "backfill": fill, "placement": place}
    found = worked(jobs, FLOOR, downs, conditions=Conditions(restart=Restart(requeue)), **rules)
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
    if requeue:
        assert set(found.row[whole].tolist()) == set(range(len(jobs)))
    for i in found.killed:
        assert any(schedule.end_s[i] == down.start_s for down in downs)
    plain = simulate(jobs, FLOOR, **rules)
    first = min((down.start_s for down in downs), default=10**9)
    own = {int(found.row[i]): i for i in range(len(schedule)) if found.attempt[i] == 0}
    for row in np.flatnonzero(plain.start_s < first):
        assert schedule.start_s[own[row]] == plain.start_s[row]
    if not downs:
        assert np.array_equal(schedule.start_s, plain.start_s)
        assert np.array_equal(schedule.placement.node, plain.placement.node)


def one_job(runtime_s: int, limit_s: int) -> Jobs:
    return Jobs(
        job_id=np.array([7]), submit_s=np.array([0]), nodes=np.array([3], np.int32),
        limit_s=np.array([limit_s]), runtime_s=np.array([runtime_s]),
    )  # fmt: skip


def test_other_run_times_belong_to_one_sending():
    down = [Down(20, 30, np.arange(4))]
    found = worked(
        one_job(50, 100), FLOOR, down, runtime_s={Sent(0, 0): 60, Sent(0, 1): 45}, placement="groups"
    )
    assert found.schedule.start_s.tolist() == [0, 20]
    assert found.schedule.end_s.tolist() == [20, 65]
    assert found.schedule.jobs.job_id.tolist() == [7, 8]
    assert found.nominal_s.tolist() == [50, 50]
    alone = worked(
        one_job(50, 100),
        FLOOR,
        down,
        conditions=Conditions(restart=Restart(requeue=False)),
        placement="groups",
    )
    assert alone.schedule.end_s.tolist() == [20]
    assert alone.schedule.state.tolist() == [State.NODE_FAIL]


def test_a_job_that_ends_as_its_nodes_fail_has_ended():
    found = worked(one_job(20, 20), FLOOR, [Down(20, 30, np.arange(4))], placement="groups")
    assert found.schedule.end_s.tolist() == [20]
    assert found.schedule.state.tolist() == [State.COMPLETED]
    assert len(found.killed) == 0


def test_a_job_goes_on_from_its_last_checkpoint():
    """Ended after 20 s with a checkpoint each 8 s: 16 of its 50 s are left of it, and 3 s to read them."""
    restart = Conditions(restart=Restart(checkpoint_s=8, overhead_s=3))
    found = worked(
        one_job(50, 60), FLOOR, [Down(20, 30, np.arange(4))], conditions=restart, placement="groups"
    )
    assert found.schedule.end_s.tolist() == [20, 20 + 3 + 50 - 16]
    assert found.schedule.lost_s.tolist() == [4, 0]
    assert found.nominal_s.tolist() == [50, 37]


def test_a_slower_clock_comes_less_far():
    """At half speed 20 s are 10 s of work, of which a checkpoint holds 8."""
    restart = Conditions(restart=Restart(checkpoint_s=8))
    found = worked(
        one_job(50, 200), FLOOR, [Down(20, 30, np.arange(4))], runtime_s={Sent(0, 0): 100},
        conditions=restart, placement="groups",
    )  # fmt: skip
    assert found.nominal_s.tolist() == [50, 42]
    assert found.schedule.end_s.tolist() == [20, 62]


def test_a_job_as_wide_as_its_pool_waits_until_all_nodes_are_back():
    wide = Jobs(
        job_id=np.arange(2), submit_s=np.array([0, 6]), nodes=np.array([10, 1], np.int32),
        limit_s=np.array([20, 5]), runtime_s=np.array([20, 5]),
    )  # fmt: skip
    found = worked(wide, FLOOR, [Down(5, 30, np.arange(4))], placement="groups")
    starts = dict(zip(found.schedule.jobs.job_id.tolist(), found.schedule.start_s.tolist(), strict=True))
    assert starts == {0: 0, 2: 30, 1: 6}


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"backfill": "conservative"}, "backfill 'conservative' does not go with windows"),
        ({"backfill": "slurm", "policy": "wfp3"}, "policy 'wfp3' does not go with backfill 'slurm'"),
        ({"semantics": "event"}, "--compat event does not go with windows"),
    ],
)
def test_what_only_the_plain_engine_knows_is_refused(rules, words):
    with pytest.raises(SpecError, match=words):
        worked(one_job(20, 20), FLOOR, [Down(20, 30, np.arange(4))], placement="groups", **rules)
