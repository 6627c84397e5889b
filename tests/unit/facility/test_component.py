"""The interfaces of components, and that broken ones are found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.catalogue.site import load_site
from exatwin.facility.component import Outdoors, Rejection, check_component, components
from exatwin.facility.plant import build_plant
from exatwin.foundation.errors import SimulationError, SpecError


@dataclass(frozen=True)
class Electrical:
    """Applies `law` to its load."""

    law: object
    rated_w: float = 1000.0

    def draw_w(self, load_w):
        return self.law(np.asarray(load_w, np.float64))


@dataclass(frozen=True)
class Cooler:
    """Gives fixed answers per watt of heat."""

    power: float = 0.01
    water: float = 0.0
    colder_k: float = 0.0

    def reject(self, heat_w, weather, supply_k, capacity_w_k=None):
        heat = np.asarray(heat_w, np.float64)
        zero = np.zeros_like(heat)
        return Rejection(self.power * heat, self.water * heat, zero + supply_k - self.colder_k, zero)


@dataclass(frozen=True)
class Tank:
    """Gives `share` of what is asked for."""

    share: float = 0.5

    def init(self):
        return 0.0

    def step(self, state, ask_w, step_s):
        return state + ask_w * step_s, self.share * ask_w


def test_each_component_of_jupiters_plant_keeps_its_promises():
    plant = build_plant(load_site("juelich"), machine("jupiter"))
    for component in [stage.component for stage in plant.stages] + [plant.cooler, plant.room]:
        check_component(component)


@pytest.mark.parametrize("good", [Electrical(lambda p: 1.02 * p + 5), Cooler(), Tank()])
def test_a_sound_component_passes(good):
    check_component(good)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (Electrical(lambda p: 0.99 * p), "draws less than its load"),
        (Electrical(lambda p: p + 2000 - np.minimum(3 * p, 2000)), "draws less as its load grows"),
        (Electrical(lambda p: p + np.where(p > 0, 0, np.nan)), "not finite"),
        (Electrical(lambda p: p + p.size), "of a vector differs"),
        (Electrical(lambda p: np.sum(p)), "returns shape"),
        (Cooler(power=-0.01), "its power is negative"),
        (Cooler(water=-1e-6), "its water is negative"),
        (Cooler(colder_k=1.0), "supplies colder than asked"),
        (Tank(share=1.5), "gives 1500 W when asked for 1000 W"),
        (object(), "none of draw_w, reject"),
    ],
)
def test_a_broken_component_is_named_with_what_broke(broken, why):
    with pytest.raises(SimulationError, match=why):
        check_component(broken, rated_w=1000.0)


def test_components_are_found_by_name():
    assert {"transformer", "distribution", "ups", "rectifier", "dry-cooler", "room-chiller"} <= set(
        components
    )
    with pytest.raises(SpecError, match="did you mean 'transformer'"):
        components.get("transformator")


def test_outdoors_at_one_step():
    air = Outdoors(np.array([280.0, 300.0]), np.array([279.0, 290.0]))
    assert air.at(1) == (300.0, 290.0)
