"""Usage as Slurm keeps it, plainly: period by period, job by job, and the priorities that follow from it."""

from __future__ import annotations

import math
from typing import NamedTuple


class Ran(NamedTuple):
    """A job that ran."""

    start: int
    end: int
    owner: str
    charge: float


def usage(jobs: list[Ran], *, begin: int, until: int, period: int, half: float) -> dict[str, float]:
    """Return the decayed usage of each owner at the calculation at `until`."""
    left = 1 - 0.693 / half if half > 0 else 1.0
    found = {job.owner: 0.0 for job in jobs}
    for now in range(begin + period, until + 1, period):
        before = now - period
        for job in jobs:  # what ended in this period counted at its end, before the decay
            if before < job.end <= now and job.end > job.start:
                ran = job.end - max(job.start, before)
                found[job.owner] += job.charge * ran * left**ran
        for owner in found:
            found[owner] *= left**period
        for job in jobs:
            if job.start < now < job.end:
                ran = now - max(job.start, before)
                found[job.owner] += job.charge * ran * left**ran
    return found


class User(NamedTuple):
    """A user of an account, with shares, or ``None`` for those of the account."""

    account: str
    shares: float | None


def fair_tree(accounts: dict[str, float], users: dict[str, User], used: dict[str, float]) -> dict[str, float]:
    """Return the Fair Tree factor of users in accounts below the root, no two of them tied."""
    of = {a: sum(used.get(u, 0.0) for u in users if users[u].account == a) for a in accounts}
    total = sum(of.values())

    def value(share: float, part: float, whole: float) -> float:
        return share / (part / whole) if part > 0 and whole > 0 else math.inf

    worth = {a: value(accounts[a] / sum(accounts.values()), of[a], total) for a in accounts}
    rank, found = len(users), {}
    for account in sorted(accounts, key=lambda a: -worth[a]):
        mine = [u for u in users if users[u].account == account]
        shares = sum(users[u].shares or 0.0 for u in mine)

        def best(u: str, shares: float = shares, account: str = account) -> float:
            own = users[u].shares
            return math.inf if own is None else value(own / shares, used.get(u, 0.0), of[account])

        first, last = rank, math.nan
        for u in sorted(mine, key=lambda u: -best(u)):
            if best(u) != last:
                first, last = rank, best(u)
            found[u] = first / len(users)
            rank -= 1
    return found
