"""The measured hall: at rest, after a step, at its limits, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from exatwin.catalogue.site import load_site
from exatwin.facility._kernel import lag, latch
from exatwin.facility.hall import HallInputs, hall_erf, run_hall
from exatwin.foundation.errors import InfeasibleError, SpecError

COOLING = load_site("dresden").plant()
HALL = COOLING.hall
HOUR = 3600.0
ZERO_C = 273.15


def inputs(steps=24, **changed) -> HallInputs:
    usual = {
        "time_s": HOUR * np.arange(steps),
        "it_w": np.full(steps, 1.7e6),
        "air_k": np.full(steps, ZERO_C + 8.0),
        "direct_w": np.full(steps, 1.5e5),
        "lifted_w": np.zeros(steps),
        "sink_k": np.full(steps, ZERO_C + 91.0),
    }
    arrays = {key: np.broadcast_to(changed.get(key, value), steps) for key, value in usual.items()}
    return HallInputs(**arrays, step_s=HOUR, supply_k=ZERO_C + 35.0)


def test_at_rest_the_station_extracts_what_customers_get_and_its_losses():
    found = run_hall(COOLING, inputs())
    np.testing.assert_allclose(found.extracted_w, 1.5e5 + HALL.station_loss_w)
    np.testing.assert_allclose(found.heat_pump_w, COOLING.reuse.heat_pump.standby_w)
    np.testing.assert_allclose(found.loop_pump_w, HALL.loop_pump_w)


def test_heat_pumps_take_less_from_the_loops_than_they_give():
    found = run_hall(COOLING, inputs(lifted_w=9e5))
    cop = COOLING.reuse.heat_pump.carnot_frac * (ZERO_C + 91.0) / (91.0 - 45.0)
    np.testing.assert_allclose(found.heat_pump_w, 9e5 / cop)
    np.testing.assert_allclose(found.extracted_w, 1.5e5 + 9e5 * (1 - 1 / cop) + HALL.station_loss_w)


def test_the_station_has_a_most():
    found = run_hall(COOLING, inputs(lifted_w=2e6))
    np.testing.assert_allclose(found.extracted_w, HALL.station_max_w)


def test_warming_circuits_take_heat_once():
    sink = np.full(24, ZERO_C + 20.0)
    sink[12:] = ZERO_C + 60.0
    extra = run_hall(COOLING, inputs(sink_k=sink)).extracted_w - run_hall(COOLING, inputs()).extracted_w
    assert np.all(extra[:12] == pytest.approx(0.0))
    assert extra.sum() * HOUR == pytest.approx(40.0 * HALL.warm_up_j_k, rel=1e-6)


def test_cold_air_or_much_extraction_stills_the_fans():
    quiet = run_hall(COOLING, inputs())
    assert np.all(quiet.still == 0.0)
    assert np.all(quiet.fan_w > 0.0)
    busy = run_hall(COOLING, inputs(lifted_w=1.1e6))
    assert np.all(busy.still == 1.0)
    assert np.all(busy.fan_w == 0.0)
    assert np.all(busy.recooling_pump_w > quiet.recooling_pump_w)


def test_a_stretch_after_a_gap_starts_afresh():
    given = inputs(48, lifted_w=np.repeat([0.0, 9e5], 24))
    joined = run_hall(COOLING, given)
    parted = run_hall(COOLING, replace(given, time_s=given.time_s + np.repeat([0.0, 86400.0], 24)))
    assert joined.extracted_w[24] < parted.extracted_w[24]
    np.testing.assert_allclose(parted.extracted_w[24:], parted.extracted_w[24])


def test_erf_is_heat_over_energy():
    given = inputs()
    found = run_hall(COOLING, given)
    whole = given.it_w + found.auxiliaries_w
    assert hall_erf(given, found, whole) == pytest.approx(found.extracted_w.sum() / whole.sum())


steps = hnp.arrays(np.float64, 24, elements=st.floats(0.0, 2e6))


@given(steps, steps, hnp.arrays(np.float64, 24, elements=st.floats(ZERO_C - 20.0, ZERO_C + 34.0)))
def test_the_heat_of_the_water_is_extracted_or_rejected(direct, lifted, air):
    given_ = inputs(direct_w=direct, lifted_w=lifted, air_k=air, it_w=3e6)
    found = run_hall(COOLING, given_)
    total = found.extracted_w + found.rejected_w
    np.testing.assert_allclose(total, COOLING.water_share * given_.it_w, rtol=1e-9)
    assert np.all(found.extracted_w <= HALL.station_max_w * (1 + 1e-12))
    assert np.all(np.isfinite(found.auxiliaries_w))
    assert np.all(found.auxiliaries_w > 0.0)


def test_the_lag_is_that_of_a_first_order_step():
    asked = np.append(np.zeros(1), np.ones(5))
    fresh = np.eye(1, 6)[0]
    found = lag(asked, fresh, 600.0, 900.0)
    edges = 600.0 * np.arange(6)
    risen = edges + 900.0 * np.exp(-edges / 900.0)  # integral of 1 - exp(-t / 900 s), up to a constant
    np.testing.assert_allclose(found[1:], np.diff(risen) / 600.0, rtol=1e-12)
    np.testing.assert_array_equal(lag(asked, fresh, 600.0, 0.0), asked)


def test_the_latch_keeps_its_state_inside_the_band():
    value = np.array([2.0, 1.4, 0.9, 1.5, 1.9, 2.1, 1.5, 1.4])
    fresh = np.array([1.0, 0, 0, 0, 0, 0, 0, 1.0])
    np.testing.assert_array_equal(latch(value, fresh, 1.0, 2.0), [0, 0, 1, 1, 1, 0, 0, 1])


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"air_k": ZERO_C + 36.0}, InfeasibleError, "36.0 °C at step 0"),
        ({"it_w": np.nan}, SpecError, "it_w has a gap at step 0"),
        ({"lifted_w": -1.0}, SpecError, "lifted_w is negative at step 0"),
    ],
)
def test_impossible_inputs_are_refused(changed, error, match):
    with pytest.raises(error, match=match):
        run_hall(COOLING, inputs(**changed))


def test_inputs_of_different_length_and_halls_without_meters_are_refused():
    with pytest.raises(SpecError, match="expected one for each of the 24 steps"):
        run_hall(COOLING, replace(inputs(), it_w=np.ones(3)))
    with pytest.raises(SpecError, match="no measured hall"):
        run_hall(load_site("juelich").plant(), inputs())
