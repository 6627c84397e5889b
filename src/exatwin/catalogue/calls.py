"""Calls for compute time: who may ask, how much, for how long, what an application has to hold."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

from exatwin.catalogue.load import data_folder, entry, looks_like_path, names
from exatwin.foundation.errors import CatalogueError, nearest
from exatwin.foundation.spec import Fraction, PositiveCount, Ratio, Sourced, Spec, read_toml

FOLDER = "calls"
Unit = Literal["GPU-h", "node-h"]


class Call(Sourced):
    """One call, or one track of it."""

    name: str
    """Catalogue name, such as ``ai-factory-fast-lane``."""
    title: str
    """Name for people."""
    family: str
    """What it belongs to; the name of a family stands for its default."""
    default: bool = False
    """Whether the name of the family means it."""
    for_whom: str
    """Who may ask, and for what."""
    as_of: str
    """The date of these rules, ISO 8601."""
    months: PositiveCount
    """Length of an award."""
    unit: Unit
    """What hours are counted in."""
    most: PositiveCount | None = None
    """Hours that may be asked for at most."""
    above: PositiveCount | None = None
    """Hours above which it is meant."""
    smallest_model: Ratio | None = None
    """Weights that a model has to have."""
    capacity_frac: Fraction | None = None
    """Share of the machines that an award may have at most."""
    decision_days: PositiveCount | None = None
    """Working days to a decision."""
    review: str = ""
    """How is decided."""
    needs: list[str] = []
    """What has to come before."""
    sites: list[str] = []
    """Sites that it is for; empty where the sources do not say."""
    closed: date | None = None
    """Day from which nobody can apply any more; blank where none is known."""
    lapse: str
    """What becomes of hours that are not used."""
    sections: list[str]
    """Sections of the application, in order."""
    notes: list[str] = []
    """What a careful reader should know."""


class Section(Spec):
    """One section of an application."""

    key: str
    """As calls name it."""
    title: str
    """Its heading."""
    filled: bool = False
    """Whether a plan fills a part of it."""
    write: str
    """What a person has to write."""


class Form(Spec):
    """The sections that there are."""

    sections: list[Section]
    """The sections."""


@cache
def sections() -> dict[str, Section]:
    """Return the sections of applications by their key.

    Examples
    --------
    >>> sections()["runs"].filled
    True
    """
    path = data_folder() / "forms" / "application.toml"
    return {one.key: one for one in Form.parse(read_toml(path), path.name).sections}


@cache
def load_call(name: str) -> Call:
    """Return the call called `name`; that of a family means its default.

    Raises
    ------
    CatalogueError
        There is none, or its file is malformed.

    Examples
    --------
    >>> load_call("eurohpc").name, load_call("ai-factory-fast-lane").most
    ('eurohpc-regular', 50000)
    """
    if looks_like_path(name) or name in names(FOLDER):
        found: Call = entry(Call, FOLDER, name)
        return found
    defaults = {call.family: call for call in map(load_call, names(FOLDER)) if call.default}
    if name in defaults:
        return defaults[name]
    raise CatalogueError(f"unknown call '{name}': {nearest(name, [*names(FOLDER), *defaults])}")


def tracks(family: str) -> tuple[Call, ...]:
    """Return the calls of a family, the smallest first.

    Examples
    --------
    >>> [call.name.removeprefix("ai-factory-") for call in tracks("ai-factory")]
    ['playground', 'fast-lane', 'large-scale']
    """
    found = [call for call in map(load_call, names(FOLDER)) if call.family == family]
    return tuple(sorted(found, key=lambda call: (call.above or 0, call.most or 0)))


__all__ = ["Call", "Section", "load_call", "sections", "tracks"]
