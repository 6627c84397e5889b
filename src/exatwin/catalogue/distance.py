"""What it costs a job to span more groups of the network than it must, as data: a range."""

from __future__ import annotations

from typing import Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Ratio, Sourced

Choice = Literal["none", "low", "central", "high"]


class DistanceRange(Sourced):
    """By how much longer it takes to send something out of a group than inside it, relative."""

    name: str
    """Catalogue name, such as ``groups``."""
    title: str
    """Name for people."""
    low: Ratio
    """Hardly any."""
    central: Ratio
    """What is used unless another is asked for."""
    high: Ratio
    """As much as is thinkable."""
    notes: list[str] = []
    """What a careful reader should know."""


def distance_factor(choice: Choice, name: str = "groups") -> float | None:
    """Return the member `choice` of the range called `name`; None for ``none``.

    Raises
    ------
    CatalogueError
        There is no such range, or its file is malformed.

    Examples
    --------
    >>> distance_factor("low") < distance_factor("central") < distance_factor("high")
    True
    """
    if choice == "none":
        return None
    found: DistanceRange = entry(DistanceRange, "distance", name)
    return float(getattr(found, choice))
