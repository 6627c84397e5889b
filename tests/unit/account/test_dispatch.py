"""Dispatch: equal to a small programme written apart, balanced in every step, within every limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from exatwin.account.dispatch import Terms, dispatch
from exatwin.foundation.errors import InfeasibleError, SpecError

MWH = 3.6e9


def small_programme(load, made, price, energy, power, way, wear):
    """Least cost of a day with a battery, in MW and EUR, with variables and matrix of its own."""
    n = len(load)
    buy, sell, put, take, dump = (np.arange(n) + k * n for k in range(5))
    cost = np.zeros(5 * n)
    cost[buy], cost[sell], cost[take] = price + 70.0, -price, wear
    equal = np.zeros((n, 5 * n))
    for t in range(n):
        equal[t, [buy[t], take[t]]] = 1.0
        equal[t, [sell[t], put[t], dump[t]]] = -1.0
    level = np.zeros((n, 5 * n))  # what the battery holds after each hour, as a sum over all hours before
    for t in range(n):
        level[t, put[: t + 1]] = way
        level[t, take[: t + 1]] = -1.0 / way
    most, least = energy / 2 - np.zeros(n), -energy / 2 + np.zeros(n)
    least[-1] = 0.0
    bounds = [(0, None)] * (2 * n) + [(0, power)] * (2 * n) + [(0, m) for m in made]
    found = linprog(
        cost, A_ub=np.vstack([level, -level]), b_ub=np.concatenate([most, -least]), A_eq=equal,
        b_eq=load - made, bounds=bounds,
    )  # fmt: skip
    return found.fun


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_day_costs_what_an_independent_programme_says(seed):
    draw = np.random.default_rng(seed)
    load, made = draw.uniform(8, 16, 24), draw.uniform(0, 25, 24)
    price = draw.uniform(5, 200, 24)
    terms = Terms(battery_j=20 * MWH, battery_w=8e6, one_way_frac=0.9, wear=12 / MWH)
    done = dispatch(load * 1e6, made * 1e6, (price + 70) / MWH, price / MWH, terms)
    cost = (done.grid_w @ (price + 70) - done.sold_w @ price + done.discharge_w.sum() * 12) / 1e6
    assert cost == pytest.approx(small_programme(load, made, price, 20, 8, 0.9, 12), rel=1e-5, abs=0.5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_every_step_balances_and_no_limit_is_passed(seed, shift):
    draw = np.random.default_rng(seed)
    n = 100
    load, made, price = draw.uniform(5e6, 15e6, n), draw.uniform(0, 20e6, n), draw.uniform(-80, 200, n) / MWH
    terms = Terms(
        grid_limit_w=14e6, battery_j=30 * MWH, battery_w=6e6, one_way_frac=0.94, standing_frac=1e-4,
        engine_w=3e6, engine=100 / MWH, shift_frac=0.1 if shift else 0.0,
    )  # fmt: skip
    done = dispatch(load, made, price + 60 / MWH, price, terms)
    assert np.abs(done.residual_w(load, made)).max() < 1.0
    before = np.concatenate([[15 * MWH], done.stored_j[:-1]])
    gain = 0.94 * done.charge_w * 3600 - done.discharge_w * 3600 / 0.94
    np.testing.assert_allclose(done.stored_j, before * (1 - 1e-4) + gain, atol=1e4)
    assert done.grid_w.max() <= 14e6 + 1
    assert done.stored_j.min() >= -1
    assert done.stored_j.max() <= 30 * MWH * (1 + 1e-9)
    for first in range(0, 96, 24):
        day = slice(first, first + 24)
        assert done.later_w[day].sum() == pytest.approx(done.earlier_w[day].sum(), abs=1.0)


def test_ramps_hold_across_the_seams_of_the_horizon():
    load = np.where(np.arange(96) % 24 < 12, 5e6, 12e6)
    terms = Terms(battery_j=60 * MWH, battery_w=10e6, one_way_frac=0.95, ramp_w=1e6)
    flat = np.full(96, 50 / MWH)
    done = dispatch(load, np.zeros(96), flat, flat * 0.0, terms)
    assert np.abs(np.diff(done.grid_w)).max() <= 1e6 + 1


def test_a_negative_price_does_not_make_the_battery_burn():
    price = np.full(24, -500 / MWH)
    done = dispatch(
        np.full(24, 1e6), np.zeros(24), price, price, Terms(battery_j=MWH, battery_w=1e6, one_way_frac=0.8)
    )
    assert done.discharge_w.max() == 0.0


def test_a_load_that_nothing_meets_says_when_and_by_how_much():
    load = np.full(48, 5e6)
    load[30] = 20e6
    with pytest.raises(InfeasibleError, match=r"step 30: 20\.00 MW.*10\.00 MW too little"):
        dispatch(load, np.zeros(48), load * 0 + 1e-8, load * 0, Terms(grid_limit_w=10e6))


def test_missing_prices_and_free_money_are_refused():
    flat = np.ones(5)
    with pytest.raises(SpecError, match="price is missing in step 2"):
        dispatch(flat, flat, np.array([1, 1, np.nan, 1, 1.0]), flat, Terms())
    with pytest.raises(SpecError, match="selling pays more"):
        dispatch(flat, flat, flat, flat * 2, Terms())
    with pytest.raises(SpecError, match="one length"):
        dispatch(flat, flat, flat[:4], flat, Terms())
