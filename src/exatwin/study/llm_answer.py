"""What an estimate of training says: one step with its watts, energy, money and carbon."""

from __future__ import annotations

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.llm_training import TrainingEstimate
from exatwin.workload.draw import draw, mean_w
from exatwin.workload.job import Phases, Profiles

BOUNDARY = (
    "one step: nodes at the input of their racks, network adapters included; storage, cooling and the "
    "building are outside"
)


def step_profile(found: TrainingEstimate) -> Profiles:
    """Return one step as phases of computing and of waiting for traffic, for the node power law."""
    busy = (found.breakdown_s["compute"] + found.breakdown_s["optimiser"]) / found.iteration_s
    phases = Phases(
        share_frac=np.array([busy, 1.0 - busy]),
        processor_frac=np.array([0.1, 0.1]),
        accelerator_frac=np.array([1.0, 0.5]),
        memory_frac=np.array([0.5, 0.3]),
        network_frac=np.array([0.3, 0.8]),
        storage_frac=np.zeros(2),
    )
    return Profiles(("llm-training",), np.array([0, 2], np.int64), phases, np.array([busy]))


def node_power_w(found: TrainingEstimate, machine: Machine) -> float:
    """Return the mean watts of a node during the step."""
    profile = step_profile(found)
    return float(mean_w(profile, draw(profile, machine))[0])


def answer(found: TrainingEstimate, machine: Machine, chosen: list[str]) -> Estimate:
    """Return the estimate of one step as people and programs read it."""
    layout, error = found.layout, found.error
    nodes = -(-layout.accelerators // machine.node.accelerators)
    power_w = nodes * node_power_w(found, machine)
    words = (f"chosen: {', '.join(chosen)}",) if chosen else ()
    return Estimate(
        app="llm",
        machine=machine,
        nodes=nodes,
        values={
            "iteration_s": found.iteration_s,
            "time_s": found.iteration_s,
            "tokens_per_s": found.tokens_per_s,
            "model_flop_s_per_accelerator": found.model_flop_s_per_accelerator,
            "mfu_frac": found.mfu_frac,
            "hfu_frac": found.hfu_frac,
            "memory_b_per_accelerator": found.memory_b_per_accelerator,
            "power_w": power_w,
            "energy_j": power_w * found.iteration_s,
        },
        interval={"iteration_s": found.interval_s, "time_s": found.interval_s},
        interval_basis=(
            f"10th to 90th percentile of measured over predicted on {error.rows} runs, each paper left out "
            "of the fit"
        ),
        assumptions=(
            *words,
            *found.assumptions,
            "power by the node power law: accelerators fully busy while they compute, half while they wait",
        ),
        boundary=BOUNDARY,
        extra={
            "model": found.model,
            "breakdown_s": found.breakdown_s,
            "memory_b": found.memory_b,
            "layout": layout.model_dump() | {"dp": layout.dp, "stack": found.stack},
        },
    )
