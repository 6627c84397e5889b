"""``exatwin validate``: every model beside its published measurements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.study.validation.scores import Validation


@click.command("validate")
@click.option("--model", metavar="NAME", help="One model, such as hpl or llm, in full; by default all.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder whose machines.csv, llm_measurements.csv and climate_measurements.csv take the place of "
    "the tables that ship.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the figures, predicted against measured, as one self-contained HTML page.",
)
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the same figures as SVG files, one a model.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(
    model: str | None, data: Path | None, output: Path | None, figures: Path | None, as_json: bool
) -> None:
    """Show the errors of every model against published measurements, the worst rows by name.

    Errors are predicted over measured, less 1; left out are errors of fits that have not seen the row, nor
    what belongs to it. The exit code is 1 if a figure is worse than recorded, or a recorded row is missing.
    """
    from exatwin.foundation.errors import SimulationError
    from exatwin.study.validate import absent, validate

    found = validate(model, data=data)
    if model is None:
        for table, names in absent(data).items():
            where = data if data is not None else "the package, name a folder with --data"
            click.echo(f"skipped  {', '.join(names)}: there is no {table} in {where}", err=True)
    _write(found, output, figures)
    if as_json:
        import json

        document = {"models": {each.model: each.document() for each in found}}
        click.echo(json.dumps(document, allow_nan=False))
    else:
        from exatwin.report.validation_text import pages

        click.echo("\n".join(pages(found, full=model is not None)))
    failed = [line for each in found for line in each.failures()]
    if failed:
        raise SimulationError("; ".join(failed))


def _write(found: list[Validation], output: Path | None, figures: Path | None) -> None:
    """Write the page and the drawings that were asked for."""
    if output is not None:
        from exatwin.report import validation

        click.echo(f"figures  {validation.write(found, output)}", err=True)
    if figures is not None:
        from exatwin.report import validation_svg

        for path in validation_svg.write(found, figures):
            click.echo(f"figure   {path}", err=True)
