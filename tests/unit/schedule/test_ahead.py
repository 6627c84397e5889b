"""The starts of jobs that are asked about: by hand, and as the simulator of schedules says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.ahead import NEVER, Course, Rule, starts
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.schedule.windows import Kind, Window

ANY = np.random.default_rng


def course(
    running: list[tuple[int, int, int]], queued: list[tuple[int, int, int, int]], nodes: int
) -> Course:
    """Return a course of (end, due, nodes) that run and (submit, nodes, limit, run) that wait or come."""
    runs = np.array(running, np.int64).reshape(-1, 3).T.copy()
    waits = np.array(queued, np.int64).reshape(-1, 4).T.copy()
    users = np.full(runs.shape[1] + waits.shape[1], -1, np.int64)
    return Course(nodes - int(runs[2].sum()), runs, waits, users, nodes)


def asked(*jobs: tuple[int, int]) -> np.ndarray:
    return np.array(jobs, np.int64).T


def test_one_running_job_with_an_exact_limit() -> None:
    """8 of 10 nodes are busy until 100: 2 nodes start at once, 3 at 100."""
    found = starts([course([(100, 100, 8)], [], 10)], asked((2, 50), (3, 50)), Rule(), 1000)
    assert found.tolist() == [[0, 100]]


def test_a_job_fills_the_gap_only_if_it_delays_nobody() -> None:
    """The head holds 10 nodes from 100 on: 2 free nodes until then serve a job of 100 s and none of 101 s.

    The latter starts behind the head, which runs from 100 to 140 (its limit is 60).
    """
    here = course([(100, 100, 8)], [(0, 10, 60, 40)], 10)
    assert starts([here], asked((2, 100), (2, 101), (3, 10)), Rule(), 1000).tolist() == [[0, 140, 140]]
    assert starts([here], asked((2, 100), (2, 101)), Rule(backfill="none"), 1000).tolist() == [[140, 140]]


def test_a_later_job_overtakes_where_it_may() -> None:
    """At 10 a job comes that fits beside the reservation of the one that is asked about; it delays nobody."""
    here = course([(100, 100, 8)], [(10, 2, 30, 30)], 10)
    assert starts([here], asked((10, 60)), Rule(), 1000).tolist() == [[100]]
    early = course([(100, 200, 8)], [(10, 2, 150, 150)], 10)
    assert starts([early], asked((10, 60)), Rule(), 1000).tolist() == [[160]]


def test_what_does_not_start_within_the_horizon_never_does() -> None:
    assert starts([course([(100, 100, 8)], [], 10)], asked((3, 5)), Rule(), 100).tolist() == [[NEVER]]
    assert starts([course([], [], 10)], asked((11, 5)), Rule(), 100).tolist() == [[NEVER]]


def drawn(seed: int) -> tuple[Course, np.ndarray]:
    rng = ANY(seed)
    nodes = int(rng.integers(4, 40))
    running, used = [], 0
    for size in rng.integers(1, 8, 12):
        if used + size <= nodes:
            due = int(rng.integers(1, 50))
            running.append((int(rng.integers(1, due + 1)), due, int(size)))
            used += int(size)
    times = np.concatenate([np.zeros(int(rng.integers(0, 20)), int), np.sort(rng.integers(1, 100, 40))])
    queued = []
    for sent in times:
        limit = int(rng.integers(1, 40))
        queued.append(
            (int(sent), int(rng.integers(1, min(nodes, 12) + 1)), limit, int(rng.integers(1, limit + 1)))
        )
    shapes = [(int(rng.integers(1, nodes + 1)), int(rng.integers(1, 40))) for _ in range(6)]
    return course(running, queued, nodes), asked(*shapes)


@pytest.mark.parametrize("policy", ["fcfs", "sjf", "largest"])
@pytest.mark.parametrize("backfill", ["none", "easy"])
def test_one_course_serves_all_jobs_as_a_simulation_each_would(policy: str, backfill: str) -> None:
    from exatwin.schedule import ahead

    for seed in range(25):
        here, shapes = drawn(seed)
        rule = Rule(policy, backfill)
        each = ahead._each(here, shapes, np.arange(shapes.shape[1]), rule, 10**9)
        assert starts([here], shapes, rule, 10**9)[0].tolist() == each.tolist(), seed


def test_many_courses_in_threads_are_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from exatwin.schedule import ahead

    made = [drawn(seed)[0] for seed in range(8)]
    shapes = asked((3, 10), (4, 30))
    before = starts(made, shapes, Rule(), 10**6)
    monkeypatch.setattr(ahead, "_WORTH_THREADS", 0)
    assert np.array_equal(before, starts(made, shapes, Rule(), 10**6))


def test_other_rules_are_simulated_job_by_job() -> None:
    here = course([(100, 100, 8)], [(0, 10, 60, 40)], 10)
    for rule in (Rule(backfill="conservative"), Rule(policy="wfp3")):
        found = starts([here], asked((2, 100), (3, 10)), rule, 1000)[0]
        assert found[0] == 0
        assert found[1] >= 100


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(SpecError, match="unknown backfill"):
        starts([course([], [], 1)], asked((1, 1)), Rule(backfill="esay"), 10)


def test_no_job_enters_a_maintenance_window() -> None:
    """All 10 nodes close from 60 to 100: what runs has left by then, 2 of 10 nodes serve 60 s and not 61."""
    closed = Window(60, 100, np.arange(10), Kind.MAINTENANCE)
    here = course([(30, 200, 4)], [], 10)
    found = starts([here], asked((2, 60), (2, 61), (8, 10), (10, 10)), Rule(windows=(closed,)), 1000)
    assert found.tolist() == [[0, 100, 30, 30]]
    half = Window(60, 100, np.arange(5, 10), Kind.MAINTENANCE)
    found = starts([here], asked((1, 61), (2, 61), (6, 100)), Rule(windows=(half,)), 1000)
    assert found.tolist() == [[0, 30, 100]]


def test_priorities_say_who_is_next_and_age_counts_from_the_submission() -> None:
    """100 points stand behind 500 and before 10; a week of waiting gives those 10 a thousand more."""
    weights = Weights(age=1000.0, fair_share=0.0, job_size=0.0)
    rule = Rule("multifactor", "easy", priority=PriorityRule(weights=weights, calc_period_s=10))
    plain = course([(100, 100, 10)], [(0, 10, 50, 50), (0, 10, 70, 70)], 10)
    points = np.array([10.0, 500.0, 100.0])
    new = replace(plain, points=points, since=np.array([0, 0]))
    old = replace(plain, points=points, since=np.array([-7 * 86400, 0]))
    later = replace(rule, windows=(Window(2000, 3000, np.arange(10), Kind.MAINTENANCE),))
    assert starts([new, old], asked((10, 60)), rule, 1000).tolist() == [[170], [220]]
    assert starts([old], asked((10, 60)), later, 1000).tolist() == [[220]]
