"""Accounts in the form of commands for ``sacctmgr``: ``add account``, ``add user``, ``modify qos set`` …"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from exatwin.schedule.site.accounts import ROOT, Accounts, Association, Qos, in_order
from exatwin.schedule.site.entries import association, name_of, names, qos, shares, strange
from exatwin.schedule.site.lines import Line, refuse

_VERBS = {
    **dict.fromkeys(("add", "create"), "add"),
    **dict.fromkeys(("modify", "update", "mod"), "modify"),
    **dict.fromkeys(("delete", "remove", "del"), "delete"),
    **dict.fromkeys(
        ("list", "show", "quit", "exit", "help", "reconfigure", "archive", "dump", "version"), "none"
    ),
}
_OF_QOS = {
    "priority": "priority",
    "usagefactor": "usage_factor",
    "flags": "flags",
    "preempt": "preempt",
    "preemptmode": "preempt_mode",
    "preemptexempttime": "exempt_s",
}
_MANY = {
    "names": "name",
    "accounts": "account",
    "users": "user",
    "clusters": "cluster",
    "partitions": "partition",
}


@dataclass
class _Found:
    accounts: dict[str, Association] = field(default_factory=dict)
    users: dict[tuple[str, str, str], Association] = field(default_factory=dict)
    qos: dict[str, Qos] = field(default_factory=lambda: {"normal": Qos("normal")})
    default_account: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def is_script(lines: Iterable[Line]) -> bool:
    """Return whether the first line is a command."""
    first = next(iter(lines), None)
    return first is not None and len(_command(first.text)) > 1


def read_script(path: str, lines: Iterable[Line]) -> Accounts:
    """Return the accounts and QOS that a script of commands leaves behind in an empty database.

    A cluster begins with the account ``root`` and in it the user ``root``, and with the QOS ``normal``.

    Raises
    ------
    SpecError
        A parent is unknown, a share is negative, an account or a user comes twice, a command or a value is
        malformed (all are told).

    References
    ----------
    https://slurm.schedmd.com/sacctmgr.html
    """
    found = _Found()
    found.accounts[ROOT] = Association(ROOT, parent="")
    root = Association(ROOT, ROOT, parent=ROOT)
    found.users[root.key] = root
    for line in lines:
        try:
            _run(line, found)
        except ValueError as error:
            found.problems.append(line.at(str(error)))
    ordered, wrong = in_order([*found.accounts.values(), *found.users.values()])
    refuse(found.problems + wrong)
    return Accounts(path, tuple(ordered), found.qos, found.default_account, tuple(found.remarks))


def _command(text: str) -> list[str]:
    """Return verb, kind and the rest of a command; nothing if it is none."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return []
    while words and (
        words[0] in ("sudo", "sacctmgr") or words[0].startswith("-") or words[0].endswith("/sacctmgr")
    ):
        words = words[1:]
    if not words or words[0].lower() not in _VERBS:
        return []
    return [_VERBS[words[0].lower()], *(word.lower() for word in words[1:2]), *words[2:]]


def _run(line: Line, found: _Found) -> None:
    words = _command(line.text)
    if not words:
        found.remarks.append(line.at(f"'{line.text[:40]}' is no command for accounts: ignored"))
        return
    if words[0] == "none" or len(words) < 2:
        return
    verb, kind, rest = words[0], words[1].rstrip("s") if words[1] != "qos" else "qos", words[2:]
    which, change = _parts(rest, all_first=verb == "add")
    _tell(line, change, found)
    table: dict[tuple[str, str], Callable[[Line, dict[str, str], dict[str, str], _Found], None]] = {
        ("add", "account"): _add_account,
        ("add", "user"): _add_user,
        ("add", "qos"): _add_qos,
        ("modify", "account"): _modify_account,
        ("modify", "user"): _modify_user,
        ("modify", "qos"): _modify_qos,
        ("delete", "qos"): _delete_qos,
        ("add", "cluster"): _cluster,
        ("modify", "cluster"): _cluster,
    }
    if (verb, kind) in table:
        table[verb, kind](line, which, change, found)
    else:
        found.remarks.append(line.at(f"'{verb} {kind}' has no effect here"))


