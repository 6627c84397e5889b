"""``exatwin estimate climate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_DAY = 86400.0
_CALENDAR = {"y": 365.25 * _DAY, "a": 365.25 * _DAY, "yr": 365.25 * _DAY, "mo": 30.4375 * _DAY, "w": 7 * _DAY}


@click.command("climate")
@click.argument("name", metavar="[MODEL]", required=False)
@click.option("--model", metavar="NAME|FILE", help="The same as MODEL.")
@click.option("--machine", default="jupiter", show_default=True, metavar="NAME", help="Or a kind of node.")
@click.option("--grid", metavar="GRID", help="R2B11, ne1024, T85, C180, 1.25km …; by default the finest.")
@click.option("--columns", metavar="N", help="Columns, for a region or a grid without a name.")
@click.option("--levels", metavar="N", help="Levels; by default the model's.")
@click.option("--step", metavar="TIME", help="Time step, such as 8s; by default that of the grid's users.")
@click.option("--components", metavar="A,B,…", help="Such as atmosphere,ocean,land.")
@click.option("--nodes", metavar="N", help="Nodes of a member; by default at an efficiency of a half.")
@click.option("--accelerators", metavar="N", help="The same in accelerators.")
@click.option("--length", default="1y", show_default=True, metavar="TIME", help="Simulated time, as 100y.")
@click.option("--ensemble", metavar="N", help="Members; by default one.")
@click.option(
    "--output", "written", metavar="STREAMS", help="Such as 112x2d@1d,10x3d@6h, '50 GB' a day, or none."
)
@click.option("--compression", metavar="FRACTION", help="Bytes that are left of each; by default all.")
@click.option("--start", metavar="DATE", help="First day, such as 2027-01-01: tells when it ends.")
@click.option("--share", metavar="FRACTION", help="Share of the machine's nodes that are yours at once.")
@click.option(
    "--measured", multiple=True, metavar="KEY=VALUE,…", help="A point of your own; two or more of them."
)
@click.option("--calibrate", metavar="FILE", help="Points of your own as CSV.")
@click.option("--beyond", is_flag=True, help="Allow a grid finer than any measured, in a wider interval.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
def command(machine: str, as_json: bool, **flags: Any) -> None:
    """Say what a climate or weather model takes: simulated years a day, node-hours, output, dates, energy.

    Examples: exatwin estimate climate icon --machine jupiter --grid 1.25km --nodes 2048 --length 100y
    --ensemble 3 --start 2027-01-01; exatwin estimate climate scream --machine lumi-g --json; exatwin estimate
    climate cosmo --machine alps --grid 1.1km --nodes 512 --measured "nodes=128,sypd=0.02,grid=1.1km"
    --measured "nodes=256,sypd=0.035,grid=1.1km"

    Points of your own have nodes or accelerators, sypd or sdpd, grid or columns, and where they are not the
    model's levels and step.
    """
    import json

    from exatwin.cli._climate_lines import lines

    found = ask(machine, **flags)
    click.echo(json.dumps(found.document(), allow_nan=False) if as_json else "\n".join(lines(found)))


def ask(machine: str, **flags: Any) -> Estimate:
    """Return the estimate that flags ask for."""
    from exatwin.cli._estimate import counts, model_asked, positive
    from exatwin.foundation.errors import SpecError
    from exatwin.study.estimates import estimate

    model = model_asked(flags)
    if not model:
        raise SpecError("climate: expected one MODEL, such as icon, ifs or scream")
    parts = flags.get("components")
    settings: dict[str, Any] = {
        "model": model,
        **counts(flags.get("nodes"), flags.get("accelerators")),
        **{key: positive(f"--{key}", flags.get(key)) for key in ("columns", "levels", "ensemble")},
        **{key: _fraction(flags, key) for key in ("compression", "share")},
        "grid": flags.get("grid"),
        "step_s": None if flags.get("step") is None else seconds("--step", flags["step"]),
        "length_s": seconds("--length", flags.get("length") or "1y"),
        "components": None if parts is None else _names(parts),
        "output": flags.get("written"),
        "start": flags.get("start"),
        "measured": list(flags.get("measured") or ()) or None,
        "calibrate": flags.get("calibrate"),
        "beyond": flags.get("beyond") or None,
    }
    given = {key: value for key, value in settings.items() if value is not None}
    return estimate("climate", machine, **given)


def seconds(flag: str, text: str) -> float:
    """Return a time as written after `flag`; years are of 365.25 days.

    Raises
    ------
    SpecError
        It is no time.

    Examples
    --------
    >>> seconds("--length", "100y") / 86400.0, seconds("--step", "8s")
    (36525.0, 8.0)
    """
    import re

    from exatwin.foundation.errors import SpecError
    from exatwin.foundation.units import parse

    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?(?:e\+?\d+)?)\s*(y|a|yr|year|years|mo|w)\s*", text)
    if match:
        unit = "y" if match[2].startswith("y") else match[2]
        return float(match[1]) * _CALENDAR[unit]
    try:
        return parse(text, "s")
    except SpecError as error:
        raise SpecError(f"{flag} {text}: expected a time such as '100y', '30d' or '8s' ({error})") from None


def _names(text: str) -> list[str]:
    from exatwin.foundation.errors import SpecError

    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise SpecError(f"--components {text}: expected names, such as atmosphere,ocean")
    return found


def _fraction(flags: Mapping[str, Any], key: str) -> float | None:
    from exatwin.foundation.errors import SpecError
    from exatwin.foundation.units import parse

    if flags.get(key) is None:
        return None
    try:
        return parse(flags[key], "1")
    except SpecError:
        raise SpecError(f"--{key} {flags[key]}: expected a fraction such as 0.5 or 50%") from None
