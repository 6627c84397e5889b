"""What is read as a plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.plans import HOUR, plan, plan_text

from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.applying.work import read_work, work_of
from exatwin.study.estimates import estimate


def test_an_estimate_and_a_plan_are_read_alike() -> None:
    document = plan()
    direct = work_of(json.dumps(document), "a")
    wrapped = work_of(json.dumps({"estimate": document, "command": "exatwin x", "best": {}}), "b")
    assert direct.node_h == pytest.approx(6400.0)
    assert direct.range_s == (90 * HOUR, 120 * HOUR)
    assert wrapped.command == "exatwin x"
    assert wrapped.time_s == direct.time_s


def test_an_estimate_of_hpl_is_a_run_of_its_own() -> None:
    found = estimate("hpl", "jedi")
    work = work_of(json.dumps(found.document()), "hpl")
    assert work.time_s == pytest.approx(found.values["time_s"])
    assert work.spent["cost_eur"] == pytest.approx(found.site.cost_eur)
    assert work.asked["nodes"] == 24


def test_one_step_of_training_is_no_run_and_a_campaign_is() -> None:
    asked = {"model": "llama-3.1-8b", "accelerators": 32}
    with pytest.raises(InfeasibleError, match="tells of one step, not of a run: estimate it with --tokens"):
        work_of(json.dumps(estimate("llm", "jupiter", **asked).document()), "-")
    run = estimate("llm", "jupiter", **asked, tokens=1e10)
    work = work_of(json.dumps(run.document()), "-")
    assert work.time_s == pytest.approx(run.values["time_to_tokens_s"])
    assert work.steps == run.extra["campaign"]["steps"]
    assert work.what == "a campaign of 10B tokens"
    again = estimate("llm", work.machine, **work.asked)
    assert again.values["iteration_s"] == pytest.approx(run.values["iteration_s"])


@pytest.mark.parametrize(
    "text",
    [
        '{"run": {"nodes": 1e999, "time_s": 1}, "app": "x", "machine": "y", "nodes": 1}',
        "",
        "[]",
        "{}",
        "[" * 10_000,
        '"x"',
        '{"run": 3}',
        '{"run": {"time_s": "long"}, "app": "x"}',
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SpecError, match="expected what `exatwin plan llm --json`") as error:
        work_of(text, "here")
    assert str(error.value).startswith("here: ")


@pytest.mark.parametrize(
    "changes",
    [
        {"time_s": 0.0}, {"time_s": -1.0}, {"nodes": 0}, {"time_s": 1e300}, {"energy_j": float("nan")},
        {"steps": -1}, {"interval": {"time_s": [0.0, float("inf")]}}, {"checkpoint_b": float("inf")},
    ],
)  # fmt: skip
def test_a_run_that_cant_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="can't be"):
        work_of(plan_text(**changes), "here")


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        read_work(str(tmp_path / "none.json"))
    binary = tmp_path / "x.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="is no text"):
        read_work(str(binary))
    with pytest.raises(SpecError, match="directory"):
        read_work(str(tmp_path))


def test_repeated_runs_take_so_many_times_as_much() -> None:
    one = work_of(plan_text(), "plan")
    three = one.repeated(3)
    assert three.node_h == pytest.approx(3 * one.node_h)
    assert three.spent["energy_j"] == 2.4e11
    assert three.range_s == (270 * HOUR, 360 * HOUR)
    assert one.repeated(1) is one
