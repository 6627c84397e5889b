"""Measured services as cases of the model: what each row says, and why some can't be scored.

What a table leaves unsaid is read as ``catalogue/data/calibration/serving-reading.toml`` says; rows that are
left out, and why, stand in ``serving-left-out.csv`` beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from exatwin.catalogue.generic import sized
from exatwin.catalogue.load import data_folder
from exatwin.catalogue.serving_calibration import Asked
from exatwin.foundation.errors import CatalogueError
from exatwin.foundation.spec import read_toml
from exatwin.study.validation.scores import table
from exatwin.study.validation.usable import Line, UnusableError, scored, usable
from exatwin.workload.apps.llm_device import Device, device_of
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.serving_setup import Replica, format_of

_RANKS = re.compile(r"_tp(\d+)(?:_\d+)?_ep(\d+|none)")
_NARROW = (("fp4", "nvfp4"), ("fp8", "fp8"), ("bf16", "bf16"))


@cache
def reading() -> Mapping[str, Any]:
    """Return how the tables are read where they leave something unsaid."""
    return read_toml(data_folder() / "calibration" / "serving-reading.toml")


@cache
def left_out() -> Mapping[str, Mapping[str, str]]:
    """Return why rows are left out, by model of validation and id; ``all`` is every one of them."""
    found: dict[str, dict[str, str]] = {}
    for row in table("calibration", "serving-left-out.csv"):
        found.setdefault(row["model"], {})[row["id"]] = row["reason"]
    return found


@dataclass(frozen=True)
class ServedCase:
    """One measured service."""

    id: str
    """Identifier of the row."""
    family: str
    """The table that it comes from: what is left out together."""
    name: str
    """What was served, where, in words."""
    model: LanguageModel
    """What was served."""
    device: Device
    """Where."""
    machine: str
    """Catalogue name of the machine or kind of node."""
    replicas: tuple[tuple[Replica, int], ...]
    """How, and how many of them; several where the source leaves it open (the fastest is meant)."""
    users: float
    """Users that wait for their answers, of all replicas; 0 where requests come by themselves."""
    rate: float
    """Requests each second where they come by themselves; 0 for as many as are served."""
    within: tuple[float, float] | None
    """99th percentiles of the time to first token and per token that the rate is searched within [s]."""
    prompts: str
    """The set of prompts; blank where lengths are given."""
    asked: Asked
    """Lengths as the row gives them; 0 where it does not."""
    statistic: str
    """What TPOT means: ``mean`` or ``median gap``."""
    requests: float
    """Requests of the whole measurement; infinite where it went on for long."""
    tpot_s: float
    """Measured time per output token [s]; 0 for none."""
    ttft_s: float
    """Measured time to first token [s]; 0 for none."""
    tokens_per_s: float
    """Measured output tokens of all replicas; 0 for none."""
    energy_j: float
    """Measured energy of a token [J]; 0 for none."""
    whole_system: bool
    """Whether that is the whole system's, or of the accelerators alone."""


def read_served(lines: Iterable[Line]) -> tuple[list[ServedCase], dict[str, str]]:
    """Return the measured services among `lines`, and why others are left out, by id.

    Only rows whose evidence is the publisher's own (A) or the paper's text (B) are scored.
    """
    return usable(scored(lines, "inference"), left_out().get("all", {}), _case)


def _case(line: Line) -> ServedCase:
    rules, family = reading(), re.sub(r"-\d+$", "", line["id"])
    machine = _machine(line["accelerator"])
    count = int(_number(line, "n_acc"))
    model = _model(line["model"])
    prompts = _prompts(family, model) if not line["isl"] else ""
    if not prompts and not (_number(line, "isl", 0.0) and _number(line, "osl", 0.0)):
        raise UnusableError("lengths of prompts and answers are not given")
    device = device_of(sized(machine, count))
    fixed = rules["users"].get(family) == "fixed"
    replicas = _replicas(line, family, model, device)
    served = _told(line, r"samples/s ([\d.]+)")
    energy = _told(line, r"([\d.]+) J", "energy") or (_number(line, "value") if "J/" in line["unit"] else 0.0)
    each = _number(line, "concurrency", 0.0) * (replicas[0][0].dp * replicas[0][1] if fixed else 1)
    output = _number(line, "osl", 0.0) or (_rate(line) / served if served else 0.0)
    if fixed and not each:
        raise UnusableError("the number of users is not given")
    rate = served if re.search("Server|Interactive", line["locator"] + line["notes"]) else 0.0
    return ServedCase(
        id=line["id"], family=family, name=f"{line['model']} on {count} {line['accelerator']}", model=model,
        device=device, machine=machine, replicas=replicas, users=each if fixed else 0.0,
        rate=rate, within=_within(family, model, line) if rate else None, prompts=prompts,
        asked=Asked.model_construct(
            input=_number(line, "isl", 0.0), input_cv=0.0, output=output, output_cv=0.0
        ),
        requests=_requests(family, line),
        statistic=rules["statistic"].get(family, "mean"), tpot_s=_number(line, "tpot_ms", 0.0) * 1e-3,
        ttft_s=_number(line, "ttft_ms", 0.0) * 1e-3, tokens_per_s=_rate(line), energy_j=energy,
        whole_system="system AC" in line["energy"],
    )  # fmt: skip


