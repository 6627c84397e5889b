"""Percentiles of a planned service from a simulation of the batching of one replica."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.foundation.errors import InfeasibleError
from exatwin.workload.apps.serving_simulate import costs_of, requests_of, simulate

if TYPE_CHECKING:
    from exatwin.study.applications.serving import Served

_SHOWN = (50, 90, 95, 99)


def simulated(served: Served) -> dict[str, Any]:
    """Return the means and percentiles that a simulation of one replica finds, and what it did.

    Raises
    ------
    InfeasibleError
        The simulated percentiles miss the targets that the law met.
    """
    asked, plan, service = served.asked, served.plan, served.service
    engines = plan.replicas * plan.replica.pp
    rate = float(served.point.rate) / plan.replica.pp
    requests = requests_of(
        asked.lengths, rate, asked.requests, asked.seed, dealt=engines, sample=asked.sample
    )
    found = simulate(requests, costs_of(service, asked.lengths))
    start_s = float(service.engine.first_s)
    waits = {"ttft_s": found.ttft_s + start_s, "tpot_s": found.tpot_s, "e2e_s": found.e2e_s + start_s}
    waits = {key: values for key, values in waits.items() if len(values)}
    told = {
        key: {f"p{p}": float(np.quantile(values, p / 100.0)) for p in _SHOWN} for key, values in waits.items()
    }
    return {
        "values": {key: float(values.mean()) for key, values in waits.items()},
        "percentiles": told,
        "extra": {
            "requests": asked.requests,
            "seed": asked.seed,
            "steps": found.steps,
            "preempted": int(found.preempted.sum()),
            "tokens_per_s": found.tokens_per_s * engines,
            "met": _met(served, told),
        },
    }


def _met(served: Served, told: dict[str, dict[str, float]]) -> bool:
    """Return whether the simulated percentiles keep the targets."""
    targets = served.asked.targets
    pairs = [("ttft_s", targets.first_s), ("tpot_s", targets.token_s)]
    missed = [
        f"{key[:4].upper()} p{percent} {told[key][f'p{percent}']:.3g} s instead of {wanted:g} s"
        for key, asked in pairs
        for percent, wanted in asked.items()
        if key in told and told[key][f"p{percent}"] > wanted
    ]
    if missed and served.asked.replicas is None and served.asked.accelerators is None:
        more = served.plan.replicas + max(1, served.plan.replicas // 10)
        raise InfeasibleError(
            f"the simulation misses the targets with {served.plan.replicas:,} replicas, which the law takes "
            f"for enough: {', '.join(missed)}; ask for --replicas {more}"
        )
    return not missed


__all__ = ["simulated"]
