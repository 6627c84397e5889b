"""Where on the floor a job's nodes are taken from.

==============  =====================================================================================
``none``        nodes are counted, not named
``contiguous``  the shortest free stretch that holds the job; failing that, the lowest free nodes
``groups``      the fewest groups of the network; inside a group contiguous where it can be
``random``      any free nodes, each as likely as any other (reproducible by the seed)
``spread``      from all groups as evenly as they allow
==============  =====================================================================================
"""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.schedule._kernel import layout
from exatwin.schedule.floor import Floor

SPREAD = 4
"""Only the engine of a centre knows it."""
PLACEMENTS = {
    "none": layout.COUNTS,
    "contiguous": layout.CONTIGUOUS,
    "groups": layout.FEWEST_GROUPS,
    "random": layout.RANDOM,
    "spread": SPREAD,
}


def placement_code(name: str) -> int:
    """Return the kernel's number of the placement `name`.

    Raises
    ------
    SpecError
        There is no such placement.
    """
    if name not in PLACEMENTS:
        raise SpecError(f"unknown placement '{name}': {nearest(name, PLACEMENTS)}")
    return PLACEMENTS[name]


def segments(floor: Floor, placement: int) -> Int64:
    """Return the segment of each node: free stretches end at pools, and at groups where they matter."""
    if placement == layout.FEWEST_GROUPS:
        changes = np.diff(floor.group_of_node, prepend=0) != 0
        changes |= np.diff(floor.pool_of_node, prepend=0) != 0
        return np.cumsum(changes).astype(np.int64)
    return floor.pool_of_node
