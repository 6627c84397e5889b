"""Which jobs may push which aside, as Slurm's preemption by QOS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, nearest

WAYS = ("requeue", "cancel")


@dataclass(frozen=True, eq=False)
class Preemption:
    """Classes of jobs (their QOS), and which may push which aside.

    Victims are those of the lowest priority, then the youngest, no more than needed.
    """

    klass: Int64
    """Class of each job, shape (jobs,)."""
    pushes: NDArray[np.bool_]
    """Whether jobs of the first class may push those of the second aside, shape (classes, classes)."""
    mode: str = "requeue"
    """What becomes of those pushed aside: ``requeue`` or ``cancel``."""
    exempt_s: int = 0
    """How long a job runs before it can be pushed aside [s] (``PreemptExemptTime``)."""

    def __post_init__(self) -> None:
        if self.mode not in WAYS:
            raise SpecError(f"unknown way of preemption '{self.mode}': {nearest(self.mode, WAYS)}")
        if self.exempt_s < 0:
            raise SpecError(f"jobs are exempt from preemption for {self.exempt_s} s: expected 0 s or more")
        classes = len(self.pushes)
        if self.pushes.shape != (classes, classes):
            raise SpecError(f"preemption needs a square table of classes, not {self.pushes.shape}")
        if len(self.klass) and not 0 <= self.klass.min() <= self.klass.max() < classes:
            wrong = int(self.klass.min() if self.klass.min() < 0 else self.klass.max())
            raise SpecError(f"a job is of class {wrong}: expected 0 to {classes - 1}")
        around = _cycle(self.pushes)
        if around:
            names = ", ".join(str(each) for each in around)
            raise SpecError(f"classes of jobs push each other aside: {names}; expected no cycle")


def _cycle(pushes: NDArray[np.bool_]) -> list[int]:
    """Return classes of which each pushes the next aside, the last the first; none if there are none."""
    open_ones = np.ones(len(pushes), np.bool_)
    while True:
        gone = open_ones & ~np.any(pushes & open_ones[None, :], axis=1)
        if not np.any(gone):
            break
        open_ones &= ~gone
    if not np.any(open_ones):
        return []
    seen, here = [], int(np.flatnonzero(open_ones)[0])
    while here not in seen:
        seen.append(here)
        here = int(np.flatnonzero(pushes[here] & open_ones)[0])
    return [*seen[seen.index(here) :], here]


__all__ = ["Preemption"]
