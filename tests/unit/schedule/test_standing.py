"""Usage and priorities at an instant: worked by hand, and beside a plain program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Shares, Weights
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.result import Schedule
from exatwin.schedule.standing import standing_at, usage_at, waiting_at
from exatwin.workload.job import Jobs, State
from reference import usage as plain

USERS = {"ada": plain.User("lab", 3.0), "bob": plain.User("lab", 1.0), "cyd": plain.User("lab", None),
         "dee": plain.User("other", 1.0), "eli": plain.User("other", 2.0)}  # fmt: skip
ACCOUNTS = {"lab": 40.0, "other": 60.0}
NAMES = list(USERS)
TREE = Shares(
    parent=np.array([-1, 0, 0, 1, 1, 1, 2, 2]),
    shares=np.array([1, 40, 60, 3, 1, 1, 1, 2], float),
    user=np.array([False] * 3 + [True] * 5),
    borrows=np.array([False] * 5 + [True] + [False] * 2),
)
HALF, PERIOD = 86400.0, 300
RULE = PriorityRule(
    weights=Weights(age=1000, fair_share=10000, max_age_s=86400), half_life_s=HALF, calc_period_s=PERIOD
)


def ran(*jobs: tuple[int, int, int, str]) -> tuple[Schedule, Ranks]:
    """Return a schedule of (submit, start, end, user), -1 for a start that never came."""
    submit, start, end = (np.array([job[k] for job in jobs], np.int64) for k in range(3))
    begun = start >= 0
    table = Jobs(
        job_id=np.arange(len(jobs)) + 1,
        submit_s=submit,
        nodes=np.ones(len(jobs)),
        limit_s=np.maximum(end - start, 60),
        runtime_s=np.maximum(end - start, 0),
    )
    schedule = Schedule(
        jobs=table,
        start_s=np.where(begun, start, np.iinfo(np.int64).min),
        end_s=np.where(begun, end, np.iinfo(np.int64).min),
        state=np.where(begun, int(State.COMPLETED), int(State.PENDING)).astype(np.uint8),
        placement=None,
        capacity=10**6,
    )
    row = np.array([3 + NAMES.index(job[3]) for job in jobs])
    ranks = Ranks(TREE, row, {"nice": np.zeros(len(jobs))}, np.full(len(jobs), 2.0), submit)
    return schedule, ranks


def test_decay_over_two_periods() -> None:
    # ada runs from 100 to 700. At 300 she has 2 · 200 · L^200; at 600 that is decayed by L^300, and
    # 2 · 300 · L^300 is added; her last 100 s count at 700 and are decayed with the rest at 900.
    schedule, ranks = ran((0, 100, 700, "ada"))
    left = 1 - 0.693 / HALF
    first = 2 * 200 * left**200
    second = first * left**300 + 2 * 300 * left**300
    third = (second + 2 * 100 * left**100) * left**300
    for at, want, calculated in ((299, 0, 0), (300, first, 300), (750, second, 600), (900, third, 900)):
        found, when = usage_at(schedule, ranks, RULE, at)
        assert found[3] == pytest.approx(want, rel=1e-13)
        assert when == calculated


def test_calculations_have_a_phase() -> None:
    schedule, ranks = ran((0, 100, 700, "ada"))
    rule = PriorityRule(half_life_s=0, calc_period_s=PERIOD, phase_s=50)
    for at, want, calculated in ((349, 0, 50), (350, 500, 350), (699, 1100, 650), (950, 1200, 950)):
        found, when = usage_at(schedule, ranks, rule, at)
        assert (found[3], when) == (want, calculated)


def test_nothing_is_forgotten_without_a_half_life() -> None:
    schedule, ranks = ran((0, 100, 700, "ada"), (0, 0, 10**6, "dee"))
    rule = PriorityRule(half_life_s=0, calc_period_s=PERIOD)
    found, _ = usage_at(schedule, ranks, rule, 90_000)
    assert found[[3, 6]].tolist() == [1200, 180_000]


def test_a_reset_forgets_all_before_its_calculation() -> None:
    # Reset at 650, so at the calculation of 900: what ended before is gone, what runs keeps its last 300 s.
    schedule, ranks = ran((0, 100, 700, "ada"), (0, 0, 2000, "dee"))
    late = Ranks(ranks.tree, ranks.row, ranks.parts, ranks.charge, ranks.eligible_s, np.array([650]))
    rule = PriorityRule(half_life_s=0, calc_period_s=PERIOD)
    assert usage_at(schedule, late, rule, 899)[0][[3, 6]].tolist() == [1000, 1200]
    assert usage_at(schedule, late, rule, 900)[0][[3, 6]].tolist() == [0, 600]
    assert usage_at(schedule, late, rule, 1200)[0][[3, 6]].tolist() == [0, 1200]


times = st.integers(0, 5000)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(times, times, times, st.sampled_from(NAMES)), min_size=1, max_size=12),
    st.integers(0, 9000),
    st.sampled_from([0.0, 900.0, HALF]),
)
def test_usage_is_that_of_a_plain_program(
    jobs: list[tuple[int, int, int, str]], at: int, half: float
) -> None:
    listed = sorted((submit, submit + wait, submit + wait + run, user) for submit, wait, run, user in jobs)
    schedule, ranks = ran(*listed)
    rule = PriorityRule(half_life_s=half, calc_period_s=PERIOD)
    begin = listed[0][0] // PERIOD * PERIOD
    until = max(begin + (at - begin) // PERIOD * PERIOD, begin)
    want = plain.usage(
        [plain.Ran(start, end, user, 2.0) for _, start, end, user in listed],
        begin=begin, until=until, period=PERIOD, half=half,
    )  # fmt: skip
    found, _ = usage_at(schedule, ranks, rule, at)
    for user, amount in want.items():
        assert found[3 + NAMES.index(user)] == pytest.approx(amount, rel=1e-11, abs=1e-9)


def test_priorities_of_the_jobs_that_wait() -> None:
    schedule, ranks = ran(
        (0, 0, 50_000, "ada"), (0, 0, 9000, "dee"), (10, 0, 3000, "bob"),
        (1000, 40_000, 41_000, "ada"), (2000, 30_000, 31_000, "bob"), (3000, -1, 0, "cyd"),
        (10_900, 10_950, 11_000, "dee"), (10_900, 20_000, 20_010, "eli"), (12_000, 12_001, 12_002, "dee"),
    )  # fmt: skip
    at = 10_950  # the last calculation was at 10,800
    used = plain.usage(
        [plain.Ran(int(s), int(e), NAMES[int(r) - 3], 2.0)
         for s, e, r in zip(schedule.start_s, schedule.end_s, ranks.row, strict=True) if s >= 0],
        begin=0, until=10_800, period=PERIOD, half=HALF,
    )  # fmt: skip
    fair = plain.fair_tree(ACCOUNTS, USERS, used)
    assert fair == {"eli": 1.0, "dee": 0.8, "cyd": 0.6, "bob": 0.4, "ada": 0.2}
    waiting = waiting_at(schedule, ranks, RULE, at)
    assert waiting.calculated_s == 10_800
    # those submitted after that have no age yet
    want = {
        7: int(10000 * fair["eli"]),
        5: int(10000 * fair["cyd"] + 1000 * 7800 / 86400),
        4: int(10000 * fair["bob"] + 1000 * 8800 / 86400),
        3: int(10000 * fair["ada"] + 1000 * 9800 / 86400),
    }
    assert dict(zip(waiting.row.tolist(), waiting.priority.tolist(), strict=True)) == want
    assert waiting.row.tolist() == [7, 5, 4, 3]
    assert waiting.parts["fair_share"].tolist() == [10000, 6000, 4000, 2000]


def test_what_users_are_due() -> None:
    schedule, ranks = ran((0, 0, 3000, "ada"), (0, 0, 1500, "dee"), (0, 0, 1500, "bob"))
    rule = PriorityRule(weights=RULE.weights, half_life_s=0, calc_period_s=PERIOD)
    found = standing_at(schedule, ranks, rule, 3000)
    assert found.usage.tolist() == [12000, 9000, 3000, 6000, 3000, 0, 3000, 0]
    assert found.used_frac.tolist() == [1, 0.75, 0.25, 0.5, 0.25, 0, 0.25, 0]
    assert found.level_frac.tolist() == pytest.approx([1, 0.4, 0.6, 0.75, 0.25, 0, 1 / 3, 2 / 3])
    assert found.effective_frac[1:].tolist() == pytest.approx([0.75, 0.25, 2 / 3, 1 / 3, 0, 1, 0])
    assert found.level_fair_share[1:5].tolist() == pytest.approx([0.4 / 0.75, 2.4, 1.125, 0.75])
    assert found.factor[3:].tolist() == [0.4, 0.2, 0.6, 0.8, 1.0]
