"""Many courses that one queue may take: run times drawn from usage, arrivals from stretches of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.random import stream
from exatwin.schedule.ahead import NEVER, Course, Rule, starts
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import age_factor
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.workload.snapshot import Standing
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import Usage

Bools = NDArray[np.bool_]
HOUR_S, DAY_S = 3600, 86400
_FAVOUR_LESS = ("fcfs", "sjf", "smallest", "f1")
"""Orders in which nobody gains by asking for more."""
_FIRST_S = 6 * HOUR_S
"""How far courses are followed first [s]."""
_SAME_S, _SAME_FRAC = 600, 0.1
"""Starts that differ by no more than this, and than this part of them, are about the same [s, 1]."""
_FEWEST, _ROWS, _COURSES = 12, 100_000, 600
"""Members of any ensemble; waiting jobs of all members together, and courses that serve one job, that are
worth while."""


@dataclass(frozen=True, eq=False)
class Queue:
    """One pool of nodes as it stands, and what is known of its users."""

    jobs: Standing
    """What runs and waits there."""
    nodes: int
    """Nodes of the pool."""
    usage: Usage
    """What users use of their limits."""
    upcoming: Upcoming
    """Who came before."""
    rule: Rule = Rule()
    """Who starts next."""
    asked_points: Float64 | None = None
    """Points without age of each job that is asked about; None to draw them from those of others."""

    @property
    def backlog_s(self) -> float:
        """How long all nodes would work at what runs and waits, by the limits [s]."""
        left = self.jobs.limit_s - np.maximum(self.jobs.elapsed_s, 0)
        counts = np.maximum(left, 0) * (self.jobs.held == 0)
        return float((self.jobs.nodes * counts).sum()) / self.nodes

    @property
    def horizon_s(self) -> int:
        """How far ahead the queue is followed [s]."""
        return int(np.clip(2.0 * self.backlog_s, 14 * DAY_S, 42 * DAY_S))


def worth(queue: Queue, members: int, asked: int = 1) -> int:
    """Return how many members are drawn: `members`, or fewer where they would take too long.

    A queue so deep that it averages needs fewer; where each of the `asked` jobs needs courses of its own,
    they share a number of them.
    """
    rows = max(len(queue.jobs), 1)
    courses = _ROWS // rows if queue.rule.at_once else min(_ROWS // rows, _COURSES // asked)
    return min(members, max(_FEWEST, courses))


def waits(
    queue: Queue, asked: Int64, *, members: int, rng: np.random.Generator, wanted: np.ndarray | None = None
) -> Float64:
    """Return how long jobs submitted now would wait in each member [s], shape (members, asked).

    Parameters
    ----------
    asked
        Nodes and limit [s] of jobs, each of them asked about alone, shape (2, asked).
    members
        How many courses are drawn.
    wanted
        Which jobs are asked about in which member, by default all, shape (members, asked); others are NaN.

    Notes
    -----
    Infinite for a job that has not started within the queue's horizon. Courses are followed for some hours
    first, and to the horizon only where and for whom a job has not started.
    """
    drawn = _Drawn.of(queue, members, rng, asked)
    found = np.full((members, asked.shape[1]), np.inf)
    if wanted is not None:
        found[~wanted] = np.nan
    for until in (min(_FIRST_S, queue.horizon_s), queue.horizon_s):
        left = np.flatnonzero(np.isinf(found).any(axis=1))
        courses = [drawn.course(int(k), until) for k in left]
        begun = starts(courses, asked, queue.rule, until, np.isinf(found[left]))
        found[left] = np.minimum(found[left], np.where(begun == NEVER, np.inf, begun))
    return found


def waits_of_shapes(queue: Queue, asked: Int64, *, members: int, seed: int) -> Float64:
    """Return the same as :func:`waits` for jobs by their nodes and then their limits, in less time.

    Of jobs of a size one with a shorter limit is taken to start no later: where the shortest and the longest
    start at about the same time, so do those between them, and what starts at once with the longest limit
    does with a shorter one. The same goes for sizes where nobody gains by asking for more nodes.
    """
    if queue.rule.at_once or queue.rule.policy not in (MULTIFACTOR, *_FAVOUR_LESS):
        return waits(queue, asked, members=members, rng=stream(seed, "shape"))
    found = np.full((members, asked.shape[1]), np.nan)

    def ask(wanted: Bools) -> None:
        """Fill in what is wanted and not known yet."""
        wanted = wanted & np.isnan(found)
        if wanted.any():
            told = waits(queue, asked, members=members, rng=stream(seed, "shape"), wanted=wanted)
            found[wanted] = told[wanted]

    first = np.searchsorted(asked[0], asked[0])
    last = np.searchsorted(asked[0], asked[0], side="right") - 1
    longest = np.unique(last)
    each = [longest[k : k + 1] for k in range(len(longest))]
    _between(found, each if _favours_size(queue, asked) else [longest], ask)
    found[:] = np.where(np.isnan(found) & (found[:, last] <= _SAME_S), found[:, last], found)
    sizes = zip(np.unique(first), np.unique(last), strict=True)
    _between(found, [np.arange(low, high + 1) for low, high in sizes], ask)
    return found


def _favours_size(queue: Queue, asked: Int64) -> bool:
    """Whether a job may start sooner for asking for more nodes."""
    if queue.rule.policy != MULTIFACTOR:
        return False
    points = queue.asked_points
    if points is None:
        points = (queue.rule.priority or PriorityRule()).fixed_points(asked[0], queue.nodes)
    return bool(np.ptp(points) > 0)


def _between(found: Float64, chains: list[Int64], ask: Callable[[Bools], None]) -> None:
    """Find all starts of chains of jobs, each of which asks for more than the one before it, by halving."""
    wanted = np.zeros(found.shape, np.bool_)
    wanted[:, [end for chain in chains for end in chain[[0, -1]]]] = True
    ask(wanted)
    parts = chains
    while parts := [part for part in parts if len(part) > 2]:
        wanted[:] = False
        for part in parts:
            _fill(found, part)
            wanted[:, part[len(part) // 2]] = True
        ask(wanted)
        parts = [half for part in parts for half in (part[: len(part) // 2 + 1], part[len(part) // 2 :])]


def _fill(found: Float64, part: Int64) -> None:
    """Let jobs between two that start at about the same time start as the later of them does."""
    low, high = np.sort(found[:, part[[0, -1]]], axis=1).T
    same = np.isinf(low) | (high <= (1.0 + _SAME_FRAC) * low + _SAME_S)
    here = found[:, part]
    found[:, part] = np.where(np.isnan(here) & same[:, None], high[:, None], here)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What is drawn once for all members."""

    queue: Queue
    asked: Int64
    runs: np.ndarray
    waits: np.ndarray
    run_s: Int64
    back_s: Int64
    own: Int64
    """Run times of the jobs that are to come, shape (jobs of the past,)."""
    points: Float64 | None = None
    """Points of the waiting jobs without age, shape (waiting,); None where priorities have no part."""
    usual: Float64 | None = None
    """Points that jobs have without age and size, from which those of others are drawn, shape (jobs,)."""
    wanted: Float64 | None = None
    """Points of those that are asked about, fair share left out where it is drawn, shape (asked,)."""
    seed: int = 0
    """Seed of those draws."""

    @classmethod
    def of(cls, queue: Queue, members: int, rng: np.random.Generator, asked: Int64) -> _Drawn:
        jobs = queue.jobs
        runs = np.flatnonzero(jobs.runs)
        order = np.flatnonzero(~jobs.runs & (jobs.held == 0))
        order = order[np.argsort(-np.nan_to_num(jobs.priority[order], nan=0.0), kind="stable")]
        limit = jobs.limit_s.astype(np.int64)
        run_s = queue.usage.draw(rng, limit, jobs.user.astype(np.int64), jobs.elapsed_s, members)
        past = queue.upcoming.jobs
        own = np.clip(past.runtime_s, 1, np.maximum(past.limit_s, 1)).astype(np.int64)
        back_s = queue.upcoming.offsets(rng, members, queue.horizon_s)
        made = cls(queue, asked, runs, order, run_s, back_s, own)
        points, usual, wanted = _points(queue, asked)
        if points is None:
            return made
        seed = int(rng.integers(2**31))
        return replace(made, points=points[order], usual=usual, wanted=wanted, seed=seed)

    def course(self, member: int, until_s: int) -> Course:
        """Return one member, followed up to `until_s` [s]."""
        queue, jobs, past = self.queue, self.queue.jobs, self.queue.upcoming.jobs
        due = np.maximum(jobs.limit_s[self.runs] - jobs.elapsed_s[self.runs], 1)
        end = np.clip(self.run_s[self.runs, member] - jobs.elapsed_s[self.runs], 1, due)
        held = np.minimum(jobs.nodes[self.runs].astype(np.int64), queue.nodes)
        limit = jobs.limit_s[self.waits]
        run = np.clip(self.run_s[self.waits, member], 1, limit)
        here = np.stack([jobs.begin_s[self.waits], jobs.nodes[self.waits].astype(np.int64), limit, run])
        rows = queue.upcoming.stretch(int(self.back_s[member]), until_s)
        begin = queue.upcoming.at_s - int(self.back_s[member])
        sent = past.submit_s[rows] - begin
        later = np.stack(
            [sent, past.nodes[rows].astype(np.int64), np.maximum(past.limit_s[rows], 1), self.own[rows]]
        )
        queued = np.concatenate([here, later], axis=1)
        users = np.concatenate([jobs.user[self.runs], jobs.user[self.waits], past.user[rows]]).astype(
            np.int64
        )
        points, since = self._priorities(member, queued)
        row = np.concatenate([self.waits, len(jobs) + np.arange(rows.start, rows.stop)])
        fits = queued[1] <= queue.nodes
        if np.any(here[0] > 0) or not np.all(fits):
            order = np.argsort(queued[0], kind="stable")
            order = order[fits[order]]
            users = np.concatenate([users[: len(held)], users[len(held) :][order]])
            queued, row = queued[:, order], row[order]
            if points is not None and since is not None:
                own_points = points[len(since) :]
                points, since = np.concatenate([points[order], own_points]), since[order]
        free = max(queue.nodes - int(held.sum()), 0)
        told = len(jobs) + len(past) + np.arange(self.asked.shape[1])
        return Course(
            free, np.stack([end, due, held]), queued, users, queue.nodes, points, since,
            np.concatenate([self.runs, row, told]) if queue.rule.bound else None,
        )  # fmt: skip

    def _priorities(self, member: int, queued: Int64) -> tuple[Float64 | None, Int64 | None]:
        """Return points without age of what waits, comes and is asked about; since when age counts."""
        rule = self.queue.rule.priority
        if self.points is None or self.usual is None or self.wanted is None or rule is None:
            return None, None
        more = queued.shape[1] - len(self.points)
        drawn = stream(self.seed, "points", str(member)).choice(self.usual, 1 + more)
        later = drawn[1:] + rule.fixed_points(queued[1, len(self.points) :], self.queue.nodes)
        since = queued[0].copy()
        since[: len(self.points)] -= np.maximum(self.queue.jobs.waited_s[self.waits], 0)
        own = self.wanted + (drawn[0] if self.queue.asked_points is None else 0.0)
        return np.concatenate([self.points, later, own]), since


def _points(queue: Queue, asked: Int64) -> tuple[Float64 | None, Float64 | None, Float64 | None]:
    """Return the points of each job without age, those that others have without size, and of who asks.

    None where no job tells its priority, or where priorities do not change.
    """
    rule, jobs = queue.rule.priority, queue.jobs
    known = np.isfinite(jobs.priority)
    if rule is None or queue.rule.policy != MULTIFACTOR or not known.any():
        return None, None, None
    waited = np.maximum(jobs.waited_s - np.maximum(jobs.elapsed_s, 0), 0)
    age = rule.weights.age * age_factor(waited.astype(np.float64), rule.weights.max_age_s)
    size = rule.fixed_points(jobs.nodes.astype(np.int64), queue.nodes)
    usual = np.maximum(jobs.priority - age - size, 0.0)[known]
    points = np.where(known, jobs.priority - age, np.median(usual) + size)
    wanted = rule.fixed_points(asked[0], queue.nodes) if queue.asked_points is None else queue.asked_points
    return np.asarray(points, np.float64), np.asarray(usual, np.float64), np.asarray(wanted, np.float64)


__all__ = ["DAY_S", "HOUR_S", "Queue", "waits", "waits_of_shapes", "worth"]
