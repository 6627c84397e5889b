"""Reading and writing by a job: what its nodes can push, and what the file system takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine, Storage
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.spec import BytesPerSecond, Fraction, Seconds, Sourced
from exatwin.foundation.units import show


class StorageLaw(Sourced):
    """What no page of a machine says of its file systems."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    node_frac: Fraction
    """Share of its adapters' bandwidth that a node's file system client reaches."""
    achieved_frac: Fraction
    """Share of a file system's stated bandwidth that one large job reaches."""
    start_s: Seconds
    """Opening and closing of the files."""
    read_b_s_per_accelerator: BytesPerSecond
    """Read bandwidth of an unknown file system for each accelerator of the machine."""
    write_b_s_per_accelerator: BytesPerSecond
    """Write bandwidth of it."""
    read_b_s_per_host: BytesPerSecond
    """Read bandwidth for each node of a machine without accelerators."""
    write_b_s_per_host: BytesPerSecond
    """Write bandwidth of it."""
    notes: list[str] = []
    """What a careful reader should know."""


@dataclass(frozen=True)
class Store:
    """A file system as a job of the machine sees it."""

    name: str
    """Its name."""
    read_b_s: float
    """What it delivers to one large job [B/s]."""
    write_b_s: float
    """What it takes from one large job [B/s]."""
    node_b_s: float
    """What one node reads or writes at most; infinite where its adapters are not known [B/s]."""
    start_s: float
    """Opening and closing of the files [s]."""
    assumed: tuple[str, ...]
    """What was taken for granted."""


@cache
def storage_law() -> StorageLaw:
    """Return the constants that ship."""
    found: StorageLaw = entry(StorageLaw, "apps", "storage")
    return found


def storage_of(machine: Machine, name: str | None = None) -> Store:
    """Return the file system of `machine` that jobs write to.

    Parameters
    ----------
    machine
        Where the job runs.
    name
        One of its file systems; by default the fastest to write of those that are no tape.

    Raises
    ------
    SpecError
        It has no file system of this name.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> storage_of(machine("jupiter")).name
    'ExaFLASH'
    """
    law, node = storage_law(), machine.node
    found = _choose(machine, name)
    nics_b_s = node.injection_b_s
    read_b_s, write_b_s, said = _rates(machine, found, law)
    return Store(
        name=found.name if found else "a file system of usual size",
        read_b_s=read_b_s * law.achieved_frac,
        write_b_s=write_b_s * law.achieved_frac,
        node_b_s=nics_b_s * law.node_frac or np.inf,
        start_s=law.start_s,
        assumed=(f"{said}, {law.achieved_frac:.0%} of it reached, shared with no other job",),
    )


def _choose(machine: Machine, name: str | None) -> Storage | None:
    stores = machine.file.storage
    if name is not None:
        chosen = next((each for each in stores if each.name == name), None)
        if chosen is None:
            known = nearest(name, [each.name for each in stores])
            raise SpecError(f"'{machine.name}' has no file system '{name}': {known}")
        return chosen
    rated = [each for each in stores if each.kind != "tape" and (each.write_b_s or each.read_b_s)]
    return max(rated, key=lambda each: each.write_b_s or each.read_b_s or 0.0, default=None)


def _rates(machine: Machine, found: Storage | None, law: StorageLaw) -> tuple[float, float, str]:
    """Return stated read and write bandwidth [B/s], and where they come from."""
    count = machine.accelerators or machine.nodes
    per = (law.read_b_s_per_accelerator, law.write_b_s_per_accelerator)
    if not machine.accelerators:
        per = (law.read_b_s_per_host, law.write_b_s_per_host)
    if found is None or not (found.read_b_s or found.write_b_s):
        read_b_s, write_b_s = per[0] * count, per[1] * count
        return read_b_s, write_b_s, f"file system assumed to write {show(write_b_s, 'B/s', 3)}"
    ratio = per[1] / per[0]
    read_b_s = found.read_b_s or (found.write_b_s or 0.0) / ratio
    write_b_s = found.write_b_s or read_b_s * ratio
    stated = "" if found.write_b_s else " (assumed from its reading)"
    return read_b_s, write_b_s, f"'{found.name}' writes {show(write_b_s, 'B/s', 3)}{stated}"


def checkpoint_s(
    size_b: ArrayLike, nodes: ArrayLike, machine: Machine, storage: str | None = None
) -> Float64:
    """Return the time [s] in which `nodes` nodes write `size_b` bytes in all.

    Parameters
    ----------
    size_b
        Bytes of all nodes together, any shape.
    nodes
        Nodes that write, of a shape that broadcasts with it.
    machine, storage
        Where, see :func:`storage_of`.

    Notes
    -----
    ``start + B / min(n b_node, b_file system)``: few nodes are bound by their adapters, many by the file
    system.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> float(checkpoint_s(0.0, 512, machine("jupiter"))) == storage_of(machine("jupiter")).start_s
    True
    """
    store = storage_of(machine, storage)
    return _moved_s(size_b, nodes, store, store.write_b_s)


def read_s(size_b: ArrayLike, nodes: ArrayLike, machine: Machine, storage: str | None = None) -> Float64:
    """Return the time [s] in which `nodes` nodes read `size_b` bytes in all; as :func:`checkpoint_s`."""
    store = storage_of(machine, storage)
    return _moved_s(size_b, nodes, store, store.read_b_s)


def _moved_s(size_b: ArrayLike, nodes: ArrayLike, store: Store, rate_b_s: float) -> Float64:
    pushed = np.asarray(nodes, np.float64) * store.node_b_s
    return np.asarray(store.start_s + np.asarray(size_b, np.float64) / np.minimum(pushed, rate_b_s))


__all__ = ["StorageLaw", "Store", "checkpoint_s", "read_s", "storage_law", "storage_of"]
