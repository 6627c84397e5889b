"""What a joule costs: a flat price, or the hourly market price plus fees and levies."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from exatwin.foundation.spec import EuroPerJoule, Sourced, Spec


class PriceKind(StrEnum):
    """How the energy itself is priced."""

    FLAT = "flat"
    HOURLY = "hourly"


class Adder(Spec):
    """A fee or levy on every joule taken from the grid."""

    name: str
    """What it is for."""
    price_eur_j: EuroPerJoule
    """How much of it."""


class Tariff(Sourced):
    """What a site pays for its electricity, without value added tax."""

    name: str
    """Catalogue name, such as ``de-day-ahead``."""
    title: str
    """Name for people."""
    kind: PriceKind
    """``flat`` or ``hourly``, the latter by the market of the site's grid."""
    price_eur_j: EuroPerJoule | None = None
    """The flat price; blank for an hourly tariff."""
    adders: list[Adder] = []
    """What comes on top of the energy's price."""
    notes: list[str] = []
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _price_fits_kind(self) -> Self:
        if (self.kind is PriceKind.FLAT) != (self.price_eur_j is not None):
            raise ValueError("a flat tariff needs a 'price' and an hourly one has none")
        return self

    @property
    def adders_eur_j(self) -> float:
        """What comes on top of the energy's price in all [EUR/J]."""
        return sum(adder.price_eur_j for adder in self.adders)
