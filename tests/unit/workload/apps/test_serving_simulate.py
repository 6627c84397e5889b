"""The simulated batching beside the law of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.workload.apps.llm_device import device_of
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_plan import capacity, point_of, under_rate
from exatwin.workload.apps.serving_service import Service, service_of
from exatwin.workload.apps.serving_setup import Replica
from exatwin.workload.apps.serving_simulate import Requests, costs_of, requests_of, simulate

CASES: list[tuple[str, str, dict[str, Any], Lengths]] = [
    ("llama-3.1-70b", "dgx-h100", {"tp": 4}, Lengths(1024.0, 256.0)),
    ("llama-3.1-8b", "dgx-h100", {}, Lengths(500.0, 500.0, 0.5, 1.0)),
    (
        "deepseek-v3", "dgx-h200", {"dp": 8, "ep": 8, "precision": "fp8", "engine": "sglang"},
        Lengths(2000.0, 300.0, 1.0, 1.0),
    ),
    ("llama-3.1-70b", "dgx-h100", {"tp": 2, "pp": 2}, Lengths(1024.0, 256.0, 0.5, 0.5)),
]  # fmt: skip


def made(model: str, machine: str, replica: dict[str, Any]) -> Service:
    device = device_of(sized(machine, 8))
    return service_of(load_model(model), device, Replica(**replica), serving_calibration())


@pytest.mark.parametrize(("model", "machine", "replica", "lengths"), CASES)
@pytest.mark.parametrize("load", [0.4, 0.8])
def test_law_and_simulation_agree_below_saturation(
    model: str, machine: str, replica: dict[str, Any], lengths: Lengths, load: float
) -> None:
    service = made(model, machine, replica)
    most, stages = capacity(service, lengths), replica.get("pp", 1)
    rate = load * float(point_of(service, lengths, most / stages, most).rate)
    point = under_rate(service, lengths, np.float64(rate), most)
    requests = requests_of(lengths, rate / stages, 16_000, seed=3)
    found = simulate(requests, costs_of(service, lengths))
    asked = rate / stages * float(requests.answer.mean())
    assert found.tokens_per_s == pytest.approx(asked, rel=0.05)
    assert found.tokens_per_s == pytest.approx(float(point.rate) / stages * float(lengths.output), rel=0.05)
    assert float(found.tpot_s.mean()) == pytest.approx(float(point.latency.token_s), rel=0.10)


@pytest.mark.parametrize(("model", "machine", "replica", "lengths"), CASES)
def test_a_flooded_engine_gives_what_the_law_says(
    model: str, machine: str, replica: dict[str, Any], lengths: Lengths
) -> None:
    service = made(model, machine, replica)
    most, stages = capacity(service, lengths), replica.get("pp", 1)
    full = float(point_of(service, lengths, most / stages, most).rate) * float(lengths.output) / stages
    requests = requests_of(lengths, 1e6, 6000, seed=1)
    assert simulate(requests, costs_of(service, lengths)).tokens_per_s == pytest.approx(full, rel=0.08)


def test_a_full_cache_puts_requests_back() -> None:
    service = made("llama-3.1-70b", "dgx-h100", {"tp": 2})  # little room beside the weights
    lengths = Lengths(100.0, 2000.0)
    found = simulate(requests_of(lengths, 100.0, 300, seed=0), costs_of(service, lengths))
    assert found.preempted.sum() > 0
    assert np.all(found.last_s > found.first_s)


def test_prompts_computed_elsewhere_cost_nothing_here() -> None:
    service, lengths = made("llama-3.1-8b", "dgx-h100", {}), Lengths(4000.0, 50.0)
    requests, costs = requests_of(lengths, 8.0, 800, seed=0), costs_of(service, lengths)
    one, other = simulate(requests, costs), simulate(requests, costs, computed=True)
    assert other.tpot_s.mean() < 0.8 * one.tpot_s.mean()
    assert np.array_equal(other.first_s, requests.arrival_s)


def test_draws_have_their_means_and_repeat() -> None:
    lengths = Lengths(1000.0, 100.0, 1.0, 0.5)
    one, again = (requests_of(lengths, 4.0, 20_000, seed=5) for _ in range(2))
    assert np.array_equal(one.prompt, again.prompt)
    assert one.prompt.mean() == pytest.approx(1000.0, rel=0.03)
    assert one.answer.std() == pytest.approx(50.0, rel=0.05)
    assert one.arrival_s[-1] == pytest.approx(5000.0, rel=0.03)
    dealt = np.diff(requests_of(lengths, 4.0, 20_000, seed=5, dealt=8).arrival_s)
    assert dealt.std() < 0.5 * np.diff(one.arrival_s).std()
    sample = requests_of(lengths, 4.0, 500, seed=5, sample=((7, 3), (9, 4)))
    assert {*zip(sample.prompt.tolist(), sample.answer.tolist(), strict=True)} == {(7, 3), (9, 4)}


def test_a_lonely_request_takes_its_steps() -> None:
    service, lengths = made("llama-3.1-8b", "dgx-h100", {}), Lengths(100.0, 3.0)
    costs = costs_of(service, lengths)
    alone = Requests(np.array([1.0]), np.array([100]), np.array([3]))
    found = simulate(alone, costs)
    prompt_s = costs.tokens_s[100] + costs.sequences_s[1] + costs.attention_s * 0.5 * 100 * 99
    decode_s = sum(costs.tokens_s[1] + costs.sequences_s[1] + costs.cache_s * at for at in (100, 101))
    assert found.first_s[0] - 1.0 == pytest.approx(prompt_s)
    assert found.last_s[0] - found.first_s[0] == pytest.approx(decode_s)
