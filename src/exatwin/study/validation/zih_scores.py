"""The hall model beside the telemetry of TU Dresden's ZIH: errors in the manner of ASHRAE Guideline 14."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exatwin.catalogue.load import data_folder
from exatwin.catalogue.plant import Cooling
from exatwin.facility.hall import HallRun, run_hall
from exatwin.facility.reuse import energy_reuse_factor
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.study.validation.zih import Telemetry, hall_cooling, read_telemetry, telemetry_files

HEAT_PUMP_FROM_W = 50e3
"""Electric power above which the heat pumps are scored [W]."""
STATION_OFF_W = 1e3
"""Heat extracted below which the station stands still: its operators' decision, which no input tells [W]."""
NMBE_GOAL = 0.025
"""Largest bias that is aimed at."""
RECORD = "calibration/zih-hall-errors.csv"
"""The errors that the fit recorded, in the catalogue's data."""


@dataclass(frozen=True)
class Score:
    """One quantity of the hall, predicted beside measured."""

    quantity: str
    """What, and over which time it is averaged."""
    rows: int
    """Steps that are scored."""
    mean: float
    """Mean of the measurements, in W (a ratio for the ERF)."""
    cv_rmse: float
    """Root mean square error over the mean."""
    nmbe: float
    """Mean error, predicted less measured, over the mean."""
    median: float
    """Median of the absolute errors over the mean."""
    goal: float | None = None
    """Largest CV(RMSE) that is aimed at; blank where none was set."""

    @property
    def met(self) -> bool | None:
        """Whether both goals are met; None where there is none."""
        return None if self.goal is None else self.cv_rmse <= self.goal and abs(self.nmbe) <= NMBE_GOAL


@dataclass(frozen=True, eq=False)
class HallValidation:
    """The hall model beside its meters."""

    title: str
    """What was compared."""
    scores: tuple[Score, ...]
    """Errors by quantity."""
    recorded: tuple[tuple[str, Score], ...]
    """Errors when the model was fitted: how it was tested, and the score."""
    time_s: Float64
    """Start of each hour, seconds since 1970."""
    measured_w: dict[str, Float64]
    """Measured by quantity, each of shape (hours,)."""
    predicted_w: dict[str, Float64]
    """Predicted by quantity, each of shape (hours,)."""


def validate_zih(data: Path, *, cooling: Cooling | None = None) -> HallValidation:
    """Return the hall model beside all telemetry of it in the folder `data` (or in that file).

    Parameters
    ----------
    data
        A folder of measurements with ``facility/telemetry/zih_lzr_*.csv.gz``, or one such file.
    cooling
        Parameters to use; by default those of the catalogue.

    Raises
    ------
    SpecError
        There is no telemetry, or a file has gaps.
    """
    files = telemetry_files(data)
    parts = [read_telemetry(path) for path in files]
    plant = cooling or hall_cooling()
    runs = [run_hall(plant, part.inputs) for part in parts]
    pairs = [compare(part, run) for part, run in zip(parts, runs, strict=True)]
    measured = {name: np.concatenate([pair[0][name] for pair in pairs]) for name in pairs[0][0]}
    predicted = {name: np.concatenate([pair[1][name] for pair in pairs]) for name in pairs[0][1]}
    return HallValidation(
        title=f"Warm-water hall of TU Dresden (ZIH), {', '.join(path.name for path in files)}",
        scores=score(measured, predicted, np.concatenate([part.day for part in parts])),
        recorded=tuple(recorded()),
        time_s=np.concatenate([part.inputs.time_s for part in parts]),
        measured_w=measured,
        predicted_w=predicted,
    )


