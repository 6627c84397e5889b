"""How far forecasts of starts lie from what schedulers that are not ours did, where no history tells."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from exatwin.catalogue.load import data_folder
from exatwin.foundation.arrays import Float64
from exatwin.study.starts.analogs import LEVELS

CLASS_ENDS_S = np.array([60.0, 3600.0, 6 * 3600.0])
"""Simulated median waits at which classes end [s]; the last class has no end."""
GRAIN_S = 60.0
"""Added to waits before they are compared [s]: less than a minute is no error."""


def widened(wait_s: Float64, behind: bool = True) -> Float64:
    """Return a distribution of waits, at LEVELS, with the error of schedulers that are not ours.

    Parameters
    ----------
    wait_s
        Simulated waits, infinite for none within the horizon [s], shape (members,).
    behind
        Whether somebody waits who asks for no more nodes and time.

    Notes
    -----
    At each level the wider of two spreads about the simulated median counts: the ensemble's own, and that of
    recorded waits over simulated ones about its own median, on logged machines. The latter is known for four
    classes of simulated wait, and taken between their middles in proportion to the logarithm; apart for jobs
    with somebody before them who would fit as well, since then the scheduler has reasons that nobody tells.
    """
    own = np.quantile(wait_s, LEVELS, method="inverted_cdf")
    middle = float(np.quantile(wait_s, 0.5, method="inverted_cdf"))
    if not np.isfinite(middle):
        return np.asarray(own, np.float64)
    about, level, error = _table(behind)
    place = np.interp(np.log(middle + GRAIN_S), about, np.arange(len(about)))
    low = min(int(place), len(about) - 2)
    here = error[low] + (place - low) * (error[low + 1] - error[low])
    off = np.interp(LEVELS, level, here) - np.interp(0.5, level, here)
    mine = np.log((own + GRAIN_S) / (middle + GRAIN_S))
    spread = np.where(LEVELS < 0.5, np.minimum(mine, off), np.maximum(mine, off))
    return np.asarray(np.maximum.accumulate(np.maximum((middle + GRAIN_S) * np.exp(spread) - GRAIN_S, 0.0)))


@cache
def _table(behind: bool) -> tuple[Float64, Float64, Float64]:
    """Return the middles of the classes (logarithms), the levels, and the errors of each class."""
    path = data_folder() / "calibration" / "forecast-error.csv"
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.reader(file) if line and not line[0].startswith("#")][1:]
    values = np.array(lines, np.float64)
    values = values[values[:, 0] == behind]
    about = np.unique(values[:, 2])
    error = values[:, 4].reshape(len(about), -1)
    return np.log(about + GRAIN_S), values[: error.shape[1], 3], error


__all__ = ["CLASS_ENDS_S", "GRAIN_S", "widened"]
