"""Coolers at their rated point, at their limits and against hand-worked cases."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from exatwin.catalogue.site import load_site
from exatwin.facility.component import Outdoors
from exatwin.facility.thermal import (
    EVAPORATION_J_KG,
    DryCooler,
    Pumps,
    RoomChiller,
    effectiveness,
    transfer_units,
)
from exatwin.foundation.errors import InfeasibleError

SUPPLY = 309.15


@pytest.fixture(scope="module")
def cooler():
    """A cooler of 1 MW at 10 K approach, water 36 to 46 °C."""
    cooling = load_site("juelich").plant()
    return DryCooler.sized(cooling.rejection, 1e6 / cooling.rejection.headroom, SUPPLY, 10.0)


def air(dry_c, wet_c=None):
    dry = np.asarray(dry_c, np.float64) + 273.15
    return Outdoors(dry, dry - 5.0 if wet_c is None else np.asarray(wet_c, np.float64) + 273.15)


@pytest.mark.parametrize(
    ("ntu", "ratio", "expected"),
    [
        (2.0, 0.0, 1 - np.exp(-2)),
        (3.0, 1.0, 0.75),
        (2.0, 0.5, 0.7746003),
        (1.0, 0.999999999999, 0.5),
        (0, 0.5, 0),
    ],
)
def test_effectiveness_of_textbook_cases(ntu, ratio, expected):
    assert effectiveness(ntu, ratio) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.99, 1.0])
def test_transfer_units_invert_effectiveness(ratio):
    assert effectiveness(transfer_units(0.7, ratio), ratio) == pytest.approx(0.7, rel=1e-9)


def test_an_impossible_exchanger_is_refused():
    with pytest.raises(InfeasibleError, match="effectiveness of 1"):
        transfer_units(1.0, 0.5)


def test_the_rated_point_needs_full_fans_and_no_water(cooler):
    found = cooler.reject(1e6, air(26.0), SUPPLY)
    assert found.power_w == pytest.approx(cooler.fan_w, rel=1e-9)
    assert found.water_kg_s == pytest.approx(0.0, abs=1e-9)
    assert found.supply_k == pytest.approx(SUPPLY, abs=1e-9)
    assert found.limited == 0.0


def test_above_the_rated_point_pads_cool_the_air_by_what_is_missing(cooler):
    found = cooler.reject(1e6, air(29.0, 20.0), SUPPLY)
    evaporated = cooler.air_w_k * 3.0 / EVAPORATION_J_KG
    assert found.water_kg_s == pytest.approx(evaporated * (1 + cooler.bleed_frac), rel=1e-9)
    assert found.supply_k == pytest.approx(SUPPLY)
    assert found.limited == 0.0


def test_where_pads_do_not_do_the_supply_rises_by_what_is_missing(cooler):
    # wet bulb 34 °C: the pads give 0.8 x 4 K, so 38 - 3.2 - 26 K are missing
    found = cooler.reject(1e6, air(38.0, 34.0), SUPPLY)
    assert found.limited == 1.0
    assert found.supply_k == pytest.approx(SUPPLY + 38.0 - 3.2 - 26.0, rel=1e-9)
    assert found.power_w == pytest.approx(cooler.fan_w)


def test_fans_follow_the_cube_of_a_speed_that_falls_with_the_air(cooler):
    outdoors = np.linspace(-15.0, 26.0, 50)
    power = cooler.reject(np.full(50, 1e6), air(outdoors), np.full(50, SUPPLY)).power_w
    assert np.all(np.diff(power) > 0)
    assert power[0] < 0.02 * cooler.fan_w


def test_a_little_heat_on_a_cold_day_runs_a_share_of_the_fans(cooler):
    heat = np.array([0.0, 1e3, 2e3])
    power = cooler.reject(heat, air([-10.0] * 3), SUPPLY, np.full(3, 4e4)).power_w
    assert power[0] == 0.0
    assert 0 < power[1] < cooler.fan_w * cooler.fan_floor**3
    assert power[2] == pytest.approx(2 * power[1], rel=0.02)  # the hot end rises a little with the heat


def test_no_heat_takes_nothing_even_in_hot_air(cooler):
    found = cooler.reject(0.0, air(45.0), SUPPLY)
    assert (found.power_w, found.water_kg_s, found.supply_k, found.limited) == (0.0, 0.0, SUPPLY, 0.0)


@pytest.mark.data
def test_hours_without_water_are_the_free_cooling_hours_of_the_air(cooler, shared_data):
    path = shared_data / "facility" / "weather" / "de_aachen_city_try2015_mean.csv.gz"
    with gzip.open(path, "rt") as file:
        dry = np.array([float(row["t_air_c"]) for row in csv.DictReader(file)])
    found = cooler.reject(np.full(len(dry), 1e6), air(dry), np.full(len(dry), SUPPLY))
    assert np.sum(found.water_kg_s < 1e-9) == 8616  # hours with air + 10 K at most 36 °C


def test_pumps_follow_the_cube_down_to_their_floor():
    pumps = Pumps(rated_heat_w=1e6, range_k=10.0, rated_power_w=1e4, floor_frac=0.4)
    heat = np.array([0.0, 2e5, 5e5, 1e6, 2e6])
    np.testing.assert_allclose(pumps.flow_frac(heat), [0.4, 0.4, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(pumps.power_w(heat), [640.0, 640.0, 1250.0, 1e4, 1e4])
    np.testing.assert_allclose(heat / pumps.capacity_w_k(heat), [0.0, 5.0, 10.0, 10.0, 20.0])


def test_rooms_cool_freely_in_the_cold_and_by_compression_in_the_heat():
    room = RoomChiller(1e5, range_k=7.0, approach_k=10.0, carnot_frac=0.5, cop_max=8.0, fan_power_frac=0.05)
    chilled = 19 + 273.15
    cold, mild, hot = (float(room.reject(1e5, air(t), chilled).power_w) for t in (5.0, 12.5, 35.0))
    assert cold == pytest.approx(5e3)
    assert mild == pytest.approx(5e3 + 0.5 * 1e5 / 8.0)
    assert hot == pytest.approx(5e3 + 1e5 / (0.5 * chilled / 26.0))
