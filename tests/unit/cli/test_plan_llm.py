"""``exatwin plan llm``: what it prints, and what it refuses."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exatwin.cli._estimate_llm import command as estimate
from exatwin.cli._plan_llm import command
from exatwin.foundation.errors import ExatwinError, InfeasibleError, SpecError

SMALL = ("--machine", "dgx-h100", "--model", "llama-3.1-8b", "--accelerators", "32-128", "--tokens", "300B")


def asked(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def test_json_has_what_was_promised_and_the_command_gives_the_same() -> None:
    found: dict[str, Any] = json.loads(asked(*SMALL, "--json").stdout)
    best = found["best"]
    assert found["goal"] == {
        "least": "time", "tokens": 3e11, "deadline_s": None, "budget_accelerator_s": None
    }  # fmt: skip
    assert len(found["plans"]) == 5
    assert found["command"].startswith("exatwin estimate llm --machine dgx-h100 --model llama-3.1-8b")
    words = shlex.split(found["command"])[3:]
    same = json.loads(CliRunner().invoke(estimate, [*words, "--json"]).stdout)
    assert same["iteration_s"] == pytest.approx(best["iteration_s"], rel=1e-9)
    assert same["campaign"]["time_to_tokens_s"] == pytest.approx(best["time_s"], rel=1e-9)
    assert same["campaign"]["energy_j"] == pytest.approx(best["energy_j"], rel=1e-9)


def test_people_read_the_best_plans_the_front_and_what_was_assumed() -> None:
    text = asked(*SMALL, "--deadline", "60d", "--top", "3").stdout
    head = text.splitlines()[0]
    assert head.startswith("Llama 3.1 8B on DGX H100 node")
    assert head.endswith("fewest accelerator-hours for 300 G tokens, within 60 d")
    table = text.split("accelerators  tp  pp")[1].split("\n\n")[0].splitlines()
    assert len(table) == 4
    for word in (
        "time against energy",
        "looked at",
        "exatwin estimate llm",
        "interval:",
        "energy:",
        "assumed:",
    ):
        assert word in text
    assert max(map(len, text.split("looked at")[0].splitlines())) <= 120


def test_the_best_plan_stays_on_the_front_that_people_read() -> None:
    """The front is thinned out, and by hours within a deadline the best is any of its plans."""
    words = ("--model", "llama-3.1-405b", "--tokens", "15T", "--seq", "8192", "--deadline", "180d")
    found = json.loads(asked(*words, "--json").stdout)
    best = found["best"]
    assert best["accelerators"] in {one["accelerators"] for one in found["front"]}
    front = asked(*words).stdout.split("time against energy")[1].split("\n\n")[0].splitlines()[2:]
    assert len(front) < len(found["front"])
    assert any(line.split()[0] == f"{best['accelerators']:,}" for line in front)


def test_a_size_will_do_for_a_model_and_experts_have_a_column() -> None:
    words = [
        "--machine",
        "gb300-nvl72",
        "--params",
        "30B",
        "--active",
        "3B",
        "--accelerators",
        "64",
        "--ep",
        "8",
    ]
    text = asked(*words).stdout
    assert "  ep " in text


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["--tokens", "-3"], SpecError, "--tokens -3: expected"),
        (["--tokens", "nan"], SpecError, "--tokens nan: expected"),
        (["--deadline", "30"], SpecError, "--deadline 30: '30' has no unit"),
        (["--deadline", "nan d"], SpecError, "--deadline nan d: "),
        (["--deadline", "0 d"], SpecError, "--deadline 0 d"),
        (["--budget", "lots"], SpecError, "--budget lots: expected accelerator-hours"),
        (["--budget", "0"], SpecError, "--budget 0: expected"),
        (["--top", "0"], SpecError, "--top 0"),
        (["--tp", "3"], SpecError, "expected a divisor of the 32 heads"),
        (["--tp", "8", "--pp", "8", "--cp", "8"], SpecError, "expected at most the 128 accelerators"),
        (["--dp", "11"], InfeasibleError, "no plan divides"),
        (["--precision", "fp7"], SpecError, "unknown precision"),
        (["--params", "8B"], SpecError, "exclude each other"),
        (["--max-global-batch", "x"], SpecError, "--max-global-batch x"),
        (["--deadline", "1h"], InfeasibleError, "the deadline is 1 h"),
        (["--model", "lama-3.1-8b"], ExatwinError, "did you mean"),
    ],
)
def test_bad_input_is_one_line(words: list[str], kind: type[Exception], message: str) -> None:
    found = asked(*SMALL, *words)
    assert isinstance(found.exception, kind), found.output
    assert message in str(found.exception)
    assert "\n" not in str(found.exception)


@pytest.mark.parametrize("text", ["2.5e4", "25,000 GPU-h", "25K accelerator-hours", "25K h", "25k gpu hours"])
def test_budgets_as_people_write_them(text: str) -> None:
    found = json.loads(asked(*SMALL, "--budget", text, "--json").stdout)
    assert found["goal"]["budget_accelerator_s"] == pytest.approx(2.5e4 * 3600.0)
