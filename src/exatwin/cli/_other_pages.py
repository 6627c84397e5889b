"""Pages of what can't be simulated: machines that are only listed or announced, and the AI Factories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from exatwin.catalogue.describe import Number, listed_numbers, numbers, plain
from exatwin.cli import _catalogue as show

if TYPE_CHECKING:
    from exatwin.catalogue.announced import AnnouncedMachine
    from exatwin.catalogue.factory import Factories, Factory
    from exatwin.catalogue.lists import ListedMachine


def listed_page(row: ListedMachine, why: str, as_json: bool, as_csv: bool) -> None:
    """Print what the lists say of a machine that can't be simulated, and why it can't."""
    found = listed_numbers(row)
    if as_json or as_csv:
        _as_data({"name": row.name, "top500_id": row.top500_system_id}, found, why, as_json)
        return
    out = show.console()
    words = (
        row.system_model,
        row.site,
        str(row.year),
        row.cpu_model,
        row.accelerator_model,
        row.interconnect,
    )
    _head(out, row.name, row.country, words, why)
    notes = [row.notes] if row.notes else []
    show.section(out, "listed", f"top500:{row.top500_system_id}", "", found, notes=notes)


def announced_page(machine: AnnouncedMachine, why: str, as_json: bool, as_csv: bool) -> None:
    """Print what is known of a machine that can't be simulated, and why it can't."""
    from exatwin.catalogue.announced import announced

    known = announced()
    prefix = f"machines.{known.machines.index(machine)}."
    found = [number for number in numbers(known, "announced") if number.path.startswith(prefix)]
    if as_json or as_csv:
        _as_data(plain(machine), found, why, as_json)
        return
    out = show.console()
    words = (machine.model, machine.node, machine.operator, machine.accelerator, machine.expected)
    _head(out, machine.title, machine.country, words, why)
    if found or machine.notes:
        show.section(out, "announced", machine.name, "", found, notes=machine.notes)
    if any(number.key == machine.source for number in found):
        return
    source = known.sources[machine.source]
    where = "  ".join(text for text in (source.url, source.as_of) if text)
    out.print(Text.assemble((f"{machine.source}: ", "bold"), source.title, (f"  {where}", "dim")))


def _as_data(head: dict[str, Any], found: list[Number], why: str, as_json: bool) -> None:
    rows = [show.number_row(number) for number in found]
    if as_json:
        show.print_json({**head, "can_simulate": False, "why": why, "numbers": rows})
    else:
        show.print_csv(rows)


def _head(out: Any, title: str, country: str, words: tuple[str, ...], why: str) -> None:
    out.print(Text.assemble((title, "bold"), f"  {country}"))
    out.print(Text("; ".join(word for word in words if word)))
    out.print(Text(why, "yellow"))


def factory_page(known: Factories, chosen: list[Factory], whole: bool) -> None:
    """Print the AI Factories, and with `whole` what is known of them together."""
    out = show.console()
    made = show.table("name", "factory", "country", "host", "wave", "machine", right=("wave",))
    for factory in chosen:
        machine = Text(factory.machine or "–", "cyan" if factory.machine else "")
        made.add_row(
            Text(factory.name, "cyan"),
            Text(factory.title),
            factory.country,
            factory.host or "–",
            str(factory.wave),
            machine,
        )
    out.print(made)
    prefixes = tuple(f"factories.{known.factories.index(factory)}." for factory in chosen)
    found = [
        number
        for number in numbers(known, "factories")
        if number.path.startswith(prefixes) or (whole and not number.path.startswith("factories."))
    ]
    if whole:  # the wave stands in the table, its number in the heading
        found = [number for number in found if number.label not in {"wave", "number"}]
    notes = [f"{f.title}: {text}" for f in chosen for text in (f.machine_note, *f.notes) if text]
    notes += known.gigafactories.notes if whole else []
    show.section(
        out, "AI Factories", "", "", found, notes=notes, heading=lambda number: _heading(number, known)
    )


def _heading(number: Number, known: Factories) -> str:
    first, *rest = number.path.split(".")
    if first == "factories":
        return known.factories[int(rest[0])].title
    if first == "waves":
        wave = known.waves[int(rest[0])]
        return f"Wave {wave.number}, {wave.selected}"
    return "Gigafactories" if first == "gigafactories" else "Together"
