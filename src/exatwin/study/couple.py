"""The one loop back up the river: a plant that falls short slows its nodes, and slower jobs run longer.

::

    schedule ──▶ power ──▶ plant ──▶ too warm? ──▶ slower clock, longer jobs ──┐
       ▲____________________________________________________________________________|

Each stage stays a pure function; nothing here runs inside one. What is never limited goes through once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exatwin.facility.component import Outdoors
from exatwin.facility.limits import most_it_w, short
from exatwin.facility.plant import FacilityRun
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.signal import Signal
from exatwin.power.it import ItPower
from exatwin.schedule.result import Schedule
from exatwin.study.centre.downtime import Down, Sent, Worked
from exatwin.study.reaches import Conditions, Draws, power_under
from exatwin.workload.node_model import power_law

ROUNDS = 30
"""Most rounds; a run that needs more says that it did not settle."""
RISING = 8
"""Rounds in which a clock may rise again; later it only falls, so that there is an end."""
CLOCK_STEP = 0.05
"""Steps of the clock, relative to nominal."""
WARMTH_K = 0.25
"""Steps of the water's temperature above the set point, as leakage sees it [K]."""


@dataclass(frozen=True, eq=False)
class Coupled:
    """A run that has settled, or the last of its rounds."""

    worked: Worked
    """The schedule."""
    schedule: Schedule
    """What of it lies in the window."""
    power: ItPower
    """IT power."""
    facility: FacilityRun
    """What the plant did."""
    conditions: Conditions
    """What the nodes met."""
    rounds: int
    """How often the river was run."""
    settled: bool
    """Whether the last round changed nothing."""
    lost_node_h: float
    """Node-hours by which jobs came less far inside the window than at nominal clock."""

    @property
    def throttled_h(self) -> float:
        """Hours in which the clock was held down."""
        clock = self.conditions.clock_frac
        return 0.0 if clock is None else float(clock.widths_s[clock.values < 1.0].sum()) / 3600.0

    @property
    def overrun_h(self) -> float:
        """Hours in which the plant fell short all the same."""
        steps = self.facility.signals["it_w"]
        values = {key: signal.values for key, signal in self.facility.signals.items()}
        missed = short(self.facility.plant, values, self.facility.left)
        return float(steps.widths_s[missed].sum()) / 3600.0


@dataclass(frozen=True)
class River:
    """The stages as one run has them."""

    schedule: Callable[[Mapping[Sent, int]], Worked]
    """Jobs with other run times, scheduled."""
    inside: Callable[[Schedule], tuple[Schedule, float, float]]
    """What of a schedule lies in the window, and the window [s]."""
    plant: Callable[[ItPower], FacilityRun]
    """The plant under an IT power."""
    draws: Draws
    """What the jobs draw."""
    runtime_s: Int64
    """Run time of each job at nominal clock and the set point's warmth [s], shape (jobs,)."""
    above_k: float
    """Set point less the water that the power law holds for [K]."""
    downs: Sequence[Down] = ()
    """Nodes out of service."""
    flexible: bool = True
    """Whether jobs may be scheduled again."""


@dataclass(frozen=True, eq=False)
class _Met:
    """Clock, warmth and limit of each step of the plant, as far as they are known."""

    edges_s: Float64
    """Steps [s], shape (steps + 1,)."""
    clock_frac: Float64
    """Clock, shape (steps,)."""
    above_k: Float64
    """Water less that of the power law [K], shape (steps,)."""
    most_w: Float64
    """Largest IT power that the plant bears [W], NaN where nobody has asked yet, shape (steps,)."""

    def on(self, edges_s: Float64, above_k: float) -> _Met:
        """Return the same on steps that may be fewer or more at the end."""
        steps = len(edges_s) - 1
        kept = min(steps, len(self.clock_frac))
        blank = np.ones(steps), np.full(steps, above_k), np.full(steps, np.nan)
        for new, old in zip(blank, (self.clock_frac, self.above_k, self.most_w), strict=True):
            new[:kept] = old[:kept]
        return _Met(edges_s, *blank)

    def same(self, other: _Met) -> bool:
        """Return whether nodes meet the same."""
        clock = np.array_equal(self.clock_frac, other.clock_frac)
        return clock and np.array_equal(self.above_k, other.above_k)


