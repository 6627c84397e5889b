"""The time of one training step of a decoder by part, in closed form.

References
----------
D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM", SC21,
arXiv:2104.04473 (tensor and pipeline parallelism, interleaving). V. Korthikanti et al., "Reducing Activation
Recomputation in Large Transformer Models", arXiv:2205.05198. S. Rajbhandari et al., "ZeRO", arXiv:1910.02054.
T. Dao et al., "FlashAttention", arXiv:2205.14135. H. Liu et al., "Ring Attention", arXiv:2310.01889.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.workload import collectives as net
from exatwin.workload.apps.llm_terms import Chip, Law, Plan, Shape
from exatwin.workload.collectives import Fabric
from exatwin.workload.roofline import Value, passes_s, product_s

BF16_B = 2.0
PARTS = (
    "compute", "tensor", "context", "expert", "pipeline_bubble", "pipeline_send", "data", "optimiser",
    "overhead",
)  # fmt: skip


def step_parts(shape: Shape, chip: Chip, plan: Plan, fabric: Fabric, law: Law) -> dict[str, Value]:
    """Return the seconds of one training step by part (`PARTS`); they add up to its time.

    Notes
    -----
    A stage works through its layers for each micro-batch; the slowest stage sets the pace, the pipeline fills
    and drains once, ``(p - 1) / v`` chunks long: forward, backward and weight gradients, ``f + b + w`` each,
    or ``f + b - w`` where the latter fill gaps (ZB-H1, P. Qi et al., arXiv:2401.10241). The last stage also
    makes the logits. Traffic counts as far as nothing hides it. All of it waits for the slowest rank, which
    grows with the spread over link domains.
    """
    work = work_of(shape, chip, plan, fabric, law)
    body, logits, traffic, wait = work.body, work.logits, work.traffic, work.wait
    mean = (body + logits) / plan.pp
    slowest = _slowest(shape, plan, body, logits)
    filled = 2.0 * plan.zero_bubble * work.weight / plan.pp
    data, optimiser = _states(shape, chip, plan, fabric, law, mean)
    busy = plan.micro_batches * slowest
    scale = busy / body * wait
    parts = {name: scale * value for name, value in traffic.items()}
    return {
        "compute": busy * wait - parts["tensor"] - parts["context"] - parts["expert"],
        **parts,
        "pipeline_bubble": (plan.pp - 1.0) / plan.vpp * (mean - filled) * wait,
        "pipeline_send": _sends(plan, law, work.hop),
        "data": data,
        "optimiser": optimiser,
        "overhead": law.step_s + 0.0 * busy,
    }


@dataclass(frozen=True)
class Work:
    """What one micro-batch costs, all layers together [s]."""

    body: Value
    """Layers in both directions, their traffic included."""
    weight: Value
    """Of them the gradients of the weights."""
    logits: Value
    """Output layer and loss, both directions."""
    traffic: dict[str, Value]
    """Visible traffic of the layers by part."""
    hop: Value
    """From the end of a pass until the next stage has its result."""
    wait: Value
    """Factor by which the slowest rank is waited for."""


def work_of(shape: Shape, chip: Chip, plan: Plan, fabric: Fabric, law: Law) -> Work:
    """Return what one micro-batch costs; the parts of a step and of its schedule follow from it."""
    tokens = plan.seq * plan.micro_batch / plan.cp
    compute, core, weight = _compute(shape, chip, plan, law, tokens)
    traffic = {
        "tensor": _tensor(shape, plan, fabric, law, tokens),
        "context": _context(shape, plan, fabric, law, tokens, core),
        "expert": _exchange(shape, plan, fabric, law, tokens),
    }
    spread = net.split(plan.tp * plan.pp * plan.cp * plan.dp, 1.0, fabric.domain)[1]
    size_b = tokens * shape.hidden * BF16_B / plan.tp
    return Work(
        body=compute + traffic["tensor"] + traffic["context"] + traffic["expert"],
        weight=weight,
        logits=_logits(shape, chip, plan, law, tokens),
        traffic=traffic,
        hop=net.send_s(size_b, plan.tp * plan.cp * plan.dp, fabric),
        wait=1.0 + np.where(chip.shared_cap > 0, law.straggle_shared, law.straggle) * np.log2(spread),
    )


def _half(law: Law) -> tuple[Value, Value, Value]:
    return law.half_rows, law.half_columns, law.half_depth


def _compute(
    shape: Shape, chip: Chip, plan: Plan, law: Law, tokens: Value
) -> tuple[Value, tuple[Value, Value], Value]:
    """Return seconds of all layers for one micro-batch, of attention in one layer by direction, and of the
    weight gradients of all layers.

    Each product runs three times: forward, for the gradient of its input and for that of its weights.
    Queries, keys, values and the output count as two products of half their width.
    """
    half, sparse = _half(law), shape.layers - shape.dense_layers
    full, partly = plan.recompute_full, np.maximum(plan.recompute_selective, plan.recompute_full)
    columns = shape.attention_params / (2.0 * shape.hidden) / plan.tp
    attend = 2.0 * product_s(tokens, columns, shape.hidden, chip.layer_flop_s, half)
    dense = shape.matrices * product_s(tokens, shape.ffn / plan.tp, shape.hidden, chip.layer_flop_s, half)
    routed = _experts(shape, chip, plan, law, tokens)
    products = shape.layers * attend + shape.dense_layers * dense + sparse * routed
    forward, backward = _core(shape, chip, plan, law, tokens)
    inner = (shape.dense_layers * shape.ffn + sparse * shape.shared_ffn) / shape.layers
    width = shape.hidden + (shape.query + inner) / plan.tp
    passes = np.where(plan.fused > 0, law.passes_fused, law.passes_plain) + law.passes_cast * plan.narrow
    stream = passes_s(passes * BF16_B * tokens * width, chip.memory_b_s)
    local = np.maximum(shape.experts / plan.ep, 0.0)
    launch = shape.layers * law.layer_s + sparse * law.expert_s * local
    total = (3.0 + full) * products + shape.layers * ((1.0 + partly) * forward + backward)
    both = 1.0 + law.backward_passes
    total = total + shape.layers * (both + partly) * stream + (both + full) * launch
    return total, (forward, backward), products


def _core(shape: Shape, chip: Chip, plan: Plan, law: Law, tokens: Value) -> tuple[Value, Value]:
    """Return seconds of attention itself in one layer, forward and backward.

    Fused attention does only the causal half; attention that writes its scores does the whole square. Each of
    scores and output is a product of two FLOP a pair of tokens and channel, and two products backward.
    """
    flop = 4.0 * tokens * shape.query / plan.tp
    slow = 1.0 + law.attention_half * plan.cp / plan.seq
    fused = flop * shape.window / chip.attention_flop_s * slow
    square = flop * plan.seq / (law.square_frac * chip.wide_flop_s)
    written_b = law.score_passes * BF16_B * tokens * plan.seq * shape.heads / plan.tp
    written = passes_s(written_b, chip.memory_b_s)
    flag = plan.fused_attention > 0
    forward = np.where(flag, fused, square + written)
    return forward, np.where(flag, law.backward_attention * fused, 2.0 * square + written)


def _experts(shape: Shape, chip: Chip, plan: Plan, law: Law, tokens: Value) -> Value:
    """Return seconds of the experts of one layer, forward: routed, shared, and permutation."""
    half = _half(law)
    local = np.maximum(shape.experts / plan.ep, 1.0)
    routed = tokens / plan.tp * shape.active_experts
    rows = np.maximum(routed / local, 1.0)
    width = np.maximum(shape.expert_ffn, 1.0)
    rate = chip.layer_flop_s * law.expert_frac
    each = shape.matrices * local * product_s(rows, width, shape.hidden, rate, half)
    columns = np.maximum(shape.shared_ffn, 1e-9) / plan.tp
    common = shape.matrices * product_s(tokens, columns, shape.hidden, chip.layer_flop_s, half)
    moved_b = law.expert_passes * BF16_B * routed * (shape.hidden + shape.expert_ffn)
    moved = passes_s(moved_b, chip.memory_b_s)
    total = each + moved + np.where(shape.shared_ffn > 0, common, 0.0)
    return np.where(shape.experts > 0, total, 0.0)


def _tensor(shape: Shape, plan: Plan, fabric: Fabric, law: Law, tokens: Value) -> Value:
    """Return visible seconds of tensor-parallel traffic, one micro-batch: two all-reduces a layer.

    Stacks that overlap nothing show all of it.
    """
    size_b = tokens * shape.hidden * BF16_B
    once = np.where(plan.tp > 1, 2.0 * net.all_reduce_s(size_b, plan.tp, 1.0, fabric), 0.0)
    beside = np.where(plan.overlap_data > 0, law.exposed_plain, 1.0)
    visible = np.where(plan.overlap_tensor > 0, law.exposed_tensor, beside)
    return shape.layers * (2.0 + plan.recompute_full) * once * visible


def _context(
    shape: Shape, plan: Plan, fabric: Fabric, law: Law, tokens: Value, core: tuple[Value, Value]
) -> Value:
    """Return visible seconds of keys and values going round the ring beside attention, one micro-batch."""
    size_b = 2.0 * shape.key_value / plan.tp * tokens * plan.cp * BF16_B
    ring = np.where(plan.cp > 1, net.reduce_scatter_s(size_b, plan.cp, plan.tp, fabric), 0.0)
    late = np.maximum(0.0, ring - core[0]) + np.maximum(0.0, 2.0 * ring - core[1])
    return shape.layers * (3.0 * law.exposed_context * ring + late)


def _exchange(shape: Shape, plan: Plan, fabric: Fabric, law: Law, tokens: Value) -> Value:
    """Return visible seconds of sending tokens to their experts and back, one micro-batch."""
    size_b = tokens / plan.tp * shape.hidden * BF16_B
    once = net.dispatch_s(size_b, shape.active_experts, plan.ep, plan.tp, fabric)
    pair = np.where(plan.ep > 1, 2.0 * once, 0.0)
    sparse = shape.layers - shape.dense_layers
    return sparse * (2.0 + plan.recompute_full) * pair * law.exposed_expert


def _logits(shape: Shape, chip: Chip, plan: Plan, law: Law, tokens: Value) -> Value:
    """Return seconds of the output layer and the loss of one micro-batch, both directions."""
    columns = shape.vocab / plan.tp
    product = 3.0 * product_s(tokens, columns, shape.hidden, chip.wide_flop_s, _half(law))
    return product + passes_s(law.logit_passes * tokens * columns, chip.memory_b_s)


def _slowest(shape: Shape, plan: Plan, body: Value, logits: Value) -> Value:
    """Return seconds of the slowest stage for one micro-batch.

    Where the layers divide evenly the last stage carries the logits on top. Where they don't, the embedding
    and the logits take the place of layers, as planners arrange it.
    """
    chunks = plan.pp * plan.vpp
    uneven = np.maximum(
        body * np.ceil(shape.layers / chunks) * plan.vpp / shape.layers, (body + logits) / plan.pp
    )
    return np.where(np.mod(shape.layers, chunks) == 0, body / plan.pp + logits, uneven)


def _sends(plan: Plan, law: Law, hop: Value) -> Value:
    """Return visible seconds of handing activations and their gradients from stage to stage in one step."""
    visible = np.where(plan.vpp > 1, law.exposed_send, 1.0)
    hops = 2.0 * plan.vpp * (plan.micro_batches * visible + plan.pp - 1.0)
    return np.where(plan.pp > 1, hops * hop, 0.0)


def weights(shape: Shape, plan: Plan) -> tuple[Value, Value]:
    """Return the weights of a rank that every replica holds, and its share of the routed experts."""
    sparse = shape.layers - shape.dense_layers
    dense = shape.layers * shape.attention_params
    dense = dense + shape.dense_layers * shape.matrices * shape.ffn * shape.hidden
    dense = dense + sparse * shape.hidden * (shape.matrices * shape.shared_ffn + shape.experts)
    tables = np.where(plan.pp > 1, 1.0, shape.embeddings) * shape.vocab * shape.hidden / plan.tp
    routed = sparse * shape.experts * shape.matrices * shape.expert_ffn * shape.hidden
    return dense / (plan.tp * plan.pp) + tables, routed / (plan.pp * plan.ep)


def _reduce(shape: Shape, plan: Plan, fabric: Fabric, each_b: Value) -> Value:
    """Return seconds to scatter (or gather) `each_b` bytes for each weight over those that share it."""
    dense, routed = weights(shape, plan)
    ranks = plan.dp * plan.cp
    sharers = np.maximum(ranks / plan.ep, 1.0)
    common = net.reduce_scatter_s(dense * each_b, ranks, plan.tp, fabric)
    own = net.reduce_scatter_s(routed * each_b, sharers, plan.tp * plan.ep, fabric)
    sparse = (sharers > 1) & (shape.experts > 0)
    return np.where(ranks > 1, common, 0.0) + np.where(sparse, own, 0.0)


def _states(
    shape: Shape, chip: Chip, plan: Plan, fabric: Fabric, law: Law, mean: Value
) -> tuple[Value, Value]:
    """Return visible seconds of gradient and weight traffic in one step, and those of the optimiser."""
    scatter, gather = (_reduce(shape, plan, fabric, each) for each in (plan.gradient_b, BF16_B))
    traffic = scatter + gather
    chunks = 1.0 + (plan.pp - 1.0) * (1.0 - 1.0 / plan.vpp)
    shelter = law.hidden_data * mean * np.minimum(chunks, plan.micro_batches)
    late = np.maximum(0.0, (1.0 - law.exposed_data) * traffic - shelter)
    once = np.where(plan.overlap_data > 0, law.exposed_data * traffic + late, traffic)
    dense, routed = weights(shape, plan)
    flat = (2.0 * BF16_B + plan.gradient_b) * (dense + routed) / (fabric.nic_b_s * law.flat_frac)
    each = np.where(plan.flat > 0, flat, 2.0 * gather + scatter)
    drag = np.where(plan.flat > 0, 0.0, np.minimum(law.shard_drag, 1.0))
    layerwise = plan.micro_batches * (drag * each + np.maximum(0.0, (1.0 - drag) * each - mean))
    sharded = np.maximum(plan.sharded_optimiser, plan.sharded_weights) > 0
    own = (dense + routed) / np.where(sharded, plan.dp, 1.0)
    visible = np.where(plan.sharded_weights > 0, layerwise, once)
    return visible, passes_s(law.state_b * own, chip.memory_b_s)
