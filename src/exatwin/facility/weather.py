"""The weather at a site: a synthetic year drawn from statistics, or a file that a person brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from exatwin.catalogue.climate import Climate, Variable, load_climate
from exatwin.facility.calendar import Times, window, year
from exatwin.facility.climate import clock_times, generate, hours_of, mean_score, noise, spread_score, warmth
from exatwin.facility.hourly import Columns, on_hours
from exatwin.facility.psychrometrics import saturation_pressure_pa, wet_bulb_k
from exatwin.facility.sun import clear_sky_w_m2
from exatwin.facility.weather_files import read_columns
from exatwin.facility.weather_table import noon_late_h
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

NOISE = "weather"  # name of the random streams; the market listens to them
_LONGEST_S = 200 * 366 * 86400.0
_NOON_H = 0.75  # half an hour is the difference between beginning and middle of a row
_STAND_IN = "juelich"  # whose humidity and pressure a file without them gets


@dataclass(frozen=True, eq=False)
class Weather:
    """The air at a site over a window of time, hour by hour.

    Parameters
    ----------
    air_k
        Dry-bulb temperature [K].
    wet_bulb_k
        Thermodynamic wet-bulb temperature [K].
    humidity_frac
        Relative humidity.
    pressure_pa
        Air pressure [Pa].
    sun_w_m2
        Irradiance on a horizontal plane [W/m2].
    wind_m_s
        Wind speed [m/s].
    source
        Where it comes from and what was done to it, for people.
    """

    air_k: Signal
    wet_bulb_k: Signal
    humidity_frac: Signal
    pressure_pa: Signal
    sun_w_m2: Signal
    wind_m_s: Signal
    source: str


def synthetic_weather(
    name: str, start: datetime, end_s: float, seed: int = 0, *, start_s: float = 0.0
) -> Weather:
    """Return the synthetic weather of a place of the catalogue.

    Parameters
    ----------
    name
        A name of the catalogue (``juelich``), or the path of a file of statistics.
    start
        The instant of time 0, in UTC.
    end_s
        End of the window [s].
    seed
        Which order of events; the climate is the same for all.
    start_s
        Begin of the window [s], negative for a time before `start`.

    Raises
    ------
    CatalogueError
        There is no such place, or its file is malformed.
    SpecError
        The window is empty or the statistics lack a variable.

    Notes
    -----
    An hour of the calendar has the same weather in whatever window it is asked for. Places drawn with one
    seed share their noise, so that two climates can be compared hour by hour.

    Examples
    --------
    >>> week = synthetic_weather("juelich", datetime(2025, 7, 1), 7 * 86400.0)
    >>> len(week.air_k)
    168
    """
    climate = load_climate(name)
    hours, edges = hours_in(start, start_s, end_s)
    values = over_years(hours, lambda y: _year(name, seed, y))
    remarks = [f"synthetic year from the statistics of {climate.title}, seed {seed}", *climate.stand_ins()]
    return _assemble(edges, values, "; ".join(remarks))


def read_weather(
    path: str | Path,
    start: datetime,
    end_s: float,
    *,
    start_s: float = 0.0,
    max_gap_h: int = 0,
    longitude_deg: float | None = None,
) -> Weather:
    """Return the weather of a file, hour by hour.

    Parameters
    ----------
    path
        A file as :func:`exatwin.facility.weather_files.read_columns` knows it.
    start
        The instant of time 0, in UTC.
    end_s
        End of the window [s].
    start_s
        Begin of the window [s].
    max_gap_h
        Longest gap that may be bridged by a straight line [h].
    longitude_deg
        Where the weather is used, east positive [deg]: `source` says so where the file's noon does not fit.

    Returns
    -------
    weather
        A file that covers the window is taken as it is dated; a typical year, or a whole year of another
        date, by month, day and hour. Where a file lacks a quantity, `source` says what stands for it.

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
    if "air" not in values:
        raise SpecError(f"{path}: the column of air temperature is empty")
    notes += _complete(values, hours)
    notes += [] if longitude_deg is None else _noon(columns, longitude_deg)
    return _assemble(edges, values, "; ".join([f"{columns.form} file {Path(path).name}", *notes]))


def _noon(columns: Columns, longitude_deg: float) -> list[str]:
    """Return what is said of a file whose sun stands highest at another time than the place's."""
    late = noon_late_h(columns, longitude_deg)
    if late is None or abs(late) < _NOON_H:
        return []
    when = "after" if late > 0 else "before"
    return [
        f"its sun stands highest {abs(late):.1f} h {when} noon at {longitude_deg:g}° E: "
        "from another place, or its time is not UTC"
    ]


def hours_in(start: datetime, start_s: float, end_s: float) -> tuple[Times, Float64]:
    """Return the hours that a window touches, and their edges [s].

    Raises
    ------
    SpecError
        The window is empty, not finite, or outside the years 2 to 9997.
    """
    try:
        if abs(start_s) + abs(end_s) > _LONGEST_S:
            raise ValueError(f"expected at most 200 years around the start, found {start_s:g} to {end_s:g} s")
        hours, edges = window(start, start_s, end_s)
        first, last = (int(year(hours[[i]])[0]) for i in (0, -1))
        if first < 2 or last > 9997:
            raise ValueError(f"expected years between 2 and 9997, found {first} to {last}")
    except (ValueError, OverflowError) as error:
        raise SpecError(f"the window of the weather: {error}") from None
    return hours, edges


