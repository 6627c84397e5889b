"""What the search for the best plan of training says, as plain data and as lines for people."""

from __future__ import annotations

import math
from typing import Any

from exatwin.foundation.units import show
from exatwin.study.llm_answer import BOUNDARY
from exatwin.study.plan_goal import Choice, PlanAnswer

_H = 3600.0
_SHORT = {"none": "none", "selective": "part", "full": "full"}
_WANTED = {"time": "least time", "energy": "least energy", "hours": "fewest accelerator-hours"}
_FRONT = 12
_FLAGS = (
    "tp", "pp", "vpp", "cp", "ep", "zero", "recompute", "micro_batch", "global_batch", "seq", "precision",
)  # fmt: skip


def document(answer: PlanAnswer) -> dict[str, Any]:
    """Return the answer as plain data, SI units in suffixed keys."""
    goal, found = answer.goal, answer.found
    best = answer.best[0]
    low, high = interval(answer, best.time_s)
    return {
        "app": "llm",
        "machine": answer.machine.name,
        "model": answer.model.name,
        "goal": {
            "least": goal.wanted, "tokens": goal.tokens, "deadline_s": goal.deadline_s,
            "budget_accelerator_s": goal.budget_s,
        },
        "best": _row(answer, best) | {
            "mfu_frac": answer.step.mfu_frac,
            "tokens_per_s": answer.step.tokens_per_s,
            "memory_b_per_accelerator": answer.step.memory_b_per_accelerator,
            "breakdown_s": answer.step.breakdown_s,
            "in_flight": list(best.played.in_flight) if best.played else [],
        },
        "plans": [_row(answer, one) for one in answer.best],
        "front": [_row(answer, one) for one in answer.front],
        "searched": {
            "accelerators": list(answer.counts), "combinations": found.cells, "plans": found.plans,
            "fitting": found.fitting,
        },
        "interval": {
            "time_s": [low, high],
            "iteration_s": list(answer.step.interval_s),
            "energy_j": list(interval(answer, best.energy_j)),
        },
        "interval_basis": interval_basis(answer),
        "assumptions": assumptions(answer),
        "energy_boundary": energy_boundary(),
        "command": command_of(answer),
    }  # fmt: skip


def _row(answer: PlanAnswer, one: Choice) -> dict[str, Any]:
    layout = one.candidate.layout
    return {
        "accelerators": one.accelerators,
        "nodes": one.nodes,
        "layout": layout.model_dump(exclude={"accelerators"}) | {"dp": layout.dp},
        "iteration_s": one.candidate.step_s,
        "scheduled_iteration_s": None if one.played is None else one.played.step_s,
        "memory_frac": one.candidate.held_frac,
        "time_s": one.time_s,
        "accelerator_s": one.accelerator_s,
        "energy_j": one.energy_j,
    }


def interval(answer: PlanAnswer, value: float) -> tuple[float, float]:
    """Return the range of something that grows with the time of a step."""
    low, high = answer.step.interval_s
    return value * low / answer.step.iteration_s, value * high / answer.step.iteration_s


def interval_basis(answer: PlanAnswer) -> str:
    """Return what the interval rests on."""
    return (
        f"10th to 90th percentile of measured over predicted time of a step on {answer.step.error.rows} "
        "runs, each paper left out of the fit; the power of a node is taken as known"
    )


def energy_boundary() -> str:
    """Return what the energy holds."""
    return BOUNDARY.replace("one step: ", "the whole run: ")


def assumptions(answer: PlanAnswer) -> list[str]:
    """Return what was taken for granted."""
    seq = answer.best[0].candidate.layout.seq
    tokens = show_count(float(answer.batch * seq))
    most = "at most " if answer.batch_open else ""
    said = [
        f"steps of {most}{answer.batch:,} sequences ({tokens} tokens) train as well, token by token, as "
        "smaller ones",
        f"the best {len(answer.best)} are ranked by their pipelines played pass by pass; times and energy "
        "are the calibrated law's",
    ]
    deadline, slow = answer.goal.deadline_s, interval(answer, answer.best[0].time_s)[1]
    if deadline is not None and slow > deadline:
        said.append(
            f"the deadline is met as estimated, not at the upper end of the interval ({show(slow, 's')})"
        )
    return [*said, *answer.step.assumptions]


def command_of(answer: PlanAnswer) -> str:
    """Return the command that estimates a step of the best plan."""
    layout = answer.best[0].candidate.layout
    words = [f"--{name.replace('_', '-')} {getattr(layout, name)}" for name in _FLAGS]
    if not answer.model.experts:
        words.remove("--ep 1")
    if not layout.sequence_parallel:
        words.append("--no-sequence-parallel")
    if layout.schedule != "1f1b":
        words.append(f"--schedule {layout.schedule}")
    return (
        f"exatwin estimate llm --machine {answer.asked} --model {answer.name} "
        f"--accelerators {layout.accelerators} {' '.join(words)}"
    )


