"""What the law of a serving step knows: the decoder, the chip, the split of a replica and the constants.

Each field is a number or an array over configurations, so that one replica, a table of measurements and a
search over layouts and loads are evaluated by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

from exatwin.workload.roofline import Value


@dataclass(frozen=True)
class Decoder:
    """The model: weights and widths that a step moves and multiplies."""

    layers: Value
    """Layers."""
    hidden: Value
    """Width of the residual stream."""
    attention: Value
    """Weights of the attention of one layer."""
    feed: Value
    """Weights of the dense feed-forward parts of all layers together, shared experts included."""
    sparse_layers: Value
    """Layers with routed experts."""
    experts: Value
    """Routed experts of a layer; 0 for none."""
    active: Value
    """Routed experts that one token visits."""
    expert: Value
    """Weights of one routed expert."""
    table: Value
    """Weights of the output table."""
    embedding: Value
    """Weights of the input table where it is another one, else 0."""
    query: Value
    """Width of all query heads together, as prefill computes them."""
    cached: Value
    """Numbers that one token leaves in the cache of one layer."""
    cached_least: Value
    """The fewest of them that one tensor rank holds: a head's, or all of a latent."""
    read_flop: Value
    """FLOP of one decoding token in one layer for each token of its context."""
    window: Value
    """Tokens that attention sees in every second layer; infinite for all."""


@dataclass(frozen=True)
class Rates:
    """What a chip reaches in an engine, at the number formats of the model."""

    layer_flop_s: Value
    """Products of the layers [FLOP/s]."""
    attention_product_flop_s: Value
    """The same in attention, whose weights may be wider [FLOP/s]."""
    wide_flop_s: Value
    """Products in 16 bits [FLOP/s]."""
    attention_flop_s: Value
    """Attention [FLOP/s]."""
    memory_b_s: Value
    """Weights, keys and values from device memory [B/s]."""
    weight_b: Value
    """Bytes of a weight of the layers, its scales included."""
    attention_b: Value
    """The same in attention."""
    cache_b: Value
    """Bytes of a number in the cache."""
    experts: Value
    """Rate of routed experts in the engine over that of the reference engine."""


@dataclass(frozen=True)
class Split:
    """How one replica is spread over accelerators."""

    tp: Value
    """Tensor-parallel ranks of attention."""
    dp: Value
    """Groups of them that hold other requests and share the experts (attention data parallelism)."""
    pp: Value
    """Pipeline stages."""
    ep: Value
    """Expert-parallel ranks, of the tp x dp of a stage."""


@dataclass(frozen=True)
class Engine:
    """What a serving engine adds."""

    step_s: Value
    """Host work of a step [s]."""
    sequence_s: Value
    """Host work for each request of a step [s]."""
    layer_s: Value
    """Launches of one layer [s]."""
    first_s: Value
    """From the arrival of a request to the scheduler, and from its first token to the user [s]."""


@dataclass(frozen=True)
class ServingLaw:
    """The constants that no datasheet gives; see ``calibration/serving.toml``."""

    sharpness: Value
    """Exponent with which compute and memory of a product combine: 1 adds them, infinite takes the longer."""
    passes: Value
    """Activations that pass over device memory, over those of a layer whose operations are not fused."""
    expert_width: Value
    """Width of an expert at which its grouped products reach half of the rate of wide ones."""
    expert_s: Value
    """Launches and routing of a layer with experts [s]."""


@dataclass(frozen=True)
class Step:
    """The work of one step of a replica."""

    decoding: Value
    """Requests that get one token."""
    context: Value
    """Mean tokens that those have behind them."""
    prompt: Value = 0.0
    """Tokens of prompts."""
    behind: Value = 0.0
    """Mean tokens of their own prompt that these attend to."""
    starting: Value = 0.0
    """Prompts that these belong to."""


__all__ = ["Decoder", "Engine", "Rates", "ServingLaw", "Split", "Step"]
