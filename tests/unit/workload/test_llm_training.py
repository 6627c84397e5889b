"""The law of a training step: what must hold whatever the constants are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import entry, machine, names
from exatwin.catalogue.parts import NodeKind
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_setup import Layout, device_of, precision_of
from exatwin.workload.apps.llm_training import TrainingEstimate, estimate_llm_training, estimate_on


def step(name: str = "llama-3.1-70b", on: str = "dgx-h100", **layout: Any) -> TrainingEstimate:
    asked = {"accelerators": 64, "tp": 4, "pp": 4, "vpp": 5, "global_batch": 256, "seq": 8192} | layout
    where = sized(on, int(asked["accelerators"]))
    return estimate_llm_training(where, load_model(name), Layout(**asked), must_fit=False)


def test_the_parts_add_up_to_the_step_and_to_the_memory() -> None:
    found = step()
    assert sum(found.breakdown_s.values()) == pytest.approx(found.iteration_s)
    assert sum(found.memory_b.values()) == pytest.approx(found.memory_b_per_accelerator)
    assert min(found.breakdown_s.values()) >= 0.0
    assert found.interval_s[0] < found.iteration_s < found.interval_s[1]


def test_rates_agree_with_each_other() -> None:
    found = step()
    flop = load_model("llama-3.1-70b").flop_per_token(8192)
    assert found.model_flop_s_per_accelerator * 64 == pytest.approx(flop * found.tokens_per_s)
    assert found.tokens_per_s * found.iteration_s == pytest.approx(256 * 8192)
    assert 0.2 < found.mfu_frac < 0.7


def test_a_pipeline_bubble_shrinks_with_interleaving_and_vanishes_without_stages() -> None:
    assert step(vpp=5).breakdown_s["pipeline_bubble"] < step(vpp=1).breakdown_s["pipeline_bubble"]
    assert step(pp=1, vpp=1).breakdown_s["pipeline_bubble"] == 0.0


def test_full_recomputation_costs_time_and_saves_memory() -> None:
    without, full = step(), step(recompute="full")
    assert full.iteration_s > 1.15 * without.iteration_s
    assert full.memory_b["activations"] < 0.2 * without.memory_b["activations"]
    assert 1.25 < full.hfu_frac / full.mfu_frac < 4.0 / 3.0  # the logits are not made again


def test_selective_recomputation_repeats_attention_only() -> None:
    partly = step(recompute="selective")
    model = load_model("llama-3.1-70b")
    attention = 4.0 * 80 * 8192 * (8192 + 1) / 2.0
    assert partly.hfu_frac / partly.mfu_frac - 1.0 == pytest.approx(attention / model.flop_per_token(8192))
    assert step().hfu_frac == step().mfu_frac


def test_sharding_moves_states_from_memory_to_the_network() -> None:
    whole, shared = step(pp=1, vpp=1, tp=1, zero=1), step(pp=1, vpp=1, tp=1, zero=3)
    for part in ("weights", "gradients"):
        assert shared.memory_b[part] < whole.memory_b[part]


def test_tensor_ranks_across_nodes_cost_more_than_within_one() -> None:
    inside = step(tp=8, pp=1, vpp=1).breakdown_s["tensor"]
    across = step(tp=16, pp=1, vpp=1).breakdown_s["tensor"]
    assert across > 1.5 * inside


def test_narrow_formats_are_faster_but_not_twice() -> None:
    wide, narrow = step(precision="bf16"), step(precision="fp8")
    assert 1.2 < wide.iteration_s / narrow.iteration_s < 2.0


def test_experts_exchange_tokens_and_dense_models_do_not() -> None:
    found = step("qwen3-30b-a3b", accelerators=16, tp=1, pp=1, vpp=1, ep=8, global_batch=1024, seq=4096)
    assert found.breakdown_s["expert"] > 0.0
    assert step().breakdown_s["expert"] == 0.0
    assert found.error.rows < step().error.rows
    assert found.interval_s[1] / found.interval_s[0] > step().interval_s[1] / step().interval_s[0]


def test_what_does_not_fit_says_by_how_much_and_what_would() -> None:
    layout = Layout(accelerators=8, tp=8, global_batch=8, seq=8192)
    with pytest.raises(InfeasibleError, match=r"GB more than there is; most are .*: ") as caught:
        estimate_llm_training(sized("dgx-h100", 8), load_model("llama-3.1-405b"), layout)
    assert "\n" not in str(caught.value)


def named_change(message: str) -> dict[str, Any]:
    flags = re.findall(r"--([a-z-]+) (\S+)", message.split(" would fit")[0])
    return {name.replace("-", "_"): int(word) if word.isdigit() else word for name, word in flags}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("openeurollm-32b", {"accelerators": 1024, "tp": 4, "pp": 4, "micro_batch": 8, "global_batch": 4096}),
        ("llama-3.1-70b", {"accelerators": 64, "tp": 4, "global_batch": 128, "zero": 0}),
        ("llama-3.1-405b", {"accelerators": 256, "tp": 2, "pp": 2, "global_batch": 256, "recompute": "full"}),
        ("llama-3.1-405b", {"accelerators": 8, "tp": 4, "global_batch": 8}),
    ],
)  # fmt: skip
def test_the_change_that_is_named_does_make_it_fit(name: str, asked: dict[str, Any]) -> None:
    layout = Layout(seq=4096, **asked)
    with pytest.raises(InfeasibleError, match=r" would fit, in ") as caught:
        estimate_llm_training(machine("jupiter"), load_model(name), layout)
    change = named_change(str(caught.value))
    assert change
    layout = Layout(**{**layout.model_dump(), **change})
    assert estimate_llm_training(machine("jupiter"), load_model(name), layout).fits


def test_no_more_accelerators_are_named_than_it_takes() -> None:
    """Steps of a quarter between powers of two, in whole nodes of eight."""
    layout = Layout(accelerators=64, tp=8, pp=8, global_batch=64, seq=4096, zero=1, recompute="full")
    with pytest.raises(InfeasibleError, match=r"--accelerators 96 would fit") as caught:
        estimate_llm_training(machine("jupiter"), load_model("llama-3.1-405b"), layout)
    fewer = layout.model_copy(update={"pp": 10, "accelerators": 80})
    found = estimate_llm_training(machine("jupiter"), load_model("llama-3.1-405b"), fewer, must_fit=False)
    assert not found.fits
    assert "--accelerators 128" not in str(caught.value)


def test_a_kind_of_node_has_as_many_nodes_as_it_takes() -> None:
    layout = Layout(accelerators=8, tp=8, global_batch=8, seq=4096)
    model, asked = load_model("llama-3.1-405b"), sized("dgx-h100", 8)
    with pytest.raises(InfeasibleError, match=r"--accelerators \d+ .*would fit, in ") as caught:
        estimate_llm_training(asked, model, layout)
    layout = Layout(**{**layout.model_dump(), **named_change(str(caught.value))})
    assert estimate_llm_training(sized("dgx-h100", layout.accelerators), model, layout).fits


def test_fp16_says_why_its_stack_was_taken() -> None:
    def said(**asked: Any) -> str:
        layout = Layout(accelerators=8, tp=8, global_batch=8, seq=4096, **asked)
        found = estimate_llm_training(sized("dgx-h100", 8), load_model("llama-3.1-8b"), layout)
        return next(text for text in found.assumptions if text.startswith("training stack"))

    assert "without fused attention" in said(precision="fp16")
    assert "fused" not in said()
    assert "fused" not in said(precision="fp16", stack="megatron")


def test_a_run_larger_than_any_measured_is_extrapolated() -> None:
    most = llm_calibration().most_accelerators
    for count, extrapolated in ((most, False), (2 * most, True)):
        layout = Layout(accelerators=count, tp=8, global_batch=count, seq=4096)
        found = estimate_on(device_of(sized("dgx-h100", count)), "", load_model("llama-3.1-70b"), layout)
        assert any(f"more than {most:,} acc" in text for text in found.assumptions) == extrapolated


def test_a_pipeline_takes_the_batch_of_a_replica_one_by_one() -> None:
    """One micro-batch of the whole batch would leave the pipeline idle: some stacks mean the batch by it."""
    whole, single = (
        step(micro_batch=64, global_batch=256, vpp=1),
        step(micro_batch=1, global_batch=256, vpp=1),
    )
    assert whole.iteration_s == pytest.approx(single.iteration_s)
    assert any("one by one" in text for text in whole.assumptions)
    assert step(micro_batch=2, vpp=1).layout.micro_batch_held == 2


def test_a_run_fits_exactly_where_the_limit_is() -> None:
    model = load_model("llama-3.1-8b")
    for seq in range(4096, 131072, 4096):
        layout = Layout(accelerators=8, global_batch=8, seq=seq)
        found = step("llama-3.1-8b", **layout.model_dump())
        assert found.fits == (found.memory_b_per_accelerator <= found.memory_limit_b)
        if not found.fits:
            with pytest.raises(InfeasibleError, match="more than there is"):
                estimate_llm_training(sized("dgx-h100", 8), model, layout)
            return
        assert estimate_llm_training(sized("dgx-h100", 8), model, layout) == found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tp": 3}, "does not divide"),
        ({"ep": 3}, "divisor of the 16 ranks of a stage, nearest: 2 or 4"),
        ({"precision": "bf15"}, "did you mean 'bf16'"),
        ({"tp": 0}, "tp"),
        ({"accelerators": -8}, "accelerators"),
        ({"seq": 0}, "seq"),
    ],
)
def test_layouts_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    asked = {"accelerators": 64, "tp": 4, "pp": 4, "global_batch": 256, "seq": 8192} | change
    with pytest.raises(SpecError, match=words):
        Layout.parse(asked, "layout")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tp": 32, "pp": 1, "vpp": 1}, None),
        (
            {"accelerators": 192, "tp": 3, "pp": 1, "vpp": 1, "global_batch": 64},
            "divisor of the 64 heads.*nearest: 2 or 4",
        ),
        ({"ep": 4}, "expected 1: 'Llama 3.1 70B' has no experts"),
        ({"vpp": 40}, "only 80 layers"),
        ({"pp": 1, "vpp": 2}, "without stages"),
        ({"precision": "nvfp4"}, "has no nvfp4"),
        ({"stack": "megatrn"}, "did you mean 'megatron'"),
    ],
)
def test_layouts_that_do_not_suit_the_model_are_refused(change: dict[str, Any], words: str | None) -> None:
    if words is None:
        assert step(**change).iteration_s > 0.0
        return
    with pytest.raises(SpecError, match=words):
        step(**change)


def test_machines_without_accelerators_are_refused() -> None:
    layout = Layout(accelerators=8, global_batch=8, seq=2048)
    with pytest.raises(SpecError, match="has no accelerators"):
        estimate_llm_training(machine("lumi-c"), load_model("llama-2-7b"), layout)
    for wrong, hint in {"llama": "llama-", "llama7c": "llama-2-7b", "gpt-175": "gpt-"}.items():
        with pytest.raises(CatalogueError, match=f"did you mean '{hint}.*'") as caught:
            load_model(wrong)
        assert str(caught.value).split("'")[-2] in names("models")
    with pytest.raises(CatalogueError, match="unknown model"):
        load_model("lama-2-7b")


def accelerated() -> list[str]:
    kinds = [name for name in names("nodes") if entry(NodeKind, "nodes", name).accelerators]
    return [name for name in names("machines") if machine(name).accelerators] + kinds


@pytest.mark.parametrize("name", accelerated())
def test_every_accelerated_machine_and_node_answers(name: str) -> None:
    found = step("llama-3.1-8b", name, tp=2, pp=1, vpp=1, global_batch=64, seq=4096)
    assert 0.1 < found.mfu_frac < 0.75
    assert found.fits
    assert found.interval_s[0] < found.iteration_s < found.interval_s[1]


def test_chips_that_no_fit_has_seen_say_so_and_are_less_certain() -> None:
    known = step("llama-3.1-8b", "dgx-h100", pp=1, vpp=1)
    for name in ("frontier", "aurora", "mi300x-8", "el-capitan"):
        found = step("llama-3.1-8b", name, pp=1, vpp=1)
        assert any("never calibrated for" in text for text in found.assumptions)
        assert found.interval_s[1] / found.interval_s[0] > 1.15 * known.interval_s[1] / known.interval_s[0]
    assert not any("never calibrated" in text for text in known.assumptions)


def test_an_accelerator_is_what_a_rank_holds() -> None:
    """The two dies of an MI250X are two GPUs to a program: eight of them share a node."""
    frontier, aurora = device_of(machine("frontier")), device_of(machine("aurora"))
    assert (frontier.domain, aurora.domain) == (8.0, 12.0)
    assert frontier.peak["bf16"] == pytest.approx(191.5e12)
    assert frontier.nic_b_s == pytest.approx(12.5e9)
    assert sized("ex235a-mi250x", 64).nodes == 8
    text = " ".join(step("llama-3.1-8b", "frontier", pp=1, vpp=1).assumptions)
    assert "an accelerator is one GCD" in text
    with pytest.raises(SpecError, match="78,848 GCDs"):
        sized("frontier", 80_000)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("BF16 bfloat16 amp_bf16 bf16-mixed", "bf16"),
        ("fp16 FP16 float16", "fp16"),
        ("fp8 FP8 FP8-CS FP8-DS amp_fp8 float8 e4m3-no", "fp8"),
        ("fp8-rowwise FP8_rowwise", "fp8-rowwise"),
        ("mxfp8 MXFP8 FP8-MX", "mxfp8"),
        ("nvfp4 NVFP4 fp4 FP4", "nvfp4"),
    ],
)
def test_usual_words_for_precisions_are_understood(words: str, meaning: str) -> None:
    for word in words.split():
        if word.endswith("-no"):
            with pytest.raises(SpecError, match="unknown precision"):
                precision_of(word)
        else:
            assert precision_of(word) == meaning
            assert Layout(accelerators=8, global_batch=8, seq=2048, precision=word).precision == meaning
    assert precision_of("fp8 hybrid delayed, fp32 grad acc, z-loss") == "fp8"
    assert precision_of("fp8 tensorwise") == "fp8"


@pytest.mark.parametrize(
    ("name", "precision", "words"),
    [
        ("dgx-a100-80", "fp8", "has no fp8 .*choose from: fp16, bf16$"),
        ("juwels-booster", "FP8-CS", "has no fp8 "),
        ("dgx-h100", "fp4", "has no nvfp4"),
        ("jupiter", "mxfp8", "has no mxfp8"),
        ("frontier", "fp8", "has no fp8"),
    ],
)
def test_formats_that_a_chip_lacks_are_refused(name: str, precision: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        step("llama-3.1-8b", name, pp=1, vpp=1, precision=precision)


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({"global_batch": 100, "pp": 1, "vpp": 1}, "no multiple of the 16 replicas"),
        ({"global_batch": 8, "pp": 1, "vpp": 1}, "only 8 of the 16 replicas"),
        ({"vpp": 3}, "80 layers do not divide by 12 chunks"),
        ({"global_batch": 4, "micro_batch": 4}, "micro-batches of 1: a replica has no more"),
        ({"tp": 16, "pp": 1, "vpp": 1}, "quiet network"),
        ({"cp": 4, "pp": 1, "vpp": 1, "sequence_parallel": False}, "quiet network"),
        ({"tp": 1, "sequence_parallel": True, "zero": 2}, "quiet network"),
    ],
)
def test_runs_that_were_possible_are_answered_and_say_what_is_assumed(
    layout: dict[str, Any], words: str
) -> None:
    found = step(**layout)
    assert np.isfinite(found.iteration_s)
    assert re.search(words, " ".join(found.assumptions))


def test_hundreds_of_trillions_of_weights_on_a_million_accelerators() -> None:
    asked = {"accelerators": 1_000_000, "tp": 64, "pp": 125, "ep": 8, "global_batch": 4096, "zero": 1}
    found = step("300T-a3T", "gb300-nvl72", vpp=1, recompute="full", **asked)
    assert np.isfinite(found.iteration_s)
    assert any("extrapolated" in text for text in found.assumptions)


def test_time_falls_with_more_power_and_a_faster_network() -> None:
    from exatwin.workload.apps.llm_training import estimate_on

    device = device_of(sized("dgx-h100", 64))
    model = load_model("llama-3.1-70b")
    layout = Layout(accelerators=64, tp=4, pp=4, vpp=5, global_batch=256, seq=8192)
    base = estimate_on(device, "", model, layout).iteration_s
    assert estimate_on(replace(device, power_w=500.0), "", model, layout).iteration_s > base
    assert estimate_on(replace(device, nic_b_s=5e9), "", model, layout).iteration_s > base
    assert np.isfinite(base)
