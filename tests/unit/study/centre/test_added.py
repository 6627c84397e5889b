"""A machine with more nodes."""

from __future__ import annotations

import numpy as np

from exatwin.catalogue.load import machine
from exatwin.schedule.floor import Floor
from exatwin.study.centre.added import with_added, without_added


def test_nodes_join_the_default_partition():
    there = machine("jupiter")
    more = with_added(there, 100)
    assert more.nodes == there.nodes + 100
    assert len(more.rack_of_node) == more.nodes
    assert np.array_equal(more.rack_of_node[: there.nodes], there.rack_of_node)
    assert Floor.of(more).capacity == Floor.of(there).capacity + 100
    assert without_added(more, 100).nodes == there.nodes
    assert with_added(there, 0) is there
