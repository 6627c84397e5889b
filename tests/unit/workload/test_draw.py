"""The node power law at its physical limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exatwin.catalogue.load import entry, machine, names
from exatwin.catalogue.power_law import PowerLaw
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.workload.draw import (
    PARTS,
    Draw,
    draw,
    hpl_profiles,
    hpl_w,
    mean_w,
    node_idle_w,
    node_max_w,
    power_law,
)
from exatwin.workload.job import Phases, Profiles
from exatwin.workload.node_model import clock_for, clocks, dynamic_at, node_model, part_watts, switches_w

LEVELS = ("processor_frac", "accelerator_frac", "memory_frac", "network_frac")


def one(bound: float = 0.8, **levels: float) -> Profiles:
    columns = {name: np.array([levels.get(name.removesuffix("_frac"), 0.0)]) for name in LEVELS}
    phases = Phases(share_frac=np.ones(1), storage_frac=np.zeros(1), **columns)
    return Profiles(("one",), np.array([0, 1], np.int64), phases, np.array([bound]))


def busy(level: float = 1.0, bound: float = 0.8) -> Profiles:
    return one(bound, processor=level, accelerator=level, memory=level, network=level)


def module_w(drawn: Draw) -> float:
    """One module's watts, back from the parts of a node."""
    return (
        float(drawn.phase_part_w[0, [PARTS.index(p) for p in ("accelerator", "processor", "memory")]].sum())
        / 4
    )


def test_a_node_without_work_draws_its_idle_power() -> None:
    drawn = draw(busy(0.0), machine("jupiter"))
    assert drawn.phase_w[0, 0] == pytest.approx(drawn.idle_w)
    assert drawn.idle_w == pytest.approx(node_idle_w(machine("jupiter")))
    assert drawn.idle_w > 4 * 90  # four superchips at the 90 W or more that were read from one


def test_parts_add_up_to_the_node() -> None:
    drawn = draw(busy(0.6), machine("jupiter"))
    assert drawn.parts == PARTS
    assert drawn.phase_part_w.sum(axis=1) == pytest.approx(drawn.phase_w[:, 0])
    useful = drawn.phase_part_w[0, :-1].sum()
    efficiency = power_law(machine("jupiter")).conversion_frac
    assert drawn.phase_w[0, 0] * efficiency == pytest.approx(useful)


def test_the_module_keeps_its_cap_of_680_w() -> None:
    drawn = draw(busy(), machine("jupiter"))
    assert module_w(drawn) == pytest.approx(680.0, abs=1e-6)
    assert node_max_w(machine("jupiter")) == pytest.approx(float(drawn.nominal_w[0]))


def test_the_processor_keeps_its_share_of_100_w() -> None:
    only_processor = draw(one(processor=1.0), machine("jupiter"))
    each = only_processor.phase_part_w[0, PARTS.index("processor")] / 4
    assert each == pytest.approx(100.0)


def test_a_lower_cap_binds_and_slows_the_run() -> None:
    jupiter = machine("jupiter")
    capped = draw(busy(), jupiter, cap_w=560.0)
    assert module_w(capped) == pytest.approx(560.0, abs=1e-6)
    assert capped.slowdown[0, 0] > 1.0
    idle_work = draw(one(network=1.0), jupiter, cap_w=560.0)
    assert idle_work.slowdown[0, 0] == 1.0


def test_a_higher_cap_speeds_up_what_the_usual_one_held_back() -> None:
    assert draw(busy(), machine("jupiter"), cap_w=720.0).slowdown[0, 0] < 1.0


def test_a_cap_below_the_lowest_clock_is_infeasible() -> None:
    with pytest.raises(InfeasibleError, match="150 W is too low for power law 'gh200'"):
        draw(busy(), machine("jupiter"), cap_w=150.0)


def test_a_slower_clock_draws_less_and_takes_longer() -> None:
    steps = (0.3, 0.5, 0.7, 0.9, 1.0)
    drawn = draw(busy(), machine("jupiter"), frequency_frac=steps)
    assert np.all(np.diff(drawn.phase_w[0]) >= 0)
    assert drawn.phase_w[0, 0] < drawn.phase_w[0, -1]
    assert np.all(np.diff(drawn.slowdown[0]) <= 0)
    assert drawn.slowdown[0, -1] == 1.0
    assert drawn.phase_w[0, -1] == pytest.approx(drawn.nominal_w[0])


def test_slowdown_follows_the_compute_bound_share() -> None:
    halved = draw(one(bound=0.6, accelerator=0.2), machine("jupiter"), frequency_frac=(0.5,))
    assert halved.slowdown[0, 0] == pytest.approx(0.6 / 0.5 + 0.4)
    memory_bound = draw(one(bound=0.0, accelerator=0.2), machine("jupiter"), frequency_frac=(0.5,))
    assert memory_bound.slowdown[0, 0] == 1.0


@pytest.mark.parametrize("steps", [(), (1.1,), (0.01,), (0.0,)])
def test_clock_steps_out_of_range_are_refused(steps: tuple[float, ...]) -> None:
    with pytest.raises(SpecError, match="clock steps"):
        draw(busy(), machine("jupiter"), frequency_frac=steps)


