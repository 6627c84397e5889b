"""Collectives in limits that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exatwin.workload import collectives as net

GB = 1e9
FLAT = net.Fabric(
    domain=8.0, link_b_s=400 * GB, nic_b_s=50 * GB, link_frac=1.0, reduce_frac=1.0, exchange_frac=1.0,
    nic_frac=1.0, link_latency_s=20e-6, network_latency_s=30e-6, overlap_frac=0.0,
)  # fmt: skip
TAPERED = replace(FLAT, group=64.0, global_frac=0.5)
KINDS = (net.reduce_scatter_s, net.all_gather_s, net.all_reduce_s, net.all_to_all_s, net.broadcast_s)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fabric", [FLAT, TAPERED])
def test_one_rank_takes_no_time(kind, fabric):
    assert float(kind(1 * GB, 1, 1, fabric)) == 0.0


def test_inside_a_domain_only_links_count():
    fabric = replace(FLAT, nic_b_s=1.0)
    assert float(net.reduce_scatter_s(8 * GB, 8, 1, fabric)) == pytest.approx(20e-6 + 7 / 400)
    assert float(net.all_reduce_s(8 * GB, 8, 1, fabric)) == pytest.approx(20e-6 + 14 / 400)
    assert float(net.all_to_all_s(8 * GB, 8, 1, fabric)) == pytest.approx(20e-6 + 7 / 400)
    assert float(net.broadcast_s(8 * GB, 8, 1, fabric)) == pytest.approx(20e-6 + 8 / 400)
    assert float(net.send_s(8 * GB, 1, fabric)) == pytest.approx(20e-6 + 8 / 400)


def test_ranks_that_share_no_domain_use_their_adapters_only():
    fabric = replace(FLAT, link_b_s=1.0)
    start = 30e-6 * 2
    assert float(net.all_gather_s(4 * GB, 4, 8, fabric)) == pytest.approx(start + 3 / 50)
    assert float(net.broadcast_s(4 * GB, 4, 8, fabric)) == pytest.approx(start + 4 / 50)
    assert float(net.send_s(5 * GB, 8, fabric)) == pytest.approx(30e-6 + 0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_of_nothing_costs_its_start_only(kind):
    expected = 20e-6 + 30e-6 * (1.0 if kind is net.all_to_all_s else 3.0)
    assert float(kind(0.0, 64, 1, FLAT)) == pytest.approx(expected)


def test_bytes_out_of_a_group_wait_for_its_global_links():
    # two groups of 8 domains of 8: a rank has an eighth of the message, an eighth of that may cross
    flat, tapered = (float(net.reduce_scatter_s(8 * GB, 128, 1, each)) for each in (FLAT, TAPERED))
    assert tapered - flat == pytest.approx(8 / 8 * (1 / 8) * (1 / 2) * (1 / 0.5 - 1) / 50)
    # ranks a group apart: everything crosses, at half the rate
    far = float(net.reduce_scatter_s(8 * GB, 4, 64, TAPERED))
    assert far == pytest.approx(60e-6 + 8 * 3 / 4 / (50 * 0.5))
    assert float(net.send_s(5 * GB, 64, TAPERED)) == pytest.approx(30e-6 + 5 / 25)
    assert float(net.send_s(5 * GB, 32, TAPERED)) == pytest.approx(30e-6 + 5 / 50)


def test_an_exchange_over_groups_is_bound_by_the_slowest_tier():
    inside = float(net.all_to_all_s(8 * GB, 64, 1, TAPERED))
    assert inside == pytest.approx(50e-6 + 8 * 56 / 64 / 50)
    across = float(net.all_to_all_s(8 * GB, 256, 1, TAPERED))
    assert across == pytest.approx(50e-6 + 8 * 192 / 256 / 25)


def test_a_broadcast_passes_from_group_to_group_one_part_at_a_time():
    same = [float(net.broadcast_s(8 * GB, 128, 1, each)) for each in (FLAT, TAPERED)]
    assert same[0] == same[1]  # eight domains share the global links of four adapters' worth
    narrow = replace(TAPERED, global_frac=1 / 16)
    assert float(net.broadcast_s(8 * GB, 128, 1, narrow)) == pytest.approx(same[0] + 8 / 8 / 50)


def test_two_of_a_mesh_of_four_have_a_third_of_its_links():
    switch = replace(FLAT, domain=4.0, link_latency_s=0.0)
    mesh = replace(switch, pair_frac=1 / 3)
    assert float(net.send_s(1 * GB, 1, mesh)) == pytest.approx(3 / 400)
    assert float(net.all_reduce_s(1 * GB, 2, 1, mesh)) == pytest.approx(3 / 400)
    assert float(net.all_reduce_s(1 * GB, 4, 1, mesh)) == float(net.all_reduce_s(1 * GB, 4, 1, switch))


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_give_what_scalars_give(kind):
    ranks, strides = np.array([1.0, 2.0, 8.0, 64.0, 960.0]), np.array([1.0, 8.0, 1.0, 4.0, 2.0])
    fabric = replace(
        TAPERED, pair_frac=np.full(5, 1 / 7), global_frac=np.full(5, 0.5), group=np.full(5, 64.0)
    )
    both = kind(1 * GB, ranks, strides, fabric)
    scalar = replace(TAPERED, pair_frac=1 / 7)
    alone = [float(kind(1 * GB, rank, stride, scalar)) for rank, stride in zip(ranks, strides, strict=True)]
    assert both.tolist() == pytest.approx(alone, rel=1e-12)


def test_no_global_links_to_wait_for_is_the_same_as_one_group():
    endless = replace(FLAT, group=np.inf, global_frac=0.1)
    ranks = np.array([2.0, 16.0, 4096.0])
    for kind in KINDS:
        assert kind(1 * GB, ranks, 1.0, endless).tolist() == kind(1 * GB, ranks, 1.0, FLAT).tolist()
