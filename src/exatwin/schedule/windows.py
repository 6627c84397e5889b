"""Nodes that are not for everybody for a time: down, drained, in maintenance, reserved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.floor import Floor


class Kind(IntEnum):
    """What a window means to jobs.

    ``DOWN`` is not foreseen: jobs on its nodes end as it begins, no plan knew of it; then its end is known.
    ``DRAIN`` is not foreseen either: what runs goes on, nothing starts. ``MAINTENANCE`` and ``RESERVATION``
    are foreseen: no job overlaps them but those that they are for.
    """

    DOWN = 0
    DRAIN = 1
    MAINTENANCE = 2
    RESERVATION = 3


@dataclass(frozen=True, eq=False)
class Window:
    """Some nodes, for a time."""

    start_s: int
    """From when [s]."""
    end_s: int
    """Until when [s]."""
    nodes: Int64
    """Which, ascending."""
    kind: Kind
    """What it means to jobs."""
    name: str = ""
    """For people."""
    users: tuple[int, ...] = ()
    """Numbers of the users whose jobs may hold its nodes."""
    accounts: tuple[int, ...] = ()
    """Numbers of the accounts whose jobs may hold its nodes."""

    def __post_init__(self) -> None:
        what = f"window '{self.name}'" if self.name else "a window"
        if not self.start_s < self.end_s:
            raise SpecError(f"{what} ends at {self.end_s} s: expected a time after {self.start_s} s")
        if len(self.nodes) == 0 or np.any(np.diff(self.nodes) <= 0) or self.nodes[0] < 0:
            raise SpecError(f"{what} needs nodes, each once, ascending")


def bits_of(floor: Floor, nodes: Int64) -> NDArray[np.uint64]:
    """Return `nodes` as bits; each pool begins a word of its own."""
    pool = floor.pool_of_node[nodes]
    words = -(-floor.pool_nodes.astype(np.int64) // 64)
    first_word = np.concatenate(([0], np.cumsum(words)))
    bits = np.zeros(int(first_word[-1]) * 64, np.uint8)
    bits[first_word[pool] * 64 + nodes - floor.first_node[pool]] = 1
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


__all__ = ["Kind", "Window", "bits_of"]
