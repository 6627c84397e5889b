"""The verb ``validate`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from exatwin.cli.validate import command
from exatwin.foundation.errors import ExatwinError, OutputError, SimulationError, SpecError
from exatwin.study.validate import shipped
from exatwin.study.validation import listed as validate_listed
from exatwin.workload.apps.hpl_data import hpl_law


def call(*arguments: str) -> Result:
    """Return what the command does; whether figures grew is for the tests of validation to say."""
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 0 or isinstance(result.exception, ExatwinError), result.exception
    return result


@pytest.fixture(scope="module")
def all_models() -> str:
    return call().stdout


def test_the_table_tells_every_model_its_goal_and_whether_it_is_met(all_models: str) -> None:
    head, *lines = all_models.split("\n\n")[0].splitlines()
    assert head.split() == ["model", "measurements", "rows", "in", "sample", "left", "out", "goal"]
    assert [line.split()[0] for line in lines if line.split()[0] in shipped()] == shipped()
    assert "level 2 or 3" in all_models
    assert "goal met" in all_models


def test_the_worst_rows_are_named_and_what_is_not_scored_is_counted(all_models: str) -> None:
    for model in shipped():
        assert f"{model}, worst rows" in all_models or f"{model}, all rows" in all_models
    assert "hpl, not scored: " in all_models
    assert max(map(len, all_models.splitlines())) < 180


def test_one_model_is_told_in_full() -> None:
    text = call("--model", "hpl").stdout
    for words in ("worst rows", "Tuwaiq-1", "not scored", "impossible", "a plain regression", "left out"):
        assert words in text
    text = call("--model", "llm").stdout
    for words in ("scored apart", "VTRAIN", "pytorch/torchtitan benchmarks", "by a fit without its paper"):
        assert words in text


def test_json_holds_scores_and_rows() -> None:
    document = json.loads(call("--json").stdout)["models"]
    assert list(document) == shipped()
    for name, each in document.items():
        assert each["rows"][0]["id"], name
        assert each["lost"] == [], name
    assert set(document["llm"]["left_out"]) == {"rows", "median", "p90"}
    assert set(document["llm-plan"]["goal"]) == {"median", "worst"}
    assert set(document["llm-memory"]["in_sample"]) == {"rows", "balanced"}
    assert document["hpl-mxp"]["in_sample"] is None


def test_the_page_is_one_file_with_a_figure_for_each_model(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    result = call("--model", "hpcg", "-o", str(path))
    assert str(path) in result.stderr
    text = path.read_text("utf-8")
    assert "SNL CTS-2 Hops" in text
    assert text.count("<svg") == 1
    assert not any(word in text for word in ("<script", "src=", "<link"))
    with pytest.raises(OutputError, match="page"):
        raise call("--model", "hpcg", "-o", str(path / "below.html")).exception or AssertionError


def test_figures_are_well_formed_files_one_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    call("--figures", str(folder))
    assert {path.stem for path in folder.iterdir()} == set(shipped())
    for path in folder.iterdir():
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_worse_errors_fail_the_command_after_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = hpl_law().model_copy(update={"volume": 3.0})
    monkeypatch.setattr(validate_listed, "hpl_law", lambda: worse)
    result = call("--model", "hpl")
    assert isinstance(result.exception, SimulationError)
    assert "hpl: the median is worse than recorded" in str(result.exception)
    assert result.exception.exit_code == 1
    assert "worst rows" in result.stdout


def test_models_whose_table_is_absent_are_named_on_the_side(tmp_path: Path) -> None:
    from exatwin.catalogue.load import data_folder

    text = (data_folder() / "calibration" / "llm-runs.csv").read_text("utf-8")
    (tmp_path / "llm_measurements.csv").write_text(text, "utf-8")
    result = call("--data", str(tmp_path))
    assert "skipped  hpl, hpl-power, hpcg" in result.stderr
    assert "there is no machines.csv" in result.stderr
    assert "HPL Rmax" not in result.stdout


@pytest.mark.parametrize(("wrong", "words"), [("hpp", "did you mean 'hpl'"), ("llms", "did you mean 'llm")])
def test_an_unknown_model_names_the_nearest(wrong: str, words: str) -> None:
    result = call("--model", wrong)
    assert isinstance(result.exception, SpecError)
    assert words in str(result.exception)
