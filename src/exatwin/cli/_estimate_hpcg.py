"""``exatwin estimate hpcg``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate


@click.command("hpcg")
@click.option("--machine", default="jupiter", show_default=True, metavar="NAME", help="Or a kind of node.")
@click.option("--nodes", metavar="N", help="Nodes of the run; by default all.")
@click.option("--accelerators", metavar="N", help="The same in accelerators.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, nodes: str | None, accelerators: str | None, as_json: bool) -> None:
    """Say what HPCG gives on a machine: its result, and the power it would draw."""
    from exatwin.cli._estimate import show

    show(ask(machine, nodes=nodes, accelerators=accelerators), as_json)


def ask(machine: str, *, nodes: str | None, accelerators: str | None) -> Estimate:
    """Return the estimate that flags ask for."""
    from exatwin.cli._estimate import counts
    from exatwin.study.applications.hpl import estimate_hpcg

    return estimate_hpcg(machine, **counts(nodes, accelerators))
