"""What is asked of a service, from settings as Python and the command line give them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.foundation.errors import SpecError, nearest
from exatwin.workload.apps.serving_layouts import Chosen
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_plan import Targets
from exatwin.workload.apps.serving_setup import engine_law, format_of

PERCENTS = (50, 90, 95, 99)
"""Percentiles that may be asked for."""
_COUNTS = (
    "tp", "pp", "dp", "ep", "replicas", "nodes", "accelerators", "max_batch", "max_batched_tokens",
    "requests",
)  # fmt: skip
_NUMBERS = ("rate", "users", "input", "output", "input_cv", "output_cv")
_TARGETS = tuple(f"{what}_p{percent}_s" for what in ("ttft", "tpot") for percent in PERCENTS)
_OTHERS = ("model", "precision", "cache_precision", "engine", "lengths", "disaggregate", "simulate", "seed")
SETTINGS = (*_OTHERS, *_NUMBERS, *_COUNTS, *_TARGETS)
"""Names of all settings."""
LONGEST = 10_000_000
"""Tokens of the longest prompt or answer."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a service."""

    model: str
    """Name of the model, or the path of its file."""
    lengths: Lengths
    """Tokens of prompts and answers."""
    targets: Targets = field(default_factory=Targets)
    """How soon requests must be answered."""
    rate: float = 0.0
    """Requests each second; 0 for as many as are answered."""
    users: float = 0.0
    """Users that wait for their answers, in the place of a rate."""
    chosen: Chosen = field(default_factory=Chosen)
    """Layout of a replica, as far as it is given."""
    replicas: int | None = None
    """Replicas, where they are given."""
    accelerators: int | None = None
    """Accelerators, where they are given."""
    nodes: int | None = None
    """Nodes, where they are given."""
    max_batch: int | None = None
    """Requests in flight of one attention group."""
    max_batched_tokens: int | None = None
    """Tokens of one step of it."""
    disaggregate: bool = False
    """Whether prompts have accelerators of their own."""
    simulate: bool = False
    """Whether to simulate the batching for percentiles."""
    seed: int = 0
    """Seed of the simulation."""
    requests: int = 20_000
    """Requests of the simulation."""
    sample: tuple[tuple[int, int], ...] = ()
    """Lengths that were read from a file."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was given, as `estimate` takes it."""


