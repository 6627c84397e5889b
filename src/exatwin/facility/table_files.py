"""Text files of measured series: lines, cells, numbers and times, each problem with its line."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exatwin.facility.calendar import Times
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError, TraceError

_SIZE_LIMIT = 1 << 29
_STAMP = re.compile(
    r"(?P<clock>\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.0*)?)?)?)?) ?(?P<zone>Z|[+-](0\d|1[0-4]):?[0-5]\d)?"
)


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
    blank = {"", "-", "nan", "NaN", "NA", *field.missing}
    cleaned = [text.strip() for text in texts]
    if decimal == "," or any("," in text for text in cleaned):
        cleaned = [text if text in blank else _ungrouped(text, decimal) for text in cleaned]
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


def utc_times(path: str, texts: Sequence[str], lines: Int64, *, zoned: bool = False) -> Times:
    """Return instants from ISO 8601 text: in UTC where it names no zone, else turned from its offset.

    Parameters
    ----------
    path
        For messages.
    texts
        Such as ``2025-01-01T00:00``, with ``Z`` or an offset such as ``+01:00`` or without.
    lines
        Line of each.
    zoned
        Whether each must name its zone.

    Raises
    ------
    TraceError
        A text is no time, or names no zone where it must.
    """
    found = [_STAMP.fullmatch(text.strip()) for text in texts]
    for at, match in enumerate(found):
        said = f"{path}, line {lines[at]}: '{texts[at].strip()[:40]}'"
        if match is None:
            raise TraceError(f"{said} is no time such as 2025-01-01T00:00Z")
        if zoned and match["zone"] is None:
            raise TraceError(
                f"{said} names no zone, expected one such as 2025-01-01T00:00+01:00, or 'time_utc'"
            )
    shown = [(match["clock"], _ahead_s(match["zone"])) for match in found if match is not None]
    try:
        clock = np.array([text for text, _ in shown], "datetime64[s]")
    except ValueError:
        at = next(i for i, (text, _) in enumerate(shown) if not _exists(text))
        raise TraceError(f"{path}, line {lines[at]}: there is no time '{texts[at].strip()[:40]}'") from None
    result: Times = clock - np.array([ahead for _, ahead in shown], "timedelta64[s]")
    return result


def _ahead_s(zone: str | None) -> int:
    """Return by how much a clock with this offset is ahead of UTC [s]."""
    if zone is None or zone == "Z":
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)


def _exists(text: str) -> bool:
    try:
        np.datetime64(text, "s")
    except ValueError:
        return False
    return True


def nominal_year(months: Int64, days: Int64) -> Int64:
    """Return the year that stands for a typical one: a leap year where the file has a 29 February."""
    leap = bool(((months == 2) & (days == 29)).any())
    return np.full(len(months), 2000 if leap else 2001)


def _ungrouped(text: str, decimal: str) -> str:
    """Return a number such as 1.234,5 as 1234.5; one whose groups are wrong is no number at all."""
    group = "." if decimal == "," else ","
    if group in text and not re.fullmatch(rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+(\{decimal}\d*)?", text):
        return "?"
    return text.replace(group, "").replace(decimal, ".")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
