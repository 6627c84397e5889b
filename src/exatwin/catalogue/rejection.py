"""Towers and chillers that hand heat to the outdoor air, relative to the heat that they are built for."""

from __future__ import annotations

from typing import Annotated

from exatwin.foundation.spec import Fraction, Quantity, Ratio, Spec

PositiveRatio = Annotated[float, Quantity("1", above=0.0)]
PositiveFraction = Annotated[float, Quantity("1", above=0.0, maximum=1.0)]
PositiveDifference = Annotated[float, Quantity("delta_degC", above=0.0)]


class Tower(Spec):
    """A cooling tower: open, or closed with sprayed coils, which has a larger approach."""

    approach_k: PositiveDifference
    """Water less wet bulb at rated heat."""
    air_over_water: PositiveRatio
    """Mass of air at full fan speed over mass of water."""
    transfer_exponent: Fraction
    """How the transfer units grow as the air slows down."""
    fan_power_frac: Fraction
    """Electric power of fans and spray pumps at full speed over the rated heat."""
    fan_floor: PositiveFraction
    """Smallest fan speed; below it fans are switched off one after the other."""
    bleed_frac: Ratio
    """Water let off against salts over water evaporated."""
    drift_frac: Fraction
    """Water carried away as drops over water evaporated."""


class Chiller(Spec):
    """A compression chiller with a dry recooler."""

    capacity_frac: PositiveRatio
    """Largest heat over the heat that the plant is built for."""
    approach_k: PositiveDifference
    """Condenser less outdoor air."""
    evaporator_k: PositiveDifference
    """Water that it delivers less evaporator."""
    carnot_frac: PositiveFraction
    """Coefficient of performance over the ideal one at full load."""
    cop_max: PositiveRatio
    """Highest coefficient of performance at full load."""
    idle_frac: Fraction
    """Power near no load over power at full load."""
    bend_frac: Fraction
    """Part of the power that grows with the square of the load."""
    fan_power_frac: Fraction
    """Electric power of pumps and recooler over the heat moved."""


__all__ = ["Chiller", "Tower"]
