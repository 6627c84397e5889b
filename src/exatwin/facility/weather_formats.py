"""Readers of the weather files of others: EPW, PVGIS, TMY3, test reference years of the DWD, NSRDB."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from exatwin.facility.hourly import Columns
from exatwin.facility.table_files import Field, build_times, integers, nominal_year, numbers, split_rows
from exatwin.facility.weather_table import (
    HPA,
    Table,
    air,
    check_noon,
    finish,
    humidity,
    pressure,
    sun,
    wind,
    zone_s,
)
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import TraceError

_EPW = {6: air("dry bulb", "99.9"), 8: humidity("relative humidity", "999", "999."),
        9: pressure("pressure", 1.0, "999999", "999999."), 13: sun("global horizontal", "9999", "9999."),
        21: wind("wind speed", "999", "999.")}  # fmt: skip
_PVGIS = (air("T2m"), humidity("RH"), sun("G(h)"), wind("WS10m"), pressure("SP", 1.0))
_TRY = (air("t_air_c"), humidity("rh_pct"), pressure("p_hpa", HPA), wind("wind_ms"),
        sun("dir_hor_wm2", name="beam"), sun("dif_hor_wm2", name="diffuse"))  # fmt: skip
_TRY_RAW = (air("t"), humidity("RF"), pressure("p", HPA), wind("WG"), sun("B", name="beam"),
            sun("D", name="diffuse"))  # fmt: skip
_DWD = (air("temperature"), pressure("pressure", HPA), sun("global_irradiance"), wind("wind_speed"))
_NSRDB = (air("Temperature"), humidity("Relative Humidity"), pressure("Pressure", HPA), sun("GHI"),
          wind("Wind Speed"))  # fmt: skip
_TMY3 = (air("Dry-bulb (C)", "-9900"), humidity("RHum (%)", "-9900"),
         pressure("Pressure (mbar)", HPA, "-9900"), sun("GHI (W/m^2)", "-9900"),
         wind("Wspd (m/s)", "-9900"))  # fmt: skip
_MEZ_H = 1  # the DWD's test reference years keep central European winter time all year


def epw(path: str, lines: list[str], at: int) -> Columns:
    """Return hours 1 to 24, or parts of them, in the standard time of the header; any year is possible."""
    location = lines[0].split(",")
    zone = zone_s(path, location[8] if len(location) > 8 else "", 1)
    begin = next((n for n, line in enumerate(lines) if line.startswith("DATA PERIODS")), None)
    if begin is None:
        raise TraceError(f"{path}: the line 'DATA PERIODS' is missing")
    rows, found = split_rows(path, lines[begin + 1 :], begin + 2, 22)
    limits = (("year", 1800, 2200), ("month", 1, 12), ("day", 1, 31), ("hour", 1, 24), ("minute", 0, 60))
    y, m, d, h, minute = (
        integers(path, [row[i] for row in rows], found, name, low, high)
        for i, (name, low, high) in enumerate(limits)
    )
    dated = len(np.unique(y)) == 1
    parts = len(np.unique(minute))
    # minutes say the end of a row's interval, 60 being the full hour; some writers count from 0
    minute = 0 * h if parts == 1 else minute - (60 // parts if minute.max() == 60 else 0)
    local = build_times(path, found, (y if dated else nominal_year(m, d), m, d, h - 1, minute))
    values = {f.name: numbers(path, [row[i] for row in rows], found, f) for i, f in _EPW.items()}
    read = finish(Columns(path, "EPW", local - zone, values, typical=not dated))
    return check_noon(read, location[7], 1)


def tmy3(path: str, lines: list[str], at: int) -> Columns:
    """Return the hours 01:00 to 24:00 of a typical year of NREL, in the standard time of the first line."""
    about = lines[0].split(",")
    zone = zone_s(path, about[-4] if at and len(about) >= 4 else "", 1)
    table = Table.of(path, lines, at, at + 1)
    table.need(_TMY3[0].header)
    stamps = [" ".join(row[:2]) for row in table.rows]
    wrong = next(
        (i for i, each in enumerate(stamps) if not re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:00", each)), None
    )
    if wrong is not None:
        raise TraceError(f"{path}, line {table.numbers[wrong]}: '{stamps[wrong][:40]}' is no hour of TMY3")
    limits = {"month": (0, 2, 1, 12), "day": (3, 5, 1, 31), "hour": (11, 13, 1, 24)}
    m, d, h = (
        integers(path, [each[a:b] for each in stamps], table.numbers, name, low, high)
        for name, (a, b, low, high) in limits.items()
    )
    local = build_times(path, table.numbers, (nominal_year(m, d), m, d, h - 1, 0 * h))
    return check_noon(table.columns("TMY3", local - zone, _TMY3, typical=True), about[-2], 1)


def pvgis(path: str, lines: list[str], at: int) -> Columns:
    """Return hours of UTC, each month from another year; a footer explains the columns."""
    end = next((n for n in range(at + 1, len(lines)) if not lines[n].strip()), len(lines))
    table = Table.of(path, lines[:end], at, at + 1)
    table.need("T2m")
    stamps = [text.strip() for text in table.texts("time(UTC)")]
    short = next((i for i, text in enumerate(stamps) if not re.fullmatch(r"\d{8}:\d{4}", text)), None)
    if short is not None:
        raise TraceError(
            f"{path}, line {table.numbers[short]}: '{stamps[short]}' is no time such as 20180101:0000"
        )
    parts = {"month": (4, 6, 1, 12), "day": (6, 8, 1, 31), "hour": (9, 11, 0, 23)}
    m, d, h = (
        integers(path, [s[a:b] for s in stamps], table.numbers, name, low, high)
        for name, (a, b, low, high) in parts.items()
    )
    times = build_times(path, table.numbers, (nominal_year(m, d), m, d, h, 0 * h))
    return table.columns("PVGIS typical year", times, _PVGIS, typical=True)


def try_csv(path: str, lines: list[str], at: int) -> Columns:
    """Return a test reference year whose columns were renamed in a CSV."""
    table = Table.of(path, lines, at, at + 1)
    return _try(table, ("month", "day", "hour_mez"), _TRY)


def try_raw(path: str, lines: list[str], at: int) -> Columns:
    """Return a test reference year as the DWD hands it out: columns above ``***``, white space between."""
    header = next(
        (n for n, line in enumerate(lines[:at]) if {"MM", "DD", "HH", "t"} <= set(line.split())), None
    )
    if header is None:
        raise TraceError(f"{path}: no line above '***' names the columns MM DD HH t")
    return _try(Table.of(path, lines, header, at + 1, None), ("MM", "DD", "HH"), _TRY_RAW)


def _try(table: Table, time: tuple[str, str, str], fields: tuple[Field, ...]) -> Columns:
    """Hour 1 is the first of the day in winter time."""
    table.need(*time, *(field.header for field in fields))
    m, d = table.whole(time[0], 1, 12), table.whole(time[1], 1, 31)
    h = table.whole(time[2], 1, 24)
    local = build_times(table.path, table.numbers, (nominal_year(m, d), m, d, h - 1, 0 * h))
    return table.columns("DWD test reference year", local - np.timedelta64(_MEZ_H, "h"), fields, typical=True)


def dwd(path: str, lines: list[str], at: int) -> Columns:
    """Return the 10- or 15-minute values of a station, in UTC."""
    return _dated(Table.of(path, lines, at, at + 1), "DWD", str.lower, _DWD, np.timedelta64(0, "s"))


def nsrdb(path: str, lines: list[str], at: int) -> Columns:
    """Return rows whose original has two lines above the header; they name the time zone of the rows."""
    about = dict(zip(lines[0].split(","), lines[1].split(","), strict=False)) if at >= 2 else {}
    zone = zone_s(path, about.get("Time Zone", about.get("Local Time Zone", "0")), 2)
    form = "NSRDB" if about else "NSRDB (taken as UTC)"
    read = _dated(Table.of(path, lines, at, at + 1), form, str.capitalize, _NSRDB, zone)
    return check_noon(read, about.get("Longitude", ""), 2)


def _dated(
    table: Table, form: str, spell: Callable[[str], str], fields: tuple[Field, ...], zone: np.timedelta64
) -> Columns:
    limits = {"year": (1800, 2200), "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59)}
    table.need(*(spell(name) for name in limits), fields[0].header)
    parts = [table.whole(spell(name), *limit) for name, limit in limits.items()]
    typical = _of_many_years(parts[0], parts[1])
    if typical:
        parts[0] = nominal_year(parts[1], parts[2])
    times = build_times(table.path, table.numbers, parts) - zone
    return table.columns(form, times, fields, typical=typical)


def _of_many_years(years: Int64, months: Int64) -> bool:
    """Return whether each month is from one year, but the twelve do not follow each other."""
    found = np.unique(years * 12 + months)
    return len(found) == 12 and len(np.unique(months)) == 12 and int(found[-1] - found[0]) > 11
