"""When people send jobs: the rhythm of day and week in local time, bursts and chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int64

HOUR_S = 3600
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, eq=False)
class Week:
    """The hours of one week as local hour and weekday, so that a rhythm becomes a density in time."""

    hour: NDArray[np.int64]
    """Local hour of the day of each hour of the week, shape (168,)."""
    weekday: NDArray[np.int64]
    """Local day of the week of each of them, 0 is Monday, shape (168,)."""

    def times(
        self,
        position: Float64,
        hours: Sequence[float],
        weekdays: Sequence[float],
    ) -> Float64:
        """Return the times in the week below which the shares `position` of the rhythm's submissions fall.

        Parameters
        ----------
        position
            Shares between 0 and 1 [1], shape (submissions,).
        hours
            Relative rate by local hour of the day [1], shape (24,).
        weekdays
            Relative rate by day of the week from Monday [1], shape (7,).

        Returns
        -------
        Float64
            Seconds since the week began [s], shape (submissions,).
        """
        rate = np.asarray(hours, np.float64)[self.hour] * np.asarray(weekdays, np.float64)[self.weekday]
        below = np.concatenate([[0.0], np.cumsum(rate)])
        edges_s = HOUR_S * np.arange(len(below), dtype=np.float64)
        return np.asarray(np.interp(position * below[-1], below, edges_s), np.float64)


def weeks(start: datetime, first: int, last: int, timezone: str) -> list[Week]:
    """Return the weeks from `first` up to, not with, `last`, counted from `start`.

    Parameters
    ----------
    start
        Instant of time 0.
    first, last
        Numbers of weeks; negative before `start`.
    timezone
        Where the users live, such as ``Europe/Berlin``.

    Notes
    -----
    Clocks change by whole hours at whole hours of UTC, so the offset is looked up once for every hour. Where
    `start` isn't at a full local hour the rhythm is late by the minutes of it.
    """
    zone, begin = ZoneInfo(timezone), start.astimezone(UTC) + timedelta(weeks=first)
    local = [(begin + timedelta(hours=h)).astimezone(zone) for h in range((last - first) * 168)]
    hour = np.array([time.hour for time in local], np.int64).reshape(-1, 168)
    weekday = np.array([time.weekday() for time in local], np.int64).reshape(-1, 168)
    return [Week(h, d) for h, d in zip(hour, weekday, strict=True)]


def spread(begin_s: Float64, step_s: Float64, group: Int64) -> Int64:
    """Return when each job of bursts and chains is sent: its group's begin plus the steps of those before it.

    Parameters
    ----------
    begin_s
        When each group begins [s], shape (groups,).
    step_s
        Time from each job to the next of its group [s], shape (jobs,).
    group
        Group of each job, ascending, shape (jobs,).

    Returns
    -------
    Int64
        Seconds since the week began [s], shape (jobs,). What would pass the end of the week goes on at its
        beginning: so every week holds all of its own work, and stays the same however many are asked for.
    """
    if len(group) == 0:
        return np.empty(0, np.int64)
    before = np.cumsum(step_s) - step_s
    opens = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    counts = np.diff(np.append(opens, len(group)))
    return ((begin_s[group] + before - np.repeat(before[opens], counts)) % WEEK_S).astype(np.int64)
