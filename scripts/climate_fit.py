"""Fit the statistics of a climate to hourly series, and write them as a catalogue file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from exatwin.catalogue.climate import Climate, Variable
from exatwin.facility.calendar import day_kind, hour, month
from exatwin.facility.climate import (
    generate,
    mean_score,
    memory,
    month_mean_variance,
    noise,
    spread_score,
    warmth,
)
from exatwin.facility.psychrometrics import saturation_pressure_pa

SCORES = np.round(np.linspace(-3.86, 3.86, 33), 4)
PERSISTENCE_H = (2.0, 3.0, 10.0, 36.0, 120.0, 60.0)
PERIOD_H = (0.0, 0.0, 0.0, 0.0, 0.0, 24.0)
SMOOTH = (0, 1, 1, 0, 0, 0)
LAGS = np.array(
    [0, 1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24, 27, 30, 36, 42, 48, 60, 72, 96, 120, 144, 168, 216]
)
FLOOR = 5e-4  # keeps the matrices positive when they are rounded to four decimals
SUPPLIES_C = (20, 25, 30, 32, 36, 40)
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Series:
    """Hourly values of one year, NaN where they say nothing."""

    hours: np.ndarray
    """UTC, shape (n,)."""
    clock: np.ndarray
    """What the clock of the tables shows, shape (n,)."""
    values: dict[str, np.ndarray]


@dataclass(frozen=True)
class Fit:
    """All that is fitted."""

    order: list[str]
    variables: dict[str, Variable]
    cold: np.ndarray
    warm: np.ndarray
    moisture: np.ndarray | None = None

    @classmethod
    def of(
        cls, data: Series, order: list[str], linear: tuple[str, ...], weekly: tuple[str, ...] = (),
        hidden: tuple[str, ...] = (),
    ) -> Fit:  # fmt: skip
        """Return the statistics of `data`.

        Parameters
        ----------
        order
            Variables in the order of the matrices.
        linear
            Those whose score is their value.
        weekly
            Those with a rhythm of the week.
        hidden
            Those that only drive others: nothing but their correlations are kept.
        """
        variables, normal = {}, []
        for name in order:
            variable, anomaly = fit_variable(data, name, name in linear, name in weekly)
            normal.append(anomaly)
            if name not in hidden:
                variables[name] = variable
        w = warmth(data.hours)
        cold = fit_matrices(np.stack(normal), 1 - w)
        warm = fit_matrices(np.stack(normal), w)
        fit = cls(order, variables, cold, warm)
        for _ in range(3):
            fit = fit.settled(data)
        return fit

    def settled(self, data: Series) -> Fit:
        """Return the fit with level curves that give drawn years the distribution and means of the data."""
        plain = {
            name: variable.model_copy(update={"levels": []}) for name, variable in self.variables.items()
        }
        years = draw_years(replace(self, variables=plain), data)
        variables = dict(self.variables)
        for name, variable in self.variables.items():
            if variable.levels:
                raw = data.values[name]
                good = np.isfinite(raw)
                drawn = np.sort(np.concatenate([y[name][good] for y in years]))
                share = (np.searchsorted(drawn, SCORES) + 0.5) / (len(drawn) + 1)
                levels = np.quantile(raw[good], share, method="hazen")
                levels[0], levels[-1] = raw[good].min(), raw[good].max()
                variables[name] = hold_means(
                    data, variable.model_copy(update={"levels": levels.tolist()}), raw
                )
        return replace(self, variables=variables)


def draw_years(fit: Fit, data: Series) -> list[dict[str, np.ndarray]]:
    """Return eight drawn years, with noise that no one else uses."""
    shell = Climate.model_construct(
        scores=SCORES.tolist(), persistence_h=list(PERSISTENCE_H), period_h=list(PERIOD_H),
        smooth=list(SMOOTH), cold=fit.cold.tolist(), warm=fit.warm.tolist(), order=fit.order,
        variables=fit.variables,
        clock="UTC" if np.array_equal(data.hours, data.clock) else "Europe/Berlin",
    )  # fmt: skip
    last = int(data.hours[-1].astype("datetime64[Y]").astype(int)) + 1970
    return [generate(shell, last, noise(shell, seed, "fit")) for seed in range(8)]


def scores_of(values: np.ndarray) -> np.ndarray:
    """Return the standard normal score of each value by its rank; ties share theirs."""
    good = np.isfinite(values)
    _, inverse, count = np.unique(values[good], return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / good.sum()
    table = np.array([_NORMAL.inv_cdf(p) for p in middle])
    result = np.full(len(values), np.nan)
    result[good] = table[inverse]
    return result


def quantiles(values: np.ndarray) -> np.ndarray:
    """Return the quantiles at the standard scores; the ends are the extremes."""
    good = values[np.isfinite(values)]
    found = np.quantile(good, [_NORMAL.cdf(s) for s in SCORES], method="hazen")
    found[0], found[-1] = good.min(), good.max()
    return found


def month_hour(data: Series, values: np.ndarray, what: str) -> np.ndarray:
    """Return the mean or standard deviation by month and hour; others take that of the month."""
    table = np.zeros((12, 24))
    m, h = month(data.clock), hour(data.clock)
    for i in range(12):
        whole = values[m == i]
        for j in range(24):
            cell = values[(m == i) & (h == j)]
            cell = cell[np.isfinite(cell)]
            if len(cell) < 10:
                cell = whole[np.isfinite(whole)]
            table[i, j] = cell.mean() if what == "mean" else cell.std(ddof=1)
    return table


def fit_variable(data: Series, name: str, linear: bool, weekly: bool) -> tuple[Variable, np.ndarray]:
    """Return the tables and curves of one variable, and its anomalies as standard normal numbers."""
    raw = data.values[name]
    score = raw.copy() if linear else scores_of(raw)
    week: list[list[float]] = []
    if weekly:
        week = weekly_shift(data, score).tolist()
    variable = Variable.model_construct(
        unit="", levels=[] if linear else quantiles(raw).tolist(), shape=[], week=week, stand_in="",
        mean=np.zeros((12, 24)).tolist(), spread=np.ones((12, 24)).tolist(),
    )  # fmt: skip
    shift = mean_score(variable, data.clock)
    variable = variable.model_copy(update={"mean": month_hour(data, score - shift, "mean").tolist()})
    rest = score - mean_score(variable, data.clock)
    variable = variable.model_copy(update={"spread": month_hour(data, rest, "spread").tolist()})
    standard = rest / spread_score(variable, data.clock)
    standard = (standard - np.nanmean(standard)) / np.nanstd(standard)
    variable = variable.model_copy(update={"shape": quantiles(standard).tolist()})
    if not linear:
        variable = hold_means(data, variable, raw)
    return variable, scores_of(standard)


def weekly_shift(data: Series, score: np.ndarray) -> np.ndarray:
    """Return by how much the score departs from its mean on workdays, Saturdays, Sundays, by hour."""
    rest = score - month_hour(data, score, "mean")[month(data.clock), hour(data.clock)]
    kind, h = day_kind(data.clock), hour(data.clock)
    shift = np.array([[np.nanmean(rest[(kind == k) & (h == j)]) for j in range(24)] for k in range(3)])
    return shift - (5 * shift[0] + shift[1] + shift[2]) / 7


def hold_means(data: Series, variable: Variable, raw: np.ndarray) -> Variable:
    """Return `variable` with mean scores such that the expected values have the means of the data."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(25)
    weights = weights / weights.sum()
    shaped = np.interp(nodes, SCORES, variable.shape)
    levels = np.array(variable.levels)
    spread = spread_score(variable, data.clock)[:, None] * shaped
    mask = np.isfinite(raw)
    target = month_hour(data, raw, "mean")
    slope = np.gradient(levels, SCORES)
    for _ in range(25):
        score = mean_score(variable, data.clock)[:, None] + spread
        model = np.where(mask, np.interp(score, SCORES, levels) @ weights, np.nan)
        rise = np.where(mask, np.interp(score, SCORES, slope) @ weights, np.nan)
        gap = (target - month_hour(data, model, "mean")) / np.maximum(month_hour(data, rise, "mean"), 1e-12)
        table = np.array(variable.mean) + 0.7 * np.clip(gap, -0.3, 0.3)
        variable = variable.model_copy(update={"mean": table.tolist()})
    return variable


