"""Laws of placement and of storage, for jobs of any size on machines of any size."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.workload.storage import checkpoint_s, read_s, storage_of
from exatwin.workload.topology import nodes_per_group, span_of, tiers

NAMES = ("jupiter", "frontier", "alps", "juwels-booster", "leonardo", "aurora", "jedi", "marenostrum5-acc")
names = st.sampled_from(NAMES)
shares = st.floats(1e-9, 1.0)


@given(names, shares)
def test_scattered_jobs_touch_no_fewer_groups_than_packed_ones_and_no_more_than_there_are(name, share):
    where = machine(name)
    nodes = max(1, math.ceil(share * where.nodes))
    packed, scattered = (span_of(where, nodes, how) for how in ("packed", "scattered"))
    each = nodes_per_group(where) or where.nodes
    assert 1.0 <= packed.groups <= scattered.groups * (1.0 + 1e-9)
    assert scattered.groups <= min(nodes, -(-where.nodes // each)) * (1.0 + 1e-9)
    assert scattered.group <= packed.group
    assert 0.0 < packed.global_frac == scattered.global_frac <= 1.0


@given(names)
def test_tiers_grow_and_their_bandwidth_falls_from_the_domain_on(name):
    found = tiers(machine(name))
    sizes = [tier.accelerators for tier in found]
    assert sizes == sorted(sizes)
    rates = [tier.accelerator_b_s for tier in found if tier.name != "pair"]
    assert rates == sorted(rates, reverse=True)


@given(names, st.floats(0.0, 1e16), st.floats(0.0, 1e16), shares)
def test_more_bytes_take_longer_and_nobody_beats_the_file_system(name, one, other, share):
    where = machine(name)
    nodes, store = max(1, math.ceil(share * where.nodes)), storage_of(where)
    small, large = sorted((one, other))
    for moved_s, rate in ((checkpoint_s, store.write_b_s), (read_s, store.read_b_s)):
        assert moved_s(small, nodes, where) <= moved_s(large, nodes, where)
        assert moved_s(large, nodes, where) >= store.start_s + large / rate * (1.0 - 1e-12)
