"""HPL on the lists: the rows scored are pinned by id, errors must not grow, the others have a reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from exatwin.catalogue import lists
from exatwin.catalogue.load import data_folder
from exatwin.cli.validate import command
from exatwin.foundation.errors import OutputError, SimulationError, SpecError
from exatwin.study import validate as module
from exatwin.study.validate import Validation, validate
from exatwin.workload.apps.hpl_data import hpl_law

PINNED = Path(__file__).resolve().parent / "data" / "hpl_rows.csv"
MOST = {
    "hpl": (0.046, 0.203, 0.056, 0.225),
    "hpl-power": (0.081, 0.246, 0.092, 0.256),
    "hpcg": (0.065, 0.311, 0.083, 0.330),
}
"""Largest median and 90th percentile in sample, then with each machine left out."""


@pytest.fixture(scope="module")
def found() -> dict[str, Validation]:
    return {each.model: each for each in validate()}


def pinned(column: str) -> dict[str, float]:
    with PINNED.open(encoding="utf-8") as file:
        return {row["id"]: float(row[column]) for row in csv.DictReader(file) if row[column]}


@pytest.mark.parametrize(
    ("model", "column"),
    [("hpl", "rmax_error_frac"), ("hpl-power", "power_error_frac"), ("hpcg", "hpcg_error_frac")],
)
def test_every_pinned_row_is_scored_and_no_worse(
    found: dict[str, Validation], model: str, column: str
) -> None:
    errors = {row.id: row.error for row in found[model].rows}
    wanted = pinned(column)
    assert set(wanted) == set(errors)
    for number, error in wanted.items():
        assert abs(errors[number]) <= abs(error) + 0.005, f"top500:{number}"


@pytest.mark.parametrize("model", MOST)
def test_errors_do_not_grow(found: dict[str, Validation], model: str) -> None:
    inside, outside = found[model].in_sample, found[model].left_out
    assert inside is not None
    assert outside is not None
    said = (inside.median, inside.p90, outside.median, outside.p90)
    print(model, inside, outside)  # noqa: T201
    assert np.all(np.array(said) <= MOST[model])
    assert not found[model].grown


def test_the_law_beats_the_regression(found: dict[str, Validation]) -> None:
    for each in (found["hpl"], found["hpl-power"]):
        outside = each.left_out
        assert outside is not None
        assert each.regression is not None
        assert outside.median < each.regression[0]
        assert outside.p90 < each.regression[1]


def test_jupiter_left_out_is_within_two_percent(found: dict[str, Validation]) -> None:
    row = next(row for row in found["hpl"].rows if row.id == "180357")
    assert row.left_out_error is not None
    assert abs(row.left_out_error) < 0.03


def test_every_row_with_a_result_is_scored_or_has_its_reason_in_the_data_file(
    found: dict[str, Validation],
) -> None:
    scored = {row.id for row in found["hpl"].rows}
    reasons = {each.id: each.reason for each in hpl_law().left_out}
    for row in lists.rows():
        if row.accelerator_model and row.rmax_tflops is not None and row.top500_system_id not in scored:
            assert reasons[row.top500_system_id], row.name


def test_impossible_counts_are_impossible() -> None:
    """What is left out as impossible exceeds the peak of its chip; no scored row does."""
    from exatwin.catalogue.listed_nodes import machine_for

    law = hpl_law()
    for row in lists.rows():
        why = law.why_left_out(row.top500_system_id, row.list_edition)
        if "impossible" in why and row.rmax_tflops and row.accelerators:
            peak = machine_for(row).peak_flop_s("fp64")
            assert peak is not None
            assert row.rmax_tflops * 1e12 > peak, row.name


def test_the_table_of_a_folder_takes_the_place_of_the_one_that_ships(tmp_path: Path) -> None:
    text = (data_folder() / "lists" / "machines.csv").read_text("utf-8")
    head, *lines = text.splitlines()
    (tmp_path / "machines.csv").write_text("\n".join([head, *lines[:40]]) + "\n", "utf-8")
    (few,) = validate("hpl", data=tmp_path)
    assert 5 < len(few.rows) < 40
    assert not few.grown
    with pytest.raises(SpecError, match=r"no machines\.csv"):
        validate("hpl", data=tmp_path / "nowhere")
    (tmp_path / "machines.csv").write_text("name\nJUPITER\n", "utf-8")
    with pytest.raises(SpecError, match="lacks the columns site"):
        validate("hpl", data=tmp_path)


def test_the_command_prints_errors_worst_rows_and_reasons() -> None:
    text = CliRunner().invoke(command, ["--model", "hpl"]).stdout
    for expected in (
        "in sample",
        "left out",
        "worst rows",
        "Tuwaiq-1",
        "not scored",
        "impossible",
        "regression",
    ):
        assert expected in text
    document = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    assert set(document["models"]) == set(module.models())
    assert document["models"]["hpl"]["rows"][0]["id"]


def test_the_figures_show_every_row(found: dict[str, Validation], tmp_path: Path) -> None:
    from exatwin.report import validation

    drawn = validation.figure(found["hpl"])
    assert len(drawn.data[-1].x) == len(found["hpl"].rows)
    path = tmp_path / "new" / "page.html"
    result = CliRunner().invoke(command, ["--model", "hpcg", "-o", str(path)])
    assert result.exit_code == 0
    text = path.read_text("utf-8")
    assert "SNL CTS-2 Hops" in text
    assert "<script src=" not in text
    with pytest.raises(OutputError, match="page"):
        validation.write([], path / "below.html")


def test_worse_errors_fail_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = hpl_law().model_copy(update={"volume": 3.0})
    monkeypatch.setattr(module, "hpl_law", lambda: worse)
    result = CliRunner().invoke(command, ["--model", "hpl"])
    assert isinstance(result.exception, SimulationError)


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean 'hpl'"):
        validate("hpp")
