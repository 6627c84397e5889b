"""What `run` and `replay` do with a result: say it, keep it, draw it."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exatwin.foundation.progress import when_compiling

if TYPE_CHECKING:
    from exatwin.study.result import Result
    from exatwin.study.scenario import Scenario

PAGE = "report.html"
RESULTS = Path("results")


@dataclass(frozen=True)
class Wanted:
    """What is to become of an answer."""

    output: Path | None = None
    """Folder for the result."""
    schedule: Path | None = None
    """File for the schedule."""
    as_json: bool = False
    """Print JSON."""
    as_csv: bool = False
    """Print CSV."""
    quiet: bool = False
    """Say nothing beside the answer."""
    verbose: bool = False
    """Say which stage runs."""

    @property
    def folder(self) -> Path | None:
        """Where a result is kept: the folder that was named, or for people one below ``results``."""
        return self.output if self.output is not None or self.as_json or self.as_csv else RESULTS


class Stages:
    """Tells a person at a terminal which stage runs, or with ``verbose`` anyone; says nothing to a pipe."""

    def __init__(self, wanted: Wanted) -> None:
        self._lines = wanted.verbose
        self._shown = not wanted.quiet and not wanted.verbose and sys.stderr.isatty()
        self._began = time.perf_counter()
        self._name = ""
        when_compiling(self._compiling)

    def stage(self, name: str) -> None:
        """Show the stage that begins."""
        self._end()
        self._name, self._began = name, time.perf_counter()
        self._show(f"{name} …")

    def step(self, done: int, total: int) -> None:
        """Show how far a sweep is."""
        self._show(f"seed {done} of {total} …")

    def _compiling(self, what: str) -> None:
        """Say what a first run waits for."""
        text = f"compiling the {what}: once on this machine, it may take half a minute"
        self._show(f"{text} …")
        if self._lines:
            _murmur(text)

    def done(self) -> None:
        """Clear the line."""
        self._end()
        self._name = ""
        if self._shown:
            _murmur("\r\x1b[2K", nl=False)

    def _end(self) -> None:
        if self._lines and self._name:
            _murmur(f"{self._name}: {time.perf_counter() - self._began:.2f} s")

    def _show(self, text: str) -> None:
        if self._shown:
            _murmur(f"\r\x1b[2K{text}", nl=False)


def _murmur(text: str, nl: bool = True) -> None:
    """Say something beside the answer; that nobody can read it is no reason to fail."""
    with suppress(OSError):
        click.echo(text, nl=nl, err=True)


def answer(scenario: Scenario, wanted: Wanted, *, seeds: int = 1) -> None:
    """Run `scenario`, print its key figures, and write its folder, page and schedule.

    What can't be written is found out before anything is computed.
    """
    from exatwin.study.sweep import sweep

    _check(wanted)
    progress = Stages(wanted)
    began = time.perf_counter()
    try:
        result = sweep(scenario, seeds, progress=progress, command=_command())
    finally:
        progress.done()
    _say(_told(result, wanted, time.perf_counter() - began))
    if wanted.schedule is not None:
        result.write_schedule(wanted.schedule)
    if wanted.folder is not None:
        progress.stage("writing")
        folder = wanted.output or RESULTS / _name(result)
        _keep(result, folder)
        progress.done()
        if not wanted.quiet:
            _murmur(f"result  {folder}/\npage    {folder / PAGE}")


def _check(wanted: Wanted) -> None:
    from exatwin.study.store import check_file, check_target

    for one, other, names in (
        (wanted.as_json, wanted.as_csv, "--json and --csv"),
        (wanted.quiet, wanted.verbose, "--quiet and --verbose"),
    ):
        if one and other:
            raise click.UsageError(f"{names} exclude each other")
    if wanted.folder is not None:
        check_target(wanted.output or RESULTS / "next")
    if wanted.schedule is not None:
        check_file(wanted.schedule)


def _command() -> str:
    return shlex.join(["exatwin", *sys.argv[1:]])


def _name(result: Result) -> str:
    return f"{result.machine.name if result.machine else 'replay'}-{result.provenance['id']}"


def _keep(result: Result, folder: Path) -> None:
    from exatwin.report import document

    result.save(folder)
    document.write(result, folder / PAGE)


def _say(text: str) -> None:
    """Print the answer; a reader who has seen enough (``| head``) does not keep it from being written."""
    try:
        click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(result: Result, wanted: Wanted, taken_s: float) -> str:
    if wanted.as_json:
        return _json(result)
    if wanted.as_csv:
        return _csv(result)
    from exatwin.report.summary import summary_text

    return summary_text(result, taken_s)


def _json(result: Result) -> str:
    import json

    from exatwin.study.store import plain
    from exatwin.study.sweep import intervals

    told: dict[str, Any] = {**result.summary(), **result.provenance}
    told["machine"] = result.machine.name if result.machine else None
    told["ramps"] = result.ledger.ramps if result.ledger else {}
    told["scenario"] = result.scenario.document()
    if result.seeds:
        told["seeds"] = list(result.seeds)
        told["intervals"] = intervals(result.seeds)
    return json.dumps(plain(told), allow_nan=False)


def _csv(result: Result) -> str:
    """Return the key figures as a head line and a row a seed; what is not known is blank."""
    import csv
    import io

    rows: list[Mapping[str, Any]] = list(result.seeds) or [
        {"seed": result.provenance["seed"], **result.summary()}
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")
