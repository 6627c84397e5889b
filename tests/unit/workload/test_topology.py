"""Tiers of machines, and what jobs see of them."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import SpecError
from exatwin.workload import topology


def test_jupiter_has_its_pairs_nodes_switches_groups_and_global_links():
    found = {tier.name: tier for tier in topology.tiers(machine("jupiter"))}
    assert found["pair"].accelerator_b_s == pytest.approx(150e9)
    assert found["domain"].accelerator_b_s == pytest.approx(450e9)
    assert found["group"].accelerators == 240 * 4
    assert found["group"].accelerator_b_s == pytest.approx(25e9)
    assert found["machine"].accelerator_b_s == pytest.approx(0.87 * 25e9)


@pytest.mark.parametrize(("nodes", "groups"), [(1, 1), (240, 1), (241, 2), (5884, 25)])
def test_packed_jobs_fill_one_group_after_the_other(nodes, groups):
    span = topology.span_of(machine("jupiter"), nodes)
    assert span.groups == groups
    assert span.group == min(nodes, 240) * 4


def test_scattered_jobs_touch_as_many_groups_as_counting_says():
    draws = list(combinations(range(7), 3))  # seven nodes in groups of two, three of them taken
    expected = sum(len({node // 2 for node in draw}) for draw in draws) / len(draws)
    assert topology._touched(3, 7, 2) == pytest.approx(expected, rel=1e-12)
    assert topology._touched(7, 7, 2) == 4.0
    assert topology._touched(1, 7, 2) == pytest.approx(1.0)


def test_a_scattered_job_has_fewer_of_its_own_in_a_group():
    jupiter = machine("jupiter")
    packed, scattered = (topology.span_of(jupiter, 480, how) for how in topology.PLACEMENTS)
    assert scattered.groups > packed.groups
    assert scattered.group < packed.group
    assert scattered.global_frac == packed.global_frac == 0.87


def test_generic_nodes_stand_in_a_fat_tree_without_taper_and_say_so():
    span = topology.span_of(sized("dgx-h100", 4096))
    assert math.isinf(span.group)
    assert span.global_frac == 1.0
    assert "fat tree without taper" in span.assumed[0]


def test_a_rack_of_nvl72_is_one_domain_behind_switches():
    where = sized("gb200-nvl72", 720)
    assert topology.span_of(where).pair_frac == 1.0
    assert [tier.name for tier in topology.tiers(where)] == ["domain", "machine"]
    assert topology.tiers(where)[0].accelerators == 72


def test_slingshot_groups_hold_the_nodes_that_their_adapters_leave_room_for():
    assert topology.nodes_per_group(machine("frontier")) == 128
    assert topology.nodes_per_group(machine("aurora")) == 64


def test_a_machine_without_accelerators_has_no_tiers():
    assert topology.tiers(machine("lumi-c")) == ()


def test_an_unknown_placement_is_named():
    with pytest.raises(SpecError, match="did you mean 'packed'"):
        topology.span_of(machine("jupiter"), 4, "pakced")
