"""Climate models as data: each loads, its grids agree with their definition, its series are fitted."""

from __future__ import annotations

import csv

import pytest

from exatwin.catalogue.climate_calibration import climate_calibration, climate_reading, climate_terms
from exatwin.catalogue.climate_model import FOLDER, load_climate_model
from exatwin.catalogue.load import data_folder, names
from exatwin.foundation.errors import CatalogueError
from exatwin.workload.apps.climate_grid import grid_of
from exatwin.workload.apps.climate_law import TERMS


@pytest.mark.parametrize("name", names(FOLDER))
def test_every_number_of_a_model_has_a_source_and_its_grids_their_columns(name: str) -> None:
    model = load_climate_model(name)
    assert model.name == name
    assert all(fact.source in model.sources for fact in model.facts.values())
    assert set(model.default) <= set(model.components)
    for grid in model.grids:
        assert grid_of(model, grid.name).columns == grid.columns
        assert grid_of(model, f"{grid.spacing_km}km").name == grid.name
    spacings = [grid.spacing_km for grid in model.grids]
    assert [grid.columns for grid in sorted(model.grids, key=lambda each: -each.spacing_km)] == sorted(
        grid.columns for grid in model.grids
    )
    assert len(set(spacings)) == len(spacings)


@pytest.mark.parametrize(("said", "name"), [("ICON", "icon"), ("EAMxx", "scream"), ("FCN3", "fourcastnet-3")])
def test_other_names_find_the_model(said: str, name: str) -> None:
    assert load_climate_model(said).name == name


def test_an_unknown_model_names_the_nearest_and_how_to_go_on() -> None:
    with pytest.raises(CatalogueError, match=r"unknown climate model 'icn': did you mean 'icon'.*--measured"):
        load_climate_model("icn")


def test_ai_models_have_a_measured_forecast() -> None:
    trained = [model for name in names(FOLDER) if (model := load_climate_model(name)).kind == "ai"]
    assert len(trained) >= 6
    assert all(run.sdpd for model in trained for run in model.inference)
    assert all(run.time_s for model in trained for run in model.training)


def test_every_series_that_is_read_is_fitted_with_its_own_terms() -> None:
    fits = {each.name: each for each in climate_calibration().series}
    for rules in climate_reading().series:
        assert rules.model in names(FOLDER)
        assert set(rules.terms) <= set(TERMS)
        allowed = set(rules.terms) | ({"collective"} if rules.like else set())
        assert set(fits[rules.name].constants) <= allowed
        assert all(value > 0.0 for value in fits[rules.name].constants.values())


def test_bands_hold_the_prediction_and_grow_with_the_distance() -> None:
    bands, terms = climate_calibration().bands, climate_terms()
    assert all(band.low < 1.0 < band.high for band in bands.values())
    assert bands["larger"].high < bands["further"].high < bands["device"].high < terms.other_kind
    for each in (terms.coupling, terms.queue, terms.power):
        assert each.low < each.middle < each.high


def test_rows_left_out_are_in_the_table_and_have_a_reason() -> None:
    folder = data_folder() / "calibration"
    with (folder / "climate-runs.csv").open(encoding="utf-8", newline="") as file:
        known = {line["id"] for line in csv.DictReader(file)}
    with (folder / "climate-left-out.csv").open(encoding="utf-8", newline="") as file:
        out = list(csv.DictReader(file))
    assert {line["id"] for line in out} <= known
    assert all(line["reason"] and line["model"] in ("climate", "climate-exact") for line in out)
