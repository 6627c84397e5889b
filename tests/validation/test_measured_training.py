"""Predicted against measured training runs: the errors in the files are those of the law of the package."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.study.validate import validate
from exatwin.study.validation.llm_rows import left_out
from exatwin.study.validation.measured import Measured
from exatwin.study.validation.scores import ERROR, Validation, table

KINDS = {"dense": "llm", "experts": "llm-experts"}


@pytest.fixture(scope="module")
def found() -> dict[str, Validation]:
    names = ("llm", "llm-experts", "llm-scaling", "llm-memory", "llm-plan", "llm-power")
    return {name: validate(name)[0] for name in names}


def fitted() -> dict[str, dict[str, str]]:
    return {line["id"]: line for line in table("calibration", "llm-training.csv")}


def test_the_law_of_the_package_makes_the_errors_of_the_fit(found: dict[str, Validation]) -> None:
    rows = [row for name in KINDS.values() for row in found[name].rows]
    told = fitted()
    assert {row.id for row in rows} == set(told)
    for row in rows:
        assert row.error == pytest.approx(float(told[row.id]["in_sample_error"]), abs=2e-3), row.id
        assert row.left_out_error == float(told[row.id]["left_out_error"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_calibration_tells_the_errors_of_the_rows(found: dict[str, Validation], kind: str) -> None:
    said, each = llm_calibration().errors[kind], found[KINDS[kind]]
    assert each.left_out is not None
    assert said.rows == len(each.rows)
    assert said.left_out_median == pytest.approx(each.left_out.values["median"], abs=2e-4)
    assert said.left_out_p90 == pytest.approx(each.left_out.values["p90"], abs=2e-4)


def test_every_paper_is_left_out_in_turn(found: dict[str, Validation]) -> None:
    groups = found["llm"].groups
    assert len(groups) >= 9
    assert all(out is not None and out.rows == score.rows for score, out in groups.values())
    assert all(found["llm"].sources[name] for name in groups)


def test_every_run_with_evidence_is_scored_or_has_its_reason(found: dict[str, Validation]) -> None:
    runs = {id_ for id_, line in Measured().training.items() if line["category"] == "training"}
    told = {row.id for name in KINDS.values() for row in (*found[name].rows, *found[name].skipped)}
    assert told == runs


def test_reasons_for_leaving_a_row_out_stand_in_the_data_file(found: dict[str, Validation]) -> None:
    for models, names in (("llm", ("llm", "llm-experts")), ("llm-memory", ("llm-memory",))):
        reasons = left_out(models)
        skipped = {row.id: row.reason for name in names for row in found[name].skipped}
        assert skipped == {id_: reasons[id_] for id_ in skipped}
        assert set(reasons) == set(skipped), models  # nothing is named that is scored all the same


def test_every_trial_of_memory_and_every_power_is_scored_or_has_its_reason(
    found: dict[str, Validation],
) -> None:
    lines = Measured().training
    for category, name in (("feasibility", "llm-memory"), ("power", "llm-power")):
        wanted = {id_ for id_, line in lines.items() if line["category"] == category}
        assert wanted <= {row.id for row in (*found[name].rows, *found[name].skipped)}
    assert {row.id for row in found["llm-memory"].rows} >= {row.id for row in found["llm"].rows}


def test_large_runs_are_predicted_by_fits_that_saw_small_ones(found: dict[str, Validation]) -> None:
    each = found["llm-scaling"]
    recorded = list(table("calibration", "llm-scaling.csv"))
    assert {row.id for row in each.rows} == {line["id"] for line in recorded}
    assert {row.group for row in each.rows} == {line["machine"] for line in recorded}
    assert "jupiter" in each.groups
    told = {line["id"]: float(line["in_sample_error"]) for line in recorded}
    lines = Measured().training
    for row in each.rows:
        # the fits that left runs out belong to the law of today, not to one before
        assert row.error == pytest.approx(told[row.id], abs=2e-3), row.id
        nodes = float(lines[row.id]["n_acc"]) / float(lines[row.id]["acc_per_node"])
        assert 32 <= nodes <= 1024


def test_balanced_accuracy_weighs_both_outcomes_alike(found: dict[str, Validation]) -> None:
    each = found["llm-memory"]
    shares = [
        np.mean([row.error == 0.0 for row in each.rows if row.group == group])
        for group in ("fitted", "ran out of memory")
    ]
    assert each.in_sample is not None
    assert each.in_sample.values["balanced"] == pytest.approx(np.mean(shares))


def test_regret_is_the_measured_time_of_the_choice_over_the_best(found: dict[str, Validation]) -> None:
    each = found["llm-plan"]
    assert len(each.rows) == 4
    assert all(row.predicted >= row.measured and row.error >= 0.0 for row in each.rows)
    unseen = [row.left_out_error for row in each.rows]
    assert all(error is not None and error >= 0.0 for error in unseen)


def test_the_errors_that_were_scored_are_relative(found: dict[str, Validation]) -> None:
    for each in found.values():
        if each.metric is ERROR:
            for row in each.rows:
                assert row.error == pytest.approx(row.predicted / row.measured - 1.0)


def test_every_run_that_ships_names_its_source_and_none_where_it_was_read() -> None:
    for line in Measured().training.values():
        assert line["source"], line["id"]
        assert line["url"].startswith("http"), line["id"]
        told = " ".join(line.values())
        assert not any(word in told for word in ("/work/", "/tmp/", "/root/", "/home/", "cite only"))


def test_repeats_of_one_run_that_was_known_meet_no_goal(found: dict[str, Validation]) -> None:
    each = found["llm-power"]
    assert each.verdict == "shown"
    assert each.goal is None
    assert each.in_sample is not None
    assert each.in_sample.values["median"] < 0.05
    assert any("with it in view" in text for text in each.remarks)
