"""Numbers as people read them."""

from __future__ import annotations

import math
from typing import Final

_UNITS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def duration(time_s: float | None) -> str:
    """Return a length of time [s] in its largest unit.

    Examples
    --------
    >>> duration(5400.0), duration(0), duration(86400 * 3), duration(None)
    ('1.5 h', '0', '3 d', 'unknown')
    """
    if time_s is None or not math.isfinite(time_s):
        return "unknown"
    for size, unit in _UNITS:
        if abs(time_s) >= size:
            number = time_s / size
            return (
                f"{number:.0f} {unit}"
                if number >= 100 or abs(number - round(number)) < 0.05
                else f"{number:.1f} {unit}"
            )
    return "0" if time_s == 0 else f"{time_s:.1g} s"


def number(value: float | None, digits: int = 4) -> str:
    """Return `value` with thousands grouped and at least `digits` significant digits where it has them.

    Examples
    --------
    >>> number(5884), number(1.05156), number(2441.3), number(None)
    ('5,884', '1.052', '2,441', 'unknown')
    """
    if value is None or not math.isfinite(value):
        return "unknown"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def compact(value: float) -> str:
    """Return `value` in at most three digits with k or M.

    Examples
    --------
    >>> compact(959_143), compact(4_250_000), compact(128)
    ('959k', '4.25M', '128')
    """
    for size, mark in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{mark}"
    return f"{value:.3g}"
