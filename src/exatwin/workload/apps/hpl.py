"""HPL: the dense linear solve that ranks TOP500, from (order, machine, nodes) to time, phases and watts.

The model holds for runs on accelerators; it was calibrated on the lists by ``scripts/fit_hpl.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue import lists
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.parts import Accelerator
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.foundation.spec import Count, PositiveCount
from exatwin.workload.apps.app import APPS, App, AppRun, as_run
from exatwin.workload.apps.hpl_data import Chip, HplLaw, Link, hpl_law
from exatwin.workload.draw import draw, hpl_profiles, mean_w, power_law
from exatwin.workload.job import Phases, Profiles

_STEP = 1024  # orders are rounded down to whole blocks
_WIDE = 4


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
class Setting:
    """What the law needs of a machine."""

    accelerator: Accelerator
    chip: Chip
    link: Link
    accelerators: int
    narrow: bool
    """Whether nodes hold at most four accelerators beside a host of their own."""
    peak_flop_s: float
    """FP64 peak of one accelerator, or what stands for it [FLOP/s]."""
    memory_b: float | None
    """Memory that the matrix of one accelerator may use [B]; blank where the catalogue does not know it."""
    assumed: tuple[str, ...] = ()

    @property
    def kernel_flop_s(self) -> float:
        """Rate of the update on one accelerator [FLOP/s]."""
        return self.chip.kernel_frac * self.peak_flop_s

    @property
    def link_b_s(self) -> float:
        """Bandwidth of one accelerator that the exchange achieves [B/s]."""
        return self.link.line_b_s * self.link.achieved_frac


@dataclass(frozen=True)
class HplRun:
    """What a run of HPL amounts to."""

    n: int
    nodes: int
    accelerators: int
    rmax_flop_s: float
    time_s: float
    power_w: float
    """Mean power of the run at the meter of the lists, switches included [W]."""
    matrix_b: float
    memory_b: float | None
    """Memory of the accelerators (and hosts, where they share it) that the matrix may use [B]."""
    rmax_range_flop_s: tuple[float, float]
    """Range in which four of five results of machines with such chips lie [FLOP/s]."""
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
    accelerators: ArrayLike,
    kernel_flop_s: ArrayLike,
    link_b_s: ArrayLike,
    law: HplLaw,
) -> Float64:
    """Return the time of exchange, panels and waiting relative to that of the updates.

    Parameters
    ----------
    n
        Order of the matrix, shape (runs,).
    accelerators
        Their number ``P``, shape (runs,).
    kernel_flop_s
        Rate ``r`` of the update on one accelerator [FLOP/s], shape (runs,).
    link_b_s
        Achieved bandwidth ``b`` of one accelerator [B/s], shape (runs,).

    Returns
    -------
    Float64
        Shape (3, runs).

    Notes
    -----
    The update takes ``2 N³ / (3 P r)``. Broadcasts of panels and swaps of rows move a multiple ``c`` of
    ``8 N² / sqrt(P)`` bytes through each accelerator that nothing hides: ``12 c r / (b n)`` of the update,
    with ``n = N / sqrt(P)``. Panels and the short updates at the end cost ``(n_h / n)²``. All wait for the
    slowest of ``P`` chips, whose speeds spread by ``s``: ``s sqrt(2 ln P)``.

    References
    ----------
    A. Petitet, R. C. Whaley, J. Dongarra, A. Cleary, HPL scalability analysis,
    https://www.netlib.org/benchmark/hpl/scalability.html. Expected extreme of P normal deviates: H. Cramér,
    Mathematical Methods of Statistics (1946), section 28.6.
    """
    count = np.asarray(accelerators, np.float64)
    local = np.maximum(np.asarray(n, np.float64), 1.0) / np.sqrt(count)
    exchange = 12.0 * law.volume * np.asarray(kernel_flop_s) / (np.asarray(link_b_s) * local)
    panels = (law.half_order / local) ** 2
    waiting = law.spread_frac * np.sqrt(2.0 * np.log(count)) + 0.0 * local
    return np.stack(np.broadcast_arrays(exchange, panels, waiting))


def setting(machine: Machine, law: HplLaw | None = None) -> Setting:
    """Return what the law needs of `machine`.

    Raises
    ------
    CatalogueError
        The machine has no accelerators, or its chip has no FP64 peak or was never calibrated.
    """
    law = law or hpl_law()
    chip = machine.accelerator
    if chip is None:
        raise CatalogueError(
            f"{machine.name}: HPL was calibrated on machines with accelerators only, this one has none"
        )
    family = law.chip(chip.name)
    peak = family.reference_flop_s or chip.peak_flop_s("fp64")
    if peak is None:
        raise CatalogueError(f"{machine.name}: the FP64 peak of '{chip.name}' is not known")
    text, said = _interconnect(machine)
    link = law.link(text)
    memory, where = _memory_b(machine, family)
    host = not (family.host_memory or family.memory_is_host)
    return Setting(
        accelerator=chip,
        chip=family,
        link=link,
        accelerators=machine.accelerators,
        narrow=host and machine.node.accelerators <= _WIDE,
        peak_flop_s=peak,
        memory_b=memory,
        assumed=(
            f"{family.family}: {family.kernel_frac:.0%} of the FP64 peak in the update, fitted on "
            f"{family.machines} machines",
            f"network {link.family}: {link.line_b_s * link.achieved_frac / 1e9:.3g} GB/s achieved by an "
            f"accelerator ({said})",
            where,
        ),
    )


def _interconnect(machine: Machine) -> tuple[str, str]:
    """Return the words that name the network of `machine`, and where they stand."""
    for number in machine.file.top500_ids:
        row = lists.find(f"top500:{number}")
        if row is not None and row.interconnect:
            return row.interconnect, f"'{row.interconnect}' on the list"
    if machine.network is not None:
        text = f"{machine.network.family} {machine.network.name}"
        return text, f"'{machine.network.name}' of the catalogue"
    return "", "not known"


def _memory_b(machine: Machine, chip: Chip) -> tuple[float | None, str]:
    """Return the memory that the matrix of one accelerator may use [B], and what it is."""
    device = machine.accelerator.memory_b if machine.accelerator else None
    if device is None:
        return None, "the memory of the accelerators is not known"
    if not chip.host_memory:
        return device, f"matrix in the {device / 1e9:.0f} GB of the accelerators"
    given = machine.node.memory_b
    per_module = machine.processor.memory_b
    host = given / machine.node.accelerators if given else (per_module or 0.0)
    return (
        device + host,
        f"matrix in {device / 1e9:.0f} GB of the accelerator and {host / 1e9:.0f} GB of its host",
    )


def order_for(memory_b: float, accelerators: int, fill_frac: float) -> int:
    """Return the order whose matrix takes `fill_frac` of the memory of all accelerators."""
    order = int(math.sqrt(fill_frac * memory_b * accelerators / 8.0))
    return max(order - order % _STEP, 1)


def hpl(spec: Hpl, machine: Machine, law: HplLaw | None = None) -> HplRun:
    """Return what `spec` takes on `machine`.

    Raises
    ------
    CatalogueError
        The law was never calibrated for this kind of machine.
    InfeasibleError
        The machine has fewer nodes, or the matrix does not fit into their memory.
    """
    law = law or hpl_law()
    nodes = spec.nodes or machine.nodes
    if nodes > machine.nodes:
        raise InfeasibleError(f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}")
    found = setting(machine, law)
    count = nodes * machine.node.accelerators
    n, usual = _order(spec, count, found, machine)
    _check_fits(n, count, found, machine, law)
    rate, parts = _rate(n, count, found, law)
    time = float(operations(n)) / (rate * count)
    factor, why = _power_factor(machine, law)
    profiles = _profiles(machine, parts, _rate(usual, count, found, law)[1])
    node_w, fixed_w = _node_w(machine, profiles)
    chosen = (f"N = {n:,} takes {found.chip.fill_frac:.0%} of that memory, the median of the lists",)
    return HplRun(
        n=n,
        nodes=nodes,
        accelerators=count,
        rmax_flop_s=rate * count,
        time_s=time,
        power_w=factor * nodes * (node_w + fixed_w),
        matrix_b=8.0 * float(n) ** 2,
        memory_b=None if found.memory_b is None else found.memory_b * count,
        rmax_range_flop_s=(rate * count * found.chip.low_frac, rate * count * found.chip.high_frac),
        phases_s=_seconds(time, parts),
        profiles=profiles,
        assumptions=(*found.assumed, *(chosen if spec.n is None else ()), *why),
    )


def _order(spec: Hpl, accelerators: int, found: Setting, machine: Machine) -> tuple[int, int]:
    """Return the order of the run, and that which the lists show for its memory."""
    if found.memory_b is None:
        if spec.n is None:
            raise CatalogueError(
                f"{machine.name}: the memory of '{found.accelerator.name}' is not known: give the order N"
            )
        return spec.n, spec.n
    usual = order_for(found.memory_b, accelerators, found.chip.fill_frac)
    return usual if spec.n is None else spec.n, usual


def _check_fits(n: int, accelerators: int, found: Setting, machine: Machine, law: HplLaw) -> None:
    if n < 1:
        raise InfeasibleError(f"N = {n}: expected at least 1")
    need, have = 8.0 * float(n) ** 2, (found.memory_b or 0.0) * accelerators
    if not (found.chip.host_memory or found.chip.memory_is_host):
        node_b = law.host_memory_b if machine.node.memory_b is None else machine.node.memory_b
        have += node_b / machine.node.accelerators * accelerators
    if need > have:
        most = order_for(have / accelerators, accelerators, 1.0)
        raise InfeasibleError(
            f"{machine.name}: a matrix of order {n:,} takes {need / 1e12:,.1f} TB, "
            f"{(need - have) / 1e12:,.1f} TB more than the {have / 1e12:,.1f} TB of memory of "
            f"{accelerators:,} accelerators and their hosts; the largest order that fits is {most:,}"
        )


def _rate(n: int, accelerators: int, found: Setting, law: HplLaw) -> tuple[float, Float64]:
    """Return the result of one accelerator [FLOP/s] and the overheads, shape (3,)."""
    kernel = found.kernel_flop_s * (law.narrow_rate if found.narrow else 1.0)
    parts = overheads(n, accelerators, kernel, found.link_b_s, law)
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


def _power_factor(machine: Machine, law: HplLaw) -> tuple[float, tuple[str, ...]]:
    """Return the power of the run relative to the node power law, and why."""
    said = f"power by the node power law '{machine.node.power_law}'"
    if law.cooling(machine.file.model) == "liquid":
        return 1.0, (said,)
    return law.air_power, (f"{said}, × {law.air_power:.3g} for nodes not known to be cooled by liquid",)


__all__ = ["Hpl", "HplRun", "Setting", "hpl", "operations", "order_for", "overheads", "setting"]
