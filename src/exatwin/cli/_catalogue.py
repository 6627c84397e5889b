"""The catalogue on a terminal: tables of 100 columns in which no number is cut."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exatwin.catalogue.describe import Number
from exatwin.foundation.units import show

if TYPE_CHECKING:
    from exatwin.catalogue.lists import ListedMachine

WIDTH = 100
_STYLES = {
    "measured": "green",
    "list": "green",
    "vendor": "cyan",
    "announced": "magenta",
    "assumed": "yellow",
}


def console() -> Console:
    """Return a console on standard output: 100 columns in a pipe, the terminal's own otherwise."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=WIDTH)


def print_json(document: dict[str, Any]) -> None:
    """Print `document` as one JSON object."""
    json.dump(document, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def print_csv(rows: Sequence[dict[str, Any]]) -> None:
    """Print `rows` as CSV with a header; blank where nothing is known."""
    writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def number_row(number: Number) -> dict[str, Any]:
    """Return `number` as a flat row: value in SI, unit, quality and source."""
    return {
        "part": number.part,
        "path": number.path,
        "value": number.value,
        "unit": number.unit,
        "quality": number.quality,
        "source": number.source.title,
        "url": number.source.url,
        "as_of": number.source.as_of,
        "note": number.note,
    }


def table(*columns: str, right: Iterable[str] = (), wrap: Iterable[str] = ()) -> Table:
    """Return an empty table; columns in `right` hold numbers, only those in `wrap` break their lines."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", no_wrap=name not in wrap)
    return made


def machine_table(
    rows: Sequence[dict[str, Any]], kinds: Table, listed: int, usable: int, others: Sequence[str]
) -> None:
    """Print the machines described in depth, the kinds of nodes, and what else is known."""
    out = console()
    made = table(
        "name", "machine", "country", "nodes", "accelerators", "peak FP64", "status",
        right=("nodes", "accelerators", "peak FP64"), wrap=("machine", "country"),
    )  # fmt: skip
    for row in rows:
        peak = row["peak_fp64_flop_s"]
        made.add_row(
            Text(row["name"], "cyan"),
            Text(row["title"]),
            row["country"],
            f"{row['nodes']:,}",
            f"{row['accelerators']:,}" if row["accelerators"] else "–",
            show(peak, "FLOP/s") if peak else "unknown",
            row["status"],
        )
    out.print(made)
    out.print()
    out.print(kinds)
    lines = (
        "",
        "Peak: dense, all chips, tensor or matrix units where they are faster.",
        "A kind of node is a machine too, of as many nodes as --accelerators or --nodes asks for.",
        f"{usable} of {listed} machines on the lists work too, by exact name or top500:<id>: --listed.",
        f"Too little known to simulate: {', '.join(others)}.",
        "Every number with its source: exatwin machines NAME. AI Factories: exatwin machines --factories.",
    )
    for line in lines:
        out.print(Text(line, "dim"))


def listed_table(rows: Iterable[ListedMachine]) -> None:
    """Print the machines of the lists, one line each."""
    out = console()
    made = table(
        "top500:", "name", "country", "chip", "nodes", "HPL", "power",
        right=("top500:", "nodes", "HPL", "power"), wrap=("name", "country", "chip"),
    )  # fmt: skip
    for row in rows:
        made.add_row(
            row.top500_system_id,
            Text(row.name),
            row.country,
            Text(row.accelerator_model or row.cpu_model),
            "–" if row.nodes is None else f"{row.nodes:,}",
            "–" if row.rmax_tflops is None else show(row.rmax_tflops * 1e12, "FLOP/s"),
            "–" if row.power_kw is None else show(row.power_kw * 1e3, "W"),
        )
    out.print(made)
    out.print(Text("\nA dash: not published, or left blank because it tests the models.", "dim"))
    out.print(Text("All columns: exatwin machines --listed --csv", "dim"))


def section(
    out: Console,
    title: str,
    name: str,
    called: str,
    found: Sequence[Number],
    *,
    notes: Sequence[str] = (),
    heading: Callable[[Number], str] = lambda number: "",
) -> None:
    """Print the numbers `found` of one file under its title, then its notes and sources.

    Parameters
    ----------
    heading
        The subheading of a number; neighbours of one subheading stand under it.
    """
    out.print()
    out.print(Text.assemble((title.upper(), "bold"), "  ", (name, "cyan"), "  ", called))
    if found:
        out.print(_number_table(found, heading))
    for note in notes:
        out.print(Text(f"· {note}"))
    for key, source in {number.key: number.source for number in found}.items():
        where = "  ".join(text for text in (source.url, source.as_of) if text)
        out.print(Text.assemble((f"{key}: ", "bold"), source.title, (f"  {where}", "dim")))


def _number_table(found: Sequence[Number], heading: Callable[[Number], str]) -> Table:
    made = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    made.add_column("label", max_width=32)
    made.add_column("value", justify="right", no_wrap=True)
    made.add_column("quality", no_wrap=True)
    made.add_column("source", no_wrap=True)
    made.add_column("note")
    for title, group in groupby(found, heading):
        if title:
            made.add_row(Text(title, "bold"))
        for number in group:
            made.add_row(
                Text(f"  {number.label}" if title else number.label),
                Text(number.text),
                Text(number.quality, _STYLES.get(number.quality, "")),
                number.key,
                Text(number.note, "dim"),
            )
    return made
