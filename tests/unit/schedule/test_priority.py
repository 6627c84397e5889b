"""Slurm's priorities, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.foundation.errors import SpecError
from exatwin.schedule.priority import (
    Shares,
    Weights,
    age_factor,
    classic_fair_share,
    decay,
    fair_tree,
    priorities,
    size_factor,
)


def tree(*rows: tuple[int, float, bool]) -> Shares:
    """Return a tree of (parent, shares, whether a user) below the root."""
    parent, shares, user = zip((-1, 1.0, False), *rows, strict=True)
    return Shares(np.array(parent), np.array(shares, float), np.array(user))


# Two accounts of equal shares, A (row 1) with two users and B (row 2) with two.
TWO = tree((0, 1, False), (0, 1, False), (1, 1, True), (1, 1, True), (2, 1, True), (2, 1, True))


def usage(*of_users: float) -> np.ndarray:
    return np.array([0, 0, 0, *of_users], float)


def test_usage_halves_in_a_half_life_to_three_digits() -> None:
    half = 7 * 86400.0
    left = decay(np.array([1000.0]), half, half)
    assert left[0] == pytest.approx(1000 * np.exp(-0.693), rel=1e-5)
    assert left[0] == pytest.approx(500, rel=2e-4)
    twice = decay(decay(np.array([1000.0]), 300, half), 300, half)
    assert twice[0] == pytest.approx(decay(np.array([1000.0]), 600, half)[0], rel=1e-12)
    assert decay(np.array([5.0]), 1e9, 0).tolist() == [5.0]


def test_fair_tree_of_two_accounts() -> None:
    # A has used 900 of 1,000, B 100: all of B is before all of A. In A, user 3 (100) is before user 4 (800),
    # in B user 6 (0) before user 5 (100). Four users: 6, 5, 3, 4.
    found = fair_tree(TWO, usage(100, 800, 100, 0))
    assert found[3:].tolist() == [2 / 4, 1 / 4, 3 / 4, 4 / 4]
    assert found[:3].tolist() == [0, 0, 0]


def test_users_of_the_same_value_share_the_higher_rank() -> None:
    found = fair_tree(TWO, usage(400, 400, 100, 100))
    assert found[3:].tolist() == [2 / 4, 2 / 4, 4 / 4, 4 / 4]


def test_accounts_of_the_same_value_are_merged() -> None:
    # A and B have used 500 each: their users are ranked together, by their parts of their own accounts.
    found = fair_tree(TWO, usage(400, 100, 300, 200))
    # shares over part: user 3 0.5/0.8, user 4 0.5/0.2, user 5 0.5/0.6, user 6 0.5/0.4
    assert found[3:].tolist() == [1 / 4, 4 / 4, 2 / 4, 3 / 4]


def test_without_any_usage_all_are_first() -> None:
    assert fair_tree(TWO, usage(0, 0, 0, 0))[3:].tolist() == [1, 1, 1, 1]


def test_a_user_that_equals_an_account_shares_the_rank_of_the_first_below_it() -> None:
    # A user (row 1) beside an account (row 2) of the same shares and usage; below the account users 3 and 4.
    mixed = tree((0, 1, True), (0, 1, False), (2, 1, True), (2, 1, True))
    found = fair_tree(mixed, np.array([0, 100, 0, 30, 70], float))
    assert found.tolist() == [0, 3 / 3, 0, 3 / 3, 1 / 3]


def test_shares_weigh_usage() -> None:
    # With three times the shares, B may use three times as much before it comes second.
    unequal = tree((0, 1, False), (0, 3, False), (1, 1, True), (2, 1, True))
    assert fair_tree(unequal, np.array([0, 0, 0, 100, 290], float))[3:].tolist() == [1 / 2, 2 / 2]
    assert fair_tree(unequal, np.array([0, 0, 0, 100, 310], float))[3:].tolist() == [2 / 2, 1 / 2]


def test_no_shares_come_last() -> None:
    none = tree((0, 0, True), (0, 1, True))
    assert fair_tree(none, np.array([0, 0, 1000], float))[1:].tolist() == [1 / 2, 2 / 2]
    assert classic_fair_share(none, np.array([0, 0, 1000], float))[1] == 0


def test_classic_fair_share() -> None:
    # Two users of one account each, equal shares, all usage by the first: 2^(-1 / 0.5) and 2^0.
    flat = tree((0, 1, True), (0, 1, True))
    assert classic_fair_share(flat, np.array([0, 10, 0], float))[1:].tolist() == [0.25, 1.0]
    # As much used as due is a half.
    assert classic_fair_share(flat, np.array([0, 5, 5], float))[1:].tolist() == [0.5, 0.5]
    assert classic_fair_share(flat, np.array([0, 5, 5], float), dampening=5)[1] == pytest.approx(2**-0.2)


def test_siblings_pay_in_the_classic_way() -> None:
    # A has used everything by user 3. User 4 used nothing, but takes half of A's effective usage: 0 + (1 - 0)
    # / 2 over a share of a quarter of all. User 5 and 6 are free of it.
    found = classic_fair_share(TWO, usage(10, 0, 0, 0))
    assert found[3:].tolist() == pytest.approx([2**-4, 2**-2, 1.0, 1.0])


def test_a_priority_is_the_sum_of_weights_and_factors_less_nice() -> None:
    weights = Weights(age=70000, fair_share=120000, job_size=200000, qos=50000)
    factors = {
        "age": age_factor(np.array([0.0, 302400.0, 10**7]), weights.max_age_s),
        "fair_share": np.array([1.0, 0.5, 0.25]),
        "job_size": size_factor(np.array([1, 108, 217]), 217),
        "qos": np.array([0.0, 0.5, 1.0]),
    }
    # 120,000 + 921.66; 35,000 + 60,000 + 99,539.17 + 25,000; 70,000 + 30,000 + 200,000 + 50,000
    assert priorities(weights, factors).tolist() == [120921, 219539, 350000]
    assert priorities(weights, factors, nice=np.array([0, 10**6, -1])).tolist() == [120921, 1, 350001]


def test_small_jobs_may_be_favoured() -> None:
    assert size_factor(np.array([1, 4]), 4, favor_small=True).tolist() == [0.75, 0.0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (((7, 1, False),), "unknown parent 7"),
        (((0, 1, True), (1, 1, True)), "user can't be the parent"),
        (((0, -1, True),), "shares are negative"),
    ],
)
def test_a_bad_tree_is_refused(rows: tuple[tuple[int, float, bool], ...], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        tree(*rows)


def test_bad_weights_are_refused() -> None:
    with pytest.raises(SpecError, match="the weight of age is -1"):
        Weights(age=-1)
    with pytest.raises(SpecError, match="greatest age"):
        Weights(max_age_s=0)


@given(st.lists(st.floats(0, 1e9), min_size=4, max_size=4), st.floats(1e-3, 1e3))
def test_fair_share_has_no_unit_and_lies_in_0_to_1(used: list[float], unit: float) -> None:
    own = np.round(usage(*used))
    for factor in (fair_tree, classic_fair_share):
        found = factor(TWO, own)
        assert np.all((found >= 0) & (found <= 1))
        assert np.allclose(found, factor(TWO, own * 2.0 ** round(np.log2(unit))))
