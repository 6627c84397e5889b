"""How many requests are in flight: as many as memory holds, as users ask, or as a load keeps there."""

from __future__ import annotations

import numpy as np

from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_steady import steady
from exatwin.workload.roofline import Value

_HALVINGS = 40
_LEAST = 1e-3


def most_in_flight(
    tokens: Value, each: Value, batch_most: Value, lengths: Lengths, tokens_most: Value
) -> Value:
    """Return how many requests a replica holds at most.

    Neither more than its cache has room for, nor more than its engine takes, nor more than leave room in its
    steps for the prompts of those that follow them: ``B + B I / O`` tokens come in each.

    Parameters
    ----------
    tokens
        Tokens that its cache has room for.
    each
        Tokens of one request: what it holds on average, or a prompt and its longest answer where an engine
        starts a request only when there is room for both.
    batch_most
        Requests that its engine takes at most.
    lengths
        Tokens of prompts and answers.
    tokens_most
        Tokens of the steps of all its stages at most.

    Examples
    --------
    >>> float(most_in_flight(1e5, 1000.0, 256.0, Lengths(500.0, 500.0), 2048.0))
    100.0
    """
    budget = tokens_most / (1.0 + lengths.input * lengths.prefill / lengths.output)
    return np.minimum(np.minimum(tokens / each, batch_most), budget)


def in_flight(service: Service, rate: Value, most: Value, lengths: Lengths) -> Value:
    """Return how many requests decode in a micro-batch while `rate` come each second to a replica.

    At most `most` over the stages, where it can't keep up.

    Notes
    -----
    Little's law: ``B = r O T(B)``, with ``T`` the mean step and ``r`` the rate of a micro-batch. Tokens each
    second, ``B / T(B)``, grow with the batch, so that the root is found by bisection of its logarithm.
    """
    stages = service.split.pp
    wanted = rate / stages * lengths.output
    high = np.log(np.maximum(most / stages, 1.1 * _LEAST)) + 0.0 * wanted
    low = np.full_like(high, np.log(_LEAST))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        batch = np.exp(middle)
        step_s = steady(service.time, batch, lengths, service.limits.tokens_most).mean_s
        enough = batch / step_s >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.exp(high)


__all__ = ["in_flight", "most_in_flight"]
