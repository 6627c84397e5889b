"""Which shape of the same work starts soonest, and which ends soonest: nodes against wall time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.random import stream
from exatwin.study.forecast import learned, told_of
from exatwin.study.scenario import Scenario
from exatwin.study.starts.analogs import HIGH, LEVELS, Past, edges
from exatwin.study.starts.asking import NOBODY, Who, granted, queue_of
from exatwin.study.starts.ensemble import HOUR_S, waits_of_shapes, worth
from exatwin.study.starts.read_state import read_state
from exatwin.study.starts.standing_state import MachineState

MEMBERS = 50
LIMITS_H = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0, 48.0, 96.0)
"""Wall times that are tried, as far as the partition grants them [h]."""
_LONGEST_CHAIN, _SHORTEST_S, _SLACK, _NEAR_S = 16, 300.0, 4.0, 300.0
"""Most jobs of a chain; shortest work worth a job; how far a limit may lie above the time that is needed;
starts that are as good as one another."""


@dataclass(frozen=True)
class Scaling:
    """How the time of a work falls with its nodes, from that on one node."""

    parallel_frac: float = 1.0
    """Share of the work that all nodes do together; 1 for perfect scaling."""

    @classmethod
    def parse(cls, text: str | None) -> Scaling:
        """Return the scaling that ``perfect`` or ``amdahl=0.999`` describes.

        Raises
        ------
        SpecError
            It is neither.

        Examples
        --------
        >>> Scaling.parse("amdahl=0.5").time_h(8.0, 2)
        6.0
        """
        if text is None or text.strip() == "perfect":
            return cls()
        name, _, value = text.partition("=")
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if name.strip() != "amdahl" or not 0.0 <= share <= 1.0:
            raise SpecError(
                f"--scaling {text}: expected perfect, or amdahl=0.999 (the parallel share, 0 to 1)"
            )
        return cls(share)

    def time_h(self, work_node_h: float, nodes: int) -> float:
        """Return how long a work takes [h] that takes `work_node_h` [h] on one node (Amdahl's law)."""
        return work_node_h * ((1.0 - self.parallel_frac) + self.parallel_frac / nodes)


@dataclass(frozen=True)
class Shape:
    """One way to cut the work into jobs, and when it would start and end. Times are after now."""

    nodes: int
    limit_s: int
    """Wall time that each job asks for [s]."""
    jobs: int
    """Jobs of the chain, one after the other."""
    run_s: float
    """Time that the work takes, all jobs together [s]."""
    start_s: tuple[float, float, float]
    """P10, P50 and P90 of the start of the first job; infinite beyond the horizon [s]."""
    end_s: tuple[float, float, float]
    """P10, P50 and P90 of the end of the last job; infinite beyond the horizon [s]."""

    @property
    def node_h(self) -> float:
        """Node-hours that it takes."""
        return self.nodes * self.run_s / 3600.0


@dataclass(frozen=True)
class Shapes:
    """All shapes of one work."""

    machine: str
    at: datetime | None
    partition: str
    work_node_h: float
    scaling: Scaling
    shapes: tuple[Shape, ...]
    members: int
    basis: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def starts_soonest(self) -> Shape:
        """The shape with the earliest median start; of those within five minutes the one that ends first."""
        first = min(each.start_s[1] for each in self.shapes)
        near = [each for each in self.shapes if each.start_s[1] <= first + _NEAR_S]
        return min(near, key=lambda each: (each.end_s[1], each.start_s[1], each.node_h, each.limit_s))

    @property
    def ends_soonest(self) -> Shape:
        """The shape with the earliest median end; of equal ones the one of fewest node-hours."""
        return min(self.shapes, key=lambda each: (each.end_s[1], each.end_s[2], each.node_h, each.limit_s))

    def document(self) -> dict[str, Any]:
        """Return it as plain data; None for times beyond the horizon."""
        rows = [_plain(each) for each in self.shapes]
        return {
            "machine": self.machine,
            "at": None if self.at is None else self.at.isoformat(),
            "partition": self.partition,
            "work_node_h": self.work_node_h,
            "parallel_frac": self.scaling.parallel_frac,
            "starts_soonest": _plain(self.starts_soonest),
            "ends_soonest": _plain(self.ends_soonest),
            "shapes": rows,
            "members": self.members,
            "basis": list(self.basis),
            "notes": list(self.notes),
        }


def _plain(each: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {
        "nodes": each.nodes, "limit_s": each.limit_s, "jobs": each.jobs, "run_s": each.run_s,
        "node_h": each.node_h,
    }  # fmt: skip
    for what, values in (("start", each.start_s), ("end", each.end_s)):
        for name, value in zip(("p10", "p50", "p90"), values, strict=True):
            found[f"{what}_{name}_s"] = value if np.isfinite(value) else None
    return found


def shape(
    state: MachineState | str | Path,
    work_node_h: float,
    *,
    scaling: Scaling | str | None = None,
    partition: str | None = None,
    who: Who = NOBODY,
    at: datetime | str | None = None,
    machine: str | None = None,
    history: str | Path | None = None,
    scenario: Scenario | None = None,
    members: int = MEMBERS,
    seed: int = 0,
) -> Shapes:
    """Return the shapes of a work, and when each would start and end.

    Parameters
    ----------
    state, at, machine, history, scenario, members, seed
        As :func:`~exatwin.study.forecast.forecast` takes them.
    work_node_h
        The work: its time on one node [h].
    scaling
        ``perfect``, or ``amdahl=0.999``.
    partition
        By default the machine's.
    who
        Who asks.

    Raises
    ------
    ExatwinError
        What is asked does not exist, does not fit, or no shape of it does.

    Notes
    -----
    Work that takes longer than a wall time is a chain of jobs, each submitted as the one before it ends. The
    gap that lets the first one start soon will be gone by then: each further one is taken to wait like a job
    of its size with the longest wall time.
    """
    if not isinstance(state, MachineState):
        state = read_state(state, at=at, machine=machine, history=history, scenario=scenario)
    if not 0.0 < work_node_h < 1e9:
        raise SpecError(f"a work of {work_node_h:g} node-h: expected more than 0 and below 1e9")
    law = scaling if isinstance(scaling, Scaling) else Scaling.parse(scaling)
    index = state.place.index(partition)
    asked = list(_asked(state, index, work_node_h, law))
    may = granted(state, index, who, np.array([each[:2] for each in asked], np.int64).T)
    asked = [each for each, granted_it in zip(asked, may, strict=True) if granted_it or not may.any()]
    longest = max(limit for _, limit, _, _ in asked)
    distinct = sorted({(nodes, each) for nodes, limit, _, _ in asked for each in (limit, longest)})
    wanted = np.array(distinct, np.int64).T
    queue = queue_of(state, index, who, wanted)
    members = worth(queue, members, len(distinct))
    each = waits_of_shapes(queue, wanted, members=members, seed=seed)
    told = {one: each[:, k] for k, one in enumerate(distinct)}
    past = learned(state, index, seed) if state.history and not state.own else None
    found = []
    for nodes, limit, jobs, run_s in asked:
        sample, band = _sample(state, past, told[nodes, limit], nodes, limit, index, who)
        later, _ = _sample(state, past, told[nodes, longest], nodes, longest, index, who)
        end = _ends(sample, later, jobs, run_s, stream(seed, "chain", str(jobs)))
        found.append(Shape(nodes, limit, jobs, run_s, band, end))
    why = "errors: none added" if state.own else "errors: as forecast adds them"
    return Shapes(
        state.place.title, state.at, state.place.partitions[index].name, work_node_h, law, tuple(found),
        members, (*state.basis, why, "chains: each further job waits like one with the longest wall time"),
        state.notes,
    )  # fmt: skip


def _asked(
    state: MachineState, index: int, work_node_h: float, law: Scaling
) -> Iterator[tuple[int, int, int, float]]:
    """Yield nodes, limit [s], jobs of the chain and run time [s] of the shapes that the partition takes."""
    own = state.place.partitions[index]
    most = min(own.max_nodes or own.nodes, int(state.place.pool_nodes[state.place.pool[index]]))
    sizes = sorted({own.min_nodes, most, *(2**k for k in range(25) if own.min_nodes < 2**k < most)})
    limits = [
        round(3600.0 * hours) for hours in LIMITS_H if 3600.0 * hours <= (own.max_time_s or 96 * 3600.0)
    ]
    if own.max_time_s is not None:
        limits = sorted({*limits, round(own.max_time_s)})
    empty = True
    for nodes in sizes:
        run_s = 3600.0 * law.time_h(work_node_h, nodes)
        for limit in limits:
            jobs = int(np.ceil(run_s / limit - 1e-9))
            if (
                run_s >= _SHORTEST_S
                and jobs <= _LONGEST_CHAIN
                and (limit <= _SLACK * run_s or limit == limits[0])
            ):
                empty = False
                yield nodes, limit, jobs, run_s
    if empty:
        least = 3600.0 * law.time_h(work_node_h, most)
        raise InfeasibleError(
            f"no shape of {work_node_h:g} node-h fits '{own.name}' of {state.place.title}: on {most:,} nodes "
            f"it takes {least / HOUR_S:,.2f} h, expected {_SHORTEST_S / 60:g} min to {_LONGEST_CHAIN} jobs "
            f"of {limits[-1] / HOUR_S:g} h"
        )


def _sample(
    state: MachineState, past: Past | None, wait_s: Float64, nodes: int, limit_s: int, index: int, who: Who
) -> tuple[Float64, tuple[float, float, float]]:
    """Return the distribution of a wait at LEVELS, and its P10, P50 and P90 [s]."""
    told = told_of(state, past, index, nodes, limit_s, wait_s, who)
    sample = told.sample_s[0]
    return sample, (float(told.low_s[0]), float(sample[len(LEVELS) // 2 - 1]), float(told.high_s[0]))


def _ends(
    sample: Float64, later: Float64, jobs: int, run_s: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return P10, P50 and P90 of the end of a chain whose jobs wait independently [s]."""
    total = sample + run_s
    for _ in range(jobs - 1):
        total = total + rng.permutation(later)
    total = np.sort(total)
    low, high = edges(total, HIGH)
    return low, float(total[len(LEVELS) // 2 - 1]), high


__all__ = ["LIMITS_H", "MEMBERS", "Scaling", "Shape", "Shapes", "shape"]
