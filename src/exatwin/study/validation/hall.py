"""The warm-water hall beside its meters, as rows that `exatwin validate` scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.study.validation.measured import Measured
from exatwin.study.validation.scores import Metric, Row, Validation
from exatwin.study.validation.zih_scores import (
    HEAT_PUMP_FROM_W,
    NMBE_GOAL,
    HallValidation,
    recorded,
    validate_zih,
)


def _guideline(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
    return {"cv_rmse": float(np.sqrt(np.mean(np.square(errors)))), "nmbe": float(abs(np.mean(errors)))}


GUIDELINE = Metric(
    "guideline 14", "CV(RMSE) (bias, NMBE) over the mean, ASHRAE Guideline 14", _guideline,
    ("measured", "predicted", "of mean"),
)  # fmt: skip
_HOURLY = ("auxiliaries, hourly", "heat extracted, hourly", "heat pump electricity, hours above 50 kW")
_QUANTITIES: dict[str, tuple[str, str, str, float]] = {
    "hall-pumps": ("auxiliaries", "ZIH hall, pumps and fans", _HOURLY[0], 0.10),
    "hall-heat": ("heat extracted", "ZIH hall, heat extracted, hours", _HOURLY[1], 0.05),
    "hall-days": ("heat extracted", "ZIH hall, heat extracted, days", "heat extracted, daily", 0.05),
    "hall-lift": ("heat pump electricity", "ZIH hall, heat pumps above 50 kW", _HOURLY[2], 0.15),
}


def _hall(name: str, measured: Measured) -> Validation:
    found = _read(measured)
    quantity, title, line, goal = _QUANTITIES[name]
    time_s, before, after = found.time_s, found.measured_w[quantity], found.predicted_w[quantity]
    if name == "hall-days":
        time_s, before, after = _days(time_s, before, after)
    if name == "hall-lift":
        running = before > HEAT_PUMP_FROM_W
        time_s, before, after = time_s[running], before[running], after[running]
    mean = float(before.mean())
    rows = tuple(
        Row(
            f"{_instant(t):%Y-%m-%dT%H}", f"{_instant(t):%d %B %Y, %H:00}", float(m), float(p), (p - m) / mean
        )
        for t, m, p in zip(time_s, before, after, strict=True)
    )
    return Validation(
        name, title, "W", rows, goal={"cv_rmse": goal, "nmbe": NMBE_GOAL}, metric=GUIDELINE,
        remarks=(*_recorded(line), "the form of the model was chosen with all of these days in view"),
    )  # fmt: skip


def _read(measured: Measured) -> HallValidation:
    found = measured.__dict__.get("hall")
    if found is None:
        assert measured.folder is not None
        found = measured.__dict__.setdefault("hall", validate_zih(measured.folder))
    assert isinstance(found, HallValidation)
    return found


def _days(time_s: Float64, measured: Float64, predicted: Float64) -> tuple[Float64, Float64, Float64]:
    day, index, count = np.unique(time_s // 86400, return_inverse=True, return_counts=True)
    return (
        day * 86400.0,
        np.bincount(index, weights=measured) / count,
        np.bincount(index, weights=predicted) / count,
    )


def _instant(time_s: float) -> datetime:
    return datetime.fromtimestamp(float(time_s), UTC)


def _recorded(quantity: str) -> tuple[str, ...]:
    return tuple(
        f"when fitted, {test}: CV(RMSE) {score.cv_rmse:.1%}, NMBE {score.nmbe:+.1%}"
        for test, score in recorded()
        if score.quantity == quantity
    )


MODELS: dict[str, Callable[[Measured], Validation]] = {name: partial(_hall, name) for name in _QUANTITIES}

__all__ = ["GUIDELINE", "MODELS"]
