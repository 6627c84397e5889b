"""Text files of measured series: columns with times put on the hours of a window, with nothing invented."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exatwin.facility.calendar import Times, day, hour, month, year
from exatwin.foundation.columns import Float64, Int64
from exatwin.foundation.errors import SpecError, TraceError

_LONGEST_H = 150 * 8784  # longer series are a mistake in a date
_SIZE_LIMIT = 1 << 29


@dataclass(frozen=True)
class Field:
    """A column of a file: its header, what it is called here, and ``scale * value + shift`` for SI."""

    header: str
    name: str
    low: float
    high: float
    scale: float = 1.0
    shift: float = 0.0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Columns:
    """What a file holds, row by row."""

    path: str
    """The file, for messages."""
    form: str
    """Its format, for people."""
    times: Times
    """Beginning of each row's interval, UTC, shape (rows,)."""
    values: dict[str, Float64]
    """SI values by name, NaN where missing, shape (rows,)."""
    typical: bool = False
    """Whether the year means nothing, so that only month, day and hour count."""

    def typical_year(self, hours: Times) -> dict[str, Float64]:
        """Return the values at `hours`, matched by month, day and hour; NaN where the file has none."""
        return {name: row[_slot(hours)] for name, row in _by_slot(self).items()}


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file, plain or gzip.

    Raises
    ------
    SpecError
        There is no such file, or it can't be read.
    TraceError
        It is empty or no text.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(file) as stream:
                raw = stream.read(_SIZE_LIMIT)
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file") from None
    except EOFError:
        raise TraceError(f"{path}: the gzip file ends too early") from None
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None
    if b"\0" in raw[:4096]:
        raise TraceError(f"{path}: is no text, expected a weather or market file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise TraceError(f"{path}: the file is empty")
    return lines


def split_rows(
    path: str, lines: Sequence[str], first: int, width: int, separator: str | None = ","
) -> tuple[list[list[str]], Int64]:
    """Return the cells of the rows that are not blank, and the number of each one's line.

    Parameters
    ----------
    path
        For messages.
    lines
        Rows below the header.
    first
        Line number of the first of them, from 1.
    width
        Cells that a row must have at least.
    separator
        Between cells; None for white space.

    Raises
    ------
    TraceError
        A row is too short, or there is none.
    """
    rows, numbers = [], []
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        cells = line.split(separator)
        if len(cells) < width:
            raise TraceError(f"{path}, line {number}: found {len(cells)} columns, expected {width}")
        rows.append(cells)
        numbers.append(number)
    if not rows:
        raise TraceError(f"{path}: there are no rows below the header")
    return rows, np.array(numbers)


def numbers(path: str, texts: Sequence[str], lines: Int64, field: Field, decimal: str = ".") -> Float64:
    """Return a column of numbers in SI, NaN where a cell is empty or says that the value is missing.

    Raises
    ------
    TraceError
        A cell is no number, or lies outside what is possible.
    """
    thousands = "." if decimal == "," else ","
    blank = {"", "-", "nan", "NaN", "NA", *field.missing}
    cleaned = [text.strip() for text in texts]
    if decimal == "," or any(thousands in text for text in cleaned):
        cleaned = [text.replace(thousands, "").replace(decimal, ".") for text in cleaned]
    try:
        found = np.array([np.nan if text in blank else float(text) for text in cleaned])
    except ValueError:
        at = next(i for i, text in enumerate(cleaned) if text not in blank and not _is_number(text))
        raise TraceError(
            f"{path}, line {lines[at]}: '{texts[at].strip()[:30]}' in column '{field.header}' is no number"
        ) from None
    wrong = np.flatnonzero((found < field.low) | (found > field.high) | np.isinf(found))
    if len(wrong):
        at = int(wrong[0])
        raise TraceError(
            f"{path}, line {lines[at]}: {cleaned[at][:40]} in the column '{field.header}' is not possible, "
            f"expected {field.low:g} to {field.high:g}"
        )
    return field.scale * found + field.shift


def integers(path: str, texts: Sequence[str], lines: Int64, header: str, low: int, high: int) -> Int64:
    """Return a column of whole numbers between `low` and `high`.

    Raises
    ------
    TraceError
        A cell is none.
    """
    found = numbers(path, texts, lines, Field(header, header, low, high))
    wrong = np.flatnonzero(np.isnan(found) | (found != np.floor(found)))
    if len(wrong):
        at = int(wrong[0])
        text = texts[at].strip()[:40]
        raise TraceError(f"{path}, line {lines[at]}: '{text}' in the column '{header}' is no whole number")
    return found.astype(np.int64)


def build_times(path: str, lines: Int64, parts: Sequence[Int64]) -> Times:
    """Return times from columns of year, month, day, hour (0 to 24) and minute.

    Raises
    ------
    TraceError
        A day doesn't exist.
    """
    y, m, d, h, minute = parts
    begin = (y - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (m - 1)
    days = begin.astype("datetime64[D]") + (d - 1)
    wrong = np.flatnonzero(days.astype("datetime64[M]") != begin)
    if len(wrong):
        at = int(wrong[0])
        raise TraceError(f"{path}, line {lines[at]}: there is no day {d[at]} in month {m[at]} of {y[at]}")
    result: Times = days.astype("datetime64[s]") + (h * 3600 + minute * 60)
    return result


def nominal_year(months: Int64, days: Int64) -> Int64:
    """Return the year that stands for a typical one: a leap year where the file has a 29 February."""
    leap = bool(((months == 2) & (days == 29)).any())
    return np.full(len(months), 2000 if leap else 2001)


def on_hours(columns: Columns, hours: Times, max_gap_h: int = 0) -> tuple[dict[str, Float64], list[str]]:
    """Return the values at `hours` and what had to be done for it.

    Parameters
    ----------
    columns
        The file; rows within an hour are averaged.
    hours
        Beginnings of the hours that are wanted, without a break, shape (n,).
    max_gap_h
        Longest gap that may be bridged by a straight line [h]; by default none.

    Returns
    -------
    values, notes
        By name, shape (n,); a column that is empty throughout is left out. Sentences for the source.

    Raises
    ------
    TraceError
        The file doesn't cover the hours, or has a gap; the message names the first.
    """
    span = (columns.times.min().astype("datetime64[h]"), columns.times.max().astype("datetime64[h]"))
    notes: list[str] = []
    if not columns.typical and span[0] <= hours[0] and hours[-1] <= span[1]:
        grid, index = _by_time(columns, span), _count(hours - span[0])
    else:
        grid, index = _by_slot(columns), _slot(hours)
        notes = _typical_notes(columns, grid, hours, span)
        if _lacks_leap_day(grid):
            index = np.where((index >= _LEAP) & (index < _LEAP + 24), index - 24, index)
    found: dict[str, Float64] = {}
    for name, row in grid.items():
        if np.isnan(row).all():
            continue
        bridged, count = _bridge(row, max_gap_h)
        found[name] = bridged[index]
        if count:
            notes.append(f"{count} h of {name} bridged by a straight line")
        _refuse_gaps(columns.path, name, found[name], hours, max_gap_h)
    return found, notes


_LEAP = 59 * 24  # first slot of 29 February


def _typical_notes(
    columns: Columns, grid: dict[str, Float64], hours: Times, span: tuple[np.datetime64, np.datetime64]
) -> list[str]:
    """Return what is said about a year that is used for another, or refuse a file shorter than a year."""
    if columns.typical:
        return []
    filled = max(int(np.isfinite(row).sum()) for row in grid.values())
    if filled < 8760 * 0.98:
        raise TraceError(
            f"{columns.path}: covers {span[0]} to {span[1]}, expected {hours[0]} to {hours[-1]} or a whole year"
        )
    years = sorted(set(year(np.array(span)).tolist()))
    shown = "-".join(str(y) for y in years)
    return [f"hours of {shown} used by month, day and hour"]


def _refuse_gaps(path: str, name: str, row: Float64, hours: Times, max_gap_h: int) -> None:
    gaps = np.flatnonzero(np.isnan(row))
    if len(gaps) == 0:
        return
    first = int(gaps[0])
    length = int(np.argmax(np.append(np.isfinite(row[first:]), True)))
    allowed = f" (max_gap_h is {max_gap_h})" if max_gap_h else ", pass max_gap_h to bridge short gaps"
    raise TraceError(f"{path}: {name} is missing for {length} h from {hours[first]} UTC{allowed}")


def _by_time(columns: Columns, span: tuple[np.datetime64, np.datetime64]) -> dict[str, Float64]:
    """Return hourly means from the first to the last hour of the file."""
    size = int(_count(span[1] - span[0])) + 1
    if size > _LONGEST_H:
        raise TraceError(f"{columns.path}: runs from {span[0]} to {span[1]}, expected at most 150 years")
    return _means(columns, _count(columns.times.astype("datetime64[h]") - span[0]), size)


def _by_slot(columns: Columns) -> dict[str, Float64]:
    """Return hourly means by month, day and hour of a leap year."""
    return _means(columns, _slot(columns.times), 366 * 24)


def _means(columns: Columns, slots: Int64, size: int) -> dict[str, Float64]:
    means = {}
    for name, row in columns.values.items():
        there = np.isfinite(row)
        count = np.bincount(slots[there], minlength=size)
        total = np.bincount(slots[there], row[there], minlength=size)
        means[name] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def _slot(times: Times) -> Int64:
    """Return the hour of a leap year that has the month, day and hour of each time."""
    before = np.array([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335])
    return (before[month(times)] + day(times) - 1) * 24 + hour(times)


def _lacks_leap_day(grid: dict[str, Float64]) -> bool:
    return all(bool(np.isnan(row[_LEAP : _LEAP + 24]).all()) for row in grid.values())


def _bridge(row: Float64, longest: int) -> tuple[Float64, int]:
    """Return `row` with gaps of at most `longest` filled by straight lines, and how many values that made."""
    missing = np.isnan(row)
    if longest <= 0 or not missing.any():
        return row, 0
    change = np.diff(np.concatenate(([0], missing.astype(np.int8), [0])))
    begins, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    short = (ends - begins <= longest) & (begins > 0) & (ends < len(row))
    fill = np.zeros(len(row), bool)
    for low, high in zip(begins[short], ends[short], strict=True):
        fill[low:high] = True
    place = np.arange(len(row))
    return np.where(fill, np.interp(place, place[~missing], row[~missing]), row), int(fill.sum())


def _count(spans: np.ndarray | np.timedelta64) -> Int64:
    return np.asarray(spans).astype("timedelta64[h]").astype(np.int64)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
