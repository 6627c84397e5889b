"""Counts beside the one that was asked: the fewest that hold a model, a rounder one, whole nodes."""

from __future__ import annotations

import re
from time import process_time
from typing import Any

import pytest

from exatwin.catalogue.generic import sized
from exatwin.foundation.errors import InfeasibleError
from exatwin.study.applications import llm
from exatwin.study.applications.llm import complete, estimate_llm
from exatwin.study.applications.llm_counts import _rounder
from exatwin.study.estimates import estimate
from exatwin.study.plan import plan_llm
from exatwin.workload.apps.llm_model import load_model


def refusal(model: str, machine: str, **asked: Any) -> str:
    with pytest.raises(InfeasibleError) as caught:
        complete(load_model(model), sized(machine, asked["accelerators"]), asked)
    return str(caught.value)


def test_the_fewest_accelerators_that_fit_are_named() -> None:
    said = refusal("llama-3.1-405b", "jupiter", accelerators=64)
    match = re.search(r"--accelerators (\d+) would fit, the fewest that do, in ", said)
    assert match is not None
    fewest = int(match[1])
    for count in range(68, fewest, 4):
        refusal("llama-3.1-405b", "jupiter", accelerators=count)
    layout, _ = complete(load_model("llama-3.1-405b"), sized("jupiter", fewest), {"accelerators": fewest})
    assert layout.accelerators == fewest <= 96


def test_part_of_a_node_may_be_enough() -> None:
    assert "--accelerators 2 would fit, the fewest" in refusal("llama-3.1-8b", "jupiter", accelerators=1)


def test_a_plan_says_the_same() -> None:
    with pytest.raises(InfeasibleError, match=r"--accelerators 80 would fit, the fewest that do") as caught:
        plan_llm("jupiter", "llama-3.1-405b", accelerators="64")
    assert plan_llm("jupiter", "llama-3.1-405b", accelerators="80").best[0].accelerators == 80
    assert "64 accelerators" in str(caught.value)


@pytest.mark.parametrize("asked", [{}, {"tp": 8}])
def test_what_fits_nowhere_advises_nothing_that_was_tried(asked: dict[str, int]) -> None:
    said = refusal("10T", "jedi", accelerators=96, **asked)
    assert "no plan fits on up to the 96 accelerators of 'jedi'" in said
    assert "larger" not in said
    assert ("keeps --tp: leave one of them open" in said) == bool(asked)


def divided(found: Any) -> list[str]:
    return [text for text in found.assumptions if "divide badly" in text]


def test_a_rounder_count_is_named_where_it_is_much_better() -> None:
    awkward = estimate_llm("gb300-nvl72", "100T-a1T", {"accelerators": 99936})
    round_ = estimate_llm("gb300-nvl72", "100T-a1T", {"accelerators": 98304})
    (said,) = divided(awkward)
    assert "on 98,304 a step takes 7.02 s" in said
    assert round_.values["iteration_s"] == pytest.approx(7.02, abs=0.005)
    gain = (round_.values["tokens_per_s"] / 98304) / (awkward.values["tokens_per_s"] / 99936) - 1.0
    assert f"{gain:.0%} more" in said
    assert not divided(round_)


def test_nothing_is_said_of_counts_that_do_as_well_or_of_a_layout_that_was_given() -> None:
    assert not divided(estimate_llm("gb300-nvl72", "100T-a1T", {"accelerators": 99840}))
    split = {"tp": 1, "pp": 9, "zero": 3}
    assert not divided(estimate_llm("gb300-nvl72", "100T-a1T", {"accelerators": 99936, **split}))


def test_a_rounder_count_is_at_most_two_percent_smaller() -> None:
    for count in (1, 7, 44, 999, 12345, 99936):
        found = _rounder(count, 4)
        assert 0.98 * count <= found <= count


def test_looking_at_a_rounder_count_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few milliseconds beside the search itself, ten times that on a slow machine."""

    def seconds() -> float:
        began = process_time()
        estimate_llm("gb300-nvl72", "100T-a1T", {"accelerators": 99936})
        return process_time() - began

    whole = min(seconds() for _ in range(3))
    monkeypatch.setattr(llm, "_remarks", lambda *_: ())
    assert whole - min(seconds() for _ in range(3)) < 0.15


def test_whole_nodes_are_billed() -> None:
    found = estimate("llm", "jupiter", model="llama-3.1-8b", accelerators=7)
    (said,) = [text for text in found.assumptions if "exclusive" in text]
    assert "2 nodes are billed, 7 of 8 accelerators work" in said
    whole = estimate("llm", "jupiter", model="llama-3.1-8b", accelerators=8)
    assert not [text for text in whole.assumptions if "exclusive" in text]
    one = estimate("llm", "jupiter", model="1B", accelerators=1)
    assert any("a whole node is billed, 1 of 4" in text for text in one.assumptions)
