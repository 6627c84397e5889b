"""Weather files that people bring: which format a file has, and the plain one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exatwin.facility import weather_formats as formats
from exatwin.facility.hourly import Columns
from exatwin.facility.table_files import Field, read_lines, utc_times
from exatwin.facility.weather_table import HPA, ZERO_C, Table, air, humidity, pressure, sun, wind
from exatwin.foundation.errors import SpecError, nearest

PLAIN = (
    air("air_degC"), humidity("humidity_pct"),
    pressure("pressure_hPa", HPA), pressure("pressure_Pa", 1.0),
    sun("sun_W_m2"), wind("wind_m_s"), Field("wet_bulb_degC", "wet_bulb", -90.0, 60.0, shift=ZERO_C),
)  # fmt: skip
_CLOCKS = ("time_utc", "time")


def read_columns(path: str | Path) -> Columns:
    """Return what the weather file at `path` holds; its format is told by its first lines.

    Parameters
    ----------
    path
        EPW, TMY3, PVGIS TMY (csv), test reference year of the DWD (its ``.dat`` or a CSV of its columns), the
        DWD's 10- or 15-minute values and NSRDB as CSV, or a CSV with ``air_degC`` and perhaps
        ``humidity_pct``, ``pressure_hPa``, ``sun_W_m2``, ``wind_m_s`` at ``time_utc``, or at ``time`` with an
        offset such as ``+01:00``; plain or gzip.

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
        "expected EPW, TMY3, PVGIS, DWD TRY, NSRDB or CSV with time_utc"
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


def _plain(path: str, lines: list[str], at: int) -> Columns:
    known = [field.header for field in PLAIN]
    names = [cell.strip() for cell in lines[at].split(",")]
    for name in names:
        if name not in known and name not in _CLOCKS:
            raise SpecError(f"{path}, line {at + 1}: unknown column '{name}', {nearest(name, known)}")
    if "air_degC" not in names:
        raise SpecError(f"{path}: the column 'air_degC' is missing")
    table = Table.of(path, lines, at, at + 1)
    clock = next(name for name in _CLOCKS if name in names)
    times = utc_times(path, table.texts(clock), table.numbers, zoned=clock == "time")
    return table.columns("CSV", times, PLAIN, typical=False)


_FORMATS: tuple[tuple[Callable[[list[str]], int | None], Callable[[str, list[str], int], Columns]], ...] = (
    (_starts("LOCATION,"), formats.epw),
    (_header("time(UTC)"), formats.pvgis),
    (_stars, formats.try_raw),
    (_header("month", "day", "hour_mez"), formats.try_csv),
    (_header("year", "minute", "temperature"), formats.dwd),
    (_header("Year", "Minute", "GHI"), formats.nsrdb),
    (_header("Date (MM/DD/YYYY)", "Time (HH:MM)"), formats.tmy3),
    (_header("time_utc"), _plain),
    (_header("time", "air_degC"), _plain),
)
