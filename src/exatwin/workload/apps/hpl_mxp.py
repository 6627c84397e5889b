"""HPL-MxP: LU in low precision with refinement, as a multiple of the same machine's HPL.

Two results are published with the HPL of the same machine, so the multiple is known within a wide band only.
Chips whose FP64 units are nearly gone would make nonsense of a multiple: they get the share of the 16-bit
peak that the one accelerated machine of the two reached, within the same band.

References
----------
A. Haidar, S. Tomov, J. Dongarra, N. J. Higham, "Harnessing GPU Tensor Cores for Fast FP16 Arithmetic to Speed
up Mixed-Precision Iterative Refinement Solvers", SC18, doi:10.1109/SC.2018.00050.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.foundation.spec import FlopPerSecond, Ratio, Sourced, Spec
from exatwin.workload.apps.app import APPS, App, AppRun, as_run
from exatwin.workload.apps.hpl import Hpl, HplRun, hpl


class Pair(Spec):
    """One machine with both results."""

    name: str
    """Its name."""
    hpl_mxp_flop_s: FlopPerSecond
    """HPL-MxP."""
    hpl_flop_s: FlopPerSecond
    """HPL."""
    peak_flop_s: FlopPerSecond | None = None
    """Dense 16-bit peak of the accelerators of the run, where it is known."""


class HplMxpLaw(Sourced):
    """The published pairs, and how wide a band so few of them allow."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    pairs: list[Pair]
    """Machines with both results."""
    student_t: Ratio
    """Ninetieth percentile of Student's t with as many degrees of freedom as there are pairs, less one."""
    few_fp64: Ratio
    """16-bit over FP64 peak above which a multiple of HPL says nothing."""
    notes: list[str] = []
    """What a careful reader should know."""

    def multiple(self) -> tuple[float, float, float]:
        """Return HPL-MxP over HPL: geometric mean, and the ends of the band that holds four of five.

        Notes
        -----
        Prediction interval of a log-normal ratio from n pairs: ``mean ± t s sqrt(1 + 1/n)`` of the logarithm.
        """
        found = np.log([pair.hpl_mxp_flop_s / pair.hpl_flop_s for pair in self.pairs])
        spread = self.student_t * float(np.std(found, ddof=1)) * math.sqrt(1.0 + 1.0 / len(found))
        middle = float(np.mean(found))
        return math.exp(middle), math.exp(middle - spread), math.exp(middle + spread)

    def share_of_peak(self) -> float:
        """Return HPL-MxP over the 16-bit peak, of the pairs that tell it."""
        found = [p.hpl_mxp_flop_s / p.peak_flop_s for p in self.pairs if p.peak_flop_s]
        return math.exp(float(np.mean(np.log(found))))


@APPS.register("hpl-mxp")
class HplMxp(App):
    """One run of HPL-MxP, of the order of HPL."""

    def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
        """Return what the run does on `nodes` nodes; its time is its own."""
        run = hpl_mxp(nodes, machine)
        return as_run(run.hpl.profiles, run.time_s, run.hpl.assumptions)


@dataclass(frozen=True)
class HplMxpRun:
    """What a run of HPL-MxP amounts to."""

    flop_s: float
    low_flop_s: float
    high_flop_s: float
    hpl: HplRun
    """HPL on the same nodes."""
    said: str
    """What the result rests on."""

    @property
    def time_s(self) -> float:
        """Time of the run at HPL's order [s]."""
        return self.hpl.rmax_flop_s * self.hpl.time_s / self.flop_s


@cache
def hpl_mxp_law() -> HplMxpLaw:
    """Return the published pairs."""
    found: HplMxpLaw = entry(HplMxpLaw, "apps", "hpl-mxp")
    return found


def hpl_mxp(nodes: int | None, machine: Machine) -> HplMxpRun:
    """Return what HPL-MxP gives on `machine`, as a multiple of its HPL.

    Raises
    ------
    CatalogueError
        Too little is known of the chip or its memory.
    InfeasibleError
        The machine has fewer nodes.
    """
    law, run = hpl_mxp_law(), hpl(Hpl(nodes=nodes), machine)
    multiple = law.multiple()
    chip = machine.accelerator
    half = max(chip.peak.get("bf16", 0.0), chip.peak.get("fp16", 0.0)) if chip else 0.0
    if chip and half > law.few_fp64 * (chip.peak_flop_s("fp64") or math.inf):
        share = law.share_of_peak()
        flop = share * half * run.chips
        low, high = (flop * end / multiple[0] for end in multiple[1:])
        said = (
            f"{share:.0%} of the 16-bit peak, as Frontier reached: the FP64 units of '{chip.name}' are "
            "nearly gone, a multiple of its HPL would say nothing"
        )
        return HplMxpRun(flop, low, high, run, said)
    middle, low, high = (each * run.rmax_flop_s for each in multiple)
    said = f"{multiple[0]:.2g} times the HPL of the same machine ({multiple[1]:.2g} to {multiple[2]:.2g})"
    return HplMxpRun(middle, low, high, run, said)


__all__ = ["HplMxp", "HplMxpLaw", "HplMxpRun", "Pair", "hpl_mxp", "hpl_mxp_law"]
