"""Failures of the plant as people write them, and which nodes they take along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import load_site
from exatwin.facility.outages import CDU, Outage, check_unit
from exatwin.facility.plant import Plant
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import parse, show
from exatwin.schedule.floor import Floor
from exatwin.study.centre.downtime import Down

if TYPE_CHECKING:
    from exatwin.study.scenario import Scenario

_FORM = re.compile(r"^\s*([A-Za-z][\w-]*)\s*:\s*(\d{1,6})\s*@\s*([^/@]+?)\s*/\s*([^/@]+?)\s*$")
_LIKE = "expected COMPONENT:WHICH@START/DURATION, such as cdu:07@6h/4h"


class Failure(NamedTuple):
    """One failure, its time after the opening of the window."""

    kind: str
    unit: int
    after_s: float
    for_s: float


def failure(text: str) -> Failure:
    """Return what `text` stands for.

    Raises
    ------
    ValueError
        It is no failure.

    Examples
    --------
    >>> failure("cdu:07@6h/4h")
    Failure(kind='cdu', unit=7, after_s=21600.0, for_s=14400.0)
    """
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"'{text}' is no failure: {_LIKE}")
    kind, unit, after, length = match.groups()
    try:
        found = Failure(kind.lower(), int(unit), parse(after, "s"), parse(length, "s"))
    except SpecError as error:
        raise ValueError(f"'{text}' is no failure: {error}; {_LIKE}") from None
    if found.after_s < 0.0:
        raise ValueError(f"'{text}' starts before the window: {_LIKE}")
    if not 1.0 <= found.for_s < 1e10:
        raise ValueError(f"'{text}' lasts {show(found.for_s, 's')}: expected 1 s to 300 years")
    return found


def outages(failures: Sequence[str], start_s: float, end_s: float) -> list[Outage]:
    """Return the outages of a window from `start_s` to `end_s` [s].

    Raises
    ------
    SpecError
        One starts after the window has closed.
    """
    found = []
    for text in failures:
        kind, unit, after, length = failure(text)
        begin = start_s + round(after)
        if begin >= end_s:
            raise SpecError(
                f"failure '{text}' starts after the window of {show(end_s - start_s, 's')}: "
                "expected a start inside it"
            )
        found.append(Outage(kind, unit, begin, begin + round(length)))
    return found


def downs(hit: Sequence[Outage], plant: Plant, machine: Machine, floor: Floor) -> list[Down]:
    """Return the nodes that the failed coolant distribution units of `hit` take out of service.

    Raises
    ------
    SpecError
        There is no such unit, or the plant does not say how many racks stand behind one.
    """
    found = [one for one in hit if one.kind == CDU]
    if not found:
        return []
    units = plant.cooling.units
    if units is None:
        raise SpecError(
            f"failure '{found[0]}': the cooling plant '{plant.cooling.name}' does not say how many racks "
            "stand behind a CDU: expected a section 'units'"
        )
    cdu_of_node = machine.rack_of_node[: floor.capacity] // units.racks_per_cdu
    for one in found:
        check_unit(one, int(cdu_of_node[-1]) + 1)
    nodes = {one.unit: np.flatnonzero(cdu_of_node == one.unit - 1).astype(np.int64) for one in found}
    return [
        Down(begin, end, nodes[unit])
        for unit in nodes
        for begin, end in _merged([one for one in found if one.unit == unit])
    ]


def downs_again(scenario: Scenario, machine: Machine, start_s: float, end_s: float) -> list[Down]:
    """Return the nodes out of service in a run of `scenario` that is known to have worked."""
    from exatwin.study.building import plant_of
    from exatwin.study.centre.conditions import failures_between
    from exatwin.study.centre.reliability import apart

    floor = Floor.of(machine)
    first = int(start_s) if scenario.trace is not None else -round(scenario.workload.warmup_s)
    found = failures_between(scenario, machine, floor, first, int(np.ceil(end_s)))
    if scenario.failures:
        plant = plant_of(scenario, load_site(scenario.site or machine.file.site), machine)
        found += downs(outages(scenario.failures, start_s, end_s), plant, machine, floor)
    return apart(found, floor.capacity)


def _merged(hit: Sequence[Outage]) -> Iterator[tuple[int, int]]:
    """Yield the times of one unit's outages, those that touch joined."""
    begin, end = -1, -1
    for one in sorted(hit, key=lambda one: one.start_s):
        if one.start_s > end:
            if end > begin:
                yield begin, end
            begin = int(one.start_s)
        end = max(end, int(one.end_s))
    yield begin, end


__all__ = ["Failure", "downs", "downs_again", "failure", "outages"]
