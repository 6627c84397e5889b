"""The hall model beside the telemetry of TU Dresden's ZIH, and the record of its errors."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.study.validation.zih import OUTPUTS, hall_cooling, read_telemetry, telemetry_files
from exatwin.study.validation.zih_scores import recorded, validate_zih

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/fit_zih.py"


def by_name(scores):
    return {score.quantity: score for score in scores}


@pytest.fixture(scope="module")
def odd_days(shared_data):
    return telemetry_files(shared_data)[0]


@pytest.mark.data
def test_the_product_makes_the_errors_that_were_recorded(odd_days):
    found = by_name(validate_zih(odd_days).scores)
    before = by_name(score for test, score in recorded() if test == "in sample")
    assert found.keys() == before.keys()
    for name, score in found.items():
        assert score.rows == before[name].rows
        # parameters are shipped with four digits
        assert score.cv_rmse == pytest.approx(before[name].cv_rmse, rel=0.01), name
        assert score.nmbe == pytest.approx(before[name].nmbe, abs=0.002), name


def test_days_left_out_meet_the_goals_that_can_be_met():
    found = by_name(score for test, score in recorded() if test == "each day left out")
    assert found["auxiliaries, hourly"].met
    assert found["heat pump electricity, hours above 50 kW"].met
    assert found["heat extracted, daily"].met
    # hour by hour the station's own decisions decide: half of the hours are near, some far off
    hourly = found["heat extracted, hourly"]
    assert abs(hourly.nmbe) < 0.025
    assert hourly.median < 0.05 < hourly.cv_rmse < 0.14


@pytest.mark.data
def test_predictions_use_no_column_that_they_predict(odd_days, tmp_path):
    import gzip

    with gzip.open(odd_days, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(",") for line in file]
    blind = [rows[0].index(name) for name in OUTPUTS]
    for row in rows[1:]:
        for index in blind:
            row[index] = "1"
    path = tmp_path / "zih_lzr_blind.csv"
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    blinded, seen = validate_zih(path), validate_zih(odd_days)
    for name in ("auxiliaries", "heat extracted", "heat pump electricity"):
        np.testing.assert_array_equal(blinded.predicted_w[name], seen.predicted_w[name])


@pytest.mark.data
def test_the_catalogue_holds_what_the_script_fits(odd_days):
    pytest.importorskip("scipy")
    script = runpy.run_path(str(SCRIPT))
    given = read_telemetry(odd_days)
    plant, parts = script["fit_all"](given, hall_cooling())
    for part in parts:
        for name in part.names:
            fitted, shipped = (
                getattr(c.hall if hasattr(c.hall, name) else c.reuse.heat_pump, name)
                for c in (plant, hall_cooling())
            )
            assert shipped == pytest.approx(fitted, rel=1e-3), name


@pytest.mark.data
def test_intervals_hold_the_parameters(odd_days):
    script = runpy.run_path(str(SCRIPT))
    parts = script["fit_all"](read_telemetry(odd_days), hall_cooling())[1]
    for part in parts:
        for index, name in enumerate(part.names):
            low, high = part.interval(index)
            assert low < part.values[index] < high, name


def test_a_folder_without_telemetry_is_refused(tmp_path):
    with pytest.raises(SpecError, match="there is no"):
        validate_zih(tmp_path)


@pytest.mark.parametrize(
    ("text", "match"),
    [("time_utc,a\n2025-03-01T00:00Z,1\n", "expected the columns"), ("", "expected the columns")],
)
def test_files_without_the_columns_are_refused(tmp_path, text, match):
    path = tmp_path / "zih_lzr_x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=match):
        validate_zih(path)
