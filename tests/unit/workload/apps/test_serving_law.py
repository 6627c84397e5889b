"""The law of a serving step at its physical limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.llm_device import device_of
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.serving_batch import in_flight
from exatwin.workload.apps.serving_load import Lengths, normal_score, share_above, spread_quantile
from exatwin.workload.apps.serving_memory import token_b, weights_b
from exatwin.workload.apps.serving_power import accelerator_w, shares_of
from exatwin.workload.apps.serving_service import Service, service_of, together
from exatwin.workload.apps.serving_setup import Replica, format_of
from exatwin.workload.apps.serving_steady import mean_parts, steady, step_quantile
from exatwin.workload.apps.serving_step import fullest, seen, touched
from exatwin.workload.apps.serving_terms import Step


def service(model: str = "llama-3.1-70b", machine: str = "dgx-h100", **replica: Any) -> Service:
    where = sized(machine, 8)
    return service_of(load_model(model), device_of(where), Replica(**replica), serving_calibration())


def test_weights_and_cache_are_those_of_the_shape() -> None:
    one = service(tp=1)
    assert weights_b(one.model, one.rates, one.split) == pytest.approx(141.1e9, rel=0.01)
    assert token_b(one.model, one.rates, one.split) == 80 * 2 * 8 * 128 * 2
    eight = service(tp=8)
    assert token_b(eight.model, eight.rates, eight.split) == 80 * 2 * 128 * 2
    sixteen = replace(eight, split=replace(eight.split, tp=16.0))  # more ranks than heads of keys: copies
    assert token_b(sixteen.model, sixteen.rates, sixteen.split) == 80 * 2 * 128 * 2


def test_a_latent_is_not_shared_out() -> None:
    one, eight = (service("deepseek-v3", "dgx-h200", tp=tp, precision="fp8") for tp in (1, 8))
    sizes = [token_b(each.model, each.rates, each.split) for each in (one, eight)]
    assert sizes[0] == sizes[1] == 61 * (512 + 64) * 2


def test_narrow_weights_are_smaller_by_their_bits() -> None:
    sizes = {name: float(service(tp=8, precision=name).weights_b) for name in ("bf16", "fp8", "int4")}
    assert 1.9 < sizes["bf16"] / sizes["fp8"] < 2.0
    assert 3.4 < sizes["bf16"] / sizes["int4"] < 3.8


def test_a_lonely_token_streams_all_weights() -> None:
    one = service(tp=8)
    step_s = float(one.time(Step(1.0, 1.0)))
    assert float(one.weights_b) / 3.35e12 < step_s < 3.0 * float(one.weights_b) / 3.35e12


def test_a_long_prompt_computes_below_the_peak() -> None:
    one = service(tp=8)
    tokens = 8192.0
    flop = 2.0 * 70.6e9 * tokens
    spent = float(one.time(Step(0.0, 1.0, tokens, 4096.0, 1.0)))
    assert 1.0 < spent / (flop / 8 / 989e12) < 4.0


def test_more_work_never_takes_less() -> None:
    one, batch = service(tp=4), np.array([1.0, 2.0, 8.0, 64.0, 512.0])
    assert np.all(np.diff(one.time(Step(batch, 500.0))) > 0.0)
    assert np.all(np.diff(one.time(Step(8.0, np.array([10.0, 100.0, 1e4])))) > 0.0)
    assert np.all(np.diff(one.time(Step(8.0, 10.0, np.array([0.0, 10.0, 1e3]), 10.0, 1.0))) > 0.0)
    assert np.all(np.diff(batch / one.time(Step(batch, 500.0))) > 0.0)


def test_ranks_share_the_work_and_pay_for_it() -> None:
    parts = [service(tp=tp).parts(Step(8.0, 500.0)) for tp in (1, 4)]
    assert parts[0]["products"] > 3.0 * parts[1]["products"]
    assert parts[0]["collectives"] == 0.0 < parts[1]["collectives"]


def test_groups_exchange_tokens_with_their_experts() -> None:
    grouped = service("deepseek-v3", "dgx-h200", tp=1, dp=8, ep=8, precision="fp8")
    whole = service("deepseek-v3", "dgx-h200", tp=8, ep=8, precision="fp8")
    step = Step(256.0, 1000.0)
    assert grouped.parts(step)["collectives"] > 0.0
    assert grouped.parts(step)["cache"] < whole.parts(step)["cache"] / 2.0
    assert grouped.parts(step)["products"] > whole.parts(step)["products"]


def test_many_tokens_touch_every_expert_and_one_few() -> None:
    assert touched(128.0, 8.0, 1.0) == pytest.approx(8.0)
    assert touched(128.0, 8.0, 1e5) == pytest.approx(128.0)
    assert touched(0.0, 0.0, 10.0) == pytest.approx(0.0, abs=1e-9)


def test_the_fullest_rank_has_more_than_the_mean_and_never_all_twice() -> None:
    assert fullest(64.0, 1.0, 1.0) == 1.0
    assert fullest(64.0, 0.0, 8.0) == 1.0  # every expert is touched: no rank has more than another
    assert 1.0 < fullest(1e4, 1.0, 8.0) < fullest(100.0, 1.0, 8.0) < 8.0
    assert fullest(0.0, 1.0, 8.0) == 8.0


def test_narrow_experts_multiply_more_slowly_than_wide_ones() -> None:
    one, wide = service("qwen3-235b-a22b", tp=8, precision="fp8"), Step(0.0, 1.0, 8192.0, 1.0, 1.0)
    narrow_s = float(one.parts(wide)["experts"])
    fused = replace(one, model=replace(one.model, expert=8.0 * one.model.expert, active=1.0, experts=16.0))
    assert float(fused.parts(wide)["experts"]) < 0.6 * narrow_s


def test_attention_left_in_16_bits_costs_bytes_and_products() -> None:
    narrow, wide = (service("llama-3.1-405b", tp=8, precision="fp8", wide_attention=w) for w in (False, True))
    for step in (Step(1.0, 1.0), Step(0.0, 1.0, 8192.0, 1.0, 1.0)):
        assert wide.parts(step)["products"] > 1.05 * narrow.parts(step)["products"]


def test_a_window_bounds_what_every_second_layer_sees() -> None:
    one = service("gpt-oss-20b")
    assert seen(one.model, 128.0) == 1.0
    assert seen(one.model, 128e6) == pytest.approx(0.5, abs=1e-3)


def test_prompts_stand_in_some_steps_only() -> None:
    one, lengths = service(tp=4), Lengths(1000.0, 500.0)
    few = steady(one.time, np.float64(5.0), lengths, 8192.0)
    assert few.mixed_frac == pytest.approx(0.01, rel=0.01)
    assert few.mixed_frac * few.mixed_tokens == pytest.approx(5.0 / 500.0 * 1000.0)
    assert few.plain_s < few.mean_s < few.mixed_s
    assert step_quantile(one.time, few, lengths, 0.5) == few.plain_s
    assert step_quantile(one.time, few, lengths, 0.999) > few.plain_s
    total = sum(mean_parts(one.parts, few, lengths).values())
    assert total == pytest.approx(few.mean_s)


def test_littles_law_holds() -> None:
    one, lengths = service(tp=4), Lengths(500.0, 200.0)
    batch = in_flight(one, 5.0, 500.0, lengths)
    step = steady(one.time, batch, lengths, one.limits.tokens_most)
    assert batch == pytest.approx(5.0 * 200.0 * step.mean_s, rel=1e-6)
    assert in_flight(one, 1e9, 500.0, lengths) == pytest.approx(500.0)


def test_many_at_once_are_each_alone() -> None:
    ways = [service(tp=tp) for tp in (1, 2, 8)]
    several = together(ways).time(Step(16.0, 700.0))
    assert several == pytest.approx([float(way.time(Step(16.0, 700.0))) for way in ways])


def test_watts_lie_between_rest_and_the_rated_power() -> None:
    one, lengths, machine = service(tp=4), Lengths(500.0, 300.0), sized("dgx-h100", 8)
    watts = [
        float(accelerator_w(machine, serving_calibration().power, shares_of(one, lengths, found))[0])
        for found in (steady(one.time, np.float64(b), lengths, 2048.0) for b in (1.0, 300.0))
    ]
    assert 150.0 < watts[0] < watts[1] <= 701.0


def test_quantiles_and_scores_agree() -> None:
    assert normal_score(0.5) == pytest.approx(0.0, abs=1e-9)
    assert share_above(normal_score(0.99)) == pytest.approx(0.01, abs=1e-5)
    assert spread_quantile(3.0, 0.0, 0.99) == 3.0
    assert spread_quantile(3.0, 0.5, 0.99) > 3.0


@pytest.mark.parametrize("word", ["fp7", "nothing"])
def test_an_unknown_format_is_refused(word: str) -> None:
    with pytest.raises(SpecError, match="--precision"):
        format_of(word)


def test_a_chip_without_a_format_says_what_it_has() -> None:
    with pytest.raises(SpecError, match=r"'a100-80' has no fp8: choose from: bf16, fp16"):
        service(machine="dgx-a100-80", precision="fp8")
