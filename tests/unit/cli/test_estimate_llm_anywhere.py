"""``exatwin estimate llm`` with every flag on every machine, models by size, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exatwin.catalogue.load import entry, machine, names
from exatwin.catalogue.parts import NodeKind
from exatwin.cli._estimate_llm import command
from exatwin.foundation.errors import ExatwinError, InfeasibleError, SpecError

_FLAGS = [
    "--accelerators", "64", "--tp", "2", "--pp", "2", "--vpp", "2", "--cp", "2", "--ep", "1", "--zero", "1",
    "--sequence-parallel", "--recompute", "selective", "--micro-batch", "1", "--global-batch", "64", "--seq",
    "4096", "--precision", "BF16",
]  # fmt: skip


def asked(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def document(*words: str) -> dict[str, Any]:
    found = asked(*words, "--json")
    assert found.exit_code == 0, found.exception
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def accelerated() -> list[str]:
    kinds = [name for name in names("nodes") if entry(NodeKind, "nodes", name).accelerators]
    return [name for name in names("machines") if machine(name).accelerators] + kinds


@pytest.mark.parametrize("name", accelerated())
def test_a_complete_layout_is_answered_everywhere(name: str) -> None:
    found = document("--machine", name, "--model", "llama-3.1-8b", *_FLAGS)
    assert found["accelerators"] == 64
    assert found["layout"]["precision"] == "bf16"
    assert found["fits"] is True
    assert found["power_w"] > 64 * 100.0
    low, high = found["interval"]["iteration_s"]
    assert low < found["iteration_s"] < high


def test_nodes_follow_from_what_a_program_sees() -> None:
    words = ["--model", "llama-3.1-8b", *_FLAGS]
    assert document("--machine", "frontier", *words)["nodes"] == 8
    assert document("--machine", "aurora", *words)["nodes"] == 6
    assert document("--machine", "mi300x-8", *words)["nodes"] == 8
    told = document("--machine", "frontier", *words)["assumptions"]
    assert any("one GCD" in text for text in told)
    assert any("never calibrated" in text for text in told)


def test_degrees_are_chosen_for_the_replicas_that_were_asked() -> None:
    found = document("--model", "llama-3.1-70b", "--accelerators", "256", "--dp", "8")
    layout = found["layout"]
    assert layout["dp"] == 8
    assert layout["tp"] * layout["pp"] * layout["cp"] == 32


def test_a_size_stands_in_the_place_of_a_model() -> None:
    found = document("--params", "32B", "--accelerators", "64")
    assert found["model"] == "32B decoder"
    found = document("--machine", "dgx-h100", "--params", "235B", "--active", "22B", "--accelerators", "256")
    assert found["model"] == "235B decoder, 22B active"
    assert found["layout"]["ep"] > 1
    words = ["--machine", "gb300-nvl72", "--params", "300T", "--active", "3T", "--accelerators", "1000000"]
    assert document(*words)["tokens_per_s"] > 1e6


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["--accelerators", "64"], SpecError, "expected a MODEL"),
        (["--params", "8B", "--model", "8B", "--accelerators", "64"], SpecError, "exclude each other"),
        (["--model", "8B", "--active", "1B", "--accelerators", "64"], SpecError, "--active needs --params"),
        (["--params", "8X", "--accelerators", "64"], SpecError, "such as 32B"),
        (["--params", "0", "--accelerators", "64"], SpecError, "10M to 10,000T"),
        (["--model", "8B", "--accelerators", "64", "--tp", "6"], SpecError, "nearest: 4 or 8"),
        (["--model", "8B", "--accelerators", "96", "--tp", "3"], SpecError, "nearest: 2 or 4"),
        (["--model", "8B", "--accelerators", "64", "--pp", "64"], SpecError, "only 32 layers"),
        (["--model", "8B", "--accelerators", "64", "--ep", "2"], SpecError, "has no experts"),
        (["--model", "mixtral-8x7b", "--accelerators", "64", "--ep", "16"], SpecError, "nearest: 8"),
        (
            ["--model", "8B", "--accelerators", "64", "--vpp", "2", "--pp", "1"],
            SpecError,
            "'pp' of at least 2",
        ),
        (["--model", "8B", "--accelerators", "64", "--seq", "nan"], SpecError, "--seq nan"),
        (["--model", "8B", "--accelerators", "1e400"], SpecError, "--accelerators 1e400"),
        (["--model", "8B", "--accelerators", "-64"], SpecError, "--accelerators -64"),
        (["--model", "8B", "--accelerators", "64", "--micro-batch", "1000000"], InfeasibleError, "would fit"),
        (["--model", "8B", "--machine", "lumi-c", "--accelerators", "64"], SpecError, "no accelerators"),
        (["--model", "8B", "--machine", "dgx-h101", "--accelerators", "64"], ExatwinError, "'dgx-h100'"),
        (
            ["--model", "8B", "--machine", "dgx-h100", "--accelerators", "1000000000"],
            SpecError,
            "at most 8,000,000",
        ),
    ],
)
def test_what_cannot_be_is_one_line_with_what_can(
    words: list[str], kind: type[Exception], message: str
) -> None:
    found = asked(*words)
    assert isinstance(found.exception, kind), found.output or found.exception
    assert message in str(found.exception)
    assert "\n" not in str(found.exception)