def over_years(hours: Times, of_year: Callable[[int], dict[str, Float64]]) -> dict[str, Float64]:
    """Return the values at `hours` from a function that gives whole calendar years."""
    found: dict[str, list[Float64]] = {}
    years = year(hours)
    for y in range(int(years[0]), int(years[-1]) + 1):
        mine = hours[years == y]
        first = int((mine[0] - hours_of(y)[0]).astype(np.int64))
        for name, row in of_year(y).items():
            found.setdefault(name, []).append(row[first : first + len(mine)])
    return {name: np.concatenate(parts) for name, parts in found.items()}


@lru_cache(maxsize=8)
def _year(name: str, seed: int, year: int) -> dict[str, Float64]:
    climate = load_climate(name)
    values = generate(climate, year, noise(climate, seed, NOISE))
    missing = {"air", "dew", "pressure", "sun", "wind"} - set(values)
    if missing or climate.latitude_deg is None or climate.longitude_deg is None or not climate.moisture:
        lacking = ", ".join(sorted(missing)) or "latitude, longitude or moisture"
        raise SpecError(f"the statistics '{name}' are no weather: they lack {lacking}")
    values["sun"] = values["sun"] * clear_sky_w_m2(
        hours_of(year), climate.latitude_deg, climate.longitude_deg
    )
    values["humidity"] = _humidity(climate, values.pop("dew"), values["air"])
    values["wet_bulb"] = wet_bulb_k(values["air"], values["humidity"], values["pressure"])
    for row in values.values():
        row.flags.writeable = False
    return values


def _humidity(climate: Climate, dew_k: Float64, air_k: Float64) -> Float64:
    """Return the relative humidity for a dew point that may be drawn above the air's temperature."""
    drawn, humidity = climate.moisture
    return np.interp(saturation_pressure_pa(dew_k) / saturation_pressure_pa(air_k), drawn, humidity)


def _assemble(edges: Float64, values: dict[str, Float64], source: str) -> Weather:
    """Return the weather of hourly values; the wet bulb is computed where it is not given."""
    wet = values.get("wet_bulb")
    if wet is None:
        wet = wet_bulb_k(values["air"], values["humidity"], values["pressure"])
    return Weather(
        air_k=Signal(edges, values["air"], "K"),
        wet_bulb_k=Signal(edges, np.minimum(wet, values["air"]), "K"),
        humidity_frac=Signal(edges, values["humidity"], "1"),
        pressure_pa=Signal(edges, values["pressure"], "Pa"),
        sun_w_m2=Signal(edges, values["sun"], "W/m2"),
        wind_m_s=Signal(edges, values["wind"], "m/s"),
        source=source,
    )


def _complete(values: dict[str, Float64], hours: Times) -> list[str]:
    """Put stand-ins for what a file lacks into `values`; return one sentence for each."""
    notes = []
    climate = load_climate(_STAND_IN)
    if "pressure" not in values:
        values["pressure"] = np.full(len(hours), climate.measured["pressure"]["mean"])
        notes.append(f"pressure: the mean of {_STAND_IN}")
    if "humidity" not in values:
        dew = expected(climate, "dew", "air", values["air"], hours)
        values["humidity"] = _humidity(climate, dew, values["air"])
        notes.append(f"humidity: as expected at that temperature in {_STAND_IN}")
    for name in ("sun", "wind"):
        if name not in values:
            values[name] = np.zeros(len(hours))
            notes.append(f"{name}: not in the file, taken as 0")
    return notes


def expected(climate: Climate, wanted: str, given: str, values: Float64, hours: Times) -> Float64:
    """Return the median of one variable where another is known, by the correlation of the season.

    Parameters
    ----------
    climate
        The statistics.
    wanted, given
        Names of variables.
    values
        What is known, shape (hours,).
    hours
        Beginnings of the hours, UTC.
    """
    first, last = (int(year(hours[[i]])[0]) for i in (0, -1))
    whole = np.concatenate([hours_of(y) for y in range(first, last + 1)])
    at = np.searchsorted(whole, hours)
    clock = clock_times(climate, whole)

    def tables(variable: Variable) -> tuple[Float64, Float64]:
        return mean_score(variable, clock)[at], spread_score(variable, clock)[at]

    known, sought = climate.variables[given], climate.variables[wanted]
    mean, spread = tables(known)
    score = np.interp(values, known.levels, climate.scores) if known.levels else values
    anomaly = (score - mean) / spread
    i, j = climate.order.index(wanted), climate.order.index(given)
    w = warmth(hours)
    cold, warm = (np.array(m).sum(axis=0) for m in (climate.cold, climate.warm))
    slope = (1 - w) * cold[i, j] / cold[j, j] + w * warm[i, j] / warm[j, j]
    mean, spread = tables(sought)
    result: Float64 = mean + spread * slope * anomaly
    return np.interp(result, climate.scores, sought.levels) if sought.levels else result
