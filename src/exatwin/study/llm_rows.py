"""Measured training runs as cases of the model: what each row says, and why some can't be scored."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from exatwin.catalogue.generic import sized
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_setup import Device, Layout, device_of

MACHINE_OF = {
    "A100-SXM-80GB": "dgx-a100-80", "A100-SXM-40GB": "dgx-a100-40", "A100 (vTrain cluster)": "dgx-a100-80",
    "H100-SXM-80GB": "dgx-h100", "NVIDIA H100-SXM-80GB": "dgx-h100", "NVIDIA H100-SXM5-80GB": "dgx-h100",
    "H100 96GB HBM2e 500W cap (Grand Teton)": "hgx-h100-500w", "H200-SXM-141GB": "dgx-h200",
    "GH200 96GB (JUPITER)": "jupiter", "B200": "dgx-b200", "B200-SXM-180GB": "dgx-b200",
    "GB200": "gb200-nvl72",
}  # fmt: skip
KNOWN_MODELS = {
    "DeepSeekV3": "deepseek-v3", "GPT OSS 120B": "gpt-oss-120b", "Qwen3_30B_a3B": "qwen3-30b-a3b",
    "Qwen3-30B-A3B": "qwen3-30b-a3b", "Qwen3_235B_a22B": "qwen3-235b-a22b",
}  # fmt: skip
PAPERS = {"SC21T1": "SC21", "SC21T2": "SC21", "JUPS": "JUP", "JUPG": "JUP"}
VTRAIN_NIC_B_S = 12.5e9  # 800 Gb/s a node of eight, as that cluster's configuration says


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
    """How it was split; several where the source leaves something open (its best is meant)."""
    device: Device
    """Where it ran."""
    step_s: float
    """Measured seconds of a step."""

    @property
    def kind(self) -> str:
        """``dense`` or ``experts``."""
        return "experts" if self.model.experts else "dense"


def read_cases(path: Path) -> tuple[list[Case], dict[str, str]]:
    """Return the training runs in the table of measurements at `path`, and why other rows are left out.

    Only rows whose evidence is the publisher's own (A) or the paper's text (B) are scored.
    """
    cases, skipped = [], {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["category"] != "training" or row["evidence"][0] not in "AB":
                continue
            try:
                cases.append(_case(row))
            except _UnusableError as why:
                skipped[row["id"]] = str(why)
    return cases, skipped


class _UnusableError(Exception):
    """A row that can't be scored."""


def _number(row: dict[str, str], key: str, default: float | None = None) -> float:
    text = row[key].strip()
    if text and text != "n/a":
        return float(text)
    if default is None:
        raise _UnusableError(f"no {key}")
    return default


def _case(row: dict[str, str]) -> Case:
    if row["accelerator"] not in MACHINE_OF:
        raise _UnusableError(f"'{row['accelerator']}' is not in the catalogue with what the law needs")
    if "LoRA" in row["model"]:
        raise _UnusableError("trains adapters only, which the law does not cover")
    family = re.sub(r"-\d+$", "", row["id"])
    paper = PAPERS.get(family, family)
    model = _model(row)
    if paper == "SC21" and family == "SC21X":
        raise _UnusableError("the layout is not given")
    count = int(_number(row, "n_acc"))
    device = device_of(sized(MACHINE_OF[row["accelerator"]], count))
    if paper == "VTRAIN":
        device = replace(device, nic_b_s=VTRAIN_NIC_B_S)
    layouts = _layouts(row, paper, model, count, device)
    return Case(row["id"], paper, model, layouts, device, _step_s(row, model, layouts[0]))


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


UNSTATED = {
    "JUPO-003": "a switch that keeps the inputs of deferred products, which no flag of the layout describes",
    "JUPO-004": "a switch that keeps the inputs of deferred products, which no flag of the layout describes",
    "JUPO-008": "captured graphs with private memory pools, which no flag of the layout describes",
    "JUPO-009": "captured graphs with private memory pools, which no flag of the layout describes",
    "JUPO-010": "captured graphs with private memory pools, which no flag of the layout describes",
}


