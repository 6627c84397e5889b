"""HPL and its family on the lists: the law beats a regression, and what is left out has its reason."""

from __future__ import annotations

import pytest

from exatwin.catalogue import lists
from exatwin.study.validate import validate
from exatwin.study.validation.scores import Validation, table
from exatwin.workload.apps.hpl_data import hpl_law

COLUMNS = {"hpl": ("hpl", "rmax"), "hpl-power": ("hpl", "power"), "hpcg": ("hpcg", "hpcg")}
"""The table of a fit, and its columns, by model."""


@pytest.fixture(scope="module")
def found() -> dict[str, Validation]:
    return {each.model: each for name in ("hpl", "hpl-power", "hpcg", "hpl-mxp") for each in validate(name)}


@pytest.mark.parametrize("model", COLUMNS)
def test_the_law_of_the_package_makes_the_errors_of_the_fit(found: dict[str, Validation], model: str) -> None:
    fit, column = COLUMNS[model]
    told = {
        f"{line['id']}-{line['edition']}": line
        for line in table("apps", f"{fit}.csv")
        if line[f"{column}_error_frac"]
    }
    scored = {row.id: row for row in found[model].rows}
    assert set(told) == set(scored)
    for id_, line in told.items():
        assert scored[id_].error == pytest.approx(float(line[f"{column}_error_frac"]), abs=2e-3), id_
        assert scored[id_].left_out_error == float(line[f"{column}_left_out_error_frac"])


def test_the_law_beats_the_regression(found: dict[str, Validation]) -> None:
    for each in (found["hpl"], found["hpl-power"]):
        assert each.left_out is not None
        assert each.regression is not None
        for name, bar in each.regression.items():
            assert each.left_out.values[name] < bar


def test_levels_two_and_three_are_scored_apart(found: dict[str, Validation]) -> None:
    groups = found["hpl-power"].groups
    assert set(groups) == {"level 2 or 3", "level 1 or not told"}
    assert sum(score.rows for score, _ in groups.values()) == len(found["hpl-power"].rows)


def test_jupiter_left_out_is_within_three_percent(found: dict[str, Validation]) -> None:
    row = next(row for row in found["hpl"].rows if row.id == "180357-202606")
    assert row.left_out_error is not None
    assert abs(row.left_out_error) < 0.03


def test_two_pairs_of_hpl_mxp_are_shown_and_not_scored(found: dict[str, Validation]) -> None:
    each = found["hpl-mxp"]
    assert [row.name for row in each.rows] == ["Frontier", "LineShine"]
    assert each.in_sample is None
    assert each.left_out is None
    assert each.verdict == "shown"
    frontier, line_shine = each.rows
    # each is predicted from the other: one is too low by as much as the other is too high
    assert frontier.left_out_error is not None
    assert line_shine.left_out_error is not None
    assert (1 + frontier.left_out_error) * (1 + line_shine.left_out_error) == pytest.approx(1.0)


def test_every_row_with_a_result_is_scored_or_has_its_reason_in_the_data_file(
    found: dict[str, Validation],
) -> None:
    scored = {row.id for row in found["hpl"].rows}
    reasons = {each.id: each.reason for each in hpl_law().left_out}
    for row in lists.rows():
        if (
            row.accelerator_model
            and row.rmax_tflops is not None
            and f"{row.top500_system_id}-{row.list_edition}" not in scored
        ):
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
