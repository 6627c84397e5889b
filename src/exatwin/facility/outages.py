"""Units of a plant out of service: what is left of pumps, coolers and the power chain, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exatwin.catalogue.plant import Carries
from exatwin.facility.component import Outdoors, Rejection
from exatwin.facility.electrical import Converter
from exatwin.facility.thermal import Pumps
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import InfeasibleError, SpecError, nearest
from exatwin.foundation.units import show

if TYPE_CHECKING:
    from exatwin.catalogue.plant import Units
    from exatwin.facility.component import Thermal
    from exatwin.facility.plant import Plant, Stage

CDU = "cdu"
"""The kind whose units take racks with them, and nothing of the plant."""


class Outage(NamedTuple):
    """One unit out of service for a time."""

    kind: str
    """``pump``, ``cooler``, ``cdu``, or a stage of the power chain such as ``transformer``."""
    unit: int
    """Which of its units, from 1 on."""
    start_s: float
    """From when [s]."""
    end_s: float
    """Until when [s]."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.unit:02d}"


@dataclass(frozen=True)
class Able:
    """What of a plant works in each step; by default everything."""

    pump_frac: Float64 | None = None
    """Flow that the pumps can give over rated flow, shape (steps,)."""
    cooler_frac: Float64 | None = None
    """Coolers that work over all coolers, shape (steps,)."""
    stages: Mapping[str, Int64] = field(default_factory=dict)
    """Failed units of each stage of the power chain that has any, shape (steps,) each."""

    def moves_w_k(self, pumps: Pumps, heat_w: Float64) -> Float64:
        """Return the heat capacity rate of the water [W/K]."""
        wanted = pumps.capacity_w_k(heat_w)
        if self.pump_frac is None:
            return wanted
        return np.minimum(wanted, self.pump_frac * (pumps.rated_heat_w / pumps.range_k))

    def pump_w(self, pumps: Pumps, heat_w: Float64) -> Float64:
        """Return the electric power of the pumps [W]; those that are left share the flow."""
        if self.pump_frac is None:
            return pumps.power_w(heat_w)
        return pumps.rated_power_w * np.minimum(pumps.flow_frac(heat_w), self.pump_frac) ** 3

    def reject(
        self, cooler: Thermal, heat_w: Float64, outdoors: Outdoors, supply_k: Float64, moved_w_k: Float64
    ) -> Rejection:
        """Return what it takes the coolers that work to hand over `heat_w` [W]; heat and water share."""
        share = self.cooler_frac
        if share is None:
            return cooler.reject(heat_w, outdoors, supply_k, moved_w_k)
        found = cooler.reject(heat_w / share, outdoors, supply_k, moved_w_k / share)
        return found._replace(power_w=found.power_w * share, water_kg_s=found.water_kg_s * share)

    def draw_w(self, stage: Stage, load_w: Float64) -> Float64:
        """Return what a stage draws for `load_w` [W] with the units that are left."""
        drawn = stage.component.draw_w(load_w)
        for lost in np.unique(self.stages.get(stage.name, np.zeros(0, np.int64))):
            at = self.stages[stage.name] == lost
            drawn = np.where(at, without(stage, int(lost)).draw_w(load_w), drawn) if lost else drawn
        return drawn

    def at(self, rows: NDArray[np.bool_]) -> Able:
        """Return what works in the steps `rows`."""
        pumps, coolers = (each if each is None else each[rows] for each in (self.pump_frac, self.cooler_frac))
        return Able(pumps, coolers, {name: count[rows] for name, count in self.stages.items()})

    def use_frac(self, stage: Stage, load_w: Float64) -> Float64:
        """Return the load over what the units that are left are rated for; 0 where none has failed."""
        found = np.zeros_like(load_w)
        for lost in np.unique(self.stages.get(stage.name, np.zeros(0, np.int64))):
            if lost:
                rated = without(stage, int(lost)).rated_w
                found = np.where(self.stages[stage.name] == lost, load_w / rated, found)
        return found


