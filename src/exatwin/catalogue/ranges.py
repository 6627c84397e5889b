"""Declared ranges of numbers that nobody measured: how far each may lie from what a file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import Sourced, Spec


class Range(Spec):
    """How far one number may lie from its value."""

    key: str
    """Where it stands: ``cooling`` or ``chain``, and the path of its field."""
    name: str
    """Name for people."""
    how: Literal["times", "plus"]
    """Whether low and high are factors, or differences in the field's unit."""
    low: float
    """Lower end, with 5 % below."""
    high: float
    """Upper end, with 5 % above."""


class Ranges(Sourced):
    """Ranges of one kind of plant."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    ranges: list[Range]
    """One a number."""


def load_ranges(name: str = "plant") -> Ranges:
    """Return the ranges called `name`, or in the file at the path `name`.

    Examples
    --------
    >>> len(load_ranges().ranges) > 5
    True
    """
    found: Ranges = entry(Ranges, "ranges", name)
    return found


def changed(spec: Any, path: str, how: str, by: float) -> Any:
    """Return `spec` with the number at the dotted `path` multiplied by, or raised by, `by`.

    A name in a list stands for the items of that ``name``.

    Raises
    ------
    SpecError
        There is no such number.
    """
    head, _, rest = path.partition(".")
    value = getattr(spec, head, None)
    if value is None:
        raise SpecError(f"no number stands at '{path}'")
    if isinstance(value, list):
        name, _, below = rest.partition(".")
        items = [changed(item, below, how, by) if item.name == name else item for item in value]
        return spec.model_copy(update={head: items})
    if rest:
        return spec.model_copy(update={head: changed(value, rest, how, by)})
    return spec.model_copy(update={head: value * by if how == "times" else value + by})


def has(spec: Any, path: str) -> bool:
    """Return whether a number stands at the dotted `path` of `spec`."""
    here: Any = spec
    for step in path.split("."):
        if isinstance(here, list):
            here = next((item for item in here if item.name == step), None)
        else:
            here = getattr(here, step, None)
        if here is None:
            return False
    return isinstance(here, float)


def document(ranges: Ranges) -> list[Mapping[str, Any]]:
    """Return the ranges as plain data."""
    return [each.model_dump() for each in ranges.ranges]


__all__ = ["Range", "Ranges", "changed", "document", "has", "load_ranges"]
