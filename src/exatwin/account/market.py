"""The price of electricity and its carbon intensity: a synthetic year, or a file that a person brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from exatwin.account.market_files import read_columns
from exatwin.catalogue.climate import load_grid
from exatwin.facility.climate import generate, linked, noise
from exatwin.facility.hourly import on_hours
from exatwin.facility.weather import NOISE, expected, hours_in, over_years
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

_STAND_IN = "de"  # whose carbon intensity a file without one gets


@dataclass(frozen=True, eq=False)
class Market:
    """What a unit of electricity costs and emits over a window of time, hour by hour.

    Parameters
    ----------
    price_eur_j
        Day-ahead price [EUR/J], negative in hours of plenty.
    carbon_kgco2e_j
        Location-based carbon intensity [kgCO2e/J].
    source
        Where it comes from and what was done to it, for people.
    """

    price_eur_j: Signal
    carbon_kgco2e_j: Signal
    source: str


def synthetic_market(
    name: str, start: datetime, end_s: float, seed: int = 0, *, start_s: float = 0.0
) -> Market:
    """Return the synthetic prices and carbon intensity of a country of the catalogue.

    Parameters
    ----------
    name
        A name of the catalogue (``de``), or the path of a file of statistics.
    start
        The instant of time 0, in UTC.
    end_s
        End of the window [s].
    seed
        Which order of events; with the seed of the weather, wind and sun at the site are felt in the market
        as far as the weather of a place goes with that of its country.
    start_s
        Begin of the window [s], negative for a time before `start`.

    Raises
    ------
    CatalogueError
        There is no such country, or its file is malformed.
    SpecError
        The window is empty or the statistics lack a variable.

    Notes
    -----
    An hour of the calendar has the same price in whatever window it is asked for. Weekends are those of the
    calendar; public holidays are not known.

    Examples
    --------
    >>> week = synthetic_market("de", datetime(2025, 7, 1), 7 * 86400.0)
    >>> len(week.price_eur_j)
    168
    """
    hours, edges = hours_in(start, start_s, end_s)
    values = over_years(hours, lambda y: _year(name, seed, y))
    title = load_grid(name).title
    return _assemble(edges, values, f"synthetic year from the statistics of {title}, seed {seed}")


def read_market(
    path: str | Path, start: datetime, end_s: float, *, start_s: float = 0.0, max_gap_h: int = 0
) -> Market:
    """Return the prices and the carbon intensity of a file, hour by hour.

    Parameters
    ----------
    path
        A file as :func:`exatwin.account.market_files.read_columns` knows it.
    start
        The instant of time 0, in UTC.
    end_s
        End of the window [s].
    start_s
        Begin of the window [s].
    max_gap_h
        Longest gap that may be bridged by a straight line [h].

    Returns
    -------
    market
        A file that covers the window is taken as it is dated, a whole year of another date by month, day and
        hour. Where a file has no carbon intensity, `source` says what stands for it.

    Raises
    ------
    SpecError
        There is no such file, it is of no known format, or the window is empty.
    TraceError
        The file has a gap, an impossible value, or doesn't cover the window.
    """
    hours, edges = hours_in(start, start_s, end_s)
    columns = read_columns(path)
    values, notes = on_hours(columns, hours, max_gap_h)
    if "price" not in values:
        raise SpecError(f"{path}: the column of prices is empty")
    if "carbon" not in values:
        values["carbon"] = expected(load_grid(_STAND_IN), "carbon", "price", values["price"], hours)
        notes.append(f"carbon intensity: as expected at that price in '{_STAND_IN}'")
    return _assemble(edges, values, "; ".join([f"{columns.form} file {Path(path).name}", *notes]))


@lru_cache(maxsize=8)
def _year(name: str, seed: int, year: int) -> dict[str, Float64]:
    grid = load_grid(name)
    lacking = {"price", "carbon"} - set(grid.variables)
    if lacking:
        raise SpecError(f"the statistics '{name}' are no market: they lack {', '.join(sorted(lacking))}")
    links = {"wind": grid.wind_link, "sun": grid.sun_link}
    draw = linked(noise(grid, seed, "market"), noise(grid, seed, NOISE), links)
    values = generate(grid, year, draw)
    for row in values.values():
        row.flags.writeable = False
    return values


def _assemble(edges: Float64, values: dict[str, Float64], source: str) -> Market:
    return Market(
        price_eur_j=Signal(edges, values["price"], "EUR/J"),
        carbon_kgco2e_j=Signal(edges, values["carbon"], "kgCO2e/J"),
        source=source,
    )
