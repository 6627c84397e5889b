"""How the leakage of chips grows with their temperature, as data: a range, since nobody publishes it."""

from __future__ import annotations

from typing import Annotated, Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Fraction, Quantity, Sourced, Spec

PerKelvin = Annotated[float, Quantity("1/K", minimum=0.0, maximum=0.1)]
KelvinPerWatt = Annotated[float, Quantity("K/W", minimum=0.0, maximum=1.0)]
Choice = Literal["low", "central", "high", "none"]


class Leakage(Spec):
    r"""One member of the range.

    Notes
    -----
    A package that draws its cap :math:`P_c` at the reference water leaks :math:`s P_c`; with the junction at
    :math:`T_j = T_{water} + R P`, leakage is :math:`\propto e^{\beta T_j}`.
    """

    share_frac: Fraction
    """Leakage over the cap of a package, at its cap and the reference water."""
    growth: PerKelvin
    """Relative growth of leakage per kelvin of the junction [1/K]."""
    resistance: KelvinPerWatt
    """Junction less water over the power of a package [K/W]."""


class LeakageRange(Sourced):
    """The range of what leakage may be."""

    name: str
    """Catalogue name, such as ``chips``."""
    title: str
    """Name for people."""
    low: Leakage
    """Hardly any."""
    central: Leakage
    """What is used unless another is asked for."""
    high: Leakage
    """As much as is thinkable."""
    notes: list[str] = []
    """What a careful reader should know."""


def leakage(choice: Choice, name: str = "chips") -> Leakage | None:
    """Return the member `choice` of the range called `name`; None for ``none``.

    Raises
    ------
    CatalogueError
        There is no such range, or its file is malformed.

    Examples
    --------
    >>> leakage("low").growth < leakage("central").growth < leakage("high").growth
    True
    """
    if choice == "none":
        return None
    found: LeakageRange = entry(LeakageRange, "leakage", name)
    member: Leakage = getattr(found, choice)
    return member
