"""Measured services beside the law, as recorded; and what ships of their tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.load import data_folder
from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.study.validate import validate
from exatwin.study.validation.scores import pins
from exatwin.study.validation.serving_rows import left_out, read_served
from exatwin.study.validation.serving_score import predict

CALIBRATION = data_folder() / "calibration"


@pytest.mark.parametrize(
    ("model", "rows"), [("serving-tpot", 41), ("serving-ttft", 41), ("serving-tokens", 82)]
)
def test_every_recorded_row_is_scored_and_none_is_worse(model: str, rows: int) -> None:
    (found,) = validate(model)
    assert len(found.rows) == rows == len(pins()[model])
    assert found.failures() == []
    assert all(row.left_out_error is not None for row in found.rows)


@pytest.mark.parametrize("model", ["serving-tpot", "serving-tokens"])
def test_goals_are_met_on_rows_left_out(model: str) -> None:
    (found,) = validate(model)
    assert found.verdict == "met"


def test_the_file_of_errors_is_that_of_the_fit() -> None:
    with (CALIBRATION / "serving.csv").open(encoding="utf-8") as file:
        recorded = {
            (line["id"], line["quantity"]): float(line["in_sample_error"]) for line in csv.DictReader(file)
        }
    names = {"serving-tpot": "tpot", "serving-ttft": "ttft", "serving-tokens": "throughput"}
    for model, quantity in names.items():
        (found,) = validate(model)
        for row in found.rows:
            assert row.error == pytest.approx(recorded[row.id, quantity], abs=2e-3)


def test_searched_rates_are_read_as_results_within_the_limits_of_the_benchmark() -> None:
    with (CALIBRATION / "serving-runs.csv").open(encoding="utf-8") as file:
        cases, _ = read_served(list(csv.DictReader(file)))
    searched = [case for case in cases if case.rate > 0.0]
    assert searched
    assert all(case.within == (2.0, 0.2) for case in searched)
    found = predict(searched, serving_calibration())
    assert np.all((found.tpot_s > 0.05) & (found.tpot_s < 0.2))
    assert np.all(found.tokens_per_s < found.capacity * (1.0 + 1e-6))


def test_no_row_ships_whose_source_asks_to_be_cited_only() -> None:
    text = (CALIBRATION / "serving-runs.csv").read_text("utf-8")
    assert "cite only" not in text.lower()
    assert "MLEN" not in text


def test_every_row_left_out_has_its_reason() -> None:
    for rows in left_out().values():
        assert all(len(reason) > 20 for reason in rows.values())


@pytest.mark.data
def test_rows_that_do_not_ship_are_predicted_as_recorded(shared_data: Path) -> None:
    with (shared_data / "llm_measurements.csv").open(encoding="utf-8") as file:
        cases, skipped = read_served(list(csv.DictReader(file)))
    arena = [case for case in cases if case.family == "MLEN"]
    assert len(arena) == 60
    found = predict(arena, serving_calibration())
    errors = sorted(abs(said / case.tpot_s - 1.0) for said, case in zip(found.tpot_s, arena, strict=True))
    assert errors[30] < 0.06
    assert all(len(reason) > 20 for reason in skipped.values())
    (tokens,) = validate("serving-tpot", data=shared_data)
    assert tokens.unseen is None  # the fit has seen them, though they do not ship
    (energy,) = validate("serving-energy", data=shared_data)
    assert len(energy.rows) == 60
    assert energy.in_sample is not None
    assert energy.in_sample.values["median"] < 0.07
