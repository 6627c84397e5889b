"""Integrals of a power with what each joule brings."""

from __future__ import annotations

import pytest

from exatwin.account.energy import weighted
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

POWER = Signal([0.0, 1800.0, 7200.0], [2000.0, 1000.0], "W")


def test_each_joule_is_weighted_in_its_own_hour():
    price = Signal([0.0, 3600.0, 7200.0], [2.0, -1.0], "EUR/J")
    by_hand = 2.0 * (1800 * 2000 + 1800 * 1000) - 1.0 * 3600 * 1000
    assert weighted(POWER, price, 0.0, 7200.0, "price") == pytest.approx(by_hand)


def test_only_the_asked_time_counts():
    price = Signal.constant(3.0, -3600.0, 10800.0, "EUR/J")
    assert weighted(POWER, price, 900.0, 2700.0, "price") == pytest.approx(3.0 * 900 * 3000)


@pytest.mark.parametrize(("start", "end"), [(1.0, 7200.0), (0.0, 7199.0)])
def test_a_missing_hour_is_refused(start, end):
    with pytest.raises(SpecError, match="the market price covers"):
        weighted(POWER, Signal.constant(1.0, start, end, "EUR/J"), 0.0, 7200.0, "market price")


def test_a_gap_is_refused_inside_and_ignored_outside():
    price = Signal([0.0, 3600.0, 7200.0], [1.0, float("nan")], "EUR/J")
    assert weighted(POWER, price, 0.0, 3600.0, "price") == pytest.approx(1800 * 3000)
    with pytest.raises(SpecError, match="gap"):
        weighted(POWER, price, 0.0, 3601.0, "price")
