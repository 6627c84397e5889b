"""``exatwin estimate hpl-mxp``."""

from __future__ import annotations

import click


@click.command("hpl-mxp")
@click.option("--machine", default="jupiter", show_default=True, metavar="NAME", help="As for 'machines'.")
@click.option("--nodes", metavar="N", help="Nodes of the run; by default all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, nodes: str | None, as_json: bool) -> None:
    """Say what HPL-MxP gives on a machine, with the wide band that two published results allow."""
    from exatwin.cli._estimate import positive, show
    from exatwin.study.estimate import estimate_hpl_mxp

    show(estimate_hpl_mxp(machine, nodes=positive("--nodes", nodes)), as_json)
