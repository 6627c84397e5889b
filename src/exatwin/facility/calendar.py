"""Hours of the calendar in UTC and on the clocks of central Europe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64

Times = NDArray[np.datetime64]
HOUR_S = 3600


def instant(start: datetime) -> np.datetime64:
    """Return `start` as a second of UTC; a time without a zone is taken as UTC.

    Examples
    --------
    >>> str(instant(datetime(2025, 1, 1)))
    '2025-01-01T00:00:00'
    """
    aware = start if start.tzinfo else start.replace(tzinfo=UTC)
    return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "s")


def window(start: datetime, start_s: float, end_s: float) -> tuple[Times, NDArray[np.float64]]:
    """Return the hours of the calendar that a window touches, and their edges cut to the window.

    Parameters
    ----------
    start
        The instant of time 0, in UTC.
    start_s, end_s
        First and last time of the window [s].

    Returns
    -------
    hours, edges_s
        Beginning of each hour, shape (n,); times of the edges [s], shape (n + 1,).

    Raises
    ------
    ValueError
        The window is empty or not finite.
    """
    if not (np.isfinite(start_s) and np.isfinite(end_s) and start_s < end_s):
        raise ValueError(f"a window must end after it begins, found {start_s} to {end_s} s")
    origin = instant(start)
    shift = int((origin - origin.astype("datetime64[h]")) / np.timedelta64(1, "s"))
    first = int(np.floor((start_s + shift) / HOUR_S))
    last = int(np.ceil((end_s + shift) / HOUR_S))
    count = np.arange(first, last + 1)
    hours = origin.astype("datetime64[h]") + count[:-1]
    return hours, np.clip(count * float(HOUR_S) - shift, start_s, end_s)


def year(times: Times) -> Int64:
    """Return the calendar year of each time."""
    return times.astype("datetime64[Y]").astype(np.int64) + 1970


def month(times: Times) -> Int64:
    """Return the month of each time, 0 for January."""
    return times.astype("datetime64[M]").astype(np.int64) % 12


def day(times: Times) -> Int64:
    """Return the day of the month of each time, from 1."""
    return _count(times.astype("datetime64[D]") - times.astype("datetime64[M]"), "D") + 1


def hour(times: Times) -> Int64:
    """Return the hour of the day of each time, from 0."""
    return _count(times.astype("datetime64[h]") - times.astype("datetime64[D]"), "h")


def day_kind(times: Times) -> Int64:
    """Return 0 on workdays, 1 on Saturdays, 2 on Sundays."""
    weekday = (times.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return np.maximum(weekday - 4, 0)


def berlin(times: Times) -> Times:
    """Return what clocks in central Europe show at `times` of UTC.

    References
    ----------
    Directive 2000/84/EC: summer time from the last Sunday of March to that of October, 01:00 UTC.

    Examples
    --------
    >>> berlin(np.array(["2025-03-30T00", "2025-03-30T01"], "datetime64[h]")).tolist()[1].hour
    3
    """
    years = times.astype("datetime64[Y]")
    begin, end = _last_sunday(years, 3), _last_sunday(years, 10)
    at = times.astype("datetime64[s]")
    summer = (at >= begin) & (at < end)
    shown: Times = times + np.where(summer, 2, 1).astype("timedelta64[h]")
    return shown


def _last_sunday(years: Times, number: int) -> Times:
    """Return 01:00 UTC of the last Sunday of the month `number` of each year."""
    last = (years.astype("datetime64[M]") + number).astype("datetime64[D]") - 1
    back = (last.astype(np.int64) + 4) % 7
    return (last - back).astype("datetime64[s]") + HOUR_S


def _count(spans: Any, unit: str) -> Int64:
    result: Int64 = spans.astype(f"timedelta64[{unit}]").astype(np.int64)
    return result
