"""Years drawn from the statistics of a climate: anomalies that persist and belong together.

A year is drawn in three steps. White noise, one stream for each variable and month, is turned into components
that decay (or swing with the day) over the times of the file; the matrices of the season mix them into one
standard normal anomaly for each variable; the tables and curves of the file turn that into values. The mean
of each month is taken out of the anomalies, so that every year has the climate of its source and the seed
decides only the order of events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exatwin.catalogue.climate import Climate, Variable
from exatwin.facility.calendar import Times, berlin, day_kind, hour, month
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.random import stream

_MONTH_H = 730.5  # mean length of a month
_SPIN_UP_MONTHS = 2  # noise before all that is used, so that its first hours remember something
_MARGIN_MONTHS = 2  # months before and after a year whose means shape its ends, so that years join

Noise = Callable[[str, int], Float64]


def hours_of(year: int) -> Times:
    """Return the beginnings of the hours of the UTC calendar year `year`."""
    first = np.datetime64(f"{year:04d}-01-01T00", "h")
    return np.arange(first, np.datetime64(f"{year + 1:04d}-01-01T00", "h"))


def noise(climate: Climate, seed: int, who: str) -> Noise:
    """Return the source of white noise that belongs to `seed` and to `who`.

    Returns
    -------
    draw
        Function of a variable's name and a year; gives standard normal numbers for the year and some months
        around it, shape (channels, hours). A periodic component takes two channels.
    """
    channels = _channels(climate)

    def draw(name: str, year: int) -> Float64:
        months = _months_around(year, _SPIN_UP_MONTHS + _MARGIN_MONTHS, _MARGIN_MONTHS)
        sizes = ((months + 1).astype("datetime64[h]") - months.astype("datetime64[h]")).astype(int)
        parts = [
            stream(seed, who, name, str(m)).standard_normal((channels, n))
            for m, n in zip(months, sizes, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    return draw


def linked(own: Noise, other: Noise, links: dict[str, float]) -> Noise:
    """Return `own` noise that goes with that of the `other` by `links` for the variables named there."""

    def draw(name: str, year: int) -> Float64:
        ρ = links.get(name, 0.0)
        return own(name, year) if ρ == 0.0 else ρ * other(name, year) + np.sqrt(1 - ρ * ρ) * own(name, year)

    return draw


def generate(climate: Climate, year: int, draw: Noise) -> dict[str, Float64]:
    """Return one calendar year of UTC hours, in the units of the file.

    Parameters
    ----------
    climate
        The statistics.
    year
        Which year.
    draw
        The white noise, from :func:`noise`.

    Returns
    -------
    values
        By variable, shape (hours of the year,).
    """
    clock = clock_times(climate, hours_of(year))
    anomaly = anomalies(climate, year, draw)
    return {
        name: apply(variable, climate.scores, clock, anomaly[climate.order.index(name)])
        for name, variable in climate.variables.items()
    }


def clock_times(climate: Climate, hours: Times) -> Times:
    """Return what the clock of the climate's tables shows at `hours` of UTC."""
    return berlin(hours) if climate.clock == "Europe/Berlin" else hours


def apply(variable: Variable, scores: list[float], clock: Times, anomaly: Float64) -> Float64:
    """Return the values of `variable` for standard normal anomalies, shape (hours,)."""
    shaped = np.interp(anomaly, scores, variable.shape) if variable.shape else anomaly
    score = mean_score(variable, clock) + spread_score(variable, clock) * shaped
    return np.interp(score, scores, variable.levels) if variable.levels else score


def mean_score(variable: Variable, clock: Times) -> Float64:
    """Return the mean score of `variable` at each time of its clock, the week's rhythm included."""
    mean = table_at(np.array(variable.mean), clock)
    if variable.week:
        mean = mean + np.array(variable.week)[day_kind(clock), hour(clock)]
    return mean


def spread_score(variable: Variable, clock: Times) -> Float64:
    """Return the standard deviation of the score at each time of its clock."""
    return table_at(np.array(variable.spread), clock, keep_means=False)


def table_at(table: Float64, clock: Times, keep_means: bool = True) -> Float64:
    """Return a table by month and hour of day, read without jumps between months.

    Parameters
    ----------
    table
        Values by month and hour, shape (12, 24).
    clock
        Hours of at least one year when `keep_means`, shape (n,).
    keep_means
        Whether the mean of each month shall stay that of the table, although the curve between mid-months is
        straight.
    """
    lower, fraction = _between_months(clock)
    upper = (lower + 1) % 12
    knots = (
        np.linalg.solve(_weights(month(clock), lower, upper, fraction, 12), table) if keep_means else table
    )
    at = hour(clock)
    result: Float64 = (1 - fraction) * knots[lower, at] + fraction * knots[upper, at]
    return result


def _between_months(clock: Times) -> tuple[Int64, Float64]:
    """Return the month whose middle lies before each time, and how far the next middle has come near."""
    first = clock.astype("datetime64[M]")
    begin = first.astype("datetime64[h]")
    length = ((first + 1).astype("datetime64[h]") - begin).astype(np.float64)
    position = (
        month(clock) + (((clock - begin).astype("timedelta64[h]").astype(np.float64) + 0.5) / length) - 0.5
    )
    lower = np.floor(position)
    return lower.astype(np.int64) % 12, position - lower


def _weights(at: Int64, lower: Int64, upper: Int64, fraction: Float64, count: int) -> Float64:
    """Return by how much each mid-month value counts in the mean of each month, shape (months, months)."""
    weights = np.bincount(at * count + lower, 1 - fraction, minlength=count * count)
    weights += np.bincount(at * count + upper, fraction, minlength=count * count)
    matrix = weights.reshape(count, count)
    result: Float64 = matrix / matrix.sum(axis=1, keepdims=True)
    return result


