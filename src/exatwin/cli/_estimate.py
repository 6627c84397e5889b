"""How an estimate is read from flags and shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from exatwin.foundation import units
from exatwin.foundation.errors import SpecError

if TYPE_CHECKING:
    from exatwin.study.estimate import Estimate

_ROWS = (
    ("result", "rmax_flop_s", "FLOP/s"),
    ("result", "flop_s", "FLOP/s"),
    ("time", "time_s", "s"),
    ("power", "power_w", "W"),
    ("energy", "energy_j", "J"),
    ("matrix", "matrix_b", "B"),
)


def positive(flag: str, text: str | None) -> int | None:
    """Return the whole number that was written after `flag`; None where it was left out.

    Raises
    ------
    SpecError
        It is no whole number of at least 1.
    """
    if text is None:
        return None
    try:
        number = int(text.replace(",", "").replace("_", ""))
    except ValueError:
        number = 0
    if not 1 <= number <= 10**9:
        raise SpecError(f"{flag} {text}: expected a whole number from 1 to 1,000,000,000")
    return number


def show(found: Estimate, as_json: bool) -> None:
    """Print an estimate for a person, or as one JSON object."""
    if as_json:
        click.echo(json.dumps(found.document(), allow_nan=False))
        return
    click.echo("\n".join(lines(found)))


def lines(found: Estimate) -> list[str]:
    """Return an estimate as lines for a person."""
    count = found.nodes * found.machine.node.accelerators
    told = [f"{found.app} on {found.machine.title}: {found.nodes:,} nodes, {count:,} accelerators"]
    for name, key, unit in _ROWS:
        if key in found.values:
            told.append(
                f"{name:12s}{units.show(float(found.values[key]), unit):>16s}{_range(found, key, unit)}"
            )
    if "n" in found.values:
        told.append(f"{'N':12s}{found.values['n']:>16,}")
    if "flop_per_j" in found.values:
        told.append(f"{'efficiency':12s}{found.values['flop_per_j'] / 1e9:>10.2f} GFLOP/J")
    amount, unit = found.billed
    told.append(f"{'billed as':12s}{f'{amount:,.0f} {unit}':>16s}")
    for name, ranks in found.extra.get("ranks", {}).items():
        edition, rank = list(ranks.items())[-1]
        told.append(
            f"{name:12s}{f'rank {rank}' if rank else 'beyond the list':>16s}   in the edition {edition}"
        )
    told += [f"interval: {found.interval_basis}", f"energy: {found.boundary}"]
    return [*told, *(f"assumed: {text}" for text in found.assumptions)]


def _range(found: Estimate, key: str, unit: str) -> str:
    if key not in found.interval:
        return ""
    low, high = found.interval[key]
    return f"   {units.show(low, unit)} to {units.show(high, unit)}"
