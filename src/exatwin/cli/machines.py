"""``exatwin machines``: the catalogue of machines, each number with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from exatwin.catalogue.describe import Number
    from exatwin.catalogue.machine import Machine


@click.command("machines")
@click.argument("name", required=False)
@click.option("--factories", is_flag=True, help="Show the AI Factories instead; NAME is then one of them.")
@click.option("--listed", is_flag=True, help="Show the machines of the lists (TOP500, Green500) instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in SI units.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table as CSV.")
def command(name: str | None, factories: bool, listed: bool, as_json: bool, as_csv: bool) -> None:
    """Show the machines of the catalogue, or every number of the machine NAME with its source.

    NAME is a catalogue name (jupiter), a kind of node (dgx-h100), an exact name on the lists, top500:<id>, or
    the path of a file.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if factories and listed:
        raise click.UsageError("--factories and --listed exclude each other")
    if factories:
        _factories(name, as_json, as_csv)
    elif name is not None:
        _one(name, as_json, as_csv)
    elif listed:
        _listed(as_json, as_csv)
    else:
        _all(as_json, as_csv)


def _all(as_json: bool, as_csv: bool) -> None:
    from exatwin.catalogue import announced, lists
    from exatwin.cli import _catalogue as show
    from exatwin.cli import _node_pages as kinds

    rows = machine_rows()
    usable = sum(row.nodes is not None for row in lists.rows())
    if as_json:
        others = [
            {"name": machine.name, "missing": machine.missing} for machine in announced.announced().machines
        ]
        counts = {"listed": len(lists.rows()), "listed_usable": usable}
        show.print_json({"machines": rows, "nodes": kinds.node_rows(), **counts, "announced": others})
    elif as_csv:
        show.print_csv(rows)
    else:
        show.machine_table(rows, kinds.node_table(), len(lists.rows()), usable, announced.names())


def machine_rows() -> list[dict[str, Any]]:
    """Return one row for each machine described in depth, largest first."""
    from exatwin.catalogue.load import machine, names

    machines = sorted((machine(name) for name in names("machines")), key=_size)
    return [
        {
            "name": found.name,
            "title": found.title,
            "country": found.file.country,
            "site": found.file.site,
            "nodes": found.nodes,
            "accelerators": found.accelerators,
            "chip": (found.accelerator or found.processor).title,
            "peak_fp64_flop_s": found.peak_flop_s("fp64"),
            "status": found.file.status,
        }
        for found in machines
    ]


def _size(machine: Machine) -> tuple[float, str]:
    return -(machine.peak_flop_s("fp64") or 0.0), machine.name


def _listed(as_json: bool, as_csv: bool) -> None:
    from dataclasses import asdict

    from exatwin.catalogue import lists
    from exatwin.cli import _catalogue as show

    rows = [asdict(row) for row in lists.rows()]
    if as_json:
        columns = [{"name": c.name, "unit": c.unit, "doc": c.doc} for c in lists.COLUMNS]
        show.print_json({"columns": columns, "machines": rows})
    elif as_csv:
        show.print_csv(rows)
    else:
        show.listed_table(lists.rows())


def _one(name: str, as_json: bool, as_csv: bool) -> None:
    from exatwin.catalogue import announced, lists
    from exatwin.catalogue.generic import named
    from exatwin.cli import _catalogue as show
    from exatwin.cli import _machine_page as page
    from exatwin.cli import _node_pages as kinds
    from exatwin.cli import _other_pages as others
    from exatwin.foundation.errors import CatalogueError

    if kinds.is_kind(name):
        kinds.node_page(name, as_json, as_csv)
        return
    try:
        found = named(name)
    except CatalogueError as error:
        row, plan = lists.find(name), announced.find(name)
        if row is None and plan is None:
            raise
        if row is not None:
            others.listed_page(row, str(error), as_json, as_csv)
        elif plan is not None:
            others.announced_page(plan, str(error), as_json, as_csv)
        return
    facts = machine_numbers(found)
    if as_json:
        show.print_json(page.document_of(found, facts))
    elif as_csv:
        show.print_csv([show.number_row(number) for number in facts])
    else:
        page.machine_page(found, facts)


def machine_numbers(machine: Machine) -> list[Number]:
    """Return every number of `machine`, of its node, chips and network."""
    from exatwin.catalogue.describe import numbers

    parts = (
        ("machine", machine.file),
        ("node", machine.node),
        ("accelerator", machine.accelerator),
        ("processor", machine.processor),
        ("network", machine.network),
    )
    return [number for part, spec in parts if spec is not None for number in numbers(spec, part)]


def _factories(name: str | None, as_json: bool, as_csv: bool) -> None:
    from exatwin.catalogue.describe import numbers, plain
    from exatwin.catalogue.factory import ai_factories
    from exatwin.cli import _catalogue as show
    from exatwin.cli._other_pages import factory_page

    known = ai_factories()
    chosen = known.factories if name is None else [known.get(name)]
    if as_json:
        facts = [show.number_row(number) for number in numbers(known, "factories")]
        whole = plain(known) if name is None else {"factories": [plain(factory) for factory in chosen]}
        show.print_json({**whole, "numbers": facts if name is None else []})
    elif as_csv:
        show.print_csv([plain(factory) for factory in chosen])
    else:
        factory_page(known, chosen, name is None)
