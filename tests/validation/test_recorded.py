"""The gate of the models: no figure is worse than recorded, every recorded row is scored, none is new."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from exatwin.catalogue.load import data_folder
from exatwin.report.validation_text import figures
from exatwin.study.validate import shipped, validate
from exatwin.study.validation.scores import Validation, pins

ROOT = Path(__file__).resolve().parents[2]
AGAIN = "run scripts/record_validation.py"


@pytest.fixture(scope="module")
def found() -> dict[str, Validation]:
    return {each.model: each for each in validate()}


@pytest.fixture(scope="module")
def scripts() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))


def test_every_model_has_recorded_rows() -> None:
    assert set(pins()) == set(shipped())


@pytest.mark.parametrize("model", shipped())
def test_no_figure_is_worse_than_recorded(found: dict[str, Validation], model: str) -> None:
    each = found[model]
    print(model, each.in_sample, each.left_out)  # noqa: T201
    assert each.failures() == []


@pytest.mark.parametrize("model", shipped())
def test_the_rows_scored_are_those_recorded(found: dict[str, Validation], model: str) -> None:
    ids = [row.id for row in found[model].rows]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(pins()[model]), AGAIN


@pytest.mark.parametrize("model", shipped())
def test_no_row_is_both_scored_and_left_out_and_each_has_its_reason(
    found: dict[str, Validation], model: str
) -> None:
    each = found[model]
    assert not {row.id for row in each.rows} & {row.id for row in each.skipped}
    assert all(row.reason for row in each.skipped)


def test_the_readme_tells_the_errors_of_today(found: dict[str, Validation], scripts: None) -> None:
    import record_validation

    text = (ROOT / "README.md").read_text("utf-8")
    lines = record_validation.readme_lines(list(found.values()))
    assert len(lines) >= 6
    assert record_validation.renewed(text, lines) == text, AGAIN


def test_the_page_of_the_docs_tells_the_figures_of_today(found: dict[str, Validation]) -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import generate
        import generate_models
        import generate_validation  # noqa: F401  (registers its tables)
    finally:
        sys.path.remove(str(ROOT / "docs"))
    text = (ROOT / "docs" / "validation.md").read_text("utf-8")
    for name in ("models", "models-each"):
        assert f"<!-- generated: {name} -->" in text
        made = generate.MAKERS[name]()
        for each in found.values():
            assert each.title.lower() in made.lower()
    assert generate_models.models().count("\n") > len(found)
    assert generate_models.models_each().count("<svg") == sum(bool(each.rows) for each in found.values())
    assert figures(found["llm"].left_out) in generate_models.models()


@pytest.mark.data
def test_the_runs_that_ship_are_what_the_script_makes(shared_data: Path, scripts: None) -> None:
    import build_llm_runs

    with (shared_data / "llm_measurements.csv").open(encoding="utf-8", newline="") as file:
        wanted = {row["id"]: row for row in csv.DictReader(file) if build_llm_runs.ships(row)}
    with (data_folder() / "calibration" / "llm-runs.csv").open(encoding="utf-8", newline="") as file:
        shipped = list(csv.DictReader(file))
    assert [row["id"] for row in shipped] == list(wanted)
    for row in shipped:
        assert row == {key: wanted[row["id"]][key] for key in row}
        assert row["source"]
        assert "cite only" not in row["notes"]


@pytest.mark.data
def test_the_folder_of_measurements_gives_the_same_rows(
    found: dict[str, Validation], shared_data: Path
) -> None:
    for each in validate(data=shared_data):
        if each.model not in found:
            continue  # its measurements do not ship
        same = {row.id: row.error for row in found[each.model].rows}
        ours = {row.id: row.error for row in each.rows}  # some tables ship only in part
        assert {name: ours[name] for name in same} == pytest.approx(same)
        assert each.failures() == []
