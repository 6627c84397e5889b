"""Schedules with nodes out of service: the jobs on them end, and may be sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.floor import Floor
from exatwin.schedule.result import Placement, Schedule
from exatwin.schedule.simulate import Simulation
from exatwin.workload.job import Jobs, State


class Down(NamedTuple):
    """Nodes out of service for a time; no node is twice in those of one run at once."""

    start_s: int
    """From when [s]."""
    end_s: int
    """Until when [s]."""
    nodes: Int64
    """Which, ascending."""


class Sent(NamedTuple):
    """A job as it was sent: which row of those asked for, and after which outage (-1: by its user)."""

    row: int
    after: int


@dataclass(frozen=True, eq=False)
class Worked:
    """A schedule, and which job each of its rows is."""

    schedule: Schedule
    """What became of every job, sent again ones included."""
    row: Int64
    """Row of the job among those asked for, shape (jobs,)."""
    after: Int64
    """Outage after which it was sent again, -1 for what users sent, shape (jobs,)."""
    killed: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    """Rows of the schedule that an outage ended."""


def worked(
    jobs: Jobs,
    floor: Floor,
    downs: Sequence[Down],
    *,
    runtime_s: Mapping[Sent, int] | None = None,
    requeue: bool = True,
    until_s: int | None = None,
    **rules: Any,
) -> Worked:
    """Return the schedule of `jobs` with nodes out of service.

    Parameters
    ----------
    jobs
        In order of submission.
    downs
        What is out of service.
    runtime_s
        Other run times than the jobs' own [s].
    requeue
        Whether a job that an outage ends is sent again at once, to run from its beginning.
    until_s
        Stop before this time [s].
    **rules
        Policy, backfill, placement, semantics and seed of :func:`exatwin.schedule.simulate.simulate`.

    Notes
    -----
    The event loop knows no outages. It is stopped at each; the jobs there are released, and a job of nobody's
    takes exactly those nodes for the time, so that reservations behind it hold. Which jobs are sent again is
    known only then: they join the log, and the run begins anew. Until that time the same happens again, so
    that this takes one run more than there are outages.
    """
    order = sorted(
        (one for one in downs if until_s is None or one.start_s < until_s), key=lambda one: one[:2]
    )
    held = [(k, part) for k, one in enumerate(order) for part in _by_pool(one.nodes, floor)]
    again: list[Sent] = []
    while True:
        table, row, after = _table(jobs, len(held), order, again, runtime_s or {}, floor)
        simulation = Simulation.begin(table, floor, **rules)
        killed: list[Int64] = []
        for k, down in enumerate(order):
            simulation.advance(down.start_s)
            ended = [
                simulation.take_down(holder, part, down.start_s, down.end_s)
                for holder, (of, part) in enumerate(held)
                if of == k
            ]
            killed += ended
            wanted = [Sent(int(row[i]), k) for i in np.concatenate(ended)] if requeue else []
            if wanted != [sent for sent in again if sent.after == k]:
                again = [sent for sent in again if sent.after < k] + wanted
                break
        else:
            simulation.advance(until_s)
            return _told(simulation.schedule(), row, after, len(held), killed)


def _by_pool(nodes: Int64, floor: Floor) -> list[Int64]:
    pool = floor.pool_of_node[nodes]
    return [nodes[pool == one] for one in np.unique(pool)]


def _table(
    jobs: Jobs,
    holders: int,
    order: Sequence[Down],
    again: Sequence[Sent],
    runtime_s: Mapping[Sent, int],
    floor: Floor,
) -> tuple[Jobs, Int64, Int64]:
    """Return all jobs with those that stand for outages first; of each the row and the outage of `Sent`."""
    rows = np.array([sent.row for sent in again], np.int64)
    after = np.array([sent.after for sent in again], np.int64)
    first = -1 + min([int(jobs.submit_s.min(initial=0)), *(down.start_s for down in order)])
    nobody = jobs.take(np.zeros(holders, np.int64)).replace(
        job_id=-1 - np.arange(holders),
        submit_s=np.full(holders, first),
        nodes=np.full(holders, floor.capacity + 1, np.int32),
    )
    beyond = int(jobs.job_id.max(initial=0)) + 1
    more = jobs.take(rows).replace(
        job_id=beyond + np.arange(len(rows)),
        submit_s=np.array([order[k].start_s for k in after], np.int64),
        recorded_start_s=np.full(len(rows), -1),
    )
    parts = (nobody, jobs, more)
    whole = Jobs(**{name: np.concatenate([dict(part)[name] for part in parts]) for name in Jobs.columns()})
    row = np.concatenate([np.full(holders, -1), np.arange(len(jobs)), rows])
    sent = np.concatenate([np.full(holders + len(jobs), -1), after])
    by_time = np.argsort(whole.submit_s, kind="stable")
    whole, row, sent = whole.take(by_time), row[by_time], sent[by_time]
    if not runtime_s:
        return whole, row, sent
    runtime = whole.runtime_s.copy()
    for i in range(holders, len(whole)):
        runtime[i] = runtime_s.get(Sent(int(row[i]), int(sent[i])), runtime[i])
    return whole.replace(runtime_s=runtime), row, sent


def _told(schedule: Schedule, row: Int64, after: Int64, holders: int, killed: Sequence[Int64]) -> Worked:
    """Return the schedule without what stands for outages."""
    ended = np.concatenate([np.zeros(0, np.int64), *killed])
    state = schedule.state.copy()
    state[ended] = int(State.NODE_FAIL)
    place = schedule.placement
    if place is not None:
        skip = place.first[holders]
        place = Placement(place.first[holders:] - skip, place.node[skip:], place.count[skip:])
    left = Schedule(
        jobs=schedule.jobs.take(slice(holders, None)),
        start_s=schedule.start_s[holders:],
        end_s=schedule.end_s[holders:],
        state=state[holders:],
        placement=place,
        capacity=schedule.capacity,
    )
    return Worked(left, row[holders:], after[holders:], ended - holders)


__all__ = ["Down", "Sent", "Worked", "worked"]
