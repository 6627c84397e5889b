"""A machine: its nodes, where they stand, how they are offered and billed, and what lists say of it."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np
from pydantic import model_validator

from exatwin.catalogue.parts import Accelerator, Network, NodeKind, Processor
from exatwin.foundation.arrays import Int16, Int32
from exatwin.foundation.hosts import hosts
from exatwin.foundation.spec import (
    Bytes,
    BytesPerSecond,
    Count,
    FlopPerSecond,
    NodeCount,
    PositiveCount,
    Quantity,
    Ratio,
    Seconds,
    Sourced,
    Spec,
    Watts,
)

__all__ = ["Billing", "Layout", "Machine", "MachineFile", "Partition", "Quantity", "Record", "Storage"]


class Layout(Spec):
    """Where nodes stand: equal racks, filled in order, equal numbers of racks to a group."""

    nodes_per_rack: PositiveCount
    """Nodes of a full rack."""
    racks_per_group: PositiveCount
    """Racks of a full group."""
    rack_positions: PositiveCount | None = None
    """Rack positions on the floor, filled or not."""
    node_names: str | None = None
    """What the scheduler calls the nodes, in their order, as Slurm folds them: ``n[01-48]``."""


class Partition(Spec):
    """A queue that jobs are sent to."""

    name: str
    """As users write it."""
    nodes: PositiveCount
    """Nodes that it may use."""
    default: bool = False
    """Whether jobs without a partition go here."""
    up: bool = True
    """Whether it takes jobs."""
    pool: str = "all"
    """Partitions of one pool share the same nodes; pools never overlap."""
    min_nodes: PositiveCount = 1
    """Smallest job."""
    max_nodes: PositiveCount | None = None
    """Largest job; blank for all of its nodes."""
    default_time_s: Seconds = 3600.0
    """Time limit of a job that names none."""
    max_time_s: Seconds | None = None
    """Longest time limit; blank for none."""


class Billing(Spec):
    """How a site counts what a job used."""

    unit: str = "node-h"
    """The site's unit, such as ``core-h``."""
    per_node_hour: Ratio = 1.0
    """Units charged for one node during one hour."""


class Storage(Spec):
    """A file system or tape library."""

    name: str
    """Its name at the site."""
    kind: str = "disk"
    """``flash``, ``disk`` or ``tape``."""
    capacity_b: Bytes | None = None
    """Usable capacity where known, else raw."""
    read_b_s: BytesPerSecond | None = None
    """Read bandwidth."""
    write_b_s: BytesPerSecond | None = None
    """Write bandwidth."""


class Record(Spec):
    """One published result of the machine."""

    benchmark: str
    """``hpl``, ``hpcg``, ``hpl-mxp`` or ``green500`` (the power-optimised HPL run)."""
    edition: str
    """List edition as ``YYYYMM``."""
    nodes: PositiveCount | None = None
    """Nodes of the run where it was not the whole machine."""
    flop_s: FlopPerSecond | None = None
    """The result."""
    peak_flop_s: FlopPerSecond | None = None
    """The list's theoretical peak of the run."""
    n: Count | None = None
    """Order of the matrix."""
    power_w: Watts | None = None
    """Mean power of the run, as the list means it."""
    level: Count | None = None
    """Measurement level of the power, 1 to 3."""


class MachineFile(Sourced):
    """What a machine's file holds; parts stand in it by name."""

    name: str
    """Catalogue name, such as ``jupiter``."""
    title: str
    """Name for people."""
    aliases: list[str] = []
    """Other names, among them the exact names on the lists."""
    top500_ids: list[str] = []
    """Identifiers of the system on top500.org."""
    operator: str = ""
    """Who runs it."""
    country: str = ""
    """Where it stands."""
    model: str = ""
    """Product name of the system."""
    status: str = "operational"
    """``operational``, ``installing`` or ``announced``."""
    commissioned: str = ""
    """When operation began, ISO 8601 (a date or a year)."""
    site: str
    """Catalogue name of the site."""
    node: str
    """Catalogue name of the kind of node."""
    nodes: NodeCount
    """Nodes of the machine."""
    network: str | None = None
    """Catalogue name of the interconnect."""
    layout: Layout | None = None
    """Where the nodes stand; blank where nobody says."""
    partitions: list[Partition] = []
    """Queues; blank for one that holds every node without limits."""
    billing: Billing = Billing()
    """How use is counted."""
    storage: list[Storage] = []
    """File systems."""
    peak: dict[str, FlopPerSecond] = {}
    """Peak by precision as stated by the operator or derived from the counts; must agree with the parts."""
    records: list[Record] = []
    """Published results."""
    notes: list[str] = []
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _partitions_fit(self) -> Self:
        for partition in self.partitions:
            if partition.nodes > self.nodes:
                raise ValueError(
                    f"partition '{partition.name}' has {partition.nodes} nodes, the machine only {self.nodes}"
                )
        pools: dict[str, int] = {}
        for partition in self.partitions:
            pools[partition.pool] = max(pools.get(partition.pool, 0), partition.nodes)
        if sum(pools.values()) > self.nodes:
            raise ValueError(f"the pools hold {sum(pools.values())} nodes, the machine only {self.nodes}")
        return self

    @model_validator(mode="after")
    def _as_many_names(self) -> Self:
        named = hosts(self.layout.node_names) if self.layout and self.layout.node_names else []
        if named and len(set(named)) != self.nodes:
            raise ValueError(f"'node_names' are {len(set(named))} names, the machine has {self.nodes} nodes")
        return self


