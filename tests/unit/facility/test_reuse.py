"""Heat reuse in a plant: what is taken, what it changes, what it closes to, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.catalogue.reuse import Boundary, HeatReuse, HeatTank, heat_profile
from exatwin.catalogue.site import load_site
from exatwin.facility.component import Outdoors
from exatwin.facility.demand import demand_frac, heat_demand_w
from exatwin.facility.plant import build_plant
from exatwin.facility.reuse import Reuse, energy_reuse_effectiveness, energy_reuse_factor
from exatwin.facility.running import run_plant
from exatwin.foundation.errors import InfeasibleError, SimulationError, SpecError
from exatwin.foundation.signal import Signal

CLOSES = 1e-9
HOUR = 3600.0


def spec(**changed) -> HeatReuse:
    usual = load_site("juelich").plant().reuse
    return usual.model_copy(update={"demand_w": 8e6, **changed})


def plant_with(reuse):
    """The plant of Jülich for 17 MW with other heat reuse."""
    plant = build_plant(load_site("juelich"), machine("jupiter"), it_w=17e6)
    cooling = plant.cooling
    heat, back = 0.97 * 17e6, cooling.supply_k + cooling.range_k
    return replace(plant, reuse=Reuse.sized(reuse, heat, back, cooling.range_k))


def run(plant, it, demand, air_c=5.0, step_s=HOUR):
    end = step_s * len(it)
    air = Signal.constant(air_c + 273.15, 0.0, end, "K")
    weather = SimpleNamespace(air_k=air, wet_bulb_k=air - 2.0)
    asked = Signal.steps(demand, step_s, "W")
    found = run_plant(plant, Signal.steps(it, step_s, "W"), weather, step_s, heat_demand_w=asked)
    return {key: signal.values for key, signal in found.signals.items()}, found


def test_juelich_takes_no_heat_until_a_demand_is_stated():
    assert build_plant(load_site("juelich"), machine("jupiter")).reuse is None
    assert load_site("juelich").plant().reuse.begins == "2028-01-01"


def test_heat_that_is_taken_spares_fans_and_leaves_the_rest_to_them():
    none, _ = run(plant_with(spec()), [15e6], [0.0], air_c=25.0)
    some, found = run(plant_with(spec()), [15e6], [6e6], air_c=25.0)
    assert some["heat_given_w"][0] == 6e6
    assert some["fan_w"][0] < none["fan_w"][0]
    assert some["heat_reused_w"][0] == pytest.approx(6e6 - some["heat_pump_w"][0], rel=1e-12)
    assert some["facility_w"][0] < none["facility_w"][0]
    assert found.erf == pytest.approx(some["heat_reused_w"][0] / some["facility_w"][0])
    assert found.ere == pytest.approx((1 - found.erf) * found.pue)


def test_the_boundary_decides_whether_heat_pumps_count():
    outside, _ = run(plant_with(spec()), [15e6], [6e6])
    inside, found = run(plant_with(spec(boundary=Boundary.INSIDE)), [15e6], [6e6])
    lift = inside["heat_pump_w"][0]
    assert inside["facility_w"][0] - outside["facility_w"][0] == pytest.approx(lift, rel=0.03)
    assert inside["heat_reused_w"][0] == pytest.approx(6e6)
    assert outside["reuse_k"][0] == pytest.approx(273.15 + 43.0)
    assert inside["reuse_k"][0] == pytest.approx(273.15 + 70.0)
    assert "heat pumps" in found.overheads()
    assert sum(found.adders.values()) == pytest.approx(found.pue - 1.0, rel=CLOSES)


loads = st.lists(st.tuples(st.just(0.0) | st.floats(1e3, 17e6), st.floats(0.0, 20e6)), min_size=1, max_size=6)
TANK = HeatTank.parse({"volume": "500 m^3", "loss": "200 W/K"}, "here")
KINDS = {
    "heat pump": plant_with(spec()),
    "direct": plant_with(spec(heat_pump=None, network_supply_k=313.15, network_return_k=303.15)),
    "tank": plant_with(spec(tank=TANK)),
    "inside": plant_with(spec(boundary=Boundary.INSIDE, tank=TANK)),
}


@given(st.sampled_from(sorted(KINDS)), loads, st.floats(-15.0, 40.0))
@settings(deadline=None)
def test_heat_and_electricity_close(kind, pairs, air_c):
    it, asked = (list(column) for column in zip(*pairs, strict=True))
    v, found = run(KINDS[kind], it, asked, air_c)
    running = v["heat_given_w"] + v["heat_lost_w"] + v["heat_stored_w"] > 0.0
    taken = (
        v["heat_given_w"] + v["heat_stored_w"] + v["heat_lost_w"] - np.where(running, v["heat_pump_w"], 0.0)
    )
    np.testing.assert_allclose(v["heat_given_w"] + v["heat_unmet_w"], asked, rtol=CLOSES, atol=1e-3)
    if not found.plant.reuse.inside:
        np.testing.assert_allclose(v["heat_reused_w"], taken, rtol=CLOSES, atol=1e-2)
    heat = v["heat_to_water_w"] + v["pump_w"]
    assert np.all(taken <= heat * (1 + CLOSES) + 1e-2)
    losses = sum(v[key] for key in found.overheads().values())
    np.testing.assert_allclose(v["it_w"] + losses, v["facility_w"], rtol=CLOSES)


@given(st.sampled_from(sorted(KINDS)), loads, st.floats(-15.0, 40.0))
@settings(deadline=None)
def test_coolers_get_just_what_customers_leave(kind, pairs, air_c):
    it, asked = (list(column) for column in zip(*pairs, strict=True))
    v, found = run(KINDS[kind], it, asked, air_c)
    made = v["heat_given_w"] + v["heat_stored_w"] + v["heat_lost_w"]
    taken = made - np.where(made > 0.0, v["heat_pump_w"], 0.0)
    plant = found.plant
    outdoors = Outdoors(np.full(len(it), air_c + 273.15), np.full(len(it), air_c + 271.15))
    rest = v["heat_to_water_w"] + v["pump_w"] - taken
    water = plant.pumps.capacity_w_k(v["heat_to_water_w"])
    rest = np.where(rest > 1e-6 * (v["heat_to_water_w"] + v["pump_w"]), rest, 0.0)
    alone = plant.cooler.reject(rest, outdoors, plant.cooling.supply_k, water)
    np.testing.assert_allclose(v["fan_w"], alone.power_w, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(v["supply_k"], alone.supply_k, rtol=CLOSES)


def test_a_direct_network_gets_at_most_what_the_exchanger_moves():
    plant = plant_with(spec(heat_pump=None, network_supply_k=313.15, network_return_k=303.15, capacity_w=4e6))
    v, _ = run(plant, [15e6], [9e6])
    assert 4e6 <= v["heat_given_w"][0] < 6e6
    assert v["heat_unmet_w"][0] == pytest.approx(9e6 - v["heat_given_w"][0])


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"heat_pump": None}, "expected a colder network"),
        ({"capacity_w": 0.0}, "capacity is 0 W"),
        (
            {"heat_pump": None, "network_supply_k": 316.15, "network_return_k": 316.15},
            "return is too warm",
        ),
    ],
)
def test_impossible_networks_are_refused(changed, match):
    with pytest.raises(InfeasibleError, match=match):
        Reuse.sized(spec(**changed), 16e6, 319.15, 10.0)


def test_a_demand_below_zero_or_with_gaps_is_refused():
    with pytest.raises(SimulationError, match="negative"):
        run(plant_with(spec()), [1e6], [-1.0])
    with pytest.raises(SpecError, match="heat demand has a gap"):
        run(plant_with(spec()), [1e6], [np.nan])


def test_a_network_is_checked_where_it_is_read():
    with pytest.raises(SpecError, match="network_return"):
        HeatReuse.parse(
            {
                "network_supply": "40 degC", "network_return": "50 degC", "approach": "3 K",
                "price": "40 EUR/MWh", "displaced": "0.2 kgCO2e/kWh",
            },
            "here",
        )  # fmt: skip


def test_metrics_of_reuse():
    assert energy_reuse_factor(2.0, 8.0) == 0.25
    assert np.isnan(energy_reuse_factor(1.0, 0.0))
    assert energy_reuse_effectiveness(1.25, 0.2) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["trade", "apartments", "houses"])
def test_demand_is_full_on_the_design_day_and_the_base_in_summer(name):
    profile = heat_profile(name)
    cold = demand_frac(profile, np.full(48, profile.design_k))
    warm = demand_frac(profile, np.full(48, profile.limit_k + 5.0))
    np.testing.assert_allclose(cold, 1.0)
    np.testing.assert_allclose(warm, profile.base_frac)


def test_demand_begins_on_its_day_and_follows_the_clock():
    start = datetime(2027, 12, 31, 6, tzinfo=UTC)
    air = Signal.constant(263.15, 0.0, 48 * HOUR, "K")
    asked = heat_demand_w(spec(), air, start).values
    assert np.all(asked[:18] == 0.0)
    hours = np.asarray(heat_profile("trade").hours)
    np.testing.assert_allclose(asked[18:42], 8e6 * hours)


def test_demand_refuses_gaps():
    with pytest.raises(SpecError, match="gap"):
        heat_demand_w(spec(), Signal([0.0, HOUR], [np.nan], "K"), datetime(2028, 1, 1, tzinfo=UTC))
