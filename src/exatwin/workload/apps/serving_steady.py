"""The steady state of continuous batching: how long steps are, how many requests are in flight.

Each step carries one token of every decoding request. Prompts arrive at some steps only; those are longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exatwin.workload.apps.serving_load import Lengths, spread_quantile
from exatwin.workload.apps.serving_terms import Step
from exatwin.workload.roofline import Value

StepTime = Callable[[Step], Value]
"""Seconds of a step, by its work."""


@dataclass(frozen=True)
class Steady:
    """Steps with a given number of decoding requests."""

    decoding: Value
    """Decoding requests of a micro-batch."""
    plain_s: Value
    """Step without prompts [s]."""
    mixed_s: Value
    """Step with prompts [s]."""
    mixed_frac: Value
    """Share of the steps that carry prompts."""
    mixed_tokens: Value
    """Tokens of prompts in such a step."""
    mixed_cv: Value
    """Their standard deviation over the mean."""

    @property
    def mean_s(self) -> Value:
        """Mean step [s]."""
        return self.plain_s + self.mixed_frac * (self.mixed_s - self.plain_s)

    @property
    def residual_s(self) -> Value:
        """Mean time from a random instant to the end of the step in progress [s]."""
        square = (1.0 - self.mixed_frac) * self.plain_s**2
        square = square + self.mixed_frac * self.mixed_s**2 * (1.0 + 0.25 * self.mixed_cv**2)
        return 0.5 * square / self.mean_s


def steady(time: StepTime, decoding: Value, lengths: Lengths, tokens_most: Value) -> Steady:
    """Return steps with `decoding` requests in flight that are replaced as they end.

    Parameters
    ----------
    time
        Seconds of a step.
    decoding
        Requests that get a token in each step.
    lengths
        Tokens of their prompts and answers.
    tokens_most
        Tokens of a step at most; longer prompts are cut into chunks.

    Notes
    -----
    ``r = B / O`` requests end in a step and as many prompts begin; at independent steps, so that a share
    ``f = 1 - exp(-r)`` of the steps has prompts, or more where chunks of at most ``M - B`` tokens need them:
    ``f = max(1 - exp(-r), r I / (M - B))``, at most 1. Those carry ``r I / f`` tokens.
    """
    rate = decoding / lengths.output
    room = np.maximum(tokens_most - decoding, 1.0)
    asked = rate * lengths.input * lengths.prefill
    share = np.clip(np.maximum(-np.expm1(-rate), asked / room), 1e-12, 1.0)
    tokens, starting = asked / share, rate / share
    context, behind = lengths.context, lengths.behind
    plain_s = time(Step(decoding, context))
    mixed_s = time(Step(decoding, context, tokens, behind, starting))
    each = (lengths.input * lengths.prefill) ** 2 * (1.0 + lengths.input_cv**2)
    second = (rate * each + asked**2) / share
    cv = np.sqrt(np.maximum(second / np.maximum(tokens, 1e-9) ** 2 - 1.0, 0.0))
    return Steady(decoding, plain_s, mixed_s, share, tokens, cv)


def mean_parts(
    parts: Callable[[Step], dict[str, Value]], found: Steady, lengths: Lengths
) -> dict[str, Value]:
    """Return the seconds of the mean step by part."""
    plain = parts(Step(found.decoding, lengths.context))
    starting = found.decoding / lengths.output / found.mixed_frac
    mixed = parts(Step(found.decoding, lengths.context, found.mixed_tokens, lengths.behind, starting))
    return {key: plain[key] + found.mixed_frac * (mixed[key] - plain[key]) for key in plain}


def step_quantile(time: StepTime, found: Steady, lengths: Lengths, share: Value) -> Value:
    """Return the quantile `share` of the steps [s]: what users see between two tokens."""
    inside = np.clip((share - 1.0 + found.mixed_frac) / found.mixed_frac, 1e-6, 1.0)
    tokens = spread_quantile(found.mixed_tokens, found.mixed_cv, inside)
    starting = found.decoding / lengths.output / found.mixed_frac
    long_s = time(Step(found.decoding, lengths.context, tokens, lengths.behind, starting))
    return np.where(share <= 1.0 - found.mixed_frac, found.plain_s, np.maximum(long_s, found.plain_s))


__all__ = ["Steady", "StepTime", "mean_parts", "steady", "step_quantile"]
