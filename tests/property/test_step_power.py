"""The power of a step never leaves its ends: low <= mean <= high."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.generic import sized
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_power import step_power
from exatwin.workload.apps.llm_setup import Layout, device_of
from exatwin.workload.apps.llm_training import estimate_on


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    tp, pp, dp = draw(st.sampled_from([1, 2, 8])), draw(st.sampled_from([1, 2, 8, 16])), 2
    return {
        "accelerators": tp * pp * dp, "tp": tp, "pp": pp, "seq": draw(st.sampled_from([32, 512, 4096])),
        "global_batch": dp * draw(st.integers(1, 64)), "zero": draw(st.sampled_from([0, 1, 3])),
        "recompute": draw(st.sampled_from(["none", "selective", "full"])),
        "precision": draw(st.sampled_from(["bf16", "fp8"])),
    }  # fmt: skip


@given(
    layouts(),
    st.sampled_from(["llama-3.1-8b", "llama-3.1-405b", "qwen3-30b-a3b"]),
    st.sampled_from(["dgx-h100", "gb300-nvl72"]),
)
@settings(max_examples=150, deadline=None)
def test_the_mean_power_of_a_step_lies_between_its_ends(asked: dict[str, Any], model: str, kind: str) -> None:
    machine = sized(kind, asked["accelerators"])
    found = estimate_on(device_of(machine), kind, load_model(model), Layout(**asked))
    power = step_power(found, machine)
    assert 0.0 < power.waiting_w <= power.low_w <= power.mean_w <= power.high_w
    assert power.swing_w >= 0.0
