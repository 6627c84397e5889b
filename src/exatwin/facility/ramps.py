"""How fast power changes, and what it takes to change more slowly.

References
----------
E. Choukse et al., "Power Stabilization for AI Training Datacenters", arXiv:2508.14318 (software ballast, ramp
control, storage). NERC Level 3 alert on large loads, May 2026 (ramps of single consumers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

WINDOWS_S = (1.0, 60.0, 300.0, 900.0)


@dataclass(frozen=True)
class Ramp:
    """The fastest change of a power between the means of two windows that follow each other."""

    window_s: float
    """Length of a window [s]."""
    up_w: float
    """Largest rise [W]."""
    down_w: float
    """Largest fall [W], positive."""

    @property
    def rate_w_s(self) -> float:
        """The faster of both over the window [W/s]."""
        return max(self.up_w, self.down_w) / self.window_s


@dataclass(frozen=True)
class Smoothing:
    """What keeps a power within a limit of its change."""

    power_w: Float64
    """Power that the grid sees [W], shape (n,)."""
    energy_j: float
    """Energy that is spent for it [J]: burnt as ballast, or lost in the battery."""
    store_j: float
    """Energy that a battery has to hold; 0 for ballast."""
    peak_w: float
    """Power of ballast or battery."""


def ramps(power_w: Signal, windows_s: tuple[float, ...] = WINDOWS_S) -> list[Ramp]:
    """Return the fastest changes of `power_w` for windows of some lengths; those too long are left out.

    Examples
    --------
    >>> step = Signal([0.0, 60.0, 120.0], [5e6, 13e6], "W")
    >>> round(ramps(step, (60.0,))[0].rate_w_s * 60 / 1e6, 6)
    8.0
    """
    found = []
    for window in windows_s:
        if power_w.end_s - power_w.start_s < 2 * window:
            continue
        change = np.diff(power_w.mean(window).values)
        found.append(Ramp(window, float(max(change.max(), 0.0)), float(max(-change.min(), 0.0))))
    return found


def ballast(power_w: Float64, step_s: float, limit_w_s: float) -> Smoothing:
    r"""Return the least power above `power_w` that never changes faster than `limit_w_s`.

    Parameters
    ----------
    power_w
        Power in equal steps [W], shape (n,).
    step_s
        Length of a step [s].
    limit_w_s
        Largest change of power over time [W/s].

    Raises
    ------
    SpecError
        The limit is not positive.

    Notes
    -----
    That is software which keeps chips busy while a job waits: power is burnt, none is stored. The least such
    power is the upper Lipschitz envelope :math:`\max_s (P(s) - r |t - s|)`.
    """
    upper = _envelope(np.asarray(power_w, np.float64), step_s, limit_w_s)
    extra = upper - power_w
    return Smoothing(upper, float(extra.sum() * step_s), 0.0, float(extra.max(initial=0.0)))


def storage(power_w: Float64, step_s: float, limit_w_s: float, one_way_frac: float = 0.97) -> Smoothing:
    """Return what a battery beside the load makes of `power_w`; parameters as for :func:`ballast`.

    `one_way_frac` is its efficiency of charging, and again of discharging.

    Notes
    -----
    The grid sees the middle between the upper and the lower envelope, which changes no faster than either.
    Between two excursions there is time to bring the battery back to its level, so that it has to hold what
    the largest of them asks for; what bringing it back loses is counted.
    """
    power = np.asarray(power_w, np.float64)
    upper, lower = _envelope(power, step_s, limit_w_s), -_envelope(-power, step_s, limit_w_s)
    seen = (upper + lower) / 2.0
    into = seen - power
    stored = np.where(into > 0, into * one_way_frac, into / one_way_frac) * step_s
    lost = np.where(into > 0, into * (1 - one_way_frac), -into * (1 / one_way_frac - 1)).sum() * step_s
    span, back = _excursions(stored, np.abs(into) > 1e-9 * max(1.0, float(np.abs(power).max(initial=0.0))))
    lost += np.where(back > 0, back * (1 - one_way_frac), -back * (1 / one_way_frac - 1)).sum()
    return Smoothing(seen, float(lost), span, float(np.abs(into).max(initial=0.0)))


def _excursions(stored_j: Float64, busy: np.ndarray) -> tuple[float, Float64]:
    """Return what the largest excursion asks a battery to hold [J], and what each leaves in it [J]."""
    edges = np.diff(np.concatenate(([False], busy, [False])).astype(np.int8))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if len(first) == 0:
        return 0.0, np.zeros(0)
    level = np.concatenate(([0.0], np.cumsum(np.where(busy, stored_j, 0.0))))
    # with the level before it, an excursion of the steps a..b-1 has the levels a..b
    spans = [float(np.ptp(level[a : b + 1])) for a, b in zip(first, last, strict=True)]
    return max(spans), np.asarray(level[last] - level[first], np.float64)


def _envelope(power: Float64, step_s: float, limit_w_s: float) -> Float64:
    if not (np.isfinite(limit_w_s) and limit_w_s > 0):
        raise SpecError(f"a limit of {limit_w_s} W/s: expected more than 0")
    slope = limit_w_s * step_s * np.arange(len(power))
    before = np.maximum.accumulate(power + slope) - slope
    after = np.maximum.accumulate((power - slope)[::-1])[::-1] + slope
    return np.asarray(np.maximum(before, after), np.float64)


__all__ = ["WINDOWS_S", "Ramp", "Smoothing", "ballast", "ramps", "storage"]
