"""Fit the constants of LLM training on measured runs, and score them with each family of rows left out.

Usage: python scripts/fit_llm.py DATA_FOLDER

The constants stand in `PRIORS` with what is known of them before any training run is looked at and how far
each may move (standard deviation of its logarithm). Ceilings of matrix products are centred on the best
products that others measured on each chip; shares of link bandwidth come from collective timings alone. The
fit is the mode of the posterior (Gauss-Newton on logarithms of times; rows far off count less; families of
many near-equal rows count less a row). Each paper or table is then left out in turn and predicted from the
others. The script writes `src/exatwin/catalogue/data/calibration/llm-training.toml` and the errors of every
row to `llm-training.csv` beside it.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.catalogue.llm_calibration import Error, FamilyRates, LlmCalibration, Stack
from exatwin.study.llm_rows import Case, read_cases
from exatwin.study.llm_score import Table, predict_s, quantiles, table
from exatwin.workload.apps.llm_terms import Law

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/exatwin/catalogue/data/calibration/llm-training.toml"
SCORES = ROOT / "src/exatwin/catalogue/data/calibration/llm-training.csv"
SCALE = 0.06  # scatter between runs of the same recipe, release to release
FAMILIES = ("ampere", "hopper", "blackwell")
REFERENCE_W_PER_TFLOP_S = {"ampere": 400 / 312, "hopper": 700 / 989, "blackwell": 1000 / 2250}
CARDS = {"ampere": ("a100_sxm", 300e9), "hopper": ("h100_sxm", 450e9), "blackwell": ("b200_sxm", 900e9)}
PRIORS: dict[str, tuple[float, float]] = {
    "product": (1.06, 0.04), "product_ampere": (0.869, 0.04), "product_hopper": (0.803, 0.04),
    "product_blackwell": (0.74, 0.08), "attention": (0.6, 0.25), "attention_ampere": (1.0, 0.15),
    "attention_hopper": (1.0, 0.15), "attention_blackwell": (1.0, 0.15), "fp8": (0.9, 0.12),
    "mxfp8": (0.85, 0.15), "nvfp4": (0.75, 0.2), "rowwise": (0.65, 0.2), "power": (0.6, 0.12),
    "memory": (0.8, 0.1), "older": (0.8, 0.25), "sdpa": (0.75, 0.15),
    "half_rows": (150.0, 0.7), "half_columns": (150.0, 0.7), "half_depth": (150.0, 0.7),
    "passes_fused": (8.0, 0.4), "passes_plain": (14.0, 0.4), "passes_cast": (2.0, 0.6),
    "score_passes": (7.0, 0.4), "logit_passes": (16.0, 0.4), "attention_half": (300.0, 0.7),
    "backward_attention": (2.5, 0.2), "exposed_tensor": (0.5, 0.4), "exposed_context": (0.2, 0.6),
    "exposed_send": (0.3, 0.6), "exposed_expert": (0.8, 0.4), "exposed_data": (0.15, 0.6),
    "hidden_data": (0.5, 0.4), "shard_drag": (0.12, 0.6), "layer_s": (60e-6, 0.6), "step_s": (0.03, 0.8),
    "state_b": (40.0, 0.4), "expert_passes": (12.0, 0.5), "expert_frac": (0.7, 0.25),
    "expert_s": (8e-6, 0.8), "flat_frac": (0.6, 0.2), "straggle": (0.008, 0.6),
}  # fmt: skip
NAMES = tuple(PRIORS)
CENTRES = np.array([PRIORS[name][0] for name in NAMES])
SPREADS = np.array([PRIORS[name][1] for name in NAMES])


@dataclass(frozen=True)
class Links:
    """Shares of rated link bandwidth by kind of collective, and the start of one."""

    gather: float
    reduce: float
    exchange: float
    latency_us: float


def read_links(path: Path) -> dict[str, Links]:
    """Return what timings of collectives on eight accelerators of a node say, by family."""
    times: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["id"].startswith("NCCLA") and float(row["n_acc"]) == 8:
                size = float(row["notes"].split("= ")[1].split(" B")[0])
                key = (row["accelerator"], row["metric"].split()[0])
                times.setdefault(key, []).append((size, float(row["value"]) * 1e-6))
    found = {}
    for family, (card, rated) in CARDS.items():
        share, starts = {}, []
        for kind, factor in (("all_gather", 0.875), ("all_reduce", 1.75), ("alltoall", 0.875)):
            points = sorted(times[card, kind])
            (small, early), (large, late) = points[-2], points[-1]
            share[kind] = factor * (large - small) / (late - early) / rated
            starts.append(max(early - factor * small / (share[kind] * rated), points[0][1]))
        found[family] = Links(share["all_gather"], share["all_reduce"], share["alltoall"],
                              float(np.median(starts)) * 1e6)  # fmt: skip
    return found


def calibration(x: np.ndarray, links: dict[str, Links], errors: dict[str, Error]) -> LlmCalibration:
    """Return the constants at the point `x` (logarithms relative to the centres of the priors)."""
    p = dict(zip(NAMES, CENTRES * np.exp(x), strict=True))
    return LlmCalibration.model_construct(
        name="llm-training",
        law={field.name: float(p[field.name]) for field in fields(Law)},
        families={
            family: FamilyRates.model_construct(
                product=p["product"] * p[f"product_{family}"],
                attention=p["attention"] * p[f"attention_{family}"],
                watts_per_tflop_s=REFERENCE_W_PER_TFLOP_S[family],
                link_frac=links[family].gather, reduce_frac=links[family].reduce,
                exchange_frac=links[family].exchange, link_latency_us=links[family].latency_us,
            )
            for family in FAMILIES
        },
        precisions={
            "fp8": p["fp8"], "fp8-rowwise": p["fp8"] * p["rowwise"], "mxfp8": p["mxfp8"], "nvfp4": p["nvfp4"],
        },
        stacks=stacks(p), power_exponent=p["power"], memory_frac=p["memory"], network_frac=0.85,
        network_latency_us=40.0, network_overlap_frac=0.6, reserve_b=5.5e9, usable_memory=1.069,
        errors=errors,
    )  # fmt: skip


def stacks(p: dict[str, Any]) -> dict[str, Stack]:
    """Return the training stacks: what each does is documented by its makers, two rates are fitted."""

    def one(fused: bool, tensor: bool, *, attention: float, older: bool = False, wire: float = 2.0) -> Stack:
        return Stack.model_construct(
            fused_attention=not older, fused=fused, overlap_tensor=tensor, overlap_data=not older,
            hierarchical=not older, gradient_bytes=wire, attention=attention,
            product=p["older"] if older else 1.0,
        )  # fmt: skip

    sdpa = float(p["sdpa"])
    return {
        "megatron": one(True, True, attention=1.0, wire=4.0),
        "megatron-2021": one(False, False, attention=1.0, older=True),
        "fsdp": one(False, False, attention=sdpa),
        "torchtitan": one(False, False, attention=sdpa),
        "torchtitan-async": one(False, True, attention=sdpa),
        "torchtitan-compiled": one(True, False, attention=sdpa),
        "torchtitan-compiled-async": one(True, True, attention=sdpa),
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


def fit(rows: Table, links: dict[str, Links], start: np.ndarray) -> np.ndarray:
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


def score(cases: list[Case], inside: np.ndarray, outside: np.ndarray) -> dict[str, Error]:
    """Return the errors by kind of model."""
    measured = np.array([case.step_s for case in cases])
    found = {}
    for kind in ("dense", "experts"):
        at = np.array([case.kind == kind for case in cases])
        near, far = quantiles(inside[at], measured[at]), quantiles(outside[at], measured[at])
        low, high = np.quantile(measured[at] / outside[at], [0.1, 0.9])
        found[kind] = Error(
            rows=int(at.sum()), in_sample_median=round(near[0], 4), in_sample_p90=round(near[1], 4),
            left_out_median=round(far[0], 4), left_out_p90=round(far[1], 4), low=round(float(low), 3),
            high=round(float(high), 3),
        )  # fmt: skip
    return found


def main(folder: Path) -> None:
    """Fit, leave out, write."""
    path = folder / "llm_measurements.csv"
    cases, _ = read_cases(path)
    links = read_links(path)
    origin = np.zeros(len(NAMES))
    rows = table(cases, calibration(origin, links, {}))
    best = fit(rows, links, origin)
    inside = predict_s(rows, calibration(best, links, {}))
    outside = np.zeros_like(inside)
    for family in sorted({case.family for case in cases}):
        mine = np.array([case.family == family for case in cases])
        rest = table([case for case in cases if case.family != family], calibration(origin, links, {}))
        found = calibration(fit(rest, links, best), links, {})
        outside[mine] = predict_s(table([c for c in cases if c.family == family], found), found)
        left = quantiles(outside[mine], rows.measured_s[mine])
        bias = float(np.median(outside[mine] / rows.measured_s[mine])) - 1.0
        print(
            f"{family:8s} {mine.sum():3d} rows: median {left[0]:.1%}, p90 {left[1]:.1%}, bias {bias:+.1%}",
            file=sys.stderr,
        )
    errors = score(cases, inside, outside)
    for kind, error in errors.items():
        print(kind, error, file=sys.stderr)
    write(calibration(best, links, errors), errors)
    with SCORES.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "family", "kind", "in_sample_error", "left_out_error"])
        for case, near, far in zip(
            cases, inside / rows.measured_s - 1, outside / rows.measured_s - 1, strict=True
        ):
            out.writerow([case.id, case.family, case.kind, f"{near:.4f}", f"{far:.4f}"])


def fact(value: float, source: str = "FIT", quality: str = "fitted", note: str = "") -> str:
    """Return a number with its origin, as TOML."""
    text = f'{{ value = {value:.5g}, source = "{source}", quality = "{quality}"'
    return text + (f', note = "{note}" }}' if note else " }")


def head(found: LlmCalibration) -> list[str]:
    """Return the numbers that are not in a table."""
    near = "set by hand in view of: two nodes of four GH200: 123 GB/s bus bandwidth at 128 MiB"
    floor = "set by hand in view of: floor of two nodes, and growth with their number"
    both = "set by hand in view of: between the sum and the larger of both phases"
    rest = "what runs on JUPITER took beyond the parts that are counted"
    return [
        'name = "llm-training"',
        f"power_exponent = {fact(found.power_exponent)}",
        f"memory_frac = {fact(found.memory_frac)}",
        f"network_frac = {fact(found.network_frac, 'ALPS', 'assumed', near)}",
        f"network_latency_us = {fact(found.network_latency_us, 'ALPS', 'assumed', floor)}",
        f"network_overlap_frac = {fact(found.network_overlap_frac, 'ALPS', 'assumed', both)}",
        f'reserve = {{ value = "{found.reserve_b / 1e9:g} GB", source = "OOM", quality = "derived", '
        f'note = "{rest}" }}',
        f"usable_memory = {fact(found.usable_memory, 'DEEP', 'derived', '97,871 MiB on a GH200 of 96 GB')}",
    ]


def tables(found: LlmCalibration, errors: dict[str, Error]) -> list[str]:
    """Return the tables."""
    lines = ["", "[law]", *(f"{name} = {fact(value)}" for name, value in found.law.items())]
    for family, rates in found.families.items():
        lines += ["", f"[families.{family}]"]
        lines += [f"{key} = {fact(getattr(rates, key))}" for key in ("product", "attention")]
        lines.append(f"watts_per_tflop_s = {fact(rates.watts_per_tflop_s, 'CHIPS', 'derived')}")
        for key in ("link_frac", "reduce_frac", "exchange_frac", "link_latency_us"):
            lines.append(f"{key} = {fact(getattr(rates, key), 'NCCL')}")
    lines += ["", "[precisions]", *(f"{key} = {fact(value)}" for key, value in found.precisions.items())]
    for name, stack in found.stacks.items():
        lines += ["", f"[stacks.{name}]"]
        for key in ("fused_attention", "fused", "overlap_tensor", "overlap_data", "hierarchical"):
            lines.append(f"{key} = {str(getattr(stack, key)).lower()}")
        lines.append(f"gradient_bytes = {fact(stack.gradient_bytes, 'DOCS', 'assumed')}")
        lines += [f"{key} = {fact(getattr(stack, key))}" for key in ("product", "attention")]
    for kind, error in errors.items():
        lines += ["", f"[errors.{kind}]"]
        lines += [
            f"{key} = {fact(getattr(error, key), 'FIT', 'derived')}" for key in type(error).model_fields
        ]
    return lines


SOURCES = {
    "FIT": "fitted by scripts/fit_llm.py on measured training runs of 11 papers and tables",
    "NCCL": "slope and start of NCCL timings on eight accelerators of a node (aiconfigurator, Apache-2.0)",
    "ALPS": "CSCS documentation, NCCL measurements on Alps",
    "OOM": "OpenEuroLLM, runs on JUPITER that fit and that ran out of memory",
    "DEEP": "JUPITER deep dive, probe of node jpbo-015-09",
    "CHIPS": "rated power over 16-bit peak of A100, H100 and B200 in the catalogue",
    "DOCS": "documentation of Megatron-LM, llm-foundry and torchtitan: gradients reduced in 32 or 16 bits",
}


def write(found: LlmCalibration, errors: dict[str, Error]) -> None:
    """Write the calibration with the origin of each number."""
    lines = head(found) + tables(found, errors)
    for key, title in SOURCES.items():
        lines += ["", f"[sources.{key}]", f'title = "{title}"']
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
