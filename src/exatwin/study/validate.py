"""Every model beside its published measurements: errors by row, in sample and with each machine left out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_for
from exatwin.catalogue.lists import ListedMachine
from exatwin.catalogue.load import data_folder
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import ExatwinError, SpecError, nearest
from exatwin.workload.apps.hpcg import Hpcg, hpcg, hpcg_law
from exatwin.workload.apps.hpl import Hpl, HplRun, hpl
from exatwin.workload.apps.hpl_data import HplLaw, hpl_law

TOLERANCE = 0.002
"""How far a median or percentile may grow beyond what was recorded before the validation fails."""


@dataclass(frozen=True)
class Row:
    """One measurement beside its prediction."""

    id: str
    name: str
    measured: float
    predicted: float
    left_out_error: float | None = None
    """Error of the prediction by a fit without this machine; blank where none was recorded."""
    level: int | None = None
    """Level of a power measurement, 1 to 3."""

    @property
    def error(self) -> float:
        """Predicted over measured, less 1."""
        return self.predicted / self.measured - 1.0


@dataclass(frozen=True)
class Skipped:
    """A measurement that is not scored, and why."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True)
class Errors:
    """Absolute errors of some rows."""

    rows: int
    median: float
    p90: float

    @classmethod
    def of(cls, errors: list[float]) -> Errors | None:
        """Return the statistics of `errors`; None where there are none."""
        if not errors:
            return None
        found = np.abs(errors)
        return cls(len(errors), float(np.median(found)), float(np.quantile(found, 0.9)))


@dataclass(frozen=True)
class Validation:
    """A model beside its measurements."""

    model: str
    title: str
    unit: str
    goal: tuple[float, float] | None
    """Median and 90th percentile of absolute errors that were aimed at, where somebody set them."""
    regression: tuple[float, float] | None
    """The same of a plain regression on family, N and size, each machine left out in turn."""
    rows: tuple[Row, ...]
    skipped: tuple[Skipped, ...]
    recorded: Errors | None = None
    """Errors when the model was fitted, on the rows that it was fitted on."""

    @property
    def in_sample(self) -> Errors | None:
        """Errors of all rows."""
        return Errors.of([row.error for row in self.rows])

    @property
    def left_out(self) -> Errors | None:
        """Errors of the rows with each one left out of the fit."""
        return Errors.of([row.left_out_error for row in self.rows if row.left_out_error is not None])

    @property
    def better_levels(self) -> Errors | None:
        """Errors of the rows whose power was measured at level 2 or 3."""
        return Errors.of([row.error for row in self.rows if (row.level or 0) >= 2])

    @property
    def grown(self) -> bool:
        """Whether the errors of the rows of the fit are worse than recorded."""
        pinned = Errors.of([row.error for row in self.rows if row.left_out_error is not None])
        if pinned is None or self.recorded is None or pinned.rows != self.recorded.rows:
            return False
        return pinned.median > self.recorded.median + TOLERANCE or pinned.p90 > self.recorded.p90 + TOLERANCE

    def worst(self, count: int = 8) -> list[Row]:
        """Return the rows with the largest errors."""
        return sorted(self.rows, key=lambda row: -abs(row.error))[:count]

    def document(self) -> dict[str, Any]:
        """Return everything as plain data."""

        def plain(errors: Errors | None) -> dict[str, Any] | None:
            return None if errors is None else dict(vars(errors))

        def pair(values: tuple[float, float] | None) -> dict[str, float] | None:
            return None if values is None else {"median": values[0], "p90": values[1]}

        return {
            "title": self.title,
            "unit": self.unit,
            "goal": pair(self.goal),
            "regression": pair(self.regression),
            "in_sample": plain(self.in_sample),
            "left_out": plain(self.left_out),
            "levels_2_and_3": plain(self.better_levels),
            "grown": self.grown,
            "rows": [{**vars(row), "error": row.error} for row in self.rows],
            "skipped": [dict(vars(each)) for each in self.skipped],
        }


def validate(model: str | None = None, *, data: Path | None = None) -> list[Validation]:
    """Return the models beside their measurements.

    Parameters
    ----------
    model
        One of :func:`models`; by default all.
    data
        A folder of measurements whose ``machines.csv`` takes the place of the table that ships.

    Raises
    ------
    SpecError
        There is no such model, or the folder holds no such table.
    """
    if model is not None and model not in _MODELS:
        raise SpecError(f"unknown model '{model}': {nearest(model, _MODELS)}")
    rows = _listed(data)
    return [build(rows) for name, build in _MODELS.items() if model in (None, name)]


