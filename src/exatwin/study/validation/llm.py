"""LLM training beside published runs: seconds of a step, memory, the choice of a plan, power."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.study.validation.llm_rows import MACHINE_OF, Case
from exatwin.study.validation.measured import Measured, nodes_of
from exatwin.study.validation.scores import BALANCED, REGRET, Row, Skipped, Validation, relative, table
from exatwin.study.validation.usable import UNUSABLE, one_line
from exatwin.workload.apps.llm_power import node_power_w
from exatwin.workload.apps.llm_training import estimate_llm_training, estimate_on

PAPER = "by a fit without its paper or table"
KINDS = {"dense": "LLM training, dense, step", "experts": "LLM training, experts, step"}
SWEEPS = "VTRAIN"
"""The family whose rows are sweeps of the layout at one model and one number of accelerators."""
SMALL, FEWEST, MOST = 16, 32, 1024
"""Nodes of the runs that a fit may see, and of those that it then predicts: at least, at most."""
FITTED, RAN_OUT = "fitted", "ran out of memory"
Line = dict[str, str]


def step_rows(measured: Measured, kind: str) -> list[Row]:
    """Return the scored runs of a `kind` of model beside their predictions."""
    lines, recorded = measured.training, _left_out("llm-training")
    return [
        Row(
            id_, _name(lines[id_]), case.step_s, said, relative(case.step_s, said), recorded.get(id_),
            case.family, _split(lines[id_]),
        )
        for id_, (case, said) in measured.predicted[0].items()
        if case.kind == kind
    ]  # fmt: skip


def steps(kind: str, measured: Measured) -> Validation:
    """Seconds of a training step."""
    rows, lines = step_rows(measured, kind), measured.training
    reasons = measured.predicted[1]
    skipped = [
        Skipped(id_, _name(lines[id_]), reason)
        for id_, reason in reasons.items()
        if (kind == "experts") == bool(lines[id_]["moe"])
    ]
    goal = {"median": 0.07, "p90": 0.20} if kind == "dense" else {"median": 0.12, "p90": 0.30}
    return Validation(
        "llm" if kind == "dense" else "llm-experts", KINDS[kind], "s", tuple(rows), tuple(skipped), goal,
        left_out_words=PAPER,
        sources={row.group: lines[row.id]["source"] for row in reversed(rows)},
        remarks=tuple(_further(kind)),
    )  # fmt: skip


def _further(kind: str) -> Iterator[str]:
    """Yield what the fit found when it left out something else than a paper."""
    words = {
        "dense": ("uncalibrated", "every family of chips, predicted as if it had never been calibrated"),
        "experts": ("experts-model", "each model left out in turn, instead of each paper"),
    }
    key, told = words[kind]
    if found := llm_calibration().errors.get(key):
        yield f"{told}: {found.left_out_median:.1%} ({found.left_out_p90:.1%}) on {found.rows} runs"


def scaling(measured: Measured) -> Validation:
    """Large runs of a machine, predicted by a fit that saw at most 16 of its nodes."""
    recorded = _left_out("llm-scaling")
    lines = measured.training
    rows = step_rows(measured, "dense")
    large = [
        replace(row, left_out_error=recorded.get(row.id), group=MACHINE_OF[lines[row.id]["accelerator"]])
        for row in rows
        if FEWEST <= nodes_of(lines[row.id]) <= MOST
    ]
    return Validation(
        "llm-scaling", f"LLM training, {FEWEST} to {MOST:,} nodes", "s", tuple(large), (),
        {"median": 0.10, "p90": 0.20},
        left_out_words=f"by a fit with no run of more than {SMALL} nodes of that kind of node",
        remarks=(
            "other kinds of node stay in the fit with all their runs",
            "of the large runs of JUPITER one is in the table that ships",
        ),
    )  # fmt: skip


def memory(measured: Measured) -> Validation:
    """Whether a run fitted in memory."""
    cases, reasons = measured.trials
    lines = measured.training
    rows, skipped = [], [Skipped(id_, _name(lines[id_]), reason) for id_, reason in reasons.items()]
    for case in cases:
        try:
            tried = [estimate_on(case.device, "", case.model, layout) for layout in case.layouts]
        except UNUSABLE as why:
            skipped.append(Skipped(case.id, _name(lines[case.id]), one_line(why)))
            continue
        least = min(tried, key=lambda one: one.memory_b_per_accelerator / one.memory_limit_b)
        fits = any(one.fits for one in tried)
        rows.append(
            Row(
                case.id, _name(lines[case.id]), least.memory_limit_b, least.memory_b_per_accelerator,
                float(case.fits) - float(fits), None, FITTED if case.fits else RAN_OUT,
                f"{FITTED if case.fits else RAN_OUT}; {_split(lines[case.id])}",
            )
        )  # fmt: skip
    return Validation(
        "llm-memory", "fits or runs out of memory", "B", tuple(rows), tuple(skipped), {"balanced": 0.95},
        metric=BALANCED,
        remarks=(
            "every measured run counts as one that fitted",
            "the reserves of the stacks were set in view of these rows, so there is no figure left out",
        ),
    )  # fmt: skip


def plan(measured: Measured) -> Validation:
    """What is lost by taking the layout that the law likes best of those that were measured."""
    sweeps: dict[str, list[Row]] = {}
    for row in step_rows(measured, "dense"):
        if row.group == SWEEPS:
            sweeps.setdefault(row.name, []).append(row)
    return Validation(
        "llm-plan", "plan chosen beside the best", "s", tuple(_sweeps(sweeps)), (),
        {"median": 0.01, "worst": 0.05}, metric=REGRET, left_out_words=PAPER,
        remarks=("sweeps of one model on one number of A100; only layouts that were measured compete",),
    )  # fmt: skip


def _sweeps(sweeps: dict[str, list[Row]]) -> Iterator[Row]:
    """Yield one row a sweep: the best measured seconds, and the measured seconds of the chosen layout."""
    for name, rows in sweeps.items():
        best = min(rows, key=lambda row: row.measured)
        chosen = min(rows, key=lambda row: row.predicted)
        regret = relative(best.measured, chosen.measured)
        unseen = _chosen_unseen(rows)
        yield Row(
            best.id, f"{name}, {len(rows)} layouts", best.measured, chosen.measured, regret,
            None if unseen is None else relative(best.measured, unseen.measured), "",
            f"best {best.detail}; chosen {chosen.detail}",
        )  # fmt: skip


def _chosen_unseen(rows: Sequence[Row]) -> Row | None:
    """Return what the fit without the paper likes best; None where its errors were not recorded."""
    said = [row.measured * (1.0 + row.left_out_error) for row in rows if row.left_out_error is not None]
    return rows[int(np.argmin(said))] if len(said) == len(rows) else None


def power(measured: Measured) -> Validation:
    """Mean power of a node in training."""
    lines = measured.training
    cases = {id_: case for id_, (case, _) in measured.predicted[0].items()}
    named = {entry["id"]: entry for entry in table("validation", "llm-power.csv")}
    rows, skipped = [], []
    for id_, line in lines.items():
        if line["category"] != "power" or line["evidence"][:1] not in ("A", "B"):
            continue
        entry = named.get(id_, {"run": "", "reason": "no run is named whose layout it has"})
        case = cases.get(entry["run"])
        if entry["reason"] or case is None:
            why = entry["reason"] or f"the run {entry['run']} whose layout it has is not in the table"
            skipped.append(Skipped(id_, _name(line), why))
            continue
        rows.append(_power_row(line, case))
    return Validation(
        "llm-power", "node power in training", "W", tuple(rows), tuple(skipped),
        remarks=(
            "repeats of one run, and the utilisations and watts of the link switches were set with it in "
            "view: a check, not a validation, so there is no goal that it could meet",
        ),
    )  # fmt: skip


def _power_row(line: Line, case: Case) -> Row:
    """Return a measured power beside that of the run whose layout it has."""
    machine = sized(MACHINE_OF[line["accelerator"]], int(line["n_acc"]))
    step = estimate_llm_training(machine, case.model, case.layouts[0], must_fit=False)
    watts, said = float(line["value"]), node_power_w(step, machine)
    error, detail = relative(watts, said), f"{line['id']}, layout of {case.id}"
    return Row(line["id"], _name(line), watts, said, error, detail=detail)


MODELS: dict[str, Callable[[Measured], Validation]] = {
    "llm": partial(steps, "dense"),
    "llm-experts": partial(steps, "experts"),
    "llm-scaling": scaling,
    "llm-memory": memory,
    "llm-plan": plan,
    "llm-power": power,
}


def _left_out(name: str) -> dict[str, float]:
    """Return the recorded errors of fits that have not seen the row, by id."""
    return {line["id"]: float(line["left_out_error"]) for line in table("calibration", f"{name}.csv")}


def _name(line: Line) -> str:
    """Return what was run, where, in words."""
    count = f"{int(line['n_acc']):,}" if line["n_acc"].isdigit() else line["n_acc"]
    chip = line["accelerator"].removeprefix("NVIDIA ").split(" (")[0]
    where = " ".join(part for part in (count, chip) if part)
    return f"{line['model'] or line['metric']}{f' on {where}' if where else ''}"


def _split(line: Line) -> str:
    """Return the precision and the layout of a run, in words."""
    degrees = [f"{key} {line[key]}" for key in ("tp", "pp", "vpp", "cp", "ep") if line[key] not in ("", "1")]
    sizes = [f"{key} {line[key]}" for key in ("mbs", "gbs", "seq") if line[key]]
    return ", ".join([line["id"], line["precision"], *degrees, *sizes])


__all__ = ["FEWEST", "MODELS", "MOST", "SMALL", "step_rows"]
