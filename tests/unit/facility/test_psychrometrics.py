"""Moist air against PsychroLib and at its physical limits."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.facility.psychrometrics import (
    humidity_ratio,
    relative_humidity_frac,
    saturation_pressure_pa,
    wet_bulb_k,
)
from exatwin.foundation.errors import ConvergenceError

AIR_K = np.linspace(243.15, 323.15, 41)
HUMIDITY = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
PRESSURES_PA = (70_000.0, 95_000.0, 101_325.0)


def test_wet_bulb_agrees_with_psychrolib_within_two_hundredths() -> None:
    psychrolib = pytest.importorskip("psychrolib")
    psychrolib.SetUnitSystem(psychrolib.SI)
    air, humidity, pressure = (a.ravel() for a in np.meshgrid(AIR_K, HUMIDITY, PRESSURES_PA))
    ours = wet_bulb_k(air, humidity, pressure) - 273.15
    theirs = [
        psychrolib.GetTWetBulbFromRelHum(t - 273.15, h, p)
        for t, h, p in zip(air, humidity, pressure, strict=True)
    ]
    away = (
        np.abs(theirs) > 1.0
    )  # near freezing water and ice both have a solution, and bisection picks either
    assert np.abs(ours - theirs)[away].max() < 0.02
    assert np.abs(ours - theirs).max() < 1.0


def test_saturation_agrees_with_psychrolib() -> None:
    psychrolib = pytest.importorskip("psychrolib")
    psychrolib.SetUnitSystem(psychrolib.SI)
    theirs = np.array([psychrolib.GetSatVapPres(t - 273.15) for t in AIR_K])
    np.testing.assert_allclose(saturation_pressure_pa(AIR_K), theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("air_c", "expected_pa"), [(-20.0, 103.24), (0.0, 611.15), (20.0, 2338.8), (50.0, 12351.3)]
)
def test_saturation_has_the_values_of_the_ashrae_table(air_c: float, expected_pa: float) -> None:
    assert float(saturation_pressure_pa(air_c + 273.15)) == pytest.approx(expected_pa, rel=2e-4)


def test_saturated_air_is_as_cold_as_its_wet_bulb() -> None:
    np.testing.assert_allclose(wet_bulb_k(AIR_K, 1.0, 101_325.0), AIR_K, atol=2e-3)


def test_wet_bulb_rises_with_humidity_and_never_exceeds_the_dry_bulb() -> None:
    bulb = wet_bulb_k(AIR_K[:, None], HUMIDITY[None, :], 99_000.0)
    assert bulb.shape == (41, 7)
    assert (np.diff(bulb, axis=1) >= 0).all()
    assert (bulb <= AIR_K[:, None] + 2e-3).all()


def test_a_scalar_gives_a_scalar() -> None:
    assert np.shape(wet_bulb_k(300.0, 0.5, 1e5)) == ()


def test_humidity_and_ratio_are_inverse() -> None:
    ratio = humidity_ratio(AIR_K, 0.6, 98_000.0)
    np.testing.assert_allclose(relative_humidity_frac(AIR_K, ratio, 98_000.0), 0.6, rtol=1e-12)


def test_impossible_air_is_refused() -> None:
    with pytest.raises(ConvergenceError, match="out of range"), np.errstate(all="ignore"):
        wet_bulb_k(300.0, np.nan, 1e5)
