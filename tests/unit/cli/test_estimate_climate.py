"""``exatwin estimate climate``: what it prints, and what it refuses."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from exatwin.cli import main
from exatwin.cli._estimate_climate import command, seconds
from exatwin.foundation.errors import SpecError

CENTURY = (
    "icon --machine jupiter --grid 1.25km --levels 90 --nodes 2048 --length 100y --ensemble 3 "
    "--output 112x2d@1d --components atmosphere,ocean,land --step 8s --start 2027-01-01"
)


def document(words: str) -> dict[str, Any]:
    found = CliRunner().invoke(command, [*words.split(), "--json"])
    assert found.exit_code == 0, found.exception
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_json_has_what_was_promised() -> None:
    found = document(CENTURY)
    for key in ("sdpd", "sypd", "asypd", "node_h_per_sim_year", "output_b_per_sim_day", "jpsy", "chsy"):
        assert found[key] > 0.0
        if key != "chsy":
            low, high = found["interval"][key]
            assert low < found[key] < high
    assert found["fits"]
    assert found["start"] < found["end"]
    assert found["components"] == ["atmosphere", "ocean", "land"]


def test_the_model_may_be_a_flag_or_an_argument() -> None:
    assert document("--model icon --nodes 2048") == document("icon --nodes 2048")


def test_points_without_any_loss_say_that_no_end_is_known() -> None:
    points = "--measured nodes=100,sypd=1,grid=10km --measured nodes=200,sypd=2,grid=10km"
    found = document(f"icon --grid 10km --nodes 300 {points}")
    assert found["efficiency_frac"] == 1.0
    assert any("where scaling ends is not known" in text for text in found["assumptions"])


def test_one_node_is_one_node() -> None:
    text = CliRunner().invoke(command, ["nemo", "--nodes", "1"]).stdout
    assert "\n  1 node " in text
    assert "1 nodes" not in text


def test_lines_tell_throughput_efficiency_output_and_dates() -> None:
    text = CliRunner().invoke(command, CENTURY.split()).stdout
    for words in (
        "SDPD", "ASYPD", "node-h", "CHSY", "JPSY", "40,960 on each of 8,192", "half at", "peak",
        "3 members of 100 years", "2027-01-01", "at the site", "restart file", "assumed: ",
    ):  # fmt: skip
        assert words in text
    assert "\ntraining" not in text


def test_lines_of_a_trained_model_tell_its_training() -> None:
    text = CliRunner().invoke(command, ["graphcast", "--machine", "dgx-h100"]).stdout
    assert "training" in text
    assert "32 TPU v4" in text
    assert "efficiency" not in text


@pytest.mark.parametrize(
    ("text", "days"),
    [("100y", 36525.0), ("1.5 years", 547.875), ("6mo", 182.625), ("30d", 30.0), ("12 h", 0.5)],
)
def test_lengths_are_read_as_people_write_them(text: str, days: float) -> None:
    assert seconds("--length", text) == pytest.approx(days * 86400.0)


@pytest.mark.parametrize("text", ["100", "y", "1 parsec", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="--length"):
        seconds("--length", text)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("cosmo --machine alps", 4, "was never measured: give two points"),
        ("icon --grid 600m", 4, "finer than any grid that ICON was measured on (R2B11, 1.25 km"),
        ("icon --nodes 100 --grid 1.25km", 4, "nodes hold it"),
        ("icn", 2, "did you mean 'icon'"),
        ("icon --machine jupitr", 2, "did you mean 'jupiter'"),
        ("icon --components ocen", 2, "did you mean 'ocean'"),
        ("icon --grid R2B1l", 2, "did you mean"),
        ("icon --compression half", 2, "expected a fraction"),
        ("icon --output foo", 2, "expected streams"),
        ("icon --nodes many", 2, "whole number"),
        ("", 2, "expected one MODEL"),
        ("icon --model ifs", 2, "expected one MODEL"),
        ("icon --length 0y", 2, "expected an hour to a million years"),
        ("icon --step 0s", 2, "expected 10 ms to a day"),
        ("icon --compression 0", 2, "more than 0"),
        ("icon --share 0", 2, "more than 0"),
        ("icon --components ,,", 2, "expected names"),
        (
            "icon --measured nodes=1,sypd=1,grid=10km --measured nodes=2,sypd=0.1,grid=10km",
            2,
            "no faster on more units",
        ),
        ("ours --measured nodes=64,sypd=0.2,grid=5km", 2, "two sizes are needed"),
    ],
)
def test_wrong_words_end_in_one_line_and_a_code(
    words: str, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["exatwin", "estimate", "climate", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capsys.readouterr().err
    assert ended.value.code == code
    assert said in error
    assert error.count("\n") == 1


def test_the_application_is_listed() -> None:
    from exatwin.cli.estimate import command as estimate

    assert "climate" in CliRunner().invoke(estimate, ["--help"]).stdout


def test_machines_are_compared_also_where_the_memory_of_a_node_is_unknown() -> None:
    from exatwin.cli.compare import command as compare

    words = ["climate", "icon", "--grid", "5km", "--nodes", "64", "--machines", "lumi-c,jupiter", "--json"]
    found = CliRunner().invoke(compare, words)
    assert found.exit_code == 0, found.exception
    assert {row["machine"] for row in json.loads(found.stdout)["rows"]} == {"lumi-c", "jupiter"}
