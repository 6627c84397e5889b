"""Fit the constants of LLM serving on measured services, and score them with tables and models left out.

Usage: python scripts/fit_serving.py DATA_FOLDER

The constants stand in `PRIORS` with what is known of them before any row is looked at, and how far each may
move (standard deviation of its logarithm). The fit is the mode of the posterior: Gauss-Newton on logarithms
of times and rates, rows far off count less, large tables count less a row. How hard an accelerator works is
then fitted on the measured watts of the same rows. Each table is left out in turn and predicted from the
others, and then each model. Writes `src/exatwin/catalogue/data/calibration/serving.toml` and the errors of
every row to `serving.csv` beside it.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from serving_file import write

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import Error
from exatwin.catalogue.serving_calibration import (
    Asked,
    EngineLaw,
    ServingCalibration,
    ServingPower,
    ServingRates,
)
from exatwin.study.validation.serving_rows import ServedCase, read_served
from exatwin.study.validation.serving_score import energies, predict
from exatwin.workload.apps.serving_power import accelerator_w

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/exatwin/catalogue/data/calibration/serving.toml"
SCORES = ROOT / "src/exatwin/catalogue/data/calibration/serving.csv"
SCALES = {"tpot_s": 0.08, "ttft_s": 0.2, "tokens_per_s": 0.08}
NAMED = {"tpot_s": "tpot", "ttft_s": "ttft", "tokens_per_s": "throughput", "energy_j": "energy"}
TAIL = 3.0  # standard deviations beyond which a row counts less
PRIORS: dict[str, tuple[float, float]] = {
    "sharpness": (0.5, 0.5), "expert_width": (1500.0, 0.7), "expert_s": (2e-5, 0.6), "passes": (1.0, 0.3),
    "memory_hopper": (0.85, 0.06), "memory_blackwell": (0.8, 0.08), "memory_cdna3": (0.7, 0.15),
    "hopper_16": (0.7, 0.1), "hopper_8": (0.6, 0.12), "blackwell_16": (0.65, 0.12),
    "blackwell_8": (0.55, 0.15), "blackwell_4": (0.45, 0.2), "cdna3_8": (0.42, 0.25),
    "attention": (0.4, 0.25), "links": (0.8, 0.3), "reduce_us": (10.0, 0.4), "layer_us": (10.0, 0.5),
    "python_step": (1500.0, 0.5), "python_seq": (15.0, 0.6), "vllm_experts": (0.7, 0.3),
    "other_step": (1000.0, 0.5), "other_seq": (6.0, 0.6), "first": (30.0, 0.7),
    "trtllm_first": (60.0, 1.0), "arena_input": (200.0, 0.5), "arena_input_cv": (2.0, 0.4),
    "orca_input": (250.0, 0.3), "mixed_input": (200.0, 0.3),
}  # fmt: skip
NAMES = tuple(PRIORS)
CENTRES = np.array([PRIORS[name][0] for name in NAMES])
SPREADS = np.array([PRIORS[name][1] for name in NAMES])
LAW = ("expert_width", "expert_s", "passes")
ROUNDS = 10.0  # requests of each user, as benchmarks of this kind send them
STILL = ServingPower.model_construct(
    busy=0.75, compute=0.3, waiting=1.0, processor_frac=0.2, low=0.9, high=1.1
)
POWER = ("busy", "compute", "waiting")


def calibration(x: np.ndarray, power: ServingPower, errors: dict[str, Error]) -> ServingCalibration:
    """Return the constants at the point `x` (logarithms relative to the centres of the priors)."""
    p = dict(zip(NAMES, (float(v) for v in CENTRES * np.exp(x)), strict=True))
    families = {
        "hopper": rates(p["memory_hopper"], p["hopper_16"], p["hopper_8"], 0.8 * p["hopper_8"]),
        "blackwell": rates(p["memory_blackwell"], p["blackwell_16"], p["blackwell_8"], p["blackwell_4"]),
        "cdna3": rates(p["memory_cdna3"], p["cdna3_8"], p["cdna3_8"], 0.8 * p["cdna3_8"]),
    }
    means = {
        key: float(np.exp(np.mean([np.log(getattr(one, key)) for one in families.values()])))
        for key in ServingRates.model_fields
    }
    return ServingCalibration.model_construct(
        name="serving",
        law={"sharpness": 1.0 + p["sharpness"]} | {key: p[key] for key in LAW},
        families=families | {"generic": ServingRates.model_construct(None, **means)},
        attention=p["attention"], links=p["links"], reduce_us=p["reduce_us"], rounds=ROUNDS,
        engines=engines(p), power=power, prompts=prompts(p), errors=errors,
    )  # fmt: skip


def rates(memory: float, wide: float, narrow: float, narrowest: float) -> ServingRates:
    """Return what a family of chips reaches."""
    return ServingRates.model_construct(
        memory=memory, products_16=wide, products_8=narrow, products_4=narrowest
    )


def engines(p: dict[str, float]) -> dict[str, EngineLaw]:
    """Return the serving engines."""

    def one(title: str, kind: str = "other", first: str = "first", **more: Any) -> EngineLaw:
        usual: dict[str, Any] = {
            "experts": 1.0, "batch_most": 2048, "tokens_most": 8192, "memory_frac": 0.95,
            "reserve_b": 2.5e9, "narrow_cache": True, "waves": False, "reserves": False,
        }  # fmt: skip
        return EngineLaw.model_construct(
            title=title, step_us=p[f"{kind}_step"], sequence_us=p[f"{kind}_seq"], layer_us=p["layer_us"],
            first_ms=p[first], **(usual | more),
        )  # fmt: skip

    return {
        "vllm": one(
            "vLLM", "python", experts=p["vllm_experts"], batch_most=1024, tokens_most=2048,
            memory_frac=0.9, narrow_cache=False,
        ),
        "trtllm": one("TensorRT-LLM", first="trtllm_first", reserves=True),
        "trt": one("TensorRT, as submitted to MLPerf"),
        "sglang": one("SGLang", batch_most=1024, memory_frac=0.9, waves=True),
    }  # fmt: skip


def prompts(p: dict[str, float]) -> dict[str, Asked]:
    """Return the public sets of prompts."""

    def one(input_: float, input_cv: float, output: float) -> Asked:
        return Asked.model_construct(input=input_, input_cv=input_cv, output=output, output_cv=1.0)

    return {
        "arena": one(p["arena_input"], p["arena_input_cv"], 400.0),
        "orca": one(p["orca_input"], 1.0, 292.0),
        "mixed": one(p["mixed_input"], 1.0, 146.0),
    }


def observed(cases: Sequence[ServedCase], searched: bool = False) -> list[tuple[int, str]]:
    """Return what was measured, as case and quantity; rates that were set do not count.

    Parameters
    ----------
    searched
        Whether rates count that were searched for within limits of a benchmark: a fit learns from them, the
        rows that are scored stay the same.
    """

    def free(case: ServedCase) -> bool:
        return case.rate == 0.0 or (searched and case.within is not None)

    return [
        (i, key)
        for i, case in enumerate(cases)
        for key in SCALES
        if getattr(case, key) > 0.0 and (key != "tokens_per_s" or free(case))
    ]


def fit(cases: Sequence[ServedCase], start: np.ndarray) -> np.ndarray:
    """Return the mode of the posterior, from `start` on."""
    seen = observed(cases, searched=True)
    measured = np.log([getattr(cases[i], key) for i, key in seen])
    counts = Counter(cases[i].family for i, _ in seen)
    weight = np.array([min((40.0 / counts[cases[i].family]) ** 0.25, 1.3) for i, _ in seen])
    weight /= np.array([SCALES[key] for _, key in seen])

    def error(at: np.ndarray) -> np.ndarray:
        found = predict(cases, calibration(at, STILL, {}))
        said = np.array([getattr(found, key)[i] for i, key in seen])
        return (np.log(np.maximum(said, 1e-9)) - measured) * weight

    def cost(now: np.ndarray, at: np.ndarray) -> float:
        rows = np.sum(2.0 * TAIL**2 * (np.sqrt(1.0 + (now / TAIL) ** 2) - 1.0))
        return float(rows + np.sum((at / SPREADS) ** 2))

    x, now = start.copy(), error(start)
    for _ in range(20):
        slopes = np.stack([(error(x + 1e-3 * unit) - now) / 1e-3 for unit in np.eye(len(x))], axis=1)
        tempered = 1.0 / np.sqrt(np.sqrt(1.0 + (now / TAIL) ** 2))
        matrix = np.concatenate([slopes * tempered[:, None], np.diag(1.0 / SPREADS)])
        step = np.linalg.lstsq(matrix, np.concatenate([-now * tempered, -x / SPREADS]), rcond=None)[0]
        best, size = cost(now, x), 1.0
        while size > 0.02 and cost(error(x + size * step), x + size * step) > best:
            size *= 0.5
        if size <= 0.02:
            break
        x = x + size * step
        now = error(x)
        if best - cost(now, x) < 0.02:
            break
    return x


def fit_power(
    cases: Sequence[ServedCase], found: ServingCalibration, watts: dict[str, float]
) -> ServingPower:
    """Return how hard an accelerator works, fitted on the measured watts of `cases`."""
    chosen = [case for case in cases if watts.get(case.id) and not case.whole_system]
    if not chosen:
        return STILL
    said = predict(chosen, found)
    measured = np.log([watts[case.id] for case in chosen])
    machine = sized(chosen[0].machine, 1)  # all that were measured ran on one kind of node

    def law(at: np.ndarray) -> ServingPower:
        return STILL.model_copy(update=dict(zip(POWER, (float(v) for v in at), strict=True)))

    def error(at: np.ndarray) -> np.ndarray:
        return (np.log(accelerator_w(machine, law(at), said.shares)) - measured) / 0.05

    prior = np.array([getattr(STILL, key) for key in POWER])
    x = prior.copy()
    for _ in range(30):
        now = error(x)
        slopes = np.stack([(error(x + 1e-4 * unit) - now) / 1e-4 for unit in np.eye(len(x))], axis=1)
        tempered = 1.0 / np.sqrt(np.sqrt(1.0 + (now / TAIL) ** 2))
        matrix = np.concatenate([slopes * tempered[:, None], np.diag(1.0 / (0.5 * prior))])
        target = np.concatenate([-now * tempered, -(x - prior) / (0.5 * prior)])
        x = np.maximum(x + 0.5 * np.linalg.lstsq(matrix, target, rcond=None)[0], 0.0)
    return law(x)


Errors = dict[tuple[str, str], float]


def errors_of(cases: Sequence[ServedCase], found: ServingCalibration) -> Errors:
    """Return predicted over measured, less 1, by id and quantity."""
    said = predict(cases, found)
    rows = {
        (cases[i].id, NAMED[key]): getattr(said, key)[i] / getattr(cases[i], key) - 1.0
        for i, key in observed(cases)
    }
    for case, joules in zip(cases, energies(cases, said, found), strict=True):
        if case.energy_j > 0.0 and not case.whole_system:
            rows[case.id, "energy"] = joules / case.energy_j - 1.0
    return {key: float(value) for key, value in rows.items()}


def left_out(
    cases: Sequence[ServedCase], key: Callable[[ServedCase], str], watts: dict[str, float], start: np.ndarray
) -> Errors:
    """Return the errors of each group of `cases` by a fit of the others."""
    rows: Errors = {}
    for name in dict.fromkeys(key(case) for case in cases):
        inside = [case for case in cases if key(case) != name]
        x = fit(inside, start)
        power = fit_power(inside, calibration(x, STILL, {}), watts)
        own = errors_of([case for case in cases if key(case) == name], calibration(x, power, {}))
        tell(f"without {name}", own)
        rows |= own
    return rows


def tell(words: str, rows: Errors) -> None:
    """Say the median and the 90th percentile of the absolute errors by quantity."""
    for kind in NAMED.values():
        found = np.abs([error for (_, name), error in rows.items() if name == kind])
        if len(found):
            p90 = np.quantile(found, 0.9)
            print(f"{words:28s} {kind:10s} {len(found):4d} rows {np.median(found):6.1%} ({p90:.1%})")


def error_of(kind: str, inside: Errors, outside: Errors) -> Error:
    """Return how wrong a quantity is, and the interval of measured over predicted."""
    pair = [
        np.array([rows[key] for key in sorted(inside) if key[1] == kind and key in rows])
        for rows in (inside, outside)
    ]
    (a, b), ratio = pair, 1.0 / (1.0 + pair[1])
    return Error.model_construct(
        rows=len(a), in_sample_median=float(np.median(np.abs(a))),
        in_sample_p90=float(np.quantile(np.abs(a), 0.9)), left_out_median=float(np.median(np.abs(b))),
        left_out_p90=float(np.quantile(np.abs(b), 0.9)), low=float(np.quantile(ratio, 0.1)),
        high=float(np.quantile(ratio, 0.9)),
    )  # fmt: skip


def main(folder: Path) -> None:
    """Fit, score, write."""
    with (folder / "llm_measurements.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    cases, skipped = read_served(lines)
    print(len(cases), "services;", skipped)
    watts = {line["id"]: float(line["power_w"]) for line in lines if line["power_w"]}
    x = fit(cases, np.zeros(len(NAMES)))
    for name, centre, move, spread in zip(NAMES, CENTRES, x, SPREADS, strict=True):
        print(f"{name:18s}{centre * np.exp(move):12.4g}   {move / spread:+.1f} standard deviations")
    power = fit_power(cases, calibration(x, STILL, {}), watts)
    print(power)
    inside = errors_of(cases, calibration(x, power, {}))
    tell("all", inside)
    papers = left_out(cases, lambda case: case.family, watts, x)
    models = left_out(cases, lambda case: case.model.name, watts, x)
    outside = papers | {key: error for key, error in models.items() if key[1] == "energy"}
    tell("left out", outside)
    tell("models left out", models)
    errors = {kind: error_of(kind, inside, outside) for kind in NAMED.values()}
    errors |= {f"{kind}-model": error_of(kind, inside, models) for kind in NAMED.values()}
    ratio = errors["energy"]
    power = power.model_copy(update={"low": ratio.low, "high": ratio.high})
    write(calibration(x, power, errors), TARGET)
    with SCORES.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "quantity", "in_sample_error", "left_out_error"])
        out.writerows((*key, f"{inside[key]:.4f}", f"{outside[key]:.4f}") for key in inside)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/fit_serving.py FOLDER_OF_TABLES")
    main(Path(sys.argv[1]))
