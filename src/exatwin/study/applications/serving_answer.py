"""What an estimate of serving says: latency, throughput, accelerators, watts, money and carbon of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from exatwin.account.annual import settle_by_means
from exatwin.catalogue.generic import unit_of
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.serving_calibration import ServingCalibration, serving_calibration
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.app import AppRun, Phase, Use, as_profiles
from exatwin.workload.apps.llm_device import device_of
from exatwin.workload.apps.serving_memory import token_b
from exatwin.workload.apps.serving_power import accelerator_w, serving_use, shares_of
from exatwin.workload.apps.serving_steady import mean_parts
from exatwin.workload.draw import draw
from exatwin.workload.node_model import fixed_w, power_law

if TYPE_CHECKING:
    from exatwin.study.applications.serving import Served

DAY_S = 86400.0
SHOWN = (50, 90, 99)
"""Percentiles that are told."""
BOUNDARY = (
    "a day of service: nodes at the input of their racks, network adapters included; storage, cooling and "
    "the building are outside, switches count in the energy at the site"
)
Percentiles = dict[str, dict[str, float]]


def answer(served: Served) -> Estimate:
    """Return a planned service as people and programs read it."""
    calibration = serving_calibration()
    simulated = _simulated(served)
    told = percentiles(served) | simulated.get("percentiles", {})
    values, nodes_use = _values(served, calibration)
    values |= simulated.get("values", {})
    nodes = ceil(served.plan.accelerators / served.machine.node_devices)
    values |= costs(served.machine, nodes, nodes_use, float(values["tokens_per_s"]))
    extra: dict[str, Any] = {
        "model": served.model.name,
        "accelerators": served.plan.accelerators,
        "replicas": served.plan.replicas,
        "layout": served.plan.replica.model_dump(),
        "percentiles": told,
        "step_parts_s": {key: float(value) for key, value in _parts(served).items()},
        "run": {"what": "a day of service", "time_s": DAY_S, "whole": True},
    }
    if "extra" in simulated:
        extra["simulation"] = simulated["extra"]
    asked = {**served.asked.settings, "accelerators": served.plan.accelerators}
    for key in ("replicas", "nodes", "simulate"):
        asked.pop(key, None)
    if served.asked.users:
        asked = dict(served.asked.settings)
    return Estimate(
        app="serve", machine=served.machine, nodes=nodes, values=values,
        interval=intervals(served.machine, values, calibration, given_rate=bool(served.asked.rate)),
        interval_basis=basis(calibration, served.machine),
        assumptions=tuple(_assumptions(served, calibration, nodes)),
        boundary=BOUNDARY, extra=extra, switches_j=switches_w(served.machine, nodes) * DAY_S, asked=asked,
    )  # fmt: skip


def percentiles(served: Served) -> Percentiles:
    """Return the percentiles of what users wait for; with a fixed number of them, of tokens alone."""
    latency, lengths = served.point.latency, served.asked.lengths
    found: Percentiles = {"tpot_s": {}, "ttft_s": {}, "e2e_s": {}}
    for percent in SHOWN:
        share, key = percent / 100.0, f"p{percent}"
        found["tpot_s"][key] = float(latency.token_quantile_s(share))
        if not served.asked.users:
            found["ttft_s"][key] = float(latency.first_quantile_s(share))
            found["e2e_s"][key] = float(latency.whole_quantile_s(share, lengths))
    return {name: values for name, values in found.items() if values}


def _simulated(served: Served) -> dict[str, Any]:
    if not served.asked.simulate:
        return {}
    from exatwin.study.applications.serving_simulated import simulated

    return simulated(served)


def _parts(served: Served) -> Mapping[str, Any]:
    return mean_parts(served.service.parts, served.point.steady, served.asked.lengths)


def _values(served: Served, calibration: ServingCalibration) -> tuple[dict[str, float | int], Use]:
    point, lengths, plan = served.point, served.asked.lengths, served.plan
    requests = float(point.rate) * plan.replicas
    shares = shares_of(served.service, lengths, point.steady)
    chip_w = float(accelerator_w(served.machine, calibration.power, shares)[0])
    chip_w /= max(served.machine.node_devices / max(served.machine.node.accelerators, 1), 1.0)
    tokens = requests * float(lengths.output)
    held = float(point.steady.decoding) * plan.replica.pp
    cache = held * float(lengths.context)
    room = float(served.service.cache_tokens(lengths.context))
    one = served.service
    weights = float(one.weights_b)
    each_b = float(token_b(one.model, one.rates, one.split, lengths.context)) / plan.replica.dp
    first, token = served.first_s, float(point.steady.mean_s)
    values: dict[str, float | int] = {
        "ttft_s": first,
        "tpot_s": token,
        "e2e_s": first + token * max(float(lengths.output) - 1.0, 0.0),
        "requests_per_s": requests,
        "tokens_per_s": tokens,
        "input_tokens_per_s": requests * float(lengths.input),
        "most_requests_per_s": served.most_rate * plan.replicas,
        "replicas": plan.replicas,
        "accelerators_per_replica": plan.replica.accelerators,
        "batch": held,
        "most_batch": float(point.most),
        "cache_frac": cache / room,
        "memory_b_per_accelerator": weights + cache * each_b,
        "weights_b_per_accelerator": weights,
        "memory_limit_b": float(one.limits.room_b),
        "accelerator_j_per_token": chip_w * plan.accelerators / tokens,
        "time_s": DAY_S,
    }
    return values, serving_use(calibration.power, shares)


def costs(machine: Machine, nodes: int, use: Use, tokens_per_s: float) -> dict[str, float | int]:
    """Return power, energy and what a million output tokens cost at the site of `machine`."""
    run = AppRun((Phase("serve", 1.0, use),), 0.5)
    power_w = nodes * float(draw(as_profiles([("serve", run)]), machine).nominal_w[0])
    million_s = 1e6 / tokens_per_s
    bill = settle_by_means((power_w + switches_w(machine, nodes)) * million_s, machine.file.site)
    billed = machine.file.billing.per_node_hour * nodes * million_s / 3600.0
    return {
        "power_w": power_w,
        "energy_j": power_w * DAY_S,
        "energy_j_per_token": power_w / tokens_per_s,
        "cost_eur_per_million_tokens": bill.cost_eur,
        "carbon_kgco2e_per_million_tokens": bill.carbon_kgco2e,
        "billed_per_million_tokens": billed,
        "node_h_per_million_tokens": nodes * million_s / 3600.0,
    }


def switches_w(machine: Machine, nodes: int) -> float:
    """Return the share of the network's switches that the service has [W]."""
    return fixed_w(machine, power_law(machine)) * nodes / machine.nodes