def coupled(river: River) -> Coupled:
    """Return what becomes of a run whose plant may fall short of it.

    Notes
    -----
    A round: schedule, IT power, plant. Where the plant falls short, the highest clock is chosen at which all
    nodes together draw no more than it bears, by what the schedule of the round has running there; every job
    slows by its compute-bound share while it runs then, and ends later; warmer water adds leakage. The next
    round schedules the longer jobs. What happens up to a time depends only on clocks up to it, so that each
    round settles at least one step more; after some rounds clocks only fall and warmth only rises. At the
    lowest clock the plant may still fall short: such hours are counted.
    """
    met = _Met(*(np.zeros(n) for n in (1, 0, 0, 0)))
    runtime: dict[Sent, int] = {}
    for rounds in range(1, ROUNDS + 1):
        worked = river.schedule(runtime)
        inside, start_s, end_s = river.inside(worked.schedule)
        conditions = _conditions(river, met, start_s, end_s)
        power = power_under(inside, river.draws, start_s, end_s, conditions)
        facility = river.plant(power)
        last = met.on(facility.signals["it_w"].edges_s, river.above_k)
        met = _learnt(river, last, inside, facility, rounds)
        longer = _runtimes(river, met, worked) if river.flexible else {}
        settled = met.same(last) and longer == runtime
        if settled:
            break
        runtime = longer
    lost = _lost_node_h(river, last, inside)
    return Coupled(worked, inside, power, facility, conditions, rounds, settled, lost)


def _conditions(river: River, met: _Met, start_s: float, end_s: float) -> Conditions:
    """Return what the nodes meet by what is known."""
    clock = above = None
    if len(met.clock_frac) and np.any(met.clock_frac < 1.0):
        clock = _until(met, met.clock_frac, 1.0, end_s, "1")
    if len(met.above_k) and np.any(met.above_k != river.above_k):
        above = _until(met, met.above_k, river.above_k, end_s, "K")
    elif river.above_k != 0.0:
        above = Signal.constant(river.above_k, start_s, end_s, "K")
    return Conditions(clock, above, river.draws.leakage, river.downs)


def _until(met: _Met, values: Float64, usual: float, end_s: float, unit: str) -> Signal:
    """Return `values` as a signal; where a log now lasts longer, it goes on as usual."""
    if met.edges_s[-1] >= end_s:
        return Signal(met.edges_s, values, unit)
    return Signal(np.append(met.edges_s, end_s), np.append(values, usual), unit)


def _learnt(river: River, met: _Met, inside: Schedule, facility: FacilityRun, rounds: int) -> _Met:
    """Return what the nodes meet by what the plant then did."""
    values = {key: signal.values for key, signal in facility.signals.items()}
    above = met.above_k
    if river.draws.leakage is not None:
        asked, ceiling = facility.plant.cooling.supply_k, facility.plant.cooling.supply_max_k
        warmer = np.minimum(values["supply_k"], ceiling) - asked  # what is beyond, slower clocks prevent
        above = river.above_k + WARMTH_K * np.round(warmer / WARMTH_K)
    if not river.flexible:
        return replace(met, above_k=above)
    needed = short(facility.plant, values, facility.left) | (met.clock_frac < 1.0)
    if not np.any(needed):
        return replace(met, above_k=above)
    most = _limits(met, facility, values, needed)
    clock = _fitting(river, met, inside, most, needed)
    if rounds > RISING:
        clock, above = np.minimum(clock, met.clock_frac), np.maximum(above, met.above_k)
    return replace(met, clock_frac=clock, above_k=above, most_w=most)


def _limits(
    met: _Met, facility: FacilityRun, values: Mapping[str, Float64], needed: NDArray[np.bool_]
) -> Float64:
    """Return the largest IT power of each step [W], found where it is needed and not yet known."""
    rows = needed & np.isnan(met.most_w)
    most = met.most_w.copy()
    if np.any(rows):
        assert facility.outdoors is not None
        outdoors = Outdoors(*(np.asarray(each)[rows] for each in facility.outdoors))
        relief = np.zeros(int(rows.sum()))
        if "heat_given_w" in values:
            made = sum(values[key][rows] for key in ("heat_given_w", "heat_stored_w", "heat_lost_w"))
            relief = np.where(made > 0.0, made - values["heat_pump_w"][rows], 0.0)
        most[rows] = most_it_w(facility.plant, outdoors, facility.left.at(rows), relief)
    return most


