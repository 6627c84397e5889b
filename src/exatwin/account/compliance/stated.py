"""Small constructors of found values, shared by the reports."""

from __future__ import annotations

from datetime import date

from exatwin.account.compliance.cells import Found, Origin
from exatwin.account.compliance.year import YearOfOperation
from exatwin.catalogue.site import Site
from exatwin.foundation.errors import SpecError

MODELLED = Origin.MODELLED


def text(value: str, note: str = "") -> Found:
    """Return a stated text; blank text is missing."""
    return Found(value or None, Origin.STATED, note=note if value else "")


def stated(value: float | None, unit: float = 1.0) -> Found:
    """Return a stated number in a unit of `unit` SI units."""
    return Found(None if value is None else value / unit, Origin.STATED)


def figure(
    value: float | None, formula: str, interval: tuple[float, float] | None = None, note: str = ""
) -> Found:
    """Return a figure that follows from others."""
    return Found(value, MODELLED, formula=formula, interval=interval, note=note)


def energy(year: YearOfOperation, name: str, point: str) -> Found:
    """Return an energy of the year [kWh] with its range."""
    kwh = getattr(year, name) / 3.6e6
    return Found(kwh, MODELLED, point, interval=measured_range(year, name, 3.6e6))


def measured_range(year: YearOfOperation, name: str, unit: float = 1.0) -> tuple[float, float] | None:
    """Return the 90 % range of the field `name` in a unit of `unit` SI units; None where none is known."""
    known = year.intervals.get(name)
    return None if known is None else (known[0] / unit, known[1] / unit)


def water_range(year: YearOfOperation) -> tuple[float, float] | None:
    """Return the 90 % range of water over IT energy [m3/MWh]; None where none is known."""
    known = year.intervals.get("wue_kg_j")
    return None if known is None else (known[0] * 3.6e6, known[1] * 3.6e6)


def started(site: Site) -> date:
    """Return the day on which operation began.

    Raises
    ------
    SpecError
        The site's file does not say, or not as a date.
    """
    said = site.commissioned
    try:
        return date.fromisoformat(said if len(said) > 7 else f"{said}-01")
    except ValueError:
        what = f"'{said}' is no date" if said else "is not stated"
        raise SpecError(
            f"'{site.name}': 'commissioned' {what}: expected a day such as '2025-09-05', "
            "which reports and thresholds depend on"
        ) from None


__all__ = ["MODELLED", "energy", "figure", "measured_range", "started", "stated", "text", "water_range"]
