"""What stands between a site and the grid: contracts, own plant, storage, and what they cost."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import (
    CarbonPerJoule,
    EuroPerJoule,
    Fraction,
    Joules,
    Metres,
    Quantity,
    Ratio,
    Seconds,
    Sourced,
    Spec,
    Watts,
    WattsPerSecond,
)

Share = Annotated[float, Quantity("1", above=0.0, maximum=1.0)]
Degrees = Annotated[float, Quantity("deg", minimum=0.0, maximum=360.0)]
PerKelvin = Annotated[float, Quantity("1/K", minimum=-0.02, maximum=0.0)]


class Contracts(Spec):
    """Power purchase agreements with parks."""

    wind_w: Watts | None = None
    """Rated power of the wind turbines."""
    solar_w: Watts | None = None
    """Peak power of the solar modules."""


class Supply(Spec):
    """What stands between a site and the grid; blank for nothing, or for what the site has."""

    ppa: Contracts = Contracts()
    """Power purchase agreements."""
    battery_j: Joules | None = None
    """Energy that a battery holds."""
    battery_power_w: Watts | None = None
    """Its power; blank for its energy over the usual duration."""
    engine_w: Watts | None = None
    """Electric power of gas engines with use of their heat."""
    origin_frac: Fraction | None = None
    """Share of the energy from the grid covered by guarantees of origin."""
    grid_limit_w: Watts | None = None
    """Largest power from the grid; blank for the site's connection."""
    ramp_limit_w_s: WattsPerSecond | None = None
    """Fastest change of power that is to be kept, such as ``2 MW/min``; blank for the connection's."""
    shift_frac: Fraction | None = None
    """Share of the load of an hour that may move within the day."""
    objective: Literal["cost", "carbon"] | None = None
    """What the dispatch makes least; blank for cost."""
    terms: str | None = None
    """Catalogue name or file of prices and efficiencies; blank for ``generic``."""

    def over(self, other: Supply) -> Supply:
        """Return `other` with everything that is set here in its place."""
        mine = {name: value for name, value in vars(self).items() if name != "ppa" and value is not None}
        parks = {name: value for name, value in vars(self.ppa).items() if value is not None}
        return other.model_copy(update={**mine, "ppa": other.ppa.model_copy(update=parks)})

    @property
    def plain(self) -> bool:
        """Whether all energy simply comes from the grid."""
        parts = (self.ppa.wind_w, self.ppa.solar_w, self.battery_j, self.engine_w, self.shift_frac)
        return not any((*parts, self.origin_frac, self.grid_limit_w))


class WindTerms(Spec):
    """What turns wind at a weather station into power of turbines."""

    hub_m: Metres
    """Height of the hub."""
    measured_m: Metres
    """Height at which the weather's wind was measured."""
    shear: Ratio
    """Exponent of the wind's growth with height."""
    speeds_m_s: list[float]
    """Speeds at the hub of the power curve [m/s]."""
    power_frac: list[Fraction]
    """Power at these speeds over rated power; 0 outside."""
    available_frac: Share
    """Power after wakes, outages and losses over that of the curve."""
    price_eur_j: EuroPerJoule
    """Price of a contract, paid as produced."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.speeds_m_s) != len(self.power_frac):
            raise ValueError("'speeds_m_s' and 'power' must have the same length")
        if sorted(self.speeds_m_s) != self.speeds_m_s:
            raise ValueError("'speeds_m_s' must rise")
        return self


class SolarTerms(Spec):
    """What turns irradiance into power of a solar park."""

    tilt_deg: Degrees
    """Tilt of the modules."""
    azimuth_deg: Degrees
    """Where they face, 180 for south."""
    albedo: Fraction
    """Share of light that the ground throws back."""
    temperature_per_k: PerKelvin
    """Change of power with the cell's temperature."""
    system_loss_frac: Fraction
    """Losses by dirt, wires, mismatch and outages."""
    inverter_frac: Share
    """Efficiency of the inverters."""
    price_eur_j: EuroPerJoule
    """Price of a contract, paid as produced."""


class BatteryTerms(Spec):
    """What a battery loses and costs."""

    one_way_frac: Share
    """Efficiency of charging, and again of discharging."""
    duration_s: Seconds
    """Energy over power where no power is given."""
    standing_per_s: Ratio
    """Share of the stored energy lost each second."""
    wear_eur_j: EuroPerJoule
    """Wear for each joule given out."""


class EngineTerms(Spec):
    """What a gas engine with use of its heat takes and gives."""

    electric_frac: Share
    """Electricity over fuel."""
    heat_frac: Fraction
    """Useful heat over fuel."""
    fuel_price_eur_j: EuroPerJoule
    """Price of the fuel, levies included."""
    fuel_carbon_kgco2e_j: CarbonPerJoule
    """Emissions of the fuel."""


class SupplyTerms(Sourced):
    """Technical and commercial terms of a supply."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    wind: WindTerms
    """Contracts with wind parks."""
    solar: SolarTerms
    """Contracts with solar parks."""
    battery: BatteryTerms
    """Batteries."""
    engine: EngineTerms
    """Gas engines."""
    origin_eur_j: EuroPerJoule
    """Price of a guarantee of origin."""
    notes: list[str] = []
    """What a careful reader should know."""


def load_supply_terms(name: str = "generic") -> SupplyTerms:
    """Return the terms called `name`, or in the file at the path `name`.

    Examples
    --------
    >>> load_supply_terms().battery.one_way_frac
    0.94
    """
    terms: SupplyTerms = entry(SupplyTerms, "supplies", name)
    return terms


__all__ = [
    "BatteryTerms", "Contracts", "EngineTerms", "SolarTerms", "Supply", "SupplyTerms", "WindTerms",
    "load_supply_terms",
]  # fmt: skip
