"""What profiles draw on a node: watts by phase, part and clock, and how a slower clock stretches them.

The law stands in :class:`exatwin.catalogue.power_law.PowerLaw`; this module evaluates it over phases.

Boundary: one node at the input of its rack, power supplies included, as TOP500 and Green500 mean it. The
switches, which draw the same whether jobs run or not, are a constant of the whole machine beside the nodes
(``Draw.fixed_w``). Storage and its traffic are outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.power_law import PowerLaw
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import CatalogueError, SpecError
from exatwin.workload.job import Phases, Profiles
from exatwin.workload.node_model import (
    PARTS,
    NodeModel,
    clocks,
    fixed_w,
    node_model,
    part_watts,
    power_law,
)
from exatwin.workload.warmth import Warmth, warmed


@dataclass(frozen=True, eq=False)
class Draw:
    """Watts of one node under each phase of the profiles, and the slowdown of each profile."""

    parts: tuple[str, ...]
    """Names of the parts, shape (parts,)."""
    phase_w: Float64
    """One node in each phase at each clock step [W], shape (phases, steps)."""
    phase_part_w: Float64
    """One node in each phase by part at nominal clock [W], shape (phases, parts)."""
    idle_part_w: Float64
    """One idle node by part [W], shape (parts,)."""
    slowdown: Float64
    """Run time of each profile relative to nominal clock, shape (profiles, steps)."""
    phase_slowdown: Float64
    """Length of each phase relative to nominal clock, shape (phases, steps)."""
    frequency_frac: Float64
    """Clock steps relative to nominal, shape (steps,)."""
    fixed_w: float
    """Always-on switches of the whole machine [W]."""

    @cached_property
    def idle_w(self) -> float:
        """One idle node [W]."""
        return float(self.idle_part_w.sum())

    @cached_property
    def nominal_w(self) -> Float64:
        """One node in each phase at nominal clock [W], shape (phases,)."""
        return np.asarray(self.phase_part_w.sum(axis=1))


def draw(
    profiles: Profiles,
    machine: Machine,
    *,
    frequency_frac: Sequence[float] = (1.0,),
    cap_w: float | None = None,
    warmth: Warmth | None = None,
) -> Draw:
    """Return what `profiles` draw on a node of `machine`.

    Parameters
    ----------
    profiles
        What jobs do.
    machine
        Its kind of node names the power law.
    frequency_frac
        Clock steps relative to nominal, shape (steps,); on nodes with accelerators theirs.
    cap_w
        Another cap of one package [W] than the machine's; runs that it slows count as slowed down.
    warmth
        How much warmer the water is than that of the law, and how leakage follows; left out, it is as warm.

    Raises
    ------
    CatalogueError
        The power law does not fit the node.
    InfeasibleError
        The cap is lower than the package can go at its lowest clock.
    SpecError
        A clock step lies outside the law's range.

    Notes
    -----
    Cap: the clock is the largest ``x ≤ f`` that satisfies ``fixed + dynamic u φ(x) ≤ cap`` with
    ``φ(x) = x max(floor, 1 - slope (1 - x))²``. Slowdown of a phase with the compute-bound share ``s_c``
    is ``s_c / x + 1 - s_c`` relative to what the same node does at nominal clock under its own cap.

    References
    ----------
    Dynamic power ``C V² f`` with affine V(f): A. P. Chandrakasan et al., Low-power CMOS digital design, IEEE
    J. Solid-State Circuits 27 (1992), https://doi.org/10.1109/4.126534. Compute- and memory-bound shares
    under caps: https://arxiv.org/abs/2604.11391.
    """
    node = node_model(machine)
    nominal = clocks(profiles.phases, node, np.ones(1))
    capped = node if cap_w is None else replace(node, cap_w=cap_w)
    found = evaluate(profiles, capped, frequency_frac, nominal_clock=nominal, warmth=warmth)
    return replace(found, fixed_w=fixed_w(machine, node.law))


def evaluate(
    profiles: Profiles,
    node: NodeModel,
    frequency_frac: Sequence[float] | Float64 = (1.0,),
    *,
    nominal_clock: Float64 | None = None,
    warmth: Warmth | None = None,
) -> Draw:
    """Return what `profiles` draw on `node`, without switches; see :func:`draw`.

    Parameters
    ----------
    nominal_clock
        The clock of each phase that counts as not slowed down, shape (phases, 1); by default the
        node's own at nominal clock under its cap.
    warmth
        See :func:`draw`.
    """
    steps = np.asarray(frequency_frac, np.float64)
    if steps.ndim != 1 or len(steps) == 0 or np.any(steps > 1.0) or np.any(steps < node.law.clock_min_frac):
        raise SpecError(
            f"clock steps {np.round(steps, 4).tolist()}: expected fractions of the nominal clock from "
            f"{node.law.clock_min_frac:g} to 1"
        )
    phases = profiles.phases
    full = clocks(phases, node, np.ones(1))
    reference = full if nominal_clock is None else nominal_clock
    at = np.minimum(full, steps[None, :])
    more, warm_full, idle_more = np.zeros_like(at), (full[:, 0], np.zeros(len(phases))), 0.0
    if warmth is not None and warmth.above_k != 0.0:
        each = [warmed(phases, node, at[:, k], warmth, steps[k]) for k in range(len(steps))]
        at, more = (np.stack([one[part] for one in each], axis=1) for part in (0, 1))
        warm_full = warmed(phases, node, full[:, 0], warmth)
        idle_more = float(warmed(_uniform(0.0), node, np.ones(1), warmth).more_w[0])
    owner = np.repeat(np.arange(len(profiles)), np.diff(profiles.first))
    bound = profiles.compute_bound_frac[owner][:, None]
    stretched = (bound / at + 1.0 - bound) / (bound / reference + 1.0 - bound)
    slowdown = np.zeros((len(profiles), len(steps)))
    np.add.at(slowdown, owner, phases.share_frac[:, None] * stretched)
    watts = [part_watts(phases, node, at[:, k], more[:, k]).sum(axis=1) for k in range(len(steps))]
    idle = part_watts(_uniform(0.0), node, np.ones(1), idle_more)[0]
    return Draw(
        parts=PARTS,
        phase_w=np.stack(watts, axis=1),
        phase_part_w=part_watts(phases, node, *warm_full),
        idle_part_w=idle,
        slowdown=slowdown,
        phase_slowdown=stretched,
        frequency_frac=steps,
        fixed_w=0.0,
    )


def draw_at(
    profiles: Profiles, machine: Machine, *, clock_frac: float = 1.0, warmth: Warmth | None = None
) -> Draw:
    """Return what `profiles` draw with all nodes held to the clock `clock_frac`, also by part.

    Its ``slowdown`` is relative to nominal clock in the reference water; parameters as in :func:`draw`.
    """
    found = draw(profiles, machine, frequency_frac=(clock_frac,), warmth=warmth)
    if clock_frac == 1.0:
        return found
    phases, node = profiles.phases, node_model(machine)
    at, more = clocks(phases, node, np.array([clock_frac]))[:, 0], np.zeros(len(phases))
    if warmth is not None and warmth.above_k != 0.0:
        at, more = warmed(phases, node, at, warmth, clock_frac)
    return replace(found, phase_part_w=part_watts(phases, node, at, more))


def _uniform(level: float) -> Phases:
    all_at = np.array([level])
    return Phases(np.ones(1), all_at, all_at, all_at, all_at, np.zeros(1))


def hpl_profiles(law: PowerLaw) -> Profiles:
    """Return the main phase of HPL, as the lists measure it, by which `law` was calibrated.

    Raises
    ------
    CatalogueError
        The law names no such phases.
    """
    if not law.hpl:
        raise CatalogueError(f"the power law '{law.name}' holds no HPL phases")

    def column(name: str) -> Float64:
        return np.array([getattr(phase, name) for phase in law.hpl])

    phases = Phases(
        share_frac=column("share_frac"),
        processor_frac=column("processor_frac"),
        accelerator_frac=column("accelerator_frac"),
        memory_frac=column("memory_frac"),
        network_frac=column("network_frac"),
        storage_frac=np.zeros(len(law.hpl)),
    )
    bound = np.array([law.hpl_compute_bound_frac])
    return Profiles(("hpl",), np.array([0, len(law.hpl)], np.int64), phases, bound)


def mean_w(profiles: Profiles, drawn: Draw) -> Float64:
    """Return the mean watts of one node over each profile at nominal clock [W], shape (profiles,)."""
    return np.asarray(np.add.reduceat(profiles.phases.share_frac * drawn.nominal_w, profiles.first[:-1]))


def hpl_w(machine: Machine) -> float:
    """Return the power of `machine` with HPL's main phase on all nodes, as the lists mean it [W]."""
    profiles = hpl_profiles(power_law(machine))
    drawn = draw(profiles, machine)
    return machine.nodes * float(mean_w(profiles, drawn)[0]) + drawn.fixed_w


def node_max_w(machine: Machine) -> float:
    """Return one node with everything at full use, its cap kept [W]."""
    return float(draw(_everything(1.0), machine).nominal_w[0])


def node_idle_w(machine: Machine) -> float:
    """Return one node at rest [W]."""
    return draw(_everything(0.0), machine).idle_w


def _everything(level: float) -> Profiles:
    return Profiles(("everything",), np.array([0, 1], np.int64), _uniform(level), np.ones(1))


__all__ = [
    "PARTS",
    "Draw",
    "draw",
    "draw_at",
    "evaluate",
    "hpl_profiles",
    "hpl_w",
    "mean_w",
    "node_idle_w",
    "node_max_w",
    "power_law",
]