def _parts(words: list[str], *, all_first: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return which ones are meant, and what is set.

    Bare words are names; so is one after ``set``, which careless scripts have.
    """
    which: dict[str, str] = {}
    change: dict[str, str] = {}
    setting = all_first
    for word in words:
        if word.lower() in ("where", "set"):
            setting = word.lower() == "set"
            continue
        key, equals, value = word.partition("=")
        key = name_of(key.rstrip("+-")) if equals else "name"
        value = value if equals else word
        key = _MANY.get(key, key)
        chooses = key in ("name", "account", "user", "cluster", "partition", "parent") and (
            not setting or all_first or not equals or key == "name"
        )
        (which if chooses else change)[key] = value.strip()
    return which, change


def _tell(line: Line, change: dict[str, str], found: _Found) -> None:
    unused, unknown = strange(change)
    for key in [*unused, *unknown]:
        if key not in found.seen:
            found.remarks.append(line.at(f"{key} {'has no effect here' if key in unused else 'is unknown'}"))
        found.seen.add(key)


def _where(line: Line) -> str:
    return f"{line.path}:{line.number}"


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _add_account(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    for name in _list(which.get("name") or which.get("account", "")):
        one = association(change, account=name, user="", parent=which.get("parent", ROOT), where=_where(line))
        if name.lower() in found.accounts:
            raise ValueError(f"account '{name}' comes twice, first at {found.accounts[name.lower()].where}")
        found.accounts[name.lower()] = one


def _add_user(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    default = change.get("defaultaccount", "")
    accounts = _list(which.get("account", default))
    people = _list(which.get("name") or which.get("user", ""))
    if not accounts:
        raise ValueError(f"user '{','.join(people)}' is added to no account, expected Account=NAME")
    for name in people:
        found.default_account.setdefault(name.lower(), (default or accounts[0]).lower())
        for account in accounts:
            for partition in _list(which.get("partition", "")) or [""]:
                values = {**change, "partition": partition}
                one = association(values, account=account, user=name, parent=account, where=_where(line))
                if one.key in found.users:
                    first = found.users[one.key].where or "the start: every cluster has it"
                    raise ValueError(f"user '{name}' comes twice in account '{account}', first at {first}")
                found.users[one.key] = one


def _add_qos(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    for name in _list(which.get("name", "")):
        found.qos[name.lower()] = qos(change, name, _where(line))


def _delete_qos(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    for name in _list(which.get("name", "")):
        found.qos.pop(name.lower(), None)


def _modify_qos(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    wanted = [name.lower() for name in _list(which.get("name", ""))] or list(found.qos)
    for name in wanted:
        if name not in found.qos:
            from exatwin.foundation.errors import nearest

            raise ValueError(f"QOS '{name}' does not exist: {nearest(name, found.qos)}")
        old, new = found.qos[name], qos(change, found.qos[name].name, _where(line))
        taken = {kept: getattr(new, kept) for key, kept in _OF_QOS.items() if key in change}
        bounds = {
            part: getattr(new, part).inside(getattr(old, part))
            for part in ("group", "user", "account", "job")
        }
        found.qos[name] = replace(old, **taken, **bounds)


def _modify_account(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    wanted = [name.lower() for name in _list(which.get("name") or which.get("account", ""))] or list(
        found.accounts
    )
    for name in wanted:
        if name not in found.accounts:
            from exatwin.foundation.errors import nearest

            raise ValueError(f"account '{name}' does not exist: {nearest(name, found.accounts)}")
        found.accounts[name] = _changed(found.accounts[name], change)


def _modify_user(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    people = {name.lower() for name in _list(which.get("name") or which.get("user", ""))}
    accounts = {name.lower() for name in _list(which.get("account", ""))}
    if "defaultaccount" in change:
        found.default_account.update(dict.fromkeys(people, change["defaultaccount"].lower()))
    for key, one in found.users.items():
        if (not people or key[1] in people) and (not accounts or key[0] in accounts):
            found.users[key] = _changed(one, change)


def _cluster(line: Line, which: dict[str, str], change: dict[str, str], found: _Found) -> None:
    kept = {key: text for key, text in change.items() if key != "fairshare"}
    found.accounts[ROOT] = _changed(found.accounts[ROOT], kept)


def _changed(one: Association, change: dict[str, str]) -> Association:
    """Return an association with what is set; limits that are not named stay."""
    new = association(change, account=one.account, user=one.user, parent=one.parent, where=one.where)
    return replace(
        one,
        shares=shares(change["fairshare"]) if "fairshare" in change else one.shares,
        priority=new.priority if "priority" in change else one.priority,
        parent=change.get("parent", one.parent) if not one.user else one.parent,
        group=new.group.inside(one.group),
        each=new.each.inside(one.each),
        qos=names(change["qos"]) if "qos" in change else one.qos,
        default_qos=new.default_qos if "defaultqos" in change else one.default_qos,
    )
