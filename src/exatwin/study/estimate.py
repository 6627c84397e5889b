"""What one application takes on one machine: a value with its interval, boundary, bill and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_with_nodes
from exatwin.catalogue.machine import Machine
from exatwin.workload.apps.hpl import Hpl, hpl
from exatwin.workload.apps.hpl_data import hpl_law

LIST_BOUNDARY = (
    "nodes at the input of their racks, power supplies and switches included, as TOP500 and Green500 mean "
    "it; storage, cooling and the building are outside"
)


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

    @property
    def billed(self) -> tuple[float, str]:
        """What the site charges for the run, and its unit."""
        billing = self.machine.file.billing
        hours = float(self.values["time_s"]) / 3600.0
        return billing.per_node_hour * self.nodes * hours, billing.unit

    def document(self) -> dict[str, Any]:
        """Return the estimate as plain data."""
        amount, unit = self.billed
        return {
            "app": self.app,
            "machine": self.machine.name,
            "nodes": self.nodes,
            "accelerators": self.nodes * self.machine.node.accelerators,
            **self.values,
            **self.extra,
            "interval": {key: list(range_) for key, range_ in self.interval.items()},
            "interval_basis": self.interval_basis,
            "assumptions": list(self.assumptions),
            "energy_boundary": self.boundary,
            "billed": {"amount": amount, "unit": unit},
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
    low, high = run.rmax_flop_s * law.rmax_low_frac, run.rmax_flop_s * law.rmax_high_frac
    watts = run.power_w * law.power_low_frac, run.power_w * law.power_high_frac
    work = run.rmax_flop_s * run.time_s
    counted = where.node.facts.get("accelerators")
    said = counted.note if counted is not None else ""
    assumed = (f"the list counts no nodes, {said}",) if said.startswith("assumed") else ()
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
        interval={"rmax_flop_s": (low, high), "time_s": (work / high, work / low), "power_w": watts},
        interval_basis=(
            "10th to 90th percentile of measured over predicted on the listed machines, each left out of the "
            "fit in turn; for a machine whose network or chip is rare on the lists it is wider"
        ),
        assumptions=(*run.assumptions, *assumed),
        boundary=LIST_BOUNDARY,
        extra={
            "phases_s": run.phases_s,
            "ranks": {"top500": lists.ranks(run.rmax_flop_s), "green500": lists.green_ranks(run.flop_per_j)},
        },
    )


__all__ = ["LIST_BOUNDARY", "Estimate", "estimate_hpl"]
