"""Least-cost or least-carbon dispatch of grid, contracts, engine, battery and shifted load.

A linear programme on a rolling horizon, solved by HiGHS: what the next two days ask for is planned, the first
of them is done, and so on. Arrays in, arrays out.

References
----------
Q. Huangfu, J. A. J. Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
Computation 10 (2018) 119, doi:10.1007/s12532-017-0130-5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import InfeasibleError, SpecError

BLOCKS = ("grid", "sold", "charge", "discharge", "stored", "engine", "unused", "later", "earlier")
"""Variables of a step in their order; ``later`` is load taken away from it, ``earlier`` load added to it."""
MW, MWH = 1e-6, 1.0 / 3.6e9
"""Megawatts in a watt, megawatt-hours in a joule."""
_SIGNS = {
    "grid": 1.0, "sold": -1.0, "charge": -1.0, "discharge": 1.0, "engine": 1.0, "unused": -1.0, "later": 1.0,
    "earlier": -1.0,
}  # fmt: skip
TIE = 1e-4
"""Price of a megawatt-hour through the battery that breaks ties, far below any real one."""


@dataclass(frozen=True)
class Terms:
    """Sizes and prices; every power in W, every price in EUR/J (or kgCO2e/J for least carbon)."""

    grid_limit_w: float = np.inf
    """Largest power from the grid."""
    sold_limit_w: float = np.inf
    """Largest power into the grid."""
    ramp_w: float = np.inf
    """Largest change of the power from the grid between two steps."""
    battery_j: float = 0.0
    """Energy that the battery holds."""
    battery_w: float = 0.0
    """Its power, each way."""
    one_way_frac: float = 1.0
    """Its efficiency of charging, and again of discharging."""
    standing_frac: float = 0.0
    """Share of the stored energy lost in a step."""
    wear: float = 0.0
    """Price of a joule given out."""
    engine_w: float = 0.0
    """Power of the engine."""
    engine: float = 0.0
    """Price of its joule."""
    shift_frac: float = 0.0
    """Share of the load of a step that may be shifted."""
    shift_steps: int = 24
    """Steps in each of which shifted load balances."""


@dataclass(frozen=True)
class Dispatch:
    """What was done in each step, arrays of one shape [W]; energy at the end of the step [J]."""

    grid_w: Float64
    """From the grid."""
    sold_w: Float64
    """Into the grid."""
    charge_w: Float64
    """Into the battery."""
    discharge_w: Float64
    """Out of the battery."""
    stored_j: Float64
    """In the battery at the end of the step."""
    engine_w: Float64
    """From the engine."""
    unused_w: Float64
    """Of the contracts, neither used nor sold."""
    later_w: Float64
    """Load taken away."""
    earlier_w: Float64
    """Load added."""

    def residual_w(self, load_w: Float64, renewable_w: Float64) -> Float64:
        """Return what the balance of each step misses zero by [W]."""
        given = self.grid_w + renewable_w - self.unused_w + self.engine_w + self.discharge_w
        taken = load_w - self.later_w + self.earlier_w + self.sold_w + self.charge_w
        return given - taken


def dispatch(
    load_w: Float64,
    renewable_w: Float64,
    bought: Float64,
    sold: Float64,
    terms: Terms,
    *,
    step_s: float = 3600.0,
    horizon: int = 48,
    commit: int = 24,
    stored_j: float | None = None,
) -> Dispatch:
    """Return the dispatch that minimises the sum of prices.

    Parameters
    ----------
    load_w, renewable_w
        Load, and production of the contracts, in each step [W], shape (n,).
    bought, sold
        Price of a joule from the grid and revenue of one into it [EUR/J], shape (n,).
    terms
        Sizes and prices of everything else.
    step_s
        Length of a step [s].
    horizon, commit
        Steps that are planned, and of these done, at a time.
    stored_j
        Energy in the battery at the start [J]; by default half of what it holds.

    Raises
    ------
    SpecError
        The arrays differ in length, or a price is missing.
    InfeasibleError
        No dispatch meets the load; the message says when.

    Notes
    -----
    At the end of each horizon the battery holds at least what it held at the start of the first, and each
    window of ``shift_steps`` balances what it shifts. The battery never gives in a step whose price is
    negative: there a linear programme would burn energy in its losses.
    """
    arrays = [np.asarray(each, np.float64) for each in (load_w, renewable_w, bought, sold)]
    count = len(arrays[0])
    if {len(each) for each in arrays} != {count}:
        raise SpecError(f"load, contracts and prices must have one length, found {[len(a) for a in arrays]}")
    for name, each in zip(("load", "production", "price", "revenue"), arrays, strict=True):
        if not np.all(np.isfinite(each)):
            raise SpecError(f"the {name} is missing in step {int(np.flatnonzero(~np.isfinite(each))[0])}")
    if np.any(arrays[3] > arrays[2]):
        step = int(np.flatnonzero(arrays[3] > arrays[2])[0])
        raise SpecError(f"selling pays more than buying costs in step {step}: expected at most as much")
    small = _scaled(terms)
    series = _Series(arrays[0] * MW, arrays[1] * MW, arrays[2] / MWH, arrays[3] / MWH)
    held = (0.5 * terms.battery_j if stored_j is None else stored_j) * MWH
    target, found = held, []
    last_grid = float("nan")
    for first in range(0, count, commit):
        window = slice(first, min(first + horizon, count))
        part = _solve(series.window(window), small, step_s / 3600.0, held, target, last_grid, first)
        done = part[:, : min(commit, count - first)]
        found.append(done)
        held, last_grid = float(done[4, -1]), float(done[0, -1])
    rows = np.concatenate(found, axis=1) / np.where(np.array(BLOCKS) == "stored", MWH, MW)[:, None]
    return Dispatch(*(np.ascontiguousarray(row) for row in rows))


class _Series(NamedTuple):
    """What changes from step to step, in MW and prices of a MWh."""

    load: Float64
    renewable: Float64
    bought: Float64
    sold: Float64

    def window(self, steps: slice) -> _Series:
        """Return some steps."""
        return _Series(*(each[steps] for each in self))


def _scaled(terms: Terms) -> Terms:
    """Return `terms` in MW, MWh and prices of a MWh, numbers that a solver likes."""
    powers = ("grid_limit_w", "sold_limit_w", "ramp_w", "battery_w", "engine_w")
    return replace(
        terms,
        **{name: getattr(terms, name) * MW for name in powers},
        battery_j=terms.battery_j * MWH,
        wear=terms.wear / MWH,
        engine=terms.engine / MWH,
    )


def _solve(
    series: _Series, terms: Terms, step: float, held: float, target: float, last_grid: float, first: int
) -> Float64:
    """Return the variables of one horizon, shape (blocks, steps)."""
    import highspy

    cost, low, high = _bounds(series, terms, target)
    starts, index, value, row_low, row_high = _rows(series, terms, step, held, last_grid)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(row_low)
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, low, high
    model.row_lower_, model.row_upper_ = row_low, row_high
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = starts, index, value
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise InfeasibleError(_why(series, terms, first))
    return np.array(solver.getSolution().col_value, np.float64).reshape(len(BLOCKS), -1)


def _bounds(series: _Series, terms: Terms, target: float) -> tuple[Float64, Float64, Float64]:
    load, renewable, bought, sold = series
    n = len(load)
    zero, full = np.zeros(n), np.ones(n)
    out = np.where(np.minimum(bought, sold) < 0.0, 0.0, terms.battery_w)
    cost = np.concatenate([
        bought, -sold, full * TIE, full * (terms.wear + TIE), zero, full * terms.engine, zero,
        full * TIE, full * TIE,
    ])  # fmt: skip
    low = np.zeros(len(BLOCKS) * n)
    low[5 * n - 1] = min(target, terms.battery_j)
    shift = terms.shift_frac * load
    high = np.concatenate([
        full * terms.grid_limit_w, full * terms.sold_limit_w, full * terms.battery_w, out,
        full * terms.battery_j, full * terms.engine_w, renewable, shift, shift,
    ])  # fmt: skip
    return cost, low, high


@dataclass
class _Rows:
    """Constraints, collected row by row."""

    columns: list[Sequence[int]] = field(default_factory=list)
    values: list[Sequence[float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, columns: Sequence[int], values: Sequence[float], low: float, high: float) -> None:
        """Add ``low <= sum(values x variables) <= high``."""
        self.columns.append(columns)
        self.values.append(values)
        self.low.append(low)
        self.high.append(high)

    def arrays(self) -> tuple[Any, ...]:
        """Return starts, columns, values, lower and upper bounds as the solver takes them."""
        starts = np.concatenate([[0], np.cumsum([len(each) for each in self.columns])]).astype(np.int32)
        return (
            starts, np.concatenate(self.columns).astype(np.int32), np.concatenate(self.values),
            np.asarray(self.low), np.asarray(self.high),
        )  # fmt: skip


def _rows(series: _Series, terms: Terms, step: float, held: float, last_grid: float) -> tuple[Any, ...]:
    """Return the constraints: balance, storage, ramps, windows of shifting."""
    n = len(series.load)
    at = {name: k * n + np.arange(n) for k, name in enumerate(BLOCKS)}
    rows = _Rows()
    columns = np.stack([at[name] for name in _SIGNS], axis=1)
    for t, need in enumerate(series.load - series.renewable):
        rows.add(columns[t], tuple(_SIGNS.values()), need, need)
    if terms.battery_j > 0.0:
        _storage(rows, at, terms, step, held)
    if np.isfinite(terms.ramp_w):
        _ramps(rows, at["grid"], terms.ramp_w, last_grid)
    if terms.shift_frac > 0.0:
        for first in range(0, n, terms.shift_steps):
            later, earlier = (at[name][first : first + terms.shift_steps] for name in ("later", "earlier"))
            rows.add([*later, *earlier], [1.0] * len(later) + [-1.0] * len(earlier), 0.0, 0.0)
    return rows.arrays()


def _storage(rows: _Rows, at: Mapping[str, Any], terms: Terms, step: float, held: float) -> None:
    gain, loss, keep = terms.one_way_frac * step, step / terms.one_way_frac, 1.0 - terms.standing_frac
    for t, (stored, charge, discharge) in enumerate(
        zip(at["stored"], at["charge"], at["discharge"], strict=True)
    ):
        if t == 0:
            rows.add([stored, charge, discharge], [1.0, -gain, loss], keep * held, keep * held)
        else:
            rows.add([stored, charge, discharge, stored - 1], [1.0, -gain, loss, -keep], 0.0, 0.0)


def _ramps(rows: _Rows, grid: Any, ramp: float, last_grid: float) -> None:
    if np.isfinite(last_grid):
        rows.add([grid[0]], [1.0], last_grid - ramp, last_grid + ramp)
    for before, now in pairwise(grid):
        rows.add([now, before], [1.0, -1.0], -ramp, ramp)


def _why(series: _Series, terms: Terms, first: int) -> str:
    """Return what keeps a horizon from being met, for people."""
    load = series.load
    short = load - series.renewable - terms.grid_limit_w - terms.engine_w - terms.battery_w
    worst = int(np.argmax(short))
    if short[worst] > 0.0:
        return (
            f"no dispatch meets the load in step {first + worst}: {load[worst]:.2f} MW are asked, the grid "
            f"gives at most {terms.grid_limit_w:.2f} MW, all else is {short[worst]:.2f} MW too little; "
            "raise the grid's limit, the battery or the engine"
        )
    return (
        f"no dispatch meets the load between step {first} and {first + len(load) - 1}: the ramp limit of "
        f"{terms.ramp_w:.2f} MW a step or the battery's energy is too small"
    )


__all__ = ["BLOCKS", "Dispatch", "Terms", "dispatch"]
