"""What one application takes on one machine: a value with its interval, boundary, bill and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, hypot, log
from typing import Any

from exatwin.account.annual import SiteBill, settle_by_means
from exatwin.catalogue.machine import Machine
from exatwin.study.run_block import run_of

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
    asked: Mapping[str, Any] = field(default_factory=dict)
    """Settings of :func:`exatwin.estimate` that give it again, ``nodes`` or ``accelerators`` among them."""

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
            "asked": dict(self.asked),
            "run": run_of(self),
        }


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


__all__ = ["LIST_BOUNDARY", "Estimate", "product_range"]
