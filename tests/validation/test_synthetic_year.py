"""The synthetic year against the measured files that its statistics come from, and those that they don't."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from exatwin.account.market import read_market, synthetic_market
from exatwin.catalogue.climate import load_climate, load_grid
from exatwin.facility.calendar import Times, berlin, hour, month
from exatwin.facility.climate import hours_of
from exatwin.facility.psychrometrics import wet_bulb_k
from exatwin.facility.weather import Weather, read_weather, synthetic_weather
from exatwin.facility.weather_files import read_columns

pytestmark = pytest.mark.data

DAY_S = 86400.0
YEAR = datetime(2025, 1, 1)
J_PER_MWH = 3.6e9
SUPPLIES_C = (20, 25, 30, 32, 36, 40)
AACHEN = "de_aachen_city_try2015_mean.csv.gz"
HOT = "de_try_zone5_2015_hot_summer.csv.gz"
PIEDMONT = "it_piedmont_45N8E_pvgis_tmy_2005_2023.csv.gz"

# Hours in which the air plus 10 K (dry) or the wet bulb plus 5 K (wet) is no warmer than the supply, counted
# by others from the rows of these files, whole hours rounded down.
FREE_COOLING = {
    (AACHEN, "juelich", "dry"): (4046, 6160, 7927, 8312, 8616, 8734),
    (AACHEN, "juelich", "wet"): (7609, 8718, 8760, 8760, 8760, 8760),
    (HOT, "juelich-hot-summer", "dry"): (3624, 5423, 7218, 7717, 8381, 8677),
    ("de_try_zone5_2045_mean.csv.gz", "juelich-2045", "dry"): (3473, 5407, 7426, 7963, 8513, 8715),
    ("eu_paris_nsrdb15min_2019.csv.gz", "paris", "dry"): (3876, 5944, 7461, 7868, 8443, 8673),
    ("eu_rome_nsrdb15min_2019.csv.gz", "rome", "dry"): (1761, 3896, 5622, 6184, 7356, 8039),
    ("eu_barcelona_nsrdb15min_2019.csv.gz", "barcelona", "dry"): (1603, 4139, 6035, 6678, 8040, 8654),
    ("eu_oslo_nsrdb15min_2019.csv.gz", "oslo", "dry"): (5835, 7338, 8435, 8581, 8740, 8760),
    (PIEDMONT, "piedmont", "dry"): (3304, 4922, 6647, 7363, 8197, 8663),
    (PIEDMONT, "piedmont", "wet"): (6011, 8243, 8760, 8760, 8760, 8760),
}  # fmt: skip
# Climates of the Lower Rhine that the table does not have: the file itself is the measure.
OTHER = {
    "region-5": "de_try_zone5_2015_mean.csv.gz",
    "juelich-cold-winter": "de_try_zone5_2015_cold_winter.csv.gz",
    "juelich-2045-hot-summer": "de_try_zone5_2045_hot_summer.csv.gz",
    "juelich-2045-cold-winter": "de_try_zone5_2045_cold_winter.csv.gz",
    "aachen-orsbach": "de_aachen_orsbach_try2015_mean.csv.gz",
}
MEAN_H, ONE_H = 120, 260
"""How far the mean of five years, and the first of them, may be from the file's hours of free cooling."""


@pytest.fixture(scope="module")
def files(shared_data: Path) -> Path:
    return shared_data / "facility"


def free_h(needed_k: np.ndarray, step_h: float = 1.0) -> np.ndarray:
    return np.array([(needed_k <= c + 273.15 + 1e-9).sum() * step_h for c in SUPPLIES_C])


def counted(weather: Weather, how: str) -> np.ndarray:
    return free_h(weather.air_k.values + 10 if how == "dry" else weather.wet_bulb_k.values + 5)


@pytest.mark.parametrize(("file", "name", "how"), FREE_COOLING)
def test_free_cooling_hours_of_the_table_to_the_hour(files: Path, file: str, name: str, how: str) -> None:
    columns = read_columns(files / "weather" / file)
    step_h = float(np.median(np.diff(columns.times).astype("timedelta64[s]").astype(float))) / 3600.0
    row = columns.values
    needed = row["air"] + 10
    if how == "wet":
        needed = wet_bulb_k(row["air"], row["humidity"], row["pressure"]) + 5
    assert np.floor(free_h(needed, step_h)).tolist() == list(FREE_COOLING[file, name, how])


