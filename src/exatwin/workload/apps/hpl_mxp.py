"""HPL-MxP: LU in low precision with refinement, as a multiple of the same machine's HPL.

Two results are published with the HPL of the same machine, so the multiple is known within a wide band only.
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
        HPL was never calibrated for this kind of machine.
    InfeasibleError
        The machine has fewer nodes.
    """
    run = hpl(Hpl(nodes=nodes), machine)
    middle, low, high = (each * run.rmax_flop_s for each in hpl_mxp_law().multiple())
    return HplMxpRun(middle, low, high, run)


__all__ = ["HplMxp", "HplMxpLaw", "HplMxpRun", "Pair", "hpl_mxp", "hpl_mxp_law"]
