"""The batching of one replica, step by step and compiled: percentiles of what users wait for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.random import stream
from exatwin.workload.apps._serving_kernel import run_engine
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_memory import BLOCK
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_step import attention_s_per_token, cache_s_per_token
from exatwin.workload.apps.serving_terms import Step

_EDGE = 0.1  # share of the requests at either end that percentiles leave out


@dataclass(frozen=True)
class Requests:
    """Requests of one engine."""

    arrival_s: Float64
    """When they arrive, in order [s], shape (requests,)."""
    prompt: Int64
    """Tokens of the prompts."""
    answer: Int64
    """Tokens of the answers."""


@dataclass(frozen=True)
class Costs:
    """What a step takes, as tables and slopes."""

    tokens_s: Float64
    """By its tokens [s]."""
    sequences_s: Float64
    """What its requests add, by their number [s]."""
    cache_s: float
    """For each token of context that is read [s]."""
    attention_s: float
    """For each token of a prompt and each that it attends to [s]."""
    blocks: int
    """Blocks of the cache."""
    batch_most: int
    """Requests at most."""
    tokens_most: int
    """Tokens of a step at most."""
    reserves: bool
    """Whether a request starts only when there is room for its whole answer."""


@dataclass(frozen=True)
class Simulated:
    """What became of the requests."""

    requests: Requests
    """They."""
    first_s: Float64
    """When each got its first token [s]."""
    last_s: Float64
    """When each got its last token [s]."""
    preempted: Int64
    """How often each was put back."""
    steps: int
    """Steps."""
    busy_s: float
    """Seconds of the steps."""

    def _inner(self) -> slice:
        count = len(self.first_s)
        return slice(int(_EDGE * count), count - int(_EDGE * count))

    @property
    def ttft_s(self) -> Float64:
        """Times to first token of the requests in the middle of the run [s]."""
        return (self.first_s - self.requests.arrival_s)[self._inner()]

    @property
    def tpot_s(self) -> Float64:
        """Times per output token, of answers of two tokens or more [s]."""
        inner = self._inner()
        more = self.requests.answer[inner] - 1
        spent = (self.last_s - self.first_s)[inner]
        return spent[more > 0] / more[more > 0]

    @property
    def e2e_s(self) -> Float64:
        """Times from arrival to the last token [s]."""
        return (self.last_s - self.requests.arrival_s)[self._inner()]

    @property
    def tokens_per_s(self) -> float:
        """Output tokens each second in the middle of the run."""
        ended = np.sort(self.last_s)
        low, high = ended[int(_EDGE * len(ended))], ended[len(ended) - 1 - int(_EDGE * len(ended))]
        inside = (self.last_s > low) & (self.last_s <= high)
        return float(self.requests.answer[inside].sum() / max(high - low, 1e-12))


def requests_of(
    lengths: Lengths, rate: float, count: int, seed: int, *, dealt: int = 1,
    sample: tuple[tuple[int, int], ...] = (),
) -> Requests:  # fmt: skip
    """Return `count` requests of one engine that gets every `dealt`-th of a Poisson stream.

    Parameters
    ----------
    lengths
        Tokens of prompts and answers, fixed where they have no spread, else lognormal.
    rate
        Requests of the engine each second.
    count
        How many.
    seed
        Of the draws.
    dealt
        Engines that get the requests of the stream in turn.
    sample
        Pairs of lengths to draw from, in the place of a distribution.
    """
    gaps = stream(seed, "serving", "arrivals").gamma(float(dealt), 1.0 / (rate * dealt), count)
    draw = stream(seed, "serving", "lengths")
    if sample:
        pairs = np.array(sample, np.int64)[draw.integers(0, len(sample), count)]
        return Requests(np.cumsum(gaps), pairs[:, 0].copy(), pairs[:, 1].copy())
    prompt, answer = (
        _drawn(draw, float(mean), float(cv), count)
        for mean, cv in ((lengths.input, lengths.input_cv), (lengths.output, lengths.output_cv))
    )
    return Requests(np.cumsum(gaps), prompt, answer)


def _drawn(draw: np.random.Generator, mean: float, cv: float, count: int) -> Int64:
    if cv <= 0.0:
        return np.full(count, max(1, round(mean)), np.int64)
    sigma2 = np.log1p(cv * cv)
    values = draw.lognormal(np.log(mean) - 0.5 * sigma2, np.sqrt(sigma2), count)
    return np.maximum(np.rint(values), 1).astype(np.int64)


def costs_of(service: Service, lengths: Lengths) -> Costs:
    """Return what the steps of one micro-batch of `service` take.

    Where attention looks at a window, contexts count as in the mean.
    """
    stages = int(service.split.pp)
    tokens_most, batch_most = int(service.limits.tokens_most), int(service.limits.batch_most)
    batch_most = max(min(batch_most, tokens_most), 1)
    tokens = np.arange(tokens_most + 1, dtype=np.float64)
    parts = service.parts(Step(0.0, 1.0, tokens, 0.0, 0.0))
    alone = service.parts(Step(0.0, 1.0, tokens[: batch_most + 1] * 0.0, 0.0, tokens[: batch_most + 1]))
    common = ("products", "experts", "collectives", "launches")
    fixed = service.parts(Step(0.0, 1.0, 0.0, 0.0, 0.0))["scheduler"]
    cache = cache_s_per_token(service.model, service.rates, service.split, lengths.context)
    room = float(service.cache_tokens(lengths.context)) / stages
    return Costs(
        tokens_s=np.asarray(sum(np.broadcast_to(parts[key], tokens.shape) for key in common) + fixed, float),
        sequences_s=np.asarray(alone["logits"] + alone["scheduler"] - fixed, float),
        cache_s=float(cache),
        attention_s=float(attention_s_per_token(service.model, service.rates, service.split)),
        blocks=max(int(room // BLOCK), 1), batch_most=batch_most, tokens_most=tokens_most,
        reserves=bool(service.limits.reserves),
    )  # fmt: skip


def simulate(requests: Requests, costs: Costs, *, computed: bool = False) -> Simulated:
    """Return what becomes of `requests` on one engine.

    Parameters
    ----------
    requests, costs
        What comes, and what steps take.
    computed
        Whether prompts come with their keys and values.

    Notes
    -----
    Requests longer than the whole cache would wait for ever: they are cut to what it holds.
    """
    room = costs.blocks * BLOCK - 1
    prompt = np.minimum(requests.prompt, max(room - 1, 1))
    answer = np.maximum(np.minimum(requests.answer, room - prompt), 1)
    first_s, last_s, preempted, totals = run_engine(
        requests.arrival_s, prompt, answer, costs.tokens_s, costs.sequences_s, costs.cache_s,
        costs.attention_s, costs.blocks, BLOCK, costs.batch_most, costs.tokens_most, costs.reserves, computed,
    )  # fmt: skip
    held = Requests(requests.arrival_s, prompt, answer)
    return Simulated(held, first_s, last_s, preempted, int(totals[0]), float(totals[1]))


__all__ = ["Costs", "Requests", "Simulated", "costs_of", "requests_of", "simulate"]
