"""Tables of the climate models that ship, and of what was measured of them."""

from __future__ import annotations

from collections.abc import Iterator

from generate import makes, table
from generate_specs import spec_table

from exatwin.catalogue.climate_model import FOLDER, ClimateModel, load_climate_model
from exatwin.catalogue.load import names
from exatwin.workload.apps.climate_device import known_series


@makes("climate-models")
def climate_models() -> str:
    """The models that ship, by name."""
    head = ("name", "model", "grids", "levels", "components", "measured")
    return table(head, (_model(load_climate_model(name)) for name in names(FOLDER)))


def _model(model: ClimateModel) -> tuple[str, ...]:
    called = ", ".join(f"`{grid.name}`" for grid in model.grids)
    many = {"ai": "one device"}.get(
        model.kind, f"{sum(each.points for each in known_series(model)) or 'no'} runs"
    )
    return f"`{model.name}`", model.title, called, str(model.levels), ", ".join(model.components), many


@makes("climate-series")
def climate_series() -> str:
    """What was measured of each model on which device, and the fitted constants."""
    head = ("model", "device", "runs", "finest grid", "largest run", "seconds of a step")
    return table(head, (row for name in names(FOLDER) for row in _series(load_climate_model(name))))


def _series(model: ClimateModel) -> Iterator[tuple[str, ...]]:
    for each in known_series(model):
        constants = ", ".join(f"{key} {value:.3g}" for key, value in each.constants.items())
        largest = f"{each.most_units:,.0f} {each.unit}{'s' if each.most_units > 1 else ''}"
        yield f"`{model.name}`", each.device, str(each.points), each.finest, largest, constants


@makes("climate-model-keys")
def climate_model_keys() -> str:
    """The keys of a model file."""
    return spec_table(ClimateModel)
