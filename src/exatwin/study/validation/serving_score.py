"""Predict measured services, and say how far the predictions are off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from exatwin.catalogue.generic import sized
from exatwin.catalogue.serving_calibration import ServingCalibration
from exatwin.foundation.arrays import Float64, Int64
from exatwin.study.validation.serving_rows import ServedCase
from exatwin.workload.apps.serving_batch import in_flight, most_in_flight
from exatwin.workload.apps.serving_first import first_of_load_s, first_of_users_s
from exatwin.workload.apps.serving_latency import latency_of
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_power import Shares, accelerator_w, shares_of
from exatwin.workload.apps.serving_service import Service, service_of, together
from exatwin.workload.apps.serving_setup import Replica
from exatwin.workload.apps.serving_steady import Steady, steady, step_quantile
from exatwin.workload.apps.serving_terms import Step

_HALVINGS = 25
_LEAST = 0.1
Way = tuple[ServedCase, Replica, int]


@dataclass(frozen=True)
class Served:
    """What the law says of some measured services, each field of shape (cases,)."""

    tpot_s: Float64
    """Time per output token, in the sense of the row [s]."""
    ttft_s: Float64
    """Mean time to first token [s]."""
    tokens_per_s: Float64
    """Output tokens of all replicas."""
    capacity: Float64
    """The most that there could be."""
    accelerators: Float64
    """Accelerators that serve."""
    shares: Shares
    """How they are used."""
    chosen: Int64
    """Which of the ways that a row leaves open it is."""


def predict(cases: Sequence[ServedCase], calibration: ServingCalibration) -> Served:
    """Return what the law says of `cases`; of the ways that a row leaves open the fastest."""
    ways = [(case, replica, count) for case in cases for replica, count in case.replicas]
    first = np.concatenate([[0], np.cumsum([len(case.replicas) for case in cases])])[:-1]
    found = _ways(ways, calibration)
    best = [
        start + int(np.argmax(found.capacity[start : start + len(case.replicas)]))
        for case, start in zip(cases, first, strict=True)
    ]
    at = np.array(best, np.int64)
    taken: dict[str, Any] = {
        each.name: getattr(found, each.name)[at] for each in fields(Served) if each.name != "shares"
    }
    taken["shares"] = Shares(**{key: np.asarray(value)[at] for key, value in vars(found.shares).items()})
    return Served(**(taken | {"chosen": at - first}))


def energies(cases: Sequence[ServedCase], found: Served, calibration: ServingCalibration) -> Float64:
    """Return the energy of the accelerators for each output token [J], shape (cases,)."""
    joules = np.full(len(cases), np.nan)
    for machine in {case.machine for case in cases}:
        at = np.array([i for i, case in enumerate(cases) if case.machine == machine])
        shares = Shares(**{key: np.asarray(value)[at] for key, value in vars(found.shares).items()})
        watts = accelerator_w(sized(machine, 1), calibration.power, shares)
        joules[at] = watts * found.accelerators[at] / found.tokens_per_s[at]
    return joules


def lengths_of(cases: Sequence[ServedCase], calibration: ServingCalibration) -> Lengths:
    """Return the lengths of `cases`: as given, or those of their sets of prompts."""
    rows = []
    for case in cases:
        usual = calibration.prompts[case.prompts] if case.prompts else case.asked
        output = case.asked.output or usual.output
        rows.append((usual.input, output, usual.input_cv, usual.output_cv))
    return Lengths(*np.array(rows, float).T)


def _ways(ways: Sequence[Way], calibration: ServingCalibration) -> Served:
    cases = [case for case, _, _ in ways]
    count = np.array([each for _, _, each in ways], float)
    lengths = lengths_of(cases, calibration)
    alone = [service_of(case.model, case.device, way, calibration) for case, way, _ in ways]
    service = together(alone)
    users, rate, requests = (
        np.array([getattr(case, key) for case in cases]) / count for key in ("users", "rate", "requests")
    )
    most, fits = _most(service, lengths, users, requests)
    stages = service.split.pp
    open_load = _open(cases, alone, rate, most, lengths)
    held = np.where(users > 0.0, np.minimum(users, most), np.where(rate > 0.0, open_load * stages, most))
    found = steady(service.time, held / stages, lengths, service.limits.tokens_most)
    full = steady(service.time, most / stages, lengths, service.limits.tokens_most)
    waves = np.array([calibration.engines[way.engine].waves for _, way, _ in ways])
    rounds = np.where(waves, 1.0, calibration.rounds)
    gap = np.array([case.statistic == "median gap" for case in cases])
    median = step_quantile(service.time, found, lengths, 0.5)
    closed = first_of_users_s(service, lengths, found, users, held, rounds)
    return Served(
        tpot_s=np.asarray(np.where(gap, median, found.mean_s), float),
        ttft_s=np.asarray(np.where(users > 0.0, closed, first_of_load_s(service, lengths, found)), float),
        tokens_per_s=np.where(fits, count * _pace(service, lengths, found, held, requests), 0.0),
        capacity=np.where(fits, count * most / full.mean_s, 0.0),
        accelerators=count * service.accelerators,
        shares=shares_of(service, lengths, found),
        chosen=np.zeros(len(ways), np.int64),
    )


def _most(service: Service, lengths: Lengths, users: Float64, requests: Float64) -> tuple[Float64, Float64]:
    """Return how many requests a replica holds at most, and whether a single one fits."""
    longest = np.where(service.limits.reserves > 0.0, lengths.input + lengths.output, lengths.context)
    tokens = service.cache_tokens(lengths.context)
    allowed = np.maximum(service.limits.batch_most, users)
    most = np.minimum(
        most_in_flight(tokens, longest, allowed, lengths, service.limits.tokens_most * service.split.pp),
        requests,
    )
    return np.maximum(most, 1e-3), tokens >= longest


def _open(
    cases: Sequence[ServedCase], services: Sequence[Service], rate: Float64, most: Float64, lengths: Lengths
) -> Float64:
    """Return how many requests decode in a micro-batch where they come by themselves."""
    load = np.ones(len(cases))
    free = np.array([case.rate > 0.0 and case.within is None for case in cases])
    bound = np.array([case.within is not None for case in cases])
    for at in (np.flatnonzero(free).tolist(), np.flatnonzero(bound).tolist()):
        if not at:
            continue
        some = together([services[i] for i in at])
        part = Lengths(*(getattr(lengths, key)[at] for key in ("input", "output", "input_cv", "output_cv")))
        if free[at[0]]:
            load[at] = in_flight(some, rate[at], most[at], part)
        else:
            limits = np.array([cases[i].within or (0.0, 0.0) for i in at], np.float64).T
            load[at] = _within(some, part, most[at], limits)
    return load


def _within(service: Service, lengths: Lengths, most: Float64, limits: Float64) -> Float64:
    """Return the largest micro-batch whose 99th percentiles are within `limits` (first token, per token)."""
    low = np.full(len(most), np.log(_LEAST))
    high = np.log(np.maximum(most / service.split.pp, 1.1 * _LEAST))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        found = steady(service.time, np.exp(middle), lengths, service.limits.tokens_most)
        latency = latency_of(service, lengths, found, most)
        met = (latency.first_quantile_s(0.99) <= limits[0]) & (latency.token_quantile_s(0.99) <= limits[1])
        low, high = np.where(met, middle, low), np.where(met, high, middle)
    return np.asarray(np.exp(low))


def _pace(service: Service, lengths: Lengths, found: Steady, held: Float64, requests: Float64) -> Float64:
    """Return the output tokens each second of a replica over a measurement of so many requests.

    Its end counts: the batch runs empty within one answer, half as full in the mean.
    """
    half_s = service.time(Step(0.5 * found.decoding, lengths.context))
    tail = 0.5 * held / requests
    return np.asarray(held / ((1.0 - tail) * found.mean_s + 2.0 * tail * half_s))


__all__ = ["Served", "energies", "lengths_of", "predict"]
