"""Accounts as ``sacctmgr dump`` has them: ``Parent - 'x'``, ``Account - 'y':Fairshare=10``, ``User …``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from exatwin.schedule.site.accounts import ROOT, Accounts, Association, in_order
from exatwin.schedule.site.entries import association, name_of, strange
from exatwin.schedule.site.lines import Line, refuse

_HEAD = re.compile(
    r"(?P<what>Cluster|Parent|Account|User)\s*-\s*(?P<name>'[^']*'|[^:\s]+)\s*(?P<rest>.*)", re.I
)
_OPTION = re.compile(r":\s*(?P<key>[A-Za-z ]+?)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\"|[^:'\"]*)")


def is_dump(lines: Iterable[Line]) -> bool:
    """Return whether the first line is one of a dump."""
    first = next(iter(lines), None)
    return first is not None and _HEAD.fullmatch(first.text) is not None


@dataclass
class _Found:
    associations: list[Association] = field(default_factory=list)
    default_account: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    parent: str = ROOT
    lost: set[str] = field(default_factory=set)
    """Accounts that something is wrong with, in lower case: what is below them is not told as well."""


def read_dump(path: str, lines: Iterable[Line]) -> Accounts:
    """Return the accounts of a dump.

    Raises
    ------
    SpecError
        A parent is unknown, a share is negative, a user comes twice in an account, a value or a line is
        malformed (all are told).

    References
    ----------
    https://slurm.schedmd.com/sacctmgr.html, "Flat file dump and load"
    """
    found, clusters = _Found(), 0
    for line in lines:
        match = _HEAD.fullmatch(line.text)
        if match is None:
            found.problems.append(
                line.at(f"'{line.text[:40]}' is no line of a dump, expected User - 'name':…")
            )
            continue
        what, name = match["what"].lower(), match["name"].strip("'")
        clusters += what == "cluster"
        if what == "cluster" and clusters > 1:
            found.remarks.append(line.at(f"a second cluster, '{name}', and what follows is not read"))
            break
        try:
            _take(line, what, name, _options(match["rest"]), found)
        except ValueError as error:
            found.problems.append(line.at(f"{what} '{name}': {error}"))
            if what != "user":
                found.lost.add(name.lower())
    sound = [one for one in found.associations if not {one.account.lower(), one.parent.lower()} & found.lost]
    ordered, wrong = in_order(sound)
    refuse(found.problems + wrong)
    return Accounts(path, tuple(ordered), {}, found.default_account, tuple(found.remarks))


def _options(rest: str) -> dict[str, str]:
    found, at = {}, 0
    while at < len(rest.rstrip()):
        match = _OPTION.match(rest, at)
        if match is None:
            raise ValueError(f"'{rest[at : at + 30]}' is no option, expected :NAME=VALUE")
        found[name_of(match["key"])] = match["value"].strip().strip("'\"")
        at = match.end()
    return found


def _take(line: Line, what: str, name: str, values: dict[str, str], found: _Found) -> None:
    unused, unknown = strange(values)
    for key in [*unused, *unknown]:
        if key not in found.seen:
            kind = "has no effect here" if key in unused else "is unknown"
            found.remarks.append(line.at(f"{key} {kind}"))
        found.seen.add(key)
    if what == "parent":
        found.parent = name
        known = [one.account.lower() for one in found.associations if not one.user]
        if name.lower() not in [ROOT, *known, *found.lost]:
            from exatwin.foundation.errors import nearest

            raise ValueError(
                f"is an unknown parent, expected an account above this line: {nearest(name, known)}"
            )
        return
    where = line.at("").rstrip(": ")
    if what == "user":
        found.default_account.setdefault(name.lower(), values.get("defaultaccount", found.parent).lower())
        found.associations.append(
            association(values, account=found.parent, user=name, parent=found.parent, where=where)
        )
        return
    if what == "cluster":  # what stands beside the cluster holds for its root account
        one = association(values, account=ROOT, user="", parent="", where=where)
        found.associations.append(one if one.group or one.each or one.qos else Association(ROOT, parent=""))
        return
    if name.lower() == ROOT:
        found.associations = [old for old in found.associations if old.account != ROOT or old.user]
        found.associations.append(association(values, account=ROOT, user="", parent="", where=where))
        return
    found.associations.append(association(values, account=name, user="", parent=found.parent, where=where))
