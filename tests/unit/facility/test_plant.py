"""Plants as built from the catalogue, hour by hour."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from exatwin.catalogue.climate import load_climate, load_grid
from exatwin.catalogue.load import machine, names
from exatwin.catalogue.plant import Cooling, PowerChain
from exatwin.catalogue.site import load_site
from exatwin.facility.plant import build_plant, design_it_w
from exatwin.facility.running import run_plant
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SimulationError, SpecError
from exatwin.foundation.signal import Signal

HPL_W = 15_793_810.0


@pytest.fixture(scope="module")
def plant():
    return build_plant(load_site("juelich"), machine("jupiter"))


def weather(air_c, wet_c, end_s=3600.0):
    kelvin = (Signal.constant(t + 273.15, 0.0, end_s, "K") for t in (air_c, wet_c))
    return SimpleNamespace(**dict(zip(("air_k", "wet_bulb_k"), kelvin, strict=True)))


def hour(plant, it_w, air_c, wet_c):
    return run_plant(plant, Signal.constant(it_w, 0.0, 3600.0, "W"), weather(air_c, wet_c))


def value(run, key):
    return float(run.signals[key].values[0])


def test_jupiter_under_hpl_in_winter_and_summer(plant):
    winter, summer = hour(plant, HPL_W, 2.0, 1.0), hour(plant, HPL_W, 32.0, 21.0)
    for run in (winter, summer):
        assert value(run, "it_w") == pytest.approx(HPL_W)
        assert value(run, "supply_k") == pytest.approx(309.15)
        assert value(run, "return_k") == pytest.approx(319.15)
        assert value(run, "heat_to_water_w") == pytest.approx(0.97 * HPL_W)
    assert 1.02 < winter.pue < summer.pue < 1.08
    assert value(winter, "water_kg_s") == 0.0
    assert value(summer, "water_kg_s") > 1.0
    assert value(winter, "fan_w") < 0.001 * HPL_W < value(summer, "fan_w")


def test_the_facility_is_the_it_and_everything_beside_it_once(plant):
    run = hour(plant, HPL_W, 20.0, 15.0)
    parts = ("it_w", "chain_loss_w", "pump_w", "fan_w", "room_w", "fixed_w")
    assert sum(value(run, key) for key in parts) == pytest.approx(value(run, "facility_w"), rel=1e-12)
    stages = value(run, "loss_distribution_w") + value(run, "loss_transformer_w")
    assert stages == pytest.approx(value(run, "chain_loss_w"), rel=1e-12)
    assert sum(run.adders.values()) == pytest.approx(run.pue - 1.0, rel=1e-9)


def test_conversion_inside_the_racks_is_shown_but_never_added(plant):
    run = hour(plant, HPL_W, 20.0, 15.0)
    assert 0.03 * HPL_W < value(run, "rack_rectifier_w") < 0.06 * HPL_W
    assert "rectifier" not in run.adders
    assert "EN 50600-4-2" in run.boundary
    assert "part of the IT" in run.boundary


def test_a_transformer_feeds_the_auxiliaries_too(plant):
    run = hour(plant, HPL_W, 32.0, 21.0)
    through = value(run, "facility_w") - value(run, "loss_transformer_w")
    transformer = plant.stages[-1].component
    assert float(transformer.draw_w(through)) == pytest.approx(value(run, "facility_w"), rel=1e-12)


def test_an_idle_machine_still_costs_its_building_something(plant):
    run = hour(plant, 0.0, 10.0, 8.0)
    assert value(run, "facility_w") > value(run, "fixed_w") > 0
    assert np.isnan(value(run, "pue"))
    assert np.isnan(run.pue)


def test_heat_beyond_the_limits_warms_the_water_and_is_counted(plant):
    run = hour(plant, 17e6, 41.0, 36.0)
    assert run.limited_h == pytest.approx(1.0)
    assert run.too_warm_h == pytest.approx(1.0)
    assert value(run, "supply_k") > plant.cooling.supply_max_k
    assert hour(plant, HPL_W, 20.0, 15.0).limited_h == 0.0


def test_means_over_steps_keep_the_energy(plant):
    it = Signal([0.0, 100.0, 950.0, 2000.0, 3600.0], [1e6, 9e6, 4e6, 12e6], "W")
    run = run_plant(plant, it, weather(10.0, 8.0), 900.0)
    assert len(run.signals["it_w"]) == 4
    assert run.signals["it_w"].integral() == pytest.approx(it.integral(), rel=1e-14)
    assert {len(signal) for signal in run.signals.values()} == {4}


def test_a_step_that_does_not_divide_the_time_is_cut(plant):
    run = run_plant(plant, Signal.constant(1e7, 0.0, 3600.0, "W"), weather(10.0, 8.0), 1000.0)
    assert run.signals["it_w"].edges_s.tolist() == [0.0, 1000.0, 2000.0, 3000.0, 3600.0]


def test_weather_must_cover_the_run(plant):
    with pytest.raises(SpecError, match=r"air_k covers 0 s to 1800 s, the run needs 0 s to 3600 s"):
        run_plant(plant, Signal.constant(1e7, 0.0, 3600.0, "W"), weather(10.0, 8.0, 1800.0))


def test_a_gap_in_the_weather_is_refused(plant):
    with pytest.raises(SpecError, match="gap"):
        hour(plant, 1e7, float("nan"), 8.0)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_impossible_it_power_is_refused(plant, bad):
    with pytest.raises(SimulationError, match="IT power"):
        hour(plant, bad, 10.0, 8.0)


def test_size_comes_from_the_site_then_the_lists_then_the_nodes():
    site = load_site("juelich")
    assert design_it_w(site, machine("jupiter")) == (17e6, "stated by the site")
    watts, basis = design_it_w(site, machine("jeti"))
    assert watts == pytest.approx(1.08 * 1310.72e3)
    assert "list power" in basis
    alps, basis = design_it_w(load_site("lugano"), machine("alps"))
    assert alps > 1e6
    assert "power law" in basis
    assert build_plant(site, machine("jupiter"), it_w=5e6).design_it_w == 5e6
    with pytest.raises(InfeasibleError, match="0"):
        build_plant(site, machine("jupiter"), it_w=0.0)


@pytest.mark.parametrize("name", names("sites"))
def test_every_site_builds_a_plant_that_runs(name):
    site = load_site(name)
    run = hour(build_plant(site, machine("jupiter"), it_w=10e6), 8e6, 15.0, 11.0)
    assert 1.0 < run.pue < 1.2
    for key in ("weather", "grid", "tariff"):
        assert key in site.stand_ins or name in ("juelich", "dresden")
    assert site.prices().name == site.tariff
    assert load_climate(site.weather).name == site.weather
    assert load_grid(site.grid).name == site.grid


@pytest.mark.parametrize(("folder", "kind"), [("power-chains", PowerChain), ("cooling", Cooling)])
def test_every_number_of_a_plant_has_a_source(folder, kind):
    from exatwin.catalogue.load import entry

    for name in names(folder):
        found = entry(kind, folder, name)
        assert found.name == name
        assert found.facts
        assert {fact.source for fact in found.facts.values()} <= set(found.sources)


def test_an_unknown_site_is_answered_with_the_nearest():
    with pytest.raises(CatalogueError, match="did you mean 'juelich'"):
        load_site("jülich")


def test_a_chain_in_the_wrong_order_is_refused():
    from exatwin.catalogue.load import data_folder
    from exatwin.foundation.spec import read_toml

    document = read_toml(data_folder() / "power-chains" / "jupiter.toml")
    document["stages"].reverse()
    with pytest.raises(CatalogueError, match="from the racks to the grid"):
        PowerChain.parse(document, "jupiter.toml")


def test_losses_that_nobody_cools_are_refused():
    from exatwin.catalogue.load import data_folder
    from exatwin.foundation.spec import read_toml

    document = read_toml(data_folder() / "power-chains" / "jupiter.toml")
    document["stages"][-1]["heat_to"] = "room"
    with pytest.raises(CatalogueError, match="feeds the room cooling too"):
        PowerChain.parse(document, "jupiter.toml")
