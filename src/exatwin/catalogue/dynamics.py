"""How much heat the loops of a warm-water plant hold, and how their controls act."""

from __future__ import annotations

from typing import Annotated

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Fraction, Kelvin, PositiveCount, Quantity, Seconds, Sourced

JoulesPerKelvinWatt = Annotated[float, Quantity("J/K/W", above=0.0)]
PositiveDifference = Annotated[float, Quantity("delta_degC", above=0.0)]
PositiveSeconds = Annotated[float, Quantity("s", above=0.0)]


class Dynamics(Sourced):
    """Heat capacities, temperature differences and controls, relative to the rated heat."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    plate: JoulesPerKelvinWatt
    """Heat capacity of chips and cold plates over the rated heat."""
    plate_rise_k: PositiveDifference
    """Cold plate less the water that enters it, at rated heat."""
    secondary: JoulesPerKelvinWatt
    """Heat capacity of the water in the racks' loop over the rated heat."""
    secondary_range_k: PositiveDifference
    """Return less supply of the racks' loop at rated heat."""
    exchanger_approach_k: PositiveDifference
    """Supply of the racks' loop less that of the building's loop, at rated heat."""
    exchanger_exponent: Fraction
    """How the exchanger's conductance grows with the product of both flows."""
    primary: JoulesPerKelvinWatt
    """Heat capacity of the water in each of the building's two pipes over the rated heat."""
    cells: PositiveCount
    """Stretches into which each pipe is cut."""
    cooler: JoulesPerKelvinWatt
    """Heat capacity of the coolers and their water over the rated heat."""
    sensor_s: PositiveSeconds
    """Time constant with which the pumps follow the heat."""
    fan_integral_s: PositiveSeconds
    """Time in which a fan control that is off by `fan_band` goes from rest to full speed."""
    fan_band_k: PositiveDifference
    """Error at which the proportional part alone turns the fans fully."""
    air_limit_k: Kelvin
    """Cold plate's temperature that is reported as too hot."""
    step_s: Seconds
    """Longest step of the integration."""


def load_dynamics(name: str = "warm-water") -> Dynamics:
    """Return the dynamics called `name`, or in the file at the path `name`.

    Examples
    --------
    >>> load_dynamics().cells
    8
    """
    found: Dynamics = entry(Dynamics, "dynamics", name)
    return found


__all__ = ["Dynamics", "load_dynamics"]
