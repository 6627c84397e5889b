"""Who will come: stretches of what came before, begun at the same time of day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.workload.arrivals import DAY_S, WEEK_S
from exatwin.workload.job import Jobs

_WEEKS = 4
"""Weeks of history from which on stretches begin on the same day of the week too."""


@dataclass(frozen=True, eq=False)
class Upcoming:
    """Jobs that came before some instant, from which those after it are drawn."""

    jobs: Jobs
    """In order of submission."""
    at_s: int
    """The instant, on the clock of the jobs [s]."""

    def offsets(self, rng: np.random.Generator, members: int, horizon_s: int) -> Int64:
        """Return how far back the stretch of each member begins [s], shape (members,); 0 for none.

        Stretches begin whole weeks ago, or whole days where there is little history, and end before the
        instant, so that nothing of its future is seen; none is begun in time before the first job.
        """
        if len(self.jobs) == 0:
            return np.zeros(members, np.int64)
        span = self.at_s - int(self.jobs.submit_s[0])
        step = WEEK_S if span >= _WEEKS * WEEK_S + horizon_s else DAY_S
        least = -(-min(horizon_s, span) // step)
        most = max(span // step, 1)
        back = rng.integers(min(least, most), most + 1, members) * step
        return np.minimum(back, max(span, 1)).astype(np.int64)

    def stretch(self, back_s: int, horizon_s: int) -> slice:
        """Return the rows of the jobs of one stretch, up to `horizon_s` [s] after its beginning."""
        if back_s == 0:
            return slice(0, 0)
        begin = self.at_s - back_s
        end = min(begin + horizon_s, self.at_s)
        low, high = np.searchsorted(self.jobs.submit_s, [begin, end], side="right")
        return slice(int(low), int(high))


__all__ = ["Upcoming"]