def models() -> list[str]:
    """Return the names of the models that have measurements."""
    return list(_MODELS)


def _listed(data: Path | None) -> tuple[ListedMachine, ...]:
    if data is None:
        return lists.rows()
    path = data / "machines.csv"
    if not path.is_file():
        raise SpecError(f"{data}: there is no machines.csv in this folder")
    return lists.read_rows(path)


def _hpl_rmax(rows: tuple[ListedMachine, ...]) -> Validation:
    law = hpl_law()
    found, skipped = _scored(
        rows,
        lambda row: row.rmax_tflops is not None,
        lambda row: (1e12 * (row.rmax_tflops or 0.0), _run(row, law).rmax_flop_s),
        "rmax_left_out_error_frac",
    )
    return Validation(
        "hpl", "HPL Rmax, N given", "FLOP/s", (0.05, 0.15), _pair(law.rmax_regression), found, skipped,
        _recorded("rmax_error_frac"),
    )  # fmt: skip


def _hpl_power(rows: tuple[ListedMachine, ...]) -> Validation:
    law = hpl_law()
    found, skipped = _scored(
        rows,
        lambda row: row.power_kw is not None and row.rmax_tflops is not None,
        lambda row: (1e3 * (row.power_kw or 0.0), _run(row, law).power_w),
        "power_left_out_error_frac",
    )
    return Validation(
        "hpl-power", "HPL power", "W", (0.06, 0.15), _pair(law.power_regression), found, skipped,
        _recorded("power_error_frac"),
    )  # fmt: skip


def _hpcg(rows: tuple[ListedMachine, ...]) -> Validation:
    law = hpcg_law()
    found, skipped = _scored(
        rows,
        lambda row: row.hpcg_tflops is not None,
        lambda row: (1e12 * (row.hpcg_tflops or 0.0), hpcg(Hpcg(), _machine(row), law).flop_s),
        "hpcg_left_out_error_frac",
        "hpcg",
    )
    recorded = _recorded("hpcg_error_frac", "hpcg")
    return Validation("hpcg", "HPCG", "FLOP/s", None, None, found, skipped, recorded)


_MODELS: dict[str, Callable[[tuple[ListedMachine, ...]], Validation]] = {
    "hpl": _hpl_rmax,
    "hpl-power": _hpl_power,
    "hpcg": _hpcg,
}


def _pair(values: list[float]) -> tuple[float, float]:
    return values[0], values[1]


def _scored(
    rows: tuple[ListedMachine, ...],
    measured: Callable[[ListedMachine], bool],
    both: Callable[[ListedMachine], tuple[float, float]],
    column: str,
    table: str = "hpl",
) -> tuple[tuple[Row, ...], tuple[Skipped, ...]]:
    """Return the accelerated rows that a model predicts, and the others with reasons."""
    found, skipped, law = [], [], hpl_law()
    recorded = {(line["id"], line["edition"]): line for line in _errors(table)}
    for row in rows:
        if not row.accelerator_model or not measured(row):
            continue
        key = row.top500_system_id, row.list_edition
        why = law.why_left_out(*key)
        try:
            if why:
                raise SpecError(why)
            value, said = both(row)
        except ExatwinError as error:
            skipped.append(Skipped(key[0], row.name, str(error)))
            continue
        text = recorded.get(key, {}).get(column, "")
        error_frac = float(text) if text else None
        found.append(Row(key[0], row.name, value, said, error_frac, row.power_quality_level))
    return tuple(found), tuple(skipped)


def _machine(row: ListedMachine) -> Machine:
    if not row.accelerators:
        raise SpecError("the list gives no number of accelerators")
    return machine_for(row)


def _run(row: ListedMachine, law: HplLaw) -> HplRun:
    machine = _machine(row)
    if not row.nmax:
        raise SpecError("the list gives no N")
    return hpl(Hpl(n=row.nmax), machine, law)


def _errors(table: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table of errors that a fit wrote."""
    path = data_folder() / "apps" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _recorded(column: str, table: str = "hpl") -> Errors | None:
    return Errors.of([float(line[column]) for line in _errors(table) if line[column]])


__all__ = ["Errors", "Row", "Skipped", "Validation", "models", "validate"]
