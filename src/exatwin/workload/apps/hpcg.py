"""HPCG: conjugate gradients on a sparse grid, bound by memory bandwidth; a rate by family of chips."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.foundation.spec import (
    BytesPerSecond,
    Count,
    FlopPerSecond,
    Fraction,
    PositiveCount,
    Ratio,
    Seconds,
    Sourced,
    Spec,
)
from exatwin.workload.apps.app import APPS, App, AppRun, as_run
from exatwin.workload.draw import draw
from exatwin.workload.job import Phases, Profiles


class HpcgChip(Spec):
    """A family of accelerators, or of processors in nodes without any, that share one rate."""

    family: str
    """Name of the family."""
    accelerators: list[str] = []
    """Catalogue names of its members."""
    words: list[str] = []
    """Of processors: what names them in their titles; the first family that fits counts."""
    memory_b_s: BytesPerSecond | None = None
    """Of processors: bandwidth of the memory of one socket, which gives the rate where none was fitted."""
    rate_flop_s: FlopPerSecond | None = None
    """Rate of one chip alone."""
    machines: Count
    """Machines that it was fitted on."""


class HpcgLaw(Sourced):
    """What no datasheet gives of HPCG, and the scatter that its validation found."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    chips: list[HpcgChip]
    """Families of accelerators."""
    processors: list[HpcgChip]
    """Families of processors in nodes without accelerators."""
    flop_per_b: Ratio
    """Rate of a chip that was never measured for each byte of the bandwidth of its memory."""
    growth_frac: Fraction
    """What each doubling of the accelerators adds to the time of a step: sums over all, and waiting."""
    run_s: Seconds
    """Length of an official run."""
    accelerator_frac: Fraction
    """Utilisation of the compute units of the accelerators."""
    processor_frac: Fraction
    """Utilisation of the processors."""
    memory_frac: Fraction
    """Utilisation of the memory bandwidth."""
    network_frac: Fraction
    """Utilisation of the network."""
    low_frac: Ratio
    """Tenth percentile of measured over predicted results, each machine left out in turn."""
    high_frac: Ratio
    """Ninetieth percentile of it."""
    processor_low_frac: Ratio
    """The same tenth percentile for nodes without accelerators."""
    processor_high_frac: Ratio
    """Ninetieth percentile of it."""
    other_low_frac: Ratio
    """Tenth percentile where the rate comes from the bandwidth, each family predicted with the others."""
    other_high_frac: Ratio
    """Ninetieth percentile of it."""
    notes: list[str] = []
    """What a careful reader should know."""

    def chip(self, machine: Machine) -> HpcgChip | None:
        """Return the family of the chips of `machine`; None where no result of such a chip is listed."""
        if machine.accelerator is not None:
            name = machine.accelerator.name
            return next((chip for chip in self.chips if name in chip.accelerators), None)
        title = machine.processor.title.lower()
        return next((chip for chip in self.processors if any(word in title for word in chip.words)), None)


