"""What an estimate of training says: a step and its campaign, with watts, money and carbon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from math import ceil
from typing import Any

from exatwin.account.annual import settle_by_means
from exatwin.catalogue.generic import unit_of
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError
from exatwin.study.applications.llm_campaign import Campaign, Interruptions, interruptions
from exatwin.study.estimate import Estimate, product_range
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_power import StepPower, llm_power, node_power_w, step_power
from exatwin.workload.apps.llm_setup import Layout
from exatwin.workload.apps.llm_training import TrainingEstimate
from exatwin.workload.node_model import fixed_w, power_law

BOUNDARY = (
    "one step: nodes at the input of their racks, network adapters included; storage, cooling and the "
    "building are outside, switches count in the energy at the site"
)
Range = tuple[float, float]


def answer(
    found: TrainingEstimate,
    model: LanguageModel,
    machine: Machine,
    chosen: list[str],
    campaign: Campaign | None = None,
    remarks: tuple[str, ...] = (),
) -> Estimate:
    """Return one step of training, and the campaign it belongs to, as people and programs read it.

    Parameters
    ----------
    found
        The step.
    model
        What is trained.
    machine
        Where.
    chosen
        Settings that nobody gave, in words.
    campaign
        What is asked about failures, checkpoints and tokens.
    remarks
        What else a reader should know.

    Raises
    ------
    InfeasibleError
        The campaign makes no headway.
    """
    layout, error, asked = found.layout, found.error, campaign or Campaign()
    nodes = ceil(layout.accelerators / machine.node_devices)
    power, switches_w = step_power(found, machine), _switches_w(machine, nodes)
    power_w, step_s = nodes * power.mean_w, found.iteration_s
    law = llm_power()
    watts = power_w * law.low, power_w * law.high
    holders = layout.accelerators if layout.zero else layout.accelerators / layout.dp
    stops = interruptions(layout.accelerators, model.params()[0], machine, asked, holders=holders)
    energy = product_range((found.interval_s[0], step_s, found.interval_s[1]), (watts[0], power_w, watts[1]))
    interval: dict[str, Range] = {
        "iteration_s": found.interval_s,
        "time_s": found.interval_s,
        "power_w": watts,
        "energy_j": energy,
        "goodput_frac": (stops.low_frac, stops.high_frac),
    }
    extra: dict[str, Any] = {
        "model": found.model,
        "accelerators": layout.accelerators,
        "fits": found.fits,
        "breakdown_s": found.breakdown_s,
        "memory_b": found.memory_b,
        "layout": layout.model_dump() | {"dp": layout.dp, "stack": found.stack},
        "node_phase_w": power.phase_w,
        "time_frac": _shares(stops),
    }
    values = _values(found, power, nodes, stops)
    if asked.tokens is not None:
        told = _campaign(found, machine, nodes, power, switches_w, stops, asked.tokens)
        values["time_to_tokens_s"] = told["time_to_tokens_s"]
        interval["time_to_tokens_s"] = told["interval"]["time_to_tokens_s"]
        extra["campaign"] = told
    words = (f"chosen: {', '.join(chosen)}",) if chosen else ()
    return Estimate(
        app="llm",
        machine=machine,
        nodes=nodes,
        values=values,
        interval=interval,
        interval_basis=(
            f"time: 10th to 90th percentile of measured over predicted on {error.rows} runs, "
            f"{found.error_basis}; power: {law.low - 1:+.0%} to {law.high - 1:+.0%}, set by hand, as one "
            "cluster of one kind is measured; goodput: from the worse to the better of what is known"
        ),
        assumptions=(
            *words,
            *remarks,
            *_whole_nodes(layout.accelerators, nodes, machine),
            *found.assumptions,
            "power by the node power law, phase by phase; fans of air-cooled nodes are not in it",
            *stops.assumptions,
        ),
        boundary=BOUNDARY,
        asked=_asked(model, layout, asked),
        extra=extra,
        switches_j=switches_w * step_s,
    )


def _asked(model: LanguageModel, layout: Layout, about: Campaign) -> dict[str, Any]:
    """Return the settings that give the answer again."""
    campaign = {key: value for key, value in asdict(about).items() if value is not None}
    return {"model": model.name, **layout.model_dump(exclude={"stack"}), **campaign}


def _whole_nodes(accelerators: int, nodes: int, machine: Machine) -> Iterator[str]:
    """Yield that nodes belong to one job, where it leaves accelerators of them idle."""
    held = nodes * machine.node_devices
    if held > accelerators:
        noun = "node is" if nodes == 1 else f"{nodes:,} nodes are"
        yield (
            f"nodes are exclusive: {'a whole ' if nodes == 1 else ''}{noun} billed, {accelerators:,} of "
            f"{held:,} {unit_of(machine)} work; power is that of nodes whose accelerators all do"
        )


def _switches_w(machine: Machine, nodes: int) -> float:
    """Return the share of the network's switches that the job has [W]."""
    return fixed_w(machine, power_law(machine)) * nodes / machine.nodes