@pytest.mark.parametrize("law", names("power-laws"))
def test_the_clock_for_a_power_is_the_inverse_of_the_power_at_a_clock(law: str) -> None:
    found = entry(PowerLaw, "power-laws", law)
    clock = np.linspace(found.clock_min_frac, 1.0, 101)
    power = dynamic_at(clock, found)
    assert np.all(np.diff(power) > 0)
    assert clock_for(power, found) == pytest.approx(clock, abs=1e-12)
    assert clock_for(np.array([1.0, 7.0, np.inf]), found).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("name", names("machines"))
def test_every_machine_of_the_catalogue_has_a_sane_node(name: str) -> None:
    found = machine(name)
    idle, hpl, most = node_idle_w(found), hpl_w(found) / found.nodes, node_max_w(found)
    switches = draw(busy(), found).fixed_w / found.nodes
    assert 0 < idle < 0.6 * most
    assert idle < hpl - switches < most
    assert switches < 0.1 * most


@pytest.mark.parametrize("law", names("power-laws"))
def test_every_number_of_a_law_has_a_source(law: str) -> None:
    found = entry(PowerLaw, "power-laws", law)
    assert found.citations()
    assert any(fact.quality == "fitted" for fact in found.facts.values())
    assert all(
        fact.note for path, fact in found.facts.items() if fact.quality == "fitted" and "hpl" not in path
    )


def test_watts_follow_the_rated_power_where_the_law_says_so() -> None:
    juwels = machine("juwels-booster")
    assert juwels.accelerator is not None
    hot = juwels.model_copy(update={"accelerator": juwels.accelerator.model_copy(update={"tdp_w": 500.0})})
    assert node_model(hot).cap_w == pytest.approx(500.0)
    usual, more = node_max_w(juwels), node_max_w(hot)
    assert usual + 4 * 90 < more < usual + 4 * 110 / 0.9


def test_a_node_without_accelerators_refuses_a_law_of_accelerators() -> None:
    jupiter = machine("jupiter")
    bare = jupiter.model_copy(
        update={"accelerator": None, "node": jupiter.node.model_copy(update={"accelerators": 0})}
    )
    with pytest.raises(CatalogueError, match="'gh200' is one of nodes with accelerators"):
        draw(busy(), bare)


def test_switches_are_counted_by_the_network_or_by_adapters() -> None:
    law = power_law(machine("jupiter"))
    each = law.switch_w["infiniband-ndr"]
    assert draw(busy(), machine("jupiter")).fixed_w == pytest.approx(867 * each)
    assert switches_w(law, "infiniband-ndr", 1000) == pytest.approx(
        1000 * law.switches_per_nic["infiniband-ndr"] * each
    )
    assert switches_w(law, "never heard of", 10) == pytest.approx(
        10 * law.switches_per_nic["other"] * law.switch_w["other"]
    )


def test_on_a_processor_node_the_processor_follows_the_clock() -> None:
    lumi = machine("lumi-c")
    drawn = draw(one(bound=1.0, processor=1.0), lumi, frequency_frac=(0.5, 1.0))
    assert drawn.phase_w[0, 0] < drawn.phase_w[0, 1]
    assert drawn.phase_part_w[0, PARTS.index("accelerator")] == 0.0
    node = node_model(lumi)
    most = part_watts(busy().phases, node, clocks(busy().phases, node, np.ones(1))[:, 0])
    assert most[0, PARTS.index("processor")] <= 2 * node.cap_w + 1e-9


def test_the_mean_of_a_profile_weighs_its_phases() -> None:
    law = power_law(machine("jupiter"))
    profiles = hpl_profiles(law)
    drawn = draw(profiles, machine("jupiter"))
    expected = sum(p.share_frac * w for p, w in zip(law.hpl, drawn.nominal_w, strict=True))
    assert mean_w(profiles, drawn)[0] == pytest.approx(expected)


def test_a_law_without_hpl_phases_says_so() -> None:
    with pytest.raises(CatalogueError, match="holds no HPL phases"):
        hpl_profiles(power_law(machine("jupiter")).model_copy(update={"hpl": []}))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("conversion", 0.3, "is an efficiency"),
        ("clock_min", 0.0, "must be more than 0"),
        ("processor_cap", "5 W", "must not be below 'processor_idle'"),
        ("board", "60", "bare|no unit"),
    ],
)
def test_a_law_that_makes_no_sense_is_refused(key: str, value: object, said: str) -> None:
    document = power_law_document()
    document[key] = {"value": value, "source": "S", "quality": "assumed"}
    with pytest.raises(CatalogueError, match=said):
        PowerLaw.parse(document, "law.toml")


def power_law_document() -> dict[str, object]:
    watts = dict.fromkeys(
        ("cap", "processor_cap", "processor_idle", "processor_dynamic", "nic_idle", "board"), "50 W"
    )
    shares = dict.fromkeys(("conversion", "voltage_slope", "voltage_floor", "clock_min"), 0.9)
    numbers = {k: {"value": v, "source": "S", "quality": "assumed"} for k, v in {**watts, **shares}.items()}
    sources = {"sources": {"S": {"title": "a test"}}}
    return {"name": "law", "title": "Law", "cap_scope": "module", **numbers, **sources}


def test_a_node_model_may_be_given_other_caps() -> None:
    node = replace(node_model(machine("jupiter")), cap_w=500.0)
    assert clocks(busy().phases, node, np.ones(1))[0, 0] < 1.0
