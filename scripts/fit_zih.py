"""Calibrate the model of the ZIH hall on its telemetry, and record how well it predicts days left out.

Usage: python scripts/fit_zih.py DATA_FOLDER

Each part of the hall has its own meter, so each part is fitted by itself on what its meter said, with
measured inputs (least squares); the parts are chained only to be tested. Intervals of 95 % come from the
Jacobian of each fit, with residuals taken to be independent from day to day but not from hour to hour
(cluster-robust sandwich, Student's t with one degree of freedom less than days). The thresholds of the
fans, which no derivative sees, have the range of their best values with each day left out in turn.

Where a part of the month shows nothing of a part of the hall (its first half has one hour of heat pumps at
work and none with still fans), neutral values stand in that were chosen without looking: the heat pumps'
efficiency of 0.59 that others assume, a station without a cap, fans that never stand still.

Hours in which the extraction station stood still, and the two after each, are left out of the station's
fit: they are decisions of its operators. They count in every error that is reported.

The script writes the parameters into ``cooling/zih.toml``, their intervals to ``calibration/zih-hall.csv``,
what a winter month cannot tell to ``calibration/zih-hall-limits.csv``, and the errors to
``calibration/zih-hall-errors.csv``.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import t as student

from exatwin.catalogue.plant import Cooling
from exatwin.catalogue.reuse import Hall
from exatwin.facility.hall import extracted_w, fan_w, hot_w_k, run_hall, still_coolers
from exatwin.facility.heat import HeatPump
from exatwin.foundation.arrays import Float64
from exatwin.study.validation.zih import Telemetry, hall_cooling, read_telemetry, telemetry_files
from exatwin.study.validation.zih_scores import HEAT_PUMP_FROM_W, Score, compare, score

DATA = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data"
UNITS = {"_w_k": (1e3, "kW/K"), "_j_k": (3.6e6, "kWh/K"), "_w": (1e3, "kW"), "_s": (1.0, "s")}
STILL_W = 50.0
"""Fans below this stand still: their meter reads 0.14 to -0.05 kW then."""
FEWEST = 20
"""Fewer hours than this of a part at work do not fit it."""
FEWER_COOLERS = range(11, 19)
"""Days of March on which the fans took about twice as much for the same heat, as if a cooler had been out.
The fit of what the fans take holds them all the same, since the days to predict may be such; what the month
can tell of the fans' law is found without them."""


@dataclass(frozen=True)
class Part:
    """The fit of one part: names, values, their covariance by days, and the correlation of the Jacobian."""

    names: tuple[str, ...]
    values: Float64
    covariance: Float64
    correlation: Float64
    days: int

    def interval(self, index: int) -> tuple[float, float]:
        """Return the 95 % interval of one parameter."""
        half = student.ppf(0.975, self.days - 1) * np.sqrt(self.covariance[index, index])
        return float(self.values[index] - half), float(self.values[index] + half)


def fit(
    names: tuple[str, ...], start: list[float], residual: Callable[[Float64], Float64], day: Float64
) -> Part:
    """Return the least-squares fit of `residual`, whose rows belong to `day`."""
    scale = np.asarray(start)
    found = least_squares(lambda z: residual(z * scale), np.ones(len(start)), diff_step=1e-4)
    bread = np.linalg.pinv(found.jac.T @ found.jac)
    groups = np.unique(day)
    sums = np.array([found.jac[day == g].T @ found.fun[day == g] for g in groups])
    robust = bread @ (sums.T @ sums) @ bread * len(groups) / max(len(groups) - 1, 1)
    deviation = np.sqrt(np.maximum(np.diag(bread), 1e-300))
    outer = np.outer(scale, scale)
    seen = np.abs(found.jac).sum(axis=0) > 1e-9
    values = np.where(seen, found.x, 1.0) * scale
    return Part(names, values, robust * outer, bread / np.outer(deviation, deviation), len(groups))


def fit_all(given: Telemetry, before: Cooling) -> tuple[Cooling, list[Part]]:
    """Return the cooling plant with parameters fitted to `given`, and the fits."""
    plant, parts = neutral(before), []
    for step in (heat_pump, standby, station, loop_pumps, station_pump, thresholds, fans, turning, standing):
        part = step(given, plant)
        if part is not None:
            parts.append(part)
            plant = put(plant, part)
    return plant, parts


