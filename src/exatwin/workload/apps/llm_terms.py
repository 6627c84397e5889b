"""What the law of a training step knows: the decoder, the chip, the plan and the constants.

Each field is a number or an array over configurations, so that one plan, a table of measurements and a search
over a million plans are evaluated by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

from exatwin.workload.roofline import Value


@dataclass(frozen=True)
class Shape:
    """The decoder: counts and widths."""

    layers: Value
    """Decoder layers."""
    dense_layers: Value
    """Layers whose feed-forward part is dense (all of them without experts)."""
    hidden: Value
    """Width of the residual stream."""
    query: Value
    """Width of all query heads together (the mean of query and value widths where they differ)."""
    key_value: Value
    """Width of the keys (and as many values) that attention reads."""
    heads: Value
    """Query heads."""
    attention_params: Value
    """Weights of the attention of one layer."""
    ffn: Value
    """Width of the dense feed-forward part."""
    matrices: Value
    """Matrices of a feed-forward part: 2, or 3 where it is gated."""
    experts: Value
    """Routed experts of a layer; 0 for none."""
    active_experts: Value
    """Routed experts that one token visits."""
    expert_ffn: Value
    """Width of one expert."""
    shared_ffn: Value
    """Width of all shared experts of a layer together."""
    vocab: Value
    """Size of the vocabulary."""
    embeddings: Value
    """Embedding tables: 1 where input and output share one, else 2."""
    window: Value
    """Tokens that one token attends to, mean over the sequence and the layers."""


@dataclass(frozen=True)
class Chip:
    """One accelerator: the rates that very large operations reach."""

    layer_flop_s: Value
    """Layer products in the precision of the plan [FLOP/s]."""
    wide_flop_s: Value
    """Products in 16 bits [FLOP/s]."""
    attention_flop_s: Value
    """Fused attention [FLOP/s]."""
    memory_b_s: Value
    """Device memory [B/s]."""
    shared_cap: Value = 0.0
    """1 where a processor draws on the same power cap."""


@dataclass(frozen=True)
class Plan:
    """How the work is split, and what the training stack does. Flags are 0 or 1."""

    seq: Value
    """Tokens of a sequence."""
    micro_batch: Value
    """Sequences of a micro-batch."""
    micro_batches: Value
    """Micro-batches of a step on each replica."""
    tp: Value
    """Tensor-parallel ranks."""
    pp: Value
    """Pipeline stages."""
    vpp: Value
    """Chunks of layers of each stage."""
    zero_bubble: Value
    """Weight gradients wait for the gaps of the pipeline."""
    cp: Value
    """Context-parallel ranks."""
    dp: Value
    """Replicas."""
    ep: Value
    """Expert-parallel ranks, taken among replicas and context-parallel ranks."""
    recompute_full: Value
    """The backward pass repeats the forward pass."""
    recompute_selective: Value
    """It repeats attention and normalisation only."""
    sharded_weights: Value
    """Weights are gathered layer by layer (ZeRO-3, FSDP)."""
    sharded_optimiser: Value
    """Each replica updates its share of the weights (ZeRO-1 and up)."""
    narrow: Value
    """Layer products run in 8 bits or fewer."""
    gradient_b: Value
    """Bytes of a gradient on the wire."""
    fused_attention: Value
    """Attention never writes its scores to memory."""
    fused: Value
    """Chains of elementwise operations are compiled into one."""
    overlap_tensor: Value
    """Tensor-parallel traffic runs beside the products."""
    overlap_data: Value
    """Gradients travel during the backward pass."""
    flat: Value
    """Gathers of sharded weights ignore the hierarchy of the machine."""


@dataclass(frozen=True)
class Law:
    """The constants that no datasheet gives; fitted or assumed, see ``calibration/llm-training.toml``."""

    half_rows: Value
    """Rows of a product at half rate."""
    half_columns: Value
    """Columns of a product at half rate."""
    half_depth: Value
    """Depth of a product at half rate."""
    passes_fused: Value
    """Passes over the activations of a layer, forward, where elementwise chains are fused."""
    passes_plain: Value
    """The same where they are not."""
    passes_cast: Value
    """Passes that casts to 8 bits add."""
    score_passes: Value
    """Passes over attention scores that are written to memory, one direction."""
    logit_passes: Value
    """Bytes moved for each logit, forward and backward."""
    attention_half: Value
    """Tokens of a sequence on one rank at which fused attention reaches half its rate."""
    backward_attention: Value
    """Time of fused attention backward over forward."""
    exposed_tensor: Value
    """Share of overlapped tensor-parallel traffic that remains visible."""
    exposed_plain: Value
    """The same where a stack overlaps gradients but does not split its products for the purpose."""
    exposed_context: Value
    """Share of context-parallel traffic that stays visible beside attention."""
    exposed_send: Value
    """Share of sends between stages that stays visible in an interleaved schedule."""
    exposed_expert: Value
    """Share of expert exchanges that stays visible."""
    exposed_data: Value
    """Share of overlapped gradient traffic that stays visible whatever there is to hide it."""
    hidden_data: Value
    """Share of the compute of the last micro-batches behind which gradient traffic hides."""
    shard_drag: Value
    """Share of gathers of sharded weights that slows the compute beside them."""
    layer_s: Value
    """Launches of one layer, forward [s]."""
    step_s: Value
    """Host work, data and logging of a step [s]."""
    state_b: Value
    """Bytes that the optimiser moves for each weight."""
    expert_passes: Value
    """Passes over routed tokens: permute, pad, weigh."""
    expert_frac: Value
    """Rate of grouped products over that of single ones."""
    expert_s: Value
    """Launches of one local expert, forward [s]."""
    flat_frac: Value
    """Share of the rated network bandwidth that a flat ring reaches."""
    straggle: Value
    """Growth of a step with each doubling of the link domains: the slowest rank is waited for."""
    straggle_shared: Value
    """The same of modules whose processor draws on the power cap of the accelerator."""
    backward_passes: Value
    """Passes and launches of a layer backward over those forward."""
    square_frac: Value
    """Rate of the products of attention that writes its scores, over that of large ones."""
    selective_frac: Value
    """Share of a forward pass that selective recomputation repeats."""
    kept_frac: Value
    """Share of queries, keys, values and outputs of attention that selective recomputation keeps."""
    narrow_kept_b: Value
    """Bytes of an activation of the feed-forward part that is kept where products run in 8 bits or fewer."""
