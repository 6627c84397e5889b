"""Why a service can't be, in one line, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

import numpy as np

from exatwin.catalogue.generic import unit_of
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import show
from exatwin.study.applications.llm_counts import room
from exatwin.study.applications.serving_ask import Asked
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.serving_layouts import smaller_steps
from exatwin.workload.apps.serving_plan import Best, capacity
from exatwin.workload.apps.serving_service import Service
from exatwin.workload.apps.serving_setup import Replica


def too_large(
    model: LanguageModel, where: Machine, ways: Sequence[Replica], service: Service, asked: Asked,
    made: Callable[[Replica], Service],
) -> str:  # fmt: skip
    """Return by how much the roomiest layout does not hold the model, and what would."""
    spare = np.asarray(service.limits.room_b - service.weights_b)
    at = int(np.argmax(spare))
    one = ways[at]
    need_b, room_b = float(np.asarray(service.weights_b)[at]), float(np.asarray(service.limits.room_b)[at])
    said = (
        f"'{model.name}' in {one.precision} does not fit on {one.accelerators} {unit_of(where)} of "
        f"'{where.name}' (tp {one.tp}, pp {one.pp}): weights take {show(need_b, 'B', 3)} of each, "
        f"{show(room_b, 'B', 3)} are there"
    )
    if need_b < room_b:
        said += f" and the cache has no room for {asked.lengths.input + asked.lengths.output:,.0f} tokens"
    most = min(room(where), 1024)
    for flag, other in smaller_steps(model, one).items():
        if other.accelerators > most or (asked.accelerators and other.accelerators > asked.accelerators):
            continue
        try:
            tried = made(other)
        except SpecError:
            continue
        if float(np.asarray(capacity(tried, asked.lengths))[0]) >= 1.0:
            return f"{said}; {flag} would fit"
    return f"{said}; no more ranks and no narrower format that the chip has would fit"


def why_not(model: LanguageModel, where: Machine, asked: Asked, ways: list[Replica], best: Best) -> str:
    """Return what stands against a load: the best that can be reached at all, or the count."""
    if np.any(best.rate > 0.0):
        limit = asked.accelerators or (asked.nodes or 0) * where.node_devices
        each = max(
            rate * (limit // way.accelerators if limit else asked.replicas or 1)
            for way, rate in zip(ways, best.rate, strict=True)
        )
        many = (asked.replicas or 1) > 1
        copies = f"{asked.replicas} replicas answer" if many else "1 replica answers"
        held = f"{limit:,} {unit_of(where)} answer" if limit else copies
        return (
            f"{held} at most {each:.3g} requests/s of '{model.name}' within the targets, {asked.rate:g} were "
            f"asked: {ceil(asked.rate / max(each, 1e-9) * (limit or asked.replicas or 1)):,} would"
        )
    first, token = int(np.argmin(best.first_s)), int(np.argmin(best.token_s))
    percents = [max(asked_, default=99) for asked_ in (asked.targets.first_s, asked.targets.token_s)]
    return (
        f"no number of replicas of '{model.name}' on '{where.name}' answers within the targets; with one "
        f"request at a time the best TTFT p{percents[0]} is {show(float(best.first_s[first]), 's', 3)} "
        f"(tp {ways[first].tp}, pp {ways[first].pp}) and the best TPOT p{percents[1]} "
        f"{show(float(best.token_s[token]), 's', 3)} (tp {ways[token].tp}, pp {ways[token].pp})"
    )


__all__ = ["too_large", "why_not"]
