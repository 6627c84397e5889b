"""Seconds of one step of a serving engine: the roofline of what its tokens move and multiply.

A step carries one token of each decoding request and some tokens of prompts (chunked prefill). Everything but
attention depends on the number of tokens alone.
"""

from __future__ import annotations

import numpy as np

from exatwin.workload.apps.serving_terms import Decoder, Engine, Rates, ServingLaw, Split, Step
from exatwin.workload.collectives import Fabric, all_reduce_s, dispatch_s, send_s
from exatwin.workload.roofline import Value

WIDE_B = 2.0
"""Bytes of an activation on the wire, and of a weight of the embedding tables."""
RESIDUAL = 8.0
"""Times that a layer of unfused operations reads or writes its residual stream: norms, products, sums."""
QUERY = 5.0
"""Times that it reads or writes the widths of its heads: queries, keys, values and what they attend to."""
GATED = 6.0
"""Times that it reads or writes the width of a gated feed-forward part: products and gate."""
ROUTED = 4.0
"""Times that the copies of a token for its experts are read or written: permuted, multiplied, gathered."""


def step_parts(
    model: Decoder, rates: Rates, split: Split, fabric: Fabric, engine: Engine, law: ServingLaw, step: Step
) -> dict[str, Value]:
    """Return the seconds of one step of a replica by part; they add up to its length.

    Parameters
    ----------
    model, rates, split, fabric, engine, law
        What is served, on what, split how, by which engine, with which constants.
    step
        The tokens of the step.

    Notes
    -----
    Products: ``(c^p + m^p)^(1/p)`` of the time to multiply and the time to stream the weights, ``p`` the
    sharpness. Of ``E`` routed experts, ``n`` tokens that visit ``k`` each touch ``E (1 - (1 - k/E)^n)``; the
    rank with the most of them is waited for, and products of experts of width ``w`` run at ``w / (w + w0)``
    of the rate of wide ones.
    Attention reads the cache of decoding requests, and multiplies for the tokens of prompts. Tensor ranks
    all-reduce twice a layer; attention groups exchange tokens with the ranks of their experts twice a layer.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline", Communications of the ACM 52(4), 2009,
    doi:10.1145/1498765.1498785. G.-I. Yu et al., "Orca", OSDI 2022 (continuous batching). A. Agrawal et al.,
    "Sarathi-Serve", OSDI 2024, arXiv:2403.02310 (chunked prefill).
    """
    tokens = step.decoding + step.prompt
    sequences = step.decoding + step.starting
    return {
        "products": _dense_s(model, rates, split, law, tokens),
        "experts": _experts_s(model, rates, split, law, tokens),
        "logits": _logits_s(model, rates, split, law, sequences),
        "cache": step.decoding * step.context * cache_s_per_token(model, rates, split, step.context),
        "prefill_attention": step.prompt * step.behind * attention_s_per_token(model, rates, split),
        "collectives": _collectives_s(model, split, fabric, tokens),
        "launches": engine.layer_s * model.layers,
        "scheduler": engine.step_s + engine.sequence_s * sequences / split.dp,
    }


def step_s(
    model: Decoder, rates: Rates, split: Split, fabric: Fabric, engine: Engine, law: ServingLaw, step: Step
) -> Value:
    """Return the seconds of one step of a replica."""
    return sum(step_parts(model, rates, split, fabric, engine, law, step).values())


def smooth(compute_s: Value, memory_s: Value, sharpness: Value) -> Value:
    """Return how long compute and memory take side by side.

    Examples
    --------
    >>> float(smooth(3.0, 4.0, 1.0)), float(smooth(3.0, 4.0, 2.0))
    (7.0, 5.0)
    """
    return (compute_s**sharpness + memory_s**sharpness) ** (1.0 / sharpness)


def _dense_s(model: Decoder, rates: Rates, split: Split, law: ServingLaw, tokens: Value) -> Value:
    attention = model.layers * model.attention
    each_s = attention / rates.attention_product_flop_s + model.feed / rates.layer_flop_s
    compute_s = 2.0 * each_s / split.tp * (tokens / split.dp)
    moved_b = (attention * rates.attention_b + model.feed * rates.weight_b) / split.tp
    wide = model.layers * (RESIDUAL * model.hidden + QUERY * model.query / split.tp)
    wide = wide + GATED * model.feed / (3.0 * model.hidden) / split.tp
    passed_b = law.passes * tokens / split.dp * wide * WIDE_B
    return smooth(compute_s, moved_b / rates.memory_b_s, law.sharpness) + passed_b / rates.memory_b_s