def anomalies(climate: Climate, year: int, draw: Noise) -> Float64:
    """Return standard normal anomalies of one year, shape (variables, hours)."""
    months = _months_around(year, _MARGIN_MONTHS, _MARGIN_MONTHS)
    hours = np.arange(months[0].astype("datetime64[h]"), (months[-1] + 1).astype("datetime64[h]"))
    parts = np.stack([_components(climate, draw(name, year))[:, -len(hours) :] for name in climate.order])
    stacked = parts.transpose(1, 0, 2).reshape(-1, len(hours))
    cold, warm = (np.linalg.cholesky(np.array(m)) for m in (climate.cold, climate.warm))
    w = warmth(hours)
    mixed = (1 - w) * (_wide(cold) @ stacked) + w * (_wide(warm) @ stacked)
    mixed /= np.sqrt(_variance(climate, cold, warm, w))
    first = int(np.searchsorted(hours, hours_of(year)[0]))
    result: Float64 = (mixed - _slow(hours, mixed))[:, first : first + len(hours_of(year))]
    return result


def _slow(hours: Times, rows: Float64) -> Float64:
    """Return the curve through mid-months that has the mean of `rows` in each month, shape of `rows`."""
    _, at = np.unique(hours.astype("datetime64[M]"), return_inverse=True)
    count = int(at[-1]) + 1
    lower, fraction = _between_months(hours)
    below = at - (lower != month(hours))
    ends = np.clip(below, 0, count - 1), np.clip(below + 1, 0, count - 1)
    means = np.stack([np.bincount(at, row, count) for row in rows], axis=1) / np.bincount(at)[:, None]
    knots = np.linalg.solve(_weights(at, *ends, fraction, count), means).T
    result: Float64 = (1 - fraction) * knots[:, ends[0]] + fraction * knots[:, ends[1]]
    return result


def _months_around(year: int, before: int, after: int) -> Times:
    """Return the months of `year` and of some time before and after."""
    first = np.datetime64(f"{year:04d}-01", "M")
    return np.arange(first - before, first + 12 + after)


def warmth(hours: Times) -> Float64:
    """Return how far each hour is from midwinter (0) on the way to midsummer (1) of the northern year."""
    days = (hours - hours.astype("datetime64[Y]")).astype("timedelta64[h]").astype(np.float64) / 24
    warm: Float64 = np.clip(0.5 - 0.75 * np.cos(2 * np.pi * (days - 15) / 365.2422), 0.0, 1.0)
    return warm


def memory(climate: Climate, lags_h: ArrayLike) -> Float64:
    """Return the autocorrelation of each component, shape (lags, components).

    Notes
    -----
    With the factor φ of an hour, φ^τ for one that only decays, times a cosine for a periodic one, and
    φ^τ (1 + τ (1 - φ²) / (1 + φ²)) for a smooth one, which is remembered twice.
    """
    τ = np.asarray(lags_h, np.float64)[:, None]
    φ = np.exp(-1 / np.array(climate.persistence_h))
    turn = np.array([2 * np.pi / period if period > 0 else 0.0 for period in climate.period_h])
    smooth = np.array(climate.smooth) * τ * (1 - φ**2) / (1 + φ**2)
    result: Float64 = φ**τ * np.cos(τ * turn) * (1 + smooth)
    return result


def month_mean_variance(climate: Climate) -> Float64:
    """Return the variance of each component's mean over a month, shape (components,)."""
    τ = np.arange(1, round(_MONTH_H))
    n = len(τ) + 1
    result: Float64 = (n + 2 * ((n - τ)[:, None] * memory(climate, τ)).sum(axis=0)) / n**2
    return result


def _wide(factors: Float64) -> Float64:
    """Return factors (components, rows, columns) side by side, shape (rows, components × columns)."""
    return factors.transpose(1, 0, 2).reshape(factors.shape[1], -1)


def _variance(climate: Climate, cold: Float64, warm: Float64, w: Float64) -> Float64:
    """Return the variance of the mixed anomalies without the means of months, shape (variables, hours)."""
    left = (1 - month_mean_variance(climate))[:, None, None]
    cc, cw, ww = (
        (left * a * b).sum(axis=(0, 2))[:, None] for a, b in ((cold, cold), (cold, warm), (warm, warm))
    )
    result: Float64 = (1 - w) ** 2 * cc + 2 * w * (1 - w) * cw + w**2 * ww
    return result


def _channels(climate: Climate) -> int:
    return len(climate.period_h) + sum(period > 0 for period in climate.period_h)


def _components(climate: Climate, white: Float64) -> Float64:
    """Return the unit-variance components of one variable, shape (components, hours)."""
    made = []
    channel = 0
    for lifetime, period, smooth in zip(climate.persistence_h, climate.period_h, climate.smooth, strict=True):
        φ = np.exp(-1 / lifetime)
        if period > 0:
            turning = φ * np.exp(2j * np.pi / period)
            made.append(_remember(white[channel] + 1j * white[channel + 1], turning).real)
            channel += 2
            continue
        row = _remember(white[channel], φ)
        if smooth:
            row = _remember(row, φ) * np.sqrt((1 - φ**2) / (1 + φ**2))
        made.append(row)
        channel += 1
    return np.stack(made)


def _remember(white: NDArray[Any], factor: complex) -> NDArray[Any]:
    """Return x with x[t] = factor x[t-1] + noise, of the noise's variance, in log2(n) vector operations."""
    x: NDArray[Any] = white * np.sqrt(1 - abs(factor) ** 2)
    shift = 1
    while shift < len(x) and abs(factor) > 1e-9:
        x[shift:] += factor * x[:-shift]
        factor *= factor
        shift *= 2
    return x
