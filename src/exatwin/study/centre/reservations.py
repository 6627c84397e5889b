"""Reservations, maintenance and drained nodes as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.units import parse, show
from exatwin.schedule.floor import Floor
from exatwin.schedule.windows import Kind, Window

KINDS = {
    "maintenance": Kind.MAINTENANCE,
    "reservation": Kind.RESERVATION,
    "drain": Kind.DRAIN,
    "down": Kind.DOWN,
}
_FORM = re.compile(
    r"^\s*(?:(?P<kind>[A-Za-z]+)\s*:)?\s*(?P<where>[^@:]+?)\s*@\s*(?P<start>[^/@:]+?)\s*/\s*(?P<length>[^/@:]+?)"
    r"\s*(?::\s*(?P<who>[^:]+?)\s*)?$"
)
_LIKE = (
    "expected [KIND:]NODES@START/DURATION[:WHO], such as maintenance:all@2d/8h or nodes 0-63@1d/12h:account7"
)


class Reserved(NamedTuple):
    """One window as written, its time after the opening of the window of a run."""

    text: str
    kind: Kind
    where: str
    after_s: float
    for_s: float
    who: str


class People(NamedTuple):
    """Whom a reservation can be for: how many there are, and their names where a log has some."""

    accounts: int
    users: int
    account_names: Sequence[str] = ()
    user_names: Sequence[str] = ()

    def number(self, kind: str, told: str, text: str) -> int:
        """Return the number of the account or user that is told by name or number in a reservation.

        Raises
        ------
        SpecError
            There is no such one.
        """
        names = [name.lower() for name in (self.account_names if kind == "account" else self.user_names)]
        many = self.accounts if kind == "account" else self.users
        if told in names:
            return names.index(told)
        if told.isdecimal() and int(told) < many:
            return int(told)
        known = f"{kind}0 to {kind}{many - 1}" if many else f"no {kind}s, since there are none"
        if names and not told.isdecimal():
            known = f"one of the log, {nearest(told, names)}"
        raise SpecError(f"reservation '{text}' is for the {kind} '{told}': expected {known}")


def reservation(text: str) -> Reserved:
    """Return what `text` stands for.

    Raises
    ------
    ValueError
        It is no reservation.

    Examples
    --------
    >>> found = reservation("maintenance:all@2d/8h")
    >>> found.kind.name, found.where, found.after_s, found.for_s
    ('MAINTENANCE', 'all', 172800.0, 28800.0)
    >>> reservation("nodes 0-63@1d/12h:account7").who
    'account7'
    """
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"'{text}' is no reservation: {_LIKE}")
    kind = (match["kind"] or "reservation").lower()
    if kind not in KINDS:
        raise ValueError(f"'{text}' is of the unknown kind '{kind}': {nearest(kind, KINDS)}")
    try:
        after, length = parse(match["start"], "s"), parse(match["length"], "s")
    except SpecError as error:
        raise ValueError(f"'{text}' is no reservation: {error}; {_LIKE}") from None
    if after < 0.0:
        raise ValueError(f"'{text}' starts before the window: expected a start of 0 s or later")
    if not 1.0 <= length < 1e10:
        raise ValueError(f"'{text}' lasts {show(length, 's')}: expected 1 s to 300 years")
    return Reserved(text, KINDS[kind], match["where"].lower(), after, length, (match["who"] or "").lower())


def windows(
    texts: Sequence[str],
    machine: Machine | None,
    floor: Floor,
    start_s: float,
    end_s: float,
    people: People | None = None,
) -> list[Window]:
    """Return the windows of a run from `start_s` to `end_s` [s].

    Parameters
    ----------
    texts
        As :func:`reservation` takes them.
    machine
        Whose racks and groups can be named.
    floor
        The nodes.
    people
        Whom a window can be for; by default any number.

    Raises
    ------
    SpecError
        A window lies outside of the run, on nodes that there are not, or for people that there are not; or
        two reservations share nodes at the same time.
    """
    found: list[Window] = []
    for text in texts:
        each = reservation(text)
        begin = round(start_s + each.after_s)
        if begin >= end_s:
            raise SpecError(
                f"reservation '{text}' starts after the window of {show(end_s - start_s, 's')}: "
                "expected a start inside it"
            )
        nodes = _nodes(each, machine, floor)
        users, accounts = _who(each, people or People(2**31, 2**31))
        found.append(Window(begin, begin + round(each.for_s), nodes, each.kind, text, users, accounts))
    _check_apart([each for each in found if each.kind == Kind.RESERVATION])
    return found


def _check_apart(held: Sequence[Window]) -> None:
    for one, other in combinations(held, 2):
        shared = np.intersect1d(one.nodes, other.nodes)
        if len(shared) and one.start_s < other.end_s and other.start_s < one.end_s:
            raise SpecError(
                f"reservations '{one.name}' and '{other.name}' share {len(shared):,} nodes at the same time: "
                "expected other nodes or times"
            )


def _who(each: Reserved, people: People) -> tuple[tuple[int, ...], tuple[int, ...]]:
    users: list[int] = []
    accounts: list[int] = []
    for part in each.who.split("+") if each.who else ():
        match = re.fullmatch(r"(account|user)\s*(\S.*)", part.strip())
        if match is None:
            raise SpecError(
                f"reservation '{each.text}' is for '{part}': expected accounts and users, such as "
                "account7+user12"
            )
        who = people.number(match[1], match[2], each.text)
        (accounts if match[1] == "account" else users).append(who)
    return tuple(users), tuple(accounts)


def _nodes(each: Reserved, machine: Machine | None, floor: Floor) -> Int64:
    """Return the nodes that are meant, ascending."""
    if each.where == "all":
        return np.arange(floor.capacity, dtype=np.int64)
    match = re.fullmatch(r"([a-z]+)\s+([\d\s+-]+)|(\d+)\s+nodes?", each.where)
    if match is None or (match[1] and match[1].rstrip("s") not in ("node", "rack", "group")):
        raise SpecError(
            f"reservation '{each.text}' is on '{each.where}': expected all, N nodes, nodes 0-63, rack 12 "
            "or group 3 (several with +)"
        )
    if match[3]:
        return _any(each, int(match[3]), floor)
    what = match[1].rstrip("s")
    if what != "node" and machine is None:
        raise SpecError(f"reservation '{each.text}': bare processors stand in no {what}: expected nodes")
    if what == "node":
        return _numbers(each, match[2], 0, floor.capacity - 1, what)
    assert machine is not None
    of_node = machine.rack_of_node if what == "rack" else machine.group_of_node
    of_node = of_node[: floor.capacity]
    wanted = _numbers(each, match[2], 1, int(of_node[-1]) + 1, what)
    return np.flatnonzero(np.isin(of_node + 1, wanted)).astype(np.int64)


def _any(each: Reserved, many: int, floor: Floor) -> Int64:
    if not 1 <= many <= floor.capacity:
        wrong = "is larger than the machine" if many else "is of no nodes"
        raise SpecError(f"reservation '{each.text}' {wrong}: expected 1 to {floor.capacity:,} nodes")
    return np.arange(floor.capacity - many, floor.capacity, dtype=np.int64)


def _numbers(each: Reserved, text: str, low: int, high: int, what: str) -> Int64:
    """Return the numbers in ``0-63+70``, ascending."""
    found: set[int] = set()
    for part in text.split("+"):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part)
        if match is None:
            raise SpecError(f"reservation '{each.text}': '{part.strip()}' is no number or range of {what}s")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise SpecError(
                f"reservation '{each.text}': {part.strip()} runs backwards: expected {last}-{first}"
            )
        if not low <= first <= last <= high:
            raise SpecError(
                f"reservation '{each.text}' has the {what}s {part.strip()}: expected {low} to {high:,}"
            )
        found.update(range(first, last + 1))
    return np.array(sorted(found), np.int64)


__all__ = ["KINDS", "People", "Reserved", "reservation", "windows"]
