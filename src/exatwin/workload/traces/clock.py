"""Local times of a log to UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError, nearest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER_S = 900
_DAY_S = 86400


def zone(name: str) -> tzinfo:
    """Return the time zone called `name`, such as ``"Europe/Berlin"``.

    Raises
    ------
    SpecError
        There is none of that name.
    """
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SpecError(f"unknown time zone '{name}': {nearest(name, available_timezones())}") from None


def to_utc(local_s: Float64, naive: NDArray[np.bool_], where: tzinfo) -> Float64:
    """Return instants [s since 1970 UTC]: those marked `naive` are read as wall-clock times in `where`.

    A time that occurs twice, when clocks are set back, is taken as the first of the two.

    Parameters
    ----------
    local_s
        Seconds since 1970, of the wall clock where `naive`, else UTC; NaN stays [s], shape (rows,).
    naive
        Which of them lack an offset, shape (rows,).
    where
        The time zone of the log.
    """
    shift = naive & (np.abs(local_s) < 4e9 * 8)
    if where is UTC or not np.any(shift):
        return local_s
    quarters, place = np.unique(np.floor(local_s[shift] / _QUARTER_S), return_inverse=True)
    out = local_s.copy()
    out[shift] -= np.array([_offset_s(quarter * _QUARTER_S, where) for quarter in quarters])[place]
    return out


def _offset_s(local_s: float, where: tzinfo) -> float:
    try:
        wall = (EPOCH + timedelta(seconds=local_s)).replace(tzinfo=where)
        return (wall.utcoffset() or timedelta()).total_seconds()
    except (OverflowError, ValueError):
        return 0.0


def instant(moment: datetime) -> int:
    """Return `moment` as seconds since 1970 [s]; one without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(np.floor((aware - EPOCH).total_seconds()))


def moment(seconds: int) -> datetime:
    """Return the instant `seconds` [s] after 1970 in UTC, kept inside the calendar."""
    return EPOCH + timedelta(seconds=int(np.clip(seconds, -60_000_000_000, 250_000_000_000)))


def midnight(seconds: float) -> int:
    """Return the midnight (UTC) at or before `seconds` since 1970 [s]."""
    return int(seconds // _DAY_S) * _DAY_S
