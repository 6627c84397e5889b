"""Exchanger, heat pump and tank against textbooks, at their limits, and in their energy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.catalogue.reuse import HeatPump as HeatPumpSpec
from exatwin.catalogue.reuse import HeatTank as HeatTankSpec
from exatwin.facility.component import check_component
from exatwin.facility.heat import HeatExchanger, HeatPump, Tank

CLOSES = 1e-9


def pump(**changed):
    return HeatPump(
        **{
            "rated_w": 1e6,
            "carnot_frac": 0.5,
            "cop_max": 8.0,
            "degradation": 1.0,
            "standby_w": 0.0,
            **changed,
        }
    )


def test_the_oil_cooler_of_the_textbook():
    # Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., example 11.1: oil 100 to 60 °C
    # (0.1 kg/s, 2,131 J/kgK), water from 30 °C (0.2 kg/s, 4,178 J/kgK); 8,524 W at a log mean of 43.2 K
    found = HeatExchanger(8524.0 / 43.2).heat_w(373.15, 303.15, 213.1, 835.6)
    assert found == pytest.approx(8524.0, rel=2e-3)


@pytest.mark.parametrize(("hot", "cold"), [(1e5, 3e5), (3e5, 1e5), (1.00001e5, 1e5)])
def test_heat_is_conductance_times_the_mean_logarithmic_difference(hot, cold):
    heat = HeatExchanger(2e5).heat_w(330.0, 300.0, hot, cold)
    ends = 330.0 - (300.0 + heat / cold), 330.0 - heat / hot - 300.0
    mean = (ends[0] - ends[1]) / np.log(ends[0] / ends[1])
    assert heat == pytest.approx(2e5 * mean, rel=1e-6)


def test_a_sized_exchanger_moves_its_heat_at_its_approach():
    assert HeatExchanger.sized(2e6, 10.0, 3.0).heat_w(319.15, 306.15, 2e5, 2e5) == pytest.approx(2e6)


def test_no_heat_moves_uphill_or_without_flow():
    plate = HeatExchanger(1e5)
    assert plate.heat_w(300.0, 310.0, 1e5, 1e5) == 0.0
    np.testing.assert_array_equal(plate.heat_w([320.0, 320.0], 300.0, [0.0, 1e5], [1e5, 0.0]), 0.0)


def test_the_ideal_heat_pump_is_carnots():
    assert pump(carnot_frac=1.0, cop_max=99.0).cop(300.0, 360.0) == pytest.approx(6.0)


def test_without_lift_the_highest_coefficient_holds():
    np.testing.assert_allclose(pump().cop([330.0, 340.0], 330.0), 8.0)


@pytest.mark.parametrize("load", [0.1, 0.25, 0.5, 0.74, 1.0])
def test_part_load_is_that_of_the_standard(load):
    # EN 14825: COP at part load = COP at full load × CR / (Cc × CR + 1 - Cc)
    machine, degraded = pump(degradation=0.9), 0.9
    whole = machine.cop(310.0, 350.0)
    expected = whole * load / (degraded * load + 1.0 - degraded)
    assert load * 1e6 / machine.power_w(load * 1e6, 310.0, 350.0) == pytest.approx(expected)


@given(st.floats(0.0, 2e6), st.floats(280.0, 330.0), st.floats(0.0, 80.0), st.floats(0.5, 1.0))
def test_heat_taken_and_electricity_are_the_heat_given(taken, source, lift, degradation):
    machine = pump(degradation=degradation)
    given_w = machine.heat_from_w(taken, source, source + lift)
    power = machine.power_w(given_w, source, source + lift)
    if given_w == 0.0:
        assert taken == 0.0
    elif given_w < machine.rated_w:
        assert given_w - power == pytest.approx(taken, rel=CLOSES, abs=1e-6)
    else:
        assert given_w - power <= taken * (1 + CLOSES)


def test_a_resting_heat_pump_stands_by():
    assert pump(standby_w=1400.0).power_w(0.0, 318.0, 364.0) == 1400.0
    assert HeatPump.sized(HeatPumpSpec.parse({"carnot": 0.6, "cop_max": 8.0}, "here"), 2e6).rated_w == 2e6


@pytest.fixture
def tank():
    spec = HeatTankSpec.parse({"volume": "100 m^3", "loss": "50 W/K"}, "here")
    return Tank.sized(spec, 353.15, 323.15)


def test_a_tank_keeps_the_promises_of_a_store(tank):
    check_component(tank, rated_w=2e6)


def test_a_resting_tank_cools_exponentially(tank):
    hours = 200
    found = tank.run(np.zeros(hours), np.zeros(hours), 3600.0)
    time = 3600.0 * np.arange(1, hours + 1)
    above = (353.15 - 288.15) * np.exp(-tank.loss_w_k / tank.capacity_j_k * time) - (323.15 - 288.15)
    np.testing.assert_allclose(found.kept_j, tank.capacity_j_k * above, rtol=1e-9)


def test_a_tank_between_its_limits_does_the_same_at_any_step(tank):
    rng = np.random.default_rng(7)
    can, asked = rng.uniform(0, 4e5, 8), rng.uniform(2e5, 6e5, 8)
    coarse = tank.run(can, asked, 3600.0, 0.7 * tank.full_j)
    fine = tank.run(np.repeat(can, 60), np.repeat(asked, 60), 60.0, 0.7 * tank.full_j)
    assert np.all((coarse.kept_j > 0.0) & (coarse.kept_j < tank.full_j))
    np.testing.assert_allclose(fine.kept_j[59::60], coarse.kept_j, rtol=1e-9)


powers = st.lists(st.tuples(st.floats(0.0, 3e6), st.floats(0.0, 3e6)), min_size=1, max_size=60)


@given(powers, st.sampled_from([60.0, 900.0, 3600.0]), st.floats(0.0, 1.0), st.sampled_from([0.0, 50.0, 5e3]))
def test_the_energy_of_a_tank_closes_within_its_limits(pairs, step_s, start, loss):
    tank = Tank(capacity_j_k=4e8, range_k=30.0, loss_w_k=loss, idle_k=35.0)
    can, asked = np.array(pairs).T
    found = tank.run(can, asked, step_s, start * tank.full_j)
    net = found.made_w - found.given_w - found.lost_w
    kept = start * tank.full_j + np.cumsum(net) * step_s
    np.testing.assert_allclose(found.kept_j, kept, rtol=CLOSES, atol=CLOSES * tank.full_j)
    assert np.all(found.kept_j >= 0.0)
    assert np.all(found.kept_j <= tank.full_j * (1 + 1e-12))
    assert np.all(found.given_w <= asked * (1 + 1e-12))
    assert np.all(found.made_w <= can)
    assert np.all(found.lost_w >= -CLOSES * 3e6)


def test_a_tank_without_losses_gives_back_what_it_took():
    tank = Tank(capacity_j_k=4e8, range_k=30.0, loss_w_k=0.0, idle_k=35.0)
    found = tank.run([2e6] * 4 + [0.0] * 4, [1e6] * 8, 3600.0, 0.0)
    # 12 GJ at most: full after three hours and a third, empty again after as long
    np.testing.assert_allclose(found.kept_j / 1e9, [3.6, 7.2, 10.8, 12.0, 8.4, 4.8, 1.2, 0.0], atol=1e-9)
    np.testing.assert_allclose(found.given_w[-1], 1.2e9 / 3600.0)
