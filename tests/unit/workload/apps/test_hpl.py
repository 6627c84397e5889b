"""HPL on one machine: limits of the law, memory, phases, and machines it does not know."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.generic import of_kind
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.workload.apps.hpl import Hpl, hpl, operations, overheads
from exatwin.workload.apps.hpl_data import hpl_law
from exatwin.workload.apps.hpl_setting import order_for, setting

JUPITER_N = 22_536_192


def test_jupiter_passes_an_exaflop_with_its_own_order():
    run = hpl(Hpl(n=JUPITER_N), machine("jupiter"))
    assert run.rmax_flop_s > 1e18
    assert run.rmax_flop_s == pytest.approx(1e18, rel=0.03)
    assert run.time_s == pytest.approx(7630, rel=0.03)
    assert run.power_w == pytest.approx(15_793_810, rel=0.05)


def test_the_order_counts_the_memory_of_the_host_on_superchips():
    run = hpl(Hpl(), machine("jupiter"))
    assert run.n == pytest.approx(JUPITER_N, rel=0.01)
    assert run.matrix_b > 23_536 * 96e9  # more than the accelerators hold


def test_result_time_and_operations_are_one():
    run = hpl(Hpl(nodes=480), machine("jupiter"))
    assert run.rmax_flop_s * run.time_s == pytest.approx(float(operations(run.n)), rel=1e-12)
    assert sum(run.phases_s.values()) == pytest.approx(run.time_s, rel=1e-12)
    assert run.energy_j == pytest.approx(run.power_w * run.time_s)


def test_the_profile_is_one_that_the_simulated_workload_can_run():
    profiles = hpl(Hpl(), machine("jupiter")).profiles
    assert profiles.phases.share_frac.sum() == pytest.approx(1.0)
    assert len(profiles) == 1


def test_overheads_vanish_for_large_matrices_and_fall_with_the_order():
    law = hpl_law()
    orders = np.array([1e4, 1e5, 1e6, 1e12])
    found = overheads(orders, 1, 5e13, 2.5e10, law)
    assert np.all(np.diff(found.sum(axis=0)) < 0)
    assert found[:, -1] == pytest.approx(0.0, abs=1e-6)


def test_more_accelerators_give_more_and_a_smaller_order_less_power():
    jupiter = machine("jupiter")
    results = [hpl(Hpl(nodes=nodes), jupiter).rmax_flop_s for nodes in (1, 10, 100, 1000, 5884)]
    assert results == sorted(results)
    assert hpl(Hpl(n=2_000_000), jupiter).power_w < hpl(Hpl(), jupiter).power_w


def test_what_does_not_fit_says_by_how_much_and_what_would():
    jupiter = machine("jupiter")
    with pytest.raises(
        InfeasibleError, match=r"2,116\.2 TB more .* the largest order that fits is 25,207,808"
    ):
        hpl(Hpl(n=30_000_000), jupiter)
    assert hpl(Hpl(n=25_207_808), jupiter).n == 25_207_808
    with pytest.raises(InfeasibleError, match="the machine has 5,884"):
        hpl(Hpl(nodes=5885), jupiter)


@pytest.mark.parametrize("name", ["lumi-c", "marenostrum5-gpp", "vega-cpu", "deucalion", "leonardo-dcgp"])
def test_nodes_without_accelerators_answer_within_the_band(name: str):
    where = machine(name)
    record = next(record for record in where.file.records if record.benchmark == "hpl")
    run = hpl(Hpl(n=record.n), where)
    low, high = run.rmax_range_flop_s
    assert run.chips == where.nodes * where.node.processors
    assert record.flop_s is not None
    assert 0.9 * low < record.flop_s < 1.1 * high


def test_the_memory_of_sockets_bounds_the_order():
    deucalion = machine("deucalion")
    assert hpl(Hpl(), deucalion).matrix_b < deucalion.nodes * 32e9
    with pytest.raises(InfeasibleError, match=r"of memory of 1,632 sockets; the largest order"):
        hpl(Hpl(n=3_000_000), deucalion)
    lumi = hpl(Hpl(), machine("lumi-c"))
    assert any("memory not known" in text for text in lumi.assumptions)


def test_chips_that_were_never_measured_have_a_wide_band():
    run, known = hpl(Hpl(), of_kind("dgx-b300", 8)), hpl(Hpl(), of_kind("dgx-h100", 8))
    wide, narrow = (each.rmax_range_flop_s[1] / each.rmax_range_flop_s[0] for each in (run, known))
    assert wide > 2.0 > narrow
    assert "never measured" in run.assumptions[0]
    assert setting(machine("jupiter")).chip.family == "gh200"


@pytest.mark.parametrize(
    ("name", "family"),
    [("dgx-h100", "infiniband-ndr"), ("dgx-a100-80", "infiniband-hdr"), ("fx700", "other")],
)
def test_the_adapters_of_a_kind_of_node_tell_its_network(name: str, family: str):
    found = setting(of_kind(name, 2))
    assert found.link.family == family
    assert ("taken for InfiniBand" in found.assumed[1]) == (family != "other")


def test_an_unknown_peak_is_refused_with_what_would_help():
    chip = machine("jupiter").accelerator
    assert chip is not None
    blind = machine("jupiter").model_copy(
        update={"accelerator": chip.model_copy(update={"name": "x", "peak": {}})}
    )
    with pytest.raises(CatalogueError, match=r"peak of 'x' is not known: a file .* peak\.fp64"):
        hpl(Hpl(), blind)


def test_nonsense_is_refused():
    with pytest.raises(SpecError):
        Hpl.parse({"nodes": 0}, "test")
    assert order_for(1.0, 1, 1.0) == 1


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Quad-Rail NVIDIA InfiniBand NDR200", "infiniband-ndr200"),
        ("Infiniband NDR400", "infiniband-ndr"),
        ("Quad-rail NVIDIA HDR100 Infiniband", "infiniband-hdr"),
        ("Slingshot-11", "slingshot-11"),
        ("Quad-Rail BXI v2", "bxi"),
        ("pigeons", "other"),
    ],
)
def test_networks_are_known_by_their_words(text: str, family: str):
    assert hpl_law().link(text).family == family


def test_only_hosts_beside_few_accelerators_count_as_narrow():
    assert not setting(machine("jupiter")).narrow
    assert setting(machine("leonardo")).narrow
