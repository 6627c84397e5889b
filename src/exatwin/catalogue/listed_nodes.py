"""Listed machines whose nodes nobody counts: a number assumed from the product, for models that need one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

from exatwin.catalogue import lists
from exatwin.catalogue.listed import build_listed
from exatwin.catalogue.lists import ListedMachine
from exatwin.catalogue.load import machine
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import CatalogueError

_MODULES = ("GH200", "MI300A", "MI250X")  # four to a node in every product of the lists
_ALONE = ("A64FX", "SW26010", "LX2", "Vector Engine")  # processors that share a node with no other
_WIDTHS = (8, 4, 2, 1)


@cache
def _widths() -> dict[str, int]:
    """Return the accelerators of a node by product, as the rows that do count nodes have them."""
    found: dict[str, Counter[int]] = {}
    for row in lists.rows():
        if row.nodes and row.accelerators and row.accelerators % row.nodes == 0:
            found.setdefault(row.system_model, Counter())[row.accelerators // row.nodes] += 1
    return {product: counts.most_common(1)[0][0] for product, counts in found.items()}


def with_nodes(row: ListedMachine) -> ListedMachine:
    """Return `row` with a number of nodes: its own, else what its product or its chip makes likely."""
    if not row.accelerator_model:
        return _with_sockets(row)
    if not row.accelerators or (row.nodes and row.accelerators % row.nodes == 0):
        return row
    likely = 4 if any(chip in row.accelerator_model for chip in _MODULES) else 8
    wanted = [_widths().get(row.system_model, likely), *_WIDTHS]
    width = next(each for each in wanted if row.accelerators % each == 0)
    return replace(row, nodes=row.accelerators // width, nodes_basis=f"assumed: {width} accelerators a node")


def _with_sockets(row: ListedMachine) -> ListedMachine:
    """Return a `row` without accelerators with a number of nodes, two sockets each where nobody says."""
    if row.nodes or not row.cpu_sockets:
        return row
    width = 1 if any(word in row.cpu_model for word in _ALONE) or row.cpu_sockets % 2 else 2
    basis = f"assumed: {width} {'sockets' if width > 1 else 'socket'} a node"
    return replace(row, nodes=round(row.cpu_sockets / width), nodes_basis=basis)


def machine_for(row: ListedMachine) -> Machine:
    """Return the machine of `row`: the catalogue's own where it is the same, else one of generic nodes.

    Raises
    ------
    CatalogueError
        The row lacks what a model needs, or its chip is not in the catalogue.
    """
    full = with_nodes(row)
    try:
        known = machine(f"top500:{row.top500_system_id}")
    except CatalogueError:
        return build_listed(full)
    same = known.accelerators == (row.accelerators or 0)
    return known if same else build_listed(full)


def machine_with_nodes(name: str) -> Machine:
    """Return the machine called `name`; where a list row counts no nodes, an assumed number of them.

    Raises
    ------
    CatalogueError
        There is no such machine, or too little is known of it.
    """
    try:
        return machine(name)
    except CatalogueError:
        row = lists.find(name)
        if row is None:
            raise
        if row.accelerator_model and not row.accelerators:
            raise CatalogueError(
                f"{row.name} (top500:{row.top500_system_id}): the list gives no number of accelerators; "
                "describe it in a file of your own, as 'jupiter' is"
            ) from None
        return build_listed(with_nodes(row))


__all__ = ["machine_for", "machine_with_nodes", "with_nodes"]
