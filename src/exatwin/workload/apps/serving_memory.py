"""What one accelerator of a replica holds, and how many tokens its cache has room for."""

from __future__ import annotations

import numpy as np

from exatwin.workload.apps.serving_step import WIDE_B, cached_per_rank, seen
from exatwin.workload.apps.serving_terms import Decoder, Rates, Split
from exatwin.workload.roofline import Value

BLOCK = 16
"""Tokens of a block of the paged cache."""


def weights_b(model: Decoder, rates: Rates, split: Split) -> Value:
    """Return the weights on one accelerator [B]."""
    routed = model.sparse_layers * model.experts * model.expert / (split.tp * split.dp)
    layers_b = (model.feed / split.tp + routed) * rates.weight_b
    layers_b = layers_b + model.layers * model.attention / split.tp * rates.attention_b
    return (layers_b + (model.table + model.embedding) / split.tp * WIDE_B) / split.pp


def token_b(model: Decoder, rates: Rates, split: Split, context: Value = 1.0) -> Value:
    """Return what one token of a request takes of the cache of one accelerator [B]."""
    held = cached_per_rank(model, split) * rates.cache_b * seen(model, context)
    return model.layers / split.pp * held


def cache_tokens(model: Decoder, rates: Rates, split: Split, room_b: Value, context: Value = 1.0) -> Value:
    """Return how many tokens the cache of a replica holds.

    Parameters
    ----------
    room_b
        What weights and cache may take of one accelerator [B].
    context
        Mean tokens of a request, which matter where attention looks at a window.
    """
    free_b = np.maximum(room_b - weights_b(model, rates, split), 0.0)
    return split.dp * free_b / token_b(model, rates, split, context)


__all__ = ["BLOCK", "cache_tokens", "token_b", "weights_b"]
