"""Grids of climate models: columns, latitude rings and waves of what people write, such as ``R2B9``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, isfinite

from exatwin.catalogue.climate_model import ClimateGrid, ClimateModel, GridKind
from exatwin.foundation.errors import SpecError, nearest

_KM_OF_A_DEGREE = 40030.0 / 360.0  # circumference of the Earth over the circle
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(km|m|deg|°)", re.IGNORECASE)
_SAME, _SAME_DEGREES = 0.02, 0.15  # a spacing within this of a named grid means that grid
_LARGEST = 10**12


@dataclass(frozen=True)
class Grid:
    """A grid of a model."""

    name: str
    """As its users write it."""
    spacing_km: float
    """Nominal spacing [km]."""
    columns: int
    """Columns."""
    step_s: float
    """Time step that its users take [s]."""
    wave: int = 0
    """Truncation of a spectral model; 0 for others."""
    rings: int = 0
    """Latitude rings of a spectral model; 0 for others."""
    stepped: bool = True
    """Whether its time step was named, rather than scaled from the nearest named grid."""


def grid_of(model: ClimateModel, text: str) -> Grid:
    """Return the grid of `model` that a person means.

    Parameters
    ----------
    model
        Whose grid.
    text
        Its name (``R2B9``, ``ne1024``, ``C180``, ``T85``, ``Tco1279``, ``ORCA025``), or a spacing
        (``1.25km``, ``0.25deg``).

    Raises
    ------
    SpecError
        The model has no such grid.

    Examples
    --------
    >>> from exatwin.catalogue.climate_model import load_climate_model
    >>> icon = load_climate_model("icon")
    >>> grid_of(icon, "1.25km").columns, grid_of(icon, "R2B9").spacing_km
    (335544320, 5.0)
    """
    wanted = text.strip()
    match = _LENGTH.fullmatch(wanted)
    if match:
        return _spaced(model, _kilometres(match), text, _SAME if "m" in match[2].lower() else _SAME_DEGREES)
    named = {name.lower(): grid for grid in model.grids for name in (grid.name, *grid.words)}
    found = named.get(wanted.lower())
    if found is not None:
        return _named(model, found)
    count = _counted(model, wanted)
    if count is None:
        names = [grid.name for grid in model.grids]
        raise SpecError(
            f"{model.title} has no grid '{text}': {nearest(wanted, names)}, or a spacing such as '10km'"
        )
    if not 1 <= count <= _LARGEST:
        raise SpecError(f"--grid {text}: expected a grid of 1 to 1e12 columns")
    return _sized(model, wanted, count)


def _kilometres(match: re.Match[str]) -> float:
    scale = {"km": 1.0, "m": 1e-3, "deg": _KM_OF_A_DEGREE, "°": _KM_OF_A_DEGREE}
    return float(match[1]) * scale[match[2].lower()]


def _spaced(model: ClimateModel, km: float, text: str, same: float) -> Grid:
    if not (isfinite(km) and 0.01 <= km <= 10_000.0):
        raise SpecError(f"--grid {text}: expected a spacing from 10 m to 10,000 km")
    near = min(model.grids, key=lambda grid: abs(grid.spacing_km / km - 1.0))
    if abs(near.spacing_km / km - 1.0) <= same:
        return _named(model, near)
    if model.spectral:
        reference = model.grids[-1]
        wave = max(round(_wave(reference.name) * reference.spacing_km / km), 1)
        return grid_of(model, f"T{wave}")
    columns = max(1, round(near.columns * (near.spacing_km / km) ** 2))
    return Grid(f"{km:g} km", km, columns, _step_s(model, km), stepped=False)


def _named(model: ClimateModel, grid: ClimateGrid) -> Grid:
    wave = _wave(grid.name) if model.spectral else 0
    step = grid.step_s or _step_s(model, grid.spacing_km)
    stepped = grid.step_s is not None
    return Grid(grid.name, grid.spacing_km, grid.columns, step, wave, _rings(model, wave), stepped)


def _sized(model: ClimateModel, name: str, columns: int) -> Grid:
    """Return a grid that no file names, by its columns; its spacing follows the nearest that is named."""
    near = min(model.grids, key=lambda grid: abs(grid.columns / columns - 1.0))
    wave = _wave(name) if model.spectral else 0
    if model.spectral:
        km = near.spacing_km * _wave(near.name) / wave
    else:
        km = near.spacing_km * (near.columns / columns) ** 0.5
    return Grid(name, km, columns, _step_s(model, km), wave, _rings(model, wave), stepped=False)


def _step_s(model: ClimateModel, km: float) -> float:
    """Return the time step at a spacing [s]: that of the nearest grid whose users name one, scaled."""
    known = [grid for grid in model.grids if grid.step_s]
    if not known:
        return 0.0
    near = min(known, key=lambda grid: max(grid.spacing_km / km, km / grid.spacing_km))
    return float(near.step_s or 0.0) * float((km / near.spacing_km) ** model.step_exponent)


def _wave(name: str) -> int:
    match = re.search(r"\d+", name)
    return int(match[0]) if match else 0


def _half(model: ClimateModel, wave: int) -> int:
    """Return the latitude rings of one hemisphere for a truncation."""
    if model.grid is GridKind.OCTAHEDRAL:
        return max(int(0.75 * wave), 1)
    return 8 * ceil((3 * wave + 1) / 2 / 16)  # products of two waves need 3 T + 1 points around, in sixteens


def _rings(model: ClimateModel, wave: int) -> int:
    return 2 * _half(model, wave) if wave else 0


def _octahedral(half: int) -> int:
    return 4 * half * half + 36 * half


def _icosahedral(match: re.Match[str]) -> int:
    return int(20 * int(match[1]) ** 2 * 4 ** int(match[2]))


def _counted(model: ClimateModel, name: str) -> int | None:
    """Return the columns that a name of the model's family of grids stands for; None for other names."""
    for pattern, count in _FAMILIES[model.grid].items():
        match = re.fullmatch(pattern, name, re.IGNORECASE)
        if match and all(0 < int(part) < 10**6 for part in match.groups()):
            return count(model, match)
    return None


Count = Callable[[ClimateModel, "re.Match[str]"], int]
_FAMILIES: Mapping[GridKind, Mapping[str, Count]] = {
    GridKind.ICOSAHEDRAL: {r"R(\d{1,2})B(\d{1,2})": lambda _, match: _icosahedral(match)},
    GridKind.CUBED_SPHERE: {r"C(\d+)": lambda _, match: 6 * int(match[1]) ** 2},
    GridKind.CUBED_SPHERE_PHYSICS: {r"ne(\d+)(?:pg2)?": lambda _, match: 24 * int(match[1]) ** 2},
    GridKind.OCTAHEDRAL: {r"T(\d+)": lambda model, match: _octahedral(_half(model, int(match[1])))},
    GridKind.GAUSSIAN: {r"T(\d+)": lambda model, match: 8 * _half(model, int(match[1])) ** 2},
    GridKind.REDUCED_GAUSSIAN: {
        r"Tco(\d+)": lambda _, match: _octahedral(int(match[1]) + 1),
        r"TL?(\d+)": lambda model, match: round(
            model.grids[0].columns * ((int(match[1]) + 1) / (_wave(model.grids[0].name) + 1)) ** 2
        ),
    },
    GridKind.TRIPOLAR: {},
    GridKind.LAT_LON: {},
}

__all__ = ["Grid", "grid_of"]