def covariances(normal: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the covariance of anomalies at each lag, symmetric, shape (lags, variables, variables)."""
    size, n = normal.shape
    good = np.isfinite(normal)
    filled = np.where(good, normal, 0.0)
    found = np.zeros((len(LAGS), size, size))
    for k, lag in enumerate(LAGS):
        w = weight[: n - lag]
        a, b = filled[:, : n - lag], filled[:, lag:]
        ga, gb = good[:, : n - lag] * 1.0, good[:, lag:] * 1.0
        c = ((a * w) @ b.T) / np.maximum((ga * w) @ gb.T, 1.0)
        found[k] = (c + c.T) / 2
    return found


def fit_matrices(normal: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return positive semidefinite matrices whose components decay as the covariances do.

    Notes
    -----
    Least squares over the lags by projected gradients with momentum; each component counts without the
    variance of its monthly mean, which the generator takes out, and the variance without lag is 1.
    """
    shell = Climate.model_construct(
        persistence_h=list(PERSISTENCE_H), period_h=list(PERIOD_H), smooth=list(SMOOTH)
    )
    gone = month_mean_variance(shell)
    decay = memory(shell, LAGS) - gone
    target = covariances(normal, weight)
    weights = np.where(LAGS <= 24, 2.0, 1.0)
    weights[0] = 8.0
    gram = decay.T @ (weights[:, None] * decay)
    right = np.einsum("tk,t,tij->kij", decay, weights, target)
    step = 1.0 / np.linalg.eigvalsh(gram).max()
    found = before = np.zeros((decay.shape[1], *target.shape[1:]))
    for i in range(6000):
        ahead = found + i / (i + 3) * (found - before)
        before = found
        found = _positive(ahead - step * (np.einsum("kl,lij->kij", gram, ahead) - right))
    found = found + FLOOR * np.eye(target.shape[1])
    scale = 1 / np.sqrt(np.einsum("k,kii->i", 1 - gone, found))
    return found * scale[None, :, None] * scale[None, None, :]


def _positive(matrices: np.ndarray) -> np.ndarray:
    value, vector = np.linalg.eigh((matrices + matrices.transpose(0, 2, 1)) / 2)
    return np.einsum("kij,kj,klj->kil", vector, np.maximum(value, 0.0), vector)


def give_humidity(fit: Fit, donor: Fit, name: str) -> Fit:
    """Return `fit` with the dew point, month by month, as far below the temperature as at another place.

    The hours of the day are the donor's: the moisture of the air hardly follows a place's daily swing.
    """
    size = len(fit.order)

    def extend(own: np.ndarray, other: np.ndarray) -> np.ndarray:
        lower = np.zeros((len(own), size + 1, size + 1))
        lower[:, :size, :size] = np.linalg.cholesky(own + 1e-9 * np.eye(size))
        lower[:, size, :] = np.linalg.cholesky(other + 1e-9 * np.eye(size + 1))[:, size, :]
        return lower @ lower.transpose(0, 2, 1) + FLOOR * np.eye(size + 1)

    air, there, dew = fit.variables["air"], donor.variables["air"], donor.variables["dew"]
    mean = _monthly(air.mean) - _monthly(there.mean) + np.array(dew.mean)
    spread = np.array(dew.spread) * np.minimum(_monthly(air.spread) / _monthly(there.spread), 1.0)
    dew = dew.model_copy(update={"stand_in": name, "mean": mean.tolist(), "spread": spread.tolist()})
    return replace(
        fit, order=[*fit.order, "dew"], variables={**fit.variables, "dew": dew}, moisture=donor.moisture,
        cold=extend(fit.cold, donor.cold), warm=extend(fit.warm, donor.warm),
    )  # fmt: skip


def _monthly(table: list[list[float]]) -> np.ndarray:
    """Return the mean of each month over the hours of the day, shape (12, 1)."""
    return np.array(table).mean(axis=1, keepdims=True)


def fit_moisture(fit: Fit, data: Series, humidity: np.ndarray) -> Fit:
    """Return `fit` with the curve that gives drawn vapour pressures the distribution of measured humidity.

    Notes
    -----
    Temperature and dew point are drawn apart, so that the dew point may lie above: such air is saturated or
    nearly so. The curve maps quantiles of eight drawn years, of seeds that no one uses, to those of the
    humidity.
    """
    years = draw_years(fit, data)
    drawn = [saturation_pressure_pa(y["dew"]) / saturation_pressure_pa(y["air"]) for y in years]
    return replace(fit, moisture=np.stack([quantiles(np.concatenate(drawn)), quantiles(humidity)]))


def describe(values: np.ndarray) -> dict[str, float]:
    """Return mean, spread, percentiles and autocorrelation over the year."""
    good = values[np.isfinite(values)]
    found = {"mean": good.mean(), "std": good.std()}
    found |= {f"p{q}": np.percentile(good, q) for q in (1, 5, 50, 95, 99)}
    if len(good) == len(values):
        found |= {f"lag{k}h": np.corrcoef(values[:-k], values[k:])[0, 1] for k in (1, 24)}
    return {key: float(value) for key, value in found.items()}


def free_cooling(needed_k: np.ndarray) -> dict[str, float]:
    """Return the hours in which water of each supply temperature [degC] is made without a chiller."""
    return {f"s{c}": float((needed_k - 273.15 <= c + 1e-9).sum()) for c in SUPPLIES_C}


def write(
    path: Path, name: str, title: str, fit: Fit, measured: dict[str, dict[str, float]], *,
    source: tuple[str, str], clock: str, units: dict[str, str], position: tuple[float, float] | None = None,
    links: dict[str, tuple[float, str]] | None = None,
) -> None:  # fmt: skip
    """Write a catalogue file; every number in it names its source."""
    mark = ', source = "DATA", quality = "derived" }'
    lines = [
        "# Computed by a script in the scripts folder from the source below; statistics, not series.",
        f'name = "{name}"', f'title = "{title}"', f'clock = "{clock}"',
        f"order = {_texts(fit.order)}",
    ]  # fmt: skip
    if position:
        for key, value in zip(("latitude", "longitude"), position, strict=True):
            lines.append(f'{key} = {{ value = "{value} deg", source = "PLACE", quality = "assumed" }}')
    if fit.moisture is not None:
        lines.append(f"moisture = {{ value = [{', '.join(_row(row) for row in fit.moisture)}]{mark}")
    for key, (value, note) in (links or {}).items():
        lines.append(
            f'{key} = {{ value = {_number(value)}, source = "LINK", quality = "assumed", note = "{note}" }}'
        )
    for key, row in (
        ("scores", SCORES),
        ("persistence_h", PERSISTENCE_H),
        ("period_h", PERIOD_H),
        ("smooth", SMOOTH),
    ):
        lines.append(f"{key} = {{ value = {_row(row)}{mark}")
    for key, matrices in (("cold", fit.cold), ("warm", fit.warm)):
        body = ",\n".join("  [" + ", ".join(_row(r) for r in np.round(m, 4)) + "]" for m in matrices)
        lines.append(f"{key} = {{ value = [\n{body},\n]{mark}")
    for key, variable in fit.variables.items():
        lines += ["", f"[variables.{key}]", f'unit = "{units[key]}"']
        if variable.stand_in:
            lines.append(f'stand_in = "{variable.stand_in}"')
        lines += _variable(variable, mark)
    lines += ["", "[measured]"]
    for key, numbers in measured.items():
        body = ", ".join(f"{k} = {_number(v)}" for k, v in numbers.items())
        lines.append(f"{key} = {{ value = {{ {body} }}{mark}")
    lines += ["", "[sources.DATA]", f'title = "{source[0]}"', f'url = "{source[1]}"', 'as_of = "2026-11-22"']
    if position:
        lines += ["", "[sources.PLACE]", 'title = "Position on the map, to a hundredth of a degree"']
    if links:
        lines += [
            "",
            "[sources.LINK]",
            'title = "NSRDB of NREL, 2019: correlation of anomalies between cities"',
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _variable(variable: Variable, mark: str) -> list[str]:
    curves = [("levels", variable.levels), ("shape", variable.shape)]
    lines = [f"{key} = {{ value = {_row(curve)}{mark}" for key, curve in curves if curve]
    for key in ("mean", "spread", "week"):
        table: Any = getattr(variable, key)
        if table:
            body = ",\n".join("  " + _row(row) for row in table)
            lines.append(f"{key} = {{ value = [\n{body},\n]{mark}")
    return lines


def _texts(items: list[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


def _number(value: float) -> str:
    """Four digits, or two decimals where that says more."""
    size = abs(value)
    text = f"{value:.1f}" if size >= 10000 else f"{value:.2f}" if size >= 100 else f"{value:.4g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _row(values: Any) -> str:
    return "[" + ", ".join(_number(float(v)) for v in values) + "]"
