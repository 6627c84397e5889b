"""Loops: they keep every joule, end where the static plant is, and pass a step of the load on in time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.catalogue.site import load_site
from exatwin.facility.component import Outdoors
from exatwin.facility.loops import run_loops
from exatwin.facility.plant import build_plant
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

PLANT = build_plant(load_site("juelich"), machine("jupiter"))
MILD = Signal([0.0, 7200.0], [293.15], "K")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(1e6, 16e6), min_size=3, max_size=12), st.floats(263.0, 300.0))
def test_heat_in_is_heat_out_and_heat_stored(loads, air):
    edges = np.linspace(0.0, 7200.0, len(loads) + 1)
    done = run_loops(PLANT, Signal(edges, loads, "W"), Signal([0.0, 7200.0], [air], "K"))
    assert abs(done.imbalance) < 1e-9


@pytest.mark.parametrize("heat_mw", [6.0, 10.0, 15.0])
@pytest.mark.parametrize("air_c", [0.0, 15.0, 22.0])
def test_at_rest_the_fans_turn_as_the_static_plant_says(heat_mw, air_c):
    heat, air = heat_mw * 1e6, air_c + 273.15
    done = run_loops(PLANT, Signal([0.0, 7200.0], [heat], "W"), Signal([0.0, 7200.0], [air], "K"))
    assert done.supply_k[-1] == pytest.approx(PLANT.cooling.supply_k, abs=1e-3)
    static = PLANT.cooler.reject(
        heat,
        Outdoors(np.float64(air), np.float64(air)),
        PLANT.cooling.supply_k,
        PLANT.pumps.capacity_w_k(heat),
    )
    wanted = (float(static.power_w) / PLANT.cooler.fan_w) ** (1 / 3)
    if done.fan_frac[-1] > PLANT.cooler.fan_floor:
        assert done.fan_frac[-1] == pytest.approx(wanted, rel=1e-3)
    assert done.rejected_w[-1] == pytest.approx(heat, rel=1e-6)


def test_eight_megawatts_in_a_minute_show_their_transient():
    load = Signal([0.0, 600.0, 615.0, 630.0, 645.0, 7200.0], [6e6, 8e6, 10e6, 12e6, 14e6], "W")
    done = run_loops(PLANT, load, MILD)
    asked = PLANT.cooling.supply_k
    assert done.supply_k[590] == pytest.approx(asked, abs=1e-3)
    assert done.supply_k[660] < asked + 0.2  # the warm front is still in the pipes
    assert 0.5 < done.supply_k[600:1800].max() - asked < 3.0
    assert done.supply_k[-1] == pytest.approx(asked, abs=0.05)
    assert np.argmax(done.plate_k > done.plate_k[590] + 1.0) < np.argmax(done.supply_k > asked + 0.2)


def test_a_step_of_any_length_gives_the_same_hours():
    load = Signal([0.0, 600.0, 7200.0], [6e6, 12e6], "W")
    fine, coarse = run_loops(PLANT, load, MILD), run_loops(PLANT, load, MILD, step_s=60.0)
    assert len(coarse.supply_k) == 120
    np.testing.assert_allclose(coarse.supply_k, fine.supply_k.reshape(-1, 60).mean(axis=1), atol=1e-9)


def test_where_the_fans_can_no_more_the_water_comes_back_warmer():
    hot = Signal([0.0, 7200.0], [308.15], "K")
    done = run_loops(PLANT, Signal([0.0, 7200.0], [16e6], "W"), hot)
    assert done.fan_frac[-1] == 1.0
    assert done.supply_k[-1] > PLANT.cooling.supply_k + 1.0


def test_a_step_of_nothing_is_refused():
    with pytest.raises(SpecError, match="more than 0 s"):
        run_loops(PLANT, Signal([0.0, 60.0], [1e6], "W"), MILD, step_s=0.0)