def _values(
    found: TrainingEstimate, power: StepPower, nodes: int, stops: Interruptions
) -> dict[str, float | int]:
    swing_w = nodes * power.swing_w
    values: dict[str, float | int] = {
        "iteration_s": found.iteration_s,
        "time_s": found.iteration_s,
        "tokens_per_s": found.tokens_per_s,
        "model_flop_s_per_accelerator": found.model_flop_s_per_accelerator,
        "mfu_frac": found.mfu_frac,
        "hfu_frac": found.hfu_frac,
        "memory_b_per_accelerator": found.memory_b_per_accelerator,
        "power_w": nodes * power.mean_w,
        "energy_j": nodes * power.mean_w * found.iteration_s,
        "power_high_w": nodes * power.high_w,
        "power_low_w": nodes * power.low_w,
        "power_swing_w": swing_w,
        "power_ramp_w_s": swing_w / llm_power().ramp_s,
        "checkpoint_b": stops.checkpoint_b,
        "checkpoint_s": stops.stops.checkpoint_s,
        "checkpoint_write_s": stops.stops.write_s,
        "mttf_s": stops.stops.mttf_s,
        "goodput_frac": stops.goodput_frac,
    }
    if stops.middle is not None:
        values["checkpoint_interval_s"] = stops.middle.interval_s
    return values


def _shares(stops: Interruptions) -> dict[str, float]:
    """Return where the time of a long run goes; nothing where it makes no headway."""
    at = stops.middle
    if at is None:
        return {}
    return {
        "steps": at.goodput_frac,
        "checkpoints": at.checkpoint_frac,
        "rework": at.rework_frac,
        "restarts": at.restart_frac,
        "starts": at.start_frac,
        "other": at.other_frac,
    }


def _campaign(
    found: TrainingEstimate, machine: Machine, nodes: int, power: StepPower, switches_w: float,
    stops: Interruptions, tokens: float,
) -> dict[str, Any]:  # fmt: skip
    """Return what a token budget takes; nodes draw the watts of steps, or while stopped those of waiting."""
    at, step_s = stops.middle, found.iteration_s
    if at is None:
        raise InfeasibleError(stops.why_not)
    steps = ceil(tokens / (found.layout.global_batch * found.layout.seq))
    time_s = steps * step_s / at.goodput_frac
    idle = at.checkpoint_frac + at.restart_frac + at.start_frac
    node_w = (1.0 - idle) * power.mean_w + idle * power.waiting_w
    nodes_j = nodes * node_w * time_s
    bill = settle_by_means(nodes_j + switches_w * time_s, machine.file.site)
    low, high = stops.low_frac or at.goodput_frac / 10.0, stops.high_frac
    ratio = product_range(
        (found.interval_s[0] / step_s, 1.0, found.interval_s[1] / step_s),
        (at.goodput_frac / high, 1.0, at.goodput_frac / low),
    )
    law, billing = llm_power(), machine.file.billing
    wide = product_range((ratio[0], 1.0, ratio[1]), (law.low, 1.0, law.high))
    spent = {
        "energy_j": nodes_j,
        "site_energy_j": bill.energy_j,
        "cost_eur": bill.cost_eur,
        "carbon_kgco2e": bill.carbon_kgco2e,
    }
    return {
        "tokens": tokens,
        "steps": steps,
        "time_to_tokens_s": time_s,
        "accelerator_s": time_s * found.layout.accelerators,
        "failures": time_s / stops.stops.mttf_s,
        **spent,
        "billed": {"amount": billing.per_node_hour * nodes * time_s / 3600.0, "unit": billing.unit},
        "interval": {
            "time_to_tokens_s": (time_s * ratio[0], time_s * ratio[1]),
            **{key: (value * wide[0], value * wide[1]) for key, value in spent.items()},
        },
    }


__all__ = ["BOUNDARY", "answer", "node_power_w"]
