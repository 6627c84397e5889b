"""Laws that hold for collectives whatever the machine."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from exatwin.workload import collectives as net

KINDS = (net.reduce_scatter_s, net.all_gather_s, net.all_reduce_s, net.all_to_all_s, net.broadcast_s)
sizes = st.one_of(st.just(0.0), st.floats(1.0, 1e12))
ranks = st.integers(1, 100_000)
strides = st.integers(1, 4096)
shares = st.floats(0.05, 1.0)


@st.composite
def fabrics(draw):
    domain = draw(st.sampled_from([1.0, 4.0, 8.0, 72.0]))
    return net.Fabric(
        domain=domain, link_b_s=draw(st.floats(1e10, 1e12)), nic_b_s=draw(st.floats(1e9, 1e11)),
        link_frac=draw(shares), reduce_frac=draw(shares), exchange_frac=draw(shares), nic_frac=draw(shares),
        link_latency_s=draw(st.floats(0.0, 1e-4)), network_latency_s=draw(st.floats(0.0, 1e-4)),
        overlap_frac=draw(st.floats(0.0, 1.0)), pair_frac=draw(st.sampled_from([1.0, 1.0 / 3.0])),
        group=domain * draw(st.integers(1, 2048)), global_frac=draw(shares),
    )  # fmt: skip


@given(fabrics(), sizes, sizes, ranks, strides)
def test_more_bytes_never_take_less_time(fabric, one, other, count, stride):
    small, large = sorted((one, other))
    for kind in KINDS:
        assert kind(small, count, stride, fabric) <= kind(large, count, stride, fabric)
    assert net.send_s(small, stride, fabric) <= net.send_s(large, stride, fabric)


@given(fabrics(), sizes, ranks, strides)
def test_no_collective_is_faster_than_its_start(fabric, size, count, stride):
    inside, outside = net.split(count, stride, fabric.domain)
    floor = (inside > 1) * fabric.link_latency_s + (outside > 1) * fabric.network_latency_s
    for kind in KINDS:
        assert kind(size, count, stride, fabric) >= floor


@given(fabrics(), sizes, ranks, strides)
def test_a_narrower_way_out_of_the_group_never_helps(fabric, size, count, stride):
    wide = replace(fabric, global_frac=1.0)
    for kind in KINDS:
        assert kind(size, count, stride, fabric) >= kind(size, count, stride, wide) * (1.0 - 1e-12)


@given(fabrics(), sizes, ranks, strides)
def test_an_all_reduce_is_a_scatter_and_a_gather(fabric, size, count, stride):
    fabric = replace(fabric, reduce_frac=fabric.link_frac, link_latency_s=0.0, network_latency_s=0.0)
    both = net.reduce_scatter_s(size, count, stride, fabric) + net.all_gather_s(size, count, stride, fabric)
    assert abs(net.all_reduce_s(size, count, stride, fabric) - both) <= 1e-12 * both


@given(fabrics(), st.floats(1.0, 1e12), ranks, strides)
def test_every_byte_that_leaves_a_domain_passes_an_adapter(fabric, size, count, stride):
    """Conservation: with links that cost nothing, the time is at least bytes out over the adapter's rate."""
    fabric = replace(fabric, link_b_s=1e30, link_latency_s=0.0, network_latency_s=0.0)
    inside, outside = net.split(count, stride, fabric.domain)
    rate = fabric.nic_b_s * fabric.nic_frac
    gather = size * (1.0 - 1.0 / outside) / inside / rate
    exchange = size * (1.0 - inside / count) / rate
    assert net.all_gather_s(size, count, stride, fabric) >= gather * (1.0 - 1e-12)
    assert net.all_to_all_s(size, count, stride, fabric) >= exchange * (1.0 - 1e-12)
