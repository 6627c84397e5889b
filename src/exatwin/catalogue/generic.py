"""Generic machines: as many nodes of one kind as a question needs, at a generic site."""

from __future__ import annotations

from exatwin.catalogue.load import build, entry, machine, names
from exatwin.catalogue.machine import Machine, MachineFile
from exatwin.catalogue.parts import NodeKind
from exatwin.foundation.errors import CatalogueError, SpecError, nearest

MOST_NODES = 10**6
"""Nodes of the largest machine that can be described."""


def of_kind(name: str, nodes: int) -> Machine:
    """Return a machine of `nodes` nodes of the kind called `name`.

    Raises
    ------
    CatalogueError
        There is no such kind of node.

    Examples
    --------
    >>> of_kind("dgx-h100", 4).accelerators
    32
    """
    node = entry(NodeKind, "nodes", name)
    return build(
        MachineFile(name=name, title=f"{node.title} x {nodes:,}", site="generic", node=name, nodes=nodes)
    )


def sized(name: str, accelerators: int) -> Machine:
    """Return the machine called `name`, or one of that kind of node with room for `accelerators`.

    Accelerators are counted as programs see them: the two dies of an MI250X are two.

    Raises
    ------
    CatalogueError
        There is neither such a machine nor such a kind of node.
    SpecError
        The named machine has fewer accelerators.

    Examples
    --------
    >>> sized("dgx-h100", 1024).nodes
    128
    >>> sized("ex235a-mi250x", 64).nodes
    8
    """
    if name in names("nodes") and name not in names("machines"):
        each = max(of_kind(name, 1).node_devices, 1)
        if accelerators > each * MOST_NODES:
            raise SpecError(
                f"{accelerators:,} accelerators of '{name}': expected at most {each * MOST_NODES:,}, "
                "a million nodes"
            )
        return of_kind(name, -(-accelerators // each))
    found = named(name)
    if 0 < found.devices < accelerators:
        raise SpecError(
            f"'{name}' has {found.devices:,} {unit_of(found)}, {accelerators:,} were asked: "
            f"expected at most {found.devices:,}"
        )
    return found


def with_room(machine: Machine, accelerators: int) -> Machine:
    """Return `machine`, or where it is one of a kind of node, one with room for `accelerators`.

    Examples
    --------
    >>> with_room(sized("dgx-h100", 8), 64).nodes, with_room(sized("jedi", 8), 1024).nodes
    (8, 24)
    """
    generic = machine.name == machine.node.name and machine.file.site == "generic"
    return sized(machine.name, max(accelerators, machine.devices)) if generic else machine


def named(name: str) -> Machine:
    """Return the machine called `name`; where there is none, kinds of nodes are among what it may mean.

    Raises
    ------
    CatalogueError
        There is no such machine.
    """
    try:
        return machine(name)
    except CatalogueError as error:
        kinds = nearest(name, names("nodes"))
        if "unknown machine" in str(error) and "did you mean" not in str(error) and "did you" in kinds:
            raise CatalogueError(f"unknown machine '{name}': {kinds}") from None
        raise


def unit_of(machine: Machine) -> str:
    """Return what one accelerator of a training run is on `machine`, in the plural.

    Examples
    --------
    >>> unit_of(sized("frontier", 1)), unit_of(sized("jupiter", 1))
    ('GCDs', 'accelerators')
    """
    chip = machine.accelerator
    return f"{chip.device}s" if chip is not None and chip.devices > 1 else "accelerators"
