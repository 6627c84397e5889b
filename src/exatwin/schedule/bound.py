"""What a centre asks of jobs that run, wait or are still to come, by their rows in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.dependencies import Dependencies
from exatwin.schedule.limits import Limits
from exatwin.schedule.preempt import Preemption
from exatwin.schedule.windows import Window


@dataclass(frozen=True, eq=False)
class Bound:
    """Limits, preemption and dependencies of the jobs of one table, of which a course has some."""

    limits: Limits | None = None
    preempt: Preemption | None = None
    follows: Int64 = field(default_factory=lambda: np.empty((3, 0), np.int64))
    """Which job waits for which: their rows and the kind of dependency, shape (3, pairs)."""

    def __bool__(self) -> bool:
        return self.limits is not None or self.preempt is not None or self.follows.shape[1] > 0

    def conditions(
        self, row: Int64, nodes: Int64, due_s: Int64, running: int, windows: Sequence[Window] = ()
    ) -> Conditions:
        """Return what is asked of the jobs of a course.

        Parameters
        ----------
        row
            Row of each in the table, those that run first, shape (jobs,).
        nodes, due_s
            Nodes of each, and time until the end by its limit [s], shape (jobs,).
        running
            How many of them run: what they hold is granted, whatever the limits are now.
        """
        limits, preempt = self.limits, self.preempt
        if limits is not None:
            limits = _granted(taken(limits, row), nodes, due_s, running)
        if preempt is not None:
            preempt = replace(preempt, klass=preempt.klass[row])
        at = np.full(int(max(row.max(initial=0), self.follows[:2].max(initial=0))) + 1, -1)
        at[row] = np.arange(len(row))
        job, on = at[self.follows[0]], at[self.follows[1]]
        here = (job >= 0) & (on >= 0)
        waits = Dependencies(job[here], on[here], self.follows[2][here]) if here.any() else None
        return Conditions(windows=windows, limits=limits, preempt=preempt, dependencies=waits)


def taken(limits: Limits, row: Int64) -> Limits:
    """Return the same limits for the jobs of `row`."""
    count = np.diff(limits.first)[row]
    first = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    inside = np.arange(first[-1]) - np.repeat(first[:-1], count)
    return replace(limits, first=first, group=limits.group[np.repeat(limits.first[row], count) + inside])


def _granted(limits: Limits, nodes: Int64, due_s: Int64, running: int) -> Limits:
    """Return limits that are not below what the first `running` jobs hold."""
    job = np.repeat(np.arange(len(limits.first) - 1), np.diff(limits.first))
    runs, many = job < running, len(limits.most_jobs)
    group, job = limits.group[runs], job[runs]
    held = [
        np.bincount(group, weights=weight, minlength=many).astype(np.int64)
        for weight in (np.ones(len(job)), nodes[job], nodes[job] * due_s[job])
    ]
    names = ("most_jobs", "most_nodes", "most_node_s")
    most = {name: np.maximum(getattr(limits, name), least) for name, least in zip(names, held, strict=True)}
    return replace(limits, **most)


__all__ = ["Bound", "taken"]