def touched(experts: Value, active: Value, tokens: Value) -> Value:
    """Return how many of the routed experts of a layer `tokens` visit.

    Examples
    --------
    >>> round(float(touched(8.0, 2.0, 1.0)), 6), round(float(touched(8.0, 2.0, 1000.0)), 6)
    (2.0, 8.0)
    """
    many = np.maximum(experts, 1.0)
    return many * -np.expm1(tokens * np.log1p(-np.minimum(active / many, 1.0 - 1e-12)))


def fullest(count: Value, spread: Value, ranks: Value) -> Value:
    """Return how much more than the mean the fullest of `ranks` gets of `count` things thrown at random.

    Parameters
    ----------
    count
        Things on all ranks together.
    spread
        Variance of their number on a rank over its mean.
    ranks
        Ranks.

    Examples
    --------
    >>> float(fullest(100.0, 1.0, 1.0)), round(float(fullest(400.0, 1.0, 4.0)), 3)
    (1.0, 1.167)
    """
    many = np.maximum(ranks, 1.0)
    each = np.maximum(count / many, 1e-9)
    return np.minimum(1.0 + np.sqrt(2.0 * np.log(many) * np.maximum(spread, 0.0) / each), many)


def _experts_s(model: Decoder, rates: Rates, split: Split, law: ServingLaw, tokens: Value) -> Value:
    ranks = split.tp * split.dp
    compute_s = 2.0 * tokens * model.active * model.expert / ranks
    width = np.maximum(model.expert, 1.0) / (3.0 * model.hidden)
    compute_s = compute_s * (1.0 + law.expert_width / width) / (rates.layer_flop_s * rates.experts)
    hit = touched(model.experts, model.active, tokens)
    moved_b = hit * model.expert * rates.weight_b / ranks
    memory_s = moved_b / (rates.memory_b_s * rates.experts)
    memory_s = memory_s * fullest(hit, 1.0 - hit / np.maximum(model.experts, 1.0), split.ep)
    compute_s = compute_s * fullest(tokens * model.active, 1.0, split.ep)
    wide = ROUTED * model.hidden + GATED * width
    passed_b = law.passes * tokens * model.active / ranks * wide * WIDE_B
    visible_s = passed_b / rates.memory_b_s + law.expert_s
    return model.sparse_layers * (smooth(compute_s, memory_s, law.sharpness) + visible_s)


def _logits_s(model: Decoder, rates: Rates, split: Split, law: ServingLaw, sequences: Value) -> Value:
    compute_s = 2.0 * model.table / split.tp * (sequences / split.dp) / rates.wide_flop_s
    return smooth(compute_s, model.table / split.tp * WIDE_B / rates.memory_b_s, law.sharpness)


def cached_per_rank(model: Decoder, split: Split) -> Value:
    """Return the numbers that one token leaves in the cache of one tensor rank in one layer."""
    return np.maximum(model.cached / split.tp, model.cached_least)


def cache_s_per_token(model: Decoder, rates: Rates, split: Split, context: Value = 1.0) -> Value:
    """Return the seconds in which a step reads one token of the context of one decoding request [s]."""
    moved_b = cached_per_rank(model, split) * rates.cache_b
    flop_s = model.read_flop / split.tp / rates.attention_flop_s
    return model.layers * np.maximum(moved_b / rates.memory_b_s, flop_s) * seen(model, context) / split.dp


def seen(model: Decoder, context: Value) -> Value:
    """Return the share of a context that attention looks at, mean over layers."""
    return 0.5 + 0.5 * np.minimum(model.window / np.maximum(context, 1.0), 1.0)


def attention_s_per_token(model: Decoder, rates: Rates, split: Split) -> Value:
    """Return the seconds in which a token of a prompt attends to one token before it [s]."""
    return model.layers * 4.0 * model.query / split.tp / split.dp / rates.attention_flop_s


def _collectives_s(model: Decoder, split: Split, fabric: Fabric, tokens: Value) -> Value:
    size_b = tokens / split.dp * model.hidden * WIDE_B
    reduce_s = all_reduce_s(size_b, split.tp, 1.0, fabric)
    grouped = np.asarray(split.dp) > 1.0
    times = np.where(grouped, 2.0 * model.layers - model.sparse_layers, 2.0 * model.layers)
    exchange_s = 2.0 * dispatch_s(size_b / split.tp, np.maximum(model.active, 1.0), split.ep, 1.0, fabric)
    exchange_s = np.where(grouped & (np.asarray(split.ep) > 1.0), exchange_s, 0.0)
    hops_s = (split.pp - 1.0) * send_s(size_b, split.tp * split.dp, fabric)
    return times * reduce_s + model.sparse_layers * exchange_s + hops_s


__all__ = [
    "WIDE_B", "attention_s_per_token", "cache_s_per_token", "cached_per_rank", "fullest", "seen", "smooth",
    "step_parts", "step_s", "touched",
]  # fmt: skip
