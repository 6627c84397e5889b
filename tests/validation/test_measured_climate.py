"""Predicted against measured climate runs: errors in the files are those of the law that ships."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from exatwin.catalogue.load import data_folder
from exatwin.study.validate import validate
from exatwin.study.validation.measured import Measured
from exatwin.study.validation.scores import Validation

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("climate", "climate-scaling", "climate-output")


@pytest.fixture(scope="module")
def found() -> dict[str, Validation]:
    return {name: validate(name)[0] for name in NAMES}


@pytest.mark.parametrize("name", ["climate-scaling", "climate-output"])
def test_goals_are_met_by_rows_that_the_fit_had_not_seen(found: dict[str, Validation], name: str) -> None:
    each = found[name]
    print(name, each.in_sample, each.left_out)  # noqa: T201
    assert each.left_out is not None
    assert each.left_out.rows == len(each.rows)
    assert each.verdict == "met"


def test_every_row_of_the_table_is_scored_or_has_its_reason(found: dict[str, Validation]) -> None:
    told = {row.id for row in (*found["climate"].rows, *found["climate"].skipped)}
    assert told == set(Measured().climate_lines)


def test_reasons_stand_in_the_data_file(found: dict[str, Validation]) -> None:
    with (data_folder() / "calibration" / "climate-left-out.csv").open(encoding="utf-8", newline="") as file:
        reasons = {line["id"]: line["reason"] for line in csv.DictReader(file)}
    assert {row.id: row.reason for row in found["climate"].skipped} == reasons


def test_larger_runs_are_pooled_over_models_and_devices(found: dict[str, Validation]) -> None:
    assert len(found["climate-scaling"].groups) >= 10


@pytest.mark.data
def test_the_script_makes_the_files_that_ship(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import fit_climate

    monkeypatch.setattr(fit_climate, "TARGET", tmp_path)
    fit_climate.main(shared_data)
    sys.modules.pop("fit_climate")
    for name in ("climate-runs.csv", "climate-errors.csv", "climate.toml"):
        assert (tmp_path / name).read_text("utf-8") == (data_folder() / "calibration" / name).read_text(
            "utf-8"
        )
