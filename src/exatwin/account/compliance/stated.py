"""Small constructors of found values, shared by the reports."""

from __future__ import annotations

from exatwin.account.compliance.cells import Found, Origin
from exatwin.account.compliance.year import YearOfOperation

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
    return Found(kwh, MODELLED, point, interval=measured_range(year, name, kwh))


def measured_range(year: YearOfOperation, name: str, value: float | None) -> tuple[float, float] | None:
    """Return the 90 % range of `value` by the ranges known for the field `name`; None where none is."""
    frac = year.intervals.get(name)
    return None if frac is None or value is None else (frac[0] * value, frac[1] * value)


__all__ = ["MODELLED", "energy", "figure", "measured_range", "stated", "text"]
