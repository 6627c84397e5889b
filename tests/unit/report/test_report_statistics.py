from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from fake import FakeResult
from hypothesis import given
from hypothesis import strategies as st

from exatwin.foundation.signal import Signal
from exatwin.report import statistics
from exatwin.schedule.result import NOT_STARTED, Placement, Schedule
from exatwin.workload.job import Jobs, State

DAY = 86400.0


def tiny() -> Schedule:
    """Job 1 holds nodes 0 and 1 from 0 to 50 s, job 2 nodes 2 and 3 from 50 to 100 s, job 3 never starts."""
    jobs = Jobs(job_id=[1, 2, 3], submit_s=[0, 10, 20], nodes=[2, 2, 4], limit_s=[60] * 3, runtime_s=[50] * 3)
    placement = Placement(np.array([0, 1, 2, 2]), np.array([0, 2], np.int32), np.array([2, 2], np.int32))
    start, end = np.array([0, 50, NOT_STARTED]), np.array([50, 100, NOT_STARTED])
    state = np.array([State.COMPLETED, State.COMPLETED, State.PENDING], np.uint8)
    return Schedule(jobs, start, end, state, placement, 4)


def test_a_thinned_signal_keeps_its_integral(result: FakeResult) -> None:
    signal = result.signals["it_w"]
    thinned = statistics.thin(signal, 100)
    assert len(thinned) <= 100 < len(signal)
    assert thinned.integral() == pytest.approx(signal.integral(), rel=1e-12)


def test_a_short_signal_stays_as_it_is() -> None:
    signal = Signal([0.0, 1.0, 5.0], [1.0, 2.0], "W")
    assert statistics.thin(signal) is signal


def test_envelope_holds_every_value_between_the_edges() -> None:
    signal = Signal([0, 1, 2, 3, 4], [5.0, 1.0, 7.0, 3.0], "W")
    low, high = statistics.envelope(signal, np.array([0.0, 2.0, 4.0]))
    assert low.tolist() == [1.0, 3.0]
    assert high.tolist() == [5.0, 7.0]
    low, high = statistics.envelope(signal, np.array([0.5, 0.9, 3.5]))
    assert low.tolist() == [5.0, 1.0]
    assert high.tolist() == [5.0, 7.0]


@given(st.integers(1, 200_000))
def test_each_size_falls_into_one_class(largest: int) -> None:
    classes = statistics.size_classes(largest)
    assert classes[0][0] == 1
    assert classes[-1][1] == largest
    assert all(after[0] == before[1] + 1 for before, after in pairwise(classes))


def test_waits_by_size_are_those_of_the_jobs() -> None:
    found = [c for c in statistics.waits_by_size(tiny()) if c.jobs]
    assert [(c.label, c.jobs) for c in found] == [("2–4", 2)]
    assert found[0].quantiles_s[2] == 20.0
    assert found[0].mean_s == 20.0
    assert found[0].node_h == pytest.approx(200 / 3600)


def test_waits_leave_out_what_started_before_the_window(result: FakeResult) -> None:
    schedule = result.schedule
    counted = schedule.started & (schedule.start_s >= 0)
    found = statistics.waits_by_size(schedule, 0.0)
    assert sum(c.jobs for c in found) == np.count_nonzero(counted) < np.count_nonzero(schedule.started)
    mean = sum(c.mean_s * c.jobs for c in found if c.jobs) / np.count_nonzero(counted)
    assert mean == pytest.approx(schedule.wait_s[counted].mean())


def test_nodes_share_the_energy_of_their_jobs_and_of_rest() -> None:
    watts = statistics.node_mean_w(tiny(), np.array([1000.0, 3000.0, 0.0]), 400.0, 0.0, 100.0)
    # Each of the four nodes rests for 50 s: 100 J of idle energy each.
    assert watts.tolist() == [6.0, 6.0, 16.0, 16.0]


def test_nodes_add_up_to_the_machine(result: FakeResult) -> None:
    assert result.power is not None
    watts = statistics.node_mean_w(result.schedule, result.power.job_j, result.power.idle_j, 0.0, DAY)
    assert watts.shape == (5884,)
    assert watts.sum() == pytest.approx(result.signals["it_w"].mean(), rel=1e-9)


