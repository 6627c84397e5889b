"""Which tables are scored, and what a table of the user's may be."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from exatwin.catalogue.load import data_folder
from exatwin.foundation.errors import CatalogueError, SpecError
from exatwin.study.validate import absent, models, validate
from exatwin.study.validation.measured import ENERGY, SERVICES, SLURM

RUNS = data_folder() / "calibration" / "llm-runs.csv"
LISTS = data_folder() / "lists" / "machines.csv"


def few_machines(folder: Path) -> None:
    head, *lines = LISTS.read_text("utf-8").splitlines()
    (folder / "machines.csv").write_text("\n".join([head, *lines[:40]]) + "\n", "utf-8")


def few_runs(folder: Path, **changed: str) -> None:
    with RUNS.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names, rows = reader.fieldnames or [], list(reader)
    kept = [row for row in rows if row["id"].startswith(("MLPT-", "JUPG-"))]
    with (folder / "llm_measurements.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, names)
        out.writeheader()
        out.writerows({**row, **changed} for row in kept)


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("hpp", "hpl"), ("lm", "llm"), ("llm-expert", "llm-experts"), ("plan", "llm-plan")]
)
def test_an_unknown_model_names_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(SpecError, match=f"unknown model '{wrong}': .*{nearest}"):
        validate(wrong)


def test_every_model_of_the_goals_is_there() -> None:
    assert set(models()) >= {
        "hpl", "hpl-power", "hpcg", "hpl-mxp", "llm", "llm-experts", "llm-scaling", "llm-memory", "llm-plan",
        "llm-power", "climate", "climate-scaling", "climate-output",
        "serving-tpot", "serving-ttft", "serving-tokens", "serving-energy",
    }  # fmt: skip


def test_the_tables_of_a_folder_take_the_place_of_those_that_ship(tmp_path: Path) -> None:
    few_machines(tmp_path)
    (few,) = validate("hpl", data=tmp_path)
    assert 5 < len(few.rows) < 40
    assert few.lost == ()
    few_runs(tmp_path)
    (few,) = validate("llm", data=tmp_path)
    assert 5 < len(few.rows) < 40
    assert few.lost == ()


def test_models_whose_table_is_absent_are_left_out(tmp_path: Path) -> None:
    few_runs(tmp_path)
    found = [each.model for each in validate(data=tmp_path)]
    assert found == [name for name in models() if name.startswith("llm")]
    assert set(absent(tmp_path)) == {
        "machines.csv", "climate_measurements.csv", "facility/telemetry", "traces/pwa", SLURM, SERVICES,
        ENERGY,
    }  # fmt: skip
    assert set(absent(None)) == {"facility/telemetry", "traces/pwa", SLURM, ENERGY}
    with pytest.raises(SpecError, match=r"there is no machines\.csv in this folder"):
        validate("hpl", data=tmp_path)


def test_a_folder_without_tables_is_no_folder_of_measurements(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no machines\.csv and no llm_measurements\.csv"):
        validate(data=tmp_path / "nowhere")


def test_rows_with_new_ids_are_scored_apart(tmp_path: Path) -> None:
    few_runs(tmp_path)
    path = tmp_path / "llm_measurements.csv"
    path.write_text(path.read_text("utf-8").replace("JUPG-001", "JUPG-999"), "utf-8")
    (found,) = validate("llm", data=tmp_path)
    assert found.unseen is not None
    assert found.unseen.rows == 1
    (large,) = validate("llm-scaling", data=tmp_path)
    (new,) = (row for row in large.rows if row.id == "JUPG-999")
    assert new.left_out_error is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id\n", r"llm_measurements\.csv: lacks \d+ columns: acc_per_node, .*, …"),
        (b"a\xff,b\n", r"llm_measurements\.csv: can't be read"),
        (b"", r"llm_measurements\.csv: lacks \d+ columns"),
    ],
)
def test_a_malformed_table_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "llm_measurements.csv").write_bytes(content)
    with pytest.raises(SpecError, match=message):
        validate(data=tmp_path)


def test_a_row_whose_number_is_none_is_not_scored(tmp_path: Path) -> None:
    few_runs(tmp_path, n_acc="many")
    (found,) = validate("llm", data=tmp_path)
    assert found.rows == ()
    assert any("'many'" in row.reason for row in found.skipped)


def test_a_row_that_its_chip_cannot_run_is_not_scored(tmp_path: Path) -> None:
    few_runs(tmp_path)
    path = tmp_path / "llm_measurements.csv"
    lines = path.read_text("utf-8").splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("JUPG-001"))
    lines[at] = lines[at].replace('"fp8 hybrid delayed, fp32 grad acc, z-loss"', "nvfp4")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    for model in ("llm", "llm-memory"):
        (found,) = validate(model, data=tmp_path)
        assert len(found.rows) > 5
        (row,) = (row for row in found.skipped if row.id == "JUPG-001")
        assert "nvfp4" in row.reason


def test_a_malformed_table_of_machines_is_named(tmp_path: Path) -> None:
    path = tmp_path / "machines.csv"
    path.write_text("name\nJUPITER\n", "utf-8")
    with pytest.raises(CatalogueError, match="lacks the columns site"):
        validate("hpl", data=tmp_path)
    path.write_bytes(b"a\xff,b\n")
    with pytest.raises(SpecError, match=r"machines\.csv: can't be read"):
        validate("hpl", data=tmp_path)
