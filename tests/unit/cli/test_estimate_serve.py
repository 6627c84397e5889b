"""``exatwin estimate serve`` as people type it."""

from __future__ import annotations

import pytest

from console import exatwin

ASKED = [
    "estimate", "serve", "llama-3.1-70b", "--machine", "jupiter", "--rate", "10", "--input", "1024",
    "--output", "256",
]  # fmt: skip
TARGETS = ["--ttft-p99", "2s", "--tpot-p99", "50ms"]


def test_it_tells_what_was_asked_for() -> None:
    ran = exatwin(*ASKED, *TARGETS)
    assert ran.code == 0
    for word in ("first token", "per token", "tokens", "energy", "billed as", "p99", "chosen: tp = 4"):
        assert word in ran.out


def test_json_is_one_object_in_si() -> None:
    found = exatwin(*ASKED, *TARGETS, "--json").told
    assert found["app"] == "serve"
    for key in ("ttft_s", "tpot_s", "tokens_per_s", "energy_j_per_token", "percentiles", "layout"):
        assert key in found
    assert found["percentiles"]["tpot_s"]["p99"] <= 0.05


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["estimate", "serve"], 2, "expected one MODEL"),
        ([*ASKED, "--tpot-p99", "1ms"], 4, "no number of replicas"),
        ([*ASKED, "--tpot-p99", "50"], 2, "--tpot-p99 50: expected a time"),
        ([*ASKED, "--tp", "x"], 2, "--tp x: expected a whole number"),
        ([*ASKED, "--seed", "-3"], 2, "--seed -3"),
        (["estimate", "serve", "llama-3.1-8b", "--rate", "many"], 2, "--rate many: expected a number"),
        (["estimate", "serve", "llama-3.1-405b", "--nodes", "1"], 4, "does not fit"),
        (["estimate", "serve", "nollama"], 2, "unknown model 'nollama'"),
    ],
)
def test_faults_are_one_line(arguments: list[str], code: int, message: str) -> None:
    ran = exatwin(*arguments)
    assert ran.code == code
    assert message in ran.err
    assert len(ran.err.strip().splitlines()) == 1
