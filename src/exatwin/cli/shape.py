"""``exatwin shape``: which shape of the same work starts soonest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from exatwin.cli._forecast import flags, seed_of, state_of
from exatwin.cli._options import File


def _node_h(text: str) -> float:
    number = text.strip().removesuffix("node-h").removesuffix("node-hours").strip()
    try:
        return float(number.replace(",", "").replace("_", ""))
    except ValueError:
        raise click.UsageError(f"--work {text}: expected node-hours, such as 1000node-h") from None


@click.command("shape")
@click.argument("state", type=File())
@click.option(
    "--work", required=True, metavar="X", help="The work, such as 1000node-h: its time on one node."
)
@click.option("--scaling", metavar="LAW", help="perfect (default), or amdahl=0.999: the parallel share.")
@click.option("--partition", metavar="NAME", help="By default the machine's.")
@click.option("--user", metavar="NAME", default="", help="Who asks: limits and priority follow from it.")
@click.option("--account", metavar="NAME", default="", help="For which account.")
@click.option("--qos", metavar="NAME", default="", help="With which quality of service.")
@flags
def command(state: Path, work: str, scaling: str | None, partition: str | None, **told: Any) -> None:
    """Say which shape of the same work starts soonest and which ends soonest: nodes against wall time.

    STATE as for forecast. Limits of the machine's partition hold (12 h on JUPITER): longer work is a chain of
    jobs. Example: exatwin shape squeue.txt --machine jupiter --work 1000node-h
    """
    import json

    from exatwin.cli._estimate import positive
    from exatwin.report import forecast as report
    from exatwin.study.shape import MEMBERS, Scaling, shape
    from exatwin.study.starts.asking import Who

    amount, law = _node_h(work), Scaling.parse(scaling)
    members = positive("--members", told["members"]) or MEMBERS
    found = shape(
        state_of(state, told), amount, scaling=law, partition=partition, members=members,
        who=Who(told["user"], told["account"], told["qos"]), seed=seed_of(told["seed"]),
    )  # fmt: skip
    if told["output"] is not None:
        report.write_shapes(found, told["output"])
        click.echo(f"page     {told['output']}", err=True)
    if told["as_json"]:
        click.echo(json.dumps(found.document(), allow_nan=False))
    else:
        click.echo(report.shape_csv(found) if told["as_csv"] else "\n".join(report.shape_lines(found)))
