"""Quantities as text in, SI floats out; the only module that knows pint."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from exatwin.foundation.errors import SpecError

if TYPE_CHECKING:
    import pint

_NUMBER_AND_UNIT = re.compile(r"^\s*([+-]?(?:\d[\d_ ]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_DEFINITIONS = (
    "EUR = [currency] = euro",
    "kEUR = 1000 * EUR",
    "gCO2e = [emission]",
    "kgCO2e = 1000 * gCO2e",
    "tCO2e = 1e6 * gCO2e",
    "FLOP = [operation] = flop",
    "node = [node] = nodes",
    "core = [core] = cores",
)
_SPELLINGS = {"°C": "degC", "°": "deg", "€": "EUR", "%": "percent", "CO2": "CO2"}
_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_PREFIXED = ("W", "B", "B/s", "FLOP/s", "Hz")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SHOWN = {
    "W": (("GW", 1e9), ("MW", 1e6), ("kW", 1e3), ("W", 1.0)),
    "W/s": (("MW/min", 1e6 / 60.0), ("kW/min", 1e3 / 60.0), ("W/s", 1.0)),
    "J": (("GWh", 3.6e12), ("MWh", 3.6e9), ("kWh", 3.6e6), ("Wh", 3600.0), ("J", 1.0)),
    "FLOP/s": (("EFLOP/s", 1e18), ("PFLOP/s", 1e15), ("TFLOP/s", 1e12), ("GFLOP/s", 1e9)),
    "FLOP/J": (("GFLOP/J", 1e9), ("MFLOP/J", 1e6)),
    "B": (("EB", 1e18), ("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("B", 1.0)),
    "B/s": (("TB/s", 1e12), ("GB/s", 1e9), ("MB/s", 1e6), ("B/s", 1.0)),
    "Hz": (("GHz", 1e9), ("MHz", 1e6), ("Hz", 1.0)),
    "s": (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)),
    "kgCO2e": (("t CO2e", 1e3), ("kg CO2e", 1.0), ("g CO2e", 1e-3)),
    "EUR": (("billion EUR", 1e9), ("MEUR", 1e6), ("EUR", 1.0)),
}


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(cache_folder=None)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


@cache
def parse(text: str, unit: str) -> float:
    """Return the magnitude of the quantity `text` in `unit`.

    Parameters
    ----------
    text
        A number with a unit, such as ``"680 W"``, ``"13MW"``, ``"40 degC"`` or ``"12 h"``.
    unit
        The unit of the result, such as ``"W"``, ``"K"``, ``"s"``.

    Raises
    ------
    SpecError
        No number, no unit, an unknown unit, or one of another dimension.

    Examples
    --------
    >>> parse("13MW", "W")
    13000000.0
    >>> parse("40 degC", "K")
    313.15
    """
    match = _NUMBER_AND_UNIT.match(text)
    if match is None:
        like = "a number" if unit == "1" else f"a number with a unit, such as '13 {unit}'"
        raise SpecError(f"'{text}' is not a quantity: expected {like}")
    number = float(match[1].replace("_", "").replace(" ", ""))
    name = match[2]
    for spelling, plain in _SPELLINGS.items():
        name = name.replace(spelling, plain)
    if not math.isfinite(number):
        raise SpecError(f"'{text}' is not finite")
    if not name:
        if unit == "1":
            return number
        like = "degC" if unit == "K" else unit
        whole = f"{match[1]} {like}" if number > 0.0 else like  # what is next refused is not proposed
        raise SpecError(f"'{text}' has no unit: expected one such as '{whole}'")
    if name == unit:
        return number
    if unit in _PREFIXED and name.endswith(unit) and name.removesuffix(unit) in _PREFIXES:
        return number * _PREFIXES[name.removesuffix(unit)]  # as pint would, which takes long to load
    if unit == "s" and name in _SECONDS:
        return number * _SECONDS[name]
    return _convert(number, name, unit, text)


def _convert(number: float, name: str, unit: str, text: str) -> float:
    import pint

    registry = _registry()
    target = "dimensionless" if unit == "1" else unit
    try:
        return float(registry.Quantity(number, registry.Unit(name)).to(target).magnitude)
    except pint.UndefinedUnitError:
        raise SpecError(f"'{text}': unknown unit '{name}', expected one like '{unit}'") from None
    except pint.DimensionalityError:
        raise SpecError(f"'{text}': '{name}' is no unit of the same kind as '{unit}'") from None
    except Exception:
        raise SpecError(f"'{text}' is not a quantity: expected a number with a unit like '{unit}'") from None


def show(value: float, unit: str, digits: int = 4) -> str:
    """Return `value` (in SI `unit`) as people read it, such as ``"15.79 MW"``.

    Examples
    --------
    >>> show(15_793_810.0, "W")
    '15.79 MW'
    >>> show(313.15, "K")
    '40 °C'
    """
    if value is None or not math.isfinite(value):
        return "unknown"
    if unit == "K":
        return f"{value - 273.15:.{digits}g} °C"
    if unit == "1":
        return f"{value:.{digits}g}"
    for name, scale in _SHOWN.get(unit, ()):
        if abs(value) >= scale:
            return f"{_grouped(value / scale, digits)} {name}"
    return f"{_grouped(value, digits)} {unit}"


def counted(count: int, things: str) -> str:
    """Return `count` of `things`, one of them in the singular.

    Examples
    --------
    >>> counted(1, "nodes"), counted(5884, "nodes")
    ('1 node', '5,884 nodes')
    """
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"


def _grouped(value: float, digits: int) -> str:
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"
