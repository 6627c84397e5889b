"""``exatwin run``: simulate a machine under a workload."""

from __future__ import annotations

from pathlib import Path

import click

from exatwin.cli._options import File, shared


def _schema(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        import json

        from exatwin.study.scenario import Scenario

        click.echo(json.dumps(Scenario.model_json_schema(by_alias=True), indent=1))
        ctx.exit()


def _count(ctx: click.Context, param: click.Parameter, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise click.UsageError(f"--seeds {text}: must be a whole number from 1 to 10000", ctx)
    return int(text)


@click.command("run")
@click.argument("scenario", required=False, type=File())
@click.option(
    "--machine", metavar="NAME|FILE", help="Catalogue name, exact list name, top500:<id>, or a TOML file."
)
@click.option("--days", metavar="N", help="Length of the window (default 7).")
@click.option("--start", metavar="DATE", help="When the window opens, ISO 8601, UTC (default 2026-06-01).")
@click.option("--load", metavar="X", help="Node time offered over node time there is, such as 0.95 or 95%.")
@click.option(
    "--seeds", default="1", callback=_count, metavar="N", help="How many seeds, in parallel (default 1)."
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_schema,
    help="Print the JSON Schema of SCENARIO and stop.",
)
@shared
def command(
    scenario: Path | None,
    machine: str | None,
    days: str | None,
    start: str | None,
    load: str | None,
    seeds: int,
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
    """Simulate a machine under a workload: SCENARIO.toml, or by default one week of JUPITER.

    Prints the key figures, then writes a folder of JSON and Parquet with a self-contained HTML page
    (with --json or --csv only where -o names one). The jobs of a run are those that were in the system
    at any time of the window: some were sent before it opens, some still run or wait when it closes.
    Waits are those of the jobs that start inside the window.
    """
    from exatwin.cli._answer import Wanted, answer
    from exatwin.cli._options import changed, failing
    from exatwin.study.scenario import Scenario

    base = Scenario.load(scenario) if scenario is not None else Scenario()
    flags = {
        "machine": machine,
        "days": days,
        "start": start,
        "workload.load": load,
        "schedule.policy": policy,
        "schedule.backfill": backfill,
        "schedule.placement": placement,
        "seed": seed,
    }
    wanted = Wanted(output, schedule, as_json, as_csv, quiet, verbose)
    answer(failing(changed(base, flags, changes), failures), wanted, seeds=seeds)
