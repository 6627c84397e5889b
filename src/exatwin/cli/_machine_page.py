"""The page of one machine: every number with its unit, quality and source."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.text import Text

from exatwin.catalogue import lists
from exatwin.catalogue.describe import Number, plain
from exatwin.cli import _catalogue as show
from exatwin.foundation import units

if TYPE_CHECKING:
    from exatwin.catalogue.machine import Machine, MachineFile

_BENCHMARKS = {"hpl": "HPL", "hpcg": "HPCG", "hpl-mxp": "HPL-MxP", "green500": "HPL tuned for the Green500"}
_MONTHS = {"06": "June", "11": "November"}


def machine_page(machine: Machine, facts: list[Number]) -> None:
    """Print every number of `machine` with its quality and source."""
    out = show.console()
    file = machine.file
    out.print(Text.assemble((machine.title, "bold"), f"  {file.country}"))
    for line in [_summary(machine), _words(file), *_rank_lines(machine)]:
        out.print(Text(line))
    parts = (
        ("machine", file),
        ("node", machine.node),
        ("accelerator", machine.accelerator),
        ("processor", machine.processor),
        ("network", machine.network),
    )
    for part, spec in parts:
        if spec is not None:
            found = [number for number in facts if number.part == part]
            show.section(
                out, part, spec.name, "" if part == "machine" else spec.title, found,
                notes=spec.notes, heading=lambda number: heading(number, file),
            )  # fmt: skip


def _summary(machine: Machine) -> str:
    chip = machine.accelerator or machine.processor
    count = machine.node.accelerators or machine.node.processors
    peak = machine.peak_flop_s("fp64")
    total = f"{machine.nodes:,} nodes × {count} {chip.title} = {machine.nodes * count:,}"
    return f"{total}; peak {units.show(peak, 'FLOP/s')} FP64" if peak else total


def _words(file: MachineFile) -> str:
    began = f" since {file.commissioned}" if file.commissioned else ""
    known = ", ".join(f"top500:{number}" for number in file.top500_ids)
    words = (file.model, file.operator, f"site {file.site}", f"{file.status}{began}", known)
    return "; ".join(word for word in words if word)


def heading(number: Number, file: MachineFile) -> str:
    """Return the subheading of `number` of a machine's file; blank for other files."""
    if number.part != "machine":
        return ""
    first, *rest = number.path.split(".")
    if first == "records":
        record = file.records[int(rest[0])]
        return f"{_BENCHMARKS.get(record.benchmark, record.benchmark)}, {edition(record.edition)}"
    if first == "partitions":
        partition = file.partitions[int(rest[0])]
        marks = [*(["default"] if partition.default else []), *([] if partition.up else ["down"])]
        return f"Partition {partition.name}" + (f" ({', '.join(marks)})" if marks else "")
    if first == "storage":
        storage = file.storage[int(rest[0])]
        return f"{storage.name} ({storage.kind})"
    titles = {"layout": "Floor", "peak": "Peak", "billing": f"Billing in {file.billing.unit}"}
    return titles.get(first, "Size")


def edition(text: str, short: bool = False) -> str:
    """Return a list edition as people write it, the month in three letters where `short`.

    Examples
    --------
    >>> edition("202511")
    'November 2025'
    """
    month = _MONTHS.get(text[4:], text[4:])
    return f"{month[:3] if short else month} {text[:4]}"


def ranks_of(machine: Machine) -> dict[str, dict[str, int | None]]:
    """Return the ranks that the machine's latest HPL record would have had, by list and edition."""
    records = [r for r in machine.file.records if r.benchmark == "hpl" and r.flop_s is not None]
    if not records:
        return {}
    latest = max(records, key=lambda record: record.edition)
    assert latest.flop_s is not None
    found = {"top500": lists.ranks(latest.flop_s)}
    tuned = [r for r in machine.file.records if r.benchmark == "green500" and r.edition == latest.edition]
    run = tuned[0] if tuned else latest
    if run.power_w and run.flop_s:
        found["green500"] = lists.green_ranks(run.flop_s / run.power_w)
    return found


def _rank_lines(machine: Machine) -> list[str]:
    """Return, for each list, the rank of the latest result from each edition on in which it changes."""
    titles = {"top500": "TOP500", "green500": "Green500"}
    lines = []
    for name, ranks in ranks_of(machine).items():
        spans = [(rank, next(iter(span))[0]) for rank, span in groupby(ranks.items(), lambda item: item[1])]
        words = [
            f"{rank or 'beyond the list'} from {edition(first, short=True)}" for rank, first in spans[-3:]
        ]
        lines.append(f"{titles[name]} rank of its latest result, by edition: {', '.join(words)}")
    return lines


def document_of(machine: Machine, facts: list[Number]) -> dict[str, Any]:
    """Return `machine` as one object of plain data, with its numbers and their sources beside it."""
    return {
        "name": machine.name,
        "nodes": machine.nodes,
        "accelerators": machine.accelerators,
        "peak_fp64_flop_s": machine.peak_flop_s("fp64"),
        "machine": plain(machine.file),
        "node": plain(machine.node),
        "accelerator": plain(machine.accelerator) if machine.accelerator else None,
        "processor": plain(machine.processor),
        "network": plain(machine.network) if machine.network else None,
        "ranks": ranks_of(machine),
        "numbers": [show.number_row(number) for number in facts],
    }
