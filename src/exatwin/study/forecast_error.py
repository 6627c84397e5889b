"""How far forecasts of starts lie from what schedulers that are not ours did, where no history tells."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from exatwin.catalogue.load import data_folder
from exatwin.foundation.arrays import Float64
from exatwin.study.analogs import LEVELS

CLASS_ENDS_S = np.array([60.0, 3600.0, 6 * 3600.0])
"""Simulated median waits at which classes end [s]; the last class has no end."""
GRAIN_S = 60.0
"""Added to waits before they are compared [s]: less than a minute is no error."""


def widened(wait_s: Float64) -> Float64:
    """Return a distribution of waits, at LEVELS, with the error of schedulers that are not ours.

    Parameters
    ----------
    wait_s
        Simulated waits, infinite for none within the horizon [s], shape (members,).

    Notes
    -----
    At each level the wider of two spreads about the simulated median counts: the ensemble's own, and that of
    recorded waits about simulated ones on logged machines.
    """
    own = np.quantile(wait_s, LEVELS, method="inverted_cdf")
    middle = float(np.quantile(wait_s, 0.5, method="inverted_cdf"))
    if not np.isfinite(middle):
        return np.asarray(own, np.float64)
    level, error = _table(int(np.searchsorted(CLASS_ENDS_S, middle)))
    off = np.interp(LEVELS, level, error)
    with np.errstate(divide="ignore"):
        mine = np.log((own + GRAIN_S) / (middle + GRAIN_S))
    spread = np.where(LEVELS < 0.5, np.minimum(mine, off), np.maximum(mine, off))
    return np.asarray(np.maximum.accumulate(np.maximum((middle + GRAIN_S) * np.exp(spread) - GRAIN_S, 0.0)))


@cache
def _table(kind: int) -> tuple[Float64, Float64]:
    path = data_folder() / "calibration" / "forecast-error.csv"
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.reader(file) if line and not line[0].startswith("#")][1:]
    rows = [line for line in lines if int(line[0]) == kind] or [
        line for line in lines if line[0] == lines[-1][0]
    ]
    return np.array([float(row[2]) for row in rows]), np.array([float(row[3]) for row in rows])


__all__ = ["CLASS_ENDS_S", "GRAIN_S", "widened"]