def _fitting(
    river: River, met: _Met, inside: Schedule, most_w: Float64, needed: NDArray[np.bool_]
) -> Float64:
    """Return the highest clock of each step at which the nodes draw no more than `most_w` [W]."""
    rows = np.flatnonzero(needed)
    edges = met.edges_s[rows[0] : rows[-1] + 2]
    clock = np.ones(len(met.clock_frac))
    above = Signal(met.edges_s, met.above_k, "K")
    open_rows = rows
    for step in _clocks(river.draws):
        clock[open_rows] = step
        held = Signal.constant(step, edges[0], edges[-1], "1")
        under = Conditions(held, above, river.draws.leakage, river.downs)
        drawn = power_under(inside, river.draws, edges[0], edges[-1], under).total_w.over(edges).values
        fits = drawn[open_rows - rows[0]] <= most_w[open_rows] * (1.0 + 1e-9)
        open_rows = open_rows[~fits]
        if not len(open_rows):
            break
    return clock


def _clocks(draws: Draws) -> list[float]:
    lowest = power_law(draws.machine).clock_min_frac
    many = round((1.0 - lowest) / CLOCK_STEP)
    return [round(max(1.0 - k * CLOCK_STEP, lowest), 6) for k in range(many + 1)]


def _progress(river: River, met: _Met) -> Float64:
    """Return how far each profile comes by each edge [s at the set point], shape (profiles, edges)."""
    usual = river.draws.at(1.0, river.above_k).slowdown[:, 0]
    pairs, which = np.unique(np.stack([met.clock_frac, met.above_k]), axis=1, return_inverse=True)
    rate = np.stack([usual / river.draws.at(*pair).slowdown[:, 0] for pair in pairs.T.tolist()], axis=1)
    gained = rate[:, which.ravel()] * np.diff(met.edges_s)
    return np.concatenate([np.zeros((len(usual), 1)), np.cumsum(gained, axis=1)], axis=1)


def _usual(river: River, met: _Met) -> bool:
    return bool(np.all(met.clock_frac == 1.0) and np.all(met.above_k == river.above_k))


def _runtimes(river: River, met: _Met, worked: Worked) -> dict[Sent, int]:
    """Return the run time [s] of each job that is not as long as at nominal clock and the set point."""
    if _usual(river, met):
        return {}
    schedule, edges, upto = worked.schedule, met.edges_s, _progress(river, met)
    base = worked.nominal_s
    touched = schedule.started & (schedule.start_s < edges[-1]) & (schedule.start_s + base > edges[0])
    found: dict[Sent, int] = {}
    for profile in np.unique(schedule.jobs.profile[touched]):
        rows = np.flatnonzero(touched & (schedule.jobs.profile == profile))
        gone = upto[profile]
        goal = _at(schedule.start_s[rows], edges, gone) + base[rows]
        end = _at(goal, gone, edges)
        runtime = np.rint(end - schedule.start_s[rows]).astype(np.int64)
        for row, seconds in zip(rows[runtime != base[rows]], runtime[runtime != base[rows]], strict=True):
            found[Sent(int(worked.row[row]), int(worked.attempt[row]))] = int(seconds)
    return found


def _at(values: ArrayLike, known: Float64, result: Float64) -> Float64:
    """Return the line through (known, result) at `values`, of slope 1 beyond both ends."""
    wanted = np.asarray(values, np.float64)
    beyond = np.minimum(wanted - known[0], 0.0) + np.maximum(wanted - known[-1], 0.0)
    return np.asarray(np.interp(wanted, known, result) + beyond, np.float64)


def _lost_node_h(river: River, met: _Met, inside: Schedule) -> float:
    """Return the node-hours by which jobs came less far inside the window than at the set point."""
    if not river.flexible or _usual(river, met):
        return 0.0
    upto, edges, lost = _progress(river, met), met.edges_s, 0.0
    begin, end = (np.clip(each, edges[0], edges[-1]) for each in (inside.start_s, inside.end_s))
    for profile in np.unique(inside.jobs.profile):
        rows = inside.started & (inside.jobs.profile == profile)
        spans = end[rows] - begin[rows]
        came = _at(end[rows], edges, upto[profile]) - _at(begin[rows], edges, upto[profile])
        lost += float(np.dot(np.maximum(spans - came, 0.0), inside.jobs.nodes[rows]))
    return lost / 3600.0


__all__ = ["Coupled", "River", "coupled"]
