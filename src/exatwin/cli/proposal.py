"""``exatwin proposal``: the technical sections of an application for compute time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.study.applying.application import Application
    from exatwin.study.applying.calendar_check import Checked


@click.command("proposal")
@click.argument("plans", metavar="PLAN…", nargs=-1, required=True)
@click.option("--call", "call_name", default="eurohpc", show_default=True, metavar="NAME", help="The call.")
@click.option("--runs", multiple=True, metavar="N", help="How often a plan is run; once for each PLAN.")
@click.option("--code", "codes", multiple=True, metavar="NAME", help="The program; once for each PLAN.")
@click.option("--start", metavar="DATE", help="First day of the award: its calendar is checked too.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for proposal.md and its figures; by default the text is printed, without figures.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with the text in it.")
def command(
    plans: tuple[str, ...],
    call_name: str,
    runs: tuple[str, ...],
    codes: tuple[str, ...],
    start: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Draft the technical sections of an application from PLANs; what a person has to write is marked.

    A PLAN is what `exatwin plan llm --json` or `exatwin estimate … --json` prints. Calls: eurohpc (Regular
    Access), eurohpc-extreme, eurohpc-benchmark, eurohpc-development, eurohpc-ai-science, ai-factory (the
    track that fits), frontier-ai, or a file. Example: exatwin proposal plan.json --call eurohpc --runs 3 -o
    application
    """
    from exatwin.cli._estimate import positive
    from exatwin.cli._plan_file import given
    from exatwin.report import proposal
    from exatwin.study.applying.application import application

    works = [given(plan) for plan in plans]
    counted = [positive("--runs", count) or 1 for count in runs]
    asked = application(works, call_name, runs=counted, codes=codes)
    if start is not None:
        asked = replace(asked, calendar=_calendar(asked, start))
    if output is not None:
        for path in proposal.write(asked, output):
            click.echo(f"wrote    {path}", err=True)
    if as_json:
        import json

        low, middle, high = asked.hours
        told = {
            "call": asked.call.name,
            "as_of": asked.call.as_of,
            "unit": asked.call.unit,
            "hours": middle,
            "interval": {"hours": [low, high]},
            "remarks": asked.remarks(),
            "text": proposal.text(asked),
        }
        click.echo(json.dumps(told, allow_nan=False))
    elif output is None:
        click.echo(proposal.text(asked, drawn=False), nl=False)


def _calendar(asked: Application, start: str) -> Checked:
    from exatwin.cli.calendar import day
    from exatwin.study.applying.award import award_for
    from exatwin.study.applying.calendar_check import check_calendar

    first = day("--start", start)
    largest = max(asked.planned, key=lambda one: one.node_h[1])
    work = largest.work.repeated(largest.runs)
    return check_calendar(work, award_for(work, asked.call, first), first)
