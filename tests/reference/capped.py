"""EASY under a cap on power, plainly: lists, everything from nothing each time.

A job asks for nodes and for watts above idle nodes. It may start if both suffice; the head of the queue holds
both from the time at which they do by the limits of what runs. With `clocks` all that runs shares the fastest
step at which its watts keep the cap, jobs are admitted at the slowest, and what is left of a job stretches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reference.loop import Job


class Kind(NamedTuple):
    """Watts of one node above idle and run time relative to full clock, at each step."""

    watts: tuple[float, ...]
    stretch: tuple[float, ...]


@dataclass
class Running:
    """A job that runs: what is left of its work and of its limit at full clock, since when at which step."""

    job: Job
    kind: Kind
    start: int
    work: float
    limit: float
    since: int
    step: int
    up: int
    end: int


def capped(
    jobs: Sequence[Job],
    kinds: Sequence[Kind],
    processors: int,
    caps: Sequence[tuple[int, float]],
    *,
    clocks: bool = False,
) -> dict[int, tuple[int, int]]:
    """Return the start and the end of each job that starts, by its id.

    Parameters
    ----------
    jobs, kinds
        In order of submission.
    processors
        Nodes of the machine.
    caps
        From when on each cap holds, and its watts above idle nodes, in order of time; the first holds before.
    clocks
        Whether all slow down alike instead of waiting for watts.
    """
    queue: list[int] = []
    running: list[Running] = []
    found: dict[int, tuple[int, int]] = {}
    arrived, changes = 0, [time for time, _ in caps[1:]]
    while True:
        times = [r.end for r in running] + [jobs[arrived].submit for _ in range(arrived < len(jobs))]
        times += changes[:1]
        if not times or (not running and arrived == len(jobs) and not queue):
            return found
        now = min(times)
        for r in [r for r in running if r.end == now]:
            running.remove(r)
            found[r.job.id] = (r.start, r.end)
        while changes and changes[0] <= now:
            changes.pop(0)
        while arrived < len(jobs) and jobs[arrived].submit == now:
            queue.append(arrived)
            arrived += 1
        cap = [watts for time, watts in [(-(10**9), caps[0][1]), *caps[1:]] if time <= now][-1]
        _pass(queue, jobs, kinds, running, processors, cap, now, -1 if clocks else 0)
        if clocks:
            _settle(running, cap, now)


def _asks(row: int, jobs: Sequence[Job], kinds: Sequence[Kind], at: int) -> float:
    return jobs[row].procs * kinds[row].watts[at]


def _pass(
    queue: list[int],
    jobs: Sequence[Job],
    kinds: Sequence[Kind],
    running: list[Running],
    processors: int,
    cap: float,
    now: int,
    at: int,
) -> None:
    free = processors - sum(r.job.procs for r in running)
    room = cap - sum(r.job.procs * r.kind.watts[at] for r in running)
    head, edge, spare, left = None, now, 0, 0.0
    for row in list(queue):
        job, asks = jobs[row], _asks(row, jobs, kinds, at)
        if asks > cap:
            continue  # not even alone: it is passed over
        fits = job.procs <= free and asks <= room
        late = now + job.limit > edge
        if head is None and not fits:
            head = row
            spare, left, edge = free, room, now
            for up in sorted({r.up for r in running}):
                if spare >= job.procs and left >= asks:
                    break
                spare += sum(r.job.procs for r in running if r.up == up)
                left += sum(r.job.procs * r.kind.watts[at] for r in running if r.up == up)
                edge = up
            spare, left = spare - job.procs, left - asks
            continue
        if not fits or (head is not None and late and (job.procs > spare or asks > left)):
            continue
        if head is not None and late:
            spare, left = spare - job.procs, left - asks
        free, room = free - job.procs, room - asks
        queue.remove(row)
        run = min(job.run, job.limit)
        running.append(Running(job, kinds[row], now, job.run, job.limit, now, 0, now + job.limit, now + run))


def _settle(running: list[Running], cap: float, now: int) -> None:
    steps = len(running[0].kind.watts) if running else 1
    step = next(
        (s for s in range(steps) if sum(r.job.procs * r.kind.watts[s] for r in running) <= cap), steps - 1
    )
    for r in running:
        if r.step == step:
            continue
        did = (now - r.since) / r.kind.stretch[r.step]
        r.work, r.limit, r.since, r.step = r.work - did, r.limit - did, now, step
        work, limit = (max(0, math.ceil(each * r.kind.stretch[step] - 1e-6)) for each in (r.work, r.limit))
        r.up, r.end = now + limit, min(now + work, now + limit)
