"""What `run` and `replay` do with a result: say it, keep it, draw it."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from exatwin.study.result import Result
    from exatwin.study.scenario import Scenario

PAGE = "report.html"


class Stages:
    """Tells a person at a terminal which stage runs; says nothing to a pipe."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()

    def stage(self, name: str) -> None:
        """Show the stage that begins."""
        self._show(f"{name} …")

    def step(self, done: int, total: int) -> None:
        """Show how far a sweep is."""
        self._show(f"seed {done} of {total} …")

    def _show(self, text: str) -> None:
        if self._shown:
            click.echo(f"\r\x1b[2K{text}", nl=False, err=True)

    def done(self) -> None:
        """Clear the line."""
        if self._shown:
            click.echo("\r\x1b[2K", nl=False, err=True)


def answer(
    scenario: Scenario,
    *,
    seeds: int = 1,
    output: Path | None,
    schedule: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run `scenario`, print its key figures, and write its folder and page.

    With ``--json`` a folder is written only where one is named.
    """
    from exatwin.study.store import check_target
    from exatwin.study.sweep import sweep

    if output is not None:
        check_target(output)
    progress = Stages(quiet)
    began = time.perf_counter()
    result = sweep(scenario, seeds, progress=progress, command=_command())
    progress.done()
    taken = time.perf_counter() - began
    click.echo(_json(result) if as_json else _text(result, taken), color=None)
    if schedule is not None:
        result.write_schedule(schedule)
    if output is not None or not as_json:
        _keep(result, output or Path("results") / _name(result), quiet)


def _command() -> str:
    return shlex.join(["exatwin", *sys.argv[1:]])


def _name(result: Result) -> str:
    return f"{result.machine.name if result.machine else 'replay'}-{result.provenance['id']}"


def _keep(result: Result, folder: Path, quiet: bool) -> None:
    from exatwin.report import document

    result.save(folder)
    document.write(result, folder / PAGE)
    if not quiet:
        click.echo(f"result  {folder}/\npage    {folder / PAGE}", err=True)


def _json(result: Result) -> str:
    import json

    from exatwin.study.store import plain
    from exatwin.study.sweep import intervals

    told: dict[str, Any] = {**result.summary(), **result.provenance}
    told["machine"] = result.machine.name if result.machine else None
    told["scenario"] = result.scenario.document()
    if result.seeds:
        told["seeds"] = list(result.seeds)
        told["intervals"] = intervals(result.seeds)
    return json.dumps(plain(told), allow_nan=False)


def _text(result: Result, taken_s: float) -> str:
    from exatwin.report.summary import summary_text

    return summary_text(result, taken_s)
