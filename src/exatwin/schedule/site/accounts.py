"""Accounts, users and QOS of a centre: associations with their shares, and what each may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from exatwin.schedule.site.words import UNLIMITED

ROOT = "root"


@dataclass(frozen=True)
class Bounds:
    """Limits on what one job, or several at once, may hold; nothing by default."""

    jobs: float = UNLIMITED
    """Most running jobs."""
    tres: Mapping[str, float] = field(default_factory=dict)
    """Most of each resource, such as ``node`` or ``cpu``."""
    running_mins: Mapping[str, float] = field(default_factory=dict)
    """Most of each resource times the minutes left by the time limits."""
    wall_s: float = UNLIMITED
    """Longest time limit of a job."""
    sent: float = UNLIMITED
    """Most jobs that wait or run."""
    used_mins: Mapping[str, float] = field(default_factory=dict)
    """Most of each resource times the minutes that it has been used, decayed."""
    used_s: float = UNLIMITED
    """Longest time that jobs may have run, one beside the other, decayed."""
    job_mins: Mapping[str, float] = field(default_factory=dict)
    """Most of each resource times the minutes of the time limit of a job."""
    least: Mapping[str, float] = field(default_factory=dict)
    """Least of each resource that a job may ask for."""

    def __bool__(self) -> bool:
        return self != Bounds()

    def inside(self, outer: Bounds) -> Bounds:
        """Return these bounds, and those of `outer` where these say nothing."""
        found: dict[str, Any] = {}
        for each in fields(self):
            mine, above = getattr(self, each.name), getattr(outer, each.name)
            if isinstance(mine, Mapping):
                found[each.name] = {**above, **mine}
            else:
                found[each.name] = above if mine == UNLIMITED else mine
        return Bounds(**found)


@dataclass(frozen=True)
class Association:
    """An account, or a user of an account (in a partition, where one is named)."""

    account: str
    user: str = ""
    """Empty for an account."""
    partition: str = ""
    parent: str = ROOT
    """Account above an account; of a user, the account itself."""
    shares: int | None = 1
    """``Fairshare``; None for ``parent``."""
    priority: int = 0
    group: Bounds = Bounds()
    """Limits of the association with all below it (``Grp…``)."""
    each: Bounds = Bounds()
    """Limits of each user below it (``MaxJobs``) and of each job (``MaxTRES``, ``MaxWall``)."""
    qos: tuple[str, ...] = ()
    default_qos: str = ""
    where: str = ""
    """File and line."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, user and partition in lower case, as Slurm's database keeps them."""
        return self.account.lower(), self.user.lower(), self.partition.lower()


@dataclass(frozen=True)
class Qos:
    """A quality of service."""

    name: str
    priority: int = 0
    usage_factor: float = 1.0
    flags: frozenset[str] = frozenset()
    preempt: tuple[str, ...] = ()
    """QOS whose jobs it may push aside."""
    preempt_mode: str = ""
    exempt_s: float | None = None
    group: Bounds = Bounds()
    """Limits of all its jobs."""
    user: Bounds = Bounds()
    """Limits of the jobs of one user in it."""
    account: Bounds = Bounds()
    """Limits of the jobs of one account in it."""
    job: Bounds = Bounds()
    """Limits of one job."""
    where: str = ""


@dataclass(frozen=True)
class Accounts:
    """The accounts, users and QOS of a cluster; accounts come after their parents."""

    path: str
    associations: tuple[Association, ...]
    qos: Mapping[str, Qos] = field(default_factory=dict)
    """By name in lower case."""
    default_account: Mapping[str, str] = field(default_factory=dict)
    """Account of each user's jobs that name none, in lower case."""
    remarks: tuple[str, ...] = ()

    @property
    def users(self) -> int:
        """Number of associations of users."""
        return sum(bool(one.user) for one in self.associations)

    def lines(self) -> list[str]:
        """Return for people what was found."""
        accounts = len(self.associations) - self.users
        head = f"{self.path}: {accounts:,} accounts, {self.users:,} users in them, {len(self.qos)} QOS"
        return [head, *(f"  note: {remark}" for remark in self.remarks)]


def in_order(associations: Iterable[Association]) -> tuple[list[Association], list[str]]:
    """Return the root and then accounts after their parents, users after all accounts, and what is wrong.

    Wrong are a parent that does not exist, an account above itself or that comes twice, and a user who comes
    twice in an account.
    """
    given = list(associations)
    problems = [
        f"{one.where}: share {one.shares} of {one.user or one.account} is negative, expected 0 or more"
        for one in given
        if one.shares is not None and one.shares < 0
    ]
    accounts: dict[str, Association] = {}
    users: dict[tuple[str, str, str], Association] = {}
    for one in given:
        kind = f"user '{one.user}' of account" if one.user else "account"
        known = users.get(one.key) if one.user else accounts.get(one.account.lower())
        if known is not None:
            first = f", first at {known.where}" if known.where else ""
            problems.append(f"{one.where}: {kind} '{one.account}' comes twice{first}")
        elif one.user:
            users[one.key] = one
        else:
            accounts[one.account.lower()] = one
    accounts.setdefault(ROOT, Association(ROOT, parent=""))
    ordered, wrong = _below_parents(accounts)
    for one in users.values():
        if one.account.lower() not in accounts:
            wrong.append(f"{one.where}: user '{one.user}' is in the unknown account '{one.account}'")
    known_users = [one for one in users.values() if one.account.lower() in accounts]
    return [*ordered, *known_users], problems + wrong


def _below_parents(accounts: Mapping[str, Association]) -> tuple[list[Association], list[str]]:
    from exatwin.foundation.errors import nearest

    wrong = []
    children: dict[str, list[str]] = {}
    for name, one in accounts.items():
        above = one.parent.lower()
        if name == ROOT:
            continue
        if above not in accounts:
            near = nearest(one.parent, [other.account for other in accounts.values()])
            wrong.append(
                f"{one.where}: account '{one.account}' has the unknown parent '{one.parent}': {near}"
            )
            continue
        children.setdefault(above, []).append(name)
    ordered, waiting = [accounts[ROOT]], [ROOT]
    while waiting:
        below = [name for above in waiting for name in children.pop(above, [])]
        ordered += [accounts[name] for name in below]
        waiting = below
    cut = {name for names in children.values() for name in names}
    circle = [accounts[name] for name in cut if accounts[name].parent.lower() in cut]
    wrong += [
        f"{one.where}: account '{one.account}' is above itself{_round(one, accounts)}" for one in circle
    ]
    return ordered, wrong


def _round(one: Association, accounts: Mapping[str, Association]) -> str:
    """Return the way from an account up to one that it has passed."""
    way = [one.account.lower()]
    while way[-1] not in way[:-1]:
        way.append(accounts[way[-1]].parent.lower())
    names = [accounts[name].account for name in way]
    return f" ({' below '.join(names)})" if len(names) > 2 else ""


def inherited(accounts: Accounts) -> list[Association]:
    """Return the associations with the QOS and the limits of each job that accounts hand down."""
    known: dict[str, Association] = {}
    found = []
    for one in accounts.associations:
        above = known.get(one.account.lower() if one.user else one.parent.lower())
        whole = one
        if above is not None:
            whole = replace(
                one,
                each=one.each.inside(above.each),
                qos=one.qos or above.qos,
                default_qos=one.default_qos or above.default_qos,
            )
        if not one.user:
            known[one.account.lower()] = whole
        found.append(whole)
    return found
