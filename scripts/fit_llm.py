"""Fit the constants of LLM training on measured runs, and score them with each family of rows left out.

Usage: python scripts/fit_llm.py DATA_FOLDER

The constants stand in `PRIORS` with what is known of them before any training run is looked at and how far
each may move (standard deviation of its logarithm). Ceilings of matrix products are centred on the best
products that others measured on each chip; links and networks come from collective timings alone. The fit is
the mode of the posterior (Gauss-Newton on logarithms of times; rows far off count less; families of many
near-equal rows count less a row). Nothing that a layout does not say is told to the law: neither the release
of the software nor the training stack. Each paper or table is then left out in turn and predicted from the
others; of models with experts each model, since one table has most of those rows; and each family of chips,
predicted as one that was never calibrated. The script writes
`src/exatwin/catalogue/data/calibration/llm-training.toml` and the errors of every row to `llm-training.csv`
beside it.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from llm_file import ASSUMED, write
from llm_links import Measured, read_ceilings, read_links

from exatwin.catalogue.llm_calibration import Error, FamilyRates, LlmCalibration, Stack
from exatwin.study.validation.llm_rows import Case, read_cases
from exatwin.study.validation.llm_score import Table, predict_s, quantiles, table
from exatwin.workload.apps.llm_terms import Law

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/exatwin/catalogue/data/calibration/llm-training.toml"
SCORES = ROOT / "src/exatwin/catalogue/data/calibration/llm-training.csv"
SCALE = 0.06  # scatter between runs of the same recipe, release to release
FAMILIES = ("ampere", "hopper", "blackwell")
REFERENCE_W_PER_TFLOP_S = {"ampere": 400 / 312, "hopper": 700 / 989, "blackwell": 1000 / 2250}
PRIORS: dict[str, tuple[float, float]] = {
    "product": (1.06, 0.04), "product_ampere": (0.869, 0.04), "product_hopper": (0.803, 0.04),
    "product_blackwell": (0.74, 0.08), "attention": (0.6, 0.25), "attention_ampere": (1.0, 0.15),
    "attention_hopper": (1.0, 0.15), "attention_blackwell": (1.0, 0.15), "fp8": (0.9, 0.12),
    "mxfp8": (0.85, 0.15), "nvfp4": (0.75, 0.2), "rowwise": (0.65, 0.2), "power": (0.6, 0.12),
    "memory": (0.8, 0.1), "older": (0.8, 0.25), "sdpa": (0.75, 0.15),
    "half_rows": (150.0, 0.7), "half_columns": (150.0, 0.7), "half_depth": (150.0, 0.7),
    "passes_fused": (8.0, 0.4), "passes_plain": (14.0, 0.4), "passes_cast": (2.0, 0.6),
    "score_passes": (7.0, 0.4), "logit_passes": (16.0, 0.4), "attention_half": (300.0, 0.7),
    "backward_attention": (2.5, 0.2), "exposed_tensor": (0.5, 0.4), "exposed_plain": (0.8, 0.3),
    "exposed_context": (0.2, 0.6), "exposed_send": (0.3, 0.6), "exposed_expert": (0.5, 0.4),
    "exposed_data": (0.15, 0.6), "hidden_data": (0.5, 0.4), "shard_drag": (0.12, 0.6),
    "layer_s": (60e-6, 0.6), "step_s": (0.03, 0.8), "state_b": (40.0, 0.4), "expert_passes": (8.0, 0.4),
    "expert_frac": (0.65, 0.2), "expert_s": (2e-5, 0.6), "flat_frac": (0.6, 0.2), "straggle": (0.008, 0.6),
    "straggle_shared": (0.012, 0.6),
}  # fmt: skip
LAW = tuple(field.name for field in fields(Law))
NAMES = tuple(PRIORS)
CENTRES = np.array([PRIORS[name][0] for name in NAMES])
SPREADS = np.array([PRIORS[name][1] for name in NAMES])


def calibration(
    x: np.ndarray, links: Measured, errors: dict[str, Error], unseen: str = "", most: int = 1
) -> LlmCalibration:
    """Return the constants at the point `x` (logarithms relative to the centres of the priors).

    The family `unseen` is left out of them; `most` accelerators has the largest run.
    """
    p = dict(zip(NAMES, CENTRES * np.exp(x), strict=True))
    families = {name: rates(p, name, links) for name in FAMILIES if name != unseen}
    return LlmCalibration.model_construct(
        name="llm-training",
        law={name: float(p[name]) if name in p else ASSUMED[name][0] for name in LAW},
        families=families | {"generic": mean_of(list(families.values()))},
        precisions={
            "fp8": p["fp8"], "fp8-rowwise": p["fp8"] * p["rowwise"], "mxfp8": p["mxfp8"], "nvfp4": p["nvfp4"],
        },
        stacks=stacks(p), power_exponent=p["power"], memory_frac=p["memory"],
        network_frac=links.network.frac, network_latency_us=links.network.latency_us,
        network_overlap_frac=links.network.overlap_frac, usable_memory=1.069, memory_band=1.2,
        most_accelerators=most, errors=errors,
    )  # fmt: skip


def rates(p: dict[str, Any], family: str, links: Measured) -> FamilyRates:
    """Return what a family of chips reaches."""
    own = links.families[family]
    return FamilyRates.model_construct(
        product=p["product"] * p[f"product_{family}"], attention=p["attention"] * p[f"attention_{family}"],
        watts_per_tflop_s=REFERENCE_W_PER_TFLOP_S[family], link_frac=own.gather, reduce_frac=own.reduce,
        exchange_frac=own.exchange, link_latency_us=own.latency_us,
    )  # fmt: skip


def mean_of(families: list[FamilyRates]) -> FamilyRates:
    """Return the geometric mean of what families reach: what is taken of a chip that no fit has seen."""
    means: dict[str, Any] = {
        key: float(np.exp(np.mean([np.log(getattr(one, key)) for one in families])))
        for key in FamilyRates.model_fields
    }
    return FamilyRates.model_construct(None, **means)


def stacks(p: dict[str, Any]) -> dict[str, Stack]:
    """Return the training stacks that a layout tells apart: two rates are fitted."""

    def one(
        fused: bool, tensor: bool, *, attention: float, older: bool = False, wire: float = 2.0,
        reserve_b: float = 5.5e9,
    ) -> Stack:  # fmt: skip
        return Stack.model_construct(
            fused_attention=not older, fused=fused, overlap_tensor=tensor, overlap_data=not older,
            hierarchical=not older, gradient_bytes=wire, attention=attention, reserve_b=reserve_b,
            product=p["older"] if older else 1.0,
        )  # fmt: skip

    return {
        "megatron": one(True, True, attention=1.0, wire=4.0),
        "megatron-2021": one(False, False, attention=1.0, older=True),
        "fsdp": one(False, False, attention=float(p["sdpa"]), reserve_b=3e9),
    }


def row_weights(cases: tuple[Case, ...]) -> np.ndarray:
    """Return the weight of each row: many near-equal rows of one table on one chip count less each."""
    keys = [(case.family, case.device.family, case.device.memory_b) for case in cases]
    count = Counter(keys)
    return np.array(
        [
            3.0 * count[k] ** -0.35 * (0.5 if c.kind == "experts" else 1.0)
            for k, c in zip(keys, cases, strict=True)
        ]
    )


def fit(rows: Table, links: Measured, start: np.ndarray) -> np.ndarray:
    """Return the mode of the posterior given `rows`."""
    x, weight = start.copy(), row_weights(rows.cases)

    def error(at: np.ndarray) -> np.ndarray:
        return np.log(predict_s(rows, calibration(at, links, {})) / rows.measured_s)

    for _ in range(12):
        now = error(x)
        tempered = weight / np.sqrt(1.0 + (now / SCALE) ** 2 / 4.0) / SCALE
        slopes = np.empty((len(now), len(x)))
        for index in range(len(x)):
            moved = x.copy()
            moved[index] += 1e-3
            slopes[:, index] = (error(moved) - now) / 1e-3
        matrix = np.vstack([slopes * tempered[:, None], np.diag(1.0 / SPREADS)])
        step = np.linalg.lstsq(matrix, np.concatenate([-now * tempered, -x / SPREADS]), rcond=None)[0]
        x = x + step * min(1.0, 0.7 / np.abs(step).max())
        if np.abs(step).max() < 2e-3:
            break
    return x


def left_out(cases: list[Case], key: Callable[[Case], str], links: Measured, start: np.ndarray) -> np.ndarray:
    """Return predictions of the rows, those of each `key` by a fit to the others; none for a blank key."""
    said = np.full(len(cases), np.nan)
    for name in sorted({key(case) for case in cases} - {""}):
        mine = np.array([key(case) == name for case in cases])
        origin = calibration(np.zeros(len(NAMES)), links, {})
        rest = [case for case in cases if key(case) != name]
        found = calibration(fit(table(rest, origin), links, start), links, {})
        rows = table([case for case in cases if key(case) == name], found)
        said[mine] = predict_s(rows, found)
        tell(name, said[mine], rows.measured_s)
    return said


def chips_left_out(cases: list[Case], links: Measured, start: np.ndarray, path: Path) -> np.ndarray:
    """Return predictions of each family of chips as one that was never calibrated."""
    said, ceilings = np.zeros(len(cases)), read_ceilings(path)
    for family in FAMILIES:
        mine = np.array([case.device.family == family for case in cases])
        origin = calibration(np.zeros(len(NAMES)), links, {})
        rest = [case for case in cases if case.device.family != family]
        found = calibration(fit(table(rest, origin), links, start), links, {}, family)
        new = [
            replace(case, device=replace(case.device, product_frac=ceilings[family]))
            for case in cases
            if case.device.family == family
        ]
        rows = table(new, found)
        said[mine] = predict_s(rows, found)
        tell(family, said[mine], rows.measured_s)
    return said


def tell(name: str, said: np.ndarray, measured: np.ndarray) -> None:
    """Print how far predictions are off."""
    median, high = quantiles(said, measured)
    bias = float(np.median(said / measured)) - 1.0
    text = f"{name:12s} {len(said):3d} rows: median {median:.1%}, p90 {high:.1%}, bias {bias:+.1%}"
    print(text, file=sys.stderr)


def error_of(inside: np.ndarray, outside: np.ndarray, measured: np.ndarray) -> Error:
    """Return the errors in sample and left out."""
    near, far = quantiles(inside, measured), quantiles(outside, measured)
    low, high = np.quantile(measured / outside, [0.1, 0.9])
    return Error(
        rows=len(measured), in_sample_median=round(near[0], 4), in_sample_p90=round(near[1], 4),
        left_out_median=round(far[0], 4), left_out_p90=round(far[1], 4), low=round(float(low), 3),
        high=round(float(high), 3),
    )  # fmt: skip


def main(folder: Path) -> None:
    """Fit, leave out, write."""
    path = folder / "llm_measurements.csv"
    cases, _ = read_cases(path)
    links = read_links(path)
    origin = np.zeros(len(NAMES))
    rows = table(cases, calibration(origin, links, {}))
    best = fit(rows, links, origin)
    inside, measured = predict_s(rows, calibration(best, links, {})), rows.measured_s
    papers = left_out(cases, lambda case: case.family, links, best)
    models = left_out(cases, lambda case: case.model.name if case.model.experts else "", links, best)
    chips = chips_left_out(cases, links, best, path)
    errors = {}
    for kind, outside in (("dense", papers), ("experts", papers), ("experts-model", models)):
        at = np.array([case.kind == kind.split("-")[0] for case in cases])
        errors[kind] = error_of(inside[at], outside[at], measured[at])
    strange = error_of(inside, chips, measured)  # all three families are one maker's: twice as wide
    errors["uncalibrated"] = strange.model_copy(
        update={"low": round(strange.low**2, 3), "high": round(strange.high**2, 3)}
    )
    errors["network"] = links.error
    for kind, error in errors.items():
        print(kind, error, file=sys.stderr)
    most = max(layout.accelerators for case in cases for layout in case.layouts)
    write(TARGET, calibration(best, links, errors, most=most), errors)
    with SCORES.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "family", "kind", "in_sample_error", "left_out_error"])
        for case, near, far in zip(cases, inside / measured - 1, papers / measured - 1, strict=True):
            out.writerow([case.id, case.family, case.kind, f"{near:.4f}", f"{far:.4f}"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
