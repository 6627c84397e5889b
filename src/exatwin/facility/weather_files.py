"""Readers of weather files that people bring: EPW, PVGIS, test reference years of the DWD, NSRDB, CSV."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exatwin.facility.calendar import Times
from exatwin.facility.hourly import Columns
from exatwin.facility.table_files import (
    Field,
    build_times,
    integers,
    nominal_year,
    numbers,
    read_lines,
    split_rows,
)
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, TraceError, nearest

_HPA, _PERCENT, _ZERO_C = 100.0, 0.01, 273.15


def _air(header: str, *missing: str) -> Field:
    return Field(header, "air", -90.0, 60.0, shift=_ZERO_C, missing=missing)


def _humidity(header: str, *missing: str) -> Field:
    return Field(header, "humidity", 0.0, 105.0, scale=_PERCENT, missing=missing)


def _pressure(header: str, scale: float, *missing: str) -> Field:
    return Field(header, "pressure", 40_000 / scale, 110_000 / scale, scale=scale, missing=missing)


def _sun(header: str, *missing: str, name: str = "sun") -> Field:
    return Field(header, name, -20.0, 1700.0, missing=missing)


def _wind(header: str, *missing: str) -> Field:
    return Field(header, "wind", 0.0, 110.0, missing=missing)


PLAIN = (
    _air("air_degC"), _humidity("humidity_pct"),
    _pressure("pressure_hPa", _HPA), _pressure("pressure_Pa", 1.0),
    _sun("sun_W_m2"), _wind("wind_m_s"), Field("wet_bulb_degC", "wet_bulb", -90.0, 60.0, shift=_ZERO_C),
)  # fmt: skip
_EPW = {6: _air("dry bulb", "99.9"), 8: _humidity("relative humidity", "999", "999."),
        9: _pressure("pressure", 1.0, "999999", "999999."), 13: _sun("global horizontal", "9999", "9999."),
        21: _wind("wind speed", "999", "999.")}  # fmt: skip
_PVGIS = (_air("T2m"), _humidity("RH"), _sun("G(h)"), _wind("WS10m"), _pressure("SP", 1.0))
_TRY = (_air("t_air_c"), _humidity("rh_pct"), _pressure("p_hpa", _HPA), _wind("wind_ms"),
        _sun("dir_hor_wm2", name="beam"), _sun("dif_hor_wm2", name="diffuse"))  # fmt: skip
_TRY_RAW = (_air("t"), _humidity("RF"), _pressure("p", _HPA), _wind("WG"), _sun("B", name="beam"),
            _sun("D", name="diffuse"))  # fmt: skip
_DWD = (_air("temperature"), _pressure("pressure", _HPA), _sun("global_irradiance"), _wind("wind_speed"))
_NSRDB = (_air("Temperature"), _humidity("Relative Humidity"), _pressure("Pressure", _HPA), _sun("GHI"),
          _wind("Wind Speed"))  # fmt: skip
_MEZ_H = 1  # the DWD's test reference years keep central European winter time all year


def read_columns(path: str | Path) -> Columns:
    """Return what the weather file at `path` holds; its format is told by its first lines.

    Parameters
    ----------
    path
        EPW, PVGIS TMY (csv), test reference year of the DWD (its ``.dat`` or a CSV of its columns), the DWD's
        10- or 15-minute values and NSRDB as CSV, or a CSV with ``time_utc`` and any of ``air_degC``,
        ``humidity_pct``, ``pressure_hPa``, ``sun_W_m2``, ``wind_m_s``; plain or gzip.

    Raises
    ------
    SpecError
        There is no such file, or it is of no known format.
    TraceError
        A line can't be used; the message names it.
    """
    lines = read_lines(path)
    name = str(path)
    for recognises, reader in _FORMATS:
        at = recognises(lines)
        if at is not None:
            return reader(name, lines, at)
    shown = lines[0].strip()[:50]
    raise SpecError(
        f"{name}, line 1: '{shown}' begins no known weather file, "
        "expected EPW, PVGIS, DWD TRY, NSRDB or CSV with time_utc"
    )


def _header(*wanted: str) -> Callable[[list[str]], int | None]:
    """Return a function that finds the first of the leading lines whose cells hold all that is `wanted`."""

    def find(lines: list[str]) -> int | None:
        for number, line in enumerate(lines[:80]):
            if set(wanted) <= {cell.strip() for cell in line.split(",")}:
                return number
        return None

    return find


def _starts(text: str) -> Callable[[list[str]], int | None]:
    return lambda lines: 0 if lines[0].startswith(text) else None


def _stars(lines: list[str]) -> int | None:
    return next((number for number, line in enumerate(lines[:80]) if line.strip() == "***"), None)


@dataclass(frozen=True)
class _Table:
    """Rows below a header, column by column."""

    path: str
    names: list[str]
    rows: list[list[str]]
    numbers: Int64

    @classmethod
    def of(cls, path: str, lines: list[str], header: int, first: int, separator: str | None = ",") -> _Table:
        """Return the rows from the line `first` on (counted from 0) under the cells of the line `header`."""
        names = [cell.strip() for cell in lines[header].split(separator)]
        return cls(path, names, *split_rows(path, lines[first:], first + 1, len(names), separator))

    def texts(self, header: str) -> list[str]:
        at = self.names.index(header)
        return [row[at] for row in self.rows]

    def whole(self, header: str, low: int, high: int) -> Int64:
        return integers(self.path, self.texts(header), self.numbers, header, low, high)

    def columns(self, form: str, times: Times, fields: tuple[Field, ...], typical: bool) -> Columns:
        values = {
            field.name: numbers(self.path, self.texts(field.header), self.numbers, field)
            for field in fields
            if field.header in self.names
        }
        if "beam" in values:
            values["sun"] = values.pop("beam") + values.pop("diffuse")
        return finish(Columns(self.path, form, times, values, typical))

    def need(self, *headers: str) -> None:
        for header in headers:
            if header not in self.names:
                hint = nearest(header, self.names)
                raise SpecError(f"{self.path}: the column '{header}' is missing, {hint}")


def finish(columns: Columns) -> Columns:
    """Return the columns with humidity at most 1 and irradiance at least 0: sensors stray a little."""
    if "air" not in columns.values:
        raise SpecError(f"{columns.path}: there is no column of air temperature")
    if "humidity" in columns.values:
        columns.values["humidity"] = np.minimum(columns.values["humidity"], 1.0)
    if "sun" in columns.values:
        columns.values["sun"] = np.maximum(columns.values["sun"], 0.0)
    return columns


def _epw(path: str, lines: list[str], at: int) -> Columns:
    """Hours 1 to 24 in the standard time of the header; 29 February and any year possible."""
    location = lines[0].split(",")
    zone = _zone_s(path, location[8] if len(location) > 8 else "", 1)
    begin = next((n for n, line in enumerate(lines) if line.startswith("DATA PERIODS")), None)
    if begin is None:
        raise TraceError(f"{path}: the line 'DATA PERIODS' is missing")
    rows, found = split_rows(path, lines[begin + 1 :], begin + 2, 22)
    limits = (("year", 1800, 2200), ("month", 1, 12), ("day", 1, 31), ("hour", 1, 24))
    y, m, d, h = (
        integers(path, [row[i] for row in rows], found, name, low, high)
        for i, (name, low, high) in enumerate(limits)
    )
    dated = len(np.unique(y)) == 1
    local = build_times(path, found, (y if dated else nominal_year(m, d), m, d, h - 1, 0 * h))
    values = {f.name: numbers(path, [row[i] for row in rows], found, f) for i, f in _EPW.items()}
    return finish(Columns(path, "EPW", local - zone, values, typical=not dated))


def _pvgis(path: str, lines: list[str], at: int) -> Columns:
    """Hours of UTC, each month from another year; a footer explains the columns."""
    end = next((n for n in range(at + 1, len(lines)) if not lines[n].strip()), len(lines))
    table = _Table.of(path, lines[:end], at, at + 1)
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


def _try_csv(path: str, lines: list[str], at: int) -> Columns:
    table = _Table.of(path, lines, at, at + 1)
    return _try(table, ("month", "day", "hour_mez"), _TRY)


def _try_raw(path: str, lines: list[str], at: int) -> Columns:
    header = next(
        (n for n, line in enumerate(lines[:at]) if {"MM", "DD", "HH", "t"} <= set(line.split())), None
    )
    if header is None:
        raise TraceError(f"{path}: no line above '***' names the columns MM DD HH t")
    return _try(_Table.of(path, lines, header, at + 1, None), ("MM", "DD", "HH"), _TRY_RAW)


def _try(table: _Table, time: tuple[str, str, str], fields: tuple[Field, ...]) -> Columns:
    """Hour 1 is the first of the day in winter time."""
    table.need(*time, *(field.header for field in fields))
    m, d = table.whole(time[0], 1, 12), table.whole(time[1], 1, 31)
    h = table.whole(time[2], 1, 24)
    local = build_times(table.path, table.numbers, (nominal_year(m, d), m, d, h - 1, 0 * h))
    return table.columns("DWD test reference year", local - np.timedelta64(_MEZ_H, "h"), fields, typical=True)


def _dwd(path: str, lines: list[str], at: int) -> Columns:
    return _dated(_Table.of(path, lines, at, at + 1), "DWD", str.lower, _DWD, np.timedelta64(0, "s"))


def _nsrdb(path: str, lines: list[str], at: int) -> Columns:
    """The original has two lines above the header; the first pair names the time zone of the rows."""
    about = dict(zip(lines[0].split(","), lines[1].split(","), strict=False)) if at >= 2 else {}
    zone = _zone_s(path, about.get("Time Zone", about.get("Local Time Zone", "0")), 2)
    return _dated(
        _Table.of(path, lines, at, at + 1),
        "NSRDB" if about else "NSRDB (taken as UTC)",
        str.capitalize,
        _NSRDB,
        zone,
    )


def _dated(
    table: _Table, form: str, spell: Callable[[str], str], fields: tuple[Field, ...], zone: np.timedelta64
) -> Columns:
    limits = {"year": (1800, 2200), "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59)}
    table.need(*(spell(name) for name in limits), fields[0].header)
    parts = [table.whole(spell(name), *limit) for name, limit in limits.items()]
    times = build_times(table.path, table.numbers, parts) - zone
    return table.columns(form, times, fields, typical=False)


def _zone_s(path: str, text: str, line: int) -> np.timedelta64:
    """Return by how much a file's clock is ahead of UTC, from a number of hours."""
    hours = numbers(path, [text], np.array([line]), Field("time zone", "", -12, 14))[0]
    if np.isnan(hours):
        raise TraceError(f"{path}, line {line}: the time zone is missing")
    return np.timedelta64(round(float(hours) * 3600), "s")


