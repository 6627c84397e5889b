"""When a job more would start: many courses that a queue may take, and many jobs asked about in each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import cpu_count

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.schedule import _ahead_kernel as kernel
from exatwin.schedule.bound import Bound
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.policies import POLICIES
from exatwin.schedule.priority import Shares, age_factor
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.rules import MULTIFACTOR, check_rule
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import SlurmRule
from exatwin.schedule.watch import Watch
from exatwin.schedule.windows import Kind, Window
from exatwin.workload.job import Jobs

NEVER = int(kernel.NEVER)
"""Start of a job that does not start within the horizon."""
_FAST = {"none": 0, "easy": 1}
_WORTH_THREADS = 20_000


@dataclass(frozen=True, eq=False)
class Rule:
    """Who starts next."""

    policy: str = "fcfs"
    """Order of the queue."""
    backfill: str = "easy"
    """Who may overtake."""
    slurm: SlurmRule | None = None
    """Parameters of Slurm's schedulers, for the backfill ``slurm``."""
    priority: PriorityRule | None = None
    """How priorities are made, for the policy ``multifactor``."""
    windows: tuple[Window, ...] = ()
    """Nodes that are not for everybody for a time, by their numbers in the pool, after the instant [s]."""
    bound: Bound = Bound()
    """Limits, preemption and dependencies of the jobs."""

    @property
    def conditions(self) -> bool:
        """Whether the centre asks for more than an order and a backfill."""
        return bool(self.windows) or bool(self.bound)

    @property
    def at_once(self) -> bool:
        """Whether one course serves all jobs that are asked about."""
        alone = self.policy == MULTIFACTOR or self.conditions or self.backfill not in _FAST
        return not alone and not POLICIES.get(self.policy).dynamic


@dataclass(frozen=True, eq=False)
class Course:
    """One pool of nodes at an instant, what runs, waits and will come there, and how long each will run.

    Times are seconds after the instant. Waiting jobs stand in their order; those that come follow.
    """

    free: int
    """Nodes that are free."""
    running: Int64
    """True end [s], end by the limit [s] and nodes of what runs, shape (3, running jobs)."""
    queued: Int64
    """Submission [s], nodes, limit [s] and run time [s] of what waits and will come, shape (4, jobs)."""
    user: Int64
    """User of each of them, after those of what runs, shape (running jobs + jobs,)."""
    capacity: int
    """Nodes of the pool."""
    points: Float64 | None = None
    """Points that the priority of each of the queued has without those of age, and at the end those of each
    job that is asked about; None where nobody knows them, shape (jobs + asked,)."""
    since: Int64 | None = None
    """Since when the age of each of the queued counts [s], shape (jobs,)."""
    row: Int64 | None = None
    """Row of each in the table that `Rule.bound` speaks of: what runs, what is queued, what is asked about;
    None where that says nothing, shape (running jobs + jobs + asked,)."""


def starts(
    courses: Sequence[Course], asked: Int64, rule: Rule, until_s: int, wanted: np.ndarray | None = None
) -> Int64:
    """Return when each job asked about would start in each course [s], shape (courses, asked).

    Parameters
    ----------
    courses
        Members of an ensemble.
    asked
        Nodes and limit [s] of jobs that would each be submitted now, alone, shape (2, asked).
    rule
        Who starts next.
    until_s
        Horizon [s]; :data:`NEVER` for what has not started by then.
    wanted
        Whether a job is asked about in a course, by default all in all, shape (courses, asked); others may be
        :data:`NEVER`.

    Raises
    ------
    SpecError
        There is no such rule.

    Notes
    -----
    With a fixed order and EASY or no backfill, one course serves all jobs that are asked about; else each
    is simulated by itself, what runs submitted a second before, and cycles of backfill and calculations of
    priorities the further apart the longer it takes (see :class:`~exatwin.schedule.watch.Watch`).
    """
    check_rule(rule.policy, rule.backfill, "none", centre=rule.conditions)
    fast = rule.at_once

    ask = np.ones((len(courses), asked.shape[1]), np.bool_) if wanted is None else wanted

    def one(course: Course, here: np.ndarray) -> Int64:
        if fast:
            return _at_once(course, asked, rule, until_s)
        found = np.full(asked.shape[1], NEVER)
        found[here] = _each(course, asked, np.flatnonzero(here), rule, until_s)
        return found

    if sum(course.queued.shape[1] for course in courses) * asked.shape[1] < _WORTH_THREADS:
        return np.array([one(*each) for each in zip(courses, ask, strict=True)], np.int64).reshape(ask.shape)
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        return np.array(list(pool.map(one, courses, ask)), np.int64)


