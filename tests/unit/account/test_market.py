"""Prices and carbon intensity: the synthetic year and the files that people bring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from exatwin.account.market import Market, read_market, synthetic_market
from exatwin.account.market_files import from_berlin, read_columns
from exatwin.catalogue.climate import load_grid
from exatwin.catalogue.load import data_folder
from exatwin.facility.calendar import berlin, day_kind, hour
from exatwin.facility.climate import hours_of
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.errors import CatalogueError, ExatwinError, SpecError, TraceError

DAY_S = 86400.0
J_PER_MWH = 3.6e9
YEAR = datetime(2025, 1, 1)
CLOCK = berlin(hours_of(2025))


@pytest.fixture(scope="module")
def years() -> list[Market]:
    return [synthetic_market("de", YEAR, 365 * DAY_S, seed) for seed in range(10)]


def mean_of(years: list[Market], figure: object) -> float:
    return float(np.mean([figure(y.price_eur_j.values, y.carbon_kgco2e_j.values) for y in years]))  # type: ignore[operator]


def lag(values: np.ndarray, hours: int) -> float:
    return float(np.corrcoef(values[:-hours], values[hours:])[0, 1])


def test_the_price_has_the_statistics_of_2025(years: list[Market]) -> None:
    target = load_grid("de").measured["price"]
    assert mean_of(years, lambda p, c: p.mean()) == pytest.approx(target["mean"], rel=0.01)
    assert mean_of(years, lambda p, c: p.std()) == pytest.approx(target["std"], rel=0.03)
    for q, tolerance in ((5, 2.0), (50, 2.0), (95, 5.0), (99, 15.0)):
        found = mean_of(years, lambda p, c, q=q: np.percentile(p, q))
        assert abs(found - target[f"p{q}"]) * J_PER_MWH < tolerance
    assert mean_of(years, lambda p, c: lag(p, 1)) == pytest.approx(target["lag1h"], abs=0.02)
    assert mean_of(years, lambda p, c: lag(p, 24)) == pytest.approx(target["lag24h"], abs=0.03)


def test_the_carbon_intensity_has_the_statistics_of_2025(years: list[Market]) -> None:
    target = load_grid("de").measured["carbon"]
    assert mean_of(years, lambda p, c: c.mean()) == pytest.approx(target["mean"], rel=0.01)
    assert mean_of(years, lambda p, c: c.std()) == pytest.approx(target["std"], rel=0.03)
    for q in (1, 5, 50, 95, 99):
        found = mean_of(years, lambda p, c, q=q: np.percentile(c, q))
        assert found == pytest.approx(target[f"p{q}"], rel=0.04)
    assert mean_of(years, lambda p, c: lag(c, 1)) == pytest.approx(target["lag1h"], abs=0.02)
    assert mean_of(years, lambda p, c: lag(c, 24)) == pytest.approx(target["lag24h"], abs=0.05)


def test_price_and_carbon_go_together_and_dip_at_noon(years: list[Market]) -> None:
    target = load_grid("de").measured["market"]
    assert mean_of(years, lambda p, c: np.corrcoef(p, c)[0, 1]) == pytest.approx(
        target["correlation"], abs=0.03
    )
    assert mean_of(years, lambda p, c: (p < 0).sum()) == pytest.approx(target["negative_h"], rel=0.1)
    sunny = (hour(CLOCK) >= 10) & (hour(CLOCK) < 17)
    share = mean_of(years, lambda p, c: (p[sunny] < 0).sum() / (p < 0).sum())
    assert share == pytest.approx(target["negative_noon_frac"], abs=0.06)
    noon, evening = ((hour(CLOCK) >= a) & (hour(CLOCK) < a + 3) for a in (12, 18))
    dip = mean_of(years, lambda p, c: p[noon].mean() / p[evening].mean())
    assert dip == pytest.approx(target["noon_over_evening_frac"], abs=0.04)


def test_weekends_are_cheaper(years: list[Market]) -> None:
    kind = day_kind(CLOCK)
    assert mean_of(years, lambda p, c: p[kind == 0].mean() - p[kind == 2].mean()) * J_PER_MWH > 15


def test_wind_and_sun_at_the_site_are_felt_in_the_market(years: list[Market]) -> None:
    for seed, market in enumerate(years[:3]):
        weather = synthetic_weather("juelich", YEAR, 365 * DAY_S, seed)
        other = synthetic_weather("juelich", YEAR, 365 * DAY_S, seed + 100)
        for signal in (market.price_eur_j, market.carbon_kgco2e_j):
            assert np.corrcoef(signal.values, weather.wind_m_s.values)[0, 1] < -0.12
            assert np.corrcoef(signal.values, weather.sun_w_m2.values)[0, 1] < -0.35
        felt = np.corrcoef(market.carbon_kgco2e_j.values, weather.wind_m_s.values)[0, 1]
        assert felt < np.corrcoef(market.carbon_kgco2e_j.values, other.wind_m_s.values)[0, 1] - 0.1


def test_an_hour_has_the_same_price_in_any_window(years: list[Market]) -> None:
    part = synthetic_market("de", datetime(2025, 12, 31), 2 * DAY_S, 3, start_s=-DAY_S)
    assert len(part.price_eur_j) == 72
    np.testing.assert_array_equal(part.price_eur_j.values[:48], years[3].price_eur_j.values[-48:])


def test_an_unknown_grid_is_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="unknown grid 'dee': did you mean 'de'"):
        synthetic_market("dee", YEAR, DAY_S)
    with pytest.raises(SpecError, match="are no market"):
        synthetic_market(str(data_folder() / "weather" / "juelich.toml"), YEAR, DAY_S)


def smard(path: Path, start: datetime, count: int, minutes: int = 60, english: bool = False) -> Path:
    """Write an export with prices that tell the hour of UTC."""
    local = [str(t) for t in berlin(np.datetime64(start, "s") + 60 * minutes * np.arange(count))]
    home = "Germany/Luxembourg [€/MWh]" if english else "Deutschland/Luxemburg [€/MWh]"
    rows = [
        f"Start date;End date;{home} Original resolutions"
        if english
        else f"Datum von;Datum bis;{home} Originalauflösungen;Belgien [€/MWh] Originalauflösungen"
    ]
    for n, text in enumerate(local):
        at = datetime.fromisoformat(text)
        price = 1000 + n * minutes // 60
        if english:
            stamp = f"{at:%b} {at.day}, {at.year} {(at.hour + 11) % 12 + 1}:{at:%M %p}"
            rows.append(f"{stamp};{stamp};{price:,}.50")
        else:
            shown = f"{price:,}".replace(",", ".") + ",50"
            rows.append(f"{at:%d.%m.%Y %H:%M};{at:%d.%m.%Y %H:%M};{shown};-")
    path.write_text("\n".join(rows), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("english", [False, True])
@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize(
    "day", [datetime(2025, 3, 29, 23), datetime(2025, 10, 25, 22), datetime(2025, 7, 1, 22)]
)
def test_exports_of_smard_are_turned_from_the_time_of_berlin(
    tmp_path: Path, day: datetime, minutes: int, english: bool
) -> None:
    path = smard(tmp_path / "s.csv", day, 48 * 60 // minutes, minutes, english)
    market = read_market(path, day, 2 * DAY_S)
    np.testing.assert_allclose(market.price_eur_j.values * J_PER_MWH, 1000.5 + np.arange(48))
    assert market.source == "SMARD file s.csv; carbon intensity: as expected at that price in 'de'"


def test_the_clocks_of_berlin_are_turned_back_and_forth() -> None:
    times = np.datetime64("2025-01-01T00", "s") + 900 * np.arange(365 * 96)
    np.testing.assert_array_equal(from_berlin("x", berlin(times), np.arange(len(times))), times)


def test_an_hour_that_clocks_skip_or_that_stands_thrice_is_refused(tmp_path: Path) -> None:
    head = "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen"
    path = tmp_path / "s.csv"
    path.write_text(f"{head}\n30.03.2025 02:00;x;5,0\n", encoding="utf-8")
    with pytest.raises(TraceError, match=r"line 2: 2025-03-30T02:00:00 does not exist"):
        read_columns(path)
    path.write_text(f"{head}\n01.07.2025 02:00;x;5,0\n01.07.2025 02:00;x;5,0\n", encoding="utf-8")
    with pytest.raises(TraceError, match=r"line 3: 2025-07-01T02:00:00 stands twice"):
        read_columns(path)


def test_plain_csv_gives_price_and_carbon(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    rows = [f"{YEAR + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{h - 5},{100 + h}" for h in range(24)]
    path.write_text("\n".join(["time_utc,price_eur_mwh,carbon_g_kwh", *rows]), encoding="utf-8")
    market = read_market(path, YEAR.replace(tzinfo=UTC), DAY_S)
    np.testing.assert_allclose(market.price_eur_j.values * J_PER_MWH, np.arange(24) - 5)
    np.testing.assert_allclose(market.carbon_kgco2e_j.values * J_PER_MWH, 100 + np.arange(24))


def test_carbon_that_stands_in_follows_the_price(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    rows = [f"{YEAR + timedelta(hours=h):%Y-%m-%dT%H:%M},{20 if h < 24 else 160}" for h in range(48)]
    path.write_text("\n".join(["time_utc,price_eur_mwh", *rows]), encoding="utf-8")
    carbon = read_market(path, YEAR, 2 * DAY_S).carbon_kgco2e_j.values * J_PER_MWH
    assert carbon[:24].mean() + 100 < carbon[24:].mean()


@pytest.mark.parametrize(
    ("content", "error", "why"),
    [
        ("hello;world\n1;2\n", SpecError, "no known market file"),
        ("time_utc,prise\n2025-01-01,5\n", SpecError, "'price_eur_mwh' is missing"),
        ("Datum von;Datum bis;Braunkohle [MWh]\n", SpecError, "no column 'Deutschland/Luxemburg [€/MWh]'"),
        (
            "Datum von;b;Deutschland/Luxemburg [€/MWh]\n32.01.2025 00:00;x;5,0\n",
            TraceError,
            "line 2: '32.01.2025 00:00'",
        ),
        (
            "Datum von;b;Deutschland/Luxemburg [€/MWh]\n01.01.2025 00:00;x;2.16\n",
            TraceError,
            "line 2: '2.16'",
        ),
        (
            "Datum von;b;Deutschland/Luxemburg [€/MWh]\n01.01.2025 00:00;x;1e300\n",
            TraceError,
            "line 2: 1e300",
        ),
        (
            "Start date;b;Germany/Luxembourg [€/MWh]\nJun 31, 2025 12:00 AM;x;5\n",
            TraceError,
            "line 2: 'Jun 31",
        ),
        ("time_utc,price_eur_mwh\n2025-01-01T00:00Z,\n", SpecError, "column of prices is empty"),
    ],
)
def test_a_bad_market_file_is_answered_in_one_line(
    tmp_path: Path, content: str, error: type[ExatwinError], why: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error) as caught:
        read_market(path, YEAR, 3600.0)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
