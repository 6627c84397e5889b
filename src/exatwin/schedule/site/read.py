"""Read the accounts, users and QOS of a centre, in whatever form ``sacctmgr`` has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from exatwin.foundation.errors import SpecError
from exatwin.schedule.site.accounts import Accounts, in_order
from exatwin.schedule.site.dump import is_dump, read_dump
from exatwin.schedule.site.lines import logical_lines, read_text
from exatwin.schedule.site.script import is_script, read_script
from exatwin.schedule.site.table import is_table, read_table

EXPECTED = (
    "what 'sacctmgr dump CLUSTER' writes, a script of sacctmgr commands, or the tables of "
    "'sacctmgr show associations --parsable2' and 'sacctmgr show qos --parsable2'"
)


def read_accounts(paths: Sequence[Path]) -> Accounts:
    """Return the accounts, users and QOS in the files at `paths`, plain or gzip, together.

    Raises
    ------
    SpecError
        A file can't be read or is of no known form, or what is in it does not fit together (all is told).
    """
    found = [_read(Path(path)) for path in paths]
    if len(found) == 1:
        return found[0]
    ordered, wrong = in_order(one for each in found for one in each.associations if one.where or one.user)
    if wrong:
        raise SpecError("; ".join(wrong[:5]))
    merged = Accounts(
        path=", ".join(each.path for each in found),
        associations=tuple(ordered),
        qos={name: level for each in found for name, level in each.qos.items()},
        default_account={user: account for each in found for user, account in each.default_account.items()},
        remarks=tuple(remark for each in found for remark in each.remarks),
    )
    return merged


def _read(path: Path) -> Accounts:
    text = read_text(path, EXPECTED)
    lines = list(logical_lines(path, _barred(text)))
    if is_dump(lines):
        return read_dump(str(path), lines)
    if is_table(lines):
        raw = [
            line._replace(text=whole) for line, whole in zip(lines, _unstripped(_barred(text)), strict=True)
        ]
        return read_table(str(path), raw)
    if is_script(lines):
        return read_script(str(path), lines)
    first = lines[0].text[:40] if lines else ""
    raise SpecError(f"{path}: no known form (it begins with '{first}'), expected {EXPECTED}")


def _barred(text: str) -> str:
    """Return a table of fixed widths, whose second line is of dashes, with bars between its cells."""
    lines = text.splitlines()
    dashes = next((at for at, line in enumerate(lines) if line.strip() and set(line) <= set("- ")), None)
    if dashes is None or dashes == 0:
        return text
    spans = [found.span() for found in re.finditer("-+", lines[dashes])]
    rows = [lines[dashes - 1], *lines[dashes + 1 :]]
    return "\n".join("|".join(row[a:b].strip() for a, b in spans) for row in rows if row.strip()) + "\n"


def _unstripped(text: str) -> list[str]:
    """Return the lines of a table with the blanks before them, which may say how deep an account is."""
    return [line.rstrip("\n\r") for line in text.splitlines() if line.strip() and not line.startswith("#")]
