"""Plans of a service: fewest accelerators, what users wait for, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import exatwin
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.study.estimate import Estimate

LOAD: dict[str, Any] = {"model": "llama-3.1-70b", "rate": 10.0, "ttft_p99_s": 2.0, "tpot_p99_s": 0.05}


def serve(machine: str = "jupiter", **settings: Any) -> Estimate:
    return exatwin.estimate("serve", machine, **settings)


def test_a_plan_keeps_its_targets_on_few_accelerators() -> None:
    found = serve(**LOAD)
    told = found.extra["percentiles"]
    assert told["tpot_s"]["p99"] <= 0.05
    assert told["ttft_s"]["p99"] <= 2.0
    assert told["tpot_s"]["p50"] < told["tpot_s"]["p90"] < told["tpot_s"]["p99"]
    assert found.values["tokens_per_s"] == pytest.approx(2560.0, rel=1e-6)
    assert found.extra["accelerators"] == found.extra["replicas"] * 4
    assert found.values["most_requests_per_s"] > 10.0
    fewer = serve(**{**LOAD, "rate": 1.0})
    more = serve(**{**LOAD, "rate": 200.0})
    counts = [each.extra["accelerators"] for each in (fewer, found, more)]
    assert counts == sorted(counts)
    assert counts[2] > 10 * counts[0]


def test_strict_targets_need_more() -> None:
    loose, strict = (serve(**{**LOAD, "tpot_p99_s": wait}) for wait in (0.1, 0.025))
    assert strict.extra["accelerators"] > loose.extra["accelerators"]
    assert strict.values["energy_j_per_token"] > loose.values["energy_j_per_token"]


def test_energy_money_and_memory_agree() -> None:
    found = serve(**LOAD)
    values = found.values
    assert values["energy_j_per_token"] == pytest.approx(values["power_w"] / values["tokens_per_s"])
    assert values["accelerator_j_per_token"] < values["energy_j_per_token"]
    day = values["tokens_per_s"] * 86400.0 / 1e6
    assert values["cost_eur_per_million_tokens"] * day == pytest.approx(found.site.cost_eur, rel=1e-6)
    assert values["billed_per_million_tokens"] * day == pytest.approx(found.billed[0], rel=1e-6)
    assert values["weights_b_per_accelerator"] < values["memory_b_per_accelerator"] < values["memory_limit_b"]
    document = found.document()
    assert document["run"]["what"] == "a day of service"
    assert document["run"]["time_s"] == 86400.0
    for key in ("ttft_s", "tpot_s", "energy_j_per_token"):
        low, high = document["interval"][key]
        assert low <= document[key] <= high


def test_what_was_asked_gives_it_again() -> None:
    found = serve(**LOAD)
    again = serve(**found.asked)
    assert again.values["tpot_s"] == pytest.approx(found.values["tpot_s"])
    assert again.extra["replicas"] == found.extra["replicas"]


def test_nothing_asked_is_as_much_as_is_answered() -> None:
    one = serve("dgx-h100", model="llama-3.1-8b")
    two = serve("dgx-h100", model="llama-3.1-8b", accelerators=2)
    assert one.extra["accelerators"] == 1
    assert two.values["tokens_per_s"] > 1.8 * one.values["tokens_per_s"]
    small = serve("dgx-h100", model="llama-3.1-8b", max_batch=16)
    assert small.values["batch"] == pytest.approx(16.0)
    assert small.values["tpot_s"] < one.values["tpot_s"]


def test_without_a_target_few_wait_for_a_place() -> None:
    found = serve("dgx-h100", model="llama-3.1-8b", rate=100.0)
    assert found.extra["percentiles"]["ttft_s"]["p99"] < 3.0 * found.extra["percentiles"]["ttft_s"]["p50"]
    assert found.values["batch"] < found.values["most_batch"]


def test_engines_keep_caches_as_they_do() -> None:
    for engine, precision, cache in (
        ("vllm", "fp8", "bf16"),
        ("sglang", "fp8", "fp8"),
        ("trtllm", "bf16", "bf16"),
    ):
        found = serve("dgx-h100", model="llama-3.1-8b", rate=1.0, engine=engine, precision=precision)
        assert found.extra["layout"]["cache_precision"] == cache


def test_users_wait_longer_the_more_they_are() -> None:
    few, many = (serve("dgx-h100", model="llama-3.1-8b", users=count) for count in (4, 400))
    assert many.values["tpot_s"] > 2.0 * few.values["tpot_s"]
    assert many.values["tokens_per_s"] > 10.0 * few.values["tokens_per_s"]
    assert "ttft_s" not in few.extra["percentiles"]
    assert few.values["batch"] == 4.0


def test_prompts_may_have_their_own_accelerators() -> None:
    found = serve("dgx-h200", **{**LOAD, "rate": 20.0}, precision="fp8", disaggregate=True)
    pools = found.extra["pools"]
    assert set(pools) == {"prefill", "decode"}
    assert found.extra["accelerators"] == sum(pool["accelerators"] for pool in pools.values())
    assert 0.0 < found.values["kv_transfer_s"] < 1.0
    assert found.extra["percentiles"]["tpot_s"]["p99"] <= 0.05
    together = serve("dgx-h200", **{**LOAD, "rate": 20.0}, precision="fp8", tp=found_tp(pools))
    assert found.values["tpot_s"] < together.values["tpot_s"] + 0.05


def found_tp(pools: dict[str, Any]) -> int:
    return int(pools["decode"]["layout"]["tp"])


def test_a_simulation_says_percentiles() -> None:
    found = serve(**LOAD, simulate=True, requests=2000, seed=2)
    again = serve(**LOAD, simulate=True, requests=2000, seed=2)
    law = serve(**LOAD)
    assert found.values["tpot_s"] == again.values["tpot_s"]
    assert found.values["tpot_s"] == pytest.approx(law.values["tpot_s"], rel=0.1)
    assert found.extra["simulation"]["requests"] == 2000
    assert found.extra["percentiles"]["ttft_s"]["p99"] > found.extra["percentiles"]["ttft_s"]["p50"]


def test_lengths_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "lengths.csv"
    path.write_text("prompt,answer\n100,50\n300,150\n", "utf-8")
    found = serve("dgx-h100", model="llama-3.1-8b", rate=2.0, lengths=path)
    assert found.values["tokens_per_s"] == pytest.approx(200.0)
    assert found.values["input_tokens_per_s"] == pytest.approx(400.0)
    path.write_text("prompt,answer\n100;50\n", "utf-8")
    with pytest.raises(SpecError, match="line 2: found '100;50'"):
        serve("dgx-h100", model="llama-3.1-8b", rate=2.0, lengths=path)


@pytest.mark.parametrize(
    ("machine", "settings", "message"),
    [
        ("dgx-h100", {"model": "llama-3.1-405b", "tp": 4, "pp": 1}, r"does not fit .*--tp 16 would fit"),
        ("dgx-h100", {"model": "llama-3.1-405b", "accelerators": 8}, r"does not fit .*--precision fp8 would"),
        ("jupiter", {**LOAD, "tpot_p99_s": 0.004}, r"no number of replicas .*best TTFT p99 .*best TPOT p99"),
        ("jupiter", {**LOAD, "rate": 1e6}, r"[\d,]+ accelerators are needed .*'jupiter' has 23,536"),
        ("jupiter", {**LOAD, "rate": 100.0, "replicas": 1}, r"1 replica answers at most .*100 were asked"),
        (
            "dgx-h200",
            {**LOAD, "tpot_p99_s": 0.001, "disaggregate": True},
            r"one request at a time the best TPOT",
        ),
        ("dgx-h200", {**LOAD, "ttft_p99_s": 0.001, "disaggregate": True}, r"the best TTFT p99"),
    ],
)
def test_what_cannot_be_says_what_would_help(machine: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InfeasibleError, match=message):
        serve(machine, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "'model' is missing"),
        ({"model": "llama-3.1-8b", "rats": 3}, "did you mean 'rate'"),
        ({"model": "llama-3.1-8b", "rate": -1.0}, "'rate' is -1.0"),
        ({"model": "llama-3.1-8b", "rate": float("nan")}, "'rate' is nan"),
        ({"model": "llama-3.1-8b", "rate": 1.0, "users": 3}, "exclude each other"),
        ({"model": "llama-3.1-8b", "users": 3, "ttft_p99_s": 1.0}, "needs a rate"),
        ({"model": "llama-3.1-8b", "disaggregate": True}, "needs a rate"),
        ({"model": "llama-3.1-8b", "simulate": True}, "needs a rate"),
        ({"model": "llama-3.1-8b", "ep": 4}, "needs a model with experts"),
        ({"model": "llama-3.1-8b", "tp": 3}, "does not divide the 32 heads"),
        ({"model": "mixtral-8x7b", "ep": 3}, "does not divide the 8 experts"),
        ({"model": "llama-3.1-8b", "engine": "vlm"}, "did you mean 'vllm'"),
        ({"model": "llama-3.1-8b", "precision": "fp88"}, "did you mean 'fp8'"),
        ({"model": "llama-3.1-8b", "cache_precision": "int4"}, "--kv-precision int4"),
        ({"model": "llama-3.1-8b", "seed": -1}, "'seed' is -1"),
        ({"model": "llama-3.1-8b", "tp": 1.5}, "'tp' is 1.5"),
        ({"model": "llama-3.1-8b", "lengths": "absent.csv"}, "absent.csv: can't be read"),
    ],
)
def test_faulty_settings_are_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        serve(**settings)


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(CatalogueError, match=r"did you mean 'llama-3\.1-70b'"):
        serve(model="lama-3.1-70b")


def test_machines_without_accelerators_serve_nothing() -> None:
    with pytest.raises(SpecError, match="no accelerators"):
        serve("lumi-c", model="llama-3.1-8b")


@pytest.mark.parametrize("machine", ["frontier", "lumi-g", "aurora", "leonardo", "dgx-a100-80", "mi300x-8"])
def test_chips_that_no_fit_has_seen_get_wide_intervals(machine: str) -> None:
    found = serve(machine, model="llama-3.1-8b", rate=1.0)
    known = serve("dgx-h100", model="llama-3.1-8b", rate=1.0)
    widths = [each.interval["tpot_s"][1] / each.values["tpot_s"] for each in (found, known)]
    assert widths[0] >= widths[1]
    assert found.values["tpot_s"] > 0.0
