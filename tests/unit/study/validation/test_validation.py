"""How rows are scored, and what makes the gate fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exatwin.study.validation.scores import BALANCED, REGRET, Row, Skipped, Validation, relative

ERRORS = (0.0, 0.1, -0.2, 0.3, -0.4)


def row(index: int, error: float, *, group: str = "", out: float | None = None) -> Row:
    return Row(f"r{index}", f"row {index}", 100.0, 100.0 * (1.0 + error), error, out, group)


def made(errors: tuple[float, ...] = ERRORS, pinned: dict[str, float] | None = None) -> Validation:
    rows = tuple(row(index, error, out=2.0 * error) for index, error in enumerate(errors))
    recorded = {each.id: each.error for each in rows} if pinned is None else pinned
    return Validation("m", "a model", "s", rows, goal={"median": 0.2, "p90": 0.4}, pinned=recorded)


def test_scores_are_median_and_ninetieth_percentile_of_absolute_errors() -> None:
    found = made()
    assert found.in_sample is not None
    assert found.in_sample.rows == 5
    assert found.in_sample.values["median"] == pytest.approx(0.2)
    assert found.in_sample.values["p90"] == pytest.approx(np.quantile(np.abs(ERRORS), 0.9))
    assert found.left_out is not None
    assert found.left_out.values["median"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        ({"median": 0.5, "p90": 0.9}, "met"),
        ({"median": 0.5, "p90": 0.1}, "median met"),
        ({"median": 0.1, "p90": 0.9}, "not met"),
        (None, "shown"),
    ],
)
def test_a_goal_is_held_against_the_rows_left_out(goal: dict[str, float] | None, verdict: str) -> None:
    assert replace(made(), goal=goal).verdict == verdict


def test_rows_without_a_fit_that_left_them_out_are_held_against_the_goal_in_sample() -> None:
    rows = (row(0, 0.1), row(1, 0.1))
    assert Validation("m", "t", "s", rows, goal={"median": 0.1, "p90": 0.1}).verdict == "met"


def test_the_same_errors_as_recorded_pass() -> None:
    assert made().failures() == []


def test_an_error_that_grew_fails_the_gate_and_one_that_shrank_does_not() -> None:
    recorded = {each.id: each.error for each in made().rows}
    assert made((0.0, 0.1, -0.25, 0.3, -0.4), recorded).grown == ("median",)
    assert made((0.0, 0.1, -0.2, 0.3, -0.6), recorded).failures() == ["m: the p90 is worse than recorded"]
    assert made((0.0, 0.05, -0.1, 0.1, -0.1), recorded).failures() == []


def test_a_recorded_row_that_is_not_scored_fails_the_gate_unless_the_table_is_a_users() -> None:
    found = made(pinned={"r0": 0.0, "r7": 0.1})
    assert found.lost == ("r7",)
    assert found.failures() == ["m: 1 recorded rows are not scored, such as r7"]
    assert replace(found, shipped=False).failures() == []


def test_rows_of_a_users_table_that_are_new_are_scored_apart() -> None:
    known = replace(made(pinned={"r0": 0.0}), shipped=False)
    assert known.unseen is None  # fits without them were scored: they were there
    found = replace(known, rows=tuple(replace(each, left_out_error=None) for each in known.rows))
    assert found.unseen is not None
    assert found.unseen.rows == 4
    assert found.unseen.values["median"] == pytest.approx(0.25)
    assert made().unseen is None


def test_groups_are_scored_apart_largest_first() -> None:
    rows = (row(0, 0.1, group="a"), row(1, 0.3, group="b"), row(2, 0.5, group="b", out=0.6))
    groups = Validation("m", "t", "s", rows).groups
    assert list(groups) == ["b", "a"]
    score, out = groups["b"]
    assert score.values["median"] == pytest.approx(0.4)
    assert out is not None
    assert out.rows == 1
    assert groups["a"][1] is None
    assert made().groups == {}


def test_balanced_accuracy_is_the_mean_over_both_outcomes() -> None:
    rows = (row(0, 0.0, group="fitted"), row(1, 1.0, group="fitted"), row(2, 0.0, group="ran out"))
    found = Validation("m", "t", "B", rows, goal={"balanced": 0.75}, metric=BALANCED)
    assert found.in_sample is not None
    assert found.in_sample.values == {"balanced": pytest.approx(0.75)}
    assert found.verdict == "met"
    assert replace(found, goal={"balanced": 0.8}).verdict == "not met"
    worse = replace(found, pinned={"r0": 0.0, "r1": 0.0, "r2": 0.0})
    assert worse.grown == ("balanced",)
    better = replace(found, pinned={"r0": 1.0, "r1": 1.0, "r2": 0.0})
    assert better.grown == ()


def test_regret_is_told_by_its_median_and_its_worst() -> None:
    rows = tuple(row(index, error) for index, error in enumerate((0.0, 0.01, 0.05)))
    found = Validation("m", "t", "s", rows, goal={"median": 0.01, "worst": 0.05}, metric=REGRET)
    assert found.in_sample is not None
    assert found.in_sample.values == {"median": pytest.approx(0.01), "worst": pytest.approx(0.05)}
    assert found.verdict == "met"


def test_rows_that_are_only_shown_have_no_figures() -> None:
    found = replace(made(), scored=False)
    assert found.in_sample is None
    assert found.left_out is None
    assert found.verdict == "shown"
    assert len(found.document()["rows"]) == 5


def test_the_worst_rows_are_the_largest_errors_of_either_sign() -> None:
    assert [each.error for each in made().worst(2)] == [-0.4, 0.3]
    assert len(made().worst(9)) == 4  # a row without an error is not among the worst


def test_the_document_holds_rows_scores_and_reasons() -> None:
    found = replace(made(), skipped=(Skipped("x", "a row", "a reason"),))
    told = found.document()
    assert told["in_sample"] == {"rows": 5, "median": pytest.approx(0.2), "p90": pytest.approx(0.36)}
    assert told["goal"] == {"median": 0.2, "p90": 0.4}
    assert told["skipped"] == [{"id": "x", "name": "a row", "reason": "a reason"}]
    assert told["grown"] is False
    assert told["rows"][4]["error"] == -0.4


def test_no_rows_are_no_score() -> None:
    found = Validation("m", "t", "s", ())
    assert found.in_sample is None
    assert found.verdict == "shown"
    assert found.failures() == []


def test_relative_errors_are_predicted_over_measured_less_one() -> None:
    assert relative(4.0, 5.0) == pytest.approx(0.25)
