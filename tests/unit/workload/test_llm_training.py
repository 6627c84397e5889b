"""The law of a training step: what must hold whatever the constants are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.load import machine, names
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_setup import Layout
from exatwin.workload.apps.llm_training import TrainingEstimate, estimate_llm_training


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


@pytest.mark.parametrize("name", names("models"))
def test_every_model_loads_and_its_name_tells_its_size(name: str) -> None:
    total, active = load_model(name).params()
    assert active <= total
    stated = [
        part[:-1] for part in name.split("-") if part.endswith("b") and part[:-1].replace(".", "").isdigit()
    ]
    if stated:
        assert total / 1e9 == pytest.approx(float(stated[0]), rel=0.22)


def test_flop_of_a_dense_model_are_six_a_weight_and_attention() -> None:
    model = load_model("gpt-3-175b")
    attention = 12 * 96 * 12288 * 2049 / 2
    assert model.flop_per_token(2048) == pytest.approx(6 * model.params()[0] + attention)


def test_a_pipeline_bubble_shrinks_with_interleaving_and_vanishes_without_stages() -> None:
    assert step(vpp=5).breakdown_s["pipeline_bubble"] < step(vpp=1).breakdown_s["pipeline_bubble"]
    assert step(pp=1, vpp=1).breakdown_s["pipeline_bubble"] == 0.0


def test_full_recomputation_costs_time_and_saves_memory() -> None:
    without, full = step(), step(recompute="full")
    assert full.iteration_s > 1.15 * without.iteration_s
    assert full.memory_b["activations"] < 0.2 * without.memory_b["activations"]
    assert full.hfu_frac > full.mfu_frac


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


def test_the_change_that_is_named_does_make_it_fit() -> None:
    layout = Layout(accelerators=1024, tp=4, pp=4, vpp=2, micro_batch=4, global_batch=4096, seq=4096)
    with pytest.raises(InfeasibleError, match="'micro_batch' = 2 would fit"):
        estimate_llm_training(machine("jupiter"), load_model("openeurollm-32b"), layout)
    layout = layout.model_copy(update={"micro_batch": 2})
    assert estimate_llm_training(machine("jupiter"), load_model("openeurollm-32b"), layout).fits


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tp": 3}, "does not divide"),
        ({"global_batch": 7}, "multiple of the 4 replicas"),
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
        ({"accelerators": 192, "tp": 3, "pp": 1, "vpp": 1, "global_batch": 64}, "divisor of the 64 heads"),
        ({"ep": 4}, "divisor of the 0 experts"),
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


def test_machines_without_accelerators_or_never_calibrated_are_refused() -> None:
    layout = Layout(accelerators=8, global_batch=8, seq=2048)
    for name, words in (("frontier", "never calibrated"), ("leonardo", "not known")):
        with pytest.raises(SpecError, match=words):
            estimate_llm_training(machine(name), load_model("llama-2-7b"), layout)
    with pytest.raises(CatalogueError, match="unknown model"):
        load_model("lama-2-7b")


def test_model_files_say_what_is_wrong_with_them() -> None:
    good = load_model("mixtral-8x7b").model_dump()
    for change, words in (
        ({"kv_heads": 5}, "multiple of 'kv_heads'"),
        ({"experts_per_token": 9}, "experts_per_token"),
        ({"hidden": 4095}, "multiple of 'heads'"),
        ({"expert_ffn": 0}, "needs"),
    ):
        with pytest.raises(SpecError, match=words):
            LanguageModel.parse(good | change, "model.toml")


def test_time_falls_with_more_power_and_a_faster_network() -> None:
    from exatwin.workload.apps.llm_setup import device_of
    from exatwin.workload.apps.llm_training import estimate_on

    device = device_of(sized("dgx-h100", 64))
    model = load_model("llama-3.1-70b")
    layout = Layout(accelerators=64, tp=4, pp=4, vpp=5, global_batch=256, seq=8192)
    base = estimate_on(device, "", model, layout).iteration_s
    assert estimate_on(replace(device, power_w=500.0), "", model, layout).iteration_s > base
    assert estimate_on(replace(device, nic_b_s=5e9), "", model, layout).iteration_s > base
    assert np.isfinite(base)