def asked_of(settings: Mapping[str, Any]) -> Asked:
    """Return what `settings` ask.

    Raises
    ------
    SpecError
        A setting is unknown, no number of its kind, or contradicts another.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    for key in given:
        if key not in SETTINGS:
            raise SpecError(f"serve has no setting '{key}': {nearest(key, SETTINGS)}")
    if not given.get("model"):
        raise SpecError("serve: 'model' is missing, such as llama-3.1-70b")
    numbers = {key: _number(key, given[key]) for key in (*_NUMBERS, *_TARGETS) if key in given}
    counts = {key: _count(key, given[key]) for key in _COUNTS if key in given}
    _contradictions(given)
    sample = _sample(Path(given["lengths"])) if "lengths" in given else ()
    precision = format_of(str(given.get("precision", "bf16")))
    engine = str(given.get("engine", "vllm"))
    cache = _cache(given.get("cache_precision"), precision, engine)
    ranks = {key: counts.get(key) for key in ("tp", "pp", "dp", "ep")}
    targets = [
        {
            percent: numbers[f"{what}_p{percent}_s"]
            for percent in PERCENTS
            if f"{what}_p{percent}_s" in numbers
        }
        for what in ("ttft", "tpot")
    ]
    return Asked(
        model=os.fspath(given["model"]), lengths=_lengths(numbers, sample), targets=Targets(*targets),
        rate=numbers.get("rate", 0.0), users=numbers.get("users", 0.0),
        chosen=Chosen(
            **ranks, precision=precision, cache_precision=cache, engine=engine
        ),
        disaggregate=bool(given.get("disaggregate", False)), simulate=bool(given.get("simulate", False)),
        seed=_seed(given.get("seed", 0)), sample=sample, settings={k: _plain(v) for k, v in given.items()},
        **{key: counts[key] for key in _COUNTS if key in counts and key not in ranks},
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _contradictions(given: Mapping[str, Any]) -> None:
    pairs = (
        ("rate", "users"), ("lengths", "input"), ("lengths", "output"), ("nodes", "accelerators"),
        ("replicas", "accelerators"), ("replicas", "nodes"), ("disaggregate", "users"),
        ("disaggregate", "simulate"), ("users", "simulate"), ("disaggregate", "replicas"),
        ("disaggregate", "accelerators"), ("disaggregate", "nodes"),
    )  # fmt: skip
    for one, other in pairs:
        if given.get(one) and given.get(other):
            raise SpecError(f"'{one}' and '{other}' exclude each other: expected one of them")
    if given.get("disaggregate") and not given.get("rate"):
        raise SpecError("'disaggregate' needs a rate: pools are sized for a load")
    if given.get("simulate") and not given.get("rate"):
        raise SpecError("'simulate' needs a rate: without one, requests would only pile up")
    if given.get("users"):
        late = next((key for key in _TARGETS if key in given), None)
        if late:
            raise SpecError(f"'{late}' needs a rate: a fixed number of users is told, not planned for")


def _number(key: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    least, most = {
        "rate": (1e-6, 1e7), "users": (1.0, 1e8), "input": (1.0, LONGEST), "output": (1.0, LONGEST),
        "input_cv": (0.0, 10.0), "output_cv": (0.0, 10.0),
    }.get(key, (1e-6, 1e6))  # fmt: skip
    if isinstance(value, bool) or not least <= number <= most:
        raise SpecError(f"'{key}' is {value}: expected a number from {least:g} to {most:g}")
    return number


def _count(key: str, value: Any) -> int:
    whole = not isinstance(value, bool) and isinstance(value, (int, float)) and value == int(value)
    most = 2_000_000 if key == "requests" else 10**9
    if not whole or not 1 <= value <= most:
        raise SpecError(f"'{key}' is {value}: expected a whole number from 1 to {most:,}")
    return int(value)


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise SpecError(f"'seed' is {value}: expected a whole number of at least 0")
    return value


def _cache(asked: object, precision: str, engine: str) -> str:
    """Return the format of keys and values: that asked, or what the engine does beside such weights."""
    if asked is None:
        narrow = engine_law(engine, serving_calibration()).narrow_cache
        return "fp8" if narrow and precision not in ("bf16", "fp16") else "bf16"
    found = format_of(str(asked), "--kv-precision")
    if found == "int4":
        raise SpecError("--kv-precision int4 is not modelled: expected bf16, fp16, fp8, int8 or nvfp4")
    return found


def _lengths(numbers: Mapping[str, float], sample: tuple[tuple[int, int], ...]) -> Lengths:
    if not sample:
        usual = {"input": 1024.0, "output": 256.0, "input_cv": 0.0, "output_cv": 0.0}
        return Lengths(**{key: numbers.get(key, value) for key, value in usual.items()})
    table = np.array(sample, float)
    mean, spread = table.mean(axis=0), table.std(axis=0)
    return Lengths(float(mean[0]), float(mean[1]), float(spread[0] / mean[0]), float(spread[1] / mean[1]))


def _sample(path: Path) -> tuple[tuple[int, int], ...]:
    """Return the lengths in the file at `path`: two numbers a line, of a prompt and of its answer."""
    rows: list[tuple[int, int]] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: can't be read: {error}") from None
    for at, line in enumerate(lines, 1):
        parts = line.replace(",", " ").split()
        if not parts or (at == 1 and not parts[0].isdigit()):
            continue
        if len(parts) < 2 or not all(part.isdigit() and 1 <= int(part) <= LONGEST for part in parts[:2]):
            raise SpecError(
                f"{path}, line {at}: found '{line[:40]}', expected the tokens of a prompt and answer"
            )
        rows.append((int(parts[0]), int(parts[1])))
    if not rows:
        raise SpecError(
            f"{path}: no lengths, expected two numbers a line: tokens of a prompt and of its answer"
        )
    return tuple(rows)


__all__ = ["PERCENTS", "SETTINGS", "Asked", "asked_of"]
