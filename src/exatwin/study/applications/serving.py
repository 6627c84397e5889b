"""``exatwin estimate serve``: a service of a language model, layout and replicas chosen where left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exatwin.catalogue.generic import sized, unit_of, with_room
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.serving_calibration import ServingCalibration, serving_calibration
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.applications.llm_counts import room
from exatwin.study.applications.serving_ask import Asked, asked_of
from exatwin.study.applications.serving_refusals import too_large, why_not
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.llm_device import Device, device_of
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.serving_first import first_of_users_s
from exatwin.workload.apps.serving_layouts import layouts
from exatwin.workload.apps.serving_plan import (
    Best,
    Plan,
    Point,
    best_rates,
    capacity,
    column,
    fewest,
    point_of,
    under_rate,
)
from exatwin.workload.apps.serving_service import Service, service_of, together
from exatwin.workload.apps.serving_setup import Replica


@dataclass(frozen=True)
class Served:
    """A service that was planned."""

    model: LanguageModel
    """What is served."""
    machine: Machine
    """Where."""
    plan: Plan
    """How."""
    service: Service
    """One replica."""
    point: Point
    """It under its load."""
    first_s: float
    """Mean time to first token [s]."""
    most_rate: float
    """Requests each second of a replica within the targets, at most."""
    asked: Asked
    """What was asked."""
    chosen: tuple[str, ...]
    """Settings that nobody gave, in words."""


def estimate_serving(machine: str, settings: Mapping[str, Any]) -> Estimate:
    """Return what serving a language model takes.

    Parameters
    ----------
    machine
        A machine of the catalogue, a kind of node, or a path.
    settings
        What is asked; see :func:`exatwin.estimate`.

    Raises
    ------
    CatalogueError, SpecError
        The machine, the model or a setting is unknown or does not suit the others.
    InfeasibleError
        The model does not fit, or nothing answers the load within the targets.

    Examples
    --------
    >>> load = {"model": "llama-3.1-8b", "rate": 5.0, "tpot_p99_s": 0.05}
    >>> estimate_serving("dgx-h100", load).values["replicas"]
    1
    """
    asked = asked_of(settings)
    if asked.disaggregate:
        from exatwin.study.applications.serving_split import estimate_pools

        return estimate_pools(machine, asked)
    from exatwin.study.applications.serving_answer import answer

    return answer(planned(machine, asked))


def planned(machine: str, asked: Asked) -> Served:
    """Return the service that `asked` needs on the machine called `machine`."""
    model = load_model(asked.model)
    where = place(machine, asked)
    ways, service = candidates(model, where, asked)
    if asked.users:
        return _of_users(model, where, asked, ways, service)
    best = best_rates(column(service), asked.lengths, asked.targets)
    found = _chosen(where, asked, ways, best)
    if found is None:
        raise InfeasibleError(why_not(model, where, asked, ways, best))
    plan, at = found
    one = only(service, at)
    most = best.most[at]
    rate = asked.rate / plan.replicas if asked.rate else best.rate[at]
    point = under_rate(one, asked.lengths, np.float64(rate), np.float64(most))
    if not asked.rate and not asked.targets.first_s and not asked.targets.token_s:
        point = _saturated(one, asked, most)
    first_s = float(point.latency.mean_first_s())
    served = Served(
        model, with_room(where, plan.accelerators), plan, one, point, first_s, float(best.rate[at]), asked,
        _words(plan, asked),
    )  # fmt: skip
    return _checked(served, where)


def _saturated(service: Service, asked: Asked, most: float) -> Point:
    """Return a full replica whose next request comes as one ends, so that none waits for a place."""
    point = point_of(service, asked.lengths, np.float64(most) / service.split.pp, np.float64(most))
    return replace(point, latency=replace(point.latency, wait_share=np.float64(0.0)))


def place(machine: str, asked: Asked) -> Machine:
    """Return the machine called `machine`, with room for what was asked."""
    count = asked.accelerators or 1
    where = sized(machine, count)
    if asked.nodes:
        where = sized(machine, asked.nodes * where.node_devices)
    if where.accelerator is None:
        raise SpecError(f"'{where.name}' has no accelerators, serving is modelled on accelerators only")
    return where


def candidates(model: LanguageModel, where: Machine, asked: Asked) -> tuple[list[Replica], Service]:
    """Return the layouts of a replica that hold the model, and all of them as one service.

    Raises
    ------
    InfeasibleError
        None of them holds it; the message has a smallest change.
    """
    calibration, device = serving_calibration(), device_of(where)
    roomy = with_room(where, min(room(where), 1024))
    ways = layouts(model, device, roomy, asked.chosen)
    if asked.accelerators or asked.nodes:
        limit = asked.accelerators or (asked.nodes or 1) * where.node_devices
        fitting = [way for way in ways if way.accelerators <= limit]
        ways = fitting or [min(ways, key=lambda way: way.accelerators)]
    service = _service(model, device, ways, asked, calibration)
    held = np.asarray(capacity(service, asked.lengths))
    if not np.any(held >= 1.0):
        raise InfeasibleError(
            too_large(
                model,
                where,
                ways,
                service,
                asked,
                lambda way: _service(model, device, [way], asked, calibration),
            )
        )
    kept = [at for at in range(len(ways)) if held[at] >= 1.0]
    if asked.chosen.pp is None:  # stages only where tensor ranks of one link domain are not enough
        least = min(ways[at].pp for at in kept)
        kept = [at for at in kept if ways[at].pp == least]
    return [ways[at] for at in kept], _service(model, device, [ways[at] for at in kept], asked, calibration)


def _service(
    model: LanguageModel, device: Device, ways: list[Replica], asked: Asked, calibration: ServingCalibration
) -> Service:
    service = together([service_of(model, device, way, calibration) for way in ways])
    changes: dict[str, Any] = {}
    if asked.max_batch:
        changes["batch_most"] = asked.max_batch * service.split.dp
    if asked.max_batched_tokens:
        changes["tokens_most"] = asked.max_batched_tokens * service.split.dp
    return replace(service, limits=replace(service.limits, **changes)) if changes else service


def only(service: Service, at: int) -> Service:
    """Return the service at `at` of many."""
    parts = {
        name: replace(value, **{key: np.asarray(column)[at] for key, column in vars(value).items()})
        for name, value in vars(service).items()
        if name != "law"
    }
    return replace(service, **parts)


def _chosen(where: Machine, asked: Asked, ways: list[Replica], best: Best) -> tuple[Plan, int] | None:
    limit = asked.accelerators or (asked.nodes or 0) * where.node_devices
    if not limit:
        return fewest(ways, best, asked.rate, asked.replicas)
    found = []
    for at, (way, rate) in enumerate(zip(ways, best.rate, strict=True)):
        count = limit // way.accelerators
        if count and rate > 0.0 and count * rate >= asked.rate * (1.0 - 1e-6):
            found.append((-count * rate, at, Plan(way, count)))
    if not found:
        return None
    _, at, plan = min(found, key=lambda each: each[:2])
    return plan, at


def _of_users(
    model: LanguageModel, where: Machine, asked: Asked, ways: list[Replica], service: Service
) -> Served:
    """Return the service of a fixed number of users: on the fewest accelerators, or as given."""
    found = min(range(len(ways)), key=lambda at: (ways[at].accelerators, ways[at].pp, -ways[at].tp))
    limit = asked.accelerators or (asked.nodes or 0) * where.node_devices
    if limit:
        found = max(range(len(ways)), key=lambda at: (ways[at].accelerators, ways[at].tp))
    plan = Plan(ways[found], asked.replicas or max(limit // ways[found].accelerators, 1))
    one = only(service, found)
    limits = replace(one.limits, batch_most=np.maximum(one.limits.batch_most, asked.max_batch or asked.users))
    one = one if asked.max_batch else replace(one, limits=limits)
    most = float(capacity(one, asked.lengths))
    users = asked.users / plan.replicas
    held = min(users, most)
    point = point_of(one, asked.lengths, np.float64(held / ways[found].pp), np.float64(most))
    calibration = serving_calibration()
    waves = calibration.engines[ways[found].engine].waves
    rounds = 1.0 if waves else calibration.rounds
    first = first_of_users_s(one, asked.lengths, point.steady, users, held, rounds)
    served = Served(
        model, with_room(where, plan.accelerators), plan, one, point, float(first), float(point.rate), asked,
        _words(plan, asked),
    )  # fmt: skip
    return _checked(served, where)


def _checked(served: Served, where: Machine) -> Served:
    most, need = room(where), served.plan.accelerators
    if need > most:
        rate = f"{served.asked.rate:g} requests/s of " if served.asked.rate else ""
        raise InfeasibleError(
            f"{rate}'{served.model.name}': {need:,} {unit_of(where)} are needed "
            f"({served.plan.replicas:,} replicas of {served.plan.replica.accelerators}), '{where.name}' has "
            f"{most:,}"
        )
    return served


def _words(plan: Plan, asked: Asked) -> tuple[str, ...]:
    way = plan.replica
    told = [f"{key} = {getattr(way, key)}" for key in ("tp", "pp") if getattr(asked.chosen, key) is None]
    if way.dp > 1 or way.ep > 1:
        told += [f"{key} = {getattr(way, key)}" for key in ("dp", "ep") if getattr(asked.chosen, key) is None]
    return (*told, *([] if asked.replicas else [f"replicas = {plan.replicas}"]))


__all__ = ["Served", "candidates", "estimate_serving", "only", "place", "planned"]
