"""What `sprio` and `sshare` share: a schedule and an instant in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from exatwin.cli._centre import files
from exatwin.cli._options import File

if TYPE_CHECKING:
    from exatwin.study.centre.priorities import Stood
    from exatwin.study.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Question:
    """What was asked on the command line."""

    target: Path
    at: str
    slurm_conf: Path | None
    accounts: tuple[Path, ...]
    machine: str | None
    processors: str | None
    as_recorded: bool
    policy: str | None
    backfill: str | None
    changes: tuple[str, ...]
    seed: str | None
    as_json: bool
    as_csv: bool
    quiet: bool


_OPTIONS = (
    click.argument("target", type=File(), metavar="RESULT|TRACE"),
    click.option(
        "--at", required=True, metavar="INSTANT", help="2026-09-07T12:00 (UTC), or a span after time 0: 36h."
    ),
    click.option("--machine", metavar="NAME|FILE", help="The machine, for a TRACE."),
    click.option("--processors", metavar="N", help="Size of the machine where none is named, for a TRACE."),
    click.option("--as-recorded", is_flag=True, help="As things really went by the TRACE."),
    click.option("--policy", metavar="NAME", help="multifactor, unless --as-recorded."),
    click.option("--backfill", metavar="NAME", help="none, easy, easy-sjbf or slurm."),
    click.option("--set", "changes", multiple=True, metavar="PATH=VALUE", help="Change any key."),
    click.option("--seed", metavar="N", help="Seed of every draw."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the answer."),
)


def standing(function: F) -> F:
    """Add the flags of a schedule and an instant to a command."""
    function = files(function)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def reached(asked: Question) -> tuple[Stood, int]:
    """Return the schedule that is asked about, and the instant [s]; tell what was assumed.

    Raises
    ------
    ExatwinError
        Something of the question does not exist or does not fit.
    """
    from exatwin.study.centre.priorities import instant, seconds_at, stood

    at = instant(asked.at)  # before anything is scheduled
    found = stood(scenario_of(asked))
    at_s = seconds_at(at, found)
    if not asked.quiet:
        for remark in found.remarks:
            click.echo(remark, err=True)
    return found, at_s


def scenario_of(asked: Question) -> Scenario:
    """Return the scenario that is asked about.

    Raises
    ------
    ExatwinError
        A file of it can't be read, or a key does not fit.
    """
    from exatwin.cli._centre import with_files
    from exatwin.cli._options import changed
    from exatwin.study.scenario import Scenario, Trace

    flags: dict[str, str | bool | None] = {
        "machine": asked.machine,
        "trace.processors": asked.processors,
        "schedule.policy": asked.policy,
        "schedule.backfill": asked.backfill,
        "seed": asked.seed,
    }
    if asked.target.suffix.lower() == ".toml":
        base = Scenario.load(asked.target)
    elif (asked.target / "run.json").is_file():
        from exatwin.study import store

        base = store.scenario_of(asked.target)
    else:
        base = Scenario(machine=None, trace=Trace(path=str(asked.target)))
    if asked.as_recorded:
        base = base.replace("trace.as_recorded", True)
    if base.trace is None:
        flags.pop("trace.processors")
    base = with_files(base, asked.slurm_conf, asked.accounts, policy=asked.policy, backfill=asked.backfill)
    return changed(base, flags, asked.changes)


def show(
    asked: Question, head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    """Print `rows` as JSON, CSV or a table.

    Parameters
    ----------
    head
        What the JSON object holds beside them.
    columns
        Keys of the rows, in order.
    """
    if asked.as_json:
        click.echo(json.dumps({**head, "rows": [dict(row) for row in rows]}, allow_nan=False))
        return
    if asked.as_csv:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(columns), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _cell(v) if isinstance(v, dict) else v for k, v in row.items()} for row in rows)
        click.echo(text.getvalue(), nl=False)
        return
    cells = [[_cell(row.get(name)) for name in columns] for row in rows]
    titles = ["PARTITION" if name == "PARTITION_POINTS" else name for name in columns]
    wide = [max(len(row[k]) for row in [titles, *cells]) for k in range(len(columns))]
    for row in [titles, *cells]:
        click.echo("  ".join(text.rjust(width) for text, width in zip(row, wide, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):  # as Slurm prints points by resource
        return ",".join(f"{name}={number:.0f}" for name, number in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)
