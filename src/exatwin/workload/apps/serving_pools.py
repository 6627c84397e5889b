"""Prefill and decode on accelerators of their own: prompts in one pool, answers in another.

A request computes its prompt in the first pool, its keys and values travel over the network, and its tokens
come from the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exatwin.workload.apps.serving_first import alone_s
from exatwin.workload.apps.serving_load import Lengths, spread_quantile
from exatwin.workload.apps.serving_memory import token_b
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_terms import Step
from exatwin.workload.roofline import Value


@dataclass(frozen=True)
class Prefill:
    """A replica that computes prompts only, under a load."""

    busy_frac: Value
    """Share of the time in which it computes."""
    fixed_s: Value
    """What each request spends besides [s]."""
    own_s: Value
    """Mean time of its own prompt [s]."""
    own_cv: Value
    """Standard deviation over mean of that."""
    wait_s: Value
    """Mean wait of those that wait [s]."""

    def mean_s(self) -> Value:
        """Return the mean time to first token [s]."""
        return self.fixed_s + self.own_s + self.busy_frac * self.wait_s

    def quantile_s(self, share: Value) -> Value:
        """Return the quantile `share` of the time to first token [s]."""
        late = np.log(np.maximum(self.busy_frac / np.maximum(1.0 - share, 1e-9), 1.0))
        inside = np.minimum(share + 0.0 * self.own_s, 0.9999)
        own_s = spread_quantile(self.own_s, self.own_cv, np.where(late > 0.0, 0.5, inside))
        return self.fixed_s + own_s + late * self.wait_s


def most_prompts(service: Service, lengths: Lengths) -> Value:
    """Return the prompts that a replica computes each second at most."""
    return service.split.pp / alone_s(service, lengths)


def prefill_of(service: Service, lengths: Lengths, rate: Value) -> Prefill:
    """Return a replica that gets `rate` prompts each second, fewer than :func:`most_prompts`.

    Notes
    -----
    A queue with one server: those that wait do so for ``S (1 + cv²) / 2 / (1 - u)`` in the mean, the share
    that does is ``u`` (Pollaczek and Khinchine; exponential tail).
    """
    tokens = np.minimum(lengths.input, service.limits.tokens_most)
    whole = Step(0.0, 1.0, tokens, lengths.behind, tokens / lengths.input)
    own_s = service.time(whole) * np.maximum(lengths.input / service.limits.tokens_most, 1.0)
    each_s = alone_s(service, lengths) / service.split.pp
    busy = np.clip(rate * each_s, 0.0, 0.999)
    wait_s = 0.5 * each_s * (1.0 + np.square(lengths.input_cv)) / (1.0 - busy)
    return Prefill(busy, service.engine.first_s, own_s, lengths.input_cv + 0.0 * own_s, wait_s)


def decoding(lengths: Lengths) -> Lengths:
    """Return `lengths` for a pool that computes no prompts."""
    return replace(lengths, prefill=0.0)


def transfer_s(service: Service, lengths: Lengths) -> Value:
    """Return how long the keys and values of a prompt of mean length travel to the other pool [s].

    All ranks of the replica send their share over their own adapters at a time.
    """
    size_b = token_b(service.model, service.rates, service.split, lengths.input) * lengths.input
    fabric = service.fabric
    return fabric.network_latency_s + size_b / (fabric.nic_b_s * fabric.nic_frac * fabric.global_frac)


__all__ = ["Prefill", "decoding", "most_prompts", "prefill_of", "transfer_s"]
