"""A user's own calibration of a climate model, from two measured points or more."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

from exatwin.catalogue.climate_calibration import Kind, Unit
from exatwin.catalogue.climate_model import ClimateModel
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.units import parse
from exatwin.workload.apps.climate_device import Measured, unit_b_s
from exatwin.workload.apps.climate_grid import Grid, grid_of
from exatwin.workload.apps.climate_law import SHARED, YEAR_D, Work, fit

KEYS = ("nodes", "accelerators", "cores", "sypd", "sdpd", "grid", "columns", "levels", "step")
_ALIASES = {
    "throughput_sdpd": "sdpd", "timestep_s": "step", "step_s": "step", "grid_km": "grid", "node": "nodes",
    "gpus": "accelerators", "devices": "accelerators",
}  # fmt: skip
_LIKE = "such as nodes=512,sypd=0.16,grid=3.25km"
_MOST = 1e12
SPECTRAL: Mapping[Kind, tuple[str, ...]] = {
    "accelerator": ("ring", "column", "cell"),
    "processor": ("cell", "transform", "legendre"),
}
"""Parts of the law that runs of a spectral model on one unit tell."""


def read_pairs(text: str) -> dict[str, str]:
    """Return one point as written after ``--measured``, by key.

    Raises
    ------
    SpecError
        A key is unknown or a value is missing.

    Examples
    --------
    >>> read_pairs("nodes=512, sypd=0.16, grid=3.25km")
    {'nodes': '512', 'sypd': '0.16', 'grid': '3.25km'}
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (each.strip() for each in part.partition("="))
        name = _ALIASES.get(key.lower(), key.lower())
        if not equals or not value:
            raise SpecError(f"--measured {text}: '{part.strip()}' is no key=value, expected one {_LIKE}")
        if name not in KEYS:
            raise SpecError(f"--measured {text}: unknown key '{key}', {nearest(name, KEYS)}")
        found[name] = value
    return found


