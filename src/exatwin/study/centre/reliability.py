"""Failures by chance: of nodes, of whole racks, of what cools several; repairs, and spare nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.reliability import node_rates
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.schedule.floor import Floor
from exatwin.schedule.windows import Kind, Window
from exatwin.study.centre.downtime import Down
from exatwin.study.centre.reliable import Reliability

WEEK_S = 7 * 86400


class Failing(NamedTuple):
    """Units of one kind that fail alike: the nodes of each, and the mean time between failures of one [s]."""

    kind: str
    units: Sequence[Int64]
    mtbf_s: float

    def rate(self, span_s: float) -> float:
        """Return how often one of them fails in `span_s` [s] on average.

        Raises
        ------
        SpecError
            The mean time between failures is not above 0 s.
        """
        if not self.mtbf_s > 0.0:
            raise SpecError(f"each {self.kind} fails every {self.mtbf_s:g} s: expected more than 0 s")
        return len(self.units) * span_s / self.mtbf_s


@dataclass(frozen=True)
class Repairs:
    """How long what has failed is away."""

    mean_s: float
    spread: float | None

    def __post_init__(self) -> None:
        if not self.mean_s > 0.0 or (self.spread is not None and not self.spread >= 0.0):
            raise SpecError(
                f"repairs take {self.mean_s:g} s with a spread of {self.spread}: expected more than 0 s, and "
                "0 or more"
            )

    def draw(self, rng: np.random.Generator, many: int) -> Int64:
        """Return `many` times [s], at least a second each."""
        if self.spread is None:
            found = rng.exponential(self.mean_s, many)
        else:
            found = rng.lognormal(np.log(self.mean_s) - self.spread**2 / 2.0, self.spread, many)
        return np.maximum(np.rint(found), 1).astype(np.int64)


def failing(
    settings: Reliability, machine: Machine, floor: Floor, racks_per_cdu: int | None
) -> list[Failing]:
    """Return what of `machine` fails by chance.

    Raises
    ------
    SpecError
        CDUs are to fail, but nobody knows how many racks stand behind one.
    """
    mtbf, rack = settings.node_mtbf_s, machine.rack_of_node[: floor.capacity]
    if mtbf is None and settings.rates is not None:
        mtbf = 86400.0 / (node_rates(settings.rates).per_accelerator_day * max(machine.node.accelerators, 1))
    found = []
    if mtbf is not None:
        found.append(Failing("node", list(np.arange(floor.capacity)[:, None]), mtbf))
    if settings.rack_mtbf_s is not None:
        found.append(Failing("rack", _units(rack), settings.rack_mtbf_s))
    if settings.cdu_mtbf_s is not None:
        if racks_per_cdu is None:
            raise SpecError(
                "reliability.cdu_mtbf: the cooling plant does not say how many racks stand behind a CDU: "
                "expected a section 'units', or rack_mtbf"
            )
        found.append(Failing("cdu", _units(rack // racks_per_cdu), settings.cdu_mtbf_s))
    return found


def _units(of_node: np.ndarray) -> list[Int64]:
    return [np.flatnonzero(of_node == unit).astype(np.int64) for unit in np.unique(of_node)]


def repairs(settings: Reliability) -> Repairs:
    """Return how long repairs take.

    Raises
    ------
    SpecError
        Nobody says.
    """
    mean, spread = settings.repair_s, settings.repair_spread
    if settings.rates is not None:
        known = node_rates(settings.rates)
        spread = known.repair_spread if mean is None and spread is None else spread
        mean = known.repair_s if mean is None else mean
    if mean is None:
        raise SpecError("reliability.repair is missing: expected a time such as '12 h', or reliability.rates")
    return Repairs(mean, spread)


def drawn(kinds: Sequence[Failing], away: Repairs, start_s: int, end_s: int, seed: int) -> list[Down]:
    """Return the failures from `start_s` to `end_s` [s], in order of time.

    Notes
    -----
    Each unit fails at a constant rate, whether it is in service or not; each week has a stream of draws of
    its own for each kind, so that a longer run only adds failures.
    """
    found = []
    for kind in kinds:
        rate = kind.rate(WEEK_S)
        for week in range(start_s // WEEK_S, -(-end_s // WEEK_S)):
            rng = stream(seed, "failures", kind.kind, str(week))
            many = int(rng.poisson(rate))
            times = week * WEEK_S + rng.integers(0, WEEK_S, many)
            units, lengths = rng.integers(0, len(kind.units), many), away.draw(rng, many)
            found += [
                Down(int(time), int(time + length), kind.units[unit])
                for time, unit, length in zip(times, units, lengths, strict=True)
                if start_s <= time < end_s
            ]
    return sorted(found, key=lambda one: (one.start_s, one.end_s, int(one.nodes[0])))


def apart(downs: Sequence[Down], capacity: int) -> list[Down]:
    """Return the same times out of service, with no node in two of them at once.

    What fails while it is out of service anyway only stays away longer.
    """
    until = np.full(capacity, np.iinfo(np.int64).min)
    found = []
    for one in sorted(downs, key=lambda each: each.start_s):
        later = one.nodes[until[one.nodes] < one.end_s]
        begins = np.maximum(until[later], one.start_s)
        found += [Down(int(begin), one.end_s, later[begins == begin]) for begin in np.unique(begins)]
        until[later] = one.end_s
    return sorted(found, key=lambda each: (each.start_s, each.end_s, int(each.nodes[0])))


def held_back(downs: Sequence[Down], floor: Floor, spares: int, start_s: int, end_s: int) -> list[Window]:
    """Return the times in which nodes are held back as spares, as windows in which nothing starts.

    Parameters
    ----------
    downs
        What is out of service, no node twice at once, in order of time.
    floor
        The nodes.
    spares
        Nodes of each pool that are held back at first: the last of each.
    start_s, end_s
        The run [s].

    Raises
    ------
    SpecError
        A pool has no more nodes than that, or it is below 0.
    """
    if spares < 0:
        raise SpecError(f"reliability.spares is {spares}: expected 0 or more")
    if spares == 0:
        return []
    windows: list[Window] = []
    for pool, size in enumerate(floor.pool_nodes.tolist()):
        if spares >= size:
            raise SpecError(f"reliability.spares is {spares}: expected fewer than the {size} nodes of a pool")
        first, last = int(floor.first_node[pool]), int(floor.first_node[pool + 1])
        windows += _pool_held(downs, first, last, spares, start_s, end_s)
    return windows


def _pool_held(
    downs: Sequence[Down], first: int, last: int, spares: int, start_s: int, end_s: int
) -> list[Window]:
    since = dict.fromkeys(range(last - spares, last), start_s)
    back: dict[int, int] = {}
    found = []

    def end(node: int, now: int) -> None:
        begin = since.pop(node)
        if now > begin:
            found.append(Window(begin, now, np.array([node], np.int64), Kind.DRAIN, "spare"))

    for one in downs:
        now = one.start_s
        for node in sorted(node for node, when in back.items() if when <= now):
            since[node] = back.pop(node)
        for node in one.nodes[(one.nodes >= first) & (one.nodes < last)].tolist():
            back[node] = max(one.end_s, back.get(node, one.end_s))
            if node in since:
                end(node, now)
                continue
            if since:
                end(min(since), now)
            else:
                back.pop(node)
    since |= back
    for node in sorted(since):
        end(node, max(end_s, since[node] + 1))
    return found


__all__ = ["Failing", "Reliability", "Repairs", "apart", "drawn", "failing", "held_back", "repairs"]
