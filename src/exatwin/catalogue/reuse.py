"""Heat reuse as data: who takes heat from a plant, through what, and what that displaces."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import model_validator

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import (
    CarbonPerJoule,
    EuroPerJoule,
    Fraction,
    Kelvin,
    Quantity,
    Ratio,
    Seconds,
    Sourced,
    Spec,
    Watts,
)

PositiveFraction = Annotated[float, Quantity("1", above=0.0, maximum=1.0)]
PositiveRatio = Annotated[float, Quantity("1", above=0.0)]
PositiveDifference = Annotated[float, Quantity("delta_degC", above=0.0)]
PositiveWatts = Annotated[float, Quantity("W", above=0.0)]
WattsPerKelvin = Annotated[float, Quantity("W/K", minimum=0.0)]
JoulesPerKelvin = Annotated[float, Quantity("J/K", minimum=0.0)]
CubicMetres = Annotated[float, Quantity("m^3", minimum=0.0)]


class Boundary(StrEnum):
    """On which side of the PUE's boundary the electricity of heat pumps lies."""

    OUTSIDE = "outside"
    """Metered apart: EnEfG leaves heat pumps that upgrade waste heat out of the PUE."""
    INSIDE = "inside"
    """Part of the facility's energy, as its grid meter sees it."""


class HeatPump(Spec):
    """A heat pump between the warm-water loop and a hotter network."""

    carnot_frac: PositiveFraction
    """Second-law efficiency: coefficient of performance over the ideal one at full load."""
    cop_max: PositiveRatio
    """Highest coefficient of performance."""
    degradation: PositiveFraction = 1.0
    """How the electricity follows a part load: 1 in proportion, less with a constant share (EN 14825)."""
    standby_w: Watts = 0.0
    """Electric power while it gives no heat."""


class HeatTank(Spec):
    """A well-mixed tank of water on the side of the network."""

    volume_m3: CubicMetres
    """Its water."""
    loss_w_k: WattsPerKelvin
    """Heat lost to its surroundings per kelvin."""


class HeatReuse(Spec):
    """Heat from the return of the warm-water loop to a network of customers."""

    begins: str = ""
    """From which day heat is taken, ISO 8601; blank for always."""
    demand_w: Watts = 0.0
    """What the customers take on a day as cold as ``design``; 0 for a network that is not there yet."""
    profile: str = "trade"
    """Catalogue name of the demand over the year."""
    capacity_w: Watts | None = None
    """Most heat that the exchanger takes from the loop; blank for as much as the demand needs."""
    network_supply_k: Kelvin
    """Supply temperature of the network."""
    network_return_k: Kelvin
    """Return temperature of the network."""
    approach_k: PositiveDifference
    """Return of the loop less the temperature at which its heat is handed over."""
    heat_pump: HeatPump | None = None
    """What lifts the heat where the network is hotter than the loop; blank for none."""
    tank: HeatTank | None = None
    """What evens out demand and supply; blank for none."""
    boundary: Boundary = Boundary.OUTSIDE
    """On which side of the PUE's boundary the heat pumps' electricity lies."""
    price_eur_j: EuroPerJoule
    """What the customers pay for heat."""
    displaced_kgco2e_j: CarbonPerJoule
    """Emissions of the heat that is displaced."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.network_return_k >= self.network_supply_k:
            raise ValueError("'network_return' is not below 'network_supply'")
        if self.begins:
            date.fromisoformat(self.begins)
        return self


class HeatProfile(Sourced):
    """How the heat demand of a kind of customer follows the weather and the hour."""

    name: str
    """Catalogue name, such as ``trade``."""
    title: str
    """Name for people."""
    base_frac: Fraction
    """Demand on warm days over that on a day as cold as ``design``."""
    limit_k: Kelvin
    """Mean outdoor temperature above which nothing but the base is needed."""
    design_k: Kelvin
    """Mean outdoor temperature of the day on which the demand is full."""
    memory_s: Seconds
    """Over how long the outdoor temperature is averaged."""
    hours: list[Ratio]
    """Demand of each hour of the day over the day's mean, from midnight UTC."""
    notes: list[str] = []
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _whole_day(self) -> Self:
        if len(self.hours) != 24 or abs(sum(self.hours) / 24.0 - 1.0) > 1e-3:
            raise ValueError("'hours' must be 24 numbers with a mean of 1")
        if self.design_k >= self.limit_k:
            raise ValueError("'design' is not below 'limit'")
        return self


class Hall(Spec):
    """A measured hall: the few parameters of its loops, its extraction station and its dry coolers."""

    reference_it_w: PositiveWatts
    """IT power at which the pumps take what is stated."""
    loop_pump_w: Watts
    """Pumps of the racks' loops and of the hall's own heating, at the reference."""
    loop_exponent: Ratio
    """How they grow with the IT power."""
    recooling_pump_w: Watts
    """Pumps to the dry coolers while fans turn, at the reference."""
    recooling_exponent: Ratio
    """How they grow with the IT power."""
    reference_w_k: WattsPerKelvin
    """Heat over supply less air at which the pumps to still coolers take what is stated."""
    reference_above_k: PositiveDifference
    """Supply less air at which the thresholds of the fans hold."""
    draught_exponent: Ratio
    """How the conductance of still coolers grows with supply less air."""
    still_off_w_k: WattsPerKelvin
    """Heat over supply less air below which the fans stop, as the coolers draw air enough by themselves."""
    still_on_w_k: WattsPerKelvin
    """The same above which they turn again."""
    still_pump_w: Watts
    """Pumps to the dry coolers while fans stand still, at the reference."""
    still_exponent: Ratio
    """How they then grow with the heat over supply less air."""
    fan_w: Watts
    """Fans at heat over hot water less air of twice the reference; they grow with its cube."""
    station_pump_w: Watts
    """Pump of the extraction station at rest."""
    station_slope_frac: Ratio
    """What it takes more, over the heat extracted."""
    station_max_w: PositiveWatts
    """Most heat that the station extracts."""
    station_lag_s: Seconds
    """How far the extraction lags behind the demand."""
    station_loss_w: Watts
    """Heat lost between the station and the customers."""
    warm_up_j_k: JoulesPerKelvin
    """Heat that the heat pumps' circuits take up per kelvin that their sink warms."""
    sink_min_k: Kelvin
    """Lowest condensing temperature; a colder sink is only warming up."""


def heat_profile(name: str) -> HeatProfile:
    """Return the demand profile called `name`, or described by the file at the path `name`.

    Raises
    ------
    CatalogueError
        There is no such profile, or its file is malformed.

    Examples
    --------
    >>> heat_profile("trade").base_frac < 0.5
    True
    """
    found: HeatProfile = entry(HeatProfile, "heat-profiles", name)
    return found