def intervals(
    machine: Machine, values: Mapping[str, float | int], calibration: ServingCalibration, *, given_rate: bool
) -> dict[str, tuple[float, float]]:
    """Return 80 % intervals from the errors of rows that fits had not seen."""
    energy = ("energy_j_per_token", "energy_j", "power_w", "accelerator_j_per_token")
    keys = {"ttft_s": "ttft", "tpot_s": "tpot", **dict.fromkeys(energy, "energy")}
    keys |= dict.fromkeys(("cost_eur_per_million_tokens", "carbon_kgco2e_per_million_tokens"), "energy")
    keys |= {"most_requests_per_s": "throughput"}
    if not given_rate:
        keys |= dict.fromkeys(("tokens_per_s", "requests_per_s"), "throughput")
    wider = 1.0 if device_of(machine).family in calibration.families else 2.0
    found = {}
    for key, kind in keys.items():
        if key in values:
            error = calibration.errors[kind]
            value = float(values[key])
            found[key] = value * min(error.low, 1.0) ** wider, value * max(error.high, 1.0) ** wider
    return found


def basis(calibration: ServingCalibration, machine: Machine) -> str:
    """Return what the intervals rest on, in words."""
    rows = {kind: calibration.errors[kind].rows for kind in ("tpot", "ttft", "throughput", "energy")}
    known = device_of(machine).family in calibration.families
    said = (
        f"10th to 90th percentile of measured over predicted, each paper left out ({rows['tpot']} times "
        f"per token, {rows['ttft']} times to first token, {rows['throughput']} rates), energy each model "
        f"left out ({rows['energy']} rows)"
    )
    return said if known else f"{said}; twice as wide, as no chip of this family was measured"


def _assumptions(served: Served, calibration: ServingCalibration, nodes: int) -> Iterator[str]:
    asked, way = served.asked, served.plan.replica
    if served.chosen:
        yield f"chosen: {', '.join(served.chosen)}"
    lengths = asked.lengths
    yield (
        f"prompts of {lengths.input:,.0f} and answers of {lengths.output:,.0f} tokens in the mean, spread "
        f"{lengths.input_cv:.0%} and {lengths.output_cv:.0%}"
    )
    engine, chunk = calibration.engines[way.engine], float(served.service.limits.tokens_most)
    yield (
        f"{engine.title}, continuous batching, prompts in chunks of up to {chunk:,.0f} tokens a step, "
        f"{engine.memory_frac:.0%} of memory for weights and cache; no prefix is found in a cache"
    )
    yield f"weights in {way.precision}, keys and values in {way.cache_precision}"
    if asked.users:
        yield "users ask again as soon as they are answered; time to first token holds their common start"
    elif not asked.rate:
        yield "as many requests as are answered within the targets; a new one comes as one ends"
    else:
        yield "requests come at random (Poisson) and are dealt to the replicas in turn"
    if (lengths.input_cv or lengths.output_cv) and not asked.simulate:
        yield "high percentiles of spread lengths come out a third or more too low by the law: see --simulate"
    held = nodes * served.machine.node_devices
    if held > served.plan.accelerators:
        yield (
            f"nodes are exclusive: {served.plan.accelerators:,} of {held:,} {unit_of(served.machine)} serve, "
            "all are billed and count as busy"
        )
    yield from device_of(served.machine).assumed
    if device_of(served.machine).family not in calibration.families:
        yield f"never calibrated for {device_of(served.machine).family} chips: mean rates of others"


__all__ = ["BOUNDARY", "DAY_S", "answer", "basis", "costs", "intervals", "percentiles", "switches_w"]
