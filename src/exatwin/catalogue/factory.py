"""The AI Factories of EuroHPC, their antennas, and what is known of the gigafactories."""

from __future__ import annotations

from functools import cache

from exatwin.catalogue.load import data_folder
from exatwin.foundation.errors import CatalogueError, nearest
from exatwin.foundation.spec import Count, Euro, PositiveCount, Sourced, Spec, read_toml


class Wave(Spec):
    """One round of selection."""

    number: PositiveCount
    """Which round."""
    selected: str
    """When, ISO 8601 (a month or a date)."""
    factories: PositiveCount
    """How many were selected."""
    budget_eur: Euro | None = None
    """Money of the round."""


class Factory(Spec):
    """One AI Factory."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    country: str
    """Country of the host."""
    host: str = ""
    """Who hosts it; blank where the sources at hand do not say."""
    wave: PositiveCount
    """Round in which it was selected."""
    machine: str = ""
    """Catalogue name of its machine, or of an announced one; blank where none is known."""
    machine_note: str = ""
    """What is known of its machine."""
    system_cost_eur: Euro | None = None
    """Cost of the system."""
    total_cost_eur: Euro | None = None
    """Cost of the whole."""
    notes: list[str] = []
    """What a careful reader should know."""


class Gigafactories(Spec):
    """What is known of the planned AI gigafactories."""

    sites_low: Count
    """Sites planned, at least."""
    sites_high: Count
    """Sites planned, at most."""
    chips: Count
    """Advanced chips of each, about."""
    fund_eur: Euro
    """The fund meant for them."""
    interests: Count
    """Expressions of interest."""
    interest_countries: Count
    """Member states among them."""
    interest_sites: Count
    """Sites named in them."""
    interest_chips: Count
    """Chips named in them, at least."""
    interest_investment_eur: Euro
    """Investment named in them, more than."""
    notes: list[str] = []
    """What a careful reader should know."""


class Factories(Sourced):
    """All AI Factories."""

    waves: list[Wave]
    """Rounds of selection."""
    antennas: Count
    """Antennas: smaller partners that use the factories' machines."""
    antennas_selected: str
    """When the antennas were selected, ISO 8601."""
    antennas_budget_eur: Euro
    """The Union's share of their cost."""
    committed_eur: Euro
    """Committed to factories and antennas in all."""
    factories: list[Factory]
    """The factories."""
    gigafactories: Gigafactories
    """The gigafactories."""

    def get(self, name: str) -> Factory:
        """Return the factory called `name`, in whatever case.

        Raises
        ------
        CatalogueError
            There is none; the message names the nearest.
        """
        wanted = name.strip().lower()
        for factory in self.factories:
            if wanted in {factory.name, factory.title.lower()}:
                return factory
        known = [factory.name for factory in self.factories]
        raise CatalogueError(f"unknown AI Factory '{name}': {nearest(wanted, known)}")


@cache
def ai_factories() -> Factories:
    """Return the AI Factories.

    Examples
    --------
    >>> len(ai_factories().factories), ai_factories().get("jaif").machine
    (19, 'jupiter')
    """
    path = data_folder() / "factories" / "ai-factories.toml"
    return Factories.parse(read_toml(path), path.name)
