"""``exatwin forecast``: when a job would start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from exatwin.cli._forecast import flags, seed_of, state_of
from exatwin.cli._options import File


@click.command("forecast")
@click.argument("state", type=File())
@click.option(
    "--job",
    required=True,
    metavar="nodes=N,time=T",
    help="The job, such as nodes=64,time=2h[,partition=NAME][,user=NAME][,account=NAME][,qos=NAME].",
)
@flags
def command(state: Path, job: str, **told: Any) -> None:
    """Say when a job would start that is submitted now, as a distribution: P10, P50, P90, mean.

    STATE is the output of squeue (text or JSON; exatwin import squeue --print-command), or with --at a log
    (sacct, SWF, Parquet) or the folder of a result. Run times of what runs and waits are drawn from what
    users really use of their limits, arrivals from a log's past or a mix. Example: exatwin forecast
    squeue.txt --machine jupiter --job nodes=64,time=2h
    """
    import json

    from exatwin.cli._estimate import positive
    from exatwin.report import forecast as report
    from exatwin.study.forecast import MEMBERS, JobAsked, forecast

    asked = JobAsked.parse(job)
    members = positive("--members", told["members"]) or MEMBERS
    found = forecast(state_of(state, told), asked, members=members, seed=seed_of(told["seed"]))
    if told["output"] is not None:
        report.write(found, told["output"])
        click.echo(f"page     {told['output']}", err=True)
    if told["as_json"]:
        click.echo(json.dumps(found.document(), allow_nan=False))
    else:
        click.echo(report.csv_text(found) if told["as_csv"] else "\n".join(report.lines(found)))
