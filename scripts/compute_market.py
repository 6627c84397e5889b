"""Compute the statistics of a power market that the catalogue ships, from measured files that it does not
ship.

Usage: python scripts/compute_market.py DATA_FOLDER

DATA_FOLDER holds ``facility/grid`` (German market of 2025) and ``facility/weather`` (cities, for the link
between the weather of a place and that of a country). The result goes to
``src/exatwin/catalogue/data/grids``.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path

import numpy as np
from climate_fit import Fit, Series, covariances, describe, fit_variable, write
from compute_climate import clear_share

from exatwin.facility.calendar import berlin, hour
from exatwin.facility.climate import hours_of
from exatwin.facility.sun import clear_sky_w_m2
from exatwin.facility.weather_files import read_columns

TARGET = Path(__file__).parents[1] / "src/exatwin/catalogue/data/grids"
ORDER = ["wind", "sun", "price", "carbon"]
J_PER_MWH = 3.6e9
SOURCE = (
    "SMARD of the Bundesnetzagentur, Germany 2025, hourly (CC BY 4.0); carbon: life cycle, IPCC 2011",
    "https://github.com/ove1998/power-market-sim/tree/c41c49c2",
)
CITIES = {"brussels_uccle": (50.80, 4.36, 0), "amsterdam": (52.37, 4.90, 1), "prague": (50.08, 14.44, 0)}


def german_market(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of the hourly file as arrays, NaN where empty."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    times = np.array([text.rstrip("Z") for text in columns["time_utc"]], "datetime64[h]")
    found: dict[str, np.ndarray] = {"hours": times}
    for name, texts in columns.items():
        if name != "time_utc":
            found[name] = np.array([float(text) if text else np.nan for text in texts])
    return found


def links(folder: Path) -> dict[str, tuple[float, str]]:
    """Return how a city's wind and sun go with the mean of two others, a stand-in for those of a country."""
    normal: dict[str, list[np.ndarray]] = {"wind": [], "sun": []}
    for city, (latitude, longitude, zone_h) in CITIES.items():
        hours = hours_of(2019)
        given = read_columns(folder / f"eu_{city}_nsrdb15min_2019.csv.gz").typical_year(hours)
        given = {name: np.roll(row, -zone_h) for name, row in given.items()}
        share = clear_share(hours, given["sun"], latitude, longitude)
        data = Series(hours, hours, {"wind": given["wind"], "sun": share})
        for name, rows in normal.items():
            rows.append(fit_variable(data, name, linear=False, weekly=False)[1])
    note = "Brussels against the mean of Amsterdam and Prague, as no year has both weather and market"
    found = {}
    for name, (local, *others) in normal.items():
        pair = np.stack([local, np.mean(others, axis=0)])
        c = covariances(pair, np.ones(pair.shape[1]))[0]
        found[f"{name}_link"] = (float(c[0, 1] / np.sqrt(c[0, 0] * c[1, 1])), note)
    return found


def together(price: np.ndarray, carbon: np.ndarray, clock: np.ndarray) -> dict[str, float]:
    """Return what price and carbon intensity show together."""
    noon = (hour(clock) >= 12) & (hour(clock) < 15)
    evening = (hour(clock) >= 18) & (hour(clock) < 21)
    return {
        "correlation": float(np.corrcoef(price, carbon)[0, 1]),
        "negative_h": float((price < 0).sum()),
        "negative_noon_frac": float(
            (price[(hour(clock) >= 10) & (hour(clock) < 17)] < 0).sum() / (price < 0).sum()
        ),
        "noon_over_evening_frac": float(price[noon].mean() / price[evening].mean()),
    }


def main() -> None:
    """Fit the German market and write its file."""
    folder = Path(sys.argv[1]) / "facility"
    given = german_market(folder / "grid" / "de_smard_2025_hourly.csv.gz")
    clock = berlin(given["hours"])
    price = given["price_DE_LU_eur_mwh"] / J_PER_MWH
    carbon = given["ci_prod_lifecycle_g_kwh"] / J_PER_MWH
    sun = given["gen_solar_mw"]
    seen = clear_sky_w_m2(given["hours"], 51.0, 10.0)
    values = {
        "wind": given["gen_wind_onshore_mw"] + given["gen_wind_offshore_mw"],
        "sun": np.where(seen > 40, sun / np.maximum(seen, 1), np.nan), "price": price, "carbon": carbon,
    }  # fmt: skip
    data = Series(given["hours"], clock, values)
    fit = Fit.of(data, ORDER, linear=(), weekly=("price", "carbon"), hidden=("wind", "sun"))
    measured = {"price": describe(price), "carbon": describe(carbon)}
    measured["market"] = together(price, carbon, clock)
    write(
        TARGET / "de.toml", "de", "Germany, day-ahead market and production in 2025", fit, measured,
        source=SOURCE, clock="Europe/Berlin", units={"price": "EUR/J", "carbon": "kgCO2e/J"},
        links=links(folder / "weather"),
    )  # fmt: skip
    print(TARGET / "de.toml")


if __name__ == "__main__":
    main()
