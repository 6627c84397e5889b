"""What one application takes on one machine: a value with its interval, boundary, bill and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, hypot, log
from typing import Any

from exatwin.account.annual import SiteBill, settle_by_means
from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_with_nodes
from exatwin.catalogue.machine import Machine
from exatwin.workload.apps.hpcg import Hpcg, hpcg, hpcg_law
from exatwin.workload.apps.hpl import Hpl, hpl
from exatwin.workload.apps.hpl_data import hpl_law
from exatwin.workload.apps.hpl_mxp import hpl_mxp, hpl_mxp_law

LIST_BOUNDARY = (
    "nodes at the input of their racks, power supplies and switches included, as TOP500 and Green500 mean "
    "it; storage, cooling and the building are outside"
)
SITE_KEYS = ("site_energy_j", "cost_eur", "carbon_kgco2e")


@dataclass(frozen=True)
class Estimate:
    """The answer of one application model."""

    app: str
    machine: Machine
    nodes: int
    values: Mapping[str, float | int]
    """SI values by key."""
    interval: Mapping[str, tuple[float, float]]
    """Range in which four of five measurements lie, for the keys that were validated."""
    interval_basis: str
    """What the interval rests on."""
    assumptions: tuple[str, ...]
    boundary: str
    """What the energy holds."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Ranks and breakdowns."""
    switches_j: float = 0.0
    """Energy of the network's switches for the run where ``energy_j`` leaves it out."""

    @property
    def billed(self) -> tuple[float, str]:
        """What the site charges for the run, and its unit."""
        billing = self.machine.file.billing
        hours = float(self.values["time_s"]) / 3600.0
        return billing.per_node_hour * self.nodes * hours, billing.unit

    @cached_property
    def site(self) -> SiteBill:
        """What the run's energy comes to at the grid connection of its site, by yearly means."""
        nodes_j = float(self.values["energy_j"]) + self.switches_j
        return settle_by_means(nodes_j, self.machine.file.site)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """All intervals; those of what follows from the energy are as wide as the energy's."""
        found = dict(self.interval)
        if "energy_j" in found:
            low, high = (end / float(self.values["energy_j"]) for end in found["energy_j"])
            for key in SITE_KEYS:
                found[key] = low * self._of_site(key), high * self._of_site(key)
        return found

    def _of_site(self, key: str) -> float:
        return float(getattr(self.site, "energy_j" if key == "site_energy_j" else key))

    def document(self) -> dict[str, Any]:
        """Return the estimate as plain data."""
        amount, unit = self.billed
        return {
            "app": self.app,
            "machine": self.machine.name,
            "nodes": self.nodes,
            "accelerators": self.nodes * self.machine.node.accelerators,
            **self.values,
            **{key: self._of_site(key) for key in SITE_KEYS},
            **self.extra,
            "interval": {key: list(range_) for key, range_ in self.ranges.items()},
            "interval_basis": self.interval_basis,
            "assumptions": list(self.assumptions),
            "energy_boundary": self.boundary,
            "billed": {"amount": amount, "unit": unit},
            "site": self.site.document(),
        }


def estimate_hpl(machine: str, *, nodes: int | None = None, n: int | None = None) -> Estimate:
    """Return what HPL takes on a machine.

    Parameters
    ----------
    machine
        A catalogue name, an exact name on the lists, ``top500:<id>``, or the path of a file.
    nodes
        Nodes of the run; by default all.
    n
        Order of the matrix; by default as much memory as the lists show for the chip.

    Raises
    ------
    CatalogueError
        The machine is unknown, or the law was never calibrated for its kind.
    InfeasibleError
        The machine has fewer nodes, or the matrix does not fit.

    Examples
    --------
    >>> found = estimate_hpl("jupiter", n=22_536_192)
    >>> found.values["rmax_flop_s"] > 1e18
    True
    """
    where, law = machine_with_nodes(machine), hpl_law()
    run = hpl(Hpl(nodes=nodes, n=n), where)
    low, high = run.rmax_range_flop_s
    watts = run.power_w * law.power_low_frac, run.power_w * law.power_high_frac
    work = run.rmax_flop_s * run.time_s
    return Estimate(
        app="hpl",
        machine=where,
        nodes=run.nodes,
        values={
            "rmax_flop_s": run.rmax_flop_s,
            "n": run.n,
            "time_s": run.time_s,
            "power_w": run.power_w,
            "flop_per_j": run.flop_per_j,
            "energy_j": run.energy_j,
            "matrix_b": run.matrix_b,
        },
        interval={
            "rmax_flop_s": (low, high),
            "time_s": (work / high, work / low),
            "power_w": watts,
            "energy_j": product_range(
                (work / high, run.time_s, work / low), (watts[0], run.power_w, watts[1])
            ),
        },
        interval_basis=(
            "10th to 90th percentile of measured over predicted on the listed machines, each left out of the "
            "fit in turn: for Rmax those with chips of the family where there are ten, for power all; for "
            "energy, cost and carbon both errors as if independent, nothing for price and grid"
        ),
        assumptions=(*run.assumptions, *_assumed_nodes(where)),
        boundary=LIST_BOUNDARY,
        extra={
            "phases_s": run.phases_s,
            "ranks": {"top500": lists.ranks(run.rmax_flop_s), "green500": lists.green_ranks(run.flop_per_j)},
        },
    )


