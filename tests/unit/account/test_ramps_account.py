"""Ramps settled: the edges of the plant's steps are none, a limit costs what keeps it."""

import numpy as np
import pytest

from exatwin.account.ramps import by_minute_w, settle_ramps
from exatwin.catalogue.load import entry
from exatwin.catalogue.site import Site, load_site
from exatwin.catalogue.tariff import Tariff
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal
from exatwin.study.scenario import Scenario, read_value

FLAT = entry(Tariff, "tariffs", "flat-020")
HOURS = 6 * 3600.0
WAVE = Signal.steps(np.tile([12e6] * 60 + [4e6] * 60, 3), 60.0, "W")
PLANT = (WAVE.mean(900.0)) * 1.1


class Market:
    price_eur_j = Signal([0.0, HOURS], [1e-8], "EUR/J")


def test_the_it_gives_the_minute_and_the_plant_what_is_added():
    power = by_minute_w(WAVE, PLANT)
    change = np.abs(np.diff(power.values))
    assert change.max() == pytest.approx(8e6, rel=0.02)
    assert np.count_nonzero(change > 1e6) == 5  # the wave's own edges and no other
    assert power.integral() == pytest.approx(PLANT.integral(), rel=2e-3)


def test_a_plant_in_seconds_is_taken_as_it_is():
    fine = Signal.steps(np.linspace(1e6, 2e6, 240), 1.0, "W")
    np.testing.assert_allclose(by_minute_w(fine * 0.5, fine).values, fine.mean(60.0).values)


def test_without_a_limit_nothing_has_to_be_paid():
    found = settle_ramps(WAVE, PLANT, Market, FLAT).figures()
    assert set(found) == {"rise_w", "fall_w", "change_w_s"}
    assert found["change_w_s"] * 60.0 == pytest.approx(8e6, rel=0.02)


def test_ballast_costs_its_energy_and_a_battery_less():
    found = settle_ramps(WAVE, PLANT, Market, FLAT, 1e6 / 60.0)
    triangle = 8e6 * 8 * 60 / 2  # less a step at its end, where minutes may differ by the limit already
    assert 5 * 0.87 * triangle < found.ballast.energy_j < 5 * triangle
    paid = found.ballast.energy_j * (FLAT.price_eur_j + FLAT.adders_eur_j)
    assert found.ballast.cost_eur == pytest.approx(paid)
    assert 0.0 < found.battery.cost_eur < found.ballast.cost_eur
    assert found.battery.power_w == pytest.approx(found.ballast.power_w / 2)
    assert found.battery.store_j < found.ballast.energy_j / 4  # one edge at a time, not all five


def test_a_limit_that_is_kept_costs_nothing():
    found = settle_ramps(WAVE, PLANT, Market, FLAT, 1e6)
    assert found.ballast.energy_j == pytest.approx(0.0, abs=1.0)
    assert found.battery.store_j == pytest.approx(0.0, abs=1.0)


def test_two_minutes_are_needed():
    short = Signal([0.0, 90.0], [1e6], "W")
    assert settle_ramps(short, short, Market, FLAT) is None


def test_a_limit_is_written_in_megawatts_per_minute():
    key = "supply.ramp_limit"
    assert Scenario().replace(key, read_value(key, "3MW/min")).supply.ramp_limit_w_s == pytest.approx(5e4)
    assert Site.model_fields["ramp_limit_w_s"].alias == "ramp_limit"
    assert load_site("juelich").ramp_limit_w_s is None
    with pytest.raises(SpecError, match="more than 0"):
        Scenario().replace(key, "0 MW/min")
