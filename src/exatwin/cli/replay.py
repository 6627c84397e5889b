"""``exatwin replay``: the jobs of a log, scheduled again or as recorded."""

from __future__ import annotations

from pathlib import Path

import click

from exatwin.cli._options import shared


@click.command("replay")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "--machine", metavar="NAME|FILE", help="The machine; may be left out for SWF, whose header gives a size."
)
@click.option(
    "--as-recorded", is_flag=True, help="Start jobs when the log says, instead of scheduling them again."
)
@click.option(
    "--compat",
    type=click.Choice(["event", "batch"]),
    help="Exact reference semantics with the strong filter.",
)
@click.option("--processors", type=int, metavar="N", help="Size of the machine where none is named.")
@click.option("--processors-per-node", type=int, metavar="N", help="Turn processors asked for into nodes.")
@click.option("--format", "format_", metavar="NAME", help="swf, sacct or parquet (default: recognised).")
@click.option("--timezone", metavar="ZONE", help="Zone of times that name none (default UTC).")
@shared
def command(
    trace: Path,
    machine: str | None,
    as_recorded: bool,
    compat: str | None,
    processors: int | None,
    processors_per_node: int | None,
    format_: str | None,
    timezone: str | None,
    policy: str | None,
    backfill: str | None,
    placement: str | None,
    changes: tuple[str, ...],
    seed: int | None,
    output: Path | None,
    schedule: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Replay TRACE: sacct --parsable2 text, SWF (plain or .gz) or Parquet, rescheduled by a policy.

    With --as-recorded jobs start as logged. Rows that can't be used are counted by reason, never in silence.
    """
    from exatwin.cli._answer import answer
    from exatwin.cli._options import changed
    from exatwin.study.scenario import Scenario, Trace

    base = Scenario(machine=machine, trace=Trace(path=str(trace)))
    flags = {
        "trace.as_recorded": as_recorded,
        "trace.compat": compat,
        "trace.processors": processors,
        "trace.processors_per_node": processors_per_node,
        "trace.format": format_,
        "trace.timezone": timezone,
        "schedule.policy": policy,
        "schedule.backfill": backfill,
        "schedule.placement": placement,
        "seed": seed,
    }
    wanted = changed(base, flags, changes)
    answer(wanted, output=output, schedule=schedule, as_json=as_json, quiet=quiet)