def _at_once(course: Course, asked: Int64, rule: Rule, until_s: int) -> Int64:
    count, waiting = asked.shape[1], int(np.searchsorted(course.queued[0], 0, side="right"))
    new = np.stack([np.full(count, NEVER), asked[0], asked[1], asked[1]])
    jobs = np.concatenate([course.queued[:, :waiting], new, course.queued[:, waiting:]], axis=1)
    rank = np.arange(jobs.shape[1])
    if rule.policy != "fcfs":
        sent = np.where(jobs[0] == NEVER, 0, jobs[0])
        rank = np.lexsort((rank, _scores(rule.policy, sent, jobs[1], jobs[2])))
    place = np.empty(len(rank), np.int64)
    place[rank] = np.arange(len(rank))
    own = np.arange(waiting, waiting + count)
    others = np.delete(np.arange(len(rank)), own)
    ascending = np.argsort(place[own])
    begun = np.empty(count, np.int64)
    kernel.ahead(
        np.ascontiguousarray(jobs[:, rank]), place[others], course.running, course.free,
        _FAST[rule.backfill], until_s, place[own][ascending], begun,
    )  # fmt: skip
    found = np.empty(count, np.int64)
    found[ascending] = begun
    return found


def _scores(policy: str, submit_s: Int64, nodes: Int64, limit_s: Int64) -> Float64:
    columns = [np.ascontiguousarray(column, np.int64) for column in (submit_s, nodes, limit_s)]
    for column in columns:
        column.flags.writeable = False
    return POLICIES.get(policy).static_scores(*columns)


def _each(course: Course, asked: Int64, which: Int64, rule: Rule, until_s: int) -> Int64:
    """Return when those of the jobs asked about start that are `which`, each simulated alone."""
    order, (end, due, held) = _before(rule.windows, course.running, course.capacity)
    slurm = rule.slurm or SlurmRule()
    slurm = replace(slurm, default_queue_depth=max(slurm.default_queue_depth, len(held)))
    waiting = int(np.searchsorted(course.queued[0], 0, side="right"))
    before = len(held) + waiting
    user = np.concatenate([course.user[: len(held)][order], course.user[len(held) :]])
    runs = np.stack([np.full(len(held), -1), held, due + 1, end + 1])
    found = np.empty(len(which), np.int64)
    for k, one in enumerate(which):
        nodes, limit = asked[:, one]
        new = np.array([[0], [nodes], [limit], [limit]])
        table = np.concatenate([runs, course.queued[:, :waiting], new, course.queued[:, waiting:]], axis=1)
        jobs = Jobs(
            job_id=np.arange(table.shape[1]),
            submit_s=table[0],
            nodes=table[1],
            limit_s=table[2],
            runtime_s=table[3],
            user=np.insert(user, before, -1),
        )
        begun = simulate(
            jobs, course.capacity, policy=rule.policy, backfill=rule.backfill, until_s=until_s,
            slurm=slurm, priority=rule.priority, ranks=_ranks(course, jobs, before, int(one), rule),
            conditions=_conditions(course, jobs, order, before, int(one), rule), watch=Watch(before),
        )  # fmt: skip
        row = before if begun.row is None else int(np.flatnonzero(begun.row == before)[0])
        found[k] = begun.start_s[row] if begun.started[row] else NEVER
    return found


def _conditions(course: Course, jobs: Jobs, order: Int64, own: int, which: int, rule: Rule) -> Conditions:
    """Return what the centre asks of `jobs`, the one that is asked about in row `own`."""
    if course.row is None:
        return Conditions(windows=rule.windows)
    runs, queued = len(order), course.queued.shape[1]
    row = np.concatenate([course.row[:runs][order], course.row[runs : runs + queued]])
    row = np.insert(row, own, course.row[runs + queued + which])
    nodes, due = jobs.nodes.astype(np.int64), jobs.limit_s.astype(np.int64)
    return rule.bound.conditions(row, nodes, due, runs, rule.windows)


def _before(windows: Sequence[Window], running: Int64, capacity: int) -> tuple[Int64, Int64]:
    """Return what runs, longest first and in which order that is, cut where foreseen windows begin.

    Which nodes a job runs on is not known: those that may run longest are taken to be outside.
    """
    order = np.argsort(-running[1], kind="stable")
    end, due, held = running[:, order].copy()
    for window in windows:
        if window.kind in (Kind.MAINTENANCE, Kind.RESERVATION):
            inside = (due > window.start_s) & (np.cumsum(held) > capacity - len(window.nodes))
            due[inside] = max(window.start_s, 1)
    return order, np.stack([np.minimum(end, due), due, held])


def _ranks(course: Course, jobs: Jobs, own: int, which: int, rule: Rule) -> Ranks | None:
    """Return what the priorities of `jobs` are made of, the one asked about in row `own`; None if not known.

    Points of fair shares are those of the instant.
    """
    if course.points is None or course.since is None or rule.priority is None:
        return None
    queued = course.queued.shape[1]
    runs = len(jobs) - queued - 1
    points = course.points[:queued].copy()
    if rule.conditions:  # with conditions age counts from the instant on
        weights = rule.priority.weights
        points += weights.age * age_factor(np.maximum(-course.since, 0).astype(np.float64), weights.max_age_s)
    points = np.concatenate([np.zeros(runs), points])
    count = len(jobs)
    return Ranks(
        tree=Shares(np.array([-1, 0]), np.ones(2), np.array([False, True])),
        row=np.ones(count, np.int64),
        parts={"site": np.insert(points, own, course.points[queued + which])},
        charge=np.zeros(count),
        eligible_s=np.insert(np.concatenate([np.full(runs, -1), course.since]), own, 0),
    )


__all__ = ["NEVER", "Course", "Rule", "starts"]
