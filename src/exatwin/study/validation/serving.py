"""LLM serving beside published measurements: time per token, time to first token, throughput, energy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.foundation.arrays import Float64
from exatwin.study.validation.measured import ENERGY, SERVICES, Measured
from exatwin.study.validation.scores import Row, Skipped, Validation, relative, table
from exatwin.study.validation.serving_rows import ServedCase
from exatwin.study.validation.serving_score import Served, energies, predict

TITLES = {
    "tpot": ("LLM serving, time per output token", "s", {"median": 0.10}),
    "ttft": ("LLM serving, time to first token", "s", {"median": 0.20}),
    "throughput": ("LLM serving, output tokens each second", "1/s", {"median": 0.12}),
    "energy": ("LLM serving, energy of an output token", "J", {"median": 0.07}),
}
"""Title, unit and goal by quantity."""
_COLUMNS = {"tpot": "tpot_s", "ttft": "ttft_s", "throughput": "tokens_per_s", "energy": "energy_j"}
_PAPER, _MODEL = "by a fit without its paper or table", "by a fit without its model"


def _model(kind: str) -> str:
    return "serving-tokens" if kind == "throughput" else f"serving-{kind}"


def quantity(kind: str, measured: Measured) -> Validation:
    """One quantity of all measured services that state it."""
    cases, reasons = measured.served
    lines = measured.services
    wanted = [case for case in cases if _stated(case, kind)]
    said = _predicted(wanted, kind) if wanted else np.zeros(0)
    title, unit, goal = TITLES[kind]
    rows = tuple(_row(case, kind, float(value)) for case, value in zip(wanted, said, strict=True))
    skipped = tuple(
        Skipped(id_, _name(lines[id_]), reason)
        for id_, reason in {**reasons, **_systems(cases, kind)}.items()
        if _stands(lines[id_], kind)
    )
    return Validation(
        _model(kind), title, unit, rows, skipped, goal,
        left_out_words=_MODEL if kind == "energy" else _PAPER,
        sources={row.group: lines[row.id]["source"] for row in reversed(rows)},
        remarks=tuple(_remarks(kind)),
    )  # fmt: skip


def _stated(case: ServedCase, kind: str) -> bool:
    """Return whether a row states the quantity as a result; a rate that was set is none."""
    if kind == "energy" and case.whole_system:
        return False
    return getattr(case, _COLUMNS[kind]) > 0.0 and not (kind == "throughput" and case.rate > 0.0)


def _systems(cases: list[ServedCase], kind: str) -> dict[str, str]:
    """Return rows of energy that hold the whole system."""
    if kind != "energy":
        return {}
    return {
        case.id: "energy of the whole system, of which the table says too little"
        for case in cases
        if case.energy_j > 0.0 and case.whole_system
    }


def _stands(line: dict[str, str], kind: str) -> bool:
    column = {"tpot": "tpot_ms", "ttft": "ttft_ms", "throughput": "tok_s_acc", "energy": "energy"}[kind]
    return bool(line[column].strip())


def _predicted(cases: list[ServedCase], kind: str) -> Float64:
    calibration = serving_calibration()
    found: Served = predict(cases, calibration)
    if kind == "energy":
        return energies(cases, found, calibration)
    return np.asarray(getattr(found, _COLUMNS[kind]))


def _row(case: ServedCase, kind: str, said: float) -> Row:
    value = getattr(case, _COLUMNS[kind])
    replica, count = case.replicas[0]
    detail = f"{case.id}, {replica.engine} {replica.precision}, {count} x tp {replica.tp} dp {replica.dp}"
    return Row(
        case.id, case.name, value, said, relative(value, said), _left_out().get((case.id, kind)),
        case.family, f"{detail} ep {replica.ep}",
    )  # fmt: skip


def _remarks(kind: str) -> Iterator[str]:
    errors = serving_calibration().errors
    if (found := errors.get(f"{kind}-model")) and kind != "energy":
        yield (
            f"each model left out in turn, instead of each paper: {found.left_out_median:.1%} "
            f"({found.left_out_p90:.1%})"
        )
    if kind == "energy":
        yield "accelerators alone; all rows are of one table, on H100, whose source asks not to be copied"
    elif kind != "ttft":
        yield "rows of ML.ENERGY, whose source asks not to be copied, are scored with --data"


@cache
def _left_out() -> dict[tuple[str, str], float]:
    """Return the recorded errors of fits that have not seen the row, by id and quantity."""
    return {
        (line["id"], line["quantity"]): float(line["left_out_error"])
        for line in table("calibration", "serving.csv")
    }


def _name(line: dict[str, str]) -> str:
    return f"{line['model']} on {line['n_acc']} {line['accelerator']}"


MODELS: dict[str, tuple[str, Callable[[Measured], Validation]]] = {
    _model(kind): (ENERGY if kind == "energy" else SERVICES, partial(quantity, kind)) for kind in TITLES
}
"""The table that a quantity is scored on, and what scores it, by name."""

__all__ = ["MODELS", "TITLES", "quantity"]
