"""Rules that operators report under: versioned tables of fields, thresholds and size classes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Sourced, Spec, Watts


class RuleField(Spec):
    """One field of a report."""

    id: str
    """Where the text asks for it, such as ``II.1.d``."""
    symbol: str = ""
    """Its symbol in the text."""
    name: str
    """What it is."""
    unit: str = ""
    """Its unit in the report; blank for text."""
    rule: str = ""
    """How it is to be measured."""
    supply: str = ""
    """What to supply where a twin can't know it, as a key of the site's file."""


class Threshold(Spec):
    """A limit on a key figure, for the halls that went into operation in some time."""

    id: str
    """Paragraph of the text."""
    figure: Literal["pue", "erf", "ref", "pue_enefg"]
    """Which key figure."""
    limit: float
    """The limit."""
    sense: Literal["at most", "at least"]
    """On which side of the limit the figure has to lie."""
    commissioned_from: date | None = None
    """First day of operation from which it applies; blank for all."""
    commissioned_before: date | None = None
    """First day of operation from which it no longer applies; blank for none."""
    binds_from: date | None = None
    """Day from which it binds; blank where it follows from the start of operation."""
    binds_after_years: int = 0
    """Years after the start of operation at which it binds."""
    until: date | None = None
    """Day from which a stricter one takes its place."""
    note: str = ""
    """What a careful reader should know."""


class SizeClass(Spec):
    """A class of size by power."""

    name: str
    """Its name in the text."""
    below_w: Watts | None = None
    """Upper bound, not with it; blank for the largest."""


class Duty(Spec):
    """Something the text asks for that is no figure."""

    id: str
    """Paragraph of the text."""
    text: str
    """What it asks for."""
    from_date: date | None = None
    """From when; blank where the text in hand does not say."""


class Rule(Sourced):
    """One text of law at one date."""

    name: str
    """Catalogue name, such as ``eu-2024-1364``."""
    title: str
    """Name for people."""
    version: str
    """Which state of the text."""
    countries: list[str] = []
    """Where it applies; empty for the whole EU."""
    applies_from_w: Watts
    """Power from which it applies."""
    applies_measure: str
    """What that power is."""
    fields: list[RuleField]
    """What has to be reported."""
    thresholds: list[Threshold] = []
    """What has to be met."""
    sizes: list[SizeClass] = []
    """Classes of size, the smallest first."""
    duties: list[Duty] = []
    """What else it asks for."""
    drafts: list[str] = []
    """Changes that were proposed and are no law."""
    notes: list[str] = []
    """What a careful reader should know."""

    def size_of(self, power_w: float) -> str:
        """Return the name of the size class of `power_w` [W]."""
        return next(size.name for size in self.sizes if size.below_w is None or power_w < size.below_w)


def load_rule(name: str) -> Rule:
    """Return the rule called `name`.

    Raises
    ------
    CatalogueError
        There is no such rule.

    Examples
    --------
    >>> load_rule("eu-2024-1364").size_of(17e6)
    'very large'
    """
    rule: Rule = entry(Rule, "rules", name)
    return rule


__all__ = ["Duty", "Rule", "RuleField", "SizeClass", "Threshold", "load_rule"]
