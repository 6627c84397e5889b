"""Writes the calibration of LLM serving with the origin of each number, for `fit_serving.py`."""

from __future__ import annotations

from pathlib import Path

from llm_file import fact

from exatwin.catalogue.serving_calibration import EngineLaw, ServingCalibration

SOURCES = {
    "FIT": "fitted by scripts/fit_serving.py on measured services of four tables (TensorRT-LLM, ML.ENERGY, "
    "MLPerf Inference v4.1, aiconfigurator)",
    "DOCS": "defaults of the engines as generally known; no source was opened",
    "REASON": "Physical reasoning of this project; no published value was found",
}
ROUNDS_NOTE = "ten prompts for each user, as benchmarks with a fixed number of users send them"
ENGINE_NOTES = {
    "batch_most": "requests in flight",
    "tokens_most": "budget of a step for chunked prefill",
    "memory_frac": "of device memory, as engines are usually started",
    "reserve": "activations, graphs, communicators",
}


def write(found: ServingCalibration, path: Path) -> None:
    """Write `found` to `path`."""
    lines = ['name = "serving"']
    lines += [f"{key} = {fact(getattr(found, key))}" for key in ("attention", "links", "reduce_us")]
    lines.append(f"rounds = {fact(found.rounds, 'DOCS', 'assumed', ROUNDS_NOTE)}")
    lines += ["", "[law]", *(f"{key} = {fact(value)}" for key, value in found.law.items())]
    for name, rates in found.families.items():
        mean = "mean of the families, for chips that no fit has seen" if name == "generic" else ""
        lines += ["", f"[families.{name}]"]
        lines += [_rate(name, key, value, mean) for key, value in rates]
    for name, engine in found.engines.items():
        lines += ["", f"[engines.{name}]", *_engine(engine)]
    lines += ["", "[power]", *_power(found)]
    for name, asked in found.prompts.items():
        lines += ["", f"[prompts.{name}]"]
        fitted = {"arena": ("input", "input_cv")}.get(name, ("input",))
        lines += [
            f"{key} = {fact(value) if key in fitted else fact(value, 'REASON', 'assumed')}"
            for key, value in asked
        ]
    for name, error in found.errors.items():
        lines += ["", f"[errors.{name}]"]
        lines += [f"{key} = {fact(round(value, 4), 'FIT', 'derived')}" for key, value in error]
    for name, title in SOURCES.items():
        lines += ["", f"[sources.{name}]", f'title = "{title}"']
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rate(family: str, key: str, value: float, mean: str) -> str:
    if mean:
        return f"{key} = {fact(value, 'FIT', 'derived', mean)}"
    if (family, key) in {("hopper", "products_4"), ("cdna3", "products_4"), ("cdna3", "products_16")}:
        note = "as in 8 bits, less a fifth to unpack" if key == "products_4" else "as in 8 bits"
        return f"{key} = {fact(value, 'REASON', 'assumed', note)}"
    return f"{key} = {fact(value)}"


def _engine(engine: EngineLaw) -> list[str]:
    told = [f'title = "{engine.title}"']
    told += [
        f"{key} = {fact(getattr(engine, key))}" for key in ("step_us", "sequence_us", "layer_us", "first_ms")
    ]
    own = ("REASON", "assumed", "the reference") if engine.experts == 1.0 else ()
    told.append(f"experts = {fact(engine.experts, *own)}")
    for key in ("batch_most", "tokens_most", "memory_frac"):
        told.append(f"{key} = {fact(getattr(engine, key), 'DOCS', 'assumed', ENGINE_NOTES[key])}")
    note = ENGINE_NOTES["reserve"]
    told.append(
        f'reserve = {{ value = "{engine.reserve_b / 1e9:g} GB", source = "REASON", quality = "assumed", '
        f'note = "{note}" }}'
    )
    flags = ("narrow_cache", "waves", "reserves")
    return told + [f"{key} = {str(getattr(engine, key)).lower()}" for key in flags]


def _power(found: ServingCalibration) -> list[str]:
    power = found.power
    told = [f"{key} = {fact(getattr(power, key))}" for key in ("busy", "compute", "waiting")]
    told.append(f"processor = {fact(power.processor_frac, 'REASON', 'assumed', 'schedulers and servers')}")
    band = "10th and 90th percentile of measured over predicted energy, models left out"
    return told + [f"{key} = {fact(getattr(power, key), 'FIT', 'derived', band)}" for key in ("low", "high")]
