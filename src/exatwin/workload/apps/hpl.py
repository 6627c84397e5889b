"""HPL: the dense linear solve that ranks TOP500, from (order, machine, nodes) to time, phases and watts.

A run uses the accelerators, or the processors of nodes without any: its chips. The law was calibrated on
the lists by ``scripts/fit_hpl.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.foundation.spec import Count, PositiveCount
from exatwin.workload.apps.app import APPS, App, AppRun, as_run
from exatwin.workload.apps.hpl_data import HplLaw, hpl_law
from exatwin.workload.apps.hpl_setting import Setting, check_fits, setting, usual_order
from exatwin.workload.draw import draw, hpl_profiles, mean_w, power_law
from exatwin.workload.job import Phases, Profiles


@APPS.register("hpl")
class Hpl(App):
    """One run of HPL."""

    nodes: PositiveCount | None = None
    """Nodes; blank for all of the machine."""
    n: Count | None = None
    """Order of the matrix; blank for as much memory as the lists show for the chip."""

    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return what the run does on `nodes` nodes; its time is its own."""
        run = hpl(self.model_copy(update={"nodes": nodes}), machine)
        return as_run(run.profiles, run.time_s, run.assumptions)


@dataclass(frozen=True)
class HplRun:
    """What a run of HPL amounts to."""

    n: int
    nodes: int
    chips: int
    """Accelerators, or sockets where there are none."""
    rmax_flop_s: float
    time_s: float
    power_w: float
    """Mean power of the run at the meter of the lists, switches included [W]."""
    matrix_b: float
    memory_b: float | None
    """Memory of the chips (and hosts, where they share it) that the matrix may use [B]."""
    rmax_range_flop_s: tuple[float, float]
    """Range in which four of five results of machines with such chips lie [FLOP/s]."""
    power_range_w: tuple[float, float]
    """Range in which four of five powers lie [W]."""
    phases_s: dict[str, float]
    """Seconds of the update, of the exchange, of panels and of waiting for the slowest chip."""
    profiles: Profiles
    """The same as a profile that the simulated workload can run."""
    assumptions: tuple[str, ...]

    @property
    def energy_j(self) -> float:
        """Energy of the run at the meter of the lists [J]."""
        return self.power_w * self.time_s

    @property
    def flop_per_j(self) -> float:
        """Efficiency as Green500 means it [FLOP/J]."""
        return self.rmax_flop_s / self.power_w


def operations(n: ArrayLike) -> Float64:
    """Return the operations that HPL counts, ``2/3 N³ + 3/2 N²``."""
    order = np.asarray(n, np.float64)
    return np.asarray(2.0 / 3.0 * order**3 + 1.5 * order**2)


def overheads(
    n: ArrayLike,
    chips: ArrayLike,
    kernel_flop_s: ArrayLike,
    link_b_s: ArrayLike,
    law: HplLaw,
) -> Float64:
    """Return the time of exchange, panels and waiting relative to that of the updates.

    Parameters
    ----------
    n
        Order of the matrix, shape (runs,).
    chips
        Their number ``P``, shape (runs,).
    kernel_flop_s
        Rate ``r`` of the update on one chip [FLOP/s], shape (runs,).
    link_b_s
        Achieved bandwidth ``b`` of one chip [B/s], shape (runs,).

    Returns
    -------
    Float64
        Shape (3, runs).

    Notes
    -----
    The update takes ``2 N³ / (3 P r)``. Broadcasts of panels and swaps of rows move a multiple ``c`` of
    ``8 N² / sqrt(P)`` bytes through each chip that nothing hides: ``12 c r / (b n)`` of the update,
    with ``n = N / sqrt(P)``. Panels and the short updates at the end cost ``(n_h / n)²``. All wait for the
    slowest of ``P`` chips, whose speeds spread by ``s``: ``s sqrt(2 ln P)``.

    References
    ----------
    A. Petitet, R. C. Whaley, J. Dongarra, A. Cleary, HPL scalability analysis,
    https://www.netlib.org/benchmark/hpl/scalability.html. Expected extreme of P normal deviates: H. Cramér,
    Mathematical Methods of Statistics (1946), section 28.6.
    """
    count = np.asarray(chips, np.float64)
    local = np.maximum(np.asarray(n, np.float64), 1.0) / np.sqrt(count)
    exchange = 12.0 * law.volume * np.asarray(kernel_flop_s) / (np.asarray(link_b_s) * local)
    panels = (law.half_order / local) ** 2
    waiting = law.spread_frac * np.sqrt(2.0 * np.log(count)) + 0.0 * local
    return np.stack(np.broadcast_arrays(exchange, panels, waiting))