def lines(answer: PlanAnswer) -> list[str]:
    """Return the answer as lines for a person."""
    best, goal, found = answer.best[0], answer.goal, answer.found
    low, high = interval(answer, best.time_s)
    limits = [f"within {show(goal.deadline_s, 's')}"] if goal.deadline_s else []
    limits += [f"on at most {hours(goal.budget_s)}"] if goal.budget_s else []
    told = [
        f"{answer.model.name} on {answer.machine.title}: {_WANTED[goal.wanted]} for "
        f"{show_count(goal.tokens)} tokens{', ' if limits else ''}{' and '.join(limits)}",
        f"{'accelerators':14s}{best.accelerators:>16,}   {best.nodes:,} nodes",
        f"{'time':14s}{show(best.time_s, 's'):>16s}   {show(low, 's')} to {show(high, 's')}",
        f"{'work':14s}{hours(best.accelerator_s):>16s}",
        f"{'energy':14s}{show(best.energy_j, 'J'):>16s}   "
        + " to ".join(show(value, "J") for value in interval(answer, best.energy_j)),
        f"{'tokens':14s}{answer.step.tokens_per_s:>14,.0f}/s   MFU {answer.step.mfu_frac:.1%}",
        "",
        *_table(answer.best),
        "",
        "time against energy",
        *_front(answer),
        "",
        f"looked at {found.plans:,} plans that divide, of {found.cells:,} combinations on "
        f"{_listed(answer.counts)} accelerators; {found.fitting:,} fit in memory",
        f"one step of the best: {command_of(answer)}",
        f"interval: {interval_basis(answer)}",
        f"energy: {energy_boundary()}",
    ]
    return [*told, *(f"assumed: {text}" for text in assumptions(answer))]


def _table(best: tuple[Choice, ...]) -> list[str]:
    """Return the best plans, a line each."""
    experts = any(one.candidate.layout.ep > 1 for one in best)
    head = f"{'accelerators':>12s} {'tp':>3s} {'pp':>3s} {'vpp':>3s} {'cp':>3s}"
    head += f" {'ep':>4s}" if experts else ""
    head += f" {'dp':>6s} {'zero':>4s} {'again':>5s} {'micro':>5s} {'batch':>7s}"
    head += f" {'step':>10s} {'played':>10s} {'memory':>6s} {'time':>9s} {'energy':>10s}"
    told = [head]
    for one in best:
        layout, played = one.candidate.layout, one.played
        line = f"{one.accelerators:>12,} {layout.tp:>3d} {layout.pp:>3d} {layout.vpp:>3d} {layout.cp:>3d}"
        line += f" {layout.ep:>4d}" if experts else ""
        line += f" {layout.dp:>6,} {layout.zero:>4d} {_SHORT[layout.recompute]:>5s} {layout.micro_batch:>5d}"
        line += f" {layout.global_batch:>7,} {show(one.candidate.step_s, 's'):>10s}"
        line += f" {show(played.step_s, 's') if played else '':>10s} {one.candidate.held_frac:>6.0%}"
        told.append(f"{line} {show(one.time_s, 's', 3):>9s} {show(one.energy_j, 'J', 3):>10s}")
    return told


def _front(answer: PlanAnswer) -> list[str]:
    """Return the front of time against energy, thinned out to what can be read."""
    front = answer.front
    every = max(1, math.ceil(len(front) / _FRONT))
    shown = sorted({*range(0, len(front), every), len(front) - 1})
    told = [f"{'accelerators':>12s} {'time':>9s} {'energy':>10s} {'work':>16s}"]
    for at in shown:
        one = front[at]
        told.append(
            f"{one.accelerators:>12,} {show(one.time_s, 's', 3):>9s} {show(one.energy_j, 'J', 3):>10s} "
            f"{hours(one.accelerator_s):>16s}"
        )
    return told


def hours(accelerator_s: float) -> str:
    """Return accelerators times time for people.

    Examples
    --------
    >>> hours(3.6e9)
    '1 M GPU-h'
    """
    return f"{show_count(accelerator_s / _H)} GPU-h"


def show_count(value: float) -> str:
    """Return a large count for people.

    Examples
    --------
    >>> show_count(15e12), show_count(2048.0)
    ('15 T', '2,048')
    """
    for unit, scale in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if value >= scale:
            return f"{value / scale:.4g} {unit}"
    return f"{value:,.0f}"


def _listed(counts: tuple[int, ...]) -> str:
    if len(counts) <= 4:
        return ", ".join(f"{count:,}" for count in counts)
    return f"{len(counts)} counts from {counts[0]:,} to {counts[-1]:,}"


__all__ = ["assumptions", "command_of", "document", "hours", "interval", "lines", "show_count"]
