"""A machine with more nodes than it has."""

from __future__ import annotations

from exatwin.catalogue.machine import Machine


def with_added(machine: Machine, nodes: int) -> Machine:
    """Return `machine` with `nodes` more in the pool of its default partition, behind those that it has.

    Racks and groups go on as they are filled today; every partition on all of that pool grows along.
    Nobody has named the new nodes, so names are dropped.
    """
    if nodes == 0:
        return machine
    home = machine.partitions[machine.default_partition()]
    size = max(each.nodes for each in machine.partitions if each.pool == home.pool)
    partitions = [
        each.model_copy(update={"nodes": each.nodes + nodes})
        if each.pool == home.pool and each.nodes == size
        else each
        for each in machine.file.partitions
    ]
    layout = machine.file.layout and machine.file.layout.model_copy(update={"node_names": None})
    file = machine.file.model_copy(
        update={"nodes": machine.nodes + nodes, "partitions": partitions, "layout": layout}
    )
    parts = {name: getattr(machine, name) for name in type(machine).model_fields}
    return Machine(**(parts | {"file": file}))  # a copy would bring along where the nodes stood


def without_added(machine: Machine, nodes: int) -> Machine:
    """Return the machine of which :func:`with_added` made `machine`."""
    return with_added(machine, -nodes)


__all__ = ["with_added", "without_added"]
