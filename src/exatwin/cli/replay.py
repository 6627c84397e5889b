"""``exatwin replay``: the jobs of a log, scheduled again or as recorded."""

from __future__ import annotations

from pathlib import Path

import click

from exatwin.cli._centre import files
from exatwin.cli._options import File, shared


@click.command("replay")
@click.argument("trace", type=File())
@click.option(
    "--machine", metavar="NAME|FILE", help="The machine; may be left out for SWF, whose header gives a size."
)
@click.option(
    "--as-recorded", is_flag=True, help="Start jobs when the log says, instead of scheduling them again."
)
@click.option(
    "--compat", metavar="event|batch", help="Exact reference semantics with the strong filter of jobs."
)
@click.option("--processors", metavar="N", help="Size of the machine where none is named.")
@click.option("--processors-per-node", metavar="N", help="Turn processors asked for into nodes.")
@click.option("--format", "format_", metavar="NAME", help="swf, sacct or parquet (default: recognised).")
@click.option("--timezone", metavar="ZONE", help="Zone of times that name none (default UTC).")
@click.option(
    "--dependencies",
    metavar="asked|recorded|closed",
    help="What jobs wait for beside nodes: what users asked for (default), recorded times, or users too.",
)
@files
@shared
def command(
    trace: Path,
    machine: str | None,
    as_recorded: bool,
    compat: str | None,
    processors: str | None,
    processors_per_node: str | None,
    format_: str | None,
    timezone: str | None,
    dependencies: str | None,
    slurm_conf: Path | None,
    accounts: tuple[Path, ...],
    policy: str | None,
    backfill: str | None,
    placement: str | None,
    changes: tuple[str, ...],
    failures: tuple[str, ...],
    seed: str | None,
    output: Path | None,
    schedule: Path | None,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Replay TRACE: sacct --parsable2 text, SWF (plain or .gz) or Parquet, rescheduled by a policy.

    With --slurm-conf and --sacctmgr it is rescheduled as that centre does it, by its own weights, shares, QOS
    and limits. With --as-recorded jobs start as logged. Rows that can't be used are counted by reason, never
    in silence. The window reaches from the first submission to the last end. Without a machine there is no
    power, no building and no account, and their figures are null.
    """
    from exatwin.cli._answer import Wanted, answer
    from exatwin.cli._centre import with_files
    from exatwin.cli._options import changed, failing
    from exatwin.study.scenario import Scenario, Trace

    if as_recorded:
        flags_of_rules = {"--policy": policy, "--backfill": backfill, "--dependencies": dependencies}
        _refuse(flags_of_rules, "jobs start as logged with --as-recorded")
    if machine is not None:
        _refuse({"--processors": processors}, "the size is that of --machine")
    for key in (text.partition("=")[0].strip() for text in changes):
        if key in ("days", "start") or key.startswith("workload."):
            raise click.UsageError(f"--set {key} has no effect: the log brings its own")
    base = Scenario(machine=None, trace=Trace(path=str(trace)))
    base = with_files(base, slurm_conf, accounts, policy=policy, backfill=backfill)
    flags = {
        "machine": machine,
        "trace.as_recorded": as_recorded,
        "trace.compat": compat,
        "trace.processors": processors,
        "trace.processors_per_node": processors_per_node,
        "trace.format": format_,
        "trace.timezone": timezone,
        "trace.dependencies": dependencies,
        "schedule.policy": policy,
        "schedule.backfill": backfill,
        "schedule.placement": placement,
        "seed": seed,
    }
    wanted = Wanted(output, schedule, as_json, as_csv, quiet, verbose)
    answer(failing(changed(base, flags, changes), failures), wanted)


def _refuse(flags: dict[str, str | None], why: str) -> None:
    """Refuse flags that would change nothing."""
    given = [name for name, value in flags.items() if value is not None]
    if given:
        raise click.UsageError(f"{given[0]} has no effect: {why}")
