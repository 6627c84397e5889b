"""What a centre adds to its queue: windows, dependencies, limits, preemption, requeue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError

if TYPE_CHECKING:
    from exatwin.schedule.communication import Communication
    from exatwin.schedule.dependencies import Dependencies
    from exatwin.schedule.limits import Limits
    from exatwin.schedule.power_rule import PowerRule
    from exatwin.schedule.preempt import Preemption
    from exatwin.schedule.windows import Window

__all__ = ["NOTHING", "Conditions", "Restart"]


@dataclass(frozen=True, eq=False)
class Restart:
    """What becomes of a job that a failure or another job ends."""

    requeue: NDArray[np.bool_] | bool = True
    """Whether it is sent again at once, of each job or of all."""
    checkpoint_s: Int64 | int = 0
    """Work between two of its checkpoints [s], of each job or of all; 0 to begin from nothing."""
    overhead_s: int = 0
    """What it takes to read a checkpoint, before any work [s]."""

    def __post_init__(self) -> None:
        if np.any(np.asarray(self.checkpoint_s) < 0) or self.overhead_s < 0:
            raise SpecError("checkpoints and restarts take times of 0 s or more")


@dataclass(frozen=True, eq=False)
class Conditions:
    """All that a centre asks of its scheduler beyond an order and a backfill; by default nothing."""

    windows: Sequence[Window] = ()
    """Nodes that are down, drained, in maintenance or reserved for a time."""
    reserved: Int64 | None = None
    """Window of `windows` in which each job runs, -1 for none, shape (jobs,)."""
    dependencies: Dependencies | None = None
    """Which job waits for which."""
    limits: Limits | None = None
    """Most running jobs and nodes of groups of jobs."""
    preempt: Preemption | None = None
    """Which jobs push which aside."""
    begin_s: Int64 | None = None
    """Earliest start of each job [s], shape (jobs,)."""
    restart: Restart = field(default_factory=Restart)
    """What becomes of a job that is ended early."""
    never: NDArray[np.bool_] | None = None
    """Jobs that no limit lets start, ever, shape (jobs,)."""
    length_s: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """Other run times of single attempts [s], by the row of the job and the number of the attempt from 0."""
    power: PowerRule | None = None
    """Caps on power, and what jobs draw."""
    spread: Communication | None = None
    """What it means to jobs to run on nodes far apart."""

    def __bool__(self) -> bool:
        parts = (self.reserved, self.dependencies, self.limits, self.preempt, self.begin_s, self.never)
        more = (*parts, self.power, self.spread)
        return bool(self.windows) or bool(self.length_s) or any(each is not None for each in more)

    def check(self, jobs: int) -> None:
        """Check that what is said of each job is said of `jobs` jobs, and that windows are those there are.

        Raises
        ------
        SpecError
            The first part that is not.
        """
        told = {
            "reserved": self.reserved, "begin_s": self.begin_s, "never": self.never,
            "restart.requeue": self.restart.requeue, "restart.checkpoint_s": self.restart.checkpoint_s,
            "preempt.klass": None if self.preempt is None else self.preempt.klass,
            "limits.first": None if self.limits is None else self.limits.first[1:],
            "spread.penalty": None if self.spread is None else self.spread.penalty,
            "spread.most": None if self.spread is None else self.spread.most,
            "power.klass": None if self.power is None else self.power.klass,
        }  # fmt: skip
        for name, each in told.items():
            shape = np.shape(() if each is None else each)
            if each is not None and shape not in ((), (jobs,)):
                raise SpecError(f"conditions.{name} has the shape {shape}: expected ({jobs},), one each job")
        last, held = len(self.windows) - 1, self.reserved
        if held is not None and jobs and not -1 <= held.min() <= held.max() <= last:
            wrong = int(held.min() if held.min() < -1 else held.max())
            raise SpecError(f"a job is to run in window {wrong}: expected -1 (none) to {last}")
        for (row, attempt), seconds in self.length_s.items():
            if not (0 <= row < jobs and attempt >= 0 and seconds >= 0):
                raise SpecError(
                    f"length_s has {seconds} s for attempt {attempt} of job {row}: expected a job from 0 to "
                    f"{jobs - 1}, and 0 or more for both others"
                )


NOTHING = Conditions()
