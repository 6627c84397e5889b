"""Predicted against measured training runs: the errors in the files are those of the law, and stay small."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import data_folder
from exatwin.study.llm_rows import read_cases, read_fits
from exatwin.study.llm_score import predict_s, quantiles, table
from exatwin.workload.apps.llm_training import estimate_on

SCORES = data_folder() / "calibration" / "llm-training.csv"
BAR = {"dense": (0.07, 0.20), "experts": (0.30, 0.75)}
"""Largest median and 90th percentile of the error with the family of the row left out. Models with experts
are held to what the law keeps today; the goal is 12 % and 30 %."""


def scores() -> list[dict[str, str]]:
    with SCORES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("kind", ["dense", "experts"])
def test_errors_with_the_family_left_out_stay_below_the_bar(kind: str) -> None:
    errors = np.abs([float(row["left_out_error"]) for row in scores() if row["kind"] == kind])
    found = llm_calibration().errors[kind]
    assert len(errors) == found.rows
    assert np.median(errors) == pytest.approx(found.left_out_median, abs=2e-4)
    assert np.quantile(errors, 0.9) == pytest.approx(found.left_out_p90, abs=2e-4)
    assert found.left_out_median <= BAR[kind][0]
    assert found.left_out_p90 <= BAR[kind][1]


@pytest.mark.data
def test_the_law_of_the_package_makes_the_errors_of_the_file(shared_data: Path) -> None:
    cases, skipped = read_cases(shared_data / "llm_measurements.csv")
    pinned = {row["id"]: float(row["in_sample_error"]) for row in scores()}
    assert {case.id for case in cases} == set(pinned)
    assert all(skipped.values())
    rows = table(cases, llm_calibration())
    predicted = predict_s(rows, llm_calibration())
    for case, error in zip(cases, predicted / rows.measured_s - 1.0, strict=True):
        assert error == pytest.approx(pinned[case.id], abs=2e-3), case.id
    for kind, found in llm_calibration().errors.items():
        at = np.array([case.kind == kind for case in cases])
        assert quantiles(predicted[at], rows.measured_s[at])[0] == pytest.approx(
            found.in_sample_median, abs=1e-3
        )


@pytest.mark.data
def test_fits_or_runs_out_of_memory(shared_data: Path) -> None:
    cases, skipped = read_fits(shared_data / "llm_measurements.csv")
    right: dict[bool, list[bool]] = {True: [], False: []}
    for case in cases:
        said = any(estimate_on(case.device, "", case.model, one).fits for one in case.layouts)
        right[case.fits].append(said == case.fits)
    assert len(skipped) == 5
    assert len(right[False]) == 14
    assert np.mean([np.mean(marks) for marks in right.values()]) >= 0.95


@pytest.mark.data
def test_the_plan_chosen_on_the_sweeps_is_near_the_best_measured(shared_data: Path) -> None:
    """Sweeps of one model on one count of A100: regret of taking the layout that the law likes best."""
    cases = [case for case in read_cases(shared_data / "llm_measurements.csv")[0] if case.family == "VTRAIN"]
    rows = table(cases, llm_calibration())
    predicted = predict_s(rows, llm_calibration())
    groups: dict[str, list[int]] = {}
    for index, case in enumerate(cases):
        groups.setdefault(f"{case.model.name} {case.layouts[0].accelerators}", []).append(index)
    regret = {}
    for name, at in groups.items():
        chosen = min(at, key=lambda index: predicted[index])
        regret[name] = rows.measured_s[chosen] / rows.measured_s[at].min() - 1.0
    assert len(regret) == 4
    # the goals are 0.01 and 0.05; two of the four sweeps reach them
    assert np.median(list(regret.values())) <= 0.055, regret
    assert max(regret.values()) <= 0.145, regret
