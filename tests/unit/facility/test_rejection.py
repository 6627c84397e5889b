"""Towers and chillers: sized as asked, water and heat balanced, free cooling before the chiller."""

import numpy as np
import psychrolib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.plant import Rejection
from exatwin.catalogue.rejection import Chiller
from exatwin.catalogue.rejection import Tower as TowerSpec
from exatwin.facility.component import Outdoors, check_component
from exatwin.facility.rejection import FreeThenChiller, Tower, saturated, water_in_air
from exatwin.foundation.errors import SpecError

TOWER = TowerSpec(
    approach_k="5 delta_degC", air_over_water=1.0, transfer_exponent=0.4, fan_power_frac=0.012, fan_floor=0.1,
    bleed_frac=0.33, drift_frac=0.001,
)  # fmt: skip
CHILLER = Chiller(
    capacity_frac=1.0, approach_k="10 delta_degC", evaporator_k="3 delta_degC", carnot_frac=0.5, cop_max=8.0,
    idle_frac=0.1, bend_frac=0.3, fan_power_frac=0.03,
)  # fmt: skip
PLANT = Rejection(
    component="open-tower", approach_k="10 delta_degC", air_exponent=0.6, fan_power_frac=0.015, fan_floor=0.1,
    tower=TOWER, chiller=CHILLER,
)  # fmt: skip
HEAT, SUPPLY, RANGE = 10e6, 300.15, 6.0


def air(dry_c, wet_c):
    return Outdoors(np.float64(dry_c + 273.15), np.float64(wet_c + 273.15))


@pytest.mark.parametrize("celsius", [5.0, 20.0, 35.0])
def test_saturated_air_agrees_with_psychrolib(celsius):
    psychrolib.SetUnitSystem(psychrolib.SI)
    enthalpy, water = saturated(celsius + 273.15)
    assert float(water) == pytest.approx(psychrolib.GetSatHumRatio(celsius, 101325.0), rel=5e-3)
    assert float(enthalpy) == pytest.approx(psychrolib.GetSatAirEnthalpy(celsius, 101325.0), rel=5e-3)


def test_water_in_air_agrees_with_psychrolib():
    psychrolib.SetUnitSystem(psychrolib.SI)
    wanted = psychrolib.GetHumRatioFromTWetBulb(30.0, 20.0, 101325.0)
    assert float(water_in_air(303.15, 293.15)) == pytest.approx(wanted, rel=5e-3)


def test_at_the_rated_wet_bulb_the_fans_turn_fully_and_the_water_is_as_asked():
    tower = Tower.sized(PLANT, HEAT, SUPPLY, RANGE)
    done = tower.reject(HEAT, air(28.0, 22.0), SUPPLY)
    assert float(done.power_w) == pytest.approx(0.012 * HEAT, rel=1e-6)
    assert float(done.supply_k) == pytest.approx(SUPPLY, abs=1e-6)


def test_beyond_it_the_approach_shrinks_as_wet_air_takes_more():
    tower = Tower.sized(PLANT, HEAT, SUPPLY, RANGE)
    done = tower.reject(HEAT, air(32.0, 27.0), SUPPLY)
    assert float(done.limited) == 1.0
    assert 3.0 < float(done.supply_k) - (27.0 + 273.15) < 5.0


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 1.2), st.floats(-5.0, 35.0), st.floats(0.0, 12.0))
def test_what_evaporates_carries_less_than_the_heat_and_air_takes_the_rest(part, dry, depression):
    tower = Tower.sized(PLANT, HEAT, SUPPLY, RANGE)
    heat, weather = part * HEAT, air(dry, max(dry - depression, -8.0))
    done = tower.reject(heat, weather, SUPPLY)
    evaporated = float(done.water_kg_s) / (1.0 + 0.33 + 0.001)
    latent = evaporated * 2.45e6
    # dry air is cooled itself, at most to its wet bulb, and gives that heat too
    assert 0.0 <= latent <= heat * 1.05 + tower.air_kg_s * 1006.0 * depression
    assert float(done.supply_k) >= SUPPLY - 1e-9


def test_free_cooling_comes_first_and_the_chiller_takes_only_the_rest():
    both = FreeThenChiller.sized(PLANT, HEAT, SUPPLY, RANGE)
    cold, hot = (both.reject(HEAT, air(t, t - 4.0), SUPPLY) for t in (10.0, 25.0))
    assert float(cold.power_w) == pytest.approx(float(both.free.reject(HEAT, air(10.0, 6.0), SUPPLY).power_w))
    per_kelvin = both.free._per_kelvin(1.0, np.float64(HEAT / RANGE))
    freely = float(per_kelvin) * (SUPPLY + RANGE - 25.0 - 273.15)
    rest = HEAT - freely
    assert 0.0 < rest < HEAT
    cop = min(0.5 * (SUPPLY - 3.0) / (25.0 + 273.15 + 10.0 - SUPPLY + 3.0), 8.0)
    part = rest / HEAT
    chiller = HEAT / cop * (0.1 + 0.6 * part + 0.3 * part**2) + (1 + 1 / cop) * 0.03 * rest
    assert float(hot.power_w) == pytest.approx(both.free.fan_w + chiller, rel=1e-6)
    assert float(hot.supply_k) == pytest.approx(SUPPLY)
    assert float(hot.limited) == 0.0


def test_a_chiller_too_small_lets_the_water_warm():
    small = PLANT.model_copy(update={"chiller": CHILLER.model_copy(update={"capacity_frac": 0.2})})
    done = FreeThenChiller.sized(small, HEAT, SUPPLY, RANGE).reject(HEAT, air(35.0, 25.0), SUPPLY)
    assert float(done.limited) == 1.0
    assert float(done.supply_k) > SUPPLY


@pytest.mark.parametrize("free", ["dry-cooler", "open-tower"])
def test_every_class_keeps_the_promises_of_its_interface(free):
    check_component(Tower.sized(PLANT, HEAT, SUPPLY, RANGE))
    check_component(FreeThenChiller.sized(PLANT.model_copy(update={"free": free}), HEAT, SUPPLY, RANGE))


def test_a_plant_without_the_part_is_told():
    bare = PLANT.model_copy(update={"tower": None, "chiller": None})
    with pytest.raises(SpecError, match=r"rejection\.tower"):
        Tower.sized(bare, HEAT, SUPPLY, RANGE)
    with pytest.raises(SpecError, match=r"rejection\.chiller"):
        FreeThenChiller.sized(bare, HEAT, SUPPLY, RANGE)
