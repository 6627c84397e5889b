"""``exatwin run``: simulate a machine under a workload."""

from __future__ import annotations

from pathlib import Path

import click

from exatwin.cli._options import shared


@click.command("run")
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.option(
    "--machine", metavar="NAME|FILE", help="Catalogue name, exact list name, top500:<id>, or a TOML file."
)
@click.option("--days", type=float, metavar="N", help="Length of the window (default 7).")
@click.option("--start", metavar="DATE", help="When the window opens, ISO 8601, UTC (default 2026-06-01).")
@click.option("--load", type=float, metavar="X", help="Node time offered over node time there is.")
@click.option(
    "--seeds", type=click.IntRange(1, 10_000), default=1, metavar="N", help="How many seeds, in parallel."
)
@shared
def command(
    scenario: Path | None,
    machine: str | None,
    days: float | None,
    start: str | None,
    load: float | None,
    seeds: int,
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
    """Simulate a machine under a workload: SCENARIO.toml, or by default one week of JUPITER.

    Prints the key figures, then writes a folder of JSON and Parquet and a self-contained HTML page.
    """
    from exatwin.cli._answer import answer
    from exatwin.cli._options import changed
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
    wanted = changed(base, flags, changes)
    answer(wanted, seeds=seeds, output=output, schedule=schedule, as_json=as_json, quiet=quiet)