def read_fits(path: Path) -> tuple[list[FitCase], dict[str, str]]:
    """Return the runs of the table at `path` that fitted in memory or did not, and why rows are left out.

    Every measured training run is one that fitted. Where its source does not say what is computed again, it
    fits if it does with any amount of recomputation.
    """
    cases, _ = read_cases(path)
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    for case in cases:
        open_question = rows[case.id]["recompute"].strip().lower() in ("", "see recipe")
        kinds = ("none", "selective", "full") if open_question else (case.layouts[0].recompute,)
        layouts = [one.model_copy(update={"recompute": kind}) for one in case.layouts for kind in kinds]
        found.append(FitCase(case.id, case.model, tuple(layouts), case.device, True))
    trials = [row for row in rows.values() if row["category"] == "feasibility"]
    skipped = {row["id"]: UNSTATED[row["id"]] for row in trials if row["id"] in UNSTATED}
    found += [_trial(row) for row in trials if row["id"] not in skipped]
    return found, skipped


def _trial(row: dict[str, str]) -> FitCase:
    count, tp, pp = (int(_number(row, key)) for key in ("n_acc", "tp", "pp"))
    model, micro = _model(row), int(_number(row, "mbs"))
    sharded = row["software"] == "titan"
    # those runs interleave two chunks a stage where the row does not say otherwise
    usual = 2 if row["id"].startswith("JUPO") and pp > 1 else 1
    layout = Layout(
        accelerators=count, tp=tp, pp=pp, vpp=int(_number(row, "vpp", usual)), ep=int(_number(row, "ep", 1)),
        micro_batch=micro, global_batch=int(_number(row, "gbs", max(64, micro * count // (tp * pp)))),
        seq=int(_number(row, "seq")), recompute=_recompute(row["recompute"]), zero=3 if sharded else 1,
        precision=_precision(row["precision"]), stack="torchtitan" if sharded else "megatron",
    )  # fmt: skip
    device = device_of(sized(MACHINE_OF[row["accelerator"]], count))
    return FitCase(row["id"], model, (layout,), device, row["metric"] == "fits")


def _recompute(text: str) -> Literal["none", "selective", "full"]:
    text = text.lower()
    if "full" in text:
        return "full"
    return "selective" if "selective" in text or "sac" in text else "none"


def _model(row: dict[str, str]) -> LanguageModel:
    name = row["model"]
    if name in KNOWN_MODELS:
        return load_model(KNOWN_MODELS[name])
    if not row["layers"] or not row["hidden"] or not row["ffn"] or row["moe"]:
        raise _UnusableError("the shape of the model is not given")
    heads = int(_number(row, "heads"))
    head = None
    if name.startswith("OELLM"):  # 33.9 billion weights of the 32B model mean heads of 128
        head = 64 if name == "OELLM 0.4B" else 128
    plain = name.startswith(("GPT", "MPT"))
    return LanguageModel(
        name=name, layers=int(_number(row, "layers")), hidden=int(_number(row, "hidden")),
        ffn=int(_number(row, "ffn")), heads=heads, kv_heads=int(_number(row, "kv_heads", heads)),
        vocab=int(_number(row, "vocab", 51200)), gated_mlp=not plain, tied_embeddings=plain, head_size=head,
    )  # fmt: skip


def _precision(text: str) -> str:
    text = text.lower()
    if "fp4" in text:
        return "nvfp4"
    if "mx" in text:
        return "mxfp8"
    if "fp8" in text:
        return "fp8-rowwise" if "rowwise" in text else "fp8"
    return "fp16" if text == "fp16" else "bf16"


def _stack(row: dict[str, str], paper: str, precision: str) -> str:
    """Return the training stack by what the source says of its software."""
    if paper in ("SC21", "VTRAIN"):
        return "megatron-2021"
    software, notes = row["software"], row["notes"].lower()
    if "torchtitan" in software or software == "titan":
        compiled = "compile=yes" in software or "compile" in notes or "fp8" in precision
        compiled = compiled or (
            paper == "TITAN" and int(row["id"][-3:]) >= 11
        )  # the later tables all compile
        overlap = "async" in notes
        return "torchtitan" + ("-compiled" if compiled else "") + ("-async" if overlap else "")
    return "fsdp" if paper == "MPT" else "megatron"


def _layouts(
    row: dict[str, str], paper: str, model: LanguageModel, count: int, device: Device
) -> tuple[Layout, ...]:
    tp, pp, cp, ep = (int(_number(row, key, 1)) for key in ("tp", "pp", "cp", "ep"))
    if count % (tp * pp * cp):
        raise _UnusableError("the degrees do not multiply to the count")
    dp = count // (tp * pp * cp)
    precision = _precision(row["precision"])
    stack = _stack(row, paper, precision)
    batch, micro, chunks = _batch(row, paper, dp, pp)
    if batch < dp:
        raise _UnusableError("more replicas than sequences: the printed degrees contradict the count")
    again = _recompute(row["recompute"])
    if model.experts and "see recipe" in row["recompute"]:
        again = "selective"
    shared = "FSDP" in row["dp_shard"] or "ZeRO-3" in row["dp_shard"] or "titan" in stack
    held = 6.0 * model.params()[1] / (tp * pp)
    zero = 3 if shared or (not model.experts and held > device.memory_b) else 1
    found = []
    for one in micro:
        if len(micro) > 1 and batch % (dp * one):
            continue
        common = {
            "accelerators": count, "global_batch": -(-batch // dp) * dp, "seq": int(_number(row, "seq")),
            "micro_batch": one, "tp": tp, "pp": pp, "cp": cp, "ep": ep, "recompute": again,
            "precision": precision, "stack": stack,
            "zero": 0 if stack == "megatron-2021" and zero == 1 else zero,
        }  # fmt: skip
        found += [
            Layout.parse({**common, "vpp": chunk}, row["id"]) for chunk in _chunks(paper, model, pp, chunks)
        ]
    return tuple(found)


def _batch(row: dict[str, str], paper: str, dp: int, pp: int) -> tuple[int, list[int], int]:
    """Return sequences of a step, micro-batches to try, and chunks of layers of a stage."""
    chunks = int(_number(row, "vpp", 1))
    micro = int(_number(row, "mbs", 0))
    if paper == "JUPQ":
        if (
            "torchtitan" in row["software"]
        ):  # the batch column is local; pipelines split it into single sequences
            return micro * dp, [1 if pp > 1 else micro], chunks
        return 64, [micro], chunks
    batch = int(_number(row, "gbs"))
    if paper == "TITAN" and pp > 1:
        return batch, [1], 2 if "interleaved" in row["notes"] else chunks
    if not micro:
        return batch, [1, 2, 4, 8] if paper == "SC21" else [1], chunks
    return batch, [micro], chunks


def _chunks(paper: str, model: LanguageModel, pp: int, chunks: int) -> list[int]:
    """Return the interleavings to try: SC21 used it without saying how deep."""
    if paper != "SC21" or pp == 1:
        return [chunks]
    return [v for v in (1, 2, 3, 4) if model.layers % (pp * v) == 0]


def _step_s(row: dict[str, str], model: LanguageModel, layout: Layout) -> float:
    """Return the measured seconds of a step, from the seconds, tokens/s or FLOP/s that the source prints."""
    if row["step_time_s"]:
        return _number(row, "step_time_s")
    if row["tok_s_acc"]:
        rate = _number(row, "tok_s_acc")
    else:
        seq = layout.seq * (2 if "non-causal" in row["flops_convention"] else 1)
        rate = _number(row, "tflops_acc") * 1e12 / model.flop_per_token(seq)
    return layout.global_batch * layout.seq / (rate * layout.accelerators)


__all__ = ["Case", "FitCase", "read_cases", "read_fits"]
