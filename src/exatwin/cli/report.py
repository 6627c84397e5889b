"""``exatwin report``: the page of a result."""

from __future__ import annotations

from pathlib import Path

import click

PAGE = "report.html"


@click.command("report")
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File to write; by default {PAGE} in the folder of the result.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object that describes the page.")
def command(result: Path, output: Path | None, as_json: bool) -> None:
    """Write one self-contained HTML page on a RESULT folder, which `run` or `replay` left."""
    import json

    from exatwin.report import document, tables
    from exatwin.report.figures import available
    from exatwin.study import store

    found = store.load(result)
    path = output if output is not None else result / PAGE
    document.write(found, path)
    if as_json:
        told = {
            "path": str(path),
            "size_b": path.stat().st_size,
            "figures": available(found),
            "tables": tables.available(found),
            "id": found.provenance.get("id"),
        }
        click.echo(json.dumps(told))
    else:
        click.echo(str(path))
