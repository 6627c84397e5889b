"""``exatwin sites [NAME]``: where machines stand, each number with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from exatwin.cli._options import File

if TYPE_CHECKING:
    from rich.console import Console

    from exatwin.catalogue.site import Site

_SECTIONS = {
    "site": ("sites", "name"),
    "power chain": ("power-chains", "power_chain"),
    "cooling": ("cooling", "cooling"),
    "tariff": ("tariffs", "tariff"),
    "grid": ("grids", "grid"),
    "weather": ("weather", "weather"),
}
_STYLES = {
    "measured": "green",
    "list": "green",
    "vendor": "cyan",
    "announced": "magenta",
    "assumed": "yellow",
}


@click.command(name="sites")
@click.argument("name", required=False)
@click.option("--years", metavar="N", help="Run N years of its plant: PUE P5, P50, P95 and what moves it.")
@click.option("--machine", metavar="NAME|FILE", help="With --years: whose IT power; by default the largest.")
@click.option("--seed", metavar="N", help="With --years: seed of jobs, weather and draws (default 0).")
@click.option("-o", "--output", type=File(), metavar="PAGE.html", help="With --years: write a page too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, SI units in its keys.")
def command(
    name: str | None,
    years: str | None,
    machine: str | None,
    seed: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Show the sites, or every number of site NAME (or of a file) with its unit, source and quality.

    With --years N the plant runs N years, each with a weather of its own and other values of what nobody
    measured. Example: exatwin sites juelich --years 1000 -o juelich.html
    """
    from exatwin.catalogue.site import load_site

    if years is not None:
        _print_years(name, years, machine, seed, output, as_json)
    elif machine is not None or seed is not None or output is not None:
        raise click.UsageError("--machine, --seed and -o go with --years N")
    elif name is None:
        _print_all(as_json)
    else:
        _print_one(load_site(name), name, as_json)


def _print_years(
    name: str | None, years: str, machine: str | None, seed: str | None, output: Path | None, as_json: bool
) -> None:
    from exatwin.catalogue.site import load_site
    from exatwin.cli._estimate import positive
    from exatwin.cli._site_years import tell
    from exatwin.foundation.errors import SpecError

    if name is None:
        raise click.UsageError("--years goes with a site: exatwin sites NAME --years N")
    if seed is not None and not seed.isdigit():
        raise SpecError(f"--seed {seed}: expected a whole number from 0")
    site = load_site(name)
    documents = {title: _document(site, name, title)[1] for title in ("power chain", "cooling")}
    count = positive("--years", years) or 1
    tell(
        name, documents, years=count, machine=machine, seed=int(seed or 0), output=output, as_json=as_json
    )  # fmt: skip


class _Row(NamedTuple):
    key: str
    value: str
    quality: str
    source: str
    note: str


