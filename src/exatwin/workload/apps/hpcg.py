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
    """A family of accelerators that share one rate."""

    family: str
    """Name of the family."""
    accelerators: list[str]
    """Catalogue names of its members."""
    rate_flop_s: FlopPerSecond
    """Rate of one accelerator alone."""
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
    notes: list[str] = []
    """What a careful reader should know."""

    def chip(self, accelerator: str) -> HpcgChip:
        """Return the family of the accelerator with the catalogue name `accelerator`.

        Raises
        ------
        CatalogueError
            No machine with it has a listed result.
        """
        found = next((chip for chip in self.chips if accelerator in chip.accelerators), None)
        if found is None:
            known = ", ".join(chip.family for chip in self.chips)
            raise CatalogueError(
                f"HPCG was never calibrated on '{accelerator}': expected a chip of the families {known}"
            )
        return found


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
        The law was never calibrated for this kind of machine.
    InfeasibleError
        The machine has fewer nodes.
    """
    law = law or hpcg_law()
    nodes = spec.nodes or machine.nodes
    if machine.accelerator is None:
        raise CatalogueError(
            f"{machine.name}: HPCG was calibrated on machines with accelerators only, this one has none"
        )
    if nodes > machine.nodes:
        raise InfeasibleError(f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}")
    chip, count = law.chip(machine.accelerator.name), nodes * machine.node.accelerators
    profiles = _profiles(law)
    drawn = draw(profiles, machine)
    return HpcgRun(
        nodes=nodes,
        flop_s=chip.rate_flop_s * count / float(slowdown(count, law.growth_frac)),
        time_s=law.run_s,
        power_w=nodes * (float(drawn.nominal_w[0]) + drawn.fixed_w / machine.nodes),
        profiles=profiles,
        assumptions=(
            f"{chip.family}: {chip.rate_flop_s / 1e9:.0f} GFLOP/s on one accelerator, fitted on "
            f"{chip.machines} machines",
            f"the time of a step grows by {law.growth_frac:.2%} with each doubling of the accelerators",
            f"power by the node power law '{machine.node.power_law}' with memory at {law.memory_frac:.0%} "
            f"and the compute units at {law.accelerator_frac:.0%}; no published power tests it",
        ),
    )


def _profiles(law: HpcgLaw) -> Profiles:
    phases = Phases(
        share_frac=np.ones(1),
        processor_frac=np.array([law.processor_frac]),
        accelerator_frac=np.array([law.accelerator_frac]),
        memory_frac=np.array([law.memory_frac]),
        network_frac=np.array([law.network_frac]),
        storage_frac=np.zeros(1),
    )
    return Profiles(("hpcg",), np.array([0, 1], np.int64), phases, np.array([law.accelerator_frac]))


__all__ = ["Hpcg", "HpcgChip", "HpcgLaw", "HpcgRun", "hpcg", "hpcg_law", "slowdown"]
