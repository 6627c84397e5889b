"""Figures of the plant over a window: what they show adds up to the signals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from fake import FakeResult

from exatwin.foundation.signal import Signal
from exatwin.report.figures import load_duration, market_load, months, pue_air

YEAR_S = 365 * 86400.0


@pytest.fixture(scope="module")
def year(result: FakeResult) -> FakeResult:
    """A year of constant heat, with water in July alone."""
    edges = [0.0, 181 * 86400.0, 212 * 86400.0, YEAR_S]
    signals = {
        "heat_to_water_w": Signal([0.0, YEAR_S], [1e7], "W"),
        "heat_to_air_w": Signal([0.0, YEAR_S], [5e5], "W"),
        "heat_reused_w": Signal([0.0, YEAR_S], [4e6], "W"),
        "water_kg_s": Signal(edges, [0.0, 0.1, 0.0], "kg/s"),
    }
    return replace(result, signals=signals, start=datetime(2027, 1, 1, tzinfo=UTC), start_s=0.0, end_s=YEAR_S)


def test_the_area_below_the_curve_is_the_energy(result: FakeResult) -> None:
    line = load_duration(result).data[0]
    joules = float(np.trapezoid(line.y, line.x)) * 3.6e9
    assert joules == pytest.approx(result.signals["facility_w"].integral(), rel=2e-3)
    assert np.all(np.diff(line.y) <= 1e-6)
    assert line.x[-1] == 24.0


def test_months_hold_all_heat_and_water(year: FakeResult) -> None:
    drawn = months(year)
    bars = {trace.name: np.asarray(trace.y) for trace in drawn.data}
    assert len(bars["water"]) == 12
    assert bars["water"][6] == pytest.approx(0.1 * 31 * 86.4)
    assert bars["water"].sum() == pytest.approx(bars["water"][6])
    assert bars["reused"].sum() == pytest.approx(4.0 * 8760)
    assert bars["coolers"].sum() == pytest.approx(6.0 * 8760)
    assert list(drawn.data[0].x[:2]) == ["Jan", "Feb"]


def test_a_short_window_is_told_by_the_day(result: FakeResult) -> None:
    drawn = months(result)
    assert list(drawn.data[-1].x) == [f"{result.start:%d %b}"]


def test_the_course_by_the_degree_lies_among_the_hours(result: FakeResult) -> None:
    hours, course = pue_air(result).data
    assert np.min(hours.y) <= np.min(course.y)
    assert np.max(course.y) <= np.max(hours.y)
    assert len(hours.y) == 24


def test_cheap_hours_are_told(result: FakeResult) -> None:
    price = result.signals["price_eur_j"].mean(3600.0)
    cheap = price.map(lambda value: np.where(value < np.median(value), 9e6, 1e6), "W")
    alt = market_load(replace(result, signals=result.signals | {"grid_w": cheap})).layout.meta["alt"]
    met, mean = float(alt.split(" EUR/MWh")[0].split()[-1]), float(alt.split("hour has ")[1].split()[0])
    assert met < mean - 5
    flat = Signal([0.0, 86400.0], [1e6], "W")
    alt = market_load(replace(result, signals=result.signals | {"grid_w": flat})).layout.meta["alt"]
    assert float(alt.split(" EUR/MWh")[0].split()[-1]) == pytest.approx(
        float(alt.split("hour has ")[1].split()[0])
    )
