"""Ramps: what is found is there, and what is smoothed keeps its limit with the least that it takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.facility.ramps import ballast, ramps, storage
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

POWER = st.lists(st.floats(0, 20e6), min_size=2, max_size=60).map(np.array)


@given(POWER, st.floats(1e3, 5e6))
def test_ballast_keeps_the_limit_and_never_draws_less(power, limit):
    done = ballast(power, 1.0, limit)
    assert np.abs(np.diff(done.power_w)).max() <= limit * (1 + 1e-6) + 1e-3
    assert (done.power_w >= power - 1e-3).all()
    brute = [max(p - limit * abs(t - s) for s, p in enumerate(power)) for t in range(len(power))]
    np.testing.assert_allclose(done.power_w, brute, atol=1e-3)


@given(POWER, st.floats(1e3, 5e6))
def test_storage_keeps_the_limit_and_its_losses_are_what_the_round_trip_takes(power, limit):
    done = storage(power, 1.0, limit)
    assert np.abs(np.diff(done.power_w)).max() <= limit * (1 + 1e-6) + 1e-3
    assert done.energy_j >= 0
    assert done.store_j <= np.abs(done.power_w - power).sum() / 0.97 + 1e-3
    free = storage(power, 1.0, limit, one_way_frac=1.0)
    assert free.energy_j == pytest.approx(0.0)


def test_a_square_wave_costs_ballast_what_its_lows_miss():
    wave = np.tile([10e6] * 5 + [4e6] * 5, 20)
    done = ballast(wave, 1.0, 1e3)
    assert done.energy_j == pytest.approx(0.5 * 200 * 6e6, rel=0.06)  # the last lows may run out
    assert storage(wave, 1.0, 1e3).energy_j < 0.1 * done.energy_j


def test_the_fastest_minute_is_found():
    step = Signal([0.0, 120.0, 180.0, 600.0], [5e6, 13e6, 12e6], "W")
    minute = next(each for each in ramps(step) if each.window_s == 60.0)
    assert (minute.up_w, minute.down_w) == (8e6, 1e6)
    assert [each.window_s for each in ramps(step)] == [1.0, 60.0, 300.0]


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(SpecError, match="more than 0"):
        ballast(np.ones(3), 1.0, 0.0)


def test_a_battery_is_brought_back_between_excursions():
    single = np.concatenate([np.full(100, 4e6), np.full(100, 10e6)])
    once, often = (storage(np.tile(single, count), 1.0, 1e6) for count in (1, 30))
    assert often.store_j == pytest.approx(once.store_j, rel=0.1)
    assert often.energy_j > 20 * once.energy_j
