"""Percentiles of what users wait for, from the steady state: time to first token, per token, to the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.workload.apps.serving_first import prompt_s
from exatwin.workload.apps.serving_load import Lengths, share_above, spread_quantile
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_steady import Steady, steady
from exatwin.workload.roofline import Value

_NUDGE = 1.02


@dataclass(frozen=True)
class Latency:
    """What users of a replica wait for, as means and spreads; each field is a number or an array."""

    first_s: Value
    """Mean time to first token, without waiting for a place [s]."""
    first_cv: Value
    """Its standard deviation over the mean, the part that varies."""
    fixed_s: Value
    """The part of it that does not vary [s]."""
    token_s: Value
    """Mean time per output token [s]."""
    token_cv: Value
    """Its standard deviation over requests, over the mean."""
    wait_share: Value
    """Share of the requests that wait for a place in the batch."""
    wait_s: Value
    """Mean wait of those [s]."""

    def mean_first_s(self) -> Value:
        """Return the mean time to first token [s]."""
        return self.first_s + self.wait_share * self.wait_s

    def first_quantile_s(self, share: Value) -> Value:
        """Return the quantile `share` of the time to first token [s]."""
        rest = self.first_s - self.fixed_s
        base = self.fixed_s + spread_quantile(rest, self.first_cv, share)
        late = np.log(np.maximum(self.wait_share / np.maximum(1.0 - share, 1e-9), 1.0))
        return base + np.where(late > 0.0, late * self.wait_s, 0.0)

    def token_quantile_s(self, share: Value) -> Value:
        """Return the quantile `share` of the time per output token over requests [s]."""
        return spread_quantile(self.token_s, self.token_cv, share)

    def whole_quantile_s(self, share: Value, lengths: Lengths) -> Value:
        """Return the quantile `share` of the time from arrival to the last token [s]."""
        answer_s = self.token_s * np.maximum(lengths.output - 1.0, 0.0)
        cv = np.sqrt(np.square(lengths.output_cv) + np.square(self.token_cv))
        mean = answer_s + self.mean_first_s() - self.fixed_s
        spread = cv * answer_s / np.maximum(mean, 1e-12)
        return self.fixed_s + spread_quantile(mean, spread, share)


def latency_of(service: Service, lengths: Lengths, found: Steady, most: Value) -> Latency:
    """Return what users wait for while the steps are those of `found`.

    Parameters
    ----------
    service, lengths, found
        A replica, its requests and its steps.
    most
        Requests that it holds at most.

    Notes
    -----
    First token: the rest of the step in progress, prompts in front of the own one (the token budget of steps
    as a queue with one server), and the own steps. The number in flight fluctuates like a Poisson number of
    mean ``B``, more so as longer steps keep requests longer (variance ``B / (1 - e)``, ``e`` the elasticity
    of the step); a request waits for a place where it would exceed ``most``, by then exponentially with mean
    ``O T / (most - B)``. Time per token varies with that number, averaged over the answer.
    """
    budget = np.maximum(service.limits.tokens_most - found.decoding, 1.0)
    load = np.minimum(found.mixed_frac * found.mixed_tokens / budget, 0.999)
    own_s = prompt_s(service, lengths, found)
    turn_s = lengths.input * lengths.prefill / budget * found.mixed_s
    queue_s = load / (1.0 - load) * 0.5 * (1.0 + np.square(lengths.input_cv)) * turn_s
    fixed_s = service.engine.first_s + 0.0 * own_s
    rest = found.residual_s + queue_s + own_s
    alone = np.maximum(own_s - found.plain_s, 0.0)
    second = _residual_variance(found) + np.square(queue_s) * (2.0 / np.maximum(load, 1e-3) - 1.0)
    arrived = found.decoding / lengths.output / found.mean_s * 2.0 * found.residual_s
    second = second + np.square(alone) * (np.square(lengths.input_cv) * (1.0 + arrived) + arrived)
    held, elastic = found.decoding * service.split.pp, elasticity(service, lengths, found)
    spread = np.sqrt(held / (1.0 - elastic))
    free = np.maximum(most - held, 1e-6)
    answer_s = lengths.output * found.mean_s
    return Latency(
        first_s=fixed_s + rest, first_cv=np.sqrt(second) / rest, fixed_s=fixed_s, token_s=found.mean_s,
        token_cv=_token_cv(found, lengths, elastic), wait_share=share_above((free - 0.5) / spread),
        wait_s=answer_s / free,
    )  # fmt: skip


def _residual_variance(found: Steady) -> Value:
    """Return the variance of the time to the end of the step in progress [s²]: third moments of the steps."""
    long = found.mixed_s**3 * (1.0 + np.square(found.mixed_cv))
    third = (1.0 - found.mixed_frac) * found.plain_s**3 + found.mixed_frac * long
    return np.maximum(third / (3.0 * found.mean_s) - np.square(found.residual_s), 0.0)


def elasticity(service: Service, lengths: Lengths, found: Steady) -> Value:
    """Return the relative growth of the mean step over that of the batch, below 1."""
    more = steady(service.time, found.decoding * _NUDGE, lengths, service.limits.tokens_most)
    return np.clip(np.log(more.mean_s / found.mean_s) / np.log(_NUDGE), 0.0, 0.95)


def _token_cv(found: Steady, lengths: Lengths, elastic: Value) -> Value:
    longer = found.mixed_s - found.plain_s
    steps = found.mixed_frac * (1.0 - found.mixed_frac) + found.mixed_frac * np.square(found.mixed_cv)
    inside = steps * np.square(longer / found.mean_s) / np.maximum(lengths.output - 1.0, 1.0)
    inside = inside * (1.0 + np.square(lengths.output_cv))  # short answers see few steps
    varied = np.square(lengths.output_cv) / (1.0 + np.square(lengths.output_cv))
    between = (2.0 + varied) / 3.0 * np.square(elastic) / (np.maximum(found.decoding, 0.3) * (1.0 - elastic))
    return np.sqrt(inside + between)


__all__ = ["Latency", "elasticity", "latency_of"]
