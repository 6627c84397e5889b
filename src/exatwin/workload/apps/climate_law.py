r"""Seconds of one step of a climate model, and the fit of its constants.

One step on ``N`` units of a grid with ``C`` columns, ``L`` levels, ``R`` latitude rings and truncation ``T``:

.. math:: t = t_0 + r R + d \log_2 N + (b C + k C L + l T^3 L + p T^3) / N

``start`` and ``ring`` are launches of kernels, which no smaller grid escapes; ``collective`` is what units
lose by waiting for each other; ``column`` and ``cell`` are bound by memory, ``transform`` by
arithmetic, ``legendre`` by reading the tables of polynomials, once for all levels.

References
----------
V. Balaji et al., "CPMIP: measurements of real computational performance of Earth system models in CMIP6",
Geosci. Model Dev. 10, 19 (2017), doi:10.5194/gmd-10-19-2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64

DAY_S = 86400.0
YEAR_D = 365.25
TERMS = ("start", "ring", "collective", "column", "cell", "transform", "legendre")
"""Parts of a step; the first three do not shrink with more units."""
SHARED = ("column", "cell", "transform", "legendre")
"""Parts that units share out, and that a chip does at its own rate."""
_ROUNDS = 30


@dataclass(frozen=True)
class Work:
    """What one step has to do."""

    columns: float
    """Columns of the grid."""
    levels: float
    """Levels."""
    units: float
    """Devices, nodes or cores that share it out."""
    step_s: float
    """Simulated time of a step [s]."""
    wave: float = 0.0
    """Truncation of a spectral model."""
    rings: float = 0.0
    """Its latitude rings."""


def amounts(work: Work) -> dict[str, float]:
    """Return how much of each part one step has.

    Examples
    --------
    >>> amounts(Work(columns=1000.0, levels=10.0, units=4.0, step_s=60.0))["cell"]
    2500.0
    """
    return {
        "start": 1.0,
        "ring": work.rings,
        "collective": float(np.log2(work.units)),
        "column": work.columns / work.units,
        "cell": work.columns * work.levels / work.units,
        "transform": work.wave**3 * work.levels / work.units,
        "legendre": work.wave**3 / work.units,
    }


def step_parts(constants: Mapping[str, float], work: Work) -> dict[str, float]:
    """Return the seconds of one step by part, for `constants` by part [s]."""
    found = amounts(work)
    return {name: constants[name] * found[name] for name in TERMS if constants.get(name)}


def sdpd(constants: Mapping[str, float], work: Work) -> float:
    """Return simulated days each day: the simulated time of a step over the seconds that it takes.

    Examples
    --------
    >>> work = Work(columns=1e6, levels=100.0, units=100.0, step_s=60.0)
    >>> round(sdpd({"cell": 1e-7}, work), 3)
    600.0
    """
    return work.step_s / sum(step_parts(constants, work).values())


def efficiency(constants: Mapping[str, float], work: Work) -> float:
    """Return the share of a step that units spend on what they share out: where on its curve a run is."""
    parts = step_parts(constants, work)
    return sum(parts.get(name, 0.0) for name in SHARED) / sum(parts.values())


def half_columns(constants: Mapping[str, float], work: Work) -> float:
    """Return the columns on a unit at which half of a step is shared work; the launches of `work` hold."""
    parts = step_parts(constants, work)
    shared = sum(parts.get(name, 0.0) for name in SHARED)
    return work.columns / work.units * (sum(parts.values()) - shared) / shared


def fit(
    terms: Sequence[str], works: Sequence[Work], seconds: Sequence[float], *, minimum: int = 1
) -> dict[str, float]:
    """Return the constants, none below zero, that come nearest to measured steps.

    Parameters
    ----------
    terms
        Parts that the measurements can tell, shape (terms,).
    works
        What each step had to do, shape (points,).
    seconds
        What it took [s], shape (points,).
    minimum
        Fewest parts that must be above zero.

    Raises
    ------
    ValueError
        There are fewer points than parts, or no constants fit them.

    Notes
    -----
    Least squares of ``sqrt(p / m) - sqrt(m / p)``, that is of ``2 sinh(log(p / m) / 2)``: a prediction twice
    too long counts as much as one half too short. Solved for each set of parts by Gauss and Newton from
    relative least squares; the best set with no constant below zero wins.
    """
    if len(works) < len(terms):
        raise ValueError(f"{len(works)} points for {len(terms)} constants")
    each = [amounts(work) for work in works]
    table = np.array([[found[name] for name in terms] for found in each])
    measured = np.asarray(seconds, np.float64)
    best: tuple[float, Float64, tuple[int, ...]] | None = None
    for size in range(minimum, len(terms) + 1):
        for chosen in combinations(range(len(terms)), size):
            solved = _solve(table[:, chosen], measured)
            if solved is not None and (best is None or solved[0] < best[0] * (1.0 - 1e-9)):
                best = (*solved, chosen)
    if best is None:
        raise ValueError("no constants above zero come near them")
    found = dict.fromkeys(terms, 0.0)
    found.update({terms[at]: float(value) for at, value in zip(best[2], best[1], strict=True)})
    return found


def _solve(table: NDArray[np.float64], measured: Float64) -> tuple[float, Float64] | None:
    """Return the misfit and the constants of one set of parts; None where one is not above zero."""
    scaled = table / measured[:, None]
    size = np.sqrt((scaled**2).sum(axis=0))
    if not np.all(size > 0.0) or np.linalg.matrix_rank(scaled / size, tol=1e-9) < table.shape[1]:
        return None
    found = np.linalg.lstsq(scaled / size, np.ones(len(measured)), rcond=None)[0] / size
    for _ in range(_ROUNDS):
        predicted = table @ found
        if not np.all(predicted > 0.0):
            return None
        ratio = np.sqrt(predicted / measured)
        slope = table / size * ((ratio + 1.0 / ratio) / (2.0 * predicted))[:, None]
        step = np.linalg.lstsq(slope, 1.0 / ratio - ratio, rcond=None)[0] / size
        found = found + step
        if np.max(np.abs(step * size)) < 1e-13 * np.max(np.abs(found * size)):
            break
    if not np.all(found > 0.0):
        return None
    ratio = table @ found / measured
    return float(np.sum(ratio + 1.0 / ratio - 2.0)), found


__all__ = [
    "DAY_S", "SHARED", "TERMS", "YEAR_D", "Work", "amounts", "efficiency", "fit", "half_columns", "sdpd",
    "step_parts",
]  # fmt: skip
