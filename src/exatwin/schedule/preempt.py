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
        classes = len(self.pushes)
        if self.pushes.shape != (classes, classes):
            raise SpecError(f"preemption needs a square table of classes, not {self.pushes.shape}")
        if len(self.klass) and not 0 <= self.klass.min() <= self.klass.max() < classes:
            raise SpecError(f"a job is of class {int(self.klass.max())}: expected 0 to {classes - 1}")
        if np.any(np.diag(self.pushes)):
            raise SpecError("a class can't push itself aside: expected other classes")


__all__ = ["Preemption"]
