"""Measured training runs as cases of the model: what each row says, and why some can't be scored.

What a table leaves unsaid is read as ``catalogue/data/calibration/llm-reading.toml`` says; rows that are left
out, and why, stand in ``llm-left-out.csv`` beside it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, cast

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import data_folder
from exatwin.foundation.spec import read_toml
from exatwin.study.validation.usable import Line, UnusableError, scored, usable
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_setup import (
    Device,
    Layout,
    device_of,
    law_of,
    plan_terms,
    precision_of,
    reserve_b,
    stack_of,
)
from exatwin.workload.memory import memory_parts

Recompute = Literal["none", "selective", "full"]
_KINDS: tuple[Recompute, ...] = ("none", "selective", "full")
_MICRO_BATCHES = (1, 2, 4)


@cache
def reading() -> Mapping[str, Any]:
    """Return how the tables are read where they leave something unsaid."""
    return read_toml(data_folder() / "calibration" / "llm-reading.toml")


@cache
def left_out(model: str) -> Mapping[str, str]:
    """Return why rows are left out, by id, for the model ``llm`` or ``llm-memory``."""
    path = data_folder() / "calibration" / "llm-left-out.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["reason"] for row in csv.DictReader(file) if row["model"] == model}


MACHINE_OF: Mapping[str, str] = reading()["machines"]


@dataclass(frozen=True)
class Case:
    """One measured run."""

    id: str
    """Identifier of the row."""
    family: str
    """The paper or table that it comes from: what is left out together."""
    model: LanguageModel
    """What was trained."""
    layouts: tuple[Layout, ...]
    """How it was split; several where the source leaves something open (the fastest is meant)."""
    device: Device
    """Where it ran."""
    step_s: float
    """Measured seconds of a step."""

    @property
    def kind(self) -> str:
        """``dense`` or ``experts``."""
        return "experts" if self.model.experts else "dense"


@dataclass(frozen=True)
class FitCase:
    """One run that fitted in memory, or did not."""

    id: str
    """Identifier of the row."""
    model: LanguageModel
    """What was trained."""
    layouts: tuple[Layout, ...]
    """Layouts that the row allows; it fits where one of them does."""
    device: Device
    """Where it ran."""
    fits: bool
    """What happened."""


def read_cases(path: Path) -> tuple[list[Case], dict[str, str]]:
    """Return the training runs in the table of measurements at `path`, and why other rows are left out.

    Only rows whose evidence is the publisher's own (A) or the paper's text (B) are scored.
    """
    return usable(scored(_rows(path), "training"), left_out("llm"), _case)


def read_fits(path: Path) -> tuple[list[FitCase], dict[str, str]]:
    """Return the runs of the table at `path` that fitted in memory or did not, and why rows are left out.

    Every measured training run is one that fitted. Where its source does not say what is computed again, it
    fits if it does with any amount of recomputation.
    """
    rows = {row["id"]: row for row in _rows(path)}
    found = []
    for case in read_cases(path)[0]:
        kinds = _KINDS if _recompute(rows[case.id]) is None else (case.layouts[0].recompute,)
        layouts = [one.model_copy(update={"recompute": kind}) for one in case.layouts for kind in kinds]
        found.append(FitCase(case.id, case.model, tuple(layouts), case.device, True))
    trials = [row for row in rows.values() if row["category"] == "feasibility"]
    tried, skipped = usable(trials, left_out("llm-memory"), _trial)
    return [*found, *tried], skipped


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _number(row: Line, key: str, default: float | None = None) -> float:
    text = row[key].strip()
    if text and text != "n/a":
        return float(text)
    if default is None:
        raise UnusableError(f"no {key}")
    return default


def _case(row: Line) -> Case:
    if row["accelerator"] not in MACHINE_OF:
        raise UnusableError(f"'{row['accelerator']}' is not in the catalogue with what the law needs")
    if "LoRA" in row["model"]:
        raise UnusableError("trains adapters only, which the law does not cover")
    rules, table = reading(), re.sub(r"-\d+$", "", row["id"])
    paper = rules["papers"].get(table, table)
    model = _model(row)
    count = int(_number(row, "n_acc"))
    device = device_of(sized(MACHINE_OF[row["accelerator"]], count))
    device = replace(device, nic_b_s=rules["network_b_s"].get(paper, device.nic_b_s))
    layouts = _layouts(row, paper, model, count, device)
    return Case(row["id"], paper, model, layouts, device, _step_s(row, model, layouts[0]))


def _trial(row: Line) -> FitCase:
    count, tp, pp = (int(_number(row, key)) for key in ("n_acc", "tp", "pp"))
    model, micro = _model(row), int(_number(row, "mbs"))
    usual = reading()["trials"].get(re.sub(r"-\d+$", "", row["id"]), 1) if pp > 1 else 1
    layout = Layout(
        accelerators=count, tp=tp, pp=pp, vpp=int(_number(row, "vpp", usual)), ep=int(_number(row, "ep", 1)),
        micro_batch=micro, global_batch=int(_number(row, "gbs", max(64, micro * count // (tp * pp)))),
        seq=int(_number(row, "seq")), recompute=_recompute(row) or "none", precision=row["precision"],
        zero=3 if row["software"] == "titan" else 1,
    )  # fmt: skip
    device = device_of(sized(MACHINE_OF[row["accelerator"]], count))
    return FitCase(row["id"], model, (layout,), device, row["metric"] == "fits")


def _recompute(row: Line) -> Recompute | None:
    """Return what the row says is computed again; None where it leaves that open."""
    text = row["recompute"].strip().lower()
    if text in ("", "see recipe"):
        return None
    if "full" in text:
        return "full"
    return "selective" if "selective" in text or "sac" in text else "none"


def _model(row: Line) -> LanguageModel:
    name, rules = row["model"], reading()
    if name in rules["models"]:
        return load_model(rules["models"][name])
    if not row["layers"] or not row["hidden"] or not row["ffn"] or row["moe"]:
        raise UnusableError("the shape of the model is not given")
    heads, shapes = int(_number(row, "heads")), rules["shapes"]
    plain = name.startswith(tuple(shapes["plain"]))
    sizes = [size for start, size in shapes["head_size"].items() if name.startswith(start)]
    return LanguageModel(
        name=name, layers=int(_number(row, "layers")), hidden=int(_number(row, "hidden")),
        ffn=int(_number(row, "ffn")), heads=heads, kv_heads=int(_number(row, "kv_heads", heads)),
        vocab=int(_number(row, "vocab", shapes["vocab"])), gated_mlp=not plain, tied_embeddings=plain,
        head_size=sizes[0] if sizes else None,
    )  # fmt: skip


def _layouts(row: Line, paper: str, model: LanguageModel, count: int, device: Device) -> tuple[Layout, ...]:
    """Return the layouts that the row allows.

    Where it leaves them open, optimiser states are shared out rather than weights, and as little is computed
    again as memory allows; a stage is one chunk of layers; of open micro-batches the fastest is meant.
    """
    tp, pp, cp, ep = (int(_number(row, key, 1)) for key in ("tp", "pp", "cp", "ep"))
    if count % (tp * pp * cp):
        raise UnusableError("the degrees do not multiply to the count")
    dp = count // (tp * pp * cp)
    batch, micro, chunks = _batch(row, paper, dp, pp)
    if batch < dp:
        raise UnusableError("more replicas than sequences: the printed degrees contradict the count")
    common = {
        "accelerators": count, "global_batch": batch, "seq": int(_number(row, "seq")), "tp": tp, "pp": pp,
        "cp": cp, "ep": ep, "precision": precision_of(row["precision"]),
    }  # fmt: skip
    whole = "FSDP" in row["dp_shard"] or "ZeRO-3" in row["dp_shard"] or "titan" in row["software"]
    said = _recompute(row)
    found: list[tuple[float, list[Layout]]] = []
    for zero, again in product((3,) if whole else (1, 3), (said,) if said else _KINDS):
        group = [
            Layout.parse(
                {**common, "micro_batch": m, "vpp": chunks, "zero": zero, "recompute": again}, row["id"]
            )
            for m in ([micro] if micro else [m for m in _MICRO_BATCHES if batch % (dp * m) == 0])
        ]
        filled = [_filled(model, one, device) for one in group]
        allowed = llm_calibration().memory_band
        if min(filled) <= allowed:
            return tuple(one for one, share in zip(group, filled, strict=True) if share <= allowed)
        found.append((min(filled), [group[filled.index(min(filled))]]))
    return tuple(min(found, key=lambda pair: pair[0])[1])


def _filled(model: LanguageModel, layout: Layout, device: Device) -> float:
    """Return the share of device memory that a run needs."""
    found = llm_calibration()
    stack = stack_of(layout, found)
    plan = plan_terms(layout, stack)
    held = memory_parts(
        model.shape(layout.seq), plan, law_of(found), float(layout.zero >= 2),
        float(layout.sequence_parallel), reserve_b(stack, found, layout.dp * layout.cp),
    )  # fmt: skip
    return float(sum(held.values())) / (device.memory_b * found.usable_memory)


def _batch(row: Line, paper: str, dp: int, pp: int) -> tuple[int, int, int]:
    """Return sequences of a step, of a micro-batch (0 where open), and chunks of layers of a stage."""
    rules, micro, chunks = reading(), int(_number(row, "mbs", 0)), int(_number(row, "vpp", 1))
    if paper in rules["local_batch"] and rules["local_batch"][paper] in row["software"]:
        return micro * dp, 1 if pp > 1 else micro, chunks
    if paper in rules["global_batch"]:
        return cast(int, rules["global_batch"][paper]), micro, chunks
    batch = int(_number(row, "gbs"))
    if paper in rules["one_by_one"]["papers"] and pp > 1:
        return batch, 1, rules["one_by_one"]["interleaved"] if "interleaved" in row["notes"] else chunks
    return batch, micro, chunks


def _step_s(row: Line, model: LanguageModel, layout: Layout) -> float:
    """Return the measured seconds of a step, from the seconds, tokens/s or FLOP/s that the source prints."""
    if row["step_time_s"]:
        return _number(row, "step_time_s")
    if row["tok_s_acc"]:
        rate = _number(row, "tok_s_acc")
    else:
        seq = layout.seq * (2 if "non-causal" in row["flops_convention"] else 1)
        rate = _number(row, "tflops_acc") * 1e12 / model.flop_per_token(seq)
    return layout.global_batch * layout.seq / (rate * layout.accelerators)


__all__ = ["MACHINE_OF", "Case", "FitCase", "left_out", "read_cases",
           "read_fits", "reading"]  # fmt: skip
