"""``exatwin estimate hpl``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate


@click.command("hpl")
@click.option("--machine", default="jupiter", show_default=True, metavar="NAME", help="Or a kind of node.")
@click.option("--nodes", metavar="N", help="Nodes of the run; by default all.")
@click.option("--accelerators", metavar="N", help="The same in accelerators.")
@click.option("--n", "order", metavar="N", help="Order of the matrix; by default from the memory.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(
    machine: str, nodes: str | None, accelerators: str | None, order: str | None, as_json: bool
) -> None:
    """Say what HPL gives on a machine: Rmax, time, power, and its rank in each edition of the lists.

    Examples: exatwin estimate hpl; exatwin estimate hpl --machine jupiter --n 22536192 --json;
    exatwin estimate hpl --machine dgx-h100 --accelerators 512
    """
    from exatwin.cli._estimate import show

    show(ask(machine, nodes=nodes, accelerators=accelerators, order=order), as_json)


def ask(machine: str, *, nodes: str | None, accelerators: str | None, order: str | None) -> Estimate:
    """Return the estimate that flags ask for."""
    from exatwin.cli._estimate import counts, positive
    from exatwin.study.applications.hpl import estimate_hpl

    return estimate_hpl(machine, **counts(nodes, accelerators), n=positive("--n", order))
