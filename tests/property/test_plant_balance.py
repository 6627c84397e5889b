"""Energy and mass of a plant close at any load and any weather."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.catalogue.site import load_site
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.facility.thermal import EVAPORATION_J_KG
from exatwin.foundation.signal import Signal

PLANTS = {
    name: build_plant(load_site(name), machine("jupiter"), it_w=17e6) for name in ("juelich", "dresden")
}
CLOSES = 1e-9

loads = st.lists(st.just(0.0) | st.floats(1e3, 20e6), min_size=1, max_size=8)
dry = st.floats(-25.0, 48.0)
depression = st.floats(0.0, 15.0)


def run(name, it, air_c, below):
    end = 900.0 * len(it)
    air = Signal.constant(air_c + 273.15, 0.0, end, "K")
    weather = SimpleNamespace(air_k=air, wet_bulb_k=air - below)
    found = run_plant(PLANTS[name], Signal.steps(it, 900.0, "W"), weather)
    return {key: signal.values for key, signal in found.signals.items()}, found


@given(st.sampled_from(sorted(PLANTS)), loads, dry, depression)
def test_electricity_in_is_heat_out(name, it, air_c, below):
    v, found = run(name, it, air_c, below)
    outside = sum(
        v[f"loss_{stage.name}_w"] for stage in found.plant.stages if stage.heat_to.value == "outside"
    )
    water_in_rooms_and_fans = (
        v["heat_to_water_w"] + v["pump_w"] + v["heat_to_air_w"] + v["room_w"] + v["fan_w"]
    )
    np.testing.assert_allclose(water_in_rooms_and_fans + outside, v["facility_w"], rtol=CLOSES)


@given(st.sampled_from(sorted(PLANTS)), loads, dry, depression)
def test_the_cooler_hands_the_air_the_heat_that_the_water_brings(name, it, air_c, below):
    v, found = run(name, it, air_c, below)
    plant, cooler = found.plant, found.plant.cooler
    heat = v["heat_to_water_w"] + v["pump_w"]
    water = plant.pumps.capacity_w_k(v["heat_to_water_w"])
    hot = v["return_k"] + v["pump_w"] / water
    cooled = v["water_kg_s"] / (1 + cooler.bleed_frac) * EVAPORATION_J_KG / cooler.air_w_k
    speed = np.maximum(np.cbrt(v["fan_w"] / cooler.fan_w), cooler.fan_floor)
    share = np.minimum(v["fan_w"] / (cooler.fan_w * cooler.fan_floor**3), 1.0)
    handed = [
        _counter_flow(cooler, x, c, s) * (h - (air_c + 273.15 - d))
        for x, c, s, h, d in zip(speed, water, share, hot, cooled, strict=True)
    ]
    np.testing.assert_allclose(handed, heat, rtol=CLOSES, atol=1e-3)


def _counter_flow(cooler, x, water, share):
    """Heat per kelvin by the textbook formula, one step at a time, for the share of fans that turn."""
    air = cooler.air_w_k * x
    least, most = min(air, water), max(air, water)
    n, c = cooler.conductance_w_k * x**cooler.air_exponent / least, least / most
    decay = np.exp(-n * (1 - c))
    effect = n / (1 + n) if c == 1.0 else (1 - decay) / (1 - c * decay)
    return share * effect * least


@given(st.sampled_from(sorted(PLANTS)), loads, dry, depression)
def test_quantities_stay_within_physics(name, it, air_c, below):
    v, found = run(name, it, air_c, below)
    positive = [key for key in v if key.endswith("_w") or key == "water_kg_s"]
    assert all(np.all(v[key] >= 0) for key in positive)
    assert np.all(v["facility_w"] >= v["it_w"])
    assert np.all(v["supply_k"] >= found.plant.cooling.supply_k - 1e-9)
    assert np.all((v["limited"] == 1.0) == (v["supply_k"] > found.plant.cooling.supply_k + 1e-9))
    assert np.all(v["return_k"] >= v["supply_k"])
    inside = sum((v[key] for key in v if key.startswith("rack_")), start=np.zeros(len(it)))
    assert np.all(inside <= v["it_w"])


@given(st.floats(1e5, 17e6), st.floats(0.0, 17e6), dry, depression)
def test_more_it_never_takes_less_facility(it, more, air_c, below):
    v, _ = run("juelich", [min(it, it + more), it + more], air_c, below)
    assert v["facility_w"][1] >= v["facility_w"][0]


@given(st.floats(1e5, 17e6), dry, st.floats(0.1, 10.0), depression)
def test_warmer_air_never_saves_power_or_water(it, air_c, warmer, below):
    cold, _ = run("juelich", [it], air_c, below)
    hot, _ = run("juelich", [it], air_c + warmer, below + warmer)
    assert hot["facility_w"][0] >= cold["facility_w"][0] * (1 - 1e-12)
    assert hot["supply_k"][0] >= cold["supply_k"][0] - 1e-9


@given(loads, dry, depression)
def test_each_step_stands_alone(it, air_c, below):
    whole, _ = run("juelich", it, air_c, below)
    for index, watts in enumerate(it):
        single, _ = run("juelich", [watts], air_c, below)
        for key, values in whole.items():
            assert single[key][0] == pytest.approx(values[index], rel=1e-9, abs=1e-6, nan_ok=True)
