"""What the search for the best plan of training says, as plain data and as lines for people."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from exatwin.catalogue.generic import unit_of
from exatwin.catalogue.machine import Machine
from exatwin.foundation.units import counted, show
from exatwin.study.applications.plan_goal import LARGER, Choice, PlanAnswer

_H = 3600.0
_SHORT = {"none": "none", "selective": "part", "full": "full"}
_WANTED = {"time": "least time", "energy": "least energy", "hours": "fewest accelerator-hours"}
_FRONT, _POOR, _NOTICEABLE = 12, 0.5, 0.9
_FLAGS = (
    "tp", "pp", "vpp", "cp", "ep", "zero", "recompute", "micro_batch", "global_batch", "seq", "precision",
)  # fmt: skip
_RUN = ("energy_j", "site_energy_j", "cost_eur", "carbon_kgco2e")


def document(answer: PlanAnswer) -> dict[str, Any]:
    """Return the answer as plain data, SI units in suffixed keys."""
    goal, found, best = answer.goal, answer.found, answer.best[0]
    return {
        "app": "llm",
        "machine": answer.machine.name,
        "model": answer.model.name,
        "goal": {
            "least": goal.wanted, "tokens": goal.tokens, "deadline_s": goal.deadline_s,
            "budget_accelerator_s": goal.budget_s,
        },
        "best": _row(best) | {"in_flight": list(best.played.in_flight) if best.played else []},
        "plans": [_row(one) for one in answer.best],
        "front": [_row(one) for one in answer.front],
        "searched": {
            "accelerators": list(answer.counts), "combinations": found.cells, "plans": found.plans,
            "fitting": found.fitting,
        },
        "interval": {_renamed(key): list(range_) for key, range_ in best.run["interval"].items()}
        | {"iteration_s": list(best.told.interval["iteration_s"])},
        "interval_basis": best.told.interval_basis,
        "assumptions": assumptions(answer),
        "energy_boundary": energy_boundary(answer),
        "command": command_of(answer),
        "estimate": replace(best.told, asked={**best.told.asked, "model": answer.name}).document(),
    }  # fmt: skip


def _renamed(key: str) -> str:
    return "time_s" if key == "time_to_tokens_s" else key


def _row(one: Choice) -> dict[str, Any]:
    layout, values = one.candidate.layout, one.told.values
    return {
        "accelerators": one.accelerators,
        "nodes": one.told.nodes,
        "layout": layout.model_dump(exclude={"accelerators"}) | {"dp": layout.dp},
        "iteration_s": one.candidate.step_s,
        "scheduled_iteration_s": None if one.played is None else one.played.step_s,
        "mfu_frac": values["mfu_frac"],
        "tokens_per_s": values["tokens_per_s"],
        "goodput_frac": values["goodput_frac"],
        "memory_b_per_accelerator": values["memory_b_per_accelerator"],
        "memory_frac": one.candidate.held_frac,
        "time_s": one.time_s,
        "accelerator_s": one.accelerator_s,
        **{key: one.run[key] for key in _RUN},
    }


def energy_boundary(answer: PlanAnswer) -> str:
    """Return what the energy holds."""
    return answer.best[0].told.boundary.replace("one step: ", "the whole run: ")


def assumptions(answer: PlanAnswer) -> list[str]:
    """Return what was taken for granted."""
    best = answer.best[0]
    tokens = show_count(float(answer.batch * best.candidate.layout.seq))
    most = "at most " if answer.batch_open else ""
    said = [
        f"steps of {most}{answer.batch:,} sequences ({tokens} tokens) train as well, token by token, as "
        "smaller ones",
        f"the best {len(answer.best)} are ranked by their pipelines played pass by pass; times and energy "
        "are the calibrated law's",
    ]
    if answer.faster_frac < _NOTICEABLE:
        said.append(
            f"the batch is what limits it: steps of {LARGER * answer.batch:,} sequences (--max-global-batch) "
            f"would take {show(answer.faster_frac * best.time_s, 's', 3)} if they trained as well"
        )
    if best.told.values["goodput_frac"] < _POOR and answer.goal.campaign.recovery == "storage":
        said.append(
            "failures take most of the time: --recovery memory keeps checkpoints in memory and spare nodes"
        )
    deadline, slow = answer.goal.deadline_s, best.run["interval"]["time_to_tokens_s"][1]
    if deadline is not None and slow > deadline:
        said.append(
            f"the deadline is met as estimated, not at the slow end of the interval, {show(slow, 's')}"
        )
    return [*said, *best.told.assumptions]


def command_of(answer: PlanAnswer) -> str:
    """Return the command that estimates the best plan."""
    layout, asked = answer.best[0].candidate.layout, answer.goal.campaign
    words = [f"--{name.replace('_', '-')} {getattr(layout, name)}" for name in _FLAGS]
    if not answer.model.experts:
        words.remove("--ep 1")
    if not layout.sequence_parallel:
        words.append("--no-sequence-parallel")
    if layout.schedule != "1f1b":
        words.append(f"--schedule {layout.schedule}")
    words.append(f"--tokens {_tokens(answer.goal.tokens)}")
    if asked.recovery != "storage":
        words.append(f"--recovery {asked.recovery}")
    words += [
        f"--{name.removesuffix('_s').replace('_', '-')} {getattr(asked, name):g}s"
        for name in ("checkpoint_interval_s", "mttf_s")
        if getattr(asked, name) is not None
    ]
    return (
        f"exatwin estimate llm --machine {answer.asked} --model {answer.name} "
        f"--accelerators {layout.accelerators} {' '.join(words)}"
    )


def _tokens(number: float) -> str:
    """Return a number of tokens as the command line reads it."""
    unit, scale = ("T", 1e12) if number >= 1e12 else ("B", 1e9) if number >= 1e9 else ("", 1.0)
    return f"{number / scale:.15g}{unit}"


def lines(answer: PlanAnswer) -> list[str]:
    """Return the answer as lines for a person."""
    best, goal, found = answer.best[0], answer.goal, answer.found
    limits = [f"within {show(goal.deadline_s, 's')}"] if goal.deadline_s else []
    limits += [f"on at most {hours(goal.budget_s, answer.machine)}"] if goal.budget_s else []
    values = best.told.values
    told = [
        f"{answer.model.name} on {answer.machine.title}: {_WANTED[goal.wanted]} for "
        f"{show_count(goal.tokens)} tokens{', ' if limits else ''}{' and '.join(limits)}",
        f"{'accelerators':14s}{best.accelerators:>16,}   {counted(best.told.nodes, 'nodes')}",
        _ranged("time", best, "time_to_tokens_s", "s"),
        f"{'work':14s}{hours(best.accelerator_s, answer.machine):>16s}",
        _ranged("energy", best, "energy_j", "J"),
        _ranged("cost", best, "cost_eur", "EUR") + ", electricity only",
        _ranged("carbon", best, "carbon_kgco2e", "kgCO2e"),
        f"{'tokens':14s}{values['tokens_per_s']:>14,.0f}/s   MFU {values['mfu_frac']:.1%}, goodput "
        f"{values['goodput_frac']:.1%}",
        "",
        *_table(answer.best),
        "",
        "time against energy",
        *_front(answer),
        "",
        f"looked at {found.plans:,} plans that divide, of {found.cells:,} combinations on "
        f"{_listed(answer.counts)} accelerators; {found.fitting:,} fit in memory",
        f"more of the best: {command_of(answer)}",
        f"interval: {best.told.interval_basis}",
        f"energy: {energy_boundary(answer)}",
    ]
    return [*told, *(f"assumed: {text}" for text in assumptions(answer))]


def _ranged(name: str, one: Choice, key: str, unit: str) -> str:
    low, high = one.run["interval"][key]
    return f"{name:14s}{show(one.run[key], unit):>16s}   {show(low, unit, 3)} to {show(high, unit, 3)}"


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
    """Return the front of time against energy, thinned out to what can be read; the best plan stays on it."""
    front = answer.front
    every = max(1, math.ceil(len(front) / _FRONT))
    best = {at for at, one in enumerate(front) if one.candidate.layout == answer.best[0].candidate.layout}
    shown = sorted({*range(0, len(front), every), len(front) - 1} | best)
    told = [f"{'accelerators':>12s} {'time':>9s} {'energy':>10s} {'work':>16s} {'goodput':>8s}"]
    for at in shown:
        one = front[at]
        told.append(
            f"{one.accelerators:>12,} {show(one.time_s, 's', 3):>9s} {show(one.energy_j, 'J', 3):>10s} "
            f"{hours(one.accelerator_s, answer.machine):>16s} {one.told.values['goodput_frac']:>8.1%}"
        )
    return told


def hours(accelerator_s: float, machine: Machine | None = None) -> str:
    """Return accelerators times time for people; on `machine` an accelerator may be a die.

    Examples
    --------
    >>> hours(3.6e9)
    '1 M GPU-h'
    """
    word = "accelerators" if machine is None else unit_of(machine)
    return f"{show_count(accelerator_s / _H)} {'GPU' if word == 'accelerators' else word.removesuffix('s')}-h"


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


__all__ = ["assumptions", "command_of", "document", "hours", "lines", "show_count"]
