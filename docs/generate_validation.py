"""Tables of the validation page: node power laws, and synthetic years."""

from __future__ import annotations

import csv
import math
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from generate import makes, table

from exatwin.account.market import synthetic_market
from exatwin.catalogue.climate import load_climate, load_grid
from exatwin.facility.weather import synthetic_weather

DATA = Path(__file__).resolve().parents[1] / "tests" / "validation" / "data"
FAMILIES = {
    "gh200": "GH200",
    "mi250x": "MI250X",
    "mi300a": "MI300A",
    "a100": "A100",
    "h100": "H100",
    "pvc": "Data Center GPU Max",
    "a64fx": "A64FX",
    "cpu-2socket": "two-socket processors",
}
Row = dict[str, str]


def rows(family: str) -> list[Row]:
    """Return the machines of a family with their errors."""
    with (DATA / f"node_power_{family}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def fitted(family: str) -> list[Row]:
    """Return the machines that the law of a family was fitted on."""
    return [row for row in rows(family) if row["role"] == "fitted"]


def root_mean_square(found: list[Row], key: str) -> float:
    """Return the root mean square of an error."""
    return math.sqrt(sum(float(row[key]) ** 2 for row in found) / len(found))


HALL = DATA.parents[2] / "src/exatwin/catalogue/data/calibration"


def _hall(name: str) -> list[Row]:
    """Return a table that the calibration of the hall of Dresden wrote."""
    with (HALL / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@makes("zih-hall")
def zih_hall() -> str:
    """The parameters of the hall of Dresden."""
    names = ("parameter", "value", "low", "high", "unit", "correlated_with", "correlation")
    lines = ([row[name] for name in names] for row in _hall("zih-hall"))
    return table(("parameter", "value", "low", "high", "unit", "correlated with", "correlation"), lines)


@makes("zih-hall-limits")
def zih_hall_limits() -> str:
    """What the month does not tell of the hall of Dresden."""
    names = ("what", "value", "low", "high", "unit", "note")
    return table(names, ([row[name] for name in names] for row in _hall("zih-hall-limits")))


@makes("zih-hall-errors")
def zih_hall_errors() -> str:
    """The errors of the hall of Dresden."""
    lines = []
    for row in _hall("zih-hall-errors"):
        shown = (f"{100 * float(row[key]):.1f} %" for key in ("cv_rmse", "median"))
        goal = f"{100 * float(row['goal']):.0f} %" if row["goal"] else ""
        bias = f"{100 * float(row['nmbe']):+.1f} %"
        lines.append((row["test"], row["quantity"], row["rows"], *shown, bias, goal))
    return table(("test", "quantity", "rows", "CV(RMSE)", "median", "NMBE", "goal"), lines)


@makes("node-power")
def node_power() -> str:
    """The errors of all families."""
    lines = []
    for family, title in FAMILIES.items():
        found = fitted(family)
        inside, outside = (root_mean_square(found, f"{how}_error_frac") for how in ("fitted", "left_out"))
        worst = max(abs(float(row["left_out_error_frac"])) for row in found)
        shown = (f"{100 * error:.1f} %" for error in (inside, outside, worst))
        lines.append((title, str(len(found)), *shown))
    return table(("family", "machines", "fitted", "left out, RMS", "left out, worst"), lines)


@makes("node-power-gh200")
def node_power_gh200() -> str:
    """The GH200 machines one by one."""
    lines = (
        (
            row["machine"],
            row["edition"],
            row["listed_w"],
            row["left_out_w"],
            f"{100 * float(row['left_out_error_frac']):+.1f} %",
            row["note"] if row["role"] != "fitted" else "",
        )
        for row in rows("gh200")
    )
    return table(("machine", "list", "listed", "left out", "error", "why it is not in the fit"), lines)


# --- synthetic years ---

YEAR, LENGTH_S, SEEDS = datetime(2025, 1, 1), 365 * 86400.0, 10
ZERO_C_K, MWH_J = 273.15, 3.6e9
SUPPLIES = ("s20", "s25", "s30", "s36")
Figures = dict[str, float]


def figures(values: Any) -> Figures:
    """Return what the statistics say of a quantity, for the hours of a year."""
    found = {"mean": float(values.mean()), "std": float(values.std())}
    found |= {f"p{q}": float(np.percentile(values, q)) for q in (1, 5, 95, 99)}
    return found | {f"lag{k}h": float(np.corrcoef(values[:-k], values[k:])[0, 1]) for k in (1, 24)}


def averaged(found: list[Figures]) -> Figures:
    """Return the mean of each figure over several years."""
    return {key: float(np.mean([one[key] for one in found])) for key in found[0]}


@cache
def weather() -> tuple[dict[str, Figures], dict[str, Figures]]:
    """Return the figures of Jülich by quantity: measured, and over ten synthetic years."""
    measured = load_climate("juelich").measured
    years = [synthetic_weather("juelich", YEAR, LENGTH_S, seed) for seed in range(SEEDS)]
    names = {
        "air": "air_k",
        "wet_bulb": "wet_bulb_k",
        "humidity": "humidity_frac",
        "sun": "sun_w_m2",
        "wind": "wind_m_s",
    }
    drawn = {
        name: averaged([figures(getattr(year, field).values) for year in years])
        for name, field in names.items()
    }
    hours = [{key: _free_h(year, key) for key in measured["free_cooling_dry_h"]} for year in years]
    return measured, drawn | {"free_cooling_dry_h": averaged(hours)}


def _free_h(year: Any, key: str) -> float:
    """Return the hours in which dry coolers with an approach of 10 K reach a supply such as ``s36`` [°C]."""
    return float((year.air_k.values + 10.0 <= float(key[1:]) + ZERO_C_K).sum())


@makes("starts")
def starts() -> str:
    """Forecasts of starts beside recorded ones, a constant guess beside them."""
    found = ({k: v if k == "log" else float(v) for k, v in row.items()} for row in _hall("forecast-scores"))
    head = (
        "log", "jobs", "bands", "held", "mean width", "median width", "interval score",
        "error of P50, median", "mean",
    )  # fmt: skip
    who = {
        "": "ours",
        "hindsight_": "guess: P10 to P90 of all waits",
        "past_": "guess: P10 to P90 of the waits by then",
        "narrowest_": "guess: the shortest that holds as many",
        "alone_": "ours, nobody before who asks for no more",
        "behind_": "ours, somebody before",
    }
    lines = []
    for row in found:
        for key, words in who.items():
            off = {"": "error", "hindsight_": "guess_error"}.get(key)
            first = (str(row["log"]), f"{row['jobs']:,.0f}") if not key else ("", "")
            jobs = f", {row[f'{key}jobs']:,.0f} jobs" if f"{key}jobs" in row and key else ""
            widths = (f"{key}{name}_s" for name in ("mean_width", "median_width", "interval"))
            errors = (_span(row[f"{off}_{name}_s"]) if off else "" for name in ("median", "mean"))
            held = f"{row[f'{key}held_frac']:.1%}"
            lines.append((*first, words + jobs, held, *(_span(row[each]) for each in widths), *errors))
    return table(head, lines)


def _span(seconds: Any) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds:,.0f} s"


@cache
def market() -> tuple[dict[str, Figures], dict[str, Figures]]:
    """Return the figures of Germany in 2025: measured, and over ten synthetic years."""
    years = [synthetic_market("de", YEAR, LENGTH_S, seed) for seed in range(SEEDS)]
    pairs = [(year.price_eur_j.values, year.carbon_kgco2e_j.values) for year in years]
    both = [
        {"correlation": float(np.corrcoef(price, carbon)[0, 1]), "negative_h": float((price < 0).sum())}
        for price, carbon in pairs
    ]
    drawn = {
        "price": averaged([figures(price) for price, _ in pairs]),
        "carbon": averaged([figures(carbon) for _, carbon in pairs]),
        "market": averaged(both),
    }
    return load_grid("de").measured, drawn


@makes("weather")
def weather_table() -> str:
    """Jülich, measured and synthetic."""
    celsius, plain = (lambda k: f"{k - ZERO_C_K:.1f}"), (lambda x: f"{x:.3f}")
    one, whole = (lambda x: f"{x:.2f}"), (lambda x: f"{x:,.0f}")
    lines = [
        ("air, mean, P1, P99 [°C]", "air", ("mean", "p1", "p99"), celsius),
        ("air, standard deviation [K]", "air", ("std",), one),
        ("air, correlation after 1 h, 24 h", "air", ("lag1h", "lag24h"), plain),
        ("wet bulb, mean, P99 [°C]", "wet_bulb", ("mean", "p99"), celsius),
        ("humidity, mean, standard deviation", "humidity", ("mean", "std"), plain),
        ("sun, mean, P95 [W/m²]", "sun", ("mean", "p95"), whole),
        ("wind, mean, P95 [m/s]", "wind", ("mean", "p95"), one),
        ("hours with air + 10 K ≤ 20, 25, 30, 36 °C", "free_cooling_dry_h", SUPPLIES, whole),
    ]  # fmt: skip
    return _beside(("Jülich", "measured", "synthetic"), lines, weather())


@makes("market")
def market_table() -> str:
    """Germany in 2025, measured and synthetic."""
    price, carbon = (lambda x: f"{x * MWH_J:.1f}"), (lambda x: f"{x * MWH_J:.0f}")
    plain, whole = (lambda x: f"{x:.3f}"), (lambda x: f"{x:,.0f}")
    lines = [
        ("price, mean, standard deviation [EUR/MWh]", "price", ("mean", "std"), price),
        ("price, P5, P95, P99 [EUR/MWh]", "price", ("p5", "p95", "p99"), price),
        ("price, correlation after 1 h, 24 h", "price", ("lag1h", "lag24h"), plain),
        ("hours of negative prices", "market", ("negative_h",), whole),
        ("carbon, mean, standard deviation [kg/MWh]", "carbon", ("mean", "std"), carbon),
        ("correlation of price and carbon", "market", ("correlation",), plain),
    ]
    return _beside(("Germany, 2025", "measured", "synthetic"), lines, market())


def _beside(head: tuple[str, ...], lines: list[Any], both: tuple[Any, Any]) -> str:
    """Return a table of figures, each measured and synthetic."""
    rows = (
        (title, *(", ".join(show(side[name][key]) for key in keys) for side in both))
        for title, name, keys, show in lines
    )
    return table(head, rows)
