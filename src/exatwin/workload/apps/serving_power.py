"""How hard serving uses an accelerator: by what its steps multiply and move, and where their time goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.serving_calibration import ServingPower
from exatwin.foundation.arrays import Float64
from exatwin.workload.apps.app import Use
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_steady import Steady, mean_parts
from exatwin.workload.apps.serving_step import WIDE_B, cached_per_rank, seen, touched
from exatwin.workload.apps.serving_terms import Step
from exatwin.workload.job import Phases
from exatwin.workload.node_model import NodeModel, clocks, node_model, part_watts
from exatwin.workload.roofline import Value


@dataclass(frozen=True)
class Shares:
    """How the mean step uses an accelerator."""

    compute_frac: Value
    """FLOP/s over the rated peak in the format of the weights."""
    memory_frac: Value
    """Bytes each second over the rated bandwidth."""
    collectives_frac: Value
    """Time in collectives over the step."""
    waiting_frac: Value
    """Time in launches and in starts of collectives over the step, when nothing is multiplied or moved."""


def shares_of(service: Service, lengths: Lengths, found: Steady) -> Shares:
    """Return how the steps `found` use the accelerators of `service`."""
    parts = mean_parts(service.parts, found, lengths)
    step_s = sum(parts.values())
    flop, moved_b = _work(service, lengths, found)
    each = service.accelerators * step_s
    starts_s = service.parts(Step(0.0, 1.0))["collectives"]
    return Shares(
        compute_frac=flop / each / service.limits.peak_flop_s,
        memory_frac=moved_b / each / service.limits.memory_b_s,
        collectives_frac=parts["collectives"] / step_s,
        waiting_frac=(parts["launches"] + starts_s) / step_s,
    )


def _work(service: Service, lengths: Lengths, found: Steady) -> tuple[Value, Value]:
    """Return FLOP and bytes of the mean step of all micro-batches that are in the stages at a time."""
    model, rates, split = service.model, service.rates, service.split
    prompt = found.mixed_frac * found.mixed_tokens
    tokens = found.decoding + prompt
    dense = model.layers * model.attention + model.feed
    used = dense + model.sparse_layers * model.active * model.expert
    attended = found.decoding * lengths.context + prompt * lengths.behind
    flop = 2.0 * tokens * used + 4.0 * model.layers * model.query * attended
    flop = flop + 2.0 * model.table * found.decoding
    hit = touched(model.experts, model.active, tokens)
    layers_b = (dense * split.dp + model.sparse_layers * hit * model.expert) * rates.weight_b
    held = cached_per_rank(model, split) * split.tp * rates.cache_b * seen(model, lengths.context)
    cache_b = found.decoding * lengths.context * model.layers * held
    return split.pp * flop, split.pp * (layers_b + model.table * split.dp * WIDE_B + cache_b)


def uses(law: ServingPower, shares: Shares) -> tuple[Value, Value]:
    """Return the use of the accelerator and of its memory, each from 0 to 1.

    Notes
    -----
    ``u = u_busy + a f - b s``, with ``f`` the share of the peak rate and ``s`` the share of the time in which
    launches and starts of collectives are waited for. Watts follow by the node power law, its cap kept.
    """
    busy = law.busy + law.compute * shares.compute_frac - law.waiting * shares.waiting_frac
    return np.clip(busy, 0.0, 1.0), np.clip(shares.memory_frac, 0.0, 1.0)


def serving_use(law: ServingPower, shares: Shares) -> Use:
    """Return how hard the parts of a node work while it serves."""
    busy, memory = uses(law, shares)
    network = float(np.clip(shares.collectives_frac, 0.0, 1.0))
    return Use(
        processor_frac=law.processor_frac, accelerator_frac=float(busy), memory_frac=float(memory),
        network_frac=network,
    )  # fmt: skip


def accelerator_w(machine: Machine, law: ServingPower, shares: Shares) -> Float64:
    """Return the watts of one accelerator of `machine`, its memory included and nothing else [W]."""
    node = node_model(machine)
    busy, memory = (np.atleast_1d(part) for part in uses(law, shares))
    zero = np.zeros(len(busy))
    phases = Phases(
        share_frac=zero + 1.0, processor_frac=zero + law.processor_frac, accelerator_frac=busy,
        memory_frac=memory, network_frac=zero, storage_frac=zero,
    )  # fmt: skip
    parts = part_watts(phases, node, clocks(phases, node, np.ones(1))[:, 0])
    return np.asarray(parts[:, 0] / node.accelerators + _memory_w(node) * memory)


def _memory_w(node: NodeModel) -> float:
    return node.law.memory_dynamic_w * node.accelerator_scale


__all__ = ["Shares", "accelerator_w", "serving_use", "shares_of", "uses"]
