"""The figures of validations show every row, and survive odd data."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from exatwin.report import validation, validation_svg, validation_text
from exatwin.study.validation.scores import BALANCED, REGRET, Row, Skipped, Validation

SVG = "{http://www.w3.org/2000/svg}"


def row(index: int, measured: float, predicted: float, group: str = "", error: float | None = None) -> Row:
    off = predicted / measured - 1.0 if error is None else error
    return Row(f"r{index}", f"row <{index}> & more", measured, predicted, off, off, group, "a detail")


ROWS = tuple(row(index, 10.0**index, 1.1 * 10.0**index, "ab"[index % 2]) for index in range(5))
PLAIN = Validation("plain", "a model", "s", ROWS, goal={"median": 0.11, "p90": 0.2})


def points(found: Validation) -> list[ElementTree.Element]:
    tree = ElementTree.fromstring(validation_svg.drawing(found))
    return [circle for circle in tree.iter(f"{SVG}circle") if circle.find(f"{SVG}title") is not None]


@pytest.mark.parametrize(
    "found",
    [
        PLAIN,
        replace(PLAIN, rows=ROWS[:1]),
        replace(PLAIN, goal=None, scored=False),
        replace(PLAIN, metric=REGRET, goal={"median": 0.01, "worst": 0.05}),
        replace(PLAIN, unit="FLOP/s", rows=(row(0, 7.9e18, 6.2e18), row(1, 7.9e18, 1e19))),
        replace(PLAIN, unit="B", metric=BALANCED, goal={"balanced": 0.95},
                rows=(row(0, 8e10, 7e10, "fitted", 0.0), row(1, 8e10, 9e10, "fitted", 1.0))),
        replace(PLAIN, unit="B", metric=BALANCED, rows=(row(0, 8e10, 7e10, "fitted", 0.0),)),
    ],
)  # fmt: skip
def test_every_row_is_a_point_inside_the_drawing_with_its_name(found: Validation) -> None:
    drawn = points(found)
    assert len(drawn) == len(found.rows)
    for point, shown in zip(drawn, found.rows, strict=True):
        assert validation_svg.TOP <= float(point.attrib["cy"]) <= validation_svg.BOTTOM
        assert 0 <= float(point.attrib["cx"]) <= validation_svg.WIDTH
        title = point.find(f"{SVG}title")
        assert title is not None
        assert str(title.text).startswith(shown.name)


def test_a_prediction_without_error_lies_on_the_line() -> None:
    (point, *_) = points(replace(PLAIN, rows=(row(0, 1.0, 1.0), row(1, 100.0, 50.0))))
    across = (float(point.attrib["cx"]) - validation_svg.LEFT) / (validation_svg.RIGHT - validation_svg.LEFT)
    up = (validation_svg.BOTTOM - float(point.attrib["cy"])) / (validation_svg.BOTTOM - validation_svg.TOP)
    assert across == pytest.approx(up, abs=2e-3)


def test_a_model_without_rows_has_an_empty_drawing_and_a_page() -> None:
    empty = replace(PLAIN, rows=())
    assert points(empty) == []
    assert "a model" in validation.render([empty])
    assert "the table has no row for it" in "\n".join(validation_text.pages([empty]))


def test_names_are_escaped_on_the_page() -> None:
    text = validation.render([replace(PLAIN, skipped=(Skipped("x", "<b>", "<i>why</i>"),))])
    assert "row <" not in text
    assert "row &lt;0&gt; &amp; more" in text
    assert "&lt;i&gt;why" in text


@pytest.mark.parametrize(
    ("low", "high"), [(0.9, 1100.0), (1.0, 1.05), (3e-3, 5e18), (5.0, 10.6), (99.0, 101.0)]
)
def test_ticks_are_round_numbers_within_the_range(low: float, high: float) -> None:
    found = validation_svg.ticks(low, high)
    assert all(low <= value <= high for value in found)
    assert found == sorted(set(found))
    assert len(found) <= 10


def test_the_text_tells_each_goal_as_met_or_not() -> None:
    told = "\n".join(validation_text.overview([PLAIN, replace(PLAIN, goal={"median": 0.01, "p90": 0.2})]))
    assert "11.0% (20.0%)  goal met" in told
    assert "1.0% (20.0%)  goal not met" in told


def test_rows_of_the_same_name_are_told_once() -> None:
    skipped = tuple(Skipped(str(index), "Zenith", "listed twice") for index in range(3))
    assert validation_text.reasons(replace(PLAIN, skipped=skipped)) == {"listed twice": ["Zenith (3 rows)"]}
