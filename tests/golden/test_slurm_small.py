"""Tiny schedules of Slurm worked by hand: what its cycles, its grid and its plan of named nodes do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import SlurmRule
from reference.slurm import slurm
from strategies import starts_of, to_jobs

Rows = list[tuple[int, int, int, int, int]]


def kernel(rows: Rows, nodes: int) -> dict[int, int]:
    return starts_of(simulate(to_jobs(rows), nodes, backfill="slurm", placement="contiguous"))


def referee(rows: Rows, nodes: int) -> dict[int, int]:
    return {job: start for job, (start, _) in slurm(rows, nodes).items()}


@pytest.fixture(params=[kernel, referee], ids=["kernel", "referee"])
def engine(request: pytest.FixtureRequest) -> Callable[[Rows, int], dict[int, int]]:
    return request.param


Engine = Callable[[Rows, int], dict[int, int]]


def test_the_main_scheduler_starts_heads_at_once_and_backfill_waits_for_its_cycle(engine: Engine) -> None:
    # Job 2 fills the machine after job 1. With it the queue is no longer empty: cycles at 1 s and at 31 s.
    # Job 3 would fit beside job 1 from 5 s on, and ends before job 2 begins: it starts with the cycle.
    rows = [(1, 0, 2, 600, 600), (2, 1, 4, 600, 600), (3, 5, 2, 300, 300)]
    assert engine(rows, 4) == {1: 0, 2: 600, 3: 31}


def test_a_cycle_comes_at_once_where_nothing_has_waited(engine: Engine) -> None:
    # Job 3 comes at the same second as the head that must wait: the first cycle of the queue starts it.
    rows = [(1, 0, 2, 600, 600), (2, 100, 4, 600, 600), (3, 100, 2, 300, 300)]
    assert engine(rows, 4) == {1: 0, 2: 600, 3: 100}


def test_reservations_begin_on_the_grid_rounded_down(engine: Engine) -> None:
    # The head may start at 630 s, on the grid 600 s. Job 3 would end at 620 s: before the head starts, but
    # inside its first minute of the plan, so it waits until the head's time has come.
    rows = [(1, 0, 2, 630, 630), (2, 100, 4, 60, 60), (3, 100, 2, 520, 520)]
    assert engine(rows, 4) == {1: 0, 2: 630, 3: 690}
    assert engine([*rows[:2], (3, 100, 2, 499, 499)], 4) == {1: 0, 2: 630, 3: 100}


def test_every_job_that_is_planned_holds_its_place_not_only_the_head(engine: Engine) -> None:
    # EASY would let job 4 (one node, 2,000 s) run beside the head on the node that it leaves over, and so
    # keep job 3 from its turn: Slurm planned job 3 for 1,200 s, on all nodes.
    rows = [(1, 0, 3, 600, 600), (2, 100, 3, 600, 600), (3, 100, 4, 600, 600), (4, 100, 1, 2000, 2000)]
    easy = starts_of(simulate(to_jobs(rows), 4, backfill="easy"))
    assert easy == {1: 0, 2: 600, 4: 100, 3: 2100}
    assert engine(rows, 4) == {1: 0, 2: 600, 3: 1200, 4: 1800}


def test_the_smallest_run_of_nodes_that_holds_a_job_is_taken() -> None:
    rows = [
        (1, 0, 2, 60, 60),
        (2, 0, 1, 600, 600),
        (3, 0, 3, 60, 60),
        (4, 0, 2, 600, 600),
        (5, 61, 3, 60, 60),
    ]
    found = simulate(to_jobs(rows), 10, backfill="slurm", placement="contiguous")
    assert found.placement is not None
    held = [found.placement.nodes_of(row).tolist() for row in range(5)]
    # At 60 s the runs 0-1, 3-5 and 8-9 are free: three nodes fit 3-5 exactly.
    assert held == [[0, 1], [2], [3, 4, 5], [6, 7], [3, 4, 5]]


def test_beyond_the_window_nothing_is_reserved() -> None:
    # The head can start in 3 h; with a window of an hour it has no place in the plan, and job 3 passes it.
    rows = [(1, 0, 2, 10800, 10800), (2, 100, 4, 600, 600), (3, 100, 2, 20000, 20000)]
    near = simulate(to_jobs(rows), 4, backfill="slurm", slurm=SlurmRule(bf_window_s=3600))
    assert near.start_s.tolist() == [0, 20100, 100]
    far = simulate(to_jobs(rows), 4, backfill="slurm")
    assert far.start_s.tolist() == [0, 10800, 11400]


def test_a_cycle_looks_at_no_more_jobs_than_it_may() -> None:
    rows = [(1, 0, 2, 600, 600), (2, 100, 4, 600, 600), (3, 100, 3, 300, 300), (4, 100, 2, 300, 300)]
    found = simulate(to_jobs(rows), 4, backfill="slurm", slurm=SlurmRule(bf_max_job_test=2))
    assert found.start_s.tolist() == [0, 600, 1200, 1500]
    found = simulate(to_jobs(rows), 4, backfill="slurm")
    assert found.start_s.tolist() == [0, 600, 1200, 100]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"policy": "wfp3"}, "policy 'wfp3' does not go with backfill 'slurm'"),
        ({"semantics": "event"}, "timing of its own"),
        ({"backfill": "slum"}, "unknown backfill 'slum'"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        simulate(to_jobs([(1, 0, 1, 60, 60)]), 4, **({"backfill": "slurm"} | changes))  # type: ignore[arg-type]
