"""The floor that jobs are placed on: pools of nodes, groups of nodes, nothing else of a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Int16, Int32, Int64
from exatwin.foundation.errors import SpecError


@dataclass(frozen=True, eq=False)
class Floor:
    """Nodes as the scheduler sees them: consecutive, in disjoint pools, in groups of the network."""

    pool_of_partition: Int16
    """Pool of each partition, shape (partitions,)."""
    pool_nodes: Int32
    """Nodes of each pool, shape (pools,)."""
    group_of_node: Int32
    """Group of each node, ascending, shape (nodes,)."""

    @classmethod
    def of(cls, machine: Machine) -> Self:
        """Return the floor of `machine`."""
        of_partition, sizes = machine.pools()
        return cls(of_partition, sizes, machine.group_of_node[: int(sizes.sum())])

    @classmethod
    def flat(cls, capacity: int) -> Self:
        """Return a floor of `capacity` nodes in one pool and one group.

        Raises
        ------
        SpecError
            `capacity` is below 1.
        """
        if capacity < 1:
            raise SpecError(f"a floor of {capacity} nodes can run nothing: expected at least 1")
        return cls(np.zeros(1, np.int16), np.array([capacity], np.int32), np.zeros(capacity, np.int32))

    @property
    def capacity(self) -> int:
        """The number of nodes."""
        return int(self.pool_nodes.sum())

    @property
    def first_node(self) -> Int64:
        """First node of each pool, and the end, shape (pools + 1,)."""
        return np.concatenate(([0], np.cumsum(self.pool_nodes))).astype(np.int64)

    @property
    def pool_of_node(self) -> Int64:
        """Pool of each node, shape (nodes,)."""
        return np.repeat(np.arange(len(self.pool_nodes)), self.pool_nodes).astype(np.int64)
