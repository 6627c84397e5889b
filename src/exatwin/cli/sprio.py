"""``exatwin sprio``: priorities of the jobs that wait at an instant, like Slurm's command of that name."""

from __future__ import annotations

from typing import Any

import click

from exatwin.cli._standing import Question, reached, scenario_of, show, standing


@click.command("sprio")
@standing
@click.option(
    "-w", "--weights", "only_weights", is_flag=True, help="Print the weights of the factors, and stop."
)
@click.option(
    "-j", "--jobs", metavar="LIST", help="Only these jobs: 7,12_3; an array's number for all tasks."
)
@click.option("-u", "--user", "users", metavar="LIST", help="Only jobs of these users.")
def command(only_weights: bool, jobs: str | None, users: str | None, **given: Any) -> None:
    """Print the priorities of all jobs that wait at an instant of RESULT, or of TRACE rescheduled.

    RESULT is a folder of `run` or `replay` (or a SCENARIO.toml): its question is scheduled again up to the
    instant. The columns are those of Slurm's `sprio --long`, points those of the last calculation, as there;
    NICE is taken off. Example: exatwin sprio sacct.txt --slurm-conf slurm.conf --sacctmgr dump.txt --at
    2026-09-07T12:00
    """
    from exatwin.study.centre.priorities import COLUMNS, numbered, sprio, weights, when

    asked = Question(**given)
    if only_weights:
        _weights(asked, COLUMNS)
        return
    found, at_s = reached(asked)
    rows = sprio(found, at_s)
    some, lacking = (rows, []) if jobs is None else numbered(rows, jobs)
    if users is not None:
        some = [row for row in some if row["USER"] in [name.strip() for name in users.split(",")]]
    if not asked.as_json and not asked.as_csv:
        some = [{name: round(v) if isinstance(v, float) else v for name, v in row.items()} for row in some]
    show(asked, {"at": when(found, at_s), "weights": weights(found.rule)}, some, COLUMNS)
    if asked.quiet:
        return
    for one in lacking:
        click.echo(f"job {one} does not wait at {when(found, at_s)}", err=True)
    if not some and not lacking:
        click.echo(f"no job{f' of {users}' if rows else ''} waits at {when(found, at_s)}", err=True)


def _weights(asked: Question, columns: tuple[str, ...]) -> None:
    """Print the weights in the columns of the points; nothing is scheduled for them."""
    from exatwin.study.centre.priorities import instant, weights

    instant(asked.at)
    found = weights(scenario_of(asked).schedule.slurm.priority())
    row: dict[str, Any] = {name.replace("PARTITION", "PARTITION_POINTS"): of for name, of in found.items()}
    kinds = {name.removeprefix("TRES "): of for name, of in found.items() if name.startswith("TRES ")}
    row = {"JOBID": "Weights", "SITE": 1, **row, "TRES": kinds}
    show(asked, {"weights": found}, [{name: row.get(name) for name in columns}], columns)
