"""Sites as data: which stand there, what stands in for what, and the template of a gigafactory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.climate import load_climate
from exatwin.catalogue.load import machine, names
from exatwin.catalogue.site import load_site
from exatwin.facility.demand import heat_demand_w
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.signal import Signal

YEAR_S = 365 * 86400.0
START = datetime(2025, 1, 1, tzinfo=UTC)
TEMPLATE = Path(__file__).parents[3] / "examples/machines/ai-gigafactory.toml"


def test_the_sites_of_the_plan_are_there() -> None:
    wanted = {
        "juelich",
        "kajaani",
        "bologna",
        "barcelona",
        "dresden",
        "oak-ridge",
        "lugano",
        "ai-gigafactory",
    }
    assert wanted <= set(names("sites"))


@pytest.mark.parametrize("name", names("sites"))
def test_borrowed_weather_is_named(name: str) -> None:
    site = load_site(name)
    lent = load_climate(site.weather).stand_ins()
    told = site.stand_ins.get("weather", "")
    assert bool(told) == (name not in ("juelich",))
    if lent:
        assert "humidity" in told, lent
        assert {"juelich": "Jülich", "piedmont": "Piedmont"}[lent[-1].split()[-1]] in told


def test_kajaani_sells_what_lumi_delivered() -> None:
    """34,100 MWh in 2025, at whatever load above the exchanger's."""
    site = load_site("kajaani")
    plant = build_plant(site, machine("lumi-g"))
    weather = synthetic_weather(site.weather, START, YEAR_S)
    demand = heat_demand_w(plant.cooling.reuse, weather.air_k, START)
    it = Signal(np.array([0.0, YEAR_S]), np.array([5e6]), "W")
    given = run_plant(plant, it, weather, 3600.0, heat_demand_w=demand).signals["heat_given_w"]
    assert given.integral() / 3.6e9 == pytest.approx(34_100, rel=0.02)


def test_the_gigafactory_never_needs_more_than_its_chiller() -> None:
    found = machine(str(TEMPLATE))
    assert found.nodes * 4 == 100_000
    site = load_site(found.file.site)
    plant = build_plant(site, found)
    assert plant.design_it_w == 200e6
    it = Signal(np.array([0.0, YEAR_S]), np.array([180e6]), "W")
    warm = run_plant(plant, it, synthetic_weather("juelich-hot-summer", START, YEAR_S), 3600.0)
    assert warm.limited_h == 0.0
    assert 1.04 < warm.pue < 1.12
    assert warm.signals["water_kg_s"].max() == 0.0
    assert {"ups", "transformer", "main-transformer"} <= {stage.name for stage in plant.stages}
