"""Measured runs of climate models as points of the law: what each row says, and why some can't be scored.

How rows are read stands in ``catalogue/data/calibration/climate-series.toml``; rows that are left out, and
why, in ``climate-left-out.csv`` beside it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from exatwin.catalogue.climate_calibration import SeriesRules, climate_reading
from exatwin.catalogue.climate_model import ClimateModel, load_climate_model
from exatwin.catalogue.load import data_folder
from exatwin.foundation.errors import ExatwinError
from exatwin.workload.apps.climate_grid import Grid, grid_of
from exatwin.workload.apps.climate_law import Work, fit, sdpd

Line = Mapping[str, str]
_GRID_NAME = re.compile(r"\b(TL?\d+|C\d+|ORCA\d+)(?=L\d|\b)")
_NUMBER = re.compile(r"\d[\d.]*")
_DAYS = re.compile(r"(\d+)-day run")
_OUTPUT_GB = re.compile(r"([\d.]+) GB output")


@dataclass(frozen=True)
class Point:
    """One measured run."""

    id: str
    """Identifier of the row."""
    name: str
    """What was measured, in words."""
    rules: SeriesRules
    """The series it belongs to."""
    grid: Grid
    """Its grid."""
    work: Work
    """What a step of it had to do."""
    sdpd: float
    """Measured simulated days each day."""

    @property
    def step_s(self) -> float:
        """Measured seconds of a step."""
        return self.work.step_s / self.sdpd

    @property
    def size(self) -> tuple[float, float]:
        """What makes a run larger: columns first, then units."""
        return self.work.columns, self.work.units


@dataclass(frozen=True)
class Volume:
    """Measured output of one run."""

    id: str
    """Identifier of the row."""
    name: str
    """What was measured, in words."""
    model: str
    """Catalogue name of the model."""
    columns: float
    """Columns of its grid."""
    day_b: float
    """Bytes of a simulated day."""


@cache
def left_out(model: str) -> Mapping[str, str]:
    """Return why rows are left out, by id, for the validation called `model`."""
    path = data_folder() / "calibration" / "climate-left-out.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["reason"] for row in csv.DictReader(file) if row["model"] == model}


def read_lines(path: Path) -> dict[str, Line]:
    """Return the rows of the table at `path` by id; tables without ids get those of :func:`id_of`."""
    found: dict[str, Line] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            name = line.get("id") or id_of(line)
            while name in found:
                name = _next(name)
            found[name] = line
    return found


def id_of(line: Line) -> str:
    """Return the identifier of a row: its model, machine, size and levels.

    Examples
    --------
    >>> id_of({"model": "ICON ESM", "machine": "Alps", "nodes": "2000", "accelerators": "8000 GH200",
    ...        "levels": "90", "grid_km": "1.25"})
    'icon-esm.alps.8000-gh200.1.25km.l90'
    """
    level = f"l{line['levels']}" if line["levels"] else ""
    km = f"{line['grid_km']}km" if line["grid_km"] else ""
    parts = (line["model"], line["machine"], line["accelerators"] or line["nodes"], km, level)
    return ".".join(filter(None, (re.sub(r"[^a-z0-9.]+", "-", part.lower()).strip("-.") for part in parts)))


def _next(name: str) -> str:
    stem, mark, number = name.rpartition("#")
    return f"{stem}#{int(number) + 1}" if mark else f"{name}#2"


def read_points(lines: Mapping[str, Line]) -> tuple[list[Point], dict[str, str]]:
    """Return the runs among `lines` that some series takes, and why the other rows are left out."""
    points, reasons, named = [], {}, left_out("climate")
    for id_, line in lines.items():
        try:
            rules = series_of(line)
            if rules is None:
                reasons[id_] = named.get(id_, "no series of runs that the law can be fitted to")
            elif id_ in named:
                reasons[id_] = named[id_]
            else:
                points.append(_point(id_, line, rules))
        except (ExatwinError, ValueError, ArithmeticError, KeyError) as why:
            reasons[id_] = str(why)
    return points, reasons


def series_of(line: Line) -> SeriesRules | None:
    """Return the series that a row belongs to; None for none."""
    for rules in climate_reading().series:
        if (
            line["model"].startswith(rules.rows)
            and rules.machine in line["machine"]
            and (not rules.group or line["kind"] == rules.group)
        ):
            return rules
    return None


def _point(id_: str, line: Line, rules: SeriesRules) -> Point:
    model = load_climate_model(rules.model)
    grid = _grid(line, model)
    columns = float(line["columns"] or grid.columns)
    step_s = float(line["timestep_s"] or grid.step_s)
    work = Work(
        columns=columns,
        levels=float(line["levels"] or model.levels),
        units=_units(line, rules),
        step_s=step_s,
        wave=grid.wave,
        rings=grid.rings,
    )
    measured = float(line["throughput_SDPD"])
    if rules.clock:
        match = re.search(rf"\b{rules.clock}=([\d.eE+-]+)", line["notes"])
        if match is None:
            raise ValueError(f"no '{rules.clock}' in its notes")
        measured = step_s / float(match[1])
    if not (measured > 0.0 and columns > 0.0 and step_s > 0.0):
        raise ValueError("no throughput, columns or time step above zero")
    return Point(id_, name_of(line), rules, grid, work, measured)


def _grid(line: Line, model: ClimateModel) -> Grid:
    match = _GRID_NAME.search(line["model"])
    return grid_of(model, match[1] if match else f"{line['grid_km']}km")


def _units(line: Line, rules: SeriesRules) -> float:
    if not rules.units_each:
        return 1.0
    match = _NUMBER.search(line["nodes" if rules.from_nodes else "accelerators"])
    if match is None:
        raise ValueError("the table does not say on how many devices")
    return float(match[0]) * rules.units_each


def name_of(line: Line) -> str:
    """Return what was run, where, in words."""
    where = line["accelerators"] or (f"{line['nodes']} nodes" if line["nodes"] else "")
    levels = f" L{line['levels']}" if line["levels"] else ""
    return f"{line['model']}{levels} on {line['machine']}{f', {where}' if where else ''}"


def constants_of(rules: SeriesRules, points: Sequence[Point]) -> dict[str, float]:
    """Return the constants of a series that fit `points`.

    Raises
    ------
    ValueError
        There are too few of them.
    """
    return fit(rules.terms, [point.work for point in points], [point.step_s for point in points])


def predicted(constants: Mapping[str, float], point: Point) -> float:
    """Return the predicted simulated days each day of a point."""
    return sdpd(constants, point.work)


def by_series(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Return the points of each series."""
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.rules.name, []).append(point)
    return found


