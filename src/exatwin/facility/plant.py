"""The plant: components sized for a machine, and what a run of it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.plant import Carries, Cooling, HeatTo, PowerChain
from exatwin.catalogue.reuse import HeatReuse
from exatwin.catalogue.site import Site
from exatwin.facility.component import Electrical, Outdoors, Thermal, components
from exatwin.facility.outages import INTACT, Able
from exatwin.facility.reuse import Reuse
from exatwin.facility.thermal import Pumps
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.signal import Signal
from exatwin.workload.draw import draw
from exatwin.workload.job import Profiles

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Stage:
    """One stage of the power chain, sized."""

    name: str
    """Its name in results."""
    component: Electrical
    """What loses power there."""
    carries: Carries
    """What flows through it."""
    heat_to: HeatTo
    """Where its losses end up."""


@dataclass(frozen=True)
class Plant:
    """Everything between the grid and the racks, sized for one machine."""

    site: Site
    """Where it stands."""
    design_it_w: float
    """Largest IT power that it is built for [W]."""
    design_basis: str
    """Where that figure comes from."""
    stages: tuple[Stage, ...]
    """The power chain, from the racks to the grid."""
    pumps: Pumps
    """What moves the warm water."""
    cooler: Thermal
    """What cools the warm water."""
    room: Thermal
    """What cools the rooms."""
    cooling: Cooling
    """Set points and shares."""
    fixed_w: float
    """Lighting, offices and controls [W]."""
    boundary: str
    """Where energy is metered, in the terms of EN 50600-4-2."""
    reuse: Reuse | None = None
    """What takes heat from the warm water for customers; None where nobody does."""


@dataclass(frozen=True, eq=False)
class FacilityRun:
    """What a plant did: signals of equal steps, with their boundary."""

    signals: dict[str, Signal]
    """``it_w``, ``facility_w``, ``chain_loss_w``, ``loss_<stage>_w``, ``pump_w``, ``fan_w``, ``room_w``,
    ``fixed_w``, ``heat_to_water_w``, ``heat_to_air_w`` [W]; ``supply_k``, ``return_k`` [K]; ``water_kg_s``;
    ``pue``; ``limited`` (1 where the supply could not be held); ``rack_<stage>_w``, losses behind the IT
    meter and thus part of ``it_w`` [W]. With heat reuse also
    those of :meth:`exatwin.facility.reuse.Reuse.signals`."""
    plant: Plant
    """The plant that did it."""
    left: Able = INTACT
    """What of it worked in each step."""
    outdoors: Outdoors | None = None
    """The air in each step."""

    @property
    def boundary(self) -> str:
        """Where energy is metered, in the terms of EN 50600-4-2."""
        return self.plant.boundary

    @property
    def pue(self) -> float:
        """Energy of the facility over energy of the IT, over the whole run."""
        it = self.signals["it_w"].integral()
        return self.signals["facility_w"].integral() / it if it > 0 else float("nan")

    @property
    def adders(self) -> dict[str, float]:
        """What each part adds to the PUE beyond 1; they sum to ``pue - 1``."""
        it = self.signals["it_w"].integral()
        return {name: self.signals[key].integral() / it for name, key in self.overheads().items()}

    def overheads(self) -> dict[str, str]:
        """Return the signal of each part of the facility beyond the IT, by the part's name."""
        chain = {s.name: f"loss_{s.name}_w" for s in self.plant.stages if s.carries is not Carries.RACK}
        lift = (
            {"heat pumps": "heat_pump_w"} if self.plant.reuse is not None and self.plant.reuse.inside else {}
        )
        rest = {"pumps": "pump_w", "fans": "fan_w", "room cooling": "room_w", "fixed": "fixed_w"}
        return chain | rest | lift

    @property
    def erf(self) -> float:
        """Heat handed over for reuse over energy of the facility, over the whole run (EN 50600-4-6)."""
        reused = self.signals.get("heat_reused_w")
        return 0.0 if reused is None else reused.integral() / self.signals["facility_w"].integral()

    @property
    def ere(self) -> float:
        """Energy of the facility less that reused over energy of the IT (The Green Grid, white paper 29)."""
        return (1.0 - self.erf) * self.pue

    @property
    def limited_h(self) -> float:
        """Hours in which the supply temperature could not be held."""
        return self.signals["limited"].integral() / 3600.0

    @property
    def too_warm_h(self) -> float:
        """Hours in which the supply is warmer than the racks accept."""
        supply = self.signals["supply_k"]
        warm = supply.values > self.plant.cooling.supply_max_k + 1e-9
        return float(supply.widths_s[warm].sum()) / 3600.0


