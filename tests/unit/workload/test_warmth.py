"""Leakage: nothing in the reference water, more in warmer, and never beyond the cap."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.leakage import Leakage, leakage
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError
from exatwin.workload.draw import draw, draw_at, hpl_profiles, power_law
from exatwin.workload.job import Profiles
from exatwin.workload.node_model import clocks, node_model, package_w
from exatwin.workload.warmth import Warmth, warmed

MACHINES = ("jupiter", "frontier", "leonardo-dcgp")
CHOICES = ("low", "central", "high")


@pytest.mark.parametrize("name", MACHINES)
def test_in_the_reference_water_nothing_changes(name):
    made = machine(name)
    profiles = hpl_profiles(power_law(made))
    plain, same = draw(profiles, made), draw(profiles, made, warmth=Warmth(0.0, leakage("high")))
    assert np.array_equal(plain.phase_w, same.phase_w)
    assert plain.idle_w == same.idle_w
    assert np.array_equal(plain.slowdown, same.slowdown)


@given(above=st.floats(-20, 25), choice=st.sampled_from(CHOICES), use=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_the_junction_follows_the_fixed_point_and_the_cap_holds(above, choice, use):
    terms, node = leakage(choice), node_model(machine("jupiter"))
    phases = Profiles.single("p", use).phases
    before = clocks(phases, node, np.ones(1))[:, 0]
    try:
        found = warmed(phases, node, before, Warmth(above, terms))
    except InfeasibleError:
        assert choice == "high"
        return
    reference = package_w(phases, node, before)
    now = package_w(phases, node, found.clock_frac) + found.more_w
    assert np.all(now <= node.cap_w * (1 + 1e-9))
    if found.clock_frac[0] == before[0]:
        leaks = (
            terms.share_frac
            * node.cap_w
            * np.exp(-terms.growth * terms.resistance * (node.cap_w - reference))
        )
        rise = above + terms.resistance * (now - reference)
        assert now - reference == pytest.approx(leaks * np.expm1(terms.growth * rise), rel=1e-8, abs=1e-7)
    else:
        assert now == pytest.approx(node.cap_w, rel=1e-9) or found.clock_frac[0] == 1.0
    assert (now - reference)[0] * above >= -1e-9
    assert (found.clock_frac - before)[0] * above <= 1e-12


def test_warmer_water_costs_more_and_slows_what_runs_at_its_cap():
    made = machine("jupiter")
    profiles = hpl_profiles(power_law(made))
    watts = {c: draw(profiles, made, warmth=Warmth(4.0, leakage(c))) for c in CHOICES}
    idle = [watts[c].idle_w for c in CHOICES]
    assert draw(profiles, made).idle_w < idle[0] < idle[1] < idle[2]
    assert (
        1.0
        < watts["low"].slowdown[0, 0]
        < watts["central"].slowdown[0, 0]
        < watts["high"].slowdown[0, 0]
        < 1.05
    )
    assert watts["central"].nominal_w[0] == pytest.approx(draw(profiles, made).nominal_w[0], rel=1e-9)


def test_parts_add_up_at_any_clock_and_warmth():
    made = machine("jupiter")
    profiles = Profiles.single("p", 0.6)
    for clock, above in ((1.0, 4.0), (0.8, 0.0), (0.7, -8.0), (0.6, 10.0)):
        found = draw_at(profiles, made, clock_frac=clock, warmth=Warmth(above, leakage("central")))
        assert found.phase_part_w.sum(axis=1) == pytest.approx(found.phase_w[:, 0], rel=1e-12)


def test_a_runaway_is_refused():
    wild = SimpleNamespace(share_frac=1.0, growth=0.1, resistance=0.2)
    with pytest.raises(InfeasibleError, match="over their cap of 680 W even at the lowest clock"):
        warmed(Profiles.single().phases, node_model(machine("jupiter")), np.ones(1), Warmth(40.0, wild))


def test_the_range_is_ordered_and_assumed():
    low, central, high = (leakage(c) for c in CHOICES)
    for key in Leakage.model_fields:
        assert getattr(low, key) < getattr(central, key) < getattr(high, key)
    assert leakage("none") is None
