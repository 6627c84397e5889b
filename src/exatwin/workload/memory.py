"""Memory of one accelerator while a decoder trains, by part.

Counts of bytes are physical: 16-bit weights (2), gradients summed in 32 bits (4), a 32-bit copy of the
weights and two moments (12); of a logit 16 bits and their 32-bit copy in the loss (6). Shares that nobody can
count are constants of the law.

References
----------
V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", arXiv:2205.05198,
section 4 (activations: 5 bytes a pair of tokens and head for softmax, its mask and its output; interleaving).
S. Rajbhandari et al., "ZeRO", arXiv:1910.02054, section 3.1 (states, 12 bytes for Adam) and 5 (sharding).
"""

from __future__ import annotations

import numpy as np

from exatwin.workload.apps.llm_step import weights
from exatwin.workload.apps.llm_terms import Law, Plan, Shape
from exatwin.workload.roofline import Value

MEMORY_PARTS = ("weights", "gradients", "optimiser", "activations", "logits", "reserve")


def memory_parts(
    shape: Shape, plan: Plan, law: Law, sharded_gradients: Value, sequence_parallel: Value, reserve_b: Value
) -> dict[str, Value]:
    """Return bytes of the fullest rank by part (`MEMORY_PARTS`).

    Parameters
    ----------
    shape, plan
        The decoder and how it is split.
    law
        The constants of the law.
    sharded_gradients
        1 where each replica keeps only its share of the gradients (ZeRO-2 and up).
    sequence_parallel
        1 where the residual stream is split over the tensor-parallel ranks too.
    reserve_b
        What the runtime, the communicators and fragmentation take [B].
    """
    dense, routed = weights(shape, plan)
    ranks = plan.dp * plan.cp
    sharers = np.maximum(ranks / plan.ep, 1.0)

    def split(flag: Value) -> Value:
        return np.where(flag > 0, dense / ranks + routed / sharers, dense + routed)

    live = np.where(plan.sharded_weights > 0, 2.0 * (dense + routed) / np.maximum(shape.layers, 1.0), 0.0)
    gradients = np.maximum(sharded_gradients, plan.sharded_weights)
    return {
        "weights": 2.0 * (split(plan.sharded_weights) + live),
        "gradients": 4.0 * split(gradients),
        "optimiser": 12.0 * split(np.maximum(plan.sharded_optimiser, plan.sharded_weights)),
        "activations": _activations(shape, plan, law, sequence_parallel),
        "logits": 6.0 * plan.seq * plan.micro_batch / plan.cp * shape.vocab / plan.tp
        * np.where(plan.pp > 1, 0.0, 1.0),
        "reserve": reserve_b + 0.0 * dense,
    }  # fmt: skip


def _activations(shape: Shape, plan: Plan, law: Law, sequence_parallel: Value) -> Value:
    """Return bytes of the activations that the first stage keeps for the micro-batches in flight."""
    tokens = plan.seq * plan.micro_batch / plan.cp
    residual = 2.0 * shape.hidden / np.where(sequence_parallel > 0, plan.tp, 1.0)
    per_token, per_layer = _kept(shape, plan, law, residual)
    stages = 1.0 + np.where(plan.vpp > 1, (plan.pp - 1.0) / (plan.pp * plan.vpp), 0.0)
    flight = np.minimum(plan.pp * stages, plan.micro_batches * stages)
    kept = tokens * per_token * shape.layers / plan.pp * flight
    return kept + tokens * per_layer * plan.recompute_full


def _kept(shape: Shape, plan: Plan, law: Law, residual: Value) -> tuple[Value, Value]:
    """Return bytes that one layer keeps of each token for the backward pass, and those of a whole layer.

    A layer keeps the residual stream four times (into and out of both normalisations), queries, keys, values
    and the output of attention, and what the feed-forward part makes; a token carries 4 bytes a channel to
    and from each expert. Selective recomputation repeats normalisations, attention scores and the activation
    function.
    """
    store_b = np.where(plan.narrow > 0, law.narrow_kept_b, 2.0)
    attention = 2.0 * (2.0 * shape.query + 2.0 * shape.key_value) / plan.tp
    scores = 5.0 * shape.heads / plan.tp * plan.seq * np.where(plan.fused_attention > 0, 0.0, 1.0)
    dense = store_b * shape.matrices * shape.ffn / plan.tp
    each = store_b * shape.matrices * shape.expert_ffn + 4.0 * shape.hidden
    sparse = shape.active_experts * each / plan.tp + store_b * shape.matrices * shape.shared_ffn / plan.tp
    share = shape.dense_layers / shape.layers
    parts = share * dense + (1.0 - share) * sparse
    whole = 4.0 * residual + attention + parts
    kept = 2.0 * residual + law.kept_frac * attention + parts * (shape.matrices - 1.0) / shape.matrices
    partly = np.where(plan.recompute_selective > 0, kept, whole + scores)
    return np.where(plan.recompute_full > 0, residual, partly), whole + scores
