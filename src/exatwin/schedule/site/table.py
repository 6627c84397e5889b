"""Accounts and QOS as tables: ``sacctmgr show associations --parsable2``, ``show qos --parsable2``."""

from __future__ import annotations

from collections.abc import Iterable

from exatwin.foundation.errors import SpecError
from exatwin.schedule.site.accounts import ROOT, Accounts, Association, Qos, in_order
from exatwin.schedule.site.entries import association, name_of, qos
from exatwin.schedule.site.lines import Line, refuse


def is_table(lines: Iterable[Line]) -> bool:
    """Return whether the first line heads a table of associations or of QOS."""
    first = next(iter(lines), None)
    if first is None or "|" not in first.text:
        return False
    head = {name_of(cell) for cell in first.text.split("|")}
    return {"account", "user"} <= head or {"name", "priority"} <= head


def read_table(path: str, lines: Iterable[Line]) -> Accounts:
    """Return what a table says: associations, or QOS.

    Where associations have no column ``ParentName``, names that stand further right (``tree``) are below the
    last one that stands further left; without such, accounts are below the root.

    Raises
    ------
    SpecError
        A parent is unknown, a share is negative, one comes twice, or a value is malformed (all are told).
    """
    rows = list(lines)
    head = [name_of(cell) for cell in rows[0].text.split("|")]
    found: list[Association] = []
    levels: dict[str, Qos] = {}
    problems: list[str] = []
    above: list[tuple[int, str]] = []
    for row in rows[1:]:
        cells = row.text.split("|")
        values = dict(zip(head, cells, strict=False))
        try:
            if "account" not in head:
                one = qos(values, values["name"].strip(), f"{row.path}:{row.number}")
                levels[one.name.lower()] = one
                continue
            found.append(_association(row, values, above))
        except ValueError as error:
            problems.append(row.at(str(error)))
    ordered, wrong = in_order(found) if found else ([], [])
    refuse(problems + wrong)
    if not found and not levels:
        raise SpecError(f"{path}: a header line and no rows, expected accounts or QOS")
    return Accounts(path, tuple(ordered), levels)


def _association(row: Line, values: dict[str, str], above: list[tuple[int, str]]) -> Association:
    raw = values["account"]
    name, user, depth = raw.strip(), values["user"].strip(), len(raw) - len(raw.lstrip())
    while not user and above and above[-1][0] >= depth:
        above.pop()
    parent = values.get("parent", "").strip() or (above[-1][1] if above and depth else ROOT)
    if not user:
        above.append((depth, name))
    return association(
        values,
        account=name,
        user=user,
        parent="" if name.lower() == ROOT and not user else parent,
        where=f"{row.path}:{row.number}",
    )
