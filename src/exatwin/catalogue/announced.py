"""Machines that are known of but can't be simulated, and why."""

from __future__ import annotations

from functools import cache

from exatwin.catalogue.load import data_folder
from exatwin.foundation.errors import CatalogueError
from exatwin.foundation.spec import Count, Sourced, Spec, Watts, read_toml


class AnnouncedMachine(Spec):
    """One machine of which too little is known."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    aliases: list[str] = []
    """Other names."""
    country: str = ""
    """Where it is to stand."""
    operator: str = ""
    """Who is to run it."""
    model: str = ""
    """Product, as announced."""
    node: str = ""
    """What a node holds, as announced."""
    accelerator: str = ""
    """Its accelerator, as announced."""
    accelerators: Count | None = None
    """How many, as announced."""
    power_w: Watts | None = None
    """Power, as announced."""
    expected: str = ""
    """When, or how fast, as announced."""
    source: str
    """Key of the source of what is said in words."""
    missing: str
    """What is not known, so that it can't be simulated."""
    notes: list[str] = []
    """What a careful reader should know."""


class Announcements(Sourced):
    """All machines that can't be simulated."""

    machines: list[AnnouncedMachine]
    """The machines."""


@cache
def announced() -> Announcements:
    """Return the machines that are known of but can't be simulated."""
    path = data_folder() / "lists" / "announced.toml"
    return Announcements.parse(read_toml(path), path.name)


def names() -> list[str]:
    """Return the catalogue names of the machines that can't be simulated."""
    return [machine.name for machine in announced().machines]


def find(name: str) -> AnnouncedMachine | None:
    """Return the announced machine that goes by `name`, in whatever case."""
    wanted = name.strip().lower()
    for machine in announced().machines:
        if wanted in {machine.name, machine.title.lower(), *(alias.lower() for alias in machine.aliases)}:
            return machine
    return None


def refuse(name: str) -> None:
    """Raise if `name` is a machine that can't be simulated.

    Raises
    ------
    CatalogueError
        It is one; the message says what is not known of it.
    """
    machine = find(name)
    if machine is not None:
        raise CatalogueError(
            f"{machine.title} can't be simulated yet: {machine.missing} not known; "
            "once you know more, describe it in a file of your own, as 'jupiter' is"
        )
