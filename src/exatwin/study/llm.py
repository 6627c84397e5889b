"""``exatwin estimate llm``: one step of training, the layout completed where it was left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.estimate import Estimate
from exatwin.study.llm_answer import answer
from exatwin.study.llm_score import stacked
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_setup import (
    Device,
    Layout,
    chip_terms,
    device_of,
    fabric_terms,
    law_of,
    plan_terms,
    stack_of,
)
from exatwin.workload.apps.llm_step import step_parts
from exatwin.workload.apps.llm_terms import Chip, Plan
from exatwin.workload.apps.llm_training import estimate_llm_training
from exatwin.workload.memory import memory_parts

TOKENS_OF_A_STEP = 4 * 2**20
_DEGREES = (1, 2, 4, 8, 16, 32, 64)
_CHOICES: dict[str, tuple[Any, ...]] = {
    "tp": (1, 2, 4, 8),
    "pp": (1, 2, 4, 8, 16, 32, 64),
    "cp": (1,),
    "zero": (1, 3),
    "recompute": ("none", "selective", "full"),
    "micro_batch": (1, 2, 4),
}


def estimate_llm(machine: str, model: str, asked: Mapping[str, Any]) -> Estimate:
    """Return what one step of training takes.

    Parameters
    ----------
    machine
        A machine of the catalogue, a kind of node, or a path.
    model
        A model of the catalogue, or the path of a model file.
    asked
        Settings of the layout that were given, ``accelerators`` among them; the fastest that fits is chosen
        for the others.

    Raises
    ------
    CatalogueError, SpecError
        The machine, the model or a setting is unknown or does not suit the others.
    InfeasibleError
        Nothing that was asked fits in memory.

    Examples
    --------
    >>> found = estimate_llm("dgx-h100", "llama-3.1-70b", {"accelerators": 64, "precision": "fp8"})
    >>> found.values["mfu_frac"] > 0.3
    True
    """
    spec = load_model(model)
    where = sized(machine, int(asked["accelerators"]))
    layout, chosen = complete(spec, where, asked)
    found = estimate_llm_training(where, spec, layout)
    return answer(found, where, chosen)


def complete(model: LanguageModel, machine: Machine, asked: Mapping[str, Any]) -> tuple[Layout, list[str]]:
    """Return the layout that was asked, its open settings chosen, and what was chosen in words.

    Raises
    ------
    SpecError
        What was asked contradicts itself.
    InfeasibleError
        Nothing that was asked fits in memory.
    """
    given = {key: value for key, value in asked.items() if value is not None}
    seq = int(given.setdefault("seq", 4096))
    count = int(given["accelerators"])
    given.setdefault("global_batch", max(count, TOKENS_OF_A_STEP // max(seq, 1)))
    device = device_of(machine)
    options = _options(model, device, given)
    if not options:
        Layout.parse({"tp": 1, **given}, "layout")
        raise SpecError("no layout divides what was asked: leave one of --tp, --pp, --cp, --ep open")
    times, filled = _scored(model, device, options)
    fits = filled <= 1.0
    if not fits.any():
        least = options[int(np.argmin(filled))]
        estimate_llm_training(machine, model, least)  # says by how much and what would help
        raise InfeasibleError(f"'{model.name}' does not fit on {count:,} accelerators")
    best = options[int(np.argmin(np.where(fits, times, np.inf)))]
    chosen = [f"{key} = {getattr(best, key)}" for key in type(best).model_fields if key not in given]
    seen = {"global_batch", "seq"} - {key for key, value in asked.items() if value is not None}
    return best, sorted({*chosen, *(f"{key} = {getattr(best, key)}" for key in seen)} - {"stack = "})


def _options(model: LanguageModel, device: Device, given: Mapping[str, Any]) -> list[Layout]:
    """Return the layouts that complete `given`."""
    choices = {key: (given[key],) if key in given else values for key, values in _CHOICES.items()}
    if "tp" not in given:
        choices["tp"] = tuple(tp for tp in choices["tp"] if tp <= device.domain and model.heads % tp == 0)
    found = []
    for values in product(*choices.values()):
        setting = {**given, **dict(zip(choices, values, strict=True))}
        for rest in _rest(model, setting):
            try:
                found.append(Layout(**{**setting, **rest}))
            except ValueError:
                continue
    return found


def _rest(model: LanguageModel, setting: Mapping[str, Any]) -> Iterator[dict[str, int]]:
    """Yield the chunks of layers and the expert-parallel ranks that go with `setting`."""
    pp = int(setting["pp"])
    even = (model.layers, model.layers + 2)  # the embedding and the logits may take the place of a layer each
    deep = [v for v in (2, 4, 5, 8) if pp > 1 and any(count % (pp * v) == 0 for count in even)]
    chunks = [1, *deep] if pp <= model.layers else []
    for vpp in [setting["vpp"]] if "vpp" in setting else chunks:
        degrees = _DEGREES if model.experts else (1,)
        for ep in [setting["ep"]] if "ep" in setting else degrees:
            if not model.experts or model.experts % ep == 0:
                yield {"vpp": vpp, "ep": ep}


def _scored(model: LanguageModel, device: Device, options: list[Layout]) -> tuple[Any, Any]:
    """Return the seconds of a step of each option, and the share of memory that it fills."""
    found = llm_calibration()
    fabric = fabric_terms(device, found)
    plan = stacked(Plan, [plan_terms(one, stack_of(one, found)) for one in options])
    chip = stacked(Chip, [chip_terms(device, one, stack_of(one, found), found) for one in options])
    shape = model.shape(options[0].seq)
    parts = step_parts(shape, chip, plan, fabric, law_of(found))
    shared = np.array([float(one.zero >= 2) for one in options])
    split = np.array([float(one.sequence_parallel) for one in options])
    held = memory_parts(shape, plan, shared, split, found.reserve_b)
    limit = device.memory_b * found.usable_memory
    return np.sum(list(parts.values()), axis=0), np.sum(list(held.values()), axis=0) / limit
