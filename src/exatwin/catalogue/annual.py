"""What a joule at the nodes of a site brings with it over a year: the building's share, euros and carbon."""

from __future__ import annotations

from typing import Annotated

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import CarbonPerJoule, EuroPerJoule, Fraction, Quantity, Sourced

Overhead = Annotated[float, Quantity("1", minimum=1.0)]


class SiteYear(Sourced):
    """Yearly means of one site at constant load."""

    name: str
    """Catalogue name of the site."""
    load_frac: Fraction
    """Constant IT power of the year over the largest that the plant is built for."""
    title: str
    """The site for people."""
    machine: str
    """Catalogue name of the machine (or the kind of node) that its plant was sized for."""
    pue: Overhead
    """Energy of the facility over that of the IT."""
    pue_low: Overhead
    """The lowest of the loads and years that were tried."""
    pue_high: Overhead
    """The highest of them."""
    pue_boundary: str
    """Where energy is metered, in the terms of EN 50600-4-2."""
    price_eur_j: EuroPerJoule
    """What a joule from the grid costs at constant load, fees and levies included, value added tax not."""
    price_basis: str
    """Which price that is."""
    carbon_kgco2e_j: CarbonPerJoule
    """What a joule from the grid emits, by the mix of the grid (location-based)."""
    carbon_basis: str
    """Which mix that is."""
    borrowed: dict[str, str] = {}
    """By what it is, why something of another place stands in."""


def site_year(site: str) -> SiteYear:
    """Return the yearly means of a site of the catalogue.

    Raises
    ------
    CatalogueError
        They were not computed for a site of that name.

    Examples
    --------
    >>> 1.0 < site_year("juelich").pue < 1.1
    True
    """
    found: SiteYear = entry(SiteYear, "annual", site)
    return found


__all__ = ["SiteYear", "site_year"]