class Machine(Spec):
    """A machine with its parts: what every stage downstream is given."""

    file: MachineFile
    """The machine's own description."""
    node: NodeKind
    """Its kind of node."""
    processor: Processor
    """The processor of the node."""
    accelerator: Accelerator | None = None
    """The accelerator of the node."""
    network: Network | None = None
    """The interconnect."""

    @property
    def name(self) -> str:
        """The catalogue name."""
        return self.file.name

    @property
    def title(self) -> str:
        """The name for people."""
        return self.file.title

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return self.file.nodes

    @property
    def accelerators(self) -> int:
        """The number of accelerators."""
        return self.file.nodes * self.node.accelerators

    @property
    def node_devices(self) -> int:
        """The devices of a node that programs see: its accelerators, or the parts of multi-part packages."""
        return self.node.accelerators * (self.accelerator.devices if self.accelerator else 1)

    @property
    def devices(self) -> int:
        """The devices of the machine that programs see."""
        return self.file.nodes * self.node_devices

    @property
    def partitions(self) -> list[Partition]:
        """The queues; one that holds every node where the file names none."""
        return self.file.partitions or [Partition(name="all", nodes=self.nodes, default=True)]

    def peak_flop_s(self, precision: str = "fp64") -> float | None:
        """Return the dense peak [FLOP/s] of all accelerators, or of the processors where there are none."""
        chip = self.accelerator or self.processor
        count = self.accelerators if self.accelerator else self.nodes * self.node.processors
        peak = chip.peak_flop_s(precision)
        return None if peak is None else peak * count

    @property
    def layout(self) -> Layout:
        """Where the nodes stand; one rack of everything where nobody says."""
        return self.file.layout or Layout(nodes_per_rack=self.nodes, racks_per_group=1)

    @cached_property
    def node_names(self) -> tuple[str, ...]:
        """What the scheduler calls each node, shape (nodes,); none where nobody says."""
        return tuple(hosts(self.layout.node_names or ""))

    @cached_property
    def rack_of_node(self) -> Int32:
        """The rack (from 0) of each node, shape (nodes,)."""
        return (np.arange(self.nodes) // self.layout.nodes_per_rack).astype(np.int32)

    @cached_property
    def group_of_node(self) -> Int32:
        """The group (from 0) of each node, shape (nodes,)."""
        return (self.rack_of_node // self.layout.racks_per_group).astype(np.int32)

    @property
    def racks(self) -> int:
        """The number of racks that hold nodes."""
        return int(self.rack_of_node[-1]) + 1

    @property
    def groups(self) -> int:
        """The number of groups that hold nodes."""
        return int(self.group_of_node[-1]) + 1

    def default_partition(self) -> int:
        """Return the index of the partition that jobs without one go to."""
        marked = [index for index, partition in enumerate(self.partitions) if partition.default]
        return marked[0] if marked else 0

    def pools(self) -> tuple[Int16, Int32]:
        """Return the pool of each partition (partitions,) and the nodes of each pool (pools,)."""
        names = list(dict.fromkeys(partition.pool for partition in self.partitions))
        of_partition = np.array([names.index(partition.pool) for partition in self.partitions], np.int16)
        sizes = [max(p.nodes for p in self.partitions if p.pool == name) for name in names]
        return of_partition, np.array(sizes, np.int32)