@pytest.mark.parametrize(("file", "name", "how"), FREE_COOLING)
def test_synthetic_years_have_the_free_cooling_hours_of_the_table(file: str, name: str, how: str) -> None:
    expected = FREE_COOLING[file, name, how]
    drawn = [counted(synthetic_weather(name, YEAR, 365 * DAY_S, seed), how) for seed in range(5)]
    gap = np.mean(drawn, axis=0) - expected
    assert np.abs(gap).max() < MEAN_H, f"{name} {how}: {expected}, synthetic {np.mean(drawn, axis=0)}"
    assert np.abs(drawn[0] - expected).max() < ONE_H


@pytest.mark.parametrize("name", OTHER)
def test_the_other_climates_of_the_lower_rhine(files: Path, name: str) -> None:
    real = read_weather(files / "weather" / OTHER[name], YEAR, 365 * DAY_S)
    drawn = [synthetic_weather(name, YEAR, 365 * DAY_S, seed) for seed in range(5)]
    for how in ("dry", "wet"):
        gap = np.mean([counted(each, how) for each in drawn], axis=0) - counted(real, how)
        assert np.abs(gap).max() < MEAN_H, (how, gap)
    for key, kelvins in (("air_k", (1.6, 0.5, 1.6)), ("wet_bulb_k", (1.6, 0.6, 1.2))):
        mine = np.concatenate([getattr(each, key).values for each in drawn])
        gap = np.percentile(mine, [1, 50, 99]) - np.percentile(getattr(real, key).values, [1, 50, 99])
        assert np.all(np.abs(gap) < kelvins), (key, gap)
    lags = np.mean([[lag(each.air_k.values, hours) for hours in (1, 24)] for each in drawn], axis=0)
    assert lags == pytest.approx([lag(real.air_k.values, hours) for hours in (1, 24)], abs=0.03)


@pytest.mark.parametrize("name", ["juelich", "piedmont", "paris", "barcelona", "juelich-2045"])
def test_warm_spells_last_as_long_as_measured(files: Path, name: str) -> None:
    """Runs of hours that need more than 30 degC water: what a dry cooler has to bear without help."""
    file = next(file for file, place, how in FREE_COOLING if (place, how) == (name, "dry"))
    real = read_weather(files / "weather" / file, YEAR, 365 * DAY_S).air_k.values
    drawn = [synthetic_weather(name, YEAR, 365 * DAY_S, seed).air_k.values for seed in range(8)]
    found = np.array([spells(each > 20 + 273.15) for each in drawn])
    mean, longest = spells(real > 20 + 273.15)
    assert found[:, 0].mean() == pytest.approx(mean, rel=0.35)
    assert found[:, 1].min() / 2.5 < longest < found[:, 1].max() * 2.5