def hpl(spec: Hpl, machine: Machine, law: HplLaw | None = None) -> HplRun:
    """Return what `spec` takes on `machine`.

    Raises
    ------
    CatalogueError
        Too little is known of the chip or its memory.
    InfeasibleError
        The machine has fewer nodes, or the matrix does not fit into their memory.
    SpecError
        The order is no number of at least 1.
    """
    nodes = spec.nodes or machine.nodes
    if nodes > machine.nodes:
        raise InfeasibleError(f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}")
    found = setting(machine, law or hpl_law())
    count = nodes * found.chips_per_node
    n, usual = _order(spec, count, found)
    check_fits(n, count, found)
    rate, parts = _rate(n, count, found)
    time = float(operations(n)) / (rate * count)
    factor, why = _power_factor(found)
    profiles = _profiles(machine, parts, _rate(usual, count, found)[1])
    node_w, fixed_w = _node_w(machine, profiles)
    power = factor * nodes * (node_w + fixed_w)
    chosen = (f"N = {n:,} as the lists fill such memory, in the median",) if spec.n is None else ()
    return HplRun(
        n=n,
        nodes=nodes,
        chips=count,
        rmax_flop_s=rate * count,
        time_s=time,
        power_w=power,
        matrix_b=8.0 * float(n) ** 2,
        memory_b=None if found.memory_b is None else found.memory_b * count,
        rmax_range_flop_s=(rate * count * found.chip.low_frac, rate * count * found.chip.high_frac),
        power_range_w=_power_range(power, found),
        phases_s=_seconds(time, parts),
        profiles=profiles,
        assumptions=(*found.assumed, *chosen, *why),
    )


def _order(spec: Hpl, chips: int, found: Setting) -> tuple[int, int]:
    """Return the order of the run, and that which the lists show for its memory, where that is known."""
    if spec.n is not None and spec.n < 1:
        raise SpecError(f"N = {spec.n}: expected at least 1")
    usual = usual_order(found, chips)
    if usual is None and spec.n is None:
        raise CatalogueError(
            f"{found.machine.name}: the memory of '{found.name}' is not known: give the order N"
        )
    order = spec.n or usual or 1
    return order, usual if usual and found.memory_b else order


def _rate(n: int, chips: int, found: Setting) -> tuple[float, Float64]:
    """Return the result of one chip [FLOP/s] and the overheads, shape (3,)."""
    kernel = found.kernel_flop_s
    parts = overheads(n, chips, kernel, found.link_b_s, found.law)
    return kernel / (1.0 + float(parts.sum())), parts


def _seconds(time_s: float, parts: Float64) -> dict[str, float]:
    update = time_s / (1.0 + float(parts.sum()))
    names = ("exchange", "panels", "waiting")
    return {"update": update, **{name: update * float(part) for name, part in zip(names, parts, strict=True)}}


def _profiles(machine: Machine, parts: Float64, usual: Float64) -> Profiles:
    """Return the phases of the run: the power law's own for HPL, the update's share as this run has it."""
    listed = hpl_profiles(power_law(machine))
    share = listed.phases.share_frac.copy()
    relative = (1.0 + float(usual.sum())) / (1.0 + float(parts.sum()))
    share[0] = min(share[0] * relative, 1.0)
    rest = share[1:].sum()
    share[1:] *= (1.0 - share[0]) / rest if rest > 0.0 else 0.0
    columns = {
        name: getattr(listed.phases, f"{name}_frac")
        for name in ("processor", "accelerator", "memory", "network", "storage")
    }
    phases = Phases(share_frac=share, **{f"{name}_frac": column for name, column in columns.items()})
    return Profiles(("hpl",), listed.first, phases, listed.compute_bound_frac)


def _node_w(machine: Machine, profiles: Profiles) -> tuple[float, float]:
    """Return the mean power of one node and its share of the switches [W]."""
    drawn = draw(profiles, machine)
    return float(mean_w(profiles, drawn)[0]), drawn.fixed_w / machine.nodes


def _power_factor(found: Setting) -> tuple[float, tuple[str, ...]]:
    """Return the power of the run relative to the node power law, and why."""
    machine, law = found.machine, found.law
    said = f"power by the node power law '{machine.node.power_law}'"
    if machine.accelerator is None or law.cooling(machine.file.model) == "liquid":
        return 1.0, (said,)
    return law.air_power, (f"{said}, × {law.air_power:.3g} for nodes not known to be cooled by liquid",)


def _power_range(power_w: float, found: Setting) -> tuple[float, float]:
    law = found.law
    if found.machine.accelerator is None:
        return power_w * law.processor_power_low_frac, power_w * law.processor_power_high_frac
    return power_w * law.power_low_frac, power_w * law.power_high_frac


__all__ = ["Hpl", "HplRun", "hpl", "operations", "overheads"]
