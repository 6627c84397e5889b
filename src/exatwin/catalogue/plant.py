"""What a plant is made of: stages of a power chain, parts of a cooling plant, each relative to its size."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import model_validator

from exatwin.catalogue.rejection import Chiller, Tower
from exatwin.catalogue.reuse import Hall, HeatReuse
from exatwin.foundation.spec import (
    Count,
    Fraction,
    Kelvin,
    PositiveCount,
    Quantity,
    Ratio,
    Sourced,
    Spec,
    Watts,
)

PositiveRatio = Annotated[float, Quantity("1", above=0.0)]
PositiveDifference = Annotated[float, Quantity("delta_degC", above=0.0)]
PositiveFraction = Annotated[float, Quantity("1", above=0.0, maximum=1.0)]


class Carries(StrEnum):
    """What flows through a stage of the chain."""

    RACK = "rack"
    """The power inside the racks: behind the IT meter, already counted in the IT power."""
    IT = "it"
    """The IT power."""
    ALL = "all"
    """The IT power and the auxiliaries."""


class HeatTo(StrEnum):
    """Where the losses of a stage end up as heat."""

    LOOP = "loop"
    """In the racks, thus in the IT heat."""
    ROOM = "room"
    """In a room that is cooled."""
    OUTSIDE = "outside"
    """In the outdoor air, without any cooling."""


class ChainStage(Spec):
    """One stage of the chain; its losses as fractions of its rated power."""

    name: str
    """Its name in results, such as ``transformer``."""
    component: str
    """Registered name of its component."""
    carries: Carries
    """What flows through it, and thus on which side of the IT meter it stands."""
    heat_to: HeatTo
    """Where its losses end up."""
    unit_w: Watts
    """Rated power of one unit."""
    headroom: PositiveRatio = 1.0
    """Rated power of the duty units over the largest load."""
    spare_units: Count = 0
    """Units beyond the duty units and those of the redundancy."""
    redundancy: Literal["N", "N+1", "2N"] = "N"
    """No spare, one spare unit, or as many spare as duty units."""
    spares: Literal["share", "idle"] = "share"
    """Whether spare units share the load, or are switched off and lose nothing."""
    no_load_frac: Fraction = 0.0
    """Loss of an idle unit over its rated power."""
    linear_frac: Fraction = 0.0
    """Loss that grows with the load, over the load."""
    quadratic_frac: Fraction = 0.0
    """Loss that grows with the load's square, over the rated power at rated load."""
    note: str = ""
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _heat_has_a_place(self) -> Self:
        if (self.carries is Carries.RACK) != (self.heat_to is HeatTo.LOOP):
            raise ValueError(f"stage '{self.name}': carries = 'rack' belongs with heat_to = 'loop'")
        if self.carries is Carries.ALL and self.heat_to is not HeatTo.OUTSIDE:
            raise ValueError(f"stage '{self.name}' feeds the room cooling too, so its heat goes 'outside'")
        return self


class PowerChain(Sourced):
    """The stages between the grid and the chips, the innermost first."""

    name: str
    """Catalogue name, such as ``jupiter``."""
    title: str
    """Name for people."""
    boundary: str
    """Where energy is metered and what lies inside, in the terms of EN 50600-4-2."""
    stages: list[ChainStage]
    """From the racks to the grid."""
    design_margin: PositiveRatio = 1.0
    """Largest IT power over the highest list power (or the nodes' at full use), where a site states none."""
    notes: list[str] = []
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        order = [list(Carries).index(stage.carries) for stage in self.stages]
        names = [stage.name for stage in self.stages]
        if order != sorted(order):
            raise ValueError(
                "the stages must stand from the racks to the grid: 'rack', then 'it', then 'all'"
            )
        if len(set(names)) != len(names):
            raise ValueError("two stages have the same name")
        return self


class Pumps(Spec):
    """The pumps of the warm-water loop."""

    rated_power_frac: Fraction
    """Electric power at rated flow over the heat moved at rated flow."""
    flow_floor: PositiveFraction
    """Smallest flow over rated flow."""


class Units(Spec):
    """How many units the cooling plant is made of: what a failure takes away."""

    pumps: PositiveCount
    """Pumps that give the rated flow together."""
    spare_pumps: Count = 0
    """Pumps beyond those."""
    coolers: PositiveCount
    """Coolers or towers that make up the whole, headroom included."""
    racks_per_cdu: PositiveCount
    """Racks behind one coolant distribution unit."""


class Rejection(Spec):
    """What hands the heat of the warm-water loop to the outdoor air."""

    component: str = "dry-cooler"
    """Registered name of its component."""
    approach_k: PositiveDifference
    """Supply temperature less dry-bulb temperature at which the rated heat is met by the fans alone."""
    headroom: PositiveRatio = 1.0
    """Rated heat over the largest heat."""
    air_over_water: PositiveRatio = 1.0
    """Heat capacity rate of the air at full fan speed over that of the water at rated flow."""
    air_exponent: PositiveFraction
    """How the conductance grows with the fan speed."""
    fan_power_frac: Fraction
    """Electric power of the fans at full speed over the rated heat."""
    fan_floor: PositiveFraction
    """Smallest fan speed; below it fans are switched off one after the other."""
    pad_effectiveness: Fraction = 0.0
    """Share of the way to the wet bulb that wet pads cool the air; 0 without adiabatic assist."""
    bleed_frac: Ratio = 0.0
    """Water let off against salts over water evaporated."""
    tower: Tower | None = None
    """The tower, where ``component`` is one."""
    chiller: Chiller | None = None
    """The chiller that takes what the air does not, where ``component`` is ``free-then-chiller``."""
    free: str = "dry-cooler"
    """Registered name of what cools before that chiller."""


class RoomCooling(Spec):
    """What cools the rooms: fan coils on chilled water, with free cooling while the air is cold."""

    component: str = "room-chiller"
    """Registered name of its component."""
    supply_k: Kelvin
    """Chilled-water supply."""
    range_k: PositiveDifference
    """Return less supply."""
    approach_k: PositiveDifference
    """Chilled water less outdoor air that free cooling needs, and condenser less outdoor air otherwise."""
    carnot_frac: PositiveFraction
    """Coefficient of performance over the ideal one between evaporator and condenser."""
    cop_max: PositiveRatio
    """Highest coefficient of performance of the chiller."""
    fan_power_frac: Fraction
    """Electric power of fan coils, pumps and recooler over the heat moved."""


class Cooling(Sourced):
    """A cooling plant, relative to the machine that it is built for."""

    name: str
    """Catalogue name, such as ``jupiter``."""
    title: str
    """Name for people."""
    supply_k: Kelvin
    """Set point of the warm water to the racks."""
    range_k: PositiveDifference
    """Return less supply at rated flow."""
    supply_max_k: Kelvin
    """Highest supply that the racks accept."""
    water_share: Fraction
    """Share of the IT heat that goes to the warm water; the rest goes to the room air."""
    fixed_power_frac: Fraction
    """Lighting, offices and controls over the largest IT power."""
    pumps: Pumps
    """What moves the warm water."""
    rejection: Rejection
    """What cools the warm water."""
    room: RoomCooling
    """What cools the rooms."""
    reuse: HeatReuse | None = None
    """Who takes heat from the warm water, and through what; blank for nobody."""
    units: Units | None = None
    """How many units there are; blank for nobody knows, and then none can fail."""
    hall: Hall | None = None
    """What was measured of this very hall; blank for most."""
    notes: list[str] = []
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _supply_allowed(self) -> Self:
        if self.supply_k > self.supply_max_k:
            raise ValueError("'supply' is above 'supply_max'")
        return self
