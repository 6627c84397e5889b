"""What a report is made of: cells that say where their value comes from, and checks against thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from exatwin.catalogue.rules import Rule, Threshold


class Origin(StrEnum):
    """How a cell got its value."""

    MEASURED = "measured"
    """Read from a meter or a log."""
    MODELLED = "modelled"
    """Computed by the twin."""
    STATED = "stated"
    """Written in the site's file."""
    MISSING = "missing"
    """Not known to a twin; it has to be supplied."""


@dataclass(frozen=True)
class Found:
    """A value on its way into a cell."""

    value: float | str | None
    """In the unit of the field."""
    origin: Origin
    """How it came to be known."""
    point: str = ""
    """Where it is metered."""
    formula: str = ""
    """How it follows from others."""
    interval: tuple[float, float] | None = None
    """Range in which the true value is expected with 90 %, where it is known."""
    note: str = ""
    """What a careful reader should know."""


@dataclass(frozen=True)
class Cell:
    """One field of a report, filled or left empty."""

    id: str
    """Where the text asks for it."""
    symbol: str
    """Its symbol in the text."""
    name: str
    """What it is."""
    value: float | str | None
    """In `unit`; None where nobody knows."""
    unit: str
    """Its unit; blank for text and ratios."""
    origin: Origin
    """How it came to be known."""
    point: str
    """Where it is metered."""
    interval: tuple[float, float] | None
    """Range in which the true value is expected with 90 %."""
    formula: str
    """How it follows from others."""
    rule: str
    """How the text wants it measured."""
    version: str
    """Which state of the text."""
    note: str
    """What a careful reader should know; where the value is missing, what to supply."""


@dataclass(frozen=True)
class Check:
    """A threshold beside the figure that it limits."""

    id: str
    """Paragraph of the text."""
    figure: str
    """Which key figure."""
    value: float | None
    """The figure; None where it is not known."""
    sense: str
    """``at most`` or ``at least``."""
    limit: float
    """The limit."""
    binds_from: date
    """From when it binds."""
    binding: bool
    """Whether it binds in the year of the report."""
    passed: bool | None
    """Whether the figure keeps it; None where the figure is not known."""
    note: str
    """What a careful reader should know."""
    interval: tuple[float, float] | None = None
    """Range in which the true figure is expected with 90 %."""

    @property
    def sure(self) -> bool | None:
        """Whether the whole range is on the same side of the limit; None where no range is known."""
        if self.interval is None or self.value is None:
            return None
        low, high = self.interval
        if self.sense == "at most":
            return high <= self.limit or low > self.limit
        return low >= self.limit or high < self.limit


@dataclass(frozen=True)
class Report:
    """A filled report."""

    rule: str
    """Catalogue name of the rule."""
    title: str
    """Name for people."""
    version: str
    """Which state of the text."""
    site: str
    """Name of the site."""
    year: int
    """Calendar year reported."""
    cells: tuple[Cell, ...]
    """All fields in the order of the text."""
    checks: tuple[Check, ...] = ()
    """Thresholds that apply to the site."""
    notes: tuple[str, ...] = ()
    """What a careful reader should know: coverage of the year, scope, drafts, duties."""
    sources: tuple[str, ...] = field(default=())
    """Where the text can be read."""

    @property
    def failed(self) -> list[Check]:
        """Binding thresholds that are not kept."""
        return [check for check in self.checks if check.binding and check.passed is False]

    @property
    def missing(self) -> list[Cell]:
        """Cells that somebody has to supply."""
        return [cell for cell in self.cells if cell.origin is Origin.MISSING]

    def document(self) -> dict[str, Any]:
        """Return the report as plain data."""
        plain = asdict(self)
        for check in plain["checks"]:
            check["binds_from"] = check["binds_from"].isoformat()
        for plainly, each in zip(plain["checks"], self.checks, strict=True):
            plainly["sure"] = each.sure
        return plain | {"missing": [cell.id for cell in self.missing], "passed": not self.failed}


def fill(rule: Rule, found: Mapping[str, Found]) -> tuple[Cell, ...]:
    """Return every field of `rule`, with what was `found` by the field's id; the others are missing."""
    cells = []
    for each in rule.fields:
        known = found.get(each.id, Found(None, Origin.MISSING))
        missing = known.value is None
        note = known.note
        if missing:
            ask = f"supply {each.supply} in the site's file" if each.supply else "not known to the twin"
            note = f"{note}; {ask}" if note else ask
        cells.append(
            Cell(
                id=each.id,
                symbol=each.symbol,
                name=each.name,
                value=known.value,
                unit=each.unit,
                origin=Origin.MISSING if missing else known.origin,
                point=known.point,
                interval=known.interval,
                formula=known.formula,
                rule=each.rule,
                version=rule.version,
                note=note,
            )
        )
    return tuple(cells)


def check(
    rule: Rule,
    figures: Mapping[str, float | None],
    start: date,
    year: int,
    ranges: Mapping[str, tuple[float, float] | None] | None = None,
) -> tuple[Check, ...]:
    """Return the thresholds of `rule` for a hall running since `start`, and what `year` makes of them."""
    known = ranges or {}
    return tuple(
        replace(_checked(each, figures.get(each.figure), start, year), interval=known.get(each.figure))
        for each in rule.thresholds
        if _applies(each, start, year)
    )


def _applies(each: Threshold, start: date, year: int) -> bool:
    if each.commissioned_from is not None and start < each.commissioned_from:
        return False
    if each.commissioned_before is not None and start >= each.commissioned_before:
        return False
    return each.until is None or each.until > date(year, 1, 1)


def _checked(each: Threshold, value: float | None, start: date, year: int) -> Check:
    binds = each.binds_from or _later(start, each.binds_after_years)
    kept = None
    if value is not None:
        kept = value <= each.limit if each.sense == "at most" else value >= each.limit
    return Check(
        id=each.id,
        figure=each.figure,
        value=value,
        sense=each.sense,
        limit=each.limit,
        binds_from=binds,
        binding=binds <= date(year, 12, 31),
        passed=kept,
        note=each.note,
    )


def _later(start: date, years: int) -> date:
    day = 28 if (start.month, start.day) == (2, 29) else start.day
    return date(start.year + years, start.month, day)


__all__ = ["Cell", "Check", "Found", "Origin", "Report", "check", "fill"]
