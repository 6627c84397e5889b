"""The kinds of nodes: generic machines are made of them, as many as a question needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from exatwin.catalogue.describe import Number, numbers, plain
from exatwin.catalogue.generic import of_kind
from exatwin.catalogue.load import names
from exatwin.cli import _catalogue as show
from exatwin.foundation import units

if TYPE_CHECKING:
    from rich.table import Table

    from exatwin.catalogue.machine import Machine


def is_kind(name: str) -> bool:
    """Return whether `name` is a kind of node and no machine.

    Examples
    --------
    >>> is_kind("h800-8"), is_kind("jupiter")
    (True, False)
    """
    return name in names("nodes") and name not in names("machines")


def node_rows() -> list[dict[str, Any]]:
    """Return one row for each kind of node, those with accelerators first."""
    found = [of_kind(name, 1) for name in names("nodes")]
    return [_row(machine) for machine in sorted(found, key=lambda one: (not one.accelerators, one.name))]


def _row(machine: Machine) -> dict[str, Any]:
    node, chip = machine.node, machine.accelerator
    return {
        "name": node.name,
        "title": node.title,
        "processors": node.processors,
        "processor": machine.processor.title,
        "accelerators": node.accelerators,
        "accelerator": chip.title if chip else "",
        "devices": machine.node_devices,
        "link_domain": node.link_domain or machine.node_devices,
        "peak_bf16_flop_s": machine.peak_flop_s("bf16") if chip else None,
        "memory_b": None if chip is None or chip.memory_b is None else chip.memory_b * node.accelerators,
        "network_b_s": node.injection_b_s or None,
    }


def node_table() -> Table:
    """Return the kinds of nodes with accelerators as a table."""
    made = show.table(
        "kind of node", "accelerators", "16-bit peak", "memory", "network",
        right=("16-bit peak", "memory", "network"), wrap=("accelerators",),
    )  # fmt: skip
    for row in node_rows():
        if row["accelerators"]:
            made.add_row(
                Text(row["name"], "cyan"),
                Text(f"{row['accelerators']} x {row['accelerator']}"),
                _shown(row["peak_bf16_flop_s"], "FLOP/s"),
                _shown(row["memory_b"], "B"),
                _shown(row["network_b_s"], "B/s"),
            )
    return made


def _shown(value: float | None, unit: str) -> str:
    return units.show(value, unit, 3) if value else "–"


def node_page(name: str, as_json: bool, as_csv: bool) -> None:
    """Print every number of the kind of node called `name`, of its chips and its processor."""
    machine = of_kind(name, 1)
    parts = (("node", machine.node), ("accelerator", machine.accelerator), ("processor", machine.processor))
    facts = {part: list(numbers(spec, part)) for part, spec in parts if spec is not None}
    rows = [show.number_row(number) for found in facts.values() for number in found]
    if as_json:
        show.print_json(
            {**_row(machine), **{p: plain(s) for p, s in parts if s is not None}, "numbers": rows}
        )
        return
    if as_csv:
        show.print_csv(rows)
        return
    out = show.console()
    out.print(Text.assemble((machine.node.title, "bold"), "  a kind of node"))
    for line in _words(machine):
        out.print(Text(line))
    for part, spec in parts:
        if spec is not None:
            show.section(out, part, spec.name, spec.title, _of(facts, part), notes=spec.notes)


def _of(facts: dict[str, list[Number]], part: str) -> list[Number]:
    return facts.get(part, [])


def _words(machine: Machine) -> list[str]:
    row, chip = _row(machine), machine.accelerator
    if chip is None:
        return [f"{row['processors']} x {row['processor']}"]
    words = [
        f"{row['accelerators']} x {chip.title}",
        f"16-bit peak {_shown(row['peak_bf16_flop_s'], 'FLOP/s')}",
    ]
    said = ["; ".join(words)]
    if chip.devices > 1:
        said.append(f"LLM training counts its {row['devices']} {chip.device}s as accelerators.")
    said.append(f"Sized by a question: exatwin estimate llm --machine {machine.name} --accelerators 64 ...")
    return said


__all__ = ["is_kind", "node_page", "node_rows", "node_table"]