def neutral(plant: Cooling) -> Cooling:
    """Return `plant` with values for what a part of the month may not show, chosen without looking."""
    names = ("carnot_frac", "station_max_w", "still_off_w_k", "still_on_w_k", "warm_up_j_k")
    values = np.array([0.59, 2e6, 1e3, 2e3, 0.0])
    return put(plant, Part(names, values, np.zeros((5, 5)), np.eye(5), 2))


def put(plant: Cooling, part: Part) -> Cooling:
    """Return `plant` with the parameters of `part`."""
    hall, reuse = plant.hall, plant.reuse
    assert hall is not None
    assert reuse is not None
    assert reuse.heat_pump is not None
    values = dict(zip(part.names, map(float, part.values), strict=True))
    own = {k: v for k, v in values.items() if k in Hall.model_fields}
    lift = {k: v for k, v in values.items() if k in ("carnot_frac", "standby_w")}
    pump = reuse.heat_pump.model_copy(update=lift)
    changed = {"hall": hall.model_copy(update=own), "reuse": reuse.model_copy(update={"heat_pump": pump})}
    return plant.model_copy(update=changed)


def heat_pump(given: Telemetry, plant: Cooling) -> Part | None:
    """Fit the second-law efficiency on the hours above 50 kW."""
    rows = given.take(given.meters.heat_pump_w > HEAT_PUMP_FROM_W)
    source = plant.supply_k + plant.range_k
    sink = np.maximum(rows.inputs.sink_k, plant.hall.sink_min_k)

    def residual(p: Float64) -> Float64:
        pump = HeatPump(np.inf, p[0], 99.0, 1.0, 0.0)
        # without the term of a constant share, which is zero times an endless rating
        return rows.inputs.lifted_w / pump.cop(source, sink) - rows.meters.heat_pump_w

    return fit(("carnot_frac",), [0.6], residual, rows.day) if len(rows) >= FEWEST else None


def standby(given: Telemetry, plant: Cooling) -> Part:
    """Fit what the heat pumps take while they give no heat."""
    rows = given.take(given.inputs.lifted_w <= 0.0)
    return fit(("standby_w",), [1e3], lambda p: p[0] - rows.meters.heat_pump_w, rows.day)


def station(given: Telemetry, plant: Cooling) -> Part:
    """Fit lag, cap, losses and the warming of circuits, without the hours in which operators had it off."""
    off = given.meters.extracted_w < 1e3
    spared = off | np.append(False, off[:-1]) | np.append([False, False], off[:-2])
    names = ("station_lag_s", "station_loss_w", "station_max_w", "warm_up_j_k")
    start = [1200.0, 3e3, 1.09e6, 2.3e7]
    if np.count_nonzero(given.meters.heat_pump_w > HEAT_PUMP_FROM_W) < FEWEST:
        names, start = names[:2], start[:2]  # no cap is reached and no circuit warms
    heat_pump_w = given.meters.heat_pump_w

    def residual(p: Float64) -> Float64:
        hall = plant.hall.model_copy(update=dict(zip(names, p, strict=True)))
        return (extracted_w(hall, given.inputs, heat_pump_w) - given.meters.extracted_w)[~spared]

    return fit(names, start, residual, given.day[~spared])


def needed_w_k(given: Telemetry, share: float) -> Float64:
    """Return the conductance that the measured rest of the heat needs [W/K]."""
    rest = share * given.inputs.it_w - given.meters.extracted_w
    return rest / (given.inputs.supply_k - given.inputs.air_k)


def fans(given: Telemetry, plant: Cooling) -> Part:
    """Fit the fans while they turn."""
    rows = _turning_fans(given)
    hot = _hot_w_k(rows, plant)

    def residual(p: Float64) -> Float64:
        hall = plant.hall.model_copy(update={"fan_w": p[0]})
        return fan_w(hall, hot, np.zeros_like(hot)) - rows.meters.fan_w

    return fit(("fan_w",), [3e3], residual, rows.day)


