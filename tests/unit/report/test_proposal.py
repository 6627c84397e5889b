"""The draft of an application: its sections, its figures, and what is left to a person."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.plans import plan_text

from exatwin.catalogue.batch import load_rules
from exatwin.catalogue.calls import load_call, sections
from exatwin.catalogue.load import names
from exatwin.foundation.errors import CatalogueError, SpecError
from exatwin.report import proposal
from exatwin.report.batch_script import script
from exatwin.report.scaling_svg import drawing
from exatwin.study.applying.application import application
from exatwin.study.applying.job_plan import plan_jobs
from exatwin.study.applying.scaling import Point, Scaling, scaling, validated
from exatwin.study.applying.work import Work, work_of
from exatwin.study.estimates import estimate
from exatwin.study.validate import validate


def fixed(**changes: object) -> Work:
    return work_of(plan_text(**changes), "plan")


@pytest.fixture(scope="module")
def trained() -> Work:
    """A campaign of a small model."""
    found = estimate("llm", "jupiter", model="llama-3.1-8b", accelerators=64, tokens=1e11)
    return work_of(json.dumps(found.document()), "plan")


@pytest.mark.parametrize("call", names("calls"))
def test_each_call_has_its_sections_in_order_and_each_has_something_to_write(call: str) -> None:
    text = proposal.text(application([fixed()], call))
    headings = re.findall(r"^## \d+\. (.*)$", text, re.MULTILINE)
    assert headings == [sections()[key].title for key in load_call(call).sections]
    assert text.count(f"> {proposal.TO_WRITE}: ") == len(headings)


def test_the_table_has_the_columns_of_the_call_and_adds_up() -> None:
    asked = application([fixed(), fixed(nodes=8)], "eurohpc", runs=[3], codes=["megatron"])
    text = proposal.text(asked)
    head = "| run type | code | machine | runs | nodes | steps | s per step | node-hours |"
    rows = text[text.index(head) :].splitlines()[2:5]
    assert "| megatron | JUPITER Booster | 3 | 64 | 24,000 | 15 | 19,200 |" in rows[0]
    assert f"| {proposal.TO_WRITE} | JUPITER Booster | 1 | 8 | 24,000 | 15 | 800 |" in rows[1]
    assert rows[2].endswith("| **20,000** |")
    assert "19,200 node-h" not in text
    assert "20,000 node-h, 18,000 to 24,000 over the range" in text
    assert "JUPITER Booster charges 5,529,600 core-h" in text
    assert asked.hours == pytest.approx((18_000.0, 20_000.0, 24_000.0))


def test_curves_come_from_the_model_with_its_error(trained: Work, tmp_path: Path) -> None:
    asked = application([trained], "eurohpc")
    paths = proposal.write(asked, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["proposal.md", "strong-scaling.svg", "weak-scaling.svg"]
    text = paths[0].read_text(encoding="utf-8")
    for path in paths[1:]:
        drawn = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert drawn.tag.endswith("svg")
        assert f"]({path.name})" in text
    assert "- llm: 289 published rows, median error" in text
    assert "- llm-scaling: 110 published rows, median error" in text
    assert "by a fit with no run of more than 16 nodes" in text
    assert "each paper left out" in text
    strong = asked.planned[0].strong
    assert isinstance(strong, Scaling)
    at_plan = next(point for point in strong.points if point.nodes == trained.nodes)
    assert at_plan.low < at_plan.speed < at_plan.high
    found = estimate("llm", "jupiter", **dict(trained.asked))
    assert at_plan.speed == pytest.approx(float(found.values["tokens_per_s"]), rel=0.02)
    efficiency = [point.efficiency_frac for point in strong.points]
    assert efficiency[0] == 1.0
    assert efficiency[-1] < 1.0


def test_what_cant_be_scaled_says_why() -> None:
    assert "names no size" in str(scaling(fixed(), "strong"))
    hpcg = work_of(json.dumps(estimate("hpcg", "jedi").document()), "plan")
    assert "no setting is known" in str(scaling(hpcg, "weak"))
    assert validated("nothing") == []
    text = proposal.text(application([fixed()], "eurohpc"))
    assert "Strong scaling: the plan of llm names no size that could be varied." in text


def test_errors_are_told_by_fits_that_have_not_seen_the_rows() -> None:
    for app in ("llm", "climate", "serve"):
        for name, words in ((text.split(":")[0], text) for text in validated(app)):
            (found,) = validate(name)
            assert found.left_out is not None
            assert f"{found.left_out.values['median']:.1%}" in words
            assert found.left_out_words in words
            assert ("is missed" in words) == (found.verdict == "not met")


def test_a_service_answers_more_on_more_nodes_and_has_no_steps() -> None:
    asked = {"model": "llama-3.1-8b", "rate": 5.0, "machine": "jupiter"}
    found = estimate("serve", asked.pop("machine"), **asked)
    work = work_of(json.dumps(found.document()), "plan")
    strong = scaling(work, "strong")
    assert isinstance(strong, Scaling)
    assert strong.points[-1].speed > 1.5 * strong.points[0].speed
    assert all(0.5 < point.efficiency_frac < 1.01 for point in strong.points)
    assert all(point.low < point.speed < point.high for point in strong.points)
    plan = plan_jobs(work, load_rules("jupiter"))
    assert plan.jobs == 2
    text = script(plan)
    assert "while the next one waits nobody answers" in " ".join(text.split("\n#   "))
    assert "a day of service | x | JUPITER Booster | 1 | 1 |  |  |" in proposal.text(
        application([work], "eurohpc", codes=["x"])
    )


def test_a_climate_model_keeps_its_speed_where_columns_grow() -> None:
    found = estimate("climate", "jupiter", model="icon", grid="10km", nodes=32)
    work = work_of(json.dumps(found.document()), "plan")
    strong, weak = scaling(work, "strong"), scaling(work, "weak")
    assert isinstance(strong, Scaling)
    assert isinstance(weak, Scaling)
    assert strong.unit == weak.unit == "SDPD"
    assert strong.points[-1].speed > strong.points[0].speed
    assert all(point.efficiency_frac <= 1.0 for point in weak.points)
    assert weak.ideal(weak.points[-1]) == pytest.approx(weak.points[0].speed)
    text = proposal.text(application([work], "eurohpc"))
    assert "output of all runs" in text


def test_more_hours_than_the_call_gives_are_told() -> None:
    large = fixed(time_s=1e6, interval={})
    remarks = application([large], "ai-factory-fast-lane").remarks()
    assert remarks == ["71,111 GPU-h are more than the 50,000 that AI Factory Fast Lane gives"]
    assert application([fixed()], "ai-factory-large-scale").remarks() == [
        "AI Factory Large Scale is meant for more than 50,000 GPU-h"
    ]
    assert application([large], "ai-factory").call.name == "ai-factory-large-scale"


def test_calls_for_some_machines_or_models_say_so() -> None:
    assert application([fixed(machine="vega-gpu", nodes=8)], "eurohpc-extreme").remarks() == [
        "'vega-gpu' is not among the machines that are known for this call"
    ]
    assert application([fixed()], "eurohpc-extreme").remarks() == []
    frontier = application([fixed()], "frontier-ai").remarks()
    assert frontier[0] == "it is for models of at least 400 billion weights"
    assert "2.5%" in frontier[1]


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'eurohpc'"):
        application([fixed()], "eurohp")
    with pytest.raises(SpecError, match="--runs is given 2 times for 1 plans"):
        application([fixed()], "eurohpc", runs=[1, 2])


def test_a_flat_curve_has_marks_that_keep_apart(trained: Work) -> None:
    points = tuple(
        Point(n, 4 * n, speed, 0.9 * speed, 1.1 * speed, 1.0) for n, speed in ((1, 900.0), (2, 905.0))
    )
    flat = Scaling("strong", "SDPD", points, "one grid", "", ())
    text = drawing(flat, trained.title)
    marks = [float(y) for y in re.findall(r'y="([\d.]+)" text-anchor="end"', text)]
    assert len(marks) >= 2
    assert min(abs(a - b) for a, b in pairwise(sorted(marks))) > 12.0
    assert "1 node: 900 SDPD" in text
