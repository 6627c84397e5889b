"""Where JUPITER's nodes stand, how its queues share them, and what its chips add up to."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.load import machine


def test_jupiter_has_the_published_size() -> None:
    jupiter = machine("jupiter")
    assert (jupiter.nodes, jupiter.accelerators) == (5_884, 23_536)
    assert jupiter.peak_flop_s() == pytest.approx(23_536 * 66.9e12)
    assert jupiter.peak_flop_s("bf16") == pytest.approx(23_536 * 989e12)
    assert jupiter.peak_flop_s("fp4") is None


def test_jupiter_fills_122_racks_and_28_nodes_of_the_next() -> None:
    jupiter = machine("jupiter")
    sizes = np.bincount(jupiter.rack_of_node)
    assert sizes.tolist() == [48] * 122 + [28]
    assert jupiter.layout.rack_positions == 125
    assert jupiter.groups == 25
    assert np.bincount(jupiter.group_of_node).tolist() == [240] * 24 + [124]
    assert np.all(np.diff(jupiter.rack_of_node) >= 0)


def test_both_queues_of_jupiter_share_one_pool() -> None:
    jupiter = machine("jupiter")
    of_partition, sizes = jupiter.pools()
    assert of_partition.tolist() == [0, 0]
    assert sizes.tolist() == [5_884]
    assert jupiter.partitions[jupiter.default_partition()].name == "booster"
    booster = jupiter.partitions[0]
    assert (booster.default_time_s, booster.max_time_s) == (3_600.0, 43_200.0)
    assert not jupiter.partitions[1].up


def test_jupiter_bills_288_core_hours_for_a_node_hour() -> None:
    billing = machine("jupiter").file.billing
    assert (billing.unit, billing.per_node_hour) == ("core-h", 288.0)


def test_the_module_cap_of_jupiter_is_that_of_its_nodes() -> None:
    node = machine("jupiter").node
    assert (node.module_cap_w, node.module_processor_cap_w) == (680.0, 100.0)
    assert machine("alps").node.module_cap_w == 660.0


def test_a_machine_without_floor_or_queues_is_one_rack_and_one_queue() -> None:
    aurora = machine("aurora")
    assert (aurora.racks, aurora.groups) == (1, 1)
    assert [partition.nodes for partition in aurora.partitions] == [aurora.nodes]
    assert aurora.default_partition() == 0


def test_a_machine_of_processors_takes_its_peak_from_them() -> None:
    lumi = machine("lumi-c")
    assert lumi.accelerators == 0
    assert lumi.peak_flop_s() == pytest.approx(3_040 * 64 * 2.45e9 * 16)