def _print_all(as_json: bool) -> None:
    import json

    from exatwin.catalogue.load import names
    from exatwin.catalogue.site import load_site

    sites = [load_site(name) for name in names("sites")]
    if as_json:
        click.echo(json.dumps({"sites": [_plain(site) for site in sites]}, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("site", "place", "country", "power chain", "cooling", "tariff", "weather"):
        table.add_column(column, no_wrap=column != "place")
    for site in sites:
        borrowed = {key: "*" if key in site.stand_ins else "" for key in ("cooling", "tariff", "weather")}
        shown = [f"{getattr(site, key)}{mark}" for key, mark in borrowed.items()]
        table.add_row(site.name, site.title, site.country, site.power_chain, *shown)
    console = _console()
    console.print(table)
    console.print("\n* a stand-in: the site's own is not known. Details: exatwin sites NAME", style="dim")


def _print_one(site: Site, name: str, as_json: bool) -> None:
    import json

    found = {title: _document(site, name, title) for title in _SECTIONS}
    if as_json:
        click.echo(json.dumps(_as_json(site, found), ensure_ascii=False))
        return
    console = _console()
    console.print(f"[bold]{site.title}[/bold]  {site.country}")
    for title, (entry_name, document) in found.items():
        _print_section(console, site, title, entry_name, document)


def _document(site: Site, name: str, title: str) -> tuple[str, dict[str, Any] | None]:
    """Return the name of a section's entry and its document; None where the catalogue has no such file."""
    from exatwin.catalogue.load import resolve
    from exatwin.foundation.errors import CatalogueError
    from exatwin.foundation.spec import read_toml

    folder, key = _SECTIONS[title]
    entry_name = name if title == "site" else str(getattr(site, key))
    try:
        return entry_name, read_toml(resolve(folder, entry_name))
    except CatalogueError:
        return entry_name, None


def _print_section(
    console: Console, site: Site, title: str, name: str, document: dict[str, Any] | None
) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print()
    called = "" if document is None else str(document.get("title", ""))
    console.print(Text.assemble((title.upper(), "bold"), "  ", (name, "cyan"), "  ", called))
    stand_in = site.stand_ins.get(title.replace(" ", "_"))
    if stand_in:
        console.print(Text(f"stand-in: {stand_in}", style="yellow"))
    if document is None:
        console.print("not in the catalogue", style="yellow")
        return
    for key, variable in document.get("variables", {}).items():
        if variable.get("stand_in"):
            console.print(Text(f"stand-in: {key} is that of {variable['stand_in']}", style="yellow"))
    if "boundary" in document:
        console.print(Text(str(document["boundary"])))
    table = Table(box=None, pad_edge=False, show_header=False)
    for column, width in (("key", 27), ("value", 15), ("quality", 9), ("source", 10), ("note", None)):
        table.add_column(column, max_width=width, overflow="fold")
    for row in rows(document):
        quality = Text(row.quality, style=_STYLES.get(row.quality, ""))
        table.add_row(row.key, Text(row.value, justify="right"), quality, row.source, Text(row.note, "dim"))
    console.print(table)
    for note in document.get("notes", []):
        console.print(Text(f"· {note}"))
    for key, source in document.get("sources", {}).items():
        where = "  ".join(str(source[item]) for item in ("url", "as_of") if item in source)
        console.print(
            Text.assemble((f"{key}: ", "bold"), str(source.get("title", "")), (f"  {where}", "dim"))
        )


def rows(document: Mapping[str, Any]) -> Iterator[_Row]:
    """Yield every sourced number of a document, lists of named tables by their names."""
    for path, fact in _facts(document, ""):
        value, note = fact["value"], str(fact.get("note", ""))
        if isinstance(value, Mapping):
            shown = ""
            note = ", ".join([f"{key} {item}" for key, item in value.items()] + [note] * bool(note))
        elif isinstance(value, list):
            shown = f"{_count(value)} values"
        else:
            shown = str(value).replace("degC", "°C").replace(" deg", "°")
        yield _Row(path, shown, fact.get("quality", ""), fact.get("source", ""), note)


def _facts(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping) and "value" in value and "source" in value:
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if path or key != "sources":
                yield from _facts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            name = item.get("name", index) if isinstance(item, Mapping) else index
            yield from _facts(item, str(name))


def _count(value: Any) -> int:
    return sum(_count(item) for item in value) if isinstance(value, list) else 1


def _plain(value: Any) -> Any:
    """Return a specification as plain data with SI floats under its field names."""
    from exatwin.foundation.spec import Spec

    if isinstance(value, Spec):
        return {key: _plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _as_json(site: Site, found: dict[str, tuple[str, dict[str, Any] | None]]) -> dict[str, Any]:
    """Return the site, its chain, cooling and tariff as SI data, and all facts of grid and weather."""
    result = {
        "site": _plain(site),
        "power_chain": _plain(site.chain()),
        "cooling": _plain(site.plant()),
        "tariff": _plain(site.prices()),
    }
    for title in ("grid", "weather"):
        name, document = found[title]
        result[title] = {"name": name, "facts": {row.key: row._asdict() for row in rows(document or {})}}
    return result


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=100)
