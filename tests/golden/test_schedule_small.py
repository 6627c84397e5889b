"""Tiny schedules worked by hand, exact to the second, for the kernel and for the referee alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reference import MODES, reference
from strategies import kernel

HOUR = 3600
Engine = Callable[..., dict[int, int]]


@pytest.fixture(params=[kernel, reference], ids=["kernel", "reference"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def hours(*rows: tuple[int, int, float, float]) -> list[tuple[int, int, int, int, int]]:
    """Return jobs of (id, nodes, submit h, run h) that ask for exactly what they run."""
    return [(n, round(at * HOUR), nodes, round(h * HOUR), round(h * HOUR)) for n, nodes, at, h in rows]


def in_hours(starts: dict[int, int]) -> dict[int, float]:
    return {job: start / HOUR for job, start in starts.items()}


# ---------------------------------------------------------------- EASY: the reservation of the head


def test_easy_keeps_the_reservation_of_the_head(engine: Engine, mode: str) -> None:
    # Job 3 is promised 10 h, when 4,472 nodes are free: 72 to spare. Job 4 (400 nodes, until 11.6 h) would
    # take it.
    log = hours((1, 4000, 0, 10), (2, 5000, 8, 4), (3, 4400, 8.5, 1), (4, 400, 8.6, 3))
    assert in_hours(engine(log, 9472, mode, "easy")) == {1: 0, 2: 8, 3: 10, 4: 11}


def test_easy_uses_the_nodes_that_the_head_leaves_over(engine: Engine, mode: str) -> None:
    # At 10 h 5,472 nodes are free, the head needs 5,000: exactly the 472 of job 4 are to spare.
    log = hours((1, 5000, 0, 10), (2, 4000, 8, 4), (3, 5000, 8.5, 1), (4, 472, 8.6, 3))
    assert in_hours(engine(log, 9472, mode, "easy")) == {1: 0, 2: 8, 3: 10, 4: 8.6}


def test_without_backfill_the_head_holds_up_the_rest(engine: Engine, mode: str) -> None:
    log = hours((1, 5000, 0, 10), (2, 4000, 8, 4), (3, 5000, 8.5, 1), (4, 472, 8.6, 3))
    assert in_hours(engine(log, 9472, mode, "none")) == {1: 0, 2: 8, 3: 10, 4: 10}


def test_one_node_more_than_is_left_over_must_wait(engine: Engine, mode: str) -> None:
    # The head ends at 11 h, and only then are 473 nodes free beside job 2.
    log = hours((1, 5000, 0, 10), (2, 4000, 8, 4), (3, 5000, 8.5, 1), (4, 473, 8.6, 3))
    assert in_hours(engine(log, 9472, mode, "easy")) == {1: 0, 2: 8, 3: 10, 4: 11}


@pytest.mark.parametrize(("limit", "start"), [(8, 2), (9, 20)])
def test_backfill_may_end_at_the_shadow_time_and_not_a_second_later(
    engine: Engine, mode: str, limit: int, start: int
) -> None:
    # The head is as wide as the machine: it runs from 10 to 20, with nothing to spare.
    log = [(1, 0, 2, 10, 10), (2, 1, 4, 10, 10), (3, 2, 2, limit, limit)]
    assert engine(log, 4, mode, "easy") == {1: 0, 2: 10, 3: start}


def test_all_that_ends_at_the_shadow_time_counts_as_left_over(engine: Engine, mode: str) -> None:
    # Both running jobs are to end at 100: the head (3) needs 5 of 8 and leaves 3, which job 4 takes until
    # 203.
    log = [(1, 0, 4, 100, 100), (2, 0, 1, 100, 100), (3, 1, 5, 10, 10), (4, 3, 3, 200, 200)]
    assert engine(log, 8, mode, "easy") == {1: 0, 2: 0, 3: 100, 4: 3}


def test_what_is_left_over_is_used_up(engine: Engine, mode: str) -> None:
    # At 5 four nodes come free and two are to spare beside the head (3). Job 4 takes both; job 5, in the same
    # pass, would fit now but not beside the head.
    log = [(1, 0, 4, 100, 100), (2, 0, 4, 5, 5), (3, 1, 6, 10, 10), (4, 2, 2, 200, 200), (5, 3, 1, 200, 200)]
    assert engine(log, 8, mode, "easy") == {1: 0, 2: 0, 3: 100, 4: 5, 5: 110}


def test_what_ends_by_the_shadow_time_uses_up_nothing(engine: Engine, mode: str) -> None:
    # As above, but job 4 is gone before the head starts: job 5 may have what is left over.
    log = [(1, 0, 4, 100, 100), (2, 0, 4, 5, 5), (3, 1, 6, 10, 10), (4, 2, 2, 90, 90), (5, 3, 2, 200, 200)]
    assert engine(log, 8, mode, "easy") == {1: 0, 2: 0, 3: 100, 4: 5, 5: 5}


def test_the_reservation_moves_forward_when_a_job_ends_early(engine: Engine, mode: str) -> None:
    log = [(1, 0, 3, 100, 7), (2, 1, 4, 10, 10), (3, 2, 1, 50, 50)]
    assert engine(log, 4, mode, "easy") == {1: 0, 3: 2, 2: 52}
    assert engine(log, 4, mode, "none") == {1: 0, 2: 7, 3: 17}


# ---------------------------------------------------------------- limits and lengths


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "conservative"])
def test_a_job_is_cut_at_its_limit(engine: Engine, mode: str, backfill: str) -> None:
    assert engine([(1, 0, 4, 60, 100), (2, 0, 4, 10, 10)], 4, mode, backfill) == {1: 0, 2: 60}


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "conservative"])
def test_a_job_of_length_zero_frees_its_nodes_in_the_same_second(
    engine: Engine, mode: str, backfill: str
) -> None:
    log = [(1, 0, 4, 10, 0), (2, 0, 4, 10, 5), (3, 5, 4, 10, 10)]
    assert engine(log, 4, mode, backfill) == {1: 0, 2: 0, 3: 5}


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "conservative"])
def test_jobs_as_wide_as_the_machine_follow_each_other(engine: Engine, mode: str, backfill: str) -> None:
    log = [(number, 0, 4, 10, number) for number in (1, 2, 3, 4)]
    assert engine(log, 4, mode, backfill) == {1: 0, 2: 1, 3: 3, 4: 6}


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "conservative"])
def test_time_may_be_negative(engine: Engine, mode: str, backfill: str) -> None:
    assert engine([(1, -50, 4, 60, 30), (2, -40, 4, 10, 10)], 4, mode, backfill) == {1: -50, 2: -20}


# ---------------------------------------------------------------- event against batch


def test_simultaneous_ends_are_seen_apart_in_event_mode(engine: Engine) -> None:
    # Jobs 1 and 2 end early, both at 10. After the first end only two nodes are known to be free, and job 4
    # slips into them since it ends before job 2 has to; the second end comes too late for the head.
    log = [(1, 0, 2, 100, 10), (2, 0, 2, 100, 10), (3, 1, 4, 10, 10), (4, 2, 2, 50, 5)]
    assert engine(log, 4, "batch", "easy") == {1: 0, 2: 0, 3: 10, 4: 20}
    assert engine(log, 4, "event", "easy") == {1: 0, 2: 0, 4: 10, 3: 15}


def test_an_estimated_end_counts_as_free_for_a_submission_of_that_second(engine: Engine) -> None:
    # At 10 job 1 ends early and job 2 reaches its limit. In event mode job 4, submitted at 10, is first: it
    # fits because job 2 has to be gone, and starts ahead of the head (3), which is promised 30.
    log = [(1, 0, 2, 30, 10), (2, 0, 2, 10, 10), (3, 5, 4, 10, 10), (4, 10, 2, 15, 4)]
    assert engine(log, 4, "batch", "easy") == {1: 0, 2: 0, 3: 10, 4: 20}
    assert engine(log, 4, "event", "easy") == {1: 0, 2: 0, 4: 10, 3: 14}


def test_a_submission_that_does_not_fit_makes_no_pass(engine: Engine, mode: str) -> None:
    # As above with job 5 too wide for what job 2 leaves. A pass at its submission would let job 4 slip in; so
    # the end of job 1 comes first, and finds room for the head (3).
    log = [(1, 0, 3, 30, 10), (2, 0, 1, 10, 10), (3, 5, 4, 10, 10), (4, 6, 1, 5, 4), (5, 10, 4, 10, 10)]
    assert engine(log, 4, mode, "easy") == {1: 0, 2: 0, 3: 10, 4: 20, 5: 24}


def test_simultaneous_ends_come_in_the_order_of_the_starts(engine: Engine, mode: str) -> None:
    # Job 3 (one node) overtakes job 2 (three nodes), and both end at 15. Were job 2, submitted earlier, taken
    # first, job 5 would find three free nodes and start before the head (4).
    log = [(1, 0, 3, 10, 10), (2, 1, 3, 100, 5), (3, 2, 1, 100, 13), (4, 11, 4, 20, 20), (5, 12, 3, 10, 10)]
    assert engine(log, 4, mode, "easy") == {1: 0, 3: 2, 2: 10, 4: 15, 5: 35}


# ---------------------------------------------------------------- shortest job first in the backfill


def test_sjbf_walks_by_the_shortest_limit(engine: Engine, mode: str) -> None:
    # One node is free until the head (3) starts at 100; job 4 asks for 50 of those seconds, job 5 for 20.
    log = [(1, 0, 3, 100, 100), (2, 0, 1, 10, 10), (3, 1, 4, 10, 10), (4, 2, 1, 50, 50), (5, 3, 1, 20, 20)]
    assert engine(log, 4, mode, "easy") == {1: 0, 2: 0, 4: 10, 5: 60, 3: 100}
    assert engine(log, 4, mode, "easy-sjbf") == {1: 0, 2: 0, 5: 10, 4: 30, 3: 100}


def test_sjbf_breaks_ties_by_submission(engine: Engine, mode: str) -> None:
    log = [(1, 0, 3, 100, 100), (2, 0, 1, 10, 10), (3, 1, 4, 10, 10), (4, 2, 1, 20, 20), (5, 3, 1, 20, 20)]
    assert engine(log, 4, mode, "easy-sjbf") == {1: 0, 2: 0, 4: 10, 5: 30, 3: 100}


def test_sjbf_leaves_the_heads_in_order(engine: Engine, mode: str) -> None:
    log = [(1, 0, 4, 10, 10), (2, 1, 4, 50, 50), (3, 2, 4, 5, 5)]
    assert engine(log, 4, mode, "easy-sjbf") == {1: 0, 2: 10, 3: 60}


# ---------------------------------------------------------------- conservative


def test_conservative_holds_a_place_for_every_job(engine: Engine, mode: str) -> None:
    # The head (2) leaves one node over, which EASY gives to job 4 for 100 s: job 3 (the whole machine) waits
    # for it. Conservative backfill has promised job 3 the time from 20 to 30.
    log = [(1, 0, 2, 10, 10), (2, 1, 3, 10, 10), (3, 2, 4, 10, 10), (4, 4, 1, 100, 100)]
    assert engine(log, 4, mode, "easy") == {1: 0, 2: 10, 4: 4, 3: 104}
    assert engine(log, 4, mode, "conservative") == {1: 0, 2: 10, 3: 20, 4: 30}


@pytest.mark.parametrize(("limit", "start"), [(16, 4), (17, 30)])
def test_conservative_fills_the_gaps_that_delay_nobody(
    engine: Engine, mode: str, limit: int, start: int
) -> None:
    # Job 4 fits beside jobs 1 and 2 until 20, when job 3 has the whole machine, and not a second longer.
    log = [(1, 0, 2, 10, 10), (2, 1, 3, 10, 10), (3, 2, 4, 10, 10), (4, 4, 1, limit, limit)]
    assert engine(log, 4, mode, "conservative") == {1: 0, 2: 10, 3: 20, 4: start}


def test_conservative_plans_all_again_when_a_job_ends_early(engine: Engine, mode: str) -> None:
    # Planned: 2 from 100, 3 from 110, 4 from 120. Job 1 is gone at 10.
    log = [(1, 0, 2, 100, 10), (2, 1, 3, 10, 10), (3, 2, 4, 10, 10), (4, 4, 1, 200, 1)]
    assert engine(log, 4, mode, "conservative") == {1: 0, 2: 10, 3: 20, 4: 30}


def test_conservative_plans_by_the_order_of_the_queue(engine: Engine) -> None:
    # Both come at 3 to an empty machine: the shorter goes first.
    log = [(1, 3, 2, 16, 6), (2, 3, 1, 1, 2)]
    assert engine(log, 2, "batch", "conservative", "fcfs") == {1: 3, 2: 9}
    assert engine(log, 2, "batch", "conservative", "sjf") == {2: 3, 1: 4}


def test_conservative_starts_all_whose_time_has_come(engine: Engine) -> None:
    # At 7 the submission of job 5 makes a pass (job 3 has to be gone): it starts job 4, planned for 7, before
    # the early end of job 1 at 7 lets job 2 move forward.
    log = [(1, 0, 1, 8, 7), (2, 3, 2, 8, 8), (3, 6, 1, 1, 1), (4, 6, 1, 1, 1), (5, 7, 1, 2, 2)]
    assert engine(log, 2, "event", "conservative") == {1: 0, 3: 6, 4: 7, 2: 8, 5: 16}
    assert engine(log, 2, "batch", "conservative") == {1: 0, 3: 6, 2: 7, 4: 15, 5: 15}


# ---------------------------------------------------------------- orders of the queue

# A machine of ten is full until 100; no two of the three waiting jobs fit side by side.
THREE = [(1, 0, 10, 100, 100), (2, 10, 6, 30, 30), (3, 20, 8, 10, 10), (4, 30, 7, 40, 40)]


@pytest.mark.parametrize(
    ("order", "starts"),
    [
        ("fcfs", {1: 0, 2: 100, 3: 130, 4: 140}),
        ("sjf", {1: 0, 3: 100, 2: 110, 4: 140}),
        ("ljf", {1: 0, 4: 100, 2: 140, 3: 170}),
        ("smallest", {1: 0, 2: 100, 4: 130, 3: 170}),
        ("largest", {1: 0, 3: 100, 4: 110, 2: 150}),
        # (wait / limit)³ × nodes at 100: 162, 4096, 37.5; at 110: 222 and 56.
        ("wfp3", {1: 0, 3: 100, 2: 110, 4: 140}),
        # wait / (log2(nodes) × limit) at 100: 1.16, 2.67, 0.62; at 110: 1.29 and 0.71.
        ("unicef", {1: 0, 3: 100, 2: 110, 4: 140}),
        # log10(limit) × nodes + 870 log10(submit): 879, 1140, 1296.
        ("f1", {1: 0, 2: 100, 3: 130, 4: 140}),
    ],
)
def test_order_of_the_queue(engine: Engine, mode: str, order: str, starts: dict[int, int]) -> None:
    assert engine(THREE, 10, mode, "none", order) == starts


@pytest.mark.parametrize(
    ("order", "first"), [("fcfs", [2, 3, 4]), ("sjf", [2, 3, 4]), ("wfp3", [3, 2, 4]), ("unicef", [4, 2, 3])]
)
def test_equal_waits_and_limits_are_told_apart_by_size_or_submission(
    engine: Engine, mode: str, order: str, first: list[int]
) -> None:
    log = [(1, 0, 10, 100, 100), (2, 10, 7, 30, 30), (3, 10, 8, 30, 30), (4, 10, 6, 30, 30)]
    starts = engine(log, 10, mode, "none", order)
    assert sorted(starts, key=starts.__getitem__) == [1, *first]


@pytest.mark.parametrize("order", ["fcfs", "sjf", "ljf", "smallest", "largest", "wfp3", "unicef", "f1"])
@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "conservative"])
def test_equal_jobs_are_served_by_submission(engine: Engine, mode: str, backfill: str, order: str) -> None:
    log = [(number, 5, 3, 10, 10) for number in (4, 2, 9, 1)]
    assert engine(log, 4, mode, backfill, order) == {4: 5, 2: 15, 9: 25, 1: 35}
