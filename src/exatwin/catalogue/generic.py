"""Generic machines: as many nodes of one kind as a question needs, at a generic site."""

from __future__ import annotations

from exatwin.catalogue.load import build, entry, machine, names
from exatwin.catalogue.machine import Machine, MachineFile
from exatwin.catalogue.parts import NodeKind
from exatwin.foundation.errors import SpecError


def sized(name: str, accelerators: int) -> Machine:
    """Return the machine called `name`, or one of that kind of node with room for `accelerators`.

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
    """
    if name in names("nodes") and name not in names("machines"):
        node = entry(NodeKind, "nodes", name)
        each = max(node.accelerators, 1)
        return build(
            MachineFile(
                name=name, title=f"{node.title} x {-(-accelerators // each):,}", site="generic", node=name,
                nodes=-(-accelerators // each),
            )
        )  # fmt: skip
    found = machine(name)
    if found.accelerators < accelerators:
        raise SpecError(
            f"'{name}' has {found.accelerators:,} accelerators, {accelerators:,} were asked: "
            f"expected at most {found.accelerators:,}"
        )
    return found
