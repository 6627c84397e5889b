"""At which clock jobs ran when: a few tracks of steps over time, and which of them each job follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.signal import Signal


@dataclass(frozen=True, eq=False)
class Clocks:
    """Clock steps over time. Before its first piece a track is at step 0, the full clock."""

    frac: Float64
    """The steps relative to nominal, falling from 1, shape (steps,)."""
    track: Int64
    """Track of each row of the schedule, shape (rows,)."""
    first: Int64
    """Row of the first piece of each track, and the end, shape (tracks + 1,)."""
    time_s: Int64
    """When each piece begins [s], ascending within a track, shape (pieces,)."""
    step: Int64
    """Step of each piece, shape (pieces,)."""

    @classmethod
    def of_changes(cls, frac: Float64, track: Int64, changed: Int64, time_s: Int64, step: Int64) -> Clocks:
        """Return the clocks from changes in order of time.

        Parameters
        ----------
        frac
            The steps relative to nominal, shape (steps,).
        track
            Track of each row of the schedule, shape (rows,).
        changed, time_s, step
            Of each change which track, when [s], and to which step, shape (changes,).
        """
        tracks = 1 + max(int(track.max(initial=-1)), int(changed.max(initial=-1)))
        order = np.argsort(changed, kind="stable")
        first = np.concatenate(([0], np.cumsum(np.bincount(changed, minlength=tracks)))).astype(np.int64)
        return cls(np.asarray(frac, np.float64), track, first, time_s[order], step[order])

    def take(self, rows: Any) -> Clocks:
        """Return the clocks of some rows of the schedule."""
        return replace(self, track=self.track[rows])

    def with_more(self, rows: int) -> Clocks:
        """Return the clocks of a schedule with so many rows behind, which keep the full clock."""
        track = np.concatenate([self.track, np.full(rows, len(self.first) - 1)])
        return replace(self, track=track, first=np.append(self.first, self.first[-1]))

    def of(self, row: int, start_s: float, end_s: float) -> Signal:
        """Return the clock of a row from `start_s` to `end_s` [s], relative to nominal."""
        here = slice(self.first[self.track[row]], self.first[self.track[row] + 1])
        time, step = self.time_s[here], self.step[here]
        inside = (time > start_s) & (time < end_s)
        at_start = int(np.searchsorted(time, start_s, side="right")) - 1
        steps = np.concatenate(([step[at_start] if at_start >= 0 else 0], step[inside]))
        edges = np.concatenate(([start_s], time[inside], [end_s]))
        return Signal(edges, self.frac[steps], "1").simplify()


__all__ = ["Clocks"]
