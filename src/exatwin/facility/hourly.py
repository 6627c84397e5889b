"""Measured series on the hours of a window: averaged, matched by calendar, never filled in silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exatwin.facility.calendar import Times, day, hour, month
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import TraceError

_Grids = tuple[dict[str, Float64], dict[str, NDArray[np.bool_]]]

_LONGEST_H = 150 * 8784  # longer series are a mistake in a date
_LEAP = 59 * 24  # first slot of 29 February


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
        grid, _ = _by_slot(self, np.ones(len(self.times), bool))
        return {name: row[_slot(hours)] for name, row in grid.items()}


def on_hours(columns: Columns, hours: Times, max_gap_h: int = 0) -> tuple[dict[str, Float64], list[str]]:
    """Return the values at `hours` and what had to be done for it.

    Parameters
    ----------
    columns
        The file; rows within an hour are averaged, and less than half of the usual number is a gap.
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
    _refuse_repeats(columns)
    span = (columns.times.min().astype("datetime64[h]"), columns.times.max().astype("datetime64[h]"))
    notes: list[str] = []
    if not columns.typical and span[0] <= hours[0] and hours[-1] <= span[1]:
        (grid, thin), index = _by_time(columns, span), _count(hours - span[0])
    else:
        (grid, thin), index = _by_slot(columns, _last_year(columns, span[1])), _slot(hours)
        notes = _other_year(columns, grid, hours, span)
    found: dict[str, Float64] = {}
    for name, row in grid.items():
        if np.isnan(row).all():
            continue
        bridged, count = _bridge(row, max_gap_h)
        found[name] = bridged[index]
        if count:
            notes.append(f"{count} h of {name} bridged by a straight line")
        _refuse_gaps(columns.path, name, found[name], hours, max_gap_h)
        few = int(thin[name][index].sum())
        if few:
            notes.append(f"{few} h of {name} from fewer rows than usual")
    return found, notes


def _refuse_repeats(columns: Columns) -> None:
    """Refuse a file in which a time stands twice: which of the rows holds is not known."""
    ordered = np.sort(columns.times)
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(again):
        raise TraceError(
            f"{columns.path}: {ordered[again[0]]} UTC stands twice, expected one row for each time"
        )


def _last_year(columns: Columns, last: np.datetime64) -> NDArray[np.bool_]:
    """Return which rows lie in the last year of the file, so that years are not mixed."""
    if columns.typical:
        return np.ones(len(columns.times), bool)
    recent: NDArray[np.bool_] = columns.times.astype("datetime64[h]") > last - np.timedelta64(8784, "h")
    return recent


def _other_year(
    columns: Columns, grid: dict[str, Float64], hours: Times, span: tuple[np.datetime64, np.datetime64]
) -> list[str]:
    """Return what is said about a year that is used for another, or refuse a file shorter than a year."""
    filled = max(int(np.isfinite(row).sum()) for row in grid.values())
    if not columns.typical and filled < 8760 * 0.98:
        raise TraceError(
            f"{columns.path}: covers {span[0]} to {span[1]} UTC, "
            f"expected {hours[0]} to {hours[-1]} or a whole year"
        )
    notes = [] if columns.typical else [f"the year up to {span[1]} used by month, day and hour"]
    leap = (month(hours) == 1) & (day(hours) == 29)
    if leap.any() and all(_lacks_leap_day(row) for row in grid.values()):
        notes.append("29 February as the 28th")
    for row in grid.values():
        if _lacks_leap_day(row):
            row[_LEAP : _LEAP + 24] = row[_LEAP - 24 : _LEAP]
    return notes


def _lacks_leap_day(row: Float64) -> bool:
    return bool(np.isnan(row[_LEAP : _LEAP + 24]).all())


def _refuse_gaps(path: str, name: str, row: Float64, hours: Times, max_gap_h: int) -> None:
    gaps = np.flatnonzero(np.isnan(row))
    if len(gaps) == 0:
        return
    first = int(gaps[0])
    length = int(np.argmax(np.append(np.isfinite(row[first:]), True)))
    allowed = (
        f" (max_gap_h is {max_gap_h})"
        if max_gap_h
        else ", expected every hour of the window (in Python, max_gap_h bridges short gaps)"
    )
    raise TraceError(f"{path}: {name} is missing for {length} h from {hours[first]} UTC{allowed}")


def _by_time(columns: Columns, span: tuple[np.datetime64, np.datetime64]) -> _Grids:
    """Return hourly means from the first to the last hour of the file."""
    size = int(_count(span[1] - span[0])) + 1
    if size > _LONGEST_H:
        raise TraceError(f"{columns.path}: runs from {span[0]} to {span[1]}, expected at most 150 years")
    return _means(columns.values, _count(columns.times.astype("datetime64[h]") - span[0]), size)


def _by_slot(columns: Columns, rows: NDArray[np.bool_]) -> _Grids:
    """Return hourly means by month, day and hour of a leap year."""
    values = {name: row[rows] for name, row in columns.values.items()}
    return _means(values, _slot(columns.times[rows]), 366 * 24)


def _means(values: dict[str, Float64], slots: Int64, size: int) -> _Grids:
    """Return the mean of each hour, and whether it rests on fewer rows than usual."""
    means, thin = {}, {}
    for name, row in values.items():
        there = np.isfinite(row)
        count = np.bincount(slots[there], minlength=size)
        total = np.bincount(slots[there], row[there], minlength=size)
        usual = int(np.bincount(count[count > 0]).argmax()) if there.any() else 1
        enough = 2 * count >= usual
        means[name] = np.where(enough & (count > 0), total / np.maximum(count, 1), np.nan)
        thin[name] = enough & (count > 0) & (count < usual)
    return means, thin


def _slot(times: Times) -> Int64:
    """Return the hour of a leap year that has the month, day and hour of each time."""
    before = np.array([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335])
    return (before[month(times)] + day(times) - 1) * 24 + hour(times)


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