def _hot_w_k(given: Telemetry, plant: Cooling) -> Float64:
    rejected = plant.water_share * given.inputs.it_w - given.meters.extracted_w
    return hot_w_k(plant, plant.hall, rejected, given.inputs.supply_k - given.inputs.air_k)


def _turning_fans(given: Telemetry) -> Telemetry:
    return given.take(given.meters.fan_w > STILL_W)


def _of_march(given: Telemetry) -> Float64:
    start = np.datetime64("2025-03-01").astype("datetime64[D]").astype(np.int64)
    return given.day - start + 1


def loop_pumps(given: Telemetry, plant: Cooling) -> Part:
    """Fit the pumps of the loops."""
    load = given.inputs.it_w / plant.hall.reference_it_w
    measured = given.meters.loop_pump_w
    names = ("loop_pump_w", "loop_exponent")
    return fit(names, [11e3, 0.5], lambda p: p[0] * load ** p[1] - measured, given.day)


def station_pump(given: Telemetry, plant: Cooling) -> Part:
    """Fit the pump of the extraction station."""
    heat, measured = given.meters.extracted_w, given.meters.station_pump_w
    names = ("station_pump_w", "station_slope_frac")
    return fit(names, [400.0, 1e-3], lambda p: p[0] + p[1] * heat - measured, given.day)


def thresholds(given: Telemetry, plant: Cooling) -> Part | None:
    """Find the thresholds of the fans: the middle of those with the fewest hours in the wrong state."""
    needed, fresh = needed_w_k(given, plant.water_share), given.inputs.fresh
    above_k = given.inputs.supply_k - given.inputs.air_k
    still = given.meters.fan_w < STILL_W
    if np.count_nonzero(still) < FEWEST:
        return None
    lows, highs = np.meshgrid(np.arange(20e3, 34e3, 500.0), np.arange(20e3, 40e3, 500.0))
    pairs = np.column_stack([lows.ravel(), highs.ravel()])
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    wrong = np.array([_wrong(needed, above_k, fresh, still, plant.hall, pair) for pair in pairs])
    days = np.unique(given.day)
    per_day = np.array([wrong[:, given.day == day].sum(axis=1) for day in days])
    total = per_day.sum(axis=0)
    left = np.array([_middle(pairs, total - one) for one in per_day])
    best = _middle(pairs, total)
    # half the range of the best values with a day left out, stated as if it were a standard deviation
    half = 0.5 * np.ptp(left, axis=0) / student.ppf(0.975, len(days) - 1)
    return Part(("still_off_w_k", "still_on_w_k"), best, np.diag(half**2), np.eye(2), len(days))


def _wrong(
    needed: Float64, above_k: Float64, fresh: Float64, still: Float64, hall: Hall, pair: Float64
) -> Float64:
    tried = hall.model_copy(update={"still_off_w_k": float(pair[0]), "still_on_w_k": float(pair[1])})
    return (still_coolers(needed, above_k, fresh, tried) > 0.0) != still


def _middle(pairs: Float64, wrong: Float64) -> Float64:
    """Return the middle of the narrowest bands among those with the fewest hours in the wrong state."""
    best = pairs[wrong == wrong.min()]
    width = best[:, 1] - best[:, 0]
    return best[width <= width.min() + 1.0].mean(axis=0)


def turning(given: Telemetry, plant: Cooling) -> Part:
    """Fit the recooling pumps while fans turn."""
    rows = given.take(given.meters.fan_w > STILL_W)
    load = rows.inputs.it_w / plant.hall.reference_it_w
    names = ("recooling_pump_w", "recooling_exponent")
    return fit(names, [10e3, 1.4], lambda p: p[0] * load ** p[1] - rows.meters.recooling_pump_w, rows.day)


def standing(given: Telemetry, plant: Cooling) -> Part | None:
    """Fit the recooling pumps while fans stand still."""
    rows = given.take(given.meters.fan_w < STILL_W)
    if len(rows) < FEWEST:
        return None
    over = needed_w_k(rows, plant.water_share) / plant.hall.reference_w_k
    names = ("still_pump_w", "still_exponent")
    return fit(names, [19e3, 0.5], lambda p: p[0] * over ** p[1] - rows.meters.recooling_pump_w, rows.day)


