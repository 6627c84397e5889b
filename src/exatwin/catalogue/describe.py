"""Every number of a specification with its unit, quality and source, ready for people or programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from exatwin.catalogue.lists import COLUMNS, ListedMachine
from exatwin.foundation.spec import Quantity, Source, Sourced, Spec, public_name
from exatwin.foundation.units import parse, show

_LABELS = {
    "b_s": "bandwidth",
    "flop_s": "result",
    "peak_flop_s": "peak on the list",
    "n": "matrix order",
    "tdp": "rated power",
    "nics": "network adapters",
    "nic_b_s": "adapter bandwidth, one way",
    "network_b_s": "network bandwidth, one way",
    "product_flop_s": "fastest measured product",
    "devices": "devices that programs see",
    "link_mesh": "linked pair by pair",
    "link_domain": "accelerators of a link domain",
    "memory_b_s": "memory bandwidth",
    "link_b_s": "link bandwidth, both ways",
    "read_b_s": "read bandwidth",
    "write_b_s": "write bandwidth",
    "level": "measurement level",
    "units": "units as lists count them",
    "idle": "power at rest",
    "clock": "base clock",
}
_DIGITS = 9


@dataclass(frozen=True)
class Number:
    """One number as it stands in the catalogue."""

    part: str
    """What it belongs to, such as ``accelerator``."""
    path: str
    """Path of its key in the file, such as ``peak.fp64``."""
    label: str
    """What it is, for people."""
    value: float | int
    """The number, in SI units."""
    unit: str
    """Its unit; blank for counts, ``1`` for ratios."""
    quality: str
    """How it came to be known."""
    key: str
    """Key of its source in the file."""
    source: Source
    """Where it comes from."""
    note: str
    """What a careful reader should know."""

    @property
    def text(self) -> str:
        """The number with its unit as people read it, no digit lost."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if not self.unit and isinstance(self.value, int):
            return f"{self.value:,}"
        return show(float(self.value), self.unit or "1", _DIGITS)


def numbers(spec: Sourced, part: str) -> list[Number]:
    """Return every number of `spec` that has a source, in the order of its fields.

    Parameters
    ----------
    spec
        A part, machine or site of the catalogue.
    part
        What it is, to tell it from others.
    """
    found = {path: (value, unit) for path, value, unit in _walk(spec, "")}
    return [
        Number(
            part,
            path,
            label(path),
            value,
            unit,
            str(fact.quality),
            fact.source,
            spec.sources[fact.source],
            fact.note,
        )
        for path, (value, unit) in found.items()
        if (fact := spec.facts.get(path)) is not None
    ]


_SI = {"TFLOP/s": "FLOP/s", "kW": "W", "GFLOP/s/W": "FLOP/J"}


def listed_numbers(row: ListedMachine) -> list[Number]:
    """Return every number that the lists give for one machine; what is blank there is left out."""
    when = f"{row.list_edition[:4]}-{row.list_edition[4:]}"
    url = f"https://top500.org/system/{row.top500_system_id}/"
    source = Source(title=f"TOP500 and Green500, {row.name}", url=url, as_of=when)
    found = []
    for column in COLUMNS:
        value = getattr(row, column.name)
        if column.kind is str or value is None or column.name == "year":
            continue
        unit = _SI.get(column.unit, column.unit)
        si = parse(f"{value!r} {column.unit}", unit) if unit else value
        words = column.name.removesuffix("_tflops").removesuffix("_kw").replace("_", " ")
        whole = int(si) if not unit and float(si).is_integer() else si
        note = column.doc.rstrip(".")
        found.append(Number("listed", column.name, words, whole, unit, column.quality, "LIST", source, note))
    return found


def label(path: str) -> str:
    """Return what the number at `path` is, for people.

    Examples
    --------
    >>> label("peak.fp64"), label("records.0.flop_s"), label("layout.nodes_per_rack")
    ('peak FP64', 'result', 'nodes per rack')
    """
    steps = path.split(".")
    if len(steps) > 1 and steps[-2] == "peak":
        return f"peak {steps[-1].upper().replace('_TENSOR', ' tensor or matrix')}"
    return _LABELS.get(steps[-1], steps[-1].replace("_", " "))


def plain(spec: BaseModel) -> dict[str, Any]:
    """Return `spec` as plain data: SI floats under names with unit suffixes, without the origins."""
    skipped = {"facts", "sources"}
    return {name: _plain(getattr(spec, name)) for name in type(spec).model_fields if name not in skipped}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return plain(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _walk(value: Any, path: str, unit: str = "") -> Iterator[tuple[str, float | int, str]]:
    """Yield the path, value and unit of every number below `value`, in order."""
    if isinstance(value, Spec):
        for name, field in type(value).model_fields.items():
            if name not in {"sources", "facts"}:
                key = public_name(name)
                below = f"{path}.{key}" if path else key
                yield from _walk(getattr(value, name), below, _unit([field.annotation, *field.metadata]))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}", unit)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}.{index}", unit)
    elif isinstance(value, int | float):
        yield path, value, unit


def _unit(annotations: list[Any]) -> str:
    """Return the unit of the first quantity in `annotations`, at whatever depth."""
    for annotation in annotations:
        if isinstance(annotation, Quantity):
            return annotation.unit
        below = [*getattr(annotation, "__metadata__", ()), *getattr(annotation, "__args__", ())]
        found = _unit(below)
        if found:
            return found
    return ""


__all__ = ["Number", "label", "listed_numbers", "numbers", "plain"]
