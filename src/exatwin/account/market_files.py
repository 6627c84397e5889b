"""Readers of market files that people bring: exports of SMARD, plain CSV."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import numpy as np

from exatwin.facility.calendar import Times, berlin
from exatwin.facility.hourly import Columns
from exatwin.facility.table_files import Field, numbers, read_lines, split_rows, utc_times
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, TraceError, nearest

_PER_MWH = 1 / 3.6e9
_PRICE = (-10_000.0, 100_000.0)
_CARBON = (0.0, 2_000.0)
PLAIN = (
    Field("price_eur_mwh", "price", *_PRICE, scale=_PER_MWH),
    Field("carbon_g_kwh", "carbon", *_CARBON, scale=_PER_MWH),
)
_KNOWN = (
    *PLAIN,
    Field("price_DE_LU_eur_mwh", "price", *_PRICE, scale=_PER_MWH),
    Field("ci_prod_lifecycle_g_kwh", "carbon", *_CARBON, scale=_PER_MWH),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HOME = ("Deutschland/Luxemburg [€/MWh]", "Germany/Luxembourg [€/MWh]")


def read_columns(path: str | Path) -> Columns:
    """Return what the market file at `path` holds; its format is told by its first line.

    Parameters
    ----------
    path
        An export of SMARD (day-ahead prices, German or English, in the time of Berlin, hours or quarters of
        hours), or a CSV with ``time_utc`` and ``price_eur_mwh`` and perhaps ``carbon_g_kwh``; plain or gzip.

    Raises
    ------
    SpecError
        There is no such file, or it is of no known format.
    TraceError
        A line can't be used; the message names it.
    """
    lines = read_lines(path)
    name = str(path)
    if lines[0].split(";")[0].strip() in ("Datum von", "Start date", "Datum"):
        return _smard(name, lines)
    if "time_utc" in [cell.strip() for cell in lines[0].split(",")]:
        return _plain(name, lines)
    raise SpecError(
        f"{name}, line 1: '{lines[0].strip()[:50]}' begins no known market file, expected an export of SMARD "
        "('Datum von;…', 'Start date;…') or CSV with time_utc,price_eur_mwh"
    )


def _plain(path: str, lines: list[str]) -> Columns:
    header = [cell.strip() for cell in lines[0].split(",")]
    rows, found = split_rows(path, lines[1:], 2, len(header))
    values = {
        field.name: numbers(path, [row[header.index(field.header)] for row in rows], found, field)
        for field in _KNOWN
        if field.header in header
    }
    if "price" not in values:
        raise SpecError(f"{path}: the column 'price_eur_mwh' is missing, {nearest('price_eur_mwh', header)}")
    times = utc_times(path, [row[header.index("time_utc")] for row in rows], found)
    return Columns(path, "CSV", times, values)


def _smard(path: str, lines: list[str]) -> Columns:
    """Rows carry the time of Berlin; the hour that the clocks repeat in autumn stands twice."""
    header = [cell.strip() for cell in lines[0].split(";")]
    german = header[0] != "Start date"
    at = next((i for i, cell in enumerate(header) if cell.startswith(_HOME)), None)
    if at is None:
        raise SpecError(
            f"{path}, line 1: no column '{_HOME[not german]}' among {len(header)} columns of SMARD"
        )
    rows, found = split_rows(path, lines[1:], 2, at + 1, ";")
    split = header[1] in ("Anfang", "Start")
    stamps = [f"{row[0].strip()} {row[1].strip()}" if split else row[0].strip() for row in rows]
    clock = np.array([_stamp(path, text, int(n), german) for text, n in zip(stamps, found, strict=True)])
    field = Field(header[at], "price", *_PRICE, scale=_PER_MWH)
    price = numbers(path, [row[at] for row in rows], found, field, "," if german else ".")
    return Columns(path, "SMARD", from_berlin(path, clock.astype("datetime64[s]"), found), {"price": price})


def _stamp(path: str, text: str, line: int, german: bool) -> np.datetime64:
    """Return the time of a cell such as ``01.01.2025 00:00`` or ``Jan 1, 2025 12:00 AM``."""
    pattern = (
        r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d)" if german else r"(\w{3}) (\d+), (\d{4}) (\d+):(\d\d) ([AP])M"
    )
    match = re.fullmatch(pattern, text)
    try:
        if match is None:
            raise ValueError
        if german:
            d, m, y, h, minute = (int(part) for part in match.groups())
        else:
            m = _MONTHS.index(match[1]) + 1
            d, y, minute = int(match[2]), int(match[3]), int(match[5])
            h = int(match[4]) % 12 + (12 if match[6] == "P" else 0)
        return np.datetime64(datetime(y, m, d, h, minute), "s")
    except ValueError:
        form = "01.01.2025 00:00" if german else "Jan 1, 2025 12:00 AM"
        raise TraceError(f"{path}, line {line}: '{text[:40]}' is no time such as {form}") from None


def from_berlin(path: str, clock: Times, lines: Int64) -> Times:
    """Return UTC for what clocks in Berlin show, row after row.

    Raises
    ------
    TraceError
        A time that the clocks skip in spring, or one that stands too often.
    """
    winter, summer = clock - np.timedelta64(1, "h"), clock - np.timedelta64(2, "h")
    is_winter, is_summer = berlin(winter) == clock, berlin(summer) == clock
    skipped = np.flatnonzero(~is_winter & ~is_summer)
    if len(skipped):
        at = int(skipped[0])
        raise TraceError(f"{path}, line {lines[at]}: {clock[at]} does not exist: the clocks go forward then")
    order = np.argsort(clock, kind="stable")
    again = np.zeros(len(clock), bool)
    again[order[1:]] = clock[order[1:]] == clock[order[:-1]]
    repeated = np.flatnonzero(again & ~(is_winter & is_summer))
    if len(repeated):
        at = int(repeated[0])
        raise TraceError(f"{path}, line {lines[at]}: {clock[at]} stands twice")
    result: Times = np.where(is_summer & ~again, summer, winter)
    return result