def read_table(path: Path, model: ClimateModel) -> list[dict[str, str]]:
    """Return the points of a CSV file, whose columns are named like the keys of ``--measured``.

    Where it has a column ``model``, only rows of `model` count.

    Raises
    ------
    SpecError
        It can't be read, or has no columns of points.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise SpecError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None
    points = []
    for line in lines:
        named = {
            _ALIASES.get(str(key).strip().lower(), str(key).strip().lower()): value
            for key, value in line.items()
            if isinstance(value, str) and value.strip()
        }
        if _is_of(named.get("model", ""), model):
            points.append({key: value.strip() for key, value in named.items() if key in KEYS})
    if not points or not any("sypd" in point or "sdpd" in point for point in points):
        raise SpecError(f"{path}: holds no points, expected columns of {', '.join(KEYS)}")
    return points


def _is_of(name: str, model: ClimateModel) -> bool:
    """Return whether a row is one of `model`: it says so, or does not say."""
    own = (model.name, model.title, *model.words)
    return not name.strip() or any(name.strip().lower().startswith(each.lower()) for each in own)


def measured_by_user(
    model: ClimateModel, machine: Machine, points: Sequence[Mapping[str, str]], levels: int | None = None
) -> Measured:
    """Return the calibration that `points` give on the devices of `machine`.

    Parameters
    ----------
    model
        Which model.
    machine
        Where the points were measured.
    points
        Values by key: ``nodes``, ``accelerators`` or ``cores``, ``sypd`` or ``sdpd``, ``grid`` or
        ``columns``; where they are not the model's, ``levels`` and ``step``.
    levels
        Levels of points that name none; by default the model's.

    Raises
    ------
    SpecError
        There are fewer than two, or they can't tell the constants of the law.
    """
    kind: Kind = "accelerator" if machine.accelerator else "processor"
    whole = all("nodes" in point for point in points)
    cores = kind == "processor" and not whole and all(_cores(point) for point in points)
    unit: Unit = "device" if kind == "accelerator" else "core" if cores else "node"
    read = [_point(model, machine, point, at, levels, unit) for at, point in enumerate(points, 1)]
    if len({(work.columns, work.levels, work.units) for _, work, _ in read}) < 2:
        raise SpecError(
            f"{len(points)} measured point{'s' if len(points) != 1 else ''} of one size: two sizes are "
            "needed, on other numbers of nodes or of another grid"
        )
    terms = _terms(model, kind, [work for _, work, _ in read])
    try:
        constants = fit(terms, [work for _, work, _ in read], [seconds for _, _, seconds in read])
    except ValueError as why:
        raise SpecError(f"the measured points can't be met by the law: {why}") from None
    if not any(constants.get(name) for name in SHARED):
        raise SpecError(
            "the measured points are no faster on more units, which tells nothing of the work that they "
            "share: give points where more of them help"
        )
    finest = min((grid for grid, _, _ in read), key=lambda grid: grid.spacing_km)
    works = [work for _, work, _ in read]
    most = max(works, key=lambda work: work.units)
    word = {"device": "accelerators", "core": "cores", "node": "nodes"}[unit]
    return Measured(
        device=f"{machine.title} (points given)",
        kind=kind,
        unit=unit,
        unit_b_s=unit_b_s(machine, kind, unit),
        chips=((machine.accelerator or machine.processor).name,),
        constants=constants,
        points=len(read),
        exact=len(read) <= len(terms),
        finest_km=finest.spacing_km,
        finest=finest.name,
        most_units=most.units,
        most=f"{most.units:,.0f} {word} of {machine.title}",
        fewest_columns=min(work.columns / work.units for work in works),
        most_cells=max(work.columns * work.levels / work.units for work in works),
        components=tuple(model.default or model.components),
        own=True,
    )


def _terms(model: ClimateModel, kind: Kind, works: Sequence[Work]) -> tuple[str, ...]:
    """Return the parts of the law that points of such works can tell."""
    grids = len({(work.columns, work.levels) for work in works}) > 1
    units = len({work.units for work in works}) > 1
    if model.spectral and grids and not units and len(works) > len(SPECTRAL[kind]):
        return SPECTRAL[kind]
    if units and grids and len(works) > 2:
        return "cell", "collective", "start"
    return ("cell", "collective") if units and not grids else ("cell", "start")


def _cores(point: Mapping[str, str]) -> float:
    """Return the cores of a point; 0 where it does not tell them."""
    text = point.get("cores") or (point["accelerators"] if "core" in point.get("accelerators", "") else "")
    match = re.match(r"\d+", text)
    return float(match[0]) if match else 0.0


def _units(model: ClimateModel, machine: Machine, point: Mapping[str, str], unit: Unit, where: str) -> float:
    if not model.parallel:
        return 1.0
    if unit == "core":
        return _cores(point)
    if "nodes" in point:
        return _number(point, "nodes", where) * max(machine.node_devices, 1)
    if "accelerators" in point and machine.accelerator:
        return _number(point, "accelerators", where) * machine.accelerator.devices
    raise SpecError(f"{where}: 'nodes' is missing, {_LIKE}")


def _point(
    model: ClimateModel,
    machine: Machine,
    point: Mapping[str, str],
    at: int,
    levels: int | None,
    unit: Unit,
) -> tuple[Grid, Work, float]:
    where = f"measured point {at}"
    if "grid" in point:
        text = point["grid"]
        grid = grid_of(model, f"{text}km" if re.fullmatch(r"[\d.]+", text) else text)
    elif "columns" in point:
        grid = grid_with(model, _number(point, "columns", where))
    else:
        raise SpecError(f"{where}: 'grid' is missing, {_LIKE}")
    columns = _number(point, "columns", where) if "columns" in point else float(grid.columns)
    units = _units(model, machine, point, unit, where)
    if "sdpd" in point:
        rate = _number(point, "sdpd", where)
    elif "sypd" in point:
        rate = _number(point, "sypd", where) * YEAR_D
    else:
        raise SpecError(f"{where}: 'sypd' or 'sdpd' is missing, {_LIKE}")
    step_s = _step_s(point, where) or grid.step_s
    if not step_s:
        raise SpecError(f"{where}: {model.title} has no usual time step, give 'step', such as step=20s")
    level = _number(point, "levels", where) if "levels" in point else float(levels or model.levels)
    return grid, Work(columns, level, units, step_s, grid.wave, grid.rings), step_s / rate


def grid_with(model: ClimateModel, columns: float) -> Grid:
    """Return a grid of so many columns; its spacing and time step follow the nearest that is named.

    Raises
    ------
    SpecError
        There are too few or too many of them.
    """
    if not 10 <= columns <= _MOST:
        raise SpecError(f"--columns {columns:,.0f}: expected 10 to 1e12")
    near = min(model.grids, key=lambda grid: abs(grid.columns / columns - 1.0))
    km = near.spacing_km * float((near.columns / columns) ** 0.5)
    found = grid_of(model, f"{km:.6f}km")
    return Grid(f"{columns:,.0f} columns", km, round(columns), found.step_s, found.wave, found.rings, False)


def _number(point: Mapping[str, str], key: str, where: str) -> float:
    match = re.match(r"[\d_]+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+", point[key].replace(",", ""))
    found = float(match[0]) if match else 0.0
    if not (isfinite(found) and 0.0 < found <= _MOST):
        raise SpecError(f"{where}: '{key}' is {point[key]}, expected a number above 0, at most 1e12")
    return found


def _step_s(point: Mapping[str, str], where: str) -> float | None:
    if "step" not in point:
        return None
    text = point["step"]
    found = parse(f"{text} s" if re.fullmatch(r"[\d.]+", text) else text, "s")
    if not 0.01 <= found <= 1e5:
        raise SpecError(f"{where}: 'step' is {text}, expected 10 ms to a day")
    return found


__all__ = ["KEYS", "grid_with", "measured_by_user", "read_pairs", "read_table"]
