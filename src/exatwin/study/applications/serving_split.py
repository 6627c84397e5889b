"""A service whose prompts have accelerators of their own: both pools planned, each by its own target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from exatwin.catalogue.generic import unit_of, with_room
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.units import show
from exatwin.study.applications.llm_counts import room
from exatwin.study.applications.serving import candidates, only, place
from exatwin.study.applications.serving_answer import (
    BOUNDARY,
    DAY_S,
    SHOWN,
    basis,
    costs,
    intervals,
    switches_w,
)
from exatwin.study.applications.serving_ask import Asked
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.app import Use
from exatwin.workload.apps.llm_device import device_of
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.serving_plan import Plan, Point, Targets, best_rates, column, fewest, under_rate
from exatwin.workload.apps.serving_pools import Prefill, decoding, most_prompts, prefill_of, transfer_s
from exatwin.workload.apps.serving_power import accelerator_w, serving_use, shares_of
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_setup import Replica
from exatwin.workload.apps.serving_steady import steady

_LOADS = np.linspace(0.02, 0.95, 94)  # shares of the most prompts that a replica is tried with


@dataclass(frozen=True)
class Pools:
    """Both pools under the load."""

    prompts: Plan
    """Replicas that compute prompts."""
    answers: Plan
    """Replicas that make answers."""
    prefill: Prefill
    """One of the first."""
    point: Point
    """One of the second."""
    first: Service
    """One replica of the first pool."""
    second: Service
    """One replica of the second pool."""
    transfer_s: float
    """Keys and values on their way [s]."""


def estimate_pools(machine: str, asked: Asked) -> Estimate:
    """Return what a service with two pools takes.

    Raises
    ------
    InfeasibleError
        The model does not fit, or nothing answers the load within the targets.
    """
    model, where = load_model(asked.model), place(machine, asked)
    ways, service = candidates(model, where, asked)
    prompts, prefill, at = _prompts(model, where, asked, ways, service)
    answers, point, second = _answers(model, where, asked, ways, service)
    count = prompts.accelerators + answers.accelerators
    if count > room(where):
        raise InfeasibleError(
            f"{asked.rate:g} requests/s of '{model.name}' need {count:,} {unit_of(where)} in two pools, "
            f"'{where.name}' has {room(where):,}"
        )
    first = only(service, at)
    found = Pools(
        prompts, answers, prefill, point, first, only(service, second),
        float(transfer_s(first, asked.lengths)),
    )  # fmt: skip
    return _answer(model, with_room(where, count), asked, found)


def _prompts(
    model: LanguageModel, where: Machine, asked: Asked, ways: list[Replica], service: Service
) -> tuple[Plan, Prefill, int]:
    """Return the fewest accelerators that compute the prompts within the target."""
    tall = column(service)
    most = np.asarray(most_prompts(tall, asked.lengths))
    tried = prefill_of(tall, asked.lengths, most * _LOADS)
    kept = np.ones(np.shape(tried.busy_frac), bool)
    for percent, wanted in asked.targets.first_s.items():
        kept &= tried.quantile_s(percent / 100.0) <= wanted
    best = np.max(np.where(kept, most * _LOADS, 0.0), axis=1)
    options = [
        (ceil(asked.rate / rate) * way.accelerators, at)
        for at, (way, rate) in enumerate(zip(ways, best, strict=True))
        if rate > 0.0
    ]
    if not options:
        percent = max(asked.targets.first_s, default=99)
        least = float(np.min(tried.quantile_s(percent / 100.0)))
        raise InfeasibleError(
            f"no number of replicas of '{model.name}' on '{where.name}' computes prompts within the target: "
            f"the best TTFT p{percent} is {show(least, 's', 3)}"
        )
    at = min(options)[1]
    plan = Plan(ways[at], ceil(asked.rate / float(best[at])))
    return plan, prefill_of(only(service, at), asked.lengths, np.float64(asked.rate / plan.replicas)), at


def _answers(
    model: LanguageModel, where: Machine, asked: Asked, ways: list[Replica], service: Service
) -> tuple[Plan, Point, int]:
    """Return the fewest accelerators that make the answers within the target."""
    lengths = decoding(asked.lengths)
    best = best_rates(column(service), lengths, Targets({}, asked.targets.token_s))
    found = fewest(ways, best, asked.rate, None)
    if found is None:
        percent = max(asked.targets.token_s, default=99)
        least = float(np.min(best.token_s))
        raise InfeasibleError(
            f"no number of replicas of '{model.name}' on '{where.name}' answers within the target: with one "
            f"request at a time the best TPOT p{percent} is {show(least, 's', 3)}"
        )
    plan, at = found
    rate = np.float64(asked.rate / plan.replicas)
    return plan, under_rate(only(service, at), lengths, rate, np.float64(best.most[at])), at


def _answer(model: LanguageModel, machine: Machine, asked: Asked, found: Pools) -> Estimate:
    calibration, lengths = serving_calibration(), asked.lengths
    nodes = ceil((found.prompts.accelerators + found.answers.accelerators) / machine.node_devices)
    tokens = asked.rate * float(lengths.output)
    use, chip_w = _use(machine, asked, found)
    transfer, latency = found.transfer_s, found.point.latency
    token_s = float(found.point.steady.mean_s) + transfer / max(float(lengths.output) - 1.0, 1.0)
    first_s = float(found.prefill.mean_s())
    values: dict[str, float | int] = {
        "ttft_s": first_s,
        "tpot_s": token_s,
        "e2e_s": first_s + token_s * max(float(lengths.output) - 1.0, 0.0),
        "kv_transfer_s": transfer,
        "requests_per_s": asked.rate,
        "tokens_per_s": tokens,
        "input_tokens_per_s": asked.rate * float(lengths.input),
        "replicas": found.prompts.replicas + found.answers.replicas,
        "accelerator_j_per_token": chip_w / tokens,
        "time_s": DAY_S,
    }
    values |= costs(machine, nodes, use, tokens)
    told: dict[str, dict[str, float]] = {"ttft_s": {}, "tpot_s": {}}
    for percent in SHOWN:
        told["ttft_s"][f"p{percent}"] = float(found.prefill.quantile_s(np.float64(percent / 100.0)))
        told["tpot_s"][f"p{percent}"] = float(latency.token_quantile_s(percent / 100.0))
    pools = {
        name: {
            "replicas": plan.replicas,
            "accelerators": plan.accelerators,
            "layout": plan.replica.model_dump(),
        }
        for name, plan in (("prefill", found.prompts), ("decode", found.answers))
    }
    extra: dict[str, Any] = {
        "model": model.name, "accelerators": found.prompts.accelerators + found.answers.accelerators,
        "replicas": values["replicas"], "pools": pools, "percentiles": told,
        "run": {"what": "a day of service", "time_s": DAY_S, "whole": True},
    }  # fmt: skip
    return Estimate(
        app="serve", machine=machine, nodes=nodes, values=values,
        interval=intervals(machine, values, calibration, given_rate=True),
        interval_basis=basis(calibration, machine),
        assumptions=(
            "prompts and answers have accelerators of their own; keys and values cross the network once, all "
            "ranks of a replica at a time",
            "no service with two pools was measured: the law of one pool is taken for each",
            *device_of(machine).assumed,
        ),
        boundary=BOUNDARY, extra=extra, switches_j=switches_w(machine, nodes) * DAY_S,
        asked=dict(asked.settings),
    )  # fmt: skip


def _use(machine: Machine, asked: Asked, found: Pools) -> tuple[Use, float]:
    """Return the mean use of the nodes of both pools, and the watts of all accelerators."""
    law, lengths = serving_calibration().power, asked.lengths
    whole = replace(lengths, output=1.0)  # the batch of a prefill pool is one prompt
    busy = steady(found.first.time, np.float64(1.0), whole, found.first.limits.tokens_most)
    shares = [
        shares_of(found.first, whole, busy),
        shares_of(found.second, decoding(lengths), found.point.steady),
    ]
    weights = [found.prompts.accelerators, found.answers.accelerators]
    watts = [float(accelerator_w(machine, law, one)[0]) for one in shares]
    parts = max(machine.node_devices / max(machine.node.accelerators, 1), 1.0)
    uses = [serving_use(law, one) for one in shares]
    mean = {
        key: sum(w * getattr(use, key) for w, use in zip(weights, uses, strict=True)) / sum(weights)
        for key in Use.model_fields
    }
    return Use(**mean), sum(w * one for w, one in zip(weights, watts, strict=True)) / parts


__all__ = ["Pools", "estimate_pools"]
