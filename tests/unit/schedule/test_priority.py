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
    depth_oblivious,
    effective_usage,
    fair_tree,
    level_fair_share,
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


def borrowing(*rows: tuple[int, float | None, bool]) -> Shares:
    """Return a tree of (parent, shares or None for those of the parent, whether a user) below the root."""
    plain = tree(*((parent, 1.0 if shares is None else shares, user) for parent, shares, user in rows))
    return Shares(
        plain.parent, plain.shares, plain.user, np.array([False, *(row[1] is None for row in rows)])
    )


def test_the_classic_example_of_the_documentation() -> None:
    # https://slurm.schedmd.com/classic_fair_share.html, "Example": accounts A (40 shares) with B (30) and C
    # (10), D (60) with E (25) and F (35); users 1 in B, 2 and 3 in C, 4 in E, 5 in F.
    accounts = [
        (0, 40, False),
        (0, 60, False),
        (1, 30, False),
        (1, 10, False),
        (2, 25, False),
        (2, 35, False),
    ]
    users = [(3, 1, True), (4, 1, True), (4, 1, True), (5, 1, True), (6, 1, True)]
    figure = tree(*accounts, *users)
    used = np.array([0] * 7 + [0.2, 0.25, 0.0, 0.25, 0.0])
    used[0] = 0.3  # what else the machine did: shares are of all usage
    share, effective = effective_usage(figure, used)
    assert share[7:] == pytest.approx([0.3, 0.05, 0.05, 0.25, 0.35])
    assert effective[3:7] == pytest.approx([0.3875, 0.3, 0.25, 0.1458], abs=5e-5)
    assert effective[7:] == pytest.approx([0.3875, 0.275, 0.15, 0.25, 0.1458], abs=5e-5)
    assert classic_fair_share(figure, used)[7:] == pytest.approx(
        [0.408479, 0.022097, 0.125, 0.5, 0.749154], abs=5e-5
    )


def test_users_who_borrow_have_the_classic_factor_of_their_account() -> None:
    # A with two users who borrow, B with one; A used 30 of 40 with half of the shares: 2^(-0.75 / 0.5).
    lent = borrowing((0, 1, False), (0, 1, False), (1, None, True), (1, None, True), (2, 1, True))
    used = np.array([0, 0, 0, 30, 0, 10], float)
    assert classic_fair_share(lent, used)[3:] == pytest.approx([2**-1.5, 2**-1.5, 2**-0.5])


def test_users_who_borrow_come_first_in_their_account() -> None:
    # They share the first rank, whatever they used; who has shares has them all, and comes after.
    lent = borrowing(
        (0, 1, False), (0, 1, False), (1, None, True), (1, None, True), (1, 5, True), (2, 1, True)
    )
    used = np.array([0, 0, 0, 70, 10, 0, 20], float)
    assert lent.level_frac.tolist() == [1, 0.5, 0.5, 0, 0, 1, 1]
    assert level_fair_share(lent, used)[3:].tolist() == [np.inf, np.inf, np.inf, 1.0]
    assert fair_tree(lent, used)[3:].tolist() == [3 / 4, 3 / 4, 3 / 4, 4 / 4]
    used[5] = 1
    assert fair_tree(lent, used)[3:].tolist() == [3 / 4, 3 / 4, 1 / 4, 4 / 4]


def test_depth_has_no_effect_where_that_is_asked_for() -> None:
    # At the top of the tree it is as ever. Below, R = R(above) · r^k: A used 0.6 of half the shares, R = 1.2;
    # its user 3 used 2/3 of that with half of its shares, r = 4/3, and both are above 1: k = 1. Its user 4
    # used 1/3, r = 2/3 against R = 1.2: k = 1 / (1 + (5 ln 1.2)²).
    used = usage(40, 20, 40, 0)
    found = depth_oblivious(TWO, used)
    assert found[3] == pytest.approx(2 ** -(1.2 * 4 / 3))
    k = 1 / (1 + (5 * np.log(1.2)) ** 2)
    assert found[4] == pytest.approx(2 ** -(1.2 * (2 / 3) ** k))
    # B used 0.4 of half: R = 0.8, user 5 alone did it: r = 2, on the other side of 1
    k = 1 / (1 + (5 * np.log(0.8)) ** 2)
    assert found[5] == pytest.approx(2 ** -(0.8 * 2**k))
    flat = tree((0, 1, True), (0, 1, True))
    alone = np.array([0, 10, 30], float)
    assert depth_oblivious(flat, alone).tolist() == classic_fair_share(flat, alone).tolist()


def test_accounts_do_not_borrow() -> None:
    with pytest.raises(SpecError, match="only users borrow"):
        borrowing((0, None, False), (1, 1, True))


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
    with pytest.raises(SpecError, match="the weight of gres/gpu is -3"):
        Weights(tres={"gres/gpu": -3})


@given(st.lists(st.floats(0, 1e9), min_size=4, max_size=4), st.floats(1e-3, 1e3))
def test_fair_share_has_no_unit_and_lies_in_0_to_1(used: list[float], unit: float) -> None:
    own = np.round(usage(*used))
    for factor in (fair_tree, classic_fair_share):
        found = factor(TWO, own)
        assert np.all((found >= 0) & (found <= 1))
        assert np.allclose(found, factor(TWO, own * 2.0 ** round(np.log2(unit))))
