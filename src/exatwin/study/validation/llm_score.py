"""Predict measured training runs, and say how far the predictions are off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from exatwin.catalogue.llm_calibration import LlmCalibration
from exatwin.foundation.arrays import Float64, Int64
from exatwin.study.validation.llm_rows import Case
from exatwin.workload.apps.llm_setup import (
    Device,
    Layout,
    chip_terms,
    fabric_terms,
    law_of,
    plan_terms,
    stack_of,
)
from exatwin.workload.apps.llm_step import step_parts
from exatwin.workload.apps.llm_terms import Chip, Plan, Shape
from exatwin.workload.collectives import Fabric

T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """Cases as arrays, one entry a layout; of the layouts of a case the fastest counts."""

    cases: tuple[Case, ...]
    """The cases."""
    first: Int64
    """Index of the first layout of each case, shape (cases,)."""
    shape: Shape
    """Shapes, each field (layouts,)."""
    plan: Plan
    """Plans, each field (layouts,)."""
    fabric: Fabric
    """Fabrics, each field (layouts,)."""
    measured_s: Float64
    """Measured seconds of a step, shape (cases,)."""
    chips: tuple[tuple[Device, Layout], ...]
    """Each chip in each precision and stack once."""
    chip: Int64
    """Index of the chip of each layout, shape (layouts,)."""


def stacked(kind: type[T], items: Sequence[T]) -> T:
    """Return one `kind` whose fields are arrays over `items`."""
    return kind(**{f.name: np.array([getattr(i, f.name) for i in items], float) for f in fields(kind)})  # type: ignore[arg-type]


def table(cases: Sequence[Case], calibration: LlmCalibration) -> Table:
    """Return `cases` as arrays."""
    pairs = [(case, layout) for case in cases for layout in case.layouts]
    counts = [len(case.layouts) for case in cases]
    chips: dict[tuple[object, ...], tuple[Device, Layout]] = {}
    keys = []
    for case, layout in pairs:
        device = case.device
        keys.append((*_same(device), layout.precision, layout.stack_name()))
        chips.setdefault(keys[-1], (device, layout))
    order = {key: index for index, key in enumerate(chips)}
    return Table(
        cases=tuple(cases),
        first=np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64),
        shape=stacked(Shape, [case.model.shape(layout.seq) for case, layout in pairs]),
        plan=stacked(Plan, [plan_terms(layout, stack_of(layout, calibration)) for _, layout in pairs]),
        fabric=stacked(Fabric, [fabric_terms(case.device, calibration) for case, _ in pairs]),
        measured_s=np.array([case.step_s for case in cases]),
        chips=tuple(chips.values()),
        chip=np.array([order[key] for key in keys], np.int64),
    )


def _same(device: Device) -> tuple[object, ...]:
    """Return what the rates of a chip depend on."""
    return (
        device.family, device.power_w, device.memory_b_s, device.product_frac, device.shared_cap,
        *sorted(device.peak.items()),
    )  # fmt: skip


def predict_s(rows: Table, calibration: LlmCalibration) -> Float64:
    """Return the predicted seconds of a step of each case, shape (cases,)."""
    found = [
        chip_terms(device, layout, stack_of(layout, calibration), calibration)
        for device, layout in rows.chips
    ]
    chip = Chip(**{name: values[rows.chip] for name, values in vars(stacked(Chip, found)).items()})
    parts = step_parts(rows.shape, chip, rows.plan, rows.fabric, law_of(calibration))
    total: Float64 = np.sum(list(parts.values()), axis=0)
    return np.minimum.reduceat(total, rows.first)


def quantiles(predicted_s: Float64, measured_s: Float64) -> tuple[float, float]:
    """Return the median and the 90th percentile of the absolute relative error."""
    error = np.abs(predicted_s / measured_s - 1.0)
    return float(np.median(error)), float(np.quantile(error, 0.9))
