"""A machine made from one row of the lists: generic nodes around the chips that the row names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from exatwin.catalogue.lists import UNNAMED, ListedMachine
from exatwin.catalogue.load import entry, holding
from exatwin.catalogue.machine import Machine, MachineFile
from exatwin.catalogue.parts import Accelerator, Network, NodeKind, Processor
from exatwin.foundation.errors import CatalogueError

_SOURCE = "LIST"
_CORES_CLOCK = re.compile(r"^(?P<model>.*?)\s+(?P<cores>\d+)C\s+(?P<clock>[\d.]+)GHz$")
_RAILS = (("quad-rail", 4), ("octo-rail", 8), ("dual-rail", 2))
_NETWORKS = (
    ("slingshot-11", "slingshot-11"),
    ("slingshot-10", "slingshot-10"),
    ("tofu-interconnect-d", "tofu-d"),
    ("ndr200", "infiniband-ndr200"),
    ("ndr", "infiniband-ndr"),
    ("hdr100", "infiniband-hdr100"),
    ("hdr", "infiniband-hdr"),
)
_ANYWHERE = "generic"
_MODULES = {"gh200-96": "grace-72", "mi300a": "mi300a-cpu"}  # chips that hold their processor


def build_listed(row: ListedMachine) -> Machine:
    """Return the machine that `row` describes.

    Raises
    ------
    CatalogueError
        The row lacks the number of nodes, or its chips are unknown.
    """
    where = f"{row.name} (top500:{row.top500_system_id})"
    if row.nodes is None:
        raise CatalogueError(
            f"{where}: the list gives no number of nodes, so it can't be simulated; "
            "describe it in a file of your own, as 'jupiter' is"
        )
    accelerator = _accelerator(row, where)
    processor = _processor(row, accelerator, where)
    node = _node(row, accelerator, processor, where)
    network = _network(row.interconnect)
    file = MachineFile.parse(_document(row, node, processor, accelerator, network), where)
    return Machine(file=file, node=node, processor=processor, accelerator=accelerator, network=network)


@cache
def accelerators_by_list_name(word: str = "") -> dict[str, Accelerator]:
    """Return the accelerators of the catalogue whose files hold `word`, by the names that lists use.

    The names are in small letters.
    """
    chips = (entry(Accelerator, "accelerators", name) for name in holding("accelerators", word))
    return {listed.lower(): chip for chip in chips for listed in chip.list_names}


def _accelerator(row: ListedMachine, where: str) -> Accelerator | None:
    if not row.accelerator_model:
        return None
    called = row.accelerator_model.lower()
    chip = accelerators_by_list_name(called).get(called)
    if chip is None or row.accelerators is None:
        raise CatalogueError(
            f"{where}: the catalogue has no accelerator '{row.accelerator_model}'; "
            "describe the machine in a file of your own, as 'jupiter' is"
        )
    return chip


def _processor(row: ListedMachine, accelerator: Accelerator | None, where: str) -> Processor:
    if accelerator and accelerator.name in _MODULES:
        half: Processor = entry(Processor, "processors", _MODULES[accelerator.name])
        return half
    match = _CORES_CLOCK.match(row.cpu_model)
    if match is None:
        raise CatalogueError(f"{where}: the processor '{row.cpu_model}' does not tell its cores and clock")
    peak = {}
    if accelerator is None and row.rpeak_tflops and row.cpu_sockets:
        per_socket = row.rpeak_tflops / row.cpu_sockets
        peak = {"fp64": _fact(f"{per_socket!r} TFLOP/s", "derived", "the list's Rpeak over its sockets")}
    return Processor.parse(
        {
            "name": re.sub(r"[^a-z0-9]+", "-", row.cpu_model.lower()).strip("-"),
            "title": row.cpu_model,
            "vendor": match["model"].split()[0],
            "family": "a64fx" if "a64fx" in row.cpu_model.lower() else "listed",
            "cores": _fact(int(match["cores"])),
            "clock": _fact(f"{match['clock']} GHz"),
            **_rated(match["model"]),
            "peak": peak,
            "sources": {**_sources(row), "RATED": {"title": "Rated power of processors, by their vendors"}},
        },
        where,
    )


def _rated(model: str) -> dict[str, Any]:
    """Return the rated power of the processor that the lists call `model`, where the table has it."""
    lower = model.lower()
    found = next((line for line in _rated_table() if line["word"] in lower), None)
    if found is None:
        return {}
    return {"tdp": {**_fact(f"{found['rated_w']} W", found["quality"], found["source"]), "source": "RATED"}}


@cache
def _rated_table() -> list[dict[str, str]]:
    """Return the rated powers of processors by what names them, the longest word first."""
    path = files("exatwin.catalogue") / "data" / "lists" / "processors.csv"
    lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return sorted(lines, key=lambda line: -len(line["word"]))


def _node(row: ListedMachine, accelerator: Accelerator | None, processor: Processor, where: str) -> NodeKind:
    nodes = row.nodes or 1
    per_node, rest = divmod(row.accelerators or 0, nodes)
    if rest:
        raise CatalogueError(f"{where}: {row.accelerators} accelerators do not divide by {nodes} nodes")
    rails = next((count for word, count in _RAILS if word in row.interconnect.lower()), 0)
    law = accelerator.power_law if accelerator else _processor_law(processor)
    return NodeKind.parse(
        {
            "name": f"node-of-top500-{row.top500_system_id}",
            "title": f"Generic node of {row.name}",
            "processor": processor.name,
            "processors": _sockets(row, accelerator, nodes),
            **({"accelerator": accelerator.name} if accelerator else {}),
            **({"accelerators": _fact(per_node, "derived", _basis(row))} if accelerator else {}),
            **({"nics": _fact(rails, "list", row.interconnect)} if rails else {}),
            "power_law": law,
            "sources": _sources(row),
            "notes": ["Made from a row of the lists: what it does not say is left out."],
        },
        where,
    )


def _processor_law(processor: Processor) -> str:
    return "a64fx" if processor.family == "a64fx" else "cpu-2socket"


def _sockets(row: ListedMachine, accelerator: Accelerator | None, nodes: int) -> dict[str, Any]:
    if accelerator and accelerator.name in _MODULES:
        return _fact((row.accelerators or 0) // nodes, "derived", "one in each module")
    exact = (row.cpu_sockets or nodes) / nodes
    sockets = max(1, round(exact))
    note = _basis(row) if accelerator is None else "sockets over nodes"
    if abs(exact - sockets) > 1e-9:
        return _fact(sockets, "assumed", f"the list's cores give {exact:.2f} sockets a node, rounded")
    return _fact(sockets, "derived", note)


def _basis(row: ListedMachine) -> str:
    return row.nodes_basis.removeprefix("derived: ")


def _network(interconnect: str) -> Network | None:
    text = interconnect.lower().replace(" ", "-")
    name = next((name for words, name in _NETWORKS if words in text), None)
    if name is None:
        return None
    network: Network = entry(Network, "networks", name)
    return network


def _document(
    row: ListedMachine,
    node: NodeKind,
    processor: Processor,
    accelerator: Accelerator | None,
    network: Network | None,
) -> dict[str, Any]:
    nodes = row.nodes or 0
    chip, count = (
        (accelerator, nodes * node.accelerators) if accelerator else (processor, nodes * node.processors)
    )
    peak = chip.peak_flop_s("fp64")
    site, stand_in = site_of(row.country)
    notes = [*([row.notes] if row.notes else []), *([stand_in] if stand_in else [])]
    return {
        "name": f"top500:{row.top500_system_id}",
        "title": row.name if row.name != UNNAMED else f"Unnamed system of {row.site}",
        "aliases": [row.name] if row.name != UNNAMED else [],
        "top500_ids": [row.top500_system_id],
        "operator": row.site,
        "country": row.country,
        "model": row.system_model,
        "commissioned": str(row.year),
        "site": site,
        "node": node.name,
        "nodes": _fact(nodes, "derived", _basis(row)),
        **({"network": network.name} if network else {}),
        "peak": {"fp64": _fact(f"{peak * count!r} FLOP/s", "derived", f"{count:,} chips")} if peak else {},
        "records": list(_records(row)),
        "sources": _sources(row),
        "notes": notes,
    }


def _records(row: ListedMachine) -> Iterator[dict[str, Any]]:
    """Yield the results of the row; what is blank there is left out."""
    tuned = row.green500_optimized_rmax_tflops, row.green500_optimized_power_kw
    results = (
        ("hpl", row.rmax_tflops, row.rpeak_tflops, row.nmax, row.power_kw, row.power_quality_level),
        ("hpcg", row.hpcg_tflops, None, None, None, None),
        ("green500", *tuned[:1], None, None, tuned[1], row.power_quality_level if tuned[1] else None),
    )
    for benchmark, result, peak, n, power, level in results:
        if result is None:
            continue
        given = {
            "flop_s": f"{result!r} TFLOP/s",
            "peak_flop_s": None if peak is None else f"{peak!r} TFLOP/s",
            "n": n,
            "power": None if power is None else f"{power!r} kW",
            "level": level if power is not None else None,
        }
        facts = {key: _fact(value) for key, value in given.items() if value is not None}
        yield {"benchmark": benchmark, "edition": row.list_edition, **facts}


@cache
def site_of(country: str) -> tuple[str, str]:
    """Return the site that stands in for a machine in `country`, and a note where it lies elsewhere.

    A row of the lists names no plant: a site of the same country is the nearest that the catalogue has.
    """
    files = (entry(MachineFile, "machines", name) for name in reversed(holding("machines", country)))
    sites = {file.country: file.site for file in files}
    if country in sites:
        return sites[country], f"The plant of '{sites[country]}' stands in for its own, which is not known."
    return _ANYWHERE, "Its plant and climate are not known: a generic centre stands in for them."


def _fact(value: Any, quality: str = "list", note: str = "") -> dict[str, Any]:
    found = {"value": value, "source": _SOURCE, "quality": quality}
    return {**found, "note": note} if note else found


def _sources(row: ListedMachine) -> dict[str, dict[str, str]]:
    url = f"https://top500.org/system/{row.top500_system_id}/"
    as_of = f"{row.list_edition[:4]}-{row.list_edition[4:]}"
    return {_SOURCE: {"title": f"TOP500 and Green500, {row.name}", "url": url, "as_of": as_of}}
