"""``exatwin sprio``: priorities of the jobs that wait at an instant, like Slurm's command of that name."""

from __future__ import annotations

from typing import Any

import click

from exatwin.cli._standing import Question, reached, show, standing


@click.command("sprio")
@standing
@click.option(
    "-w", "--weights", "only_weights", is_flag=True, help="Print the weights of the factors, and stop."
)
def command(only_weights: bool, **given: Any) -> None:
    """Print the priorities of all jobs that wait at an instant of RESULT, or of TRACE rescheduled.

    RESULT is a folder of `run` or `replay` (or a SCENARIO.toml): its question is scheduled again up to the
    instant. Points are those of the last calculation, as in Slurm; NICE is taken off. Example: exatwin sprio
    sacct.txt --slurm-conf slurm.conf --sacctmgr dump.txt --at 2026-09-07T12:00
    """
    from exatwin.study.priorities import COLUMNS, sprio, weights, when

    asked = Question(**given)
    found, at_s = reached(asked)
    if only_weights:
        rows: list[dict[str, Any]] = [
            {"FACTOR": name, "WEIGHT": weight} for name, weight in weights(found).items()
        ]
        show(asked, {"at": when(found, at_s)}, rows, ("FACTOR", "WEIGHT"))
        return
    rows = sprio(found, at_s)
    if not asked.as_json and not asked.as_csv:
        rows = [{name: round(v) if isinstance(v, float) else v for name, v in row.items()} for row in rows]
    show(asked, {"at": when(found, at_s), "weights": weights(found)}, rows, COLUMNS)
    if not rows and not asked.quiet:
        click.echo(f"no job waits at {when(found, at_s)}", err=True)