def small_and_large(points: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """Return the points of a series below its largest size, and those of that size.

    The size is the grid where grids differ, else the number of units.
    """
    grids = {point.work.columns for point in points}
    sizes = [point.work.columns if len(grids) > 1 else point.work.units for point in points]
    largest = max(sizes)
    paired = list(zip(points, sizes, strict=True))
    return [p for p, size in paired if size < largest], [p for p, size in paired if size == largest]


def read_volumes(lines: Mapping[str, Line]) -> Iterator[Volume]:
    """Yield the measured output of the runs among `lines` that tell it."""
    for id_, line in lines.items():
        days, size = _DAYS.search(line["notes"]), _OUTPUT_GB.search(line["notes"])
        rules = series_of(line)
        if days and size and rules is not None:
            columns = float(line["columns"])
            day_b = 1e9 * float(size[1]) / float(days[1])
            yield Volume(id_, name_of(line), rules.model, columns, day_b)


def output_law(volumes: Sequence[Volume]) -> tuple[float, float]:
    """Return bytes of a simulated day whatever the grid, and those of each column, that fit `volumes`.

    Notes
    -----
    ``V = V0 + v C``, least squares of relative errors.
    """
    measured = np.array([volume.day_b for volume in volumes])
    table = np.array([[1.0, volume.columns] for volume in volumes]) / measured[:, None]
    found, *_ = np.linalg.lstsq(table, np.ones(len(measured)), rcond=None)
    return float(found[0]), float(found[1])


__all__ = [
    "Line", "Point", "Volume", "by_series", "constants_of", "id_of", "left_out", "name_of", "output_law",
    "predicted",
    "read_lines", "read_points", "read_volumes", "series_of", "small_and_large",
]  # fmt: skip
