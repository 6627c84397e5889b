"""How many replicas a load needs, and which layout of them needs the fewest accelerators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64
from exatwin.workload.apps.serving_batch import in_flight, most_in_flight
from exatwin.workload.apps.serving_latency import Latency, latency_of
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_setup import Replica
from exatwin.workload.apps.serving_steady import Steady, steady
from exatwin.workload.roofline import Value

_POINTS = 56
_FULL = 0.98  # share of the batch up to which a replica of a service is filled
_ROOM = 1e-9
_WAITING = 0.01  # share of the requests that may wait for a place where nobody says how long


@dataclass(frozen=True)
class Targets:
    """How soon requests must be answered: seconds by percentile, such as ``{99: 2.0}``."""

    first_s: Mapping[int, float] = field(default_factory=dict)
    """Time to first token."""
    token_s: Mapping[int, float] = field(default_factory=dict)
    """Time per output token."""

    def met(self, latency: Latency) -> NDArray[np.bool_]:
        """Return where all of them are met; without one of the first token where few wait for a place."""
        kept = np.ones(np.shape(latency.token_s), bool)
        if not self.first_s:
            kept &= latency.wait_share <= _WAITING
        for percent, wanted in self.first_s.items():
            kept &= latency.first_quantile_s(percent / 100.0) <= wanted * (1.0 + _ROOM)
        for percent, wanted in self.token_s.items():
            kept &= latency.token_quantile_s(percent / 100.0) <= wanted * (1.0 + _ROOM)
        return kept


@dataclass(frozen=True)
class Point:
    """Replicas under a load."""

    steady: Steady
    """Steps of a replica."""
    latency: Latency
    """What users wait for."""
    rate: Value
    """Requests that a replica answers each second."""
    most: Value
    """Requests that it holds at most."""

    @property
    def held(self) -> Value:
        """Share of the places in the batch that are taken."""
        return self.steady.decoding / self.most


def capacity(service: Service, lengths: Lengths) -> Value:
    """Return how many requests a replica holds at most; less than 1 where a single one does not fit."""
    longest = lengths.input + lengths.output * (1.0 + 2.0 * lengths.output_cv)
    each = np.where(service.limits.reserves > 0.0, longest, lengths.context)
    tokens = service.cache_tokens(lengths.context)
    held = most_in_flight(
        tokens, each, service.limits.batch_most, lengths, service.limits.tokens_most * service.split.pp
    )
    return np.where(tokens >= lengths.input + lengths.output, np.maximum(held, 1.0), 0.0)


def point_of(service: Service, lengths: Lengths, batch: Value, most: Value) -> Point:
    """Return a replica with `batch` requests in each micro-batch, of `most` that it holds."""
    found = steady(service.time, batch, lengths, service.limits.tokens_most)
    rate = batch * service.split.pp / (lengths.output * found.mean_s)
    return Point(found, latency_of(service, lengths, found, most), rate, most)


def under_rate(service: Service, lengths: Lengths, rate: Value, most: Value) -> Point:
    """Return a replica that gets `rate` requests each second, or as many as it can answer."""
    return point_of(service, lengths, in_flight(service, rate, most, lengths), most)


@dataclass(frozen=True)
class Best:
    """What each layout does under the targets, each field of shape (layouts,)."""

    rate: Float64
    """Most requests each second of a replica within the targets; 0 where none is."""
    most: Float64
    """Requests that a replica holds at most."""
    first_s: Float64
    """Time to first token of a lonely request, at the strictest percentile asked [s]."""
    token_s: Float64
    """Its time per output token [s]."""


def best_rates(service: Service, lengths: Lengths, targets: Targets) -> Best:
    """Return the most that each layout answers within the targets.

    Parameters
    ----------
    service
        Replicas as arrays of shape (layouts, 1).
    lengths
        Tokens of prompts and answers.
    targets
        How soon requests must be answered.

    Notes
    -----
    The batch runs from a lonely request to a full one; the rate follows from it without any root to find.
    The last batch within the targets is looked for twice, on finer points the second time.
    """
    most = np.asarray(capacity(service, lengths), float)
    stages = np.asarray(service.split.pp, float)
    low = np.full_like(most, 0.02)
    high = np.maximum(_FULL * most / stages, 2.0 * low)
    lonely = point_of(service, lengths, low, most).latency
    rate = np.zeros(len(most))
    for _ in range(2):
        batch = low * (high / low) ** np.linspace(0.0, 1.0, _POINTS)
        point = point_of(service, lengths, batch, most)
        met = targets.met(point.latency) & (most > 0.0)
        last = _POINTS - 1 - np.argmax(met[:, ::-1], axis=1)
        rows, after = np.arange(len(batch)), np.minimum(last + 1, _POINTS - 1)
        rate = np.where(met.any(axis=1), point.rate[rows, last], 0.0)
        low, high = batch[rows, last][:, None], batch[rows, after][:, None] * (1.0 + 1e-9)
    first, token = (max(asked, default=99) / 100.0 for asked in (targets.first_s, targets.token_s))
    return Best(rate, most[:, 0], lonely.first_quantile_s(first)[:, 0], lonely.token_quantile_s(token)[:, 0])


@dataclass(frozen=True)
class Plan:
    """The layout that was chosen, and how many of it."""

    replica: Replica
    """How one replica is spread."""
    replicas: int
    """How many."""

    @property
    def accelerators(self) -> int:
        """Accelerators of all replicas."""
        return self.replica.accelerators * self.replicas


def fewest(ways: Sequence[Replica], best: Best, rate: float, replicas: int | None) -> tuple[Plan, int] | None:
    """Return the plan on the fewest accelerators that answers `rate`, with its place in `ways`.

    Parameters
    ----------
    ways
        Layouts of a replica.
    best
        What each does.
    rate
        Requests each second; 0 for as many as are answered.
    replicas
        How many there are to be; None to choose.
    """
    found = []
    for at, (way, most) in enumerate(zip(ways, best.rate, strict=True)):
        if most <= 0.0:
            continue
        count = replicas or max(1, ceil(rate / most * (1.0 - 1e-6)))
        if rate and count * most < rate * (1.0 - 1e-6):
            continue
        plan = Plan(way, count)
        each = -most / way.accelerators  # without a load, the busiest accelerators
        found.append((float(plan.accelerators) if rate else each, best.token_s[at], at, plan))
    if not found:
        return None
    _, _, at, plan = min(found, key=lambda each: each[:3])
    return plan, at


def column(service: Service) -> Service:
    """Return `service`, arrays of shape (layouts,), as columns of shape (layouts, 1)."""
    parts: dict[str, Any] = {}
    for each in fields(Service):
        value = getattr(service, each.name)
        if each.name != "law":
            value = replace(value, **{k: np.asarray(v)[:, None] for k, v in vars(value).items()})
        parts[each.name] = value
    return Service(**parts)


__all__ = [
    "Best", "Plan", "Point", "Targets", "best_rates", "capacity", "column", "fewest", "point_of",
    "under_rate",
]  # fmt: skip
