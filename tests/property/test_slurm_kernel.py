"""Slurm's schedulers, compiled, against the plain ones of the tests: every start and every node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.schedule.floor import Floor
from exatwin.schedule.placement import segments
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import MODES, SlurmRule, SlurmSimulation
from reference.slurm import slurm
from strategies import Log, job_logs, pooled_logs, to_jobs

Rows = list[tuple[int, int, int, int, int]]


@st.composite
def slurm_logs(draw: st.DrawFn) -> tuple[Rows, int]:
    """Return jobs with times of the size of Slurm's intervals, and a machine of up to three words of bits."""
    nodes = draw(st.sampled_from([1, 3, 7, 16, 64, 70, 130]))
    gap = draw(st.sampled_from([2, 75, 1250]))
    now, rows = draw(st.sampled_from([0, -100])), []
    for number in range(1, draw(st.integers(1, 40)) + 1):
        now += draw(st.integers(0, gap))
        limit = draw(st.one_of(st.integers(1, 60).map(lambda minutes: 60 * minutes), st.integers(1, 4000)))
        run = draw(st.one_of(st.just(limit), st.integers(0, limit + 10)))
        rows.append((number, now, draw(st.integers(1, nodes)), limit, run))
    return rows, nodes


def compiled(rows: Rows, nodes: int, **changes: Any) -> dict[int, tuple[int, frozenset[int]]]:
    found = simulate(
        to_jobs(rows), nodes, backfill="slurm", placement="contiguous", slurm=SlurmRule(**changes)
    )
    check(found)
    assert found.placement is not None
    each = zip(found.jobs.job_id.tolist(), found.start_s.tolist(), strict=True)
    return {
        job: (start, frozenset(found.placement.nodes_of(row).tolist()))
        for row, (job, start) in enumerate(each)
    }


@given(
    log=slurm_logs(),
    interval=st.sampled_from([1, 30, 47]),
    resolution=st.sampled_from([1, 60, 300]),
    window=st.sampled_from([600, 3600, 86400]),
    tests=st.sampled_from([1, 5, 500]),
    depth=st.sampled_from([1, 2, 100]),
    every=st.sampled_from([10, 60]),
    epilog=st.sampled_from([0, 1, 45]),
)
@settings(max_examples=150, deadline=None)
def test_kernel_equals_the_referee(
    log: tuple[Rows, int],
    interval: int,
    resolution: int,
    window: int,
    tests: int,
    depth: int,
    every: int,
    epilog: int,
) -> None:
    rows, nodes = log
    wanted = slurm(
        rows,
        nodes,
        interval=interval,
        resolution=resolution,
        window=window,
        tests=tests,
        depth=depth,
        every=every,
        epilog=epilog,
    )
    assert wanted == compiled(
        rows,
        nodes,
        bf_interval_s=interval,
        bf_resolution_s=resolution,
        bf_window_s=window,
        bf_max_job_test=tests,
        default_queue_depth=depth,
        sched_interval_s=every,
        epilog_s=epilog,
    )


@given(log=job_logs(), policy=st.sampled_from(["fcfs", "sjf", "largest"]))
@settings(max_examples=60, deadline=None)
def test_everything_starts_and_no_node_is_held_twice(log: Log, policy: str) -> None:
    rows, nodes = log
    found = simulate(to_jobs(rows), nodes, policy=policy, backfill="slurm", placement="contiguous")
    check(found)
    assert found.started.all()


@given(log=pooled_logs())
@settings(max_examples=60, deadline=None)
def test_the_order_of_pools_changes_nothing(log: tuple[list[Any], list[int], list[int]]) -> None:
    """Pools share the clock of backfill, and nothing else."""
    rows, pool, sizes = log
    jobs, many = to_jobs(rows), len(sizes)

    def starts(order: list[int]) -> list[int]:
        place = np.argsort(order)
        nodes = np.array([sizes[each] for each in order], np.int32)
        floor = Floor(np.arange(many, dtype=np.int16), nodes, np.zeros(int(nodes.sum()), np.int32))
        sent = jobs.replace(partition=place[pool].astype(np.int16))
        found = simulate(sent, floor, backfill="slurm", placement="contiguous")
        check(found)
        return found.start_s.tolist()

    assert starts(list(range(many))) == starts(list(range(many))[::-1])


@given(log=slurm_logs(), cut=st.integers(-200, 5000))
@settings(max_examples=60, deadline=None)
def test_stopping_and_going_on_changes_nothing(log: tuple[Rows, int], cut: int) -> None:
    rows, nodes = log
    floor = Floor.flat(nodes)
    jobs = to_jobs(rows)
    made = SlurmSimulation.begin(
        jobs,
        floor,
        np.zeros(len(jobs)),
        SlurmRule(),
        mode=MODES["slurm"],
        segment=segments(floor, 0),
        named=True,
    )
    for stop in (cut, cut, cut + 77, None):
        made.advance(stop)
    assert made.schedule().start_s.tolist() == simulate(jobs, nodes, backfill="slurm").start_s.tolist()


@given(log=slurm_logs(), row=st.integers(0, 39), longer=st.integers(1, 500))
@settings(max_examples=80, deadline=None)
def test_the_true_run_time_of_a_waiting_job_moves_nothing_before_it_ends(
    log: tuple[Rows, int], row: int, longer: int
) -> None:
    rows, nodes = log
    row %= len(rows)
    number, submit, wide, limit, run = rows[row]
    other = [*rows[:row], (number, submit, wide, limit, min(limit, run + longer)), *rows[row + 1 :]]
    one, two = compiled(rows, nodes), compiled(other, nodes)
    until = one[number][0] + min(run, limit)
    assert {k: v for k, v in one.items() if v[0] < until} == {k: v for k, v in two.items() if v[0] < until}


def test_nodes_come_from_the_fewest_groups() -> None:
    floor = Floor(np.zeros(1, np.int16), np.array([12], np.int32), np.repeat([0, 1, 2], 4).astype(np.int32))
    jobs = to_jobs([(1, 0, 2, 60, 60), (2, 0, 4, 60, 60), (3, 0, 2, 60, 60), (4, 0, 3, 60, 60)])
    found = simulate(jobs, floor, backfill="slurm", placement="groups")
    assert found.placement is not None
    held = [set(found.placement.nodes_of(row).tolist()) for row in range(4)]
    assert held == [{0, 1}, {4, 5, 6, 7}, {2, 3}, {8, 9, 10}]


def test_a_year_of_reaches_is_deterministic() -> None:
    rows = [(n, 37 * n, 1 + n * 7 % 50, 60 * (1 + n * 11 % 90), 30 + n * 997 % 3000) for n in range(300)]
    assert compiled(rows, 64) == compiled(rows, 64)


@pytest.mark.parametrize(("epilog", "start"), [(0, 60), (30, 90)])
def test_nodes_come_back_after_the_epilog(epilog: int, start: int) -> None:
    rows = [(1, 0, 4, 60, 60), (2, 1, 4, 60, 60)]
    found = simulate(to_jobs(rows), 4, backfill="slurm", slurm=SlurmRule(epilog_s=epilog))
    assert found.start_s.tolist() == [0, start]
    assert found.end_s.tolist() == [60, start + 60]
