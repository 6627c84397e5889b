"""Where nodes are taken from, how long jobs wait for near ones, and what it costs to span many groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.schedule.communication import Communication, fewest, stretched
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.floor import Floor
from exatwin.schedule.fragmentation import fragmentation, spanned
from exatwin.schedule.result import Schedule, check
from exatwin.schedule.simulate import simulate
from strategies import Log, job_logs, to_jobs

GROUPS = np.repeat([0, 1, 2], 4).astype(np.int32)
FLOOR = Floor(np.zeros(1, np.int16), np.array([12], np.int32), GROUPS)


def nodes_of(found: Schedule) -> list[list[int]]:
    assert found.placement is not None
    return [found.placement.nodes_of(row).tolist() for row in range(len(found))]


def test_spread_takes_from_all_groups_as_evenly_as_they_allow() -> None:
    jobs = to_jobs([(1, 0, 3, 60, 60), (2, 0, 7, 60, 60), (3, 0, 2, 60, 60)])
    found = simulate(jobs, FLOOR, placement="spread")
    check(found)
    assert nodes_of(found)[0] == [0, 4, 8]
    assert [
        len(set(held) & set(range(low, low + 4))) for held in nodes_of(found)[1:2] for low in (0, 4, 8)
    ] == [3, 2, 2]
    assert nodes_of(found)[2] == [7, 11]


@given(log=job_logs(), placement=st.sampled_from(["spread", "random"]), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_where_nodes_are_taken_from_moves_no_start(log: Log, placement: str, seed: int) -> None:
    rows, nodes = log
    floor = Floor(np.zeros(1, np.int16), np.array([nodes], np.int32), np.arange(nodes, dtype=np.int32) // 3)
    plain = simulate(to_jobs(rows), nodes)
    begin = Conditions(begin_s=to_jobs(rows).submit_s)
    found = simulate(to_jobs(rows), floor, placement=placement, seed=seed, conditions=begin)
    check(found)
    assert sorted(zip(found.jobs.job_id.tolist(), found.start_s.tolist(), strict=True)) == sorted(
        zip(plain.jobs.job_id.tolist(), plain.start_s.tolist(), strict=True)
    )


def test_a_job_waits_for_few_groups_and_lets_others_pass() -> None:
    # jobs of two nodes fill the groups of four one after the other; as every second ends at 50 s, two nodes
    # are free in each. Job 7 wants its four in one group: it waits until job 2 gives back group 0; 8 passes
    rows = [(n, 0, 2, *((50, 50) if n % 2 else (900, 100 if n == 2 else 900))) for n in range(1, 7)]
    jobs = to_jobs([*rows, (7, 60, 4, 60, 60), (8, 61, 2, 30, 30)])
    apart = simulate(jobs, FLOOR, placement="groups", conditions=Conditions(begin_s=jobs.submit_s))
    assert apart.start_s[6:].tolist() == [60, 61]
    assert len(set(GROUPS[nodes_of(apart)[6]])) == 2
    near = Communication(most=np.array([0] * 6 + [1, 0]), patience_s=1000)
    found = simulate(jobs, FLOOR, placement="groups", conditions=Conditions(spread=near))
    assert found.start_s[6:].tolist() == [100, 61]
    assert len(set(GROUPS[nodes_of(found)[6]])) == 1


@pytest.mark.parametrize("patience", [0, 30])
def test_it_waits_no_longer_than_it_said(patience: int) -> None:
    jobs = to_jobs([(1, 0, 2, 500, 500), (2, 0, 2, 500, 500), (3, 0, 2, 500, 500), (4, 10, 4, 60, 60)])
    near = Communication(most=np.array([0, 0, 0, 1]), patience_s=patience)
    rows = simulate(jobs, FLOOR, placement="spread", conditions=Conditions(spread=near))
    assert rows.start_s[3] == 10 + patience


def test_a_job_far_apart_takes_longer_by_the_law() -> None:
    jobs = to_jobs([(1, 0, 3, 900, 100), (2, 0, 3, 110, 100)])
    far = Communication(penalty=np.array([0.3, 0.3]))
    found = simulate(jobs, FLOOR, placement="spread", conditions=Conditions(spread=far))
    # three groups instead of one: 1 + 0.3 · 2/3 = 1.2 times as long; the second is cut off by its limit
    assert found.end_s.tolist() == [120, 110]
    assert found.jobs.runtime_s.tolist() == [120, 120]
    close = simulate(jobs, FLOOR, placement="groups", conditions=Conditions(spread=far))
    assert close.end_s.tolist() == [100, 100]


@given(penalty=st.floats(0.0, 3.0), least=st.integers(1, 5), more=st.integers(0, 20))
def test_the_penalty_grows_with_the_groups_and_never_beyond_itself(
    penalty: float, least: int, more: int
) -> None:
    found = [
        float(stretched(np.array([penalty]), np.array([least + k]), np.array([least]))[0]) for k in (0, more)
    ]
    assert found[0] == 1.0
    assert 1.0 <= found[1] <= 1.0 + penalty


def test_fragmentation_counts_groups_over_the_fewest_by_nodes() -> None:
    jobs = to_jobs([(1, 0, 3, 60, 60), (2, 0, 6, 60, 60)])
    found = simulate(jobs, FLOOR, placement="spread")
    assert found.placement is not None
    assert spanned(found.placement, GROUPS).tolist() == [3, 3]
    assert fewest(jobs.nodes.astype(np.int64), GROUPS.astype(np.int64)).tolist() == [1, 2]
    assert fragmentation(found, GROUPS) == {
        "groups_over_fewest": pytest.approx((3 * 3.0 + 6 * 1.5) / 9),
        "scattered_frac": 1.0,
    }
