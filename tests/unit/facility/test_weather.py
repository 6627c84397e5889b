"""The synthetic weather: any window, any start, and the statistics that it promises."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.climate import CHANGES, load_climate
from exatwin.catalogue.load import data_folder, names
from exatwin.facility.climate import anomalies, hours_of, noise
from exatwin.facility.weather import NOISE, Weather, synthetic_weather
from exatwin.foundation.errors import CatalogueError, SpecError
from exatwin.foundation.signal import Signal

DAY_S = 86400.0
YEAR = datetime(2025, 1, 1)


def signals(weather: Weather) -> dict[str, Signal]:
    found = {f.name: getattr(weather, f.name) for f in fields(weather)}
    return {name: value for name, value in found.items() if isinstance(value, Signal)}


def test_a_window_is_covered_hour_by_hour() -> None:
    weather = synthetic_weather("juelich", datetime(2025, 7, 1), 7 * DAY_S, start_s=-DAY_S)
    for signal in signals(weather).values():
        assert (signal.start_s, signal.end_s) == (-DAY_S, 7 * DAY_S)
        assert len(signal) == 8 * 24
    assert "synthetic" in weather.source
    assert "seed 0" in weather.source


def test_an_hour_has_the_same_weather_in_any_window() -> None:
    whole = synthetic_weather("juelich", YEAR, 800 * DAY_S)
    start = YEAR + timedelta(days=360, hours=5)
    part = synthetic_weather("juelich", start, 10 * DAY_S, start_s=-2 * DAY_S)
    shift = 360 * DAY_S + 5 * 3600
    for name, signal in signals(part).items():
        np.testing.assert_array_equal(signal.values, signals(whole)[name].at(signal.edges_s[:-1] + shift))


def test_a_window_may_start_between_hours() -> None:
    weather = synthetic_weather("juelich", datetime(2025, 5, 1, 0, 20), 3600.0)
    assert weather.air_k.edges_s.tolist() == [0.0, 2400.0, 3600.0]


def test_a_seed_is_another_order_of_events_in_the_same_climate() -> None:
    first, again, other = (synthetic_weather("juelich", YEAR, 365 * DAY_S, seed).air_k for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.values, again.values)
    assert np.corrcoef(first.values, other.values)[0, 1] < 0.95
    assert abs(first.mean() - other.mean()) < 0.1


def test_years_differ_and_leap_years_are_whole() -> None:
    first = synthetic_weather("juelich", datetime(2027, 1, 1), 365 * DAY_S)
    leap = synthetic_weather("juelich", datetime(2028, 1, 1), 366 * DAY_S)
    assert len(leap.air_k) == 8784
    assert not np.array_equal(first.air_k.values, leap.air_k.values[:8760])


def test_new_year_has_no_jump() -> None:
    changes = [
        np.abs(np.diff(synthetic_weather("juelich", datetime(year, 12, 31, 12), DAY_S).air_k.values))
        for year in range(2018, 2030)
    ]
    assert np.stack(changes)[:, 11].mean() < 1.5 * np.stack(changes).mean()


def test_climates_of_one_seed_share_their_days() -> None:
    now = synthetic_weather("region-5", YEAR, 365 * DAY_S).air_k.values
    later = synthetic_weather("juelich-2045", YEAR, 365 * DAY_S).air_k.values
    assert np.corrcoef(now, later)[0, 1] > 0.85
    assert 0.5 < (later - now).mean() < 2.5


@pytest.mark.parametrize("name", names("weather"))
def test_every_climate_is_physical_and_keeps_its_means(name: str) -> None:
    weather = synthetic_weather(name, YEAR, 365 * DAY_S)
    measured = load_climate(name).measured
    assert abs(weather.air_k.mean() - measured["air"]["mean"]) < 0.15
    assert abs(weather.air_k.values.std() / measured["air"]["std"] - 1) < 0.06
    assert abs(weather.sun_w_m2.mean() / measured["sun"]["mean"] - 1) < 0.07
    assert abs(weather.wind_m_s.mean() / measured["wind"]["mean"] - 1) < 0.05
    assert (weather.wet_bulb_k.values <= weather.air_k.values).all()
    assert weather.humidity_frac.min() > 0.02
    assert weather.humidity_frac.max() <= 1.0
    assert weather.sun_w_m2.min() == 0.0
    assert weather.sun_w_m2.max() < 1250.0
    assert weather.wind_m_s.min() >= 0.0
    assert 60_000 < weather.pressure_pa.min() < weather.pressure_pa.max() < 110_000


# What is promised of Jülich, over ten seeds: (quantity, figure, tolerance, whether it is a share).
PROMISED = [
    ("air", "mean", 0.1, False),
    ("air", "std", 0.03, True),
    ("air", "p1", 1.0, False),
    ("air", "p50", 0.6, False),
    ("air", "p99", 1.0, False),
    ("air", "lag1h", 0.006, False),
    ("air", "lag24h", 0.02, False),
    ("humidity", "mean", 0.01, False),
    ("humidity", "std", 0.012, False),
    ("humidity", "p5", 0.03, False),
    ("humidity", "p95", 0.03, False),
    ("humidity", "lag1h", 0.01, False),
    ("humidity", "lag24h", 0.05, False),
    ("wet_bulb", "mean", 0.1, False),
    ("wet_bulb", "std", 0.02, True),
    ("wet_bulb", "p99", 0.8, False),
    ("wet_bulb", "lag24h", 0.02, False),
    ("sun", "mean", 0.03, True),
    ("sun", "std", 0.03, True),
    ("sun", "p95", 0.04, True),
    ("sun", "lag24h", 0.02, False),
    ("wind", "mean", 0.02, True),
    ("wind", "p95", 0.05, True),
    ("wind", "lag1h", 0.03, False),
    ("wind", "lag24h", 0.08, False),
    ("pressure", "mean", 30.0, False),
    ("pressure", "std", 0.08, True),
    ("pressure", "lag24h", 0.06, False),
]


def figures(values: np.ndarray) -> dict[str, float]:
    found = {"mean": values.mean(), "std": values.std()}
    found |= {f"p{q}": np.percentile(values, q) for q in (1, 5, 50, 95, 99)}
    return found | {f"lag{k}h": np.corrcoef(values[:-k], values[k:])[0, 1] for k in (1, 24)}


@pytest.fixture(scope="module")
def drawn() -> dict[str, dict[str, float]]:
    """Return the mean over ten seeds of each figure of each quantity."""
    years = [synthetic_weather("juelich", YEAR, 365 * DAY_S, seed) for seed in range(10)]
    rows = {name.split("_")[0] if name != "wet_bulb_k" else "wet_bulb": name for name in signals(years[0])}
    return {
        short: {
            key: float(np.mean([figures(getattr(year, name).values)[key] for year in years]))
            for key in figures(np.arange(100.0))
        }
        for short, name in rows.items()
    }


@pytest.mark.parametrize(("quantity", "figure", "tolerance", "share"), PROMISED)
def test_juelich_has_the_statistics_of_its_source(
    drawn: dict[str, dict[str, float]], quantity: str, figure: str, tolerance: float, share: bool
) -> None:
    target = load_climate("juelich").measured[quantity][figure]
    gap = drawn[quantity][figure] - target
    assert abs(gap / target if share else gap) < tolerance, f"{drawn[quantity][figure]:.4g} for {target:.4g}"


@pytest.mark.parametrize("name", ["juelich", "juelich-hot-summer", "juelich-2045", "paris", "rome", "oslo"])
def test_free_cooling_hours_are_those_of_the_source(name: str) -> None:
    measured = load_climate(name).measured["free_cooling_dry_h"]
    years = [synthetic_weather(name, YEAR, 365 * DAY_S, seed).air_k.values for seed in range(5)]
    for key, expected in measured.items():
        supply_k = float(key[1:]) + 273.15
        found = np.mean([(air + 10 <= supply_k).sum() for air in years])
        assert abs(found - expected) < 120, f"{name} at {key}: {found:.0f} for {expected:.0f} h"


def test_monthly_means_of_each_year_are_those_of_the_climate() -> None:
    climate = load_climate("juelich")
    months = hours_of(2025).astype("datetime64[M]").astype(int) % 12
    expected = np.array(climate.variables["air"].mean).mean(axis=1)
    for seed in range(4):
        air = synthetic_weather("juelich", YEAR, 365 * DAY_S, seed).air_k.values
        found = np.bincount(months, air) / np.bincount(months)
        assert np.abs(found - expected).max() < 0.4


def test_anomalies_are_standard_and_lose_their_monthly_mean() -> None:
    climate = load_climate("juelich")
    drawn = np.concatenate([anomalies(climate, 2025, noise(climate, s, NOISE)) for s in range(4)], axis=1)
    assert np.abs(drawn.mean(axis=1)).max() < 0.01
    assert np.abs(drawn.std(axis=1) - 1).max() < 0.06


def test_stand_ins_are_named() -> None:
    assert "juelich" in synthetic_weather("paris", YEAR, DAY_S).source
    assert load_climate("rome").stand_ins() == ["dew of piedmont"]


def test_an_unknown_place_is_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'juelich'"):
        synthetic_weather("jülich", YEAR, DAY_S)


@pytest.mark.parametrize(
    ("start", "end_s", "why"),
    [
        (YEAR, 0.0, "must end after"),
        (YEAR, float("nan"), "must end"),
        (YEAR, 1e300, "window"),
        (YEAR, 1e12, "window"),
        (datetime(9999, 6, 1), 400 * DAY_S, "years between"),
    ],
)
def test_an_impossible_window_is_refused(start: datetime, end_s: float, why: str) -> None:
    with pytest.raises(SpecError, match=why):
        synthetic_weather("juelich", start, end_s)


def test_statistics_of_a_market_are_no_weather() -> None:
    with pytest.raises(SpecError, match="are no weather"):
        synthetic_weather(str(data_folder() / "grids" / "de.toml"), YEAR, DAY_S)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("persistence_h = { value = [2,", "persistence_h = { value = [2, 2,", "shape|equally long"),
        ('order = ["wind", "sun", "air",', 'order = ["wind", "sun", "heat",', "lacks the variable 'air'"),
        ('clock = "UTC"', 'clock = "Mars"', "clock"),
        (
            'latitude = { value = "50.91 deg", source = "PLACE"',
            'latitude = { value = "50.91 deg", source = "X"',
            "unknown source",
        ),
        ("[[0.", "[[-9.", "positive definite"),
    ],
)
def test_a_broken_file_of_statistics_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    text = (data_folder() / "weather" / "juelich.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError, match=why):
        synthetic_weather(str(path), YEAR, DAY_S)


@pytest.mark.parametrize("ending", CHANGES)
def test_every_place_has_every_climate(ending: str) -> None:
    now = synthetic_weather("oslo", YEAR, 365 * DAY_S)
    then = synthetic_weather(f"oslo{ending}", YEAR, 365 * DAY_S)
    moved = then.air_k.values.mean() - now.air_k.values.mean()
    target = (
        load_climate(CHANGES[ending]).measured["air"]["mean"]
        - load_climate("region-5").measured["air"]["mean"]
    )
    assert moved == pytest.approx(target, abs=0.05)
    assert f"shifted month by month as {CHANGES[ending]} differs from region-5" in then.source
    np.testing.assert_array_equal(now.wind_m_s.values, then.wind_m_s.values)


def test_the_change_put_on_its_own_climate_gives_the_other() -> None:
    """Region 5 with the change of region 5 is the statistics of its future but for the hours of the day."""
    moved, own = (load_climate(name).variables["air"] for name in ("region-5-2045", "juelich-2045"))
    for field in ("mean", "spread"):
        tables = (np.array(getattr(each, field)).mean(axis=1) for each in (moved, own))
        np.testing.assert_allclose(*tables, rtol=2e-3)


def test_a_climate_on_file_is_not_made_up() -> None:
    assert load_climate("juelich-2045").change == ""
    with pytest.raises(CatalogueError, match="unknown weather 'oslo-2050'"):
        load_climate("oslo-2050")
    with pytest.raises(CatalogueError, match="unknown weather 'olso-2045'"):
        load_climate("olso-2045")
