"""``exatwin sshare``: what accounts and users have used and are due, like Slurm's command of that name."""

from __future__ import annotations

from typing import Any

import click

from exatwin.cli._standing import Question, reached, show, standing

_COLUMNS = ("ACCOUNT", "USER", "RAWSHARES", "NORMSHARES", "RAWUSAGE", "NORMUSAGE", "EFFECTVUSAGE", "LEVELFS",
            "FAIRSHARE")  # fmt: skip


@click.command("sshare")
@standing
def command(**given: Any) -> None:
    """Print shares, decayed usage and fair-share factors at an instant of RESULT, or of TRACE rescheduled.

    RESULT is a folder of `run` or `replay` (or a SCENARIO.toml). Accounts stand before the users and accounts
    below them. Usage is in billing units times seconds, as of the last calculation of priorities.
    """
    from exatwin.study.centre.priorities import sshare, when

    asked = Question(**given)
    found, at_s = reached(asked)
    rows = sshare(found, at_s)
    if not asked.as_json:
        rows = [{**row, "ACCOUNT": " " * row["DEPTH"] + row["ACCOUNT"]} for row in rows]
    show(asked, {"at": when(found, at_s)}, rows, ("DEPTH", *_COLUMNS) if asked.as_json else _COLUMNS)
