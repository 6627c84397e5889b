"""``exatwin lint``: a batch script against the rules of a site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.study.applying.lint import Checked

_MOST = 4 * 2**20


@click.command("lint")
@click.argument("script", metavar="SCRIPT")
@click.option("--site", metavar="NAME|FILE", help="Whose rules; by default told by the script.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(script: str, site: str | None, as_json: bool) -> None:
    """Check the batch script SCRIPT (a file, or -) against the rules of its site.

    Errors are what the site refuses or what can't work, warnings what may not be meant. The exit code is 0
    without errors, 1 with errors, 2 where the script can't be read or the site has no rules. Example:
    exatwin lint job.sh --site jupiter
    """
    from exatwin.catalogue.batch import site_rules
    from exatwin.foundation.errors import SimulationError, SpecError
    from exatwin.study.applying.lint import lint

    text = _text(script)
    try:
        found = lint(text, None if site is None else site_rules(site))
    except SpecError as error:
        raise SpecError(str(error) if site is not None else f"{script}: {error}") from None
    if as_json:
        import json

        click.echo(json.dumps({"script": script, **found.document()}))
    else:
        click.echo("\n".join(_lines(found, script)))
    if found.errors:
        raise SimulationError(
            f"{script}: {_of(found.errors, 'error')} against the rules of {found.rules.title}"
        )


def _text(script: str) -> str:
    from exatwin.foundation.errors import SpecError

    try:
        if script == "-":
            return sys.stdin.read(_MOST)
        with Path(script).open(encoding="utf-8", newline="") as file:
            return file.read(_MOST)
    except UnicodeDecodeError:
        raise SpecError(f"{script}: is no text, expected a batch script") from None
    except OSError as error:
        raise SpecError(f"{script}: {error.strerror or error}") from None


def _lines(found: Checked, script: str) -> list[str]:
    """Return the findings as lines for a person, as editors read them."""
    warnings = len(found.findings) - found.errors
    told = [
        f"{script}:{one.line}: {one.kind}: {one.text}" if one.line else f"{script}: {one.kind}: {one.text}"
        for one in found.findings
    ]
    site = f"{found.rules.title}, rules as of {found.rules.as_of}"
    counted = f"{_of(found.errors, 'error')}, {_of(warnings, 'warning')}" if told else "nothing to say"
    return [*told, f"{counted} ({site}{', told by the script' if found.guessed else ''})"]


def _of(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
