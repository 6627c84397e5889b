"""Grids by name and by spacing."""

from __future__ import annotations

import pytest

from exatwin.catalogue.climate_model import load_climate_model
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.climate_grid import grid_of


@pytest.mark.parametrize(
    ("model", "text", "columns", "step_s"),
    [
        ("icon", "R2B11", 335_544_320, 8.0),
        ("icon", "1.25 km", 335_544_320, 8.0),
        ("icon", "r2b10", 83_886_080, 16.0),
        ("icon", "R3B7", 2_949_120, None),
        ("scream", "ne1024pg2", 25_165_824, 100.0),
        ("scream", "ne512", 6_291_456, 200.0),
        ("geos", "C720", 3_110_400, None),
        ("speedyweather", "T171", 70_144, 76_800.0 / 171),
        ("speedyweather", "T256", 154_368, 300.0),
        ("dinosaur", "T85", 32_768, None),
        ("dinosaur", "T106", 51_200, None),
        ("ifs", "Tco1279", 6_599_680, None),
        ("ifs", "T255", 88_838, 2700.0),
        ("nemo", "0.25deg", 1_472_282, None),
        ("nemo", "eORCA12", 13_220_998, None),
    ],
)
def test_names_and_spacings_give_columns_and_steps(
    model: str, text: str, columns: int, step_s: float | None
) -> None:
    found = grid_of(load_climate_model(model), text)
    assert found.columns == columns
    assert found.step_s == pytest.approx(step_s) if step_s else found.step_s > 0.0


def test_half_the_spacing_has_four_times_the_columns_and_half_the_step() -> None:
    icon = load_climate_model("icon")
    one, half = grid_of(icon, "8km"), grid_of(icon, "4km")
    assert half.columns == pytest.approx(4 * one.columns, rel=1e-6)
    assert half.step_s == pytest.approx(one.step_s / 2)
    assert not half.stepped


def test_a_spectral_model_turns_a_spacing_into_a_truncation() -> None:
    found = grid_of(load_climate_model("speedyweather"), "50km")
    assert found.name == f"T{found.wave}"
    assert found.rings == 2 * int(0.75 * found.wave)


@pytest.mark.parametrize(
    ("model", "text", "words"),
    [
        ("icon", "R2B1l", "did you mean 'R2B1"),
        ("icon", "ne30", "choose from: .*or a spacing such as '10km'"),
        ("icon", "0km", "from 10 m to 10,000 km"),
        ("icon", "R2B20", "1 to 1e12 columns"),
        ("scream", "", "has no grid ''"),
        ("speedyweather", "T0", "has no grid 'T0'"),
    ],
)
def test_what_is_no_grid_is_one_line(model: str, text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        grid_of(load_climate_model(model), text)
