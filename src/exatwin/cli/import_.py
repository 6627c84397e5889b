"""``exatwin import``: a batch system's accounting into a trace that every other verb reads fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.workload.traces import Trace


@click.group("import")
def command() -> None:
    """Turn a batch system's accounting into a trace."""


@command.command("slurm")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--print-command", is_flag=True, help="Print the sacct line to run at home, and stop.")
@click.option(
    "--dependencies",
    is_flag=True,
    help="With --print-command: ask for arrays and dependencies too (Slurm 21.08 or later).",
)
@click.option(
    "--start", default="now-30days", show_default=True, help="Start of the period, as sacct takes it."
)
@click.option("--end", default="now", show_default=True, help="End of the period, as sacct takes it.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write: .parquet, .csv or .swf."
)
@click.option("--format", "format_name", help="Format of FILE, where its content does not tell.")
@click.option("--timezone", default="UTC", show_default=True, help="Zone of times without an offset.")
@click.option("--real-names", is_flag=True, help="Keep accounts and users instead of pseudonyms.")
@click.option("--node-cap", help="The most a node can draw ('2.8 kW'): energy above it is rejected.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def slurm(
    file: Path | None,
    print_command: bool,
    dependencies: bool,
    start: str,
    end: str,
    output: Path | None,
    format_name: str | None,
    timezone: str,
    real_names: bool,
    node_cap: str | None,
    as_json: bool,
) -> None:
    """Convert FILE, the output of sacct (or SWF, CSV, Parquet), and say what was mended or skipped.

    The report goes to standard error. Accounts and users become pseudonyms unless --real-names is given.
    """
    if print_command:
        _print_command(start, end, dependencies, as_json)
        return
    if dependencies:
        raise click.UsageError("--dependencies has no effect without --print-command: FILE has them or not")
    if file is None:
        raise click.UsageError("no FILE: give the output of sacct, or --print-command for the line to run")
    from exatwin.foundation.units import parse
    from exatwin.workload.traces import read_trace

    trace = read_trace(
        file,
        format=format_name,
        timezone=timezone,
        pseudonymise=not real_names,
        node_cap_w=parse(node_cap, "W") if node_cap is not None else None,
    )
    if output is not None:
        _write(trace, output)
    for line in trace.report.lines():
        click.echo(line, err=True)
    _tell(trace, output, as_json)


def _print_command(start: str, end: str, dependencies: bool, as_json: bool) -> None:
    import json
    import shlex

    from exatwin.workload.traces.export import COMMAND, WAITING

    line = COMMAND.format(start=shlex.quote(start), end=shlex.quote(end))
    line += f",{WAITING}" if dependencies else ""
    click.echo(json.dumps({"command": line}) if as_json else line)


def _write(trace: Trace, output: Path) -> None:
    from exatwin.foundation.errors import OutputError, nearest
    from exatwin.workload.traces import write_swf

    ending = output.suffix.lower()
    if ending not in (".parquet", ".csv", ".swf"):
        hint = nearest(ending, (".parquet", ".csv", ".swf"))
        raise OutputError(f"{output}: can't tell the format by its ending '{ending}': {hint}")
    if ending == ".swf":
        write_swf(trace.jobs, output, origin=trace.origin, partitions=trace.partitions)
    else:
        trace.write(output)


def _tell(trace: Trace, output: Path | None, as_json: bool) -> None:
    import json

    if as_json:
        told = {
            "jobs": len(trace.jobs),
            "origin": trace.origin.isoformat(),
            "partitions": list(trace.partitions),
            "accounts": len(trace.accounts),
            "users": len(trace.users),
            "output": None if output is None else str(output),
            **trace.report.to_dict(),
        }
        click.echo(json.dumps(told))
    elif output is not None:
        click.echo(str(output))


@command.command("squeue")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--print-command", is_flag=True, help="Print the squeue line to run at home, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def squeue(file: Path | None, print_command: bool, as_json: bool) -> None:
    """Say what FILE, the output of squeue (text or JSON), holds: forecast and shape read it as it is."""
    import json

    from exatwin.workload.snapshot import COMMAND, read_snapshot

    if print_command:
        click.echo(json.dumps({"command": COMMAND}) if as_json else COMMAND)
        return
    if file is None:
        raise click.UsageError("no FILE: give the output of squeue, or --print-command for the line to run")
    found = read_snapshot(file)
    for line in found.notes:
        click.echo(f"note     {line}", err=True)
    runs, held = found.jobs.runs, found.jobs.held > 0
    told = {
        "at": None if found.at is None else found.at.isoformat(),
        "running_jobs": int(runs.sum()),
        "running_nodes": int(found.jobs.nodes[runs].sum()),
        "waiting_jobs": int((~runs & ~held).sum()),
        "held_jobs": int(held.sum()),
        "partitions": [name for name in found.partitions if name],
        "users": len(found.users),
        "notes": list(found.notes),
    }
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(
        f"{told['running_jobs']:,} jobs run on {told['running_nodes']:,} nodes, "
        f"{told['waiting_jobs']:,} wait, {told['held_jobs']:,} are held"
    )
