"""Caps on IT power in the scheduler: what jobs are predicted to draw, and what happens when watts run out.

=============  =======================================================================================
``admission``  a job starts only if its predicted watts fit under the cap; clocks never change
``uniform``    a job starts if all fits at the slowest clock; all share the fastest that keeps the cap
``selective``  the same, but those are slowed down first that lose least for the watts they save
=============  =======================================================================================

IT power counts as :mod:`exatwin.power.it` counts it: idle nodes and switches are in it, whatever runs. Watts
of a node are whole multiples of 1/1024 W, as there, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import InfeasibleError, SpecError, nearest
from exatwin.foundation.signal import Signal
from exatwin.foundation.units import show
from exatwin.workload.draw import Draw
from exatwin.workload.job import Jobs, Profiles
from exatwin.workload.recorded_draw import recorded_scale

GRAINS = 1024
MODES = ("admission", "uniform", "selective")
PREDICTIONS = ("peak", "mean")
LIMITS = ("stretched", "kept")
CLOCK_STEP = 0.05
"""Steps of the clock, relative to nominal."""


@dataclass(frozen=True, eq=False)
class Cap:
    """Most IT power of the machine or of some of its nodes, over time; it may change at any second."""

    most_w: Signal
    """The cap [W]; infinite where there is none. The last value goes on."""
    nodes: Int64 | None = None
    """The nodes that it holds for, ascending; None for the machine, switches included."""
    name: str = "the machine"
    """For people."""


@dataclass(frozen=True, eq=False)
class PowerRule:
    """Caps, and what every job is taken to draw."""

    caps: tuple[Cap, ...]
    """At most one of the machine; groups must not share nodes."""
    base_w: Float64
    """What is drawn under each cap with no job at all [W], shape (caps,)."""
    klass: Int64
    """Kind of each job, as watts and stretching go, shape (jobs,)."""
    above_w: Float64
    """One node of each kind above an idle one, at each clock step [W], shape (kinds, steps)."""
    stretch: Float64
    """Run time of each kind relative to full clock, shape (kinds, steps)."""
    nodes: Int64
    """Nodes of each job, shape (jobs,)."""
    frequency_frac: Float64
    """The steps, falling from 1, shape (steps,)."""
    mode: str = "admission"
    """One of :data:`MODES`."""
    limits: str = "stretched"
    """Whether time limits are stretched as the clock slows a job down, or kept."""

    @property
    def node_w(self) -> Float64:
        """Watts by which each job is admitted, of one of its nodes above an idle one [W], shape (jobs,)."""
        return np.asarray(self.above_w[self.klass, 0 if self.mode == "admission" else -1])


def clock_steps(lowest: float) -> list[float]:
    """Return the clocks relative to nominal, from 1 down to `lowest`.

    Examples
    --------
    >>> clock_steps(0.875)
    [1.0, 0.95, 0.9, 0.875]
    """
    many = int(np.ceil((1.0 - lowest) / CLOCK_STEP - 1e-9))
    return [round(max(1.0 - k * CLOCK_STEP, lowest), 6) for k in range(many + 1)]


def power_rule(
    jobs: Jobs,
    profiles: Profiles,
    draws: Sequence[Draw],
    machine: Machine,
    caps: Sequence[Cap],
    *,
    mode: str = "admission",
    predict: str = "peak",
    limits: str = "stretched",
) -> PowerRule:
    """Return the rule by which `jobs` are held under `caps`.

    Parameters
    ----------
    jobs, profiles
        The jobs, and what they do. Jobs with recorded watts keep the shape of their profile.
    draws
        What the profiles draw at each clock step, falling from full clock; only the first for ``admission``.
    machine
        Whose nodes they run on.
    caps
        Of the machine, and of groups of its nodes.
    mode
        What happens when watts run out, one of :data:`MODES`.
    predict
        What a job is taken to draw: the ``peak`` of its phases, or their ``mean``.
    limits
        ``stretched`` or ``kept``.

    Raises
    ------
    SpecError
        An unknown name, or groups that share nodes.
    InfeasibleError
        A cap lies below what idle nodes draw.
    """
    for value, known, what in (
        (mode, MODES, "mode"),
        (predict, PREDICTIONS, "predict"),
        (limits, LIMITS, "limits"),
    ):
        if value not in known:
            raise SpecError(f"unknown power.{what} '{value}': {nearest(value, known)}")
    steps = draws if mode != "admission" else draws[:1]
    idle_w, switches_w = (_grained(value) for value in (draws[0].idle_w, draws[0].fixed_w))
    base_w = np.array([_base_w(cap, machine, float(idle_w), float(switches_w)) for cap in caps])
    _check(caps, base_w)
    pairs = np.stack([jobs.profile.astype(np.float64), recorded_scale(jobs, profiles, draws[0].nominal_w)])
    kinds, klass = np.unique(pairs, axis=1, return_inverse=True)
    profile = kinds[0].astype(np.int64)
    watts = [_predicted_w(profiles, one, predict, profile, kinds[1]) for one in steps]
    usual = draws[0].slowdown[:, 0]
    stretch = np.stack([one.slowdown[:, 0] / usual for one in steps], axis=1)
    return PowerRule(
        caps=tuple(caps),
        base_w=base_w,
        klass=np.ravel(klass).astype(np.int64),
        above_w=np.stack(watts, axis=1) - idle_w,
        stretch=np.maximum(stretch[profile], 1.0),
        nodes=jobs.nodes.astype(np.int64),
        frequency_frac=np.array([one.frequency_frac[0] for one in steps]),
        mode=mode,
        limits=limits,
    )


def _grained(watts: Float64 | float) -> Float64:
    return np.asarray(np.floor(np.asarray(watts) * GRAINS + 0.5) / GRAINS)


def _base_w(cap: Cap, machine: Machine, idle_w: float, switches_w: float) -> float:
    return machine.nodes * idle_w + switches_w if cap.nodes is None else len(cap.nodes) * idle_w


def _check(caps: Sequence[Cap], base_w: Float64) -> None:
    for cap, base in zip(caps, base_w.tolist(), strict=True):
        if cap.most_w.min() < base:
            raise InfeasibleError(
                f"a cap of {show(cap.most_w.min(), 'W')} on {cap.name} is below its idle power of "
                f"{show(base, 'W')}: expected more than what it draws with no job at all"
            )
    named = [cap.nodes for cap in caps if cap.nodes is not None]
    if len(named) < len(caps) - 1:
        raise SpecError("the machine has two caps: expected one (it may change at any time)")
    every = np.concatenate([np.zeros(0, np.int64), *named])
    if len(np.unique(every)) < len(every):
        values, counts = np.unique(every, return_counts=True)
        raise SpecError(f"node {values[counts > 1][0]} is in two groups with caps: expected none in two")


def predicted_w(jobs: Jobs, profiles: Profiles, draw: Draw, predict: str = "peak") -> Float64:
    """Return the watts that one node of each job is taken to draw at full clock [W], shape (jobs,)."""
    scale = recorded_scale(jobs, profiles, draw.nominal_w)
    return _predicted_w(profiles, draw, predict, jobs.profile.astype(np.int64), scale)


def _predicted_w(profiles: Profiles, draw: Draw, predict: str, profile: Int64, scale: Float64) -> Float64:
    """Return the watts that one node of each kind of job is taken to draw [W], shape (kinds,)."""
    low = profiles.first[:-1]
    if predict == "peak":
        each = np.maximum.reduceat(draw.nominal_w, low)
    else:
        each = np.add.reduceat(profiles.phases.share_frac * draw.nominal_w, low)
    return _grained(each[profile] * scale)


__all__ = [
    "GRAINS",
    "LIMITS",
    "MODES",
    "PREDICTIONS",
    "Cap",
    "PowerRule",
    "clock_steps",
    "power_rule",
    "predicted_w",
]
