"""How an estimate is read from flags and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from exatwin.foundation import units
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import counted

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


def model_asked(flags: Mapping[str, Any]) -> str | None:
    """Return the model that was named by itself or after ``--model``; None where none was.

    Raises
    ------
    SpecError
        Two were named.
    """
    name, other = flags.get("name"), flags.get("model")
    if name and other and name != other:
        raise SpecError(f"two models were named, '{name}' and '{other}': expected one MODEL")
    return name or other


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


def counts(nodes: str | None, accelerators: str | None) -> dict[str, int | None]:
    """Return the size of a run as written after ``--nodes`` and ``--accelerators``."""
    return {
        "nodes": positive("--nodes", nodes),
        "accelerators": positive("--accelerators", accelerators),
    }


def show(found: Estimate, as_json: bool) -> None:
    """Print an estimate for a person, or as one JSON object."""
    if as_json:
        click.echo(json.dumps(found.document(), allow_nan=False))
        return
    click.echo("\n".join(lines(found)))


def lines(found: Estimate) -> list[str]:
    """Return an estimate as lines for a person."""
    node = found.machine.node
    each, word = (node.accelerators, "accelerators") if node.accelerators else (node.processors, "sockets")
    chips = counted(found.nodes * each, word)
    told = [f"{found.app} on {found.machine.title}: {counted(found.nodes, 'nodes')}, {chips}"]
    told += [row(name, key, unit, found) for name, key, unit in _ROWS if key in found.values]
    if "n" in found.values:
        told.append(line("N", f"{found.values['n']:,}"))
    if "flop_per_j" in found.values:
        told.append(line("efficiency", f"{found.values['flop_per_j'] / 1e9:.2f} GFLOP/J"))
    told += site_rows(found)
    amount, unit = found.billed
    told.append(line("billed as", f"{rounded(amount)} {unit}"))
    for name, ranks in found.extra.get("ranks", {}).items():
        edition, rank = list(ranks.items())[-1]
        told.append(line(name, f"rank {rank}" if rank else "beyond the list", f"in the edition {edition}"))
    return [*told, *footnotes(found)]


def line(name: str, value: str, note: str = "") -> str:
    """Return one line of the table: its name, its value, and what stands beside it."""
    return f"{name:14s}{value:>18s}{f'   {note}' if note else ''}"


def row(name: str, key: str, unit: str, found: Estimate, note: str = "") -> str:
    """Return the line of one value with its interval, where it has one."""
    value = found.values[key] if key in found.values else getattr(found.site, key)
    return line(
        name, units.show(float(value), unit), ", ".join(filter(None, (_range(found, key, unit), note)))
    )


def site_rows(found: Estimate) -> list[str]:
    """Return the lines of what the energy comes to at the site."""
    year = found.site.year
    price = f"{year.price_eur_j * 3.6e6:.3f} EUR/kWh, electricity only"
    carbon = f"{year.carbon_kgco2e_j * 3.6e9:.0f} g CO2e/kWh"
    carbon += ", a borrowed grid" if "grid" in year.borrowed else ""
    energy = line("at the site", units.show(found.site.energy_j, "J"), f"PUE {year.pue:.3f}, modelled")
    return [
        energy,
        row("cost", "cost_eur", "EUR", found, price),
        row("carbon", "carbon_kgco2e", "kgCO2e", found, carbon),
    ]


def rounded(amount: float) -> str:
    """Return an amount with four digits, or all of those before the point.

    Examples
    --------
    >>> rounded(1234567.8), rounded(1.23456), rounded(0.012341)
    ('1,234,568', '1.235', '0.01234')
    """
    return f"{amount:,.0f}" if amount >= 1000.0 else f"{amount:.4g}"


def footnotes(found: Estimate) -> list[str]:
    """Return what intervals, energy and the rest stand on."""
    told = [f"interval: {found.interval_basis}", f"energy: {found.boundary}", *found.site.notes()]
    return [*told, *(f"assumed: {text}" for text in found.assumptions)]


def _range(found: Estimate, key: str, unit: str) -> str:
    ranges = found.ranges
    if key not in ranges:
        return ""
    low, high = ranges[key]
    return f"{units.show(low, unit)} to {units.show(high, unit)}"