def test_busy_nodes_add_up_to_the_utilisation(result: FakeResult) -> None:
    busy = statistics.node_busy_frac(result.schedule, 0.0, DAY)
    assert busy.min() >= 0
    assert busy.sum() == pytest.approx(result.signals["allocated_nodes"].mean(), rel=1e-9)


def test_node_power_needs_a_placement() -> None:
    bare = replace(tiny(), placement=None)
    with pytest.raises(ValueError, match="no placement"):
        statistics.node_mean_w(bare, np.zeros(3), 0.0, 0.0, 100.0)
    with pytest.raises(ValueError, match="no placement"):
        statistics.node_busy_frac(bare, 0.0, 100.0)
    with pytest.raises(ValueError, match="no placement"):
        statistics.owners(bare, 0.0, 100.0, 4, 4)


def test_owners_of_a_tiny_schedule() -> None:
    assert statistics.owners(tiny(), 0.0, 100.0, 4, 4).tolist() == [
        [0, 0, -1, -1],
        [0, 0, -1, -1],
        [-1, -1, 1, 1],
        [-1, -1, 1, 1],
    ]


def test_jobs_are_stacked_by_rank_then_start() -> None:
    grid = statistics.stacked_owners(tiny(), 0.0, 100.0, 4, 4, np.zeros(3, np.int32))
    assert grid.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [-1] * 4, [-1] * 4]
    both = replace(tiny(), start_s=np.array([0, 10, NOT_STARTED]), end_s=np.array([100, 100, NOT_STARTED]))
    grid = statistics.stacked_owners(both, 0.0, 100.0, 4, 2, np.array([1, 0, 0], np.int32))
    assert grid.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]


def test_owners_hold_the_sampled_node_at_the_sampled_time(result: FakeResult) -> None:
    rows, columns, schedule = 97, 53, result.schedule
    grid = statistics.owners(schedule, 0.0, DAY, rows, columns)
    assert schedule.placement is not None
    for row in range(0, rows, 6):
        node = int((row + 0.5) * schedule.capacity / rows)
        for column in range(0, columns, 6):
            time = (column + 0.5) * DAY / columns
            job = grid[row, column]
            running = np.flatnonzero((schedule.start_s <= time) & (schedule.end_s > time))
            holders = [j for j in running if node in schedule.placement.nodes_of(int(j))]
            assert holders == ([] if job < 0 else [job])


def test_owners_fill_the_share_that_is_held(plain: FakeResult) -> None:
    stacked = statistics.stacked_owners(plain.schedule, 0.0, DAY, 128, 1440, plain.jobs.profile)
    for grid in (statistics.owners(plain.schedule, 0.0, DAY, 128, 1440), stacked):
        assert np.mean(grid >= 0) == pytest.approx(plain.signals["allocated_nodes"].mean() / 128, abs=2e-3)


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=6))
def test_runs_rebuild_their_grid(rows: list[list[int]]) -> None:
    grid = np.array(rows, np.int32)
    values, lengths = statistics.runs(grid)
    assert np.repeat(values, lengths).reshape(grid.shape).tolist() == rows
    assert np.all(lengths > 0)


def test_runs_of_nothing() -> None:
    assert [len(part) for part in statistics.runs(np.empty((0, 4), np.int32))] == [0, 0]


def test_seeds_give_a_median_and_a_range() -> None:
    summaries = [{"pue": 1.04}, {"pue": 1.06}, {"pue": 1.05}, {"pue": None}]
    spread = statistics.over_seeds(summaries, "pue")
    assert spread == statistics.Spread(median=1.05, low=1.04, high=1.06, seeds=3)
    assert statistics.over_seeds(summaries[:1], "pue") is None
    assert statistics.over_seeds(summaries, "cost_eur") is None


def test_many_seeds_give_tenth_and_ninetieth_percentile() -> None:
    spread = statistics.over_seeds([{"pue": float(value)} for value in range(11)], "pue")
    assert spread == statistics.Spread(median=5.0, low=1.0, high=9.0, seeds=11)
