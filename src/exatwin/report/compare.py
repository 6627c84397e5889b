"""Machines beside each other: as lines for people, as rows of a table, and as one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from exatwin.foundation.files import write_text
from exatwin.foundation.units import show
from exatwin.foundation.version import __version__
from exatwin.report.markup import plain_page, table
from exatwin.report.tables import Table
from exatwin.study.compare import Row

_HEAD = (
    "machine",
    "nodes",
    "speed",
    "time",
    "range",
    "node-h",
    "billed",
    "energy",
    "CO2",
    "EUR",
    "memory",
    "wait",
)
_CSS = "body{max-width:1240px;font-size:14px}h1{font-size:20px;margin:18px 0 4px}.note{color:var(--muted)}"
_PANEL = ".panel{display:block;margin:14px 0;padding:12px 16px}.number{text-align:right}"


def cells(row: Row) -> tuple[str, ...]:
    """Return one row as text, a cell each; what a machine can't run has a reason in the place of figures."""
    if row.found is None:
        return (row.asked, *[""] * (len(_HEAD) - 1))
    run, memory = row.run, row.memory_frac
    amount, unit = row.billed
    return (
        row.asked,
        f"{run['nodes']:,}",
        "" if row.speed is None else _speed(*row.speed),
        show(run["time_s"], "s", 3),
        _range(run),
        _count(row.node_h),
        f"{_count(amount)} {unit}",
        _shown(run, "site_energy_j", "J"),
        _shown(run, "carbon_kgco2e", "kgCO2e").removesuffix(" CO2e"),
        "" if run["cost_eur"] is None else _count(run["cost_eur"]),
        "" if memory is None else f"{memory:.0%}",
        _wait(row),
    )


def _range(run: Mapping[str, Any]) -> str:
    ends = run["interval"].get("time_s")
    return "" if ends is None else " to ".join(show(end, "s", 3) for end in ends)


def _shown(run: Mapping[str, Any], key: str, unit: str) -> str:
    return "" if run[key] is None else show(run[key], unit, 3)


def _speed(value: float, unit: str) -> str:
    return show(value, unit, 3) if unit == "FLOP/s" else f"{_count(value)} {unit}"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def _wait(row: Row) -> str:
    if row.queued is None:
        return "unknown"
    more = "> " if row.queued.bound else ""
    return f"{more}{_hours(row.queued.low_s)} to {_hours(row.queued.high_s)} h"


def _hours(value_s: float) -> str:
    hours = value_s / 3600.0
    return "0" if hours < 0.05 else f"{hours:.1f}" if hours < 10.0 else f"{hours:.0f}"


def lines(rows: Sequence[Row], title: str) -> list[str]:
    """Return the comparison as lines for a person."""
    running = [cells(row) for row in rows if row.found is not None]
    shown = [_HEAD, *running]
    wide = [max(len(row[at]) for row in shown) for at in range(len(_HEAD))]
    told = [title, ""]
    if running:
        told += ["  ".join(_aligned(row, wide)).rstrip() for row in shown]
    told += [f"{row.asked}: can't, {row.why}" for row in rows if row.found is None]
    name = max(len(row.asked) for row in rows)
    risks = [f"  {row.asked:{name}s}  {'; '.join(row.risks)}" for row in rows if row.found and row.risks]
    told += ["", "risks", *risks] if risks else []
    return [*told, "", *notes(rows)]


def _aligned(row: Sequence[str], wide: Sequence[int]) -> list[str]:
    return [
        f"{row[0]:{wide[0]}s}",
        *(f"{cell:>{size}s}" for cell, size in zip(row[1:], wide[1:], strict=True)),
    ]


def notes(rows: Sequence[Row]) -> list[str]:
    """Return what the figures rest on."""
    first = next((row for row in rows if row.found is not None), None)
    if first is None or first.found is None:
        return []
    told = [f"interval: {first.found.interval_basis} (--json has that of each figure)"]
    several = [f"{row.asked} {row.jobs}" for row in rows if row.jobs > 1]
    if several:
        told.append(f"jobs: under the longest time limits the run is a chain: {', '.join(several)}")
    waited = next((row.queued for row in rows if row.queued is not None), None)
    if waited is not None:
        told.append(
            f"wait: of one job, > of one that is larger than any known; {first.asked}: {_basis(first)}"
        )
    told.append("energy, CO2 and EUR: at the grid connection by yearly means, electricity only")
    return [*told, *_borrowed(rows)]


def _borrowed(rows: Sequence[Row]) -> list[str]:
    """Return for whom a grid or a price of another place stands in."""
    found: dict[str, list[str]] = {}
    for row in rows:
        kept = {} if row.found is None else row.found.site.year.borrowed
        words = [word for word, key in (("CO2", "grid"), ("EUR", "tariff")) if key in kept]
        if words:
            found.setdefault(" and ".join(words), []).append(row.asked)
    return [
        f"{what} of {', '.join(names)}: by a grid or a price of elsewhere, theirs are not at hand"
        for what, names in found.items()
    ]


def _basis(row: Row) -> str:
    return "no queue is known" if row.queued is None else row.queued.basis


def table_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the comparison as rows of plain values, for CSV."""
    keys = (
        "nodes",
        "accelerators",
        "time_s",
        "node_h",
        "energy_j",
        "site_energy_j",
        "carbon_kgco2e",
        "cost_eur",
    )
    found = []
    for row in rows:
        told = row.document()
        billed, queued = told.get("billed") or {}, told.get("wait") or {}
        found.append(
            {
                "machine": row.asked,
                "feasible": told["feasible"],
                **{key: told.get(key) for key in keys},
                "billed": billed.get("amount"),
                "billing_unit": billed.get("unit"),
                "memory_frac": told.get("memory_frac"),
                "jobs": told.get("jobs"),
                **{f"wait_{key}": queued.get(key) for key in ("p10_s", "p50_s", "p90_s")},
                "risks": "; ".join(row.risks),
                "why": row.why,
            }
        )
    return found


def page(rows: Sequence[Row], title: str) -> str:
    """Return the comparison as one self-contained HTML page."""
    running = [row for row in rows if row.found is not None]
    head = ("machine", *(f"{name}>" for name in _HEAD[1:]), "risks")
    shown = tuple((*cells(row), "; ".join(row.risks)) for row in running)
    pieces = [table(Table("machines", head, shown))]
    absent = tuple((row.asked, row.why) for row in rows if row.found is None)
    if absent:
        pieces.append(table(Table("can't", ("machine", "why"), absent), heading=True))
    told = "".join(f"<p class=note>{escape(text)}</p>" for text in notes(rows))
    body = (
        f"<h1>{escape(title)}</h1><p class=note>exatwin {escape(__version__)}</p>"
        f"<section class=panel>{''.join(pieces)}</section>{told}"
    )
    return plain_page(title, _CSS + _PANEL, body)


def write(rows: Sequence[Row], title: str, path: Path) -> Path:
    """Write the page to `path`, and return it.

    Raises
    ------
    OutputError
        The file can't be written there.
    """
    return write_text(path, page(rows, title))


__all__ = ["cells", "lines", "notes", "page", "table_rows", "write"]
