"""Order by Slurm's priorities, plainly: strict or EASY, one pool, accounts and users as dictionaries."""

from __future__ import annotations

import math
from typing import NamedTuple


class Owned(NamedTuple):
    """A job with the account and the user that it counts for."""

    id: int
    submit: int
    procs: int
    limit: int
    run: int
    account: int
    user: int


def ranks(usage: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Return the Fair Tree factor of each (account, user), all shares equal."""
    accounts = sorted({account for account, _ in usage})
    total = sum(usage.values())
    of = {a: sum(used for (account, _), used in usage.items() if account == a) for a in accounts}

    def value(part: float, whole: float, siblings: int) -> float:
        used = part / whole if whole > 0 else 0.0
        return 1 / siblings / used if used > 0 else math.inf

    by_value: dict[float, list[int]] = {}
    for account in accounts:
        by_value.setdefault(value(of[account], total, len(accounts)), []).append(account)
    found: dict[tuple[int, int], float] = {}
    for _, merged in sorted(by_value.items(), reverse=True):
        users = [key for key in usage if key[0] in merged]
        worth = {}
        for account, user in users:
            beside = sum(other[0] == account for other in usage)
            worth[account, user] = value(usage[account, user], of[account], beside)
        before = len(found)
        for key in users:
            better = sum(other > worth[key] for other in worth.values())
            found[key] = (len(usage) - before - better) / len(usage)
    return found


def strict(
    jobs: list[Owned],
    nodes: int,
    *,
    age: float,
    fair: float,
    size: float,
    greatest: float,
    half: float,
    period: int,
    easy: bool = False,
) -> dict[int, int]:
    """Return the start of every job, in strict order or with EASY."""
    left = 1 - 0.693 / half
    usage = {(job.account, job.user): 0.0 for job in jobs}
    share = {key: fair * rank for key, rank in ranks(usage).items()}
    last = jobs[0].submit // period * period
    keys: dict[int, float] = {}
    queue: list[Owned] = []
    running: list[tuple[int, int, Owned]] = []
    starts: dict[int, int] = {}
    arrived, check = 0, None

    def points(job: Owned, now: int) -> float:
        old = min(1.0, (now - job.submit) / greatest)
        return math.floor(size * (job.procs / nodes) + age * old + share[job.account, job.user])

    def charge(job: Owned, begun: int, now: int) -> None:
        ran = now - max(begun, last)
        usage[job.account, job.user] += job.procs * ran * left**ran

    while arrived < len(jobs) or running:
        times = [end for end, _, _ in running] + [job.submit for job in jobs[arrived : arrived + 1]]
        now = min(times + ([check] if check is not None else []))
        if last + period < now:
            when = last + period
            for key in usage:
                usage[key] *= left**period
            for _, begun, job in running:
                charge(job, begun, when)
            last = when
            share = {key: fair * rank for key, rank in ranks(usage).items()}
            keys |= {job.id: points(job, when) for job in queue}
            if queue:
                grid = (when // 60 + 1) * 60
                check = grid if check is None else min(check, grid)
            continue
        for end, begun, job in [each for each in running if each[0] == now]:
            charge(job, begun, now)
            running.remove((end, begun, job))
        while arrived < len(jobs) and jobs[arrived].submit == now:
            queue.append(jobs[arrived])
            keys[jobs[arrived].id] = points(jobs[arrived], now)
            arrived += 1
        if check == now:
            check = None
        queue.sort(key=lambda job: (-max(1, keys[job.id]), job.id))
        free = nodes - sum(job.procs for _, _, job in running)
        begin: list[Owned] = []
        while queue and queue[0].procs <= free:
            begin.append(queue.pop(0))
            free -= begin[-1].procs
        running += [(now + min(job.run, job.limit), now, job) for job in begin]
        if easy and queue:
            begin += passing(queue, running, free, now)
            running += [(now + min(job.run, job.limit), now, job) for job in begin if job in queue]
            queue = [job for job in queue if job not in begin]
        starts |= {job.id: now for job in begin}
    return starts


def passing(queue: list[Owned], running: list[tuple[int, int, Owned]], free: int, now: int) -> list[Owned]:
    """Return who may pass the first of the queue, which finds no room: in their order, delaying it never."""
    head, dues = queue[0], sorted((begun + job.limit, job.procs) for _, begun, job in running)
    edge = min(
        due for due, _ in dues if free + sum(procs for other, procs in dues if other <= due) >= head.procs
    )
    extra = free + sum(procs for due, procs in dues if due <= edge) - head.procs
    found: list[Owned] = []
    for job in queue[1:]:
        late = now + job.limit > edge
        if job.procs <= free and (not late or job.procs <= extra):
            found.append(job)
            free -= job.procs
            extra -= job.procs if late else 0
    return found
