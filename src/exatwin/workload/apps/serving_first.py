"""Time to first token: the end of the step in progress, a place in the batch, the own prompt."""

from __future__ import annotations

import numpy as np

from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_steady import Steady
from exatwin.workload.apps.serving_terms import Step
from exatwin.workload.roofline import Value


def prompt_s(service: Service, lengths: Lengths, found: Steady) -> Value:
    """Return how long the steps last that carry a prompt of mean length, and what comes with it [s]."""
    room = np.maximum(service.limits.tokens_most - found.decoding, 1.0)
    tokens = lengths.input * lengths.prefill
    companions = found.decoding / lengths.output * tokens
    own = np.minimum(tokens + companions, room)
    step = Step(found.decoding, lengths.context, own, lengths.behind, own / lengths.input)
    return service.time(step) * np.maximum(tokens / room, 1.0)


def alone_s(service: Service, lengths: Lengths) -> Value:
    """Return the seconds that one prompt adds while nothing but prompts is computed [s]."""
    room = service.limits.tokens_most
    full = Step(0.0, 1.0, room, lengths.behind, room / lengths.input)
    return service.time(full) / room * lengths.input


def first_of_users_s(
    service: Service, lengths: Lengths, found: Steady, users: Value, held: Value, rounds: Value
) -> Value:
    """Return the mean time to first token where a fixed number of users wait for their answers [s].

    Parameters
    ----------
    service, lengths, found
        The replica, its requests and its steps.
    users, held
        Users of the replica, and how many requests of theirs fit at a time.
    rounds
        Requests of each user. All begin at once, so that half of the prompts of all users is in front of the
        mean first request.
    """
    burst_s = 0.5 * held * alone_s(service, lengths) / rounds
    wait_s = np.maximum(users / np.maximum(held, 1e-9) - 1.0, 0.0) * found.mean_s * lengths.output
    queued_s = np.where(users > held * 1.01, wait_s, 0.0)
    return service.engine.first_s + found.mean_s + prompt_s(service, lengths, found) + burst_s + queued_s


def first_of_load_s(service: Service, lengths: Lengths, found: Steady) -> Value:
    """Return the mean time to first token of requests that come by themselves and find a place [s]."""
    return service.engine.first_s + found.residual_s + prompt_s(service, lengths, found)


__all__ = ["alone_s", "first_of_load_s", "first_of_users_s", "prompt_s"]