INTACT = Able()
"""Everything works."""


def without(stage: Stage, lost: int) -> Converter:
    """Return the units of `stage` that carry the load without `lost` of them; those that idle step in."""
    whole = stage.component
    assert isinstance(whole, Converter)
    idle = max(whole.idle_units - lost, 0)
    return replace(whole, units=whole.units - (lost - (whole.idle_units - idle)), idle_units=idle)


def able(plant: Plant, outages: Sequence[Outage], edges_s: Float64) -> Able:
    """Return what of `plant` works between the given times [s].

    Raises
    ------
    SpecError
        The plant has no such component, or not so many units.
    InfeasibleError
        At some time no unit is left.

    Notes
    -----
    A unit that fails for any part of a step is missing for all of it.
    """
    units = units_of(plant)
    for one in outages:
        _check(one, units, plant)
    hit = [one for one in outages if one.kind != CDU]
    if not hit:
        return INTACT
    failed = {kind: _failed(hit, kind, edges_s) for kind in {one.kind for one in hit}}
    for kind, count in failed.items():
        if np.any(count >= units[kind]):
            when = show(float(edges_s[np.argmax(count >= units[kind])]), "s", 3)
            raise InfeasibleError(
                f"failures: no {kind} is left at {when}, all {units[kind]} are out of service"
            )
    sizes = plant.cooling.units
    return Able(
        pump_frac=_pump_frac(sizes, failed["pump"]) if sizes and "pump" in failed else None,
        cooler_frac=1.0 - failed["cooler"] / units["cooler"] if "cooler" in failed else None,
        stages={kind: count for kind, count in failed.items() if kind not in ("pump", "cooler")},
    )


def units_of(plant: Plant) -> dict[str, int]:
    """Return how many units each component that can fail has, CDUs aside."""
    sizes = plant.cooling.units
    found = {"pump": sizes.pumps + sizes.spare_pumps, "cooler": sizes.coolers} if sizes else {}
    for stage in plant.stages:
        if stage.carries is not Carries.RACK and isinstance(stage.component, Converter):
            found[stage.name] = stage.component.units + stage.component.idle_units
    return found


def check_unit(outage: Outage, units: int) -> None:
    """Refuse a unit that does not exist among `units`.

    Raises
    ------
    SpecError
        There is no such unit.
    """
    if not 1 <= outage.unit <= units:
        raise SpecError(f"failure '{outage}': there is no {outage.kind} {outage.unit}, expected 1 to {units}")


def _check(outage: Outage, units: Mapping[str, int], plant: Plant) -> None:
    if outage.kind == CDU:
        return
    if outage.kind in ("pump", "cooler") and outage.kind not in units:
        raise SpecError(
            f"failure '{outage}': the cooling plant '{plant.cooling.name}' does not say how many units it "
            "has: expected a section 'units'"
        )
    if outage.kind not in units:
        hint = nearest(outage.kind, [*units, CDU])
        raise SpecError(f"failure '{outage}': this plant has no '{outage.kind}': {hint}")
    check_unit(outage, units[outage.kind])


def _failed(outages: Sequence[Outage], kind: str, edges_s: Float64) -> Int64:
    """Return how many units of `kind` are out of service in each step; one unit counts once."""
    count = np.zeros(len(edges_s) - 1, np.int64)
    for unit in {one.unit for one in outages if one.kind == kind}:
        down = np.zeros(len(count), np.bool_)
        for one in outages:
            if (one.kind, one.unit) == (kind, unit):
                down |= (edges_s[:-1] < one.end_s) & (edges_s[1:] > one.start_s)
        count += down
    return count


def _pump_frac(units: Units, failed: Int64) -> Float64:
    return np.minimum((units.pumps + units.spare_pumps - failed) / units.pumps, 1.0)


__all__ = ["CDU", "INTACT", "Able", "Outage", "able", "check_unit", "units_of", "without"]