def product_range(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    """Return the range of a product whose factors (low, middle, high) err independently.

    Examples
    --------
    >>> [round(end, 3) for end in product_range((0.9, 1.0, 1.1), (2.0, 2.0, 2.0))]
    [1.8, 2.2]
    """
    low = hypot(*(log(low / middle) for low, middle, _ in (first, second)))
    high = hypot(*(log(high / middle) for _, middle, high in (first, second)))
    middle = first[1] * second[1]
    return middle * exp(-low), middle * exp(high)


def _assumed_nodes(machine: Machine) -> tuple[str, ...]:
    counted = machine.node.facts.get("accelerators")
    said = counted.note if counted is not None else ""
    return (f"the list counts no nodes, {said}",) if said.startswith("assumed") else ()


def estimate_hpcg(machine: str, *, nodes: int | None = None) -> Estimate:
    """Return what HPCG gives on a machine; parameters and errors as for :func:`estimate_hpl`."""
    where, law = machine_with_nodes(machine), hpcg_law()
    run = hpcg(Hpcg(nodes=nodes), where)
    return Estimate(
        app="hpcg",
        machine=where,
        nodes=run.nodes,
        values={
            "flop_s": run.flop_s,
            "time_s": run.time_s,
            "power_w": run.power_w,
            "flop_per_j": run.flop_s / run.power_w,
            "energy_j": run.power_w * run.time_s,
        },
        interval={"flop_s": (run.flop_s * law.low_frac, run.flop_s * law.high_frac)},
        interval_basis=(
            "10th to 90th percentile of measured over predicted on the listed machines, each left out of the "
            "fit in turn; none for the power, which was never validated"
        ),
        assumptions=(*run.assumptions, *_assumed_nodes(where)),
        boundary=LIST_BOUNDARY,
    )


def estimate_hpl_mxp(machine: str, *, nodes: int | None = None) -> Estimate:
    """Return what HPL-MxP gives on a machine; parameters and errors as for :func:`estimate_hpl`."""
    where, law = machine_with_nodes(machine), hpl_mxp_law()
    run = hpl_mxp(nodes, where)
    middle, low, high = law.multiple()
    pairs = " and ".join(pair.name for pair in law.pairs)
    power = run.hpl.power_w
    return Estimate(
        app="hpl-mxp",
        machine=where,
        nodes=run.hpl.nodes,
        values={
            "flop_s": run.flop_s,
            "n": run.hpl.n,
            "time_s": run.time_s,
            "power_w": power,
            "flop_per_j": run.flop_s / power,
            "energy_j": power * run.time_s,
        },
        interval={"flop_s": (run.low_flop_s, run.high_flop_s)},
        interval_basis=(
            f"a band for four of five machines from {len(law.pairs)} published pairs ({pairs}), no more is "
            f"known; the error of HPL itself comes on top"
        ),
        assumptions=(
            f"{middle:.2g} times the HPL of the same machine ({low:.2g} to {high:.2g})",
            "order, and power, as in HPL; no published power tests it",
            *run.hpl.assumptions,
            *_assumed_nodes(where),
        ),
        boundary=LIST_BOUNDARY,
        extra={"hpl_flop_s": run.hpl.rmax_flop_s},
    )


__all__ = ["LIST_BOUNDARY", "Estimate", "estimate_hpcg", "estimate_hpl", "estimate_hpl_mxp"]
