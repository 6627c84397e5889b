"""``exatwin validate``: every model beside its published measurements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.study.validate import Errors, Validation


@click.command("validate")
@click.option("--model", metavar="NAME", help="One model, such as hpl or hpl-power; by default all.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder whose machines.csv takes the place of the table that ships.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the figures, predicted against measured, as one self-contained HTML page.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(model: str | None, data: Path | None, output: Path | None, as_json: bool) -> None:
    """Show the errors of every model against published measurements, the worst rows by name.

    Errors are predicted over measured, less 1. The exit code is 1 if they are worse than when the model was
    fitted.
    """
    from exatwin.study.validate import validate

    found = validate(model, data=data)
    if output is not None:
        from exatwin.report import validation

        click.echo(f"figures  {validation.write(found, output)}", err=True)
    if as_json:
        import json

        document = {each.model: each.document() for each in found}
        click.echo(json.dumps({"models": document}, allow_nan=False))
    else:
        click.echo("\n".join([*_table(found), *(line for each in found for line in _page(each))]))
    if any(each.grown for each in found):
        from exatwin.foundation.errors import SimulationError

        grown = ", ".join(each.model for each in found if each.grown)
        raise SimulationError(f"the errors of {grown} are larger than recorded when the model was fitted")


def _table(found: list[Validation]) -> list[str]:
    """Return one line for each model: median and 90th percentile of absolute errors."""
    head = f"{'model':12s}{'measurements':22s}{'rows':>5s}{'in sample':>17s}{'left out':>17s}"
    told = [f"{head}{'regression':>17s}{'goal':>15s}"]
    for each in found:
        inside = each.in_sample
        told.append(
            f"{each.model:12s}{each.title:22s}{inside.rows if inside else 0:>5d}{_both(inside):>17s}"
            f"{_both(each.left_out):>17s}{_pair(each.regression):>17s}{_pair(each.goal):>15s}  {_met(each)}"
        )
        if each.better_levels is not None and each.unit == "W":
            better = each.better_levels
            told.append(f"{'':12s}{'  levels 2 and 3 only':22s}{better.rows:>5d}{_both(better):>17s}")
    return [*told, "median (90th percentile) of absolute errors; left out: by a fit without the machine"]


def _met(each: Validation) -> str:
    scores = each.left_out or each.in_sample
    if scores is None or each.goal is None:
        return ""
    reached = [scores.median <= each.goal[0], scores.p90 <= each.goal[1]]
    return "goal met" if all(reached) else "median met" if reached[0] else "goal not met"


def _both(errors: Errors | None) -> str:
    return "" if errors is None else _pair((errors.median, errors.p90))


def _pair(values: tuple[float, float] | None) -> str:
    return "none" if values is None else f"{values[0]:.1%} ({values[1]:.1%})"


def _page(each: Validation) -> list[str]:
    """Return the worst rows of a model, and those that are not scored."""
    from exatwin.foundation import units

    told = ["", f"{each.model}, worst rows"]
    for row in each.worst():
        values = (
            f"{units.show(row.measured, each.unit):>14s} measured {units.show(row.predicted, each.unit):>14s}"
        )
        out = "" if row.left_out_error is None else f", left out {row.left_out_error:+.1%}"
        told.append(f"  {row.name[:34]:34s}{values} predicted {row.error:+7.1%}{out}")
    reasons: dict[str, list[str]] = {}
    for skipped in each.skipped:
        plain = skipped.reason.replace(f"{skipped.name} ", "").replace(f"(top500:{skipped.id}): ", "")
        reasons.setdefault(plain, []).append(skipped.name)
    told.append(f"{each.model}, not scored: {len(each.skipped)}")
    return [*told, *(f"  {', '.join(names)}: {reason}" for reason, names in reasons.items())]