def _within(family: str, model: LanguageModel, line: Line) -> tuple[float, float] | None:
    """Return the limits that the benchmark's rules set to the percentiles of a row, where they do."""
    rules: Mapping[str, Any] = reading()["within"].get(family, {})
    kind = "interactive" if "Interactive" in line["locator"] + line["notes"] else "server"
    for of, first_s, token_s in rules.get(kind, ()):
        if _plain(model).startswith(of):
            return float(first_s), float(token_s)
    return None


def _plain(model: LanguageModel) -> str:
    return re.sub(r"[^a-z0-9]+", "-", model.name.lower())


def _requests(family: str, line: Line) -> float:
    lengths = f"{line['isl'].split('.')[0]}/{line['osl'].split('.')[0]}"
    return float(reading()["requests"].get(family, {}).get(lengths, math.inf))


def _machine(name: str) -> str:
    rules, word = reading(), name.lower()
    if name in rules["exactly"]:
        return str(rules["exactly"][name])
    for part, machine in rules["machines"]:
        if part in word:
            return str(machine)
    raise UnusableError(f"'{name}' is not in the catalogue with what the law needs")


def _model(name: str) -> LanguageModel:
    word = re.sub(r"[\s_]+", "-", name.lower().split("/")[-1])
    for part, model in reading()["models"]:
        if part in word:
            return load_model(model)
    try:
        return load_model(re.sub(r"(-instruct|-fp8|-fp4|-nvfp4|-bf16)+$", "", word))
    except CatalogueError as why:
        raise UnusableError(str(why)) from None


def _prompts(family: str, model: LanguageModel) -> str:
    plain = _plain(model)
    for key, name in reading()["prompts"].items():
        of, _, about = key.partition("-")
        if of == family and plain.startswith(about):
            return str(name)
    return ""


def _engine(software: str) -> str:
    for part, engine in reading()["engines"]:
        if part in software.lower():
            return str(engine)
    raise UnusableError(f"the engine '{software}' is not modelled")


def _replicas(
    line: Line, family: str, model: LanguageModel, device: Device
) -> tuple[tuple[Replica, int], ...]:
    """Return how the row spreads the model, and how often.

    Ranks of experts are those of attention. Where attention has fewer tensor ranks than a replica has
    accelerators, groups of them hold other requests if the row says so, or else they are tensor ranks too.
    """
    rules, engine = reading(), _engine(line["software"])
    precision = _precision(line, family, device)
    narrow = engine in rules["narrow_cache"] and precision not in ("bf16", "fp16")
    common: dict[str, Any] = {
        "precision": precision, "cache_precision": "fp8" if narrow else "bf16", "engine": engine,
        "wide_attention": line["model"] in rules["wide_attention"],
    }  # fmt: skip
    count = int(_number(line, "n_acc"))
    ranks = _RANKS.search(line["locator"])
    if ranks:
        count = int(ranks[1])
    pp, dp = int(_number(line, "pp", 1.0)), int(_number(line, "dp", 1.0))
    if family in rules["narrowest"]["tables"] or not line["tp"]:
        sizes = [size for size in (1, 2, 4, 8, 16, 32, 64) if count % size == 0]
        return tuple((Replica(tp=size, ep=1, **common), count // size) for size in sizes)
    grouped = bool(model.experts) and "attention DP" in line["notes"]
    groups = count // pp if grouped else dp
    ep = int(_number(line, "ep", float(groups) if grouped else 1.0))
    tp = count // (pp * groups)
    return ((Replica(tp=tp, dp=groups, pp=pp, ep=ep, **common), 1),)


def _precision(line: Line, family: str, device: Device) -> str:
    if line["precision"].strip():
        return format_of(line["precision"])
    if family in reading()["narrowest"]["tables"]:
        return next(name for peak, name in _NARROW if device.peak.get(peak))
    return "bf16"


def _rate(line: Line) -> float:
    """Return the output tokens each second of all accelerators."""
    if line["tok_s_acc"]:
        return _number(line, "tok_s_acc") * _number(line, "n_acc")
    return _number(line, "value") if line["unit"].endswith("tokens/s") else 0.0


def _told(line: Line, pattern: str, column: str = "notes") -> float:
    found = re.search(pattern, line[column])
    return float(found[1]) if found else 0.0


def _number(line: Line, key: str, default: float | None = None) -> float:
    text = re.sub(r"^target_qps\s*", "", line[key].strip())
    if text and text != "n/a":
        return float(text)
    if default is None:
        raise UnusableError(f"no {key}")
    return default


__all__ = ["ServedCase", "left_out", "read_served", "reading"]