def spells(hot: np.ndarray) -> tuple[float, float]:
    """Return the mean and the largest length of the runs [h]."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], hot.astype(int), [0]))))
    length = edges[1::2] - edges[::2]
    return float(length.mean()), float(length.max())


def by_month(values: np.ndarray, hours: Times) -> np.ndarray:
    return np.bincount(month(hours), values) / np.bincount(month(hours))


def lag(values: np.ndarray, hours: int) -> float:
    return float(np.corrcoef(values[:-hours], values[hours:])[0, 1])


def test_the_months_and_hours_of_juelich(files: Path) -> None:
    hours = hours_of(2025)
    measured = read_weather(files / "weather" / AACHEN, YEAR, 365 * DAY_S)
    drawn = [synthetic_weather("juelich", YEAR, 365 * DAY_S, seed) for seed in range(6)]
    for name, tolerance in (("air_k", 0.3), ("wet_bulb_k", 0.4), ("humidity_frac", 0.03), ("wind_m_s", 0.25)):
        real = getattr(measured, name).values
        found = np.mean([by_month(getattr(w, name).values, hours) for w in drawn], axis=0)
        assert np.abs(found - by_month(real, hours)).max() < tolerance, name
        day = np.mean([np.bincount(hour(hours), getattr(w, name).values) / 365 for w in drawn], axis=0)
        assert np.abs(day - np.bincount(hour(hours), real) / 365).max() < tolerance, name
    real = by_month(measured.sun_w_m2.values, hours)
    found = np.mean([by_month(w.sun_w_m2.values, hours) for w in drawn], axis=0)
    assert np.abs(found / real - 1).max() < 0.12


def test_what_goes_together_in_juelich(files: Path) -> None:
    summer = np.isin(month(hours_of(2025)), (5, 6, 7))
    measured = read_weather(files / "weather" / AACHEN, YEAR, 365 * DAY_S)
    drawn = [synthetic_weather("juelich", YEAR, 365 * DAY_S, seed) for seed in range(6)]

    def together(w: Weather, a: str, b: str) -> float:
        return float(np.corrcoef(getattr(w, a).values[summer], getattr(w, b).values[summer])[0, 1])

    for pair in (("air_k", "humidity_frac"), ("air_k", "sun_w_m2"), ("humidity_frac", "sun_w_m2")):
        assert np.mean([together(w, *pair) for w in drawn]) == pytest.approx(
            together(measured, *pair), abs=0.12
        )


@pytest.mark.parametrize("year", [2021, 2023])
def test_the_synthetic_year_lies_among_years_measured_in_aachen(files: Path, year: int) -> None:
    real = read_weather(
        files / "weather" / f"de_aachen_dwd10min_{year}.csv.gz", YEAR, 365 * DAY_S
    ).air_k.values
    drawn = synthetic_weather("juelich", YEAR, 365 * DAY_S).air_k.values
    typical = load_climate("juelich").measured["air"]
    assert abs(drawn.mean() - typical["mean"]) < abs(real.mean() - typical["mean"])
    assert drawn.std() == pytest.approx(real.std(), rel=0.05)
    assert np.percentile(drawn, [1, 50, 99]) == pytest.approx(np.percentile(real, [1, 50, 99]), abs=3.0)
    assert (lag(drawn, 1), lag(drawn, 24)) == pytest.approx((lag(real, 1), lag(real, 24)), abs=0.04)


def test_the_german_market_of_2025(files: Path) -> None:
    path = files / "grid" / "de_smard_2025_hourly.csv.gz"
    columns = read_market(path, datetime(2024, 12, 31, 23), 365 * DAY_S)
    price, carbon = columns.price_eur_j.values * J_PER_MWH, columns.carbon_kgco2e_j.values * J_PER_MWH
    assert price.mean() == pytest.approx(89.3, abs=0.05)
    assert (price < 0).sum() == 573
    assert (price.min(), price.max()) == pytest.approx((-250.32, 583.40), abs=0.01)
    assert np.corrcoef(price, carbon)[0, 1] == pytest.approx(0.75, abs=0.005)
    target = load_grid("de").measured
    assert price.mean() == pytest.approx(target["price"]["mean"] * J_PER_MWH, rel=1e-3)
    assert carbon.mean() == pytest.approx(target["carbon"]["mean"] * J_PER_MWH, rel=1e-3)
    clock, real_clock = berlin(hours_of(2025)), berlin(np.datetime64("2024-12-31T23", "h") + np.arange(8760))
    drawn = [synthetic_market("de", YEAR, 365 * DAY_S, seed) for seed in range(6)]
    for name, real, tolerances in (
        ("price_eur_j", price, (5.0, 7.0)),
        ("carbon_kgco2e_j", carbon, (15.0, 15.0)),
    ):
        rows = [getattr(market, name).values * J_PER_MWH for market in drawn]
        months = np.mean([by_month(row, clock) for row in rows], axis=0)
        hours = np.mean([np.bincount(hour(clock), row) / np.bincount(hour(clock)) for row in rows], axis=0)
        real_hours = np.bincount(hour(real_clock), real) / np.bincount(hour(real_clock))
        assert np.abs(months - by_month(real, real_clock)).max() < tolerances[0], name
        assert np.abs(hours - real_hours).max() < tolerances[1], name
    found = [(m.price_eur_j.values * J_PER_MWH, m.carbon_kgco2e_j.values * J_PER_MWH) for m in drawn]
    negative = np.mean([(p < 0).sum() for p, _ in found])
    together = np.mean([np.corrcoef(p, c)[0, 1] for p, c in found])
    assert negative == pytest.approx(573, rel=0.1)
    assert together == pytest.approx(0.749, abs=0.03)


def test_the_wet_bulb_of_another_program(files: Path) -> None:
    psychrolib = pytest.importorskip("psychrolib")
    psychrolib.SetUnitSystem(psychrolib.SI)
    weather = read_weather(files / "weather" / AACHEN, YEAR, 365 * DAY_S)
    pick = slice(0, 8760, 13)
    theirs = np.array(
        [
            psychrolib.GetTWetBulbFromRelHum(t - 273.15, h, p)
            for t, h, p in zip(
                weather.air_k.values[pick],
                weather.humidity_frac.values[pick],
                weather.pressure_pa.values[pick],
                strict=True,
            )
        ]
    )
    away = np.abs(theirs) > 1.0  # near freezing both water and ice have a solution
    assert np.abs(weather.wet_bulb_k.values[pick] - 273.15 - theirs)[away].max() < 0.02


def test_every_weather_file_is_read(files: Path) -> None:
    found = sorted((files / "weather").glob("*.csv.gz"))
    assert len(found) == 21
    for path in found:
        columns = read_columns(path)
        assert np.isfinite(columns.values["air"]).all(), path.name
        assert len(columns.times) >= 8760
