"""Units out of service, and the most that what is left of a plant bears."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.catalogue.plant import Carries
from exatwin.catalogue.site import load_site
from exatwin.facility.component import Outdoors
from exatwin.facility.limits import check_supply, most_it_w, short
from exatwin.facility.outages import INTACT, Outage, able, units_of
from exatwin.facility.plant import build_plant
from exatwin.facility.running import fold, run_plant
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.signal import Signal

HOUR = 3600.0
KINDS = ("pump", "cooler", "transformer", "distribution")


@pytest.fixture(scope="module")
def plant():
    return build_plant(load_site("juelich"), machine("jupiter"))


def weather(air_c, wet_c, end_s):
    kelvin = (Signal.constant(t + 273.15, 0.0, end_s, "K") for t in (air_c, wet_c))
    return SimpleNamespace(**dict(zip(("air_k", "wet_bulb_k"), kelvin, strict=True)))


def ran(plant, it_w, outages, air_c=30.0, wet_c=20.0, end_s=4 * HOUR):
    return run_plant(
        plant, Signal.constant(it_w, 0.0, end_s, "W"), weather(air_c, wet_c, end_s), outages=outages
    )


@example(it=12750001.0, air=31.0, dry=0.0, hit=[("pump", 1, 0.0, 1.0), ("pump", 2, 0.0, 1.0)])
@given(
    it=st.floats(0.1e6, 16e6), air=st.floats(-10, 40), dry=st.floats(0, 15),
    hit=st.lists(
        st.tuples(st.sampled_from(KINDS), st.integers(1, 3), st.floats(0, 3), st.floats(0.1, 2)), max_size=5
    ),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_energy_closes_with_units_missing(it, air, dry, hit):
    plant = build_plant(load_site("juelich"), machine("jupiter"))
    outages = [Outage(kind, unit, at * HOUR, (at + length) * HOUR) for kind, unit, at, length in hit]
    run = ran(plant, it, outages, air, air - dry)
    value = {key: signal.values for key, signal in run.signals.items()}
    parts = ("it_w", "chain_loss_w", "pump_w", "fan_w", "room_w", "fixed_w")
    assert sum(value[key] for key in parts) == pytest.approx(value["facility_w"], rel=1e-12)
    moved = run.left.moves_w_k(plant.pumps, value["heat_to_water_w"])
    assert (value["return_k"] - value["supply_k"]) * moved == pytest.approx(
        value["heat_to_water_w"], rel=1e-9
    )
    whole = {key: signal.values for key, signal in ran(plant, it, (), air, air - dry).signals.items()}
    # less water has a wider range: with all fans at full speed it may leave colder, but never return colder
    assert np.all(value["return_k"] >= whole["return_k"] - 1e-9)
    if all(outage.kind != "pump" for outage in outages):
        assert np.all(value["supply_k"] >= whole["supply_k"] - 1e-9)
    assert np.all(value["water_kg_s"] >= 0.0)
    coldest = air - 0.8 * dry + 273.15
    assert np.all(value["return_k"] >= coldest - 1e-6)


def test_a_spare_pump_steps_in_and_the_second_missing_one_widens_the_range(plant):
    one = ran(plant, 16.9e6, [Outage("pump", 2, HOUR, 2 * HOUR)])
    two = ran(plant, 16.9e6, [Outage("pump", 2, HOUR, 2 * HOUR), Outage("pump", 5, HOUR, 2 * HOUR)])
    assert np.ptp(one.signals["return_k"].values) == 0.0
    wide = two.signals["return_k"].values - two.signals["supply_k"].values
    assert wide[0] == pytest.approx(16.9 / 17 * 10 / (16.9 / 17), abs=1e-9)
    assert wide[4] == pytest.approx(10 * (16.9 / 17) / 0.75, rel=1e-9)
    assert two.signals["pump_w"].values[4] == pytest.approx(plant.pumps.rated_power_w * 0.75**3, rel=1e-12)


def test_one_cooler_of_eleven_is_the_headroom_and_two_are_not(plant):
    hot = {"air_c": 26.15, "wet_c": 26.0}
    whole, one, two = (
        ran(plant, 17e6, [Outage("cooler", n, 0.0, HOUR) for n in range(1, many + 1)], **hot)
        for many in (0, 1, 2)
    )
    assert whole.limited_h == one.limited_h == 0.0
    assert whole.signals["fan_w"].values[0] < one.signals["fan_w"].values[0]
    assert two.limited_h == pytest.approx(1.0)


def test_the_units_that_are_left_lose_less_idle_and_more_by_load(plant):
    run = ran(plant, 15e6, [Outage("transformer", 1, HOUR, 2 * HOUR)])
    stage = next(s for s in plant.stages if s.name == "transformer")
    loss = run.signals["loss_transformer_w"].values
    load = run.signals["facility_w"].values - loss
    for step, units in ((0, 9), (4, 8)):
        rated = units * stage.component.unit_w
        assert stage.component.units == 9
        expected = 0.001116 * rated + 0.0076 * load[step] ** 2 / rated
        assert loss[step] == pytest.approx(expected, rel=1e-9)


def test_idle_spares_take_over(plant):
    stage = next(s for s in plant.stages if s.name == "transformer")
    spared = replace(stage, component=replace(stage.component, idle_units=1))
    stages = tuple(spared if s is stage else s for s in plant.stages)
    other = replace(plant, stages=stages)
    run = ran(other, 15e6, [Outage("transformer", 1, HOUR, 2 * HOUR)])
    assert np.ptp(run.signals["facility_w"].values) < 1e-6


@given(air=st.floats(10, 45), dry=st.floats(0, 15), hit=st.sampled_from([(), ("pump",) * 3, ("cooler",) * 3]))
@settings(max_examples=40, deadline=None)
def test_the_most_it_power_is_just_borne(air, dry, hit):
    plant = build_plant(load_site("juelich"), machine("jupiter"))
    outdoors = Outdoors(np.array([air + 273.15]), np.array([air - dry + 273.15]))
    left = able(plant, [Outage(k, n + 1, 0.0, 1.0) for n, k in enumerate(hit)], np.array([0.0, 1.0]))
    most = most_it_w(plant, outdoors, left)
    nothing = np.zeros(1)
    for factor, falls_short in ((0.999, False), (1.001, True)):
        if most[0] < 1e3 or most[0] > 1.99 * plant.design_it_w:
            continue
        found = short(plant, fold(plant, factor * most, outdoors, nothing, 1.0, left), left)
        assert found.tolist() == [falls_short]


def test_the_racks_of_a_failed_transformer_room_are_limited_by_its_rating(plant):
    outages = [Outage("transformer", n, 0.0, HOUR) for n in range(1, 5)]
    left = able(plant, outages, np.array([0.0, HOUR]))
    outdoors = Outdoors(np.array([283.15]), np.array([280.15]))
    most = most_it_w(plant, outdoors, left)
    assert 0.9 * 12.5e6 < most[0] < 12.5e6
    assert short(plant, fold(plant, np.array([13e6]), outdoors, np.zeros(1), 1.0, left), left).all()
    assert not short(plant, fold(plant, np.array([13e6]), outdoors, np.zeros(1), 1.0), INTACT).any()


@pytest.mark.parametrize(
    ("outage", "message"),
    [
        (Outage("fan", 1, 0, 1), "this plant has no 'fan': choose from"),
        (Outage("pumps", 1, 0, 1), "did you mean 'pump'"),
        (Outage("pump", 9, 0, 1), "failure 'pump:09': there is no pump 9, expected 1 to 5"),
        (Outage("rectifier", 1, 0, 1), "this plant has no 'rectifier'"),
        (Outage("transformer", 0, 0, 1), "there is no transformer 0, expected 1 to 9"),
    ],
)
def test_what_does_not_exist_can_not_fail(plant, outage, message):
    with pytest.raises(SpecError, match=message):
        able(plant, [outage], np.array([0.0, 1.0]))


def test_a_plant_that_does_not_count_its_units_can_lose_none(plant):
    unknown = replace(plant, cooling=plant.cooling.model_copy(update={"units": None}))
    with pytest.raises(SpecError, match="does not say how many units it has: expected a section 'units'"):
        able(unknown, [Outage("pump", 1, 0, 1)], np.array([0.0, 1.0]))


def test_something_must_be_left(plant):
    outages = [Outage("pump", n, HOUR, 2 * HOUR) for n in range(1, 6)]
    with pytest.raises(InfeasibleError, match="no pump is left at 1 h, all 5 are out of service"):
        ran(plant, 1e6, outages)


def test_racks_behind_a_cdu_are_no_unit_of_the_plant(plant):
    assert able(plant, [Outage("cdu", 7, 0, 1)], np.array([0.0, 1.0])) is INTACT
    assert set(units_of(plant)) == {"pump", "cooler", "distribution", "transformer"}
    assert all(s.carries is Carries.RACK for s in plant.stages if s.name not in units_of(plant))


def test_water_colder_than_the_wet_bulb_needs_a_chiller(plant):
    cold = replace(plant, cooling=plant.cooling.model_copy(update={"supply_k": 283.15}))
    with pytest.raises(
        InfeasibleError, match=r"cooling.supply is 10 °C: the wet bulb is warmer .* no chiller"
    ):
        check_supply(cold, weather(20.0, 15.0, HOUR))
    check_supply(cold, weather(8.0, 5.0, HOUR))
    check_supply(plant, weather(35.0, 25.0, HOUR))
    chilled = cold.cooling.rejection.model_copy(update={"chiller": SimpleNamespace()})
    check_supply(
        replace(cold, cooling=cold.cooling.model_copy(update={"rejection": chilled})),
        weather(20.0, 15.0, HOUR),
    )