def tests(given: Telemetry, before: Cooling) -> dict[str, tuple[Score, ...]]:
    """Return the errors in sample, with each day left out, and of one half of the month by the other."""
    days = np.unique(given.day)
    half = days[len(days) // 2]
    splits = {
        "in sample": [(days, days)],
        "each day left out": [(days[days != one], np.array([one])) for one in days],
        "first half for the second": [(days[days < half], days[days >= half])],
        "second half for the first": [(days[days >= half], days[days < half])],
    }
    return {name: _test(given, before, split) for name, split in splits.items()}


def _test(given: Telemetry, before: Cooling, split: list[tuple[Float64, Float64]]) -> tuple[Score, ...]:
    pairs, order = [], []
    for seen, unseen in split:
        plant, _ = fit_all(given.take(np.isin(given.day, seen)), before)
        rows = given.take(np.isin(given.day, unseen))
        pairs.append(compare(rows, run_hall(plant, rows.inputs)))
        order.append(rows.day)
    measured = {name: np.concatenate([pair[0][name] for pair in pairs]) for name in pairs[0][0]}
    predicted = {name: np.concatenate([pair[1][name] for pair in pairs]) for name in pairs[0][1]}
    return score(measured, predicted, np.concatenate(order))


def limits(given: Telemetry, plant: Cooling) -> list[dict[str, object]]:
    """Return what the month cannot tell: the fans' law, the coolers' conductance, the weather's range."""
    rows = _turning_fans(given.take(~np.isin(_of_march(given), FEWER_COOLERS)))
    measured, two = rows.meters.fan_w, 2.0 * plant.hall.reference_w_k

    def power(p: Float64) -> Float64:
        return p[0] * (_hot_w_k(rows, plant) / two) ** p[1] - measured

    def ranged(p: Float64) -> Float64:
        return p[0] * (_hot_w_k(rows, plant.model_copy(update={"range_k": p[1]})) / two) ** 3 - measured

    def shared(p: Float64) -> Float64:
        return p[0] * (_hot_w_k(rows, plant.model_copy(update={"water_share": p[1]})) / two) ** 3 - measured

    def both(p: Float64) -> Float64:
        wider = plant.model_copy(update={"range_k": p[2]})
        return p[0] * (_hot_w_k(rows, wider) / two) ** p[1] - measured

    exponent = fit(("fan_w", "exponent"), [3e3, 3.0], power, rows.day)
    range_k = fit(("fan_w", "range_k"), [3e3, 8.0], ranged, rows.day)
    share = fit(("fan_w", "water_share"), [3e3, 0.95], shared, rows.day)
    free = fit(("fan_w", "exponent", "range_k"), [2e3, 3.0, 8.0], both, rows.day)
    heat = plant.water_share * given.inputs.it_w.max()
    above = plant.rejection.approach_k
    design = heat / (above + plant.range_k * heat / (plant.water_share * plant.hall.reference_it_w))
    full = [_rated(part, design / two) for part in (fits_cube(plant), exponent)]
    return [
        _limit("exponent of the fans' law", exponent.values[1], exponent.interval(1), "1", _LAW),
        _limit("range of the water, by the fans", range_k.values[1], range_k.interval(1), "K", _RANGE),
        _limit("share of the heat to water, by the fans", share.values[1], share.interval(1), "1", _SHARE),
        _limit("correlation of exponent and range", free.correlation[1, 2], None, "1", _BOTH),
        _limit("largest conductance seen", _hot_w_k(rows, plant).max() / 1e3, None, "kW/K", _SEEN),
        _limit("conductance at the rated approach", design / 1e3, None, "kW/K", _RATED),
        _limit("fans there by the cube", full[0] / 1e3, None, "kW", _CUBE),
        _limit("fans there by the free exponent", full[1] / 1e3, None, "kW", _CUBE),
    ]


def fits_cube(plant: Cooling) -> Part:
    """Return the fans' law that is kept, as a fit of power and exponent."""
    values = np.array([plant.hall.fan_w, 3.0])
    return Part(("fan_w", "exponent"), values, np.zeros((2, 2)), np.eye(2), 2)


def _rated(part: Part, over: float) -> float:
    return float(part.values[0] * over ** part.values[1])


_LAW = (
    "3 by the affinity laws where conductance goes with the air flow, more where the finned tubes limit it: "
    "at these speeds nothing is seen of their conductance"
)
_RANGE = "with a cube; 10 K is assumed and kept, since the return is not in the telemetry"
_SHARE = "with a cube; 0.954, which others fitted, is kept"
_BOTH = "of the Jacobian, both free: they can hardly be told apart"
_SEEN = "of hot water less air"
_RATED = "largest heat at an approach of 10 K, as in section 'rejection'"
_CUBE = "extrapolated: no summer is promised"


def _limit(
    what: str, value: float, interval: tuple[float, float] | None, unit: str, note: str
) -> dict[str, object]:
    low, high = ("", "") if interval is None else (f"{end:.4g}" for end in interval)
    return {"what": what, "value": f"{value:.4g}", "low": low, "high": high, "unit": unit, "note": note}


def shown(name: str) -> tuple[float, str]:
    """Return the scale and the unit in which a parameter is written."""
    return next((found for end, found in UNITS.items() if name.endswith(end)), (1.0, ""))


def write_toml(parts: list[Part]) -> None:
    """Write the parameters into the cooling plant's file, each with its interval as a note."""
    path = DATA / "cooling/zih.toml"
    text = path.read_text(encoding="utf-8")
    for part in parts:
        for index, name in enumerate(part.names):
            (scale, unit), (low, high) = shown(name), part.interval(index)
            number = f"{part.values[index] / scale:.4g}"
            value = f'"{number} {unit}"' if unit else number
            note = f"95 % interval {low / scale:.4g} to {high / scale:.4g}"
            key = re.sub(r"_(w_k|j_k|frac|w|s)$", "", name)
            line = f'{key} = {{ value = {value}, source = "FIT", quality = "fitted", note = "{note}" }}'
            text, count = re.subn(rf"^{key} = .*$", lambda _, line=line: line, text, count=1, flags=re.M)
            if count != 1:
                raise SystemExit(f"{path}: there is no line for {key}")
    path.write_text(text, encoding="utf-8")


def write_csv(path: Path, rows: list[dict[str, object]]) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def parameters(parts: list[Part]) -> list[dict[str, object]]:
    """Return the table of parameters, their intervals and their closest companion."""
    rows: list[dict[str, object]] = []
    for part in parts:
        for index, name in enumerate(part.names):
            (scale, unit), (low, high) = shown(name), part.interval(index)
            others = np.abs(np.where(np.arange(len(part.names)) == index, 0.0, part.correlation[index]))
            other = int(others.argmax())
            known = others[other] > 0.0
            rows.append(
                {
                    "parameter": name,
                    "value": f"{part.values[index] / scale:.4g}",
                    "low": f"{low / scale:.4g}",
                    "high": f"{high / scale:.4g}",
                    "unit": unit or "1",
                    "correlated_with": part.names[other] if known else "",
                    "correlation": f"{part.correlation[index, other]:.2f}" if known else "",
                }
            )
    return rows


def main() -> None:
    """Fit, test, write and print."""
    (path,) = telemetry_files(Path(sys.argv[1]))
    given, before = read_telemetry(path), hall_cooling()
    plant, parts = fit_all(given, before)
    write_toml(parts)
    write_csv(DATA / "calibration/zih-hall.csv", parameters(parts))
    write_csv(DATA / "calibration/zih-hall-limits.csv", limits(given, plant))
    rows: list[dict[str, object]] = []
    for test, scores in tests(given, before).items():
        for each in scores:
            numbers = {k: f"{getattr(each, k):.6g}" for k in ("mean", "cv_rmse", "nmbe", "median")}
            goal = "" if each.goal is None else each.goal
            rows.append({"test": test, "quantity": each.quantity, "rows": each.rows, **numbers, "goal": goal})
            errors = f"CV(RMSE) {each.cv_rmse:6.1%} NMBE {each.nmbe:+6.1%}"
            print(f"{test:26s} {each.quantity:42s} {each.rows:4d} {errors}")
    write_csv(DATA / "calibration/zih-hall-errors.csv", rows)
    for row in parameters(parts) + limits(given, plant):
        print(" ".join(str(value) for value in row.values()))


if __name__ == "__main__":
    main()
