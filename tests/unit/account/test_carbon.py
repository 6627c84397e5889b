"""Emissions by hand."""

from __future__ import annotations

import pytest

from exatwin.account.carbon import location_based_kgco2e
from exatwin.foundation.signal import Signal


def test_emissions_follow_the_mix_of_each_hour():
    power = Signal([0.0, 3600.0, 7200.0], [1e6, 3e6], "W")
    mix = Signal([0.0, 3600.0, 7200.0], [0.6 / 3.6e6, 0.1 / 3.6e6], "kgCO2e/J")
    assert location_based_kgco2e(power, mix, 0.0, 7200.0) == pytest.approx(600 + 300)
    mean = power.mean() * 7200 * mix.mean()
    assert mean == pytest.approx(1400)  # what a yearly average would have said
