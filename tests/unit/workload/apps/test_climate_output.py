"""The volume of output."""

from __future__ import annotations

import pytest

from exatwin.catalogue.climate_model import load_climate_model
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.climate_output import output_of, read_streams

ICON, GEOS, SCREAM = (load_climate_model(name) for name in ("icon", "geos", "scream"))


def test_fields_levels_columns_bytes_and_period_make_the_volume() -> None:
    found = output_of(ICON, 1000.0, 90.0, "10x2d@1h,3x3d@6h,2x5@1d")
    assert found.day_b == pytest.approx(4.0 * 1000.0 * (10 * 24 + 3 * 90 * 4 + 2 * 5))
    assert found.burst_b == pytest.approx(4.0 * 1000.0 * (10 + 3 * 90 + 2 * 5))
    assert found.period_s == 3600.0
    half = output_of(ICON, 1000.0, 90.0, "10x2d@1h,3x3d@6h,2x5@1d", 0.5)
    assert half.day_b == found.day_b / 2.0


def test_the_decadal_runs_of_scream_write_what_their_streams_say() -> None:
    assert output_of(SCREAM, 25_165_824.0, 128.0, None).day_b == pytest.approx(11.3e9, rel=0.005)


@pytest.mark.parametrize(
    ("columns", "day_b"), [(864, 0.4e9), (3456, 0.6e9), (13824, 1.3e9), (48600, 3.8e9), (194400, 14e9)]
)
def test_the_usual_output_of_geos_is_that_of_its_runs(columns: int, day_b: float) -> None:
    found = output_of(GEOS, float(columns), 72.0, None)
    assert found.measured
    assert found.day_b == pytest.approx(day_b, rel=0.03)


def test_a_volume_or_nothing_can_be_asked() -> None:
    assert output_of(ICON, 1.0, 90.0, "50 GB").day_b == 50e9
    assert output_of(ICON, 1.0, 90.0, "none").day_b == 0.0


@pytest.mark.parametrize(
    "text", ["foo", "10x2d", "x2d@1h", "10x2d@1 parsec", "0x2d@1h", "10x4d@1h", "1e30 B", "-1 GB"]
)
def test_what_is_no_output_is_one_line(text: str) -> None:
    with pytest.raises(SpecError, match="--output"):
        read_streams(text, 90.0)
