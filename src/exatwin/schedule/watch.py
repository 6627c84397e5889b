"""Watching for the start of one job: what a simulation may leave alone then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exatwin.foundation.arrays import Int64
from exatwin.schedule._slurm import layout

_LEAST_S, _PART, _FIRST_S, _GROWTH = 600, 36, 6 * 3600, 1.5
"""A course is looked at every ten minutes [s], later each time that a 36th of it has passed: that time is
set anew after the first hours [s], and then each time that the course is longer by half."""


@dataclass(frozen=True)
class Watch:
    """One job whose start is all that a simulation is for; it may stop once that has come.

    The course of a queue is the less certain the longer it takes. The further it has gone, the less often
    Slurm's cycles come, the main scheduler goes through the whole queue, and priorities are calculated.
    """

    row: int
    """Row of the job among those of the simulation."""

    @staticmethod
    def stretches(until_s: int) -> Iterator[tuple[int, int]]:
        """Yield the end of each stretch of the course, and how long it is between two looks in it [s]."""
        begin, end = 0, min(_FIRST_S, until_s)
        while begin < until_s:
            yield end, max(_LEAST_S, begin // _PART)
            begin, end = end, min(int(_GROWTH * end), until_s)


def coarser(numbers: Int64, every_s: int) -> Int64:
    """Return the options of the event loop with cycles and calculations at least `every_s` apart [s]."""
    found = numbers.copy()
    for each in (layout.BF_INTERVAL, layout.SCHED_INTERVAL, layout.CALC_PERIOD):
        if found[each] > 0:
            found[each] = max(found[each], every_s)
    found.flags.writeable = False
    return found


__all__ = ["Watch", "coarser"]
