"""A site: where machines stand, what feeds and cools them, what they pay, what air surrounds them."""

from __future__ import annotations

from typing import Annotated

from exatwin.catalogue.load import entry
from exatwin.catalogue.plant import Cooling, PowerChain
from exatwin.catalogue.reporting import Reporting
from exatwin.catalogue.supply import Supply
from exatwin.catalogue.tariff import Tariff
from exatwin.foundation.spec import Metres, Quantity, Sourced, Watts, WattsPerSecond

Latitude = Annotated[float, Quantity("deg", minimum=-90.0, maximum=90.0)]
Longitude = Annotated[float, Quantity("deg", minimum=-180.0, maximum=180.0)]


class Site(Sourced):
    """A place with its power chain, cooling, tariff, grid and weather, each by its catalogue name."""

    name: str
    """Catalogue name, such as ``juelich``."""
    title: str
    """Name for people."""
    operator: str = ""
    """Who runs it."""
    country: str
    """Where it lies."""
    latitude_deg: Latitude
    """North of the equator."""
    longitude_deg: Longitude
    """East of Greenwich."""
    elevation_m: Metres | None = None
    """Above sea level, which sets the pressure of the air."""
    commissioned: str = ""
    """When operation of the hall began, ISO 8601; the law's thresholds depend on it."""
    connection_w: Watts | None = None
    """The largest power that the grid connection gives."""
    ramp_limit_w_s: WattsPerSecond | None = None
    """The fastest change of power that the grid connection allows, such as ``2 MW/min``."""
    power_chain: str
    """Catalogue name of the chain from the grid to the IT meter."""
    cooling: str
    """Catalogue name of the cooling plant."""
    tariff: str
    """Catalogue name of the tariff that is settled."""
    compared_tariffs: list[str] = []
    """Catalogue names of tariffs shown beside it."""
    grid: str
    """Catalogue name of the market and carbon statistics."""
    weather: str
    """Catalogue name of the weather statistics."""
    stand_ins: dict[str, str] = {}
    """By key, why what is named there is only a stand-in for the site's own."""
    design_it: dict[str, Watts] = {}
    """Largest IT power that the plant is built for, by machine; blank to derive it from lists or parts."""
    supply: Supply = Supply()
    """What stands between it and the grid."""
    report: Reporting = Reporting()
    """What the operator states for the reports that law asks for."""
    notes: list[str] = []
    """What a careful reader should know."""

    def chain(self) -> PowerChain:
        """Return the chain from the grid to the IT meter."""
        chain: PowerChain = entry(PowerChain, "power-chains", self.power_chain)
        return chain

    def plant(self) -> Cooling:
        """Return the cooling plant."""
        cooling: Cooling = entry(Cooling, "cooling", self.cooling)
        return cooling

    def prices(self) -> Tariff:
        """Return the tariff that is settled."""
        tariff: Tariff = entry(Tariff, "tariffs", self.tariff)
        return tariff


def load_site(name: str) -> Site:
    """Return the site called `name`, or described by the file at the path `name`.

    Raises
    ------
    CatalogueError
        There is no such site, or its file is malformed.

    Examples
    --------
    >>> load_site("juelich").country
    'Germany'
    """
    site: Site = entry(Site, "sites", name)
    return site