def _plain(path: str, lines: list[str], at: int) -> Columns:
    known = [field.header for field in PLAIN]
    names = [cell.strip() for cell in lines[at].split(",")]
    for name in names:
        if name not in known and name != "time_utc":
            raise SpecError(f"{path}, line {at + 1}: unknown column '{name}', {nearest(name, known)}")
    if "air_degC" not in names:
        raise SpecError(f"{path}: the column 'air_degC' is missing")
    table = _Table.of(path, lines, at, at + 1)
    times = utc_times(path, table.texts("time_utc"), table.numbers)
    return table.columns("CSV", times, PLAIN, typical=False)


def utc_times(path: str, texts: list[str], lines: Int64) -> Times:
    """Return times from ISO 8601 text in UTC, with or without a final ``Z``.

    Raises
    ------
    TraceError
        A text is no time.
    """
    cleaned = [re.sub(r"(Z|\+00:?00)$", "", text.strip()) for text in texts]
    for at, text in enumerate(cleaned):
        if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.0*)?)?)?)?", text):
            raise TraceError(
                f"{path}, line {lines[at]}: '{texts[at].strip()[:40]}' is no time such as 2025-01-01T00:00Z"
            )
    try:
        return np.array(cleaned, "datetime64[s]")
    except ValueError:
        at = next(i for i, text in enumerate(cleaned) if not _exists(text))
        raise TraceError(f"{path}, line {lines[at]}: there is no time '{texts[at].strip()[:40]}'") from None


def _exists(text: str) -> bool:
    try:
        np.datetime64(text, "s")
    except ValueError:
        return False
    return True


_FORMATS: tuple[tuple[Callable[[list[str]], int | None], Callable[[str, list[str], int], Columns]], ...] = (
    (_starts("LOCATION,"), _epw),
    (_header("time(UTC)"), _pvgis),
    (_stars, _try_raw),
    (_header("month", "day", "hour_mez"), _try_csv),
    (_header("year", "minute", "temperature"), _dwd),
    (_header("Year", "Minute", "GHI"), _nsrdb),
    (_header("time_utc"), _plain),
)
