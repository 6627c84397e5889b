"""Every model beside its published measurements: errors by row, in sample and left out of the fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from exatwin.foundation.errors import SpecError, nearest
from exatwin.study.validation import (
    climate,
    hall,
    listed,
    llm,
    serving,
    slurm,
    starts,
)
from exatwin.study.validation.measured import (
    CLIMATE,
    ENERGY,
    MACHINES,
    SLURM,
    STARTS,
    TELEMETRY,
    TRAINING,
    Measured,
)
from exatwin.study.validation.scores import Validation, pins

MODELS: dict[str, tuple[str, Callable[[Measured], Validation]]] = {
    **{name: (MACHINES, build) for name, build in listed.MODELS.items()},
    **{name: (TRAINING, build) for name, build in llm.MODELS.items()},
    **serving.MODELS,
    **{name: (CLIMATE, build) for name, build in climate.MODELS.items()},
    **{name: (TELEMETRY, build) for name, build in hall.MODELS.items()},
    **{name: (STARTS, build) for name, build in starts.MODELS.items()},
    **{name: (SLURM, build) for name, build in slurm.MODELS.items()},
}
"""The table that a model is scored on, and what scores it, by name."""
UNSHIPPED = {TELEMETRY: "meters of a hall", STARTS: "logs", SLURM: "recorded runs", ENERGY: ENERGY}
"""Measurements that the package does not carry, and what they are called."""


def validate(model: str | None = None, *, data: Path | None = None) -> list[Validation]:
    """Return the models beside their measurements.

    Parameters
    ----------
    model
        One of :func:`models`; by default all whose table is there.
    data
        A folder of measurements whose ``machines.csv``, ``llm_measurements.csv`` and
        ``climate_measurements.csv`` take the place of the tables that ship.

    Raises
    ------
    SpecError
        There is no such model, or the folder holds no such table.

    Examples
    --------
    >>> (found,) = validate("hpl-mxp")
    >>> found.verdict
    'shown'
    """
    if model is not None and model not in MODELS:
        raise SpecError(f"unknown model '{model}': {nearest(model, MODELS)}")
    measured = Measured(data)
    table = MODELS[model][0] if model is not None else ""
    if table in UNSHIPPED and not measured.has(table):
        raise SpecError(f"'{model}' needs {UNSHIPPED[table]} that do not ship: name their folder with --data")
    if model is None and not any(measured.has(name) for name, _ in MODELS.values()):
        raise SpecError(f"{data}: there is no {MACHINES} and no {TRAINING} in this folder")
    names = [model] if model else [name for name, (table, _) in MODELS.items() if measured.has(table)]
    return [
        replace(MODELS[name][1](measured), pinned=pins().get(name, {}), shipped=data is None)
        for name in names
    ]


def absent(data: Path | None) -> dict[str, list[str]]:
    """Return the models that can't be scored on the tables in `data`, by the name of the missing table."""
    measured = Measured(data)
    found: dict[str, list[str]] = {}
    for name, (table, _) in MODELS.items():
        if not measured.has(table):
            found.setdefault(table, []).append(name)
    return found


def models() -> list[str]:
    """Return the names of the models that have measurements."""
    return list(MODELS)


def shipped() -> list[str]:
    """Return the names of the models whose measurements ship with the package."""
    return [name for name, (table, _) in MODELS.items() if Measured().has(table)]


__all__ = ["MODELS", "absent", "models", "shipped", "validate"]
