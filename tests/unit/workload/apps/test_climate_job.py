"""A climate run as a job of a machine, and AI models on devices."""

from __future__ import annotations

import pytest

from exatwin.catalogue.climate_calibration import climate_terms
from exatwin.catalogue.climate_model import load_climate_model
from exatwin.catalogue.generic import of_kind
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.workload.apps.app import app_of
from exatwin.workload.apps.climate_ai import forecast, training
from exatwin.workload.apps.climate_job import Climate, node_power_w

JUPITER = machine("jupiter")


def test_a_job_ends_with_its_simulated_time_or_with_the_time_that_it_has() -> None:
    app = app_of("climate", {"model": "icon", "grid": "1.25km", "length": "10 d"}, "test")
    run = app.profile(JUPITER, 5120)
    assert [phase.name for phase in run.phases] == ["launch", "read", "steps", "restart"]
    assert run.phases[2].time_s == pytest.approx(10 * 86400.0 / 145.7, rel=1e-3)
    assert app.profile(JUPITER, 5120, 3600.0).time_s == pytest.approx(3600.0)
    assert app.profile(JUPITER, 5120, 60.0).time_s == 60.0


def test_a_job_without_an_end_is_refused() -> None:
    with pytest.raises(SpecError, match="'length' is missing"):
        Climate(model="icon").profile(JUPITER, 5120)


def test_watts_of_icon_stay_below_the_caps_of_its_superchips() -> None:
    run = Climate(model="icon", grid="1.25km").run(JUPITER, 5120)
    watts = 5120 * node_power_w(run)
    assert 6e6 < watts < 20480 * 680.0


def test_forecasts_follow_the_bandwidth_of_other_chips_within_a_band() -> None:
    fcn = load_climate_model("fourcastnet-3")
    own, other = forecast(fcn, of_kind("dgx-h100", 1)), forecast(fcn, JUPITER)
    assert own.sdpd == 21600.0
    assert other.sdpd == pytest.approx(21600.0 * 4.0 / 3.35, rel=0.01)
    assert other.interval[1] / other.interval[0] > own.interval[1] / own.interval[0]
    assert own.interval[1] == pytest.approx(21600.0 * climate_terms().one_point)


def test_training_is_told_in_device_hours_where_it_was_measured() -> None:
    fcn = training(load_climate_model("fourcastnet"), machine("juwels-booster"))
    assert fcn is not None
    assert fcn.device_s == fcn.here_s == pytest.approx(3072 * 67.4 * 60.0)
    assert training(load_climate_model("gencast"), JUPITER) is None


def test_trained_models_need_accelerators() -> None:
    with pytest.raises(InfeasibleError, match="has no accelerators"):
        forecast(load_climate_model("graphcast"), machine("lumi-c"))
