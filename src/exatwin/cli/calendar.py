"""``exatwin calendar``: whether a plan fits the calendar of an award."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from exatwin.catalogue.calls import Call
    from exatwin.study.applying.work import Work

_HOURS = re.compile(r"\s*([\d.,_]+(?:e\+?\d+)?)\s*([kM]?)\s*([A-Za-z]+-?h)?\s*", re.IGNORECASE)
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6}


@click.command("calendar")
@click.argument("plan", metavar="PLAN")
@click.option(
    "--call", "call_name", default="ai-factory", show_default=True, metavar="NAME", help="The call."
)
@click.option("--start", required=True, metavar="DATE", help="First day of the award, such as 2027-01-15.")
@click.option("--award", metavar="HOURS", help="Such as '5000 GPU-h' or '2000 node-h'; by default the most.")
@click.option("--months", metavar="N", help="How long it lasts; by default as the call says.")
@click.option("--end", metavar="DATE", help="In the place of --months: the day after its last.")
@click.option("--from", "begin", metavar="DATE", help="Day of the first job; by default today, or the start.")
@click.option("--used", metavar="HOURS", help="Hours of the award that are gone already.")
@click.option("--runs", metavar="N", help="So many runs of it, one after the other.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    plan: str,
    call_name: str,
    start: str,
    award: str | None,
    months: str | None,
    end: str | None,
    begin: str | None,
    used: str | None,
    runs: str | None,
    as_json: bool,
) -> None:
    """Check whether PLAN fits an award: hours, monthly quota, lapse, end, waits in the queue; and its track.

    PLAN is what `exatwin plan llm --json` or `exatwin estimate … --json` prints, or -. The exit code is 4
    where it does not fit, or the award has ended. Example: exatwin calendar plan.json --call
    ai-factory-fast-lane --start 2027-01-15
    """
    from exatwin.cli._estimate import positive
    from exatwin.cli._plan_file import given
    from exatwin.foundation.errors import InfeasibleError
    from exatwin.report.calendar import lines
    from exatwin.study.applying.award import award_for
    from exatwin.study.applying.calendar_check import check_calendar

    if months is not None and end is not None:
        raise click.UsageError("--months and --end exclude each other")
    first = day("--start", start)
    last = None if end is None else day("--end", end)
    today = date.today() if begin is None else day("--from", begin)
    work = given(plan).repeated(positive("--runs", runs) or 1)
    call = _call(call_name, work)
    got = award_for(
        work,
        call,
        first,
        hours=_hours("--award", award, work, call),
        months=positive("--months", months),
        end=last,
    )
    if used is not None and not got.given:
        raise click.UsageError("--used needs --award: nothing is known of how many hours there were")
    found = check_calendar(work, got, max(today, first), used=_hours("--used", used, work, call) or 0.0)
    if as_json:
        import json

        click.echo(json.dumps(found.document(), allow_nan=False))
    else:
        click.echo("\n".join(lines(found)))
    if found.verdict == "does not fit":
        raise InfeasibleError(f"does not fit: {found.reason()}")


def _call(name: str, work: Work) -> Call:
    from exatwin.catalogue.calls import load_call
    from exatwin.study.applying.award import track_for

    return track_for(work)[0] if name == "ai-factory" else load_call(name)


def day(flag: str, text: str) -> date:
    """Return the day that was written after `flag`.

    Raises
    ------
    SpecError
        It is none.
    """
    from exatwin.foundation.errors import SpecError

    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise SpecError(f"{flag} {text}: expected a day such as 2027-01-15") from None
    if not 2000 <= found.year <= 2200:
        raise SpecError(f"{flag} {text}: expected a day from 2000 to 2200")
    return found


def _hours(flag: str, text: str | None, work: Work, call: Call) -> float | None:
    """Return hours in the unit of `call`; None where none were written."""
    from exatwin.foundation.errors import SpecError, nearest
    from exatwin.study.applying.award import hours_of_node

    if text is None:
        return None
    match = _HOURS.fullmatch(text)
    place = work.place()
    billing = place.file.billing
    each = hours_of_node(place, call)
    units = {call.unit.lower(): 1.0, "node-h": each, billing.unit.lower(): each / billing.per_node_hour}
    if place.node.accelerators:
        units["gpu-h"] = each / place.node.accelerators
    try:
        number = float(re.sub("[,_]", "", match[1])) * _SCALE[match[2].lower()] if match else 0.0
    except ValueError:
        number = 0.0
    if not match or not 0.0 < number <= 1e12:
        raise SpecError(f"{flag} {text}: expected hours such as '5000 GPU-h'")
    unit = (match[3] or call.unit).lower().replace("gpuh", "gpu-h")
    if unit not in units:
        raise SpecError(f"{flag} {text}: unknown unit '{match[3]}': {nearest(unit, units)}")
    return number * units[unit]