def compare(given: Telemetry, run: HallRun) -> tuple[dict[str, Float64], dict[str, Float64]]:
    """Return measured and predicted watts by quantity, each of shape (hours,)."""
    meters = given.meters
    names = {
        "auxiliaries": "auxiliaries_w",
        "heat extracted": "extracted_w",
        "heat pump electricity": "heat_pump_w",
        "loop pumps": "loop_pump_w",
        "recooling pumps": "recooling_pump_w",
        "station pump": "station_pump_w",
        "fans": "fan_w",
    }
    measured = {name: np.asarray(getattr(meters, key), np.float64) for name, key in names.items()}
    predicted = {name: np.asarray(getattr(run, key), np.float64) for name, key in names.items()}
    lifted = given.inputs.lifted_w
    both = {"IT": given.inputs.it_w, "heat pump heat": lifted}
    return measured | both, predicted | both


def score(measured: dict[str, Float64], predicted: dict[str, Float64], day: Int64) -> tuple[Score, ...]:
    r"""Return the errors of each quantity, those with a goal first.

    Notes
    -----
    ASHRAE Guideline 14-2014: :math:`CV(RMSE) = \sqrt{\sum (p - m)^2 / (n - 1)} / \bar m` and
    :math:`NMBE = \sum (p - m) / ((n - 1) \bar m)`.
    """
    running = measured["heat pump electricity"] > HEAT_PUMP_FROM_W
    found = [
        _score("auxiliaries, hourly", measured["auxiliaries"], predicted["auxiliaries"], 0.10),
        _score("heat extracted, hourly", measured["heat extracted"], predicted["heat extracted"], 0.05),
        _score(
            "heat extracted, daily",
            _daily(measured["heat extracted"], day),
            _daily(predicted["heat extracted"], day),
            0.05,
        ),
    ]
    heat, lift = "heat extracted", "heat pump electricity"
    serving = _in_service(measured[heat])
    found.append(
        _score(f"{heat}, hourly, station in service", measured[heat][serving], predicted[heat][serving])
    )
    if np.count_nonzero(running) > 1:
        found.append(
            _score(f"{lift}, hours above 50 kW", measured[lift][running], predicted[lift][running], 0.15)
        )
    found += [
        _score(f"{name}, hourly", measured[name], predicted[name])
        for name in ("heat pump electricity", "loop pumps", "recooling pumps", "station pump", "fans")
    ]
    found.append(_score("ERF, daily", _erf(measured, day), _erf(predicted, day)))
    return tuple(found)


def recorded() -> Iterable[tuple[str, Score]]:
    """Yield how the fit was tested and the score, from the record that ships."""
    path = data_folder() / RECORD
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            goal = float(row["goal"]) if row["goal"] else None
            mean, cv_rmse, nmbe, median = (float(row[key]) for key in ("mean", "cv_rmse", "nmbe", "median"))
            yield row["test"], Score(row["quantity"], int(row["rows"]), mean, cv_rmse, nmbe, median, goal)


def _score(name: str, measured: Float64, predicted: Float64, goal: float | None = None) -> Score:
    mean, error, rows = float(measured.mean()), predicted - measured, len(measured)
    if rows < 2 or mean == 0.0:
        raise SpecError(f"{name}: {rows} rows with a mean of {mean:g} can't be scored")
    free = rows - 1
    return Score(
        quantity=name,
        rows=rows,
        mean=mean,
        cv_rmse=float(np.sqrt((error**2).sum() / free)) / abs(mean),
        nmbe=float(error.sum() / free) / mean,
        median=float(np.median(np.abs(error))) / abs(mean),
        goal=goal,
    )


def _in_service(extracted_w: Float64) -> NDArray[np.bool_]:
    """Return the hours in which the station is neither off nor, in the two hours after, catching up."""
    off = extracted_w < STATION_OFF_W
    spared = off | np.append(False, off[:-1]) | np.append([False, False], off[:-2])
    return np.asarray(~spared, np.bool_)


def _daily(values: Float64, day: Int64) -> Float64:
    _, index, count = np.unique(day, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(index, weights=values) / count, np.float64)


def _erf(values: dict[str, Float64], day: Int64) -> Float64:
    """Return heat extracted over IT, pumps and fans: what is metered, without UPS and building."""
    whole = _daily(values["IT"] + values["auxiliaries"], day)
    return energy_reuse_factor(_daily(values["heat extracted"], day), whole)