@APPS.register("hpcg")
class Hpcg(App):
    """One run of HPCG."""

    nodes: PositiveCount | None = None
    """Nodes; blank for all of the machine."""

    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return what the run does on `nodes` nodes; it runs as long as the rules ask, or for `time_s`."""
        run = hpcg(self.model_copy(update={"nodes": nodes}), machine)
        return as_run(run.profiles, run.time_s if time_s is None else time_s, run.assumptions)


@dataclass(frozen=True)
class HpcgRun:
    """What a run of HPCG amounts to."""

    nodes: int
    flop_s: float
    flop_range: tuple[float, float]
    """Range in which four of five results lie [FLOP/s]."""
    time_s: float
    power_w: float
    """Mean power at the meter of the lists, switches included [W]."""
    profiles: Profiles
    assumptions: tuple[str, ...]


@cache
def hpcg_law() -> HpcgLaw:
    """Return the calibration that ships."""
    found: HpcgLaw = entry(HpcgLaw, "apps", "hpcg")
    return found


def slowdown(accelerators: ArrayLike, growth_frac: ArrayLike) -> Float64:
    """Return the time of a step on `accelerators` relative to one alone, ``1 + g log2 P``.

    The grid of each accelerator stays the same, so only the sums over all accelerators (trees of depth
    ``log2 P``) and the waiting for the slowest grow.

    References
    ----------
    J. Dongarra, M. A. Heroux, P. Luszczek, High-performance conjugate-gradient benchmark, IJHPCA 30 (2016),
    https://doi.org/10.1177/1094342015593158.
    """
    return np.asarray(1.0 + np.asarray(growth_frac) * np.log2(np.asarray(accelerators, np.float64)))


def hpcg(spec: Hpcg, machine: Machine, law: HpcgLaw | None = None) -> HpcgRun:
    """Return what HPCG gives on `machine`.

    Raises
    ------
    CatalogueError
        No result of the chip is listed, and the bandwidth of its memory is not known.
    InfeasibleError
        The machine has fewer nodes.
    """
    law = law or hpcg_law()
    nodes = spec.nodes or machine.nodes
    if nodes > machine.nodes:
        raise InfeasibleError(f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}")
    rate, (low, high), said = _rate(machine, law)
    count = nodes * (machine.node.accelerators if machine.accelerator else machine.node.processors)
    profiles = _profiles(law, accelerated=machine.accelerator is not None)
    drawn = draw(profiles, machine)
    flop = rate * count / float(slowdown(count, law.growth_frac))
    return HpcgRun(
        nodes=nodes,
        flop_s=flop,
        flop_range=(low * flop, high * flop),
        time_s=law.run_s,
        power_w=nodes * (float(drawn.nominal_w[0]) + drawn.fixed_w / machine.nodes),
        profiles=profiles,
        assumptions=(
            said,
            f"the time of a step grows by {law.growth_frac:.2%} with each doubling of the chips",
            f"power by the node power law '{machine.node.power_law}' with memory at {law.memory_frac:.0%} "
            f"and the compute units at {law.accelerator_frac:.0%}; no published power tests it",
        ),
    )


def _rate(machine: Machine, law: HpcgLaw) -> tuple[float, tuple[float, float], str]:
    """Return the rate of one chip [FLOP/s], its band relative to that, and what it rests on."""
    chip = law.chip(machine)
    word = "accelerator" if machine.accelerator else "socket"
    if chip is not None and chip.rate_flop_s and chip.machines:
        many = f"{chip.machines} machines" if chip.machines > 1 else "one machine"
        said = f"{chip.family}: {chip.rate_flop_s / 1e9:.3g} GFLOP/s on one {word}, fitted on {many}"
        if machine.accelerator is None:
            return chip.rate_flop_s, (law.processor_low_frac, law.processor_high_frac), said
        return chip.rate_flop_s, (law.low_frac, law.high_frac), said
    part = machine.accelerator or machine.processor
    bandwidth = part.memory_b_s or (chip.memory_b_s if chip else None)
    if bandwidth is None:
        raise CatalogueError(
            f"{machine.name}: HPCG was never calibrated on '{part.name}' and the bandwidth of its memory is "
            "not known: a file of the part with 'memory_b_s' would let it be estimated"
        )
    said = (
        f"'{part.name}' was never measured: {law.flop_per_b:.2g} FLOP for each byte of the "
        f"{bandwidth / 1e9:,.0f} GB/s of its memory, the middle of all families, within their wide band"
    )
    return law.flop_per_b * bandwidth, (law.other_low_frac, law.other_high_frac), said


def _profiles(law: HpcgLaw, *, accelerated: bool) -> Profiles:
    busy = law.processor_frac if accelerated else law.accelerator_frac
    phases = Phases(
        share_frac=np.ones(1),
        processor_frac=np.array([busy]),
        accelerator_frac=np.array([law.accelerator_frac]),
        memory_frac=np.array([law.memory_frac]),
        network_frac=np.array([law.network_frac]),
        storage_frac=np.zeros(1),
    )
    return Profiles(("hpcg",), np.array([0, 1], np.int64), phases, np.array([law.accelerator_frac]))


__all__ = ["Hpcg", "HpcgChip", "HpcgLaw", "HpcgRun", "hpcg", "hpcg_law", "slowdown"]
