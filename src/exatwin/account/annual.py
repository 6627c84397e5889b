"""What a job's energy costs and emits by the yearly means of its site, without simulating a year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from exatwin.catalogue.annual import SiteYear, site_year
from exatwin.catalogue.load import names


@dataclass(frozen=True)
class SiteBill:
    """What energy at the nodes comes to at the grid connection of a site."""

    site: str
    """Catalogue name of the site."""
    year: SiteYear
    """The means that were used."""
    energy_j: float
    """Energy of the facility [J]: that at the nodes times the PUE."""
    cost_eur: float
    """Cost of that electricity, value added tax not included [EUR]."""
    carbon_kgco2e: float
    """Location-based emissions [kg CO2e]."""

    def notes(self) -> tuple[str, ...]:
        """Return what the figures rest on, and what was borrowed, for people."""
        year, kept = self.year, self.year.borrowed
        return (
            f"site: {year.title}, PUE {year.pue:.3f} as modelled over a year, not measured "
            f"({year.pue_low:.3f} to {year.pue_high:.3f} over loads and weather)",
            f"cost: electricity only, {year.price_eur_j * 3.6e6:.3f} EUR/kWh ({year.price_basis})",
            f"carbon: {year.carbon_kgco2e_j * 3.6e9:.0f} g CO2e/kWh ({year.carbon_basis})",
            *(f"borrowed: {kept[key]}" for key in ("PUE", "tariff", "grid", "weather") if key in kept),
        )

    def document(self) -> dict[str, Any]:
        """Return what the figures rest on as plain data."""
        left_out = {"facts", "sources"}
        return {key: getattr(self.year, key) for key in SiteYear.model_fields if key not in left_out}


def settle_by_means(nodes_j: float, site: str) -> SiteBill:
    """Return what energy at the inputs of nodes comes to at a site, by its yearly means.

    Parameters
    ----------
    nodes_j
        Energy at the inputs of nodes, their switches included [J].
    site
        Catalogue name of the site, or the path of its file.

    Raises
    ------
    CatalogueError
        There is no such site.

    Notes
    -----
    ``facility = nodes PUE``, ``cost = facility price``, ``carbon = facility intensity``, all yearly means at
    constant load. A run of some hours meets other prices and weather: ``exatwin run`` accounts by the hour.

    References
    ----------
    EN 50600-4-2 (PUE). Greenhouse Gas Protocol, *Scope 2 Guidance* (2015), chapter 4: location-based.

    Examples
    --------
    >>> bill = settle_by_means(3.6e9, "juelich")
    >>> bill.energy_j > 3.6e9, 100 < bill.cost_eur < 300
    (True, True)
    """
    year = year_of(site)
    energy_j = nodes_j * year.pue
    return SiteBill(site, year, energy_j, energy_j * year.price_eur_j, energy_j * year.carbon_kgco2e_j)


@cache
def year_of(site: str) -> SiteYear:
    """Return the yearly means of a site; those of a person's own file are built from its tariff and grid.

    Raises
    ------
    CatalogueError
        There is no such site.
    """
    return site_year(site) if site in names("annual") else _own(site, site_year("generic"))


def _own(name: str, like: SiteYear) -> SiteYear:
    """Return the means of a person's own site: its tariff and grid, the plant of a generic centre."""
    from exatwin.catalogue.climate import load_grid
    from exatwin.catalogue.site import load_site
    from exatwin.catalogue.tariff import PriceKind

    site = load_site(name)
    tariff, grid = site.prices(), load_grid(site.grid)
    measured = grid.measured or load_grid("de").measured
    hourly = tariff.kind is PriceKind.HOURLY
    energy = measured["price"]["mean"] if hourly else tariff.price_eur_j or 0.0
    plant = {"PUE": "no year of this site was computed: the plant of a generic centre stands in"}
    return SiteYear.model_construct(
        **{key: getattr(like, key) for key in SiteYear.model_fields}
        | {
            "name": site.name,
            "title": site.title,
            "price_eur_j": energy + tariff.adders_eur_j,
            "price_basis": f"{tariff.title}; mean of the year" if hourly else tariff.title,
            "carbon_kgco2e_j": measured["carbon"]["mean"],
            "carbon_basis": f"{(grid if grid.measured else load_grid('de')).title}; mean of the year",
            "borrowed": {**plant, **site.stand_ins},
        }
    )


__all__ = ["SiteBill", "settle_by_means", "year_of"]