def design_it_w(site: Site, machine: Machine) -> tuple[float, str]:
    """Return the largest IT power [W] that `site` is built for with `machine`, and where it comes from.

    Raises
    ------
    InfeasibleError
        Neither the site, nor the lists, nor the power law of the nodes give any power.
    """
    if machine.name in site.design_it:
        return site.design_it[machine.name], "stated by the site"
    margin = site.chain().design_margin
    listed = [
        r.power_w * machine.nodes / (r.nodes or machine.nodes) for r in machine.file.records if r.power_w
    ]
    if listed:
        return margin * max(listed), "highest list power, with the chain's margin"
    full = draw(Profiles.single("full", 1.0), machine)
    law_w = float(full.phase_w.max()) * machine.nodes + full.fixed_w
    if law_w > 0.0:
        return margin * law_w, "power law of the nodes at full use, with the chain's margin"
    raise InfeasibleError(
        f"no plant can be sized for '{machine.name}': neither a list power nor that of its nodes is known; "
        f"state 'design_it.{machine.name}' in the site"
    )


def build_plant(
    site: Site,
    machine: Machine,
    *,
    it_w: float | None = None,
    chain: PowerChain | None = None,
    cooling: Cooling | None = None,
) -> Plant:
    """Return the plant of `site`, sized for `machine`.

    Parameters
    ----------
    site
        Which chain and cooling it has.
    machine
        Whose largest power it is built for.
    it_w
        Largest IT power [W], in place of the site's or the machine's.
    chain, cooling
        In place of the site's own.

    Raises
    ------
    InfeasibleError
        No power is known to size it by, or a component can't be built as asked.
    """
    largest, basis = (it_w, "stated by the caller") if it_w is not None else design_it_w(site, machine)
    if not (np.isfinite(largest) and largest > 0):
        raise InfeasibleError(f"a plant for {largest} W can't be sized: expected more than 0 W")
    chain, cooling = chain or site.chain(), cooling or site.plant()
    inner, load_w, warm_w = _it_stages(chain, largest)
    heat = cooling.water_share * largest
    pumps = Pumps.sized(cooling.pumps, heat, cooling.range_k)
    fixed = cooling.fixed_power_frac * largest
    cooler = components.get(cooling.rejection.component).sized(
        cooling.rejection, heat + pumps.rated_power_w, cooling.supply_k, cooling.range_k
    )
    in_rooms = largest - heat + warm_w + fixed
    room = components.get(cooling.room.component).sized(
        cooling.room, in_rooms, cooling.room.supply_k, cooling.room.range_k
    )
    hot = Outdoors(*(np.asarray(cooling.supply_k - cooling.rejection.approach_k),) * 2)
    fans = cooler.reject(heat + pumps.rated_power_w, hot, cooling.supply_k).power_w
    chilled = room.reject(in_rooms, hot, cooling.room.supply_k).power_w
    reuse = _reuse(cooling, heat + pumps.rated_power_w)
    lift = reuse.rated_power_w if reuse is not None and reuse.inside else 0.0
    outer = _outer_stages(chain, load_w + pumps.rated_power_w + float(fans) + float(chilled) + fixed + lift)
    return Plant(
        site=site,
        design_it_w=largest,
        design_basis=basis,
        stages=inner + outer,
        pumps=pumps,
        cooler=cooler,
        room=room,
        cooling=cooling,
        fixed_w=fixed,
        boundary=chain.boundary,
        reuse=reuse,
    )


def with_reuse(plant: Plant, reuse: HeatReuse) -> Plant:
    """Return `plant` with other customers of its heat.

    Raises
    ------
    InfeasibleError
        The network is hotter than the loop can warm it and there is no heat pump.
    """
    cooling = plant.cooling.model_copy(update={"reuse": reuse})
    return replace(plant, cooling=cooling, reuse=_reuse(cooling, plant.pumps.rated_heat_w))


def _reuse(cooling: Cooling, heat_w: float) -> Reuse | None:
    """Return what takes at most `heat_w` [W] from the loop for customers; None without any."""
    if cooling.reuse is None:
        return None
    return Reuse.sized(cooling.reuse, heat_w, cooling.supply_k + cooling.range_k, cooling.range_k)


def _it_stages(chain: PowerChain, it_w: float) -> tuple[tuple[Stage, ...], float, float]:
    """Return the stages that carry the IT alone, the power [W] they draw and what of it warms rooms [W]."""
    stages, load, warm = [], it_w, 0.0
    for stage in chain.stages:
        if stage.carries is Carries.ALL:
            continue
        component = components.get(stage.component).sized(stage, load)
        stages.append(Stage(stage.name, component, stage.carries, stage.heat_to))
        if stage.carries is Carries.IT:
            drawn = float(component.draw_w(load))
            warm += drawn - load if stage.heat_to is HeatTo.ROOM else 0.0
            load = drawn
    return tuple(stages), load, warm


def _outer_stages(chain: PowerChain, load_w: float) -> tuple[Stage, ...]:
    """Return the stages that carry everything, sized one after the other."""
    stages = []
    for stage in chain.stages:
        if stage.carries is Carries.ALL:
            component = components.get(stage.component).sized(stage, load_w)
            stages.append(Stage(stage.name, component, stage.carries, stage.heat_to))
            load_w = float(component.draw_w(load_w))
    return tuple(stages)
