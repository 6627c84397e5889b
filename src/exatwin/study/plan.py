"""``exatwin plan llm``: the best plan of training for a deadline, a budget or the least energy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.applications.llm_answer import answer
from exatwin.study.applications.llm_counts import fewest_words
from exatwin.study.applications.plan_counts import counts_of
from exatwin.study.applications.plan_goal import LARGER, LEAST, Choice, Goal, PlanAnswer, check_goal, meeting
from exatwin.workload.apps.llm_check import check_layout
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_power import step_power
from exatwin.workload.apps.llm_schedule import play
from exatwin.workload.apps.llm_search import LARGEST_TOKENS, Candidate, Found, search, space_of, undominated
from exatwin.workload.apps.llm_setup import Device, Layout, device_of
from exatwin.workload.apps.llm_training import TrainingEstimate, estimate_llm_training, estimate_on

_PLAYED, _FEW = 24, 10


def plan_llm(
    machine: str,
    model: str | LanguageModel,
    goal: Goal | None = None,
    *,
    accelerators: str | None = None,
    max_global_batch: int | None = None,
    settings: Mapping[str, Any] | None = None,
    keep: int = 5,
) -> PlanAnswer:
    """Return the best parallelisation and count of accelerators.

    Parameters
    ----------
    machine
        A machine of the catalogue, a kind of node, or a path.
    model
        A model of the catalogue, the path of a model file, or a model.
    goal
        What the best is; by default the least time.
    accelerators
        At most so many (``"4096"``), these (``"1024,2048"``) or a range (``"512-8192"``); left out, the whole
        machine for the least time, else any part of it.
    max_global_batch
        Sequences that a step may have at most.
    settings
        Settings of the layout that are fixed; the others are searched.
    keep
        How many plans to return.

    Raises
    ------
    CatalogueError, SpecError
        The machine, the model or a setting is unknown or does not suit the others.
    InfeasibleError
        No plan fits in memory, meets the deadline or keeps to the budget.

    Examples
    --------
    >>> answer = plan_llm("dgx-h100", "llama-3.1-8b", accelerators="64")
    >>> answer.best[0].accelerators
    64
    """
    goal = Goal() if goal is None else goal
    check_goal(goal)
    spec = load_model(model) if isinstance(model, str) else model
    given = {key: value for key, value in (settings or {}).items() if value is not None}
    given.setdefault("seq", 4096)
    exact = given.get("global_batch")
    batch = int(exact or max_global_batch or max(1, LARGEST_TOKENS // int(given["seq"])))
    idle = goal.least in ("", "time") and goal.deadline_s is None and goal.budget_s is None
    counts = counts_of(machine, accelerators, whole=idle)
    _check_settings(sized(machine, counts[-1]), spec, given, counts[-1])
    look = _Search(machine, spec, goal, given, batch, not exact)
    choices, looked = look.over(counts)
    if not choices:
        raise _too_large(look, looked, counts)
    best = look.rank(meeting(choices, goal, spec, machine), keep)
    front = undominated(np.array([c.time_s for c in choices]), np.array([c.energy_j for c in choices]))
    where = sized(machine, best[0].accelerators)
    return PlanAnswer(
        machine=where,
        asked=machine,
        model=spec,
        name=model if isinstance(model, str) else model.name,
        goal=goal,
        best=tuple(best),
        front=tuple(choices[int(at)] for at in front),
        counts=tuple(counts),
        found=looked,
        batch=batch,
        batch_open=not exact,
        faster_frac=look.with_larger_steps(best[0]) if not exact and max_global_batch is None else 1.0,
    )


@dataclass(frozen=True)
class _Search:
    """One question, asked of each count of accelerators."""

    machine: str
    model: LanguageModel
    goal: Goal
    given: Mapping[str, Any]
    batch: int
    batch_open: bool

    def over(self, counts: list[int]) -> tuple[list[Choice], Found]:
        """Return what is worth keeping of every count, and how many plans were looked at."""
        whole, choices = Found(0), []
        stuck: InfeasibleError | None = None
        for count in counts:
            where = sized(self.machine, count)
            found = self.at(count, where)
            try:
                choices += self._choices(found, count, where, _PLAYED if len(counts) < _FEW else 3)
            except InfeasibleError as error:
                stuck = error
            whole.cells += found.cells
            whole.plans += found.plans
            whole.fitting += found.fitting
            whole.leanest = found.leanest or whole.leanest
        if stuck is not None and not choices:
            raise stuck
        return choices, whole

    def fewest(self, count: int) -> Callable[[TrainingEstimate], str]:
        """Return what says on how many accelerators above `count` a plan would fit."""

        def best(other: int) -> Candidate | None:
            found = self.at(other, sized(self.machine, other))
            return found.fastest[0] if found.fastest else None

        where = sized(self.machine, count)
        return lambda step: fewest_words(self.model, where, self.given, count, best)

    def at(self, count: int, where: Machine) -> Found:
        """Return what the search keeps on `count` accelerators."""
        busy_w, wait_w = _screening_w(where, self.model, self.given)
        nodes = -(-count // where.node_devices)
        asked = {**self.given, "accelerators": count}
        space = space_of(self.model, asked, batch=self.batch, batch_open=self.batch_open)
        return search(
            self.model,
            device_of(where),
            [space],
            llm_calibration(),
            keep=_PLAYED,
            watts=(busy_w * nodes / count, wait_w * nodes / count),
        )

    def with_larger_steps(self, best: Choice) -> float:
        """Return the time of `best` with `LARGER` times the batch, over its own."""
        look = replace(self, batch=LARGER * self.batch)
        found = look.at(best.accelerators, sized(self.machine, best.accelerators))
        return found.fastest[0].token_s / best.candidate.token_s

    def _choices(self, found: Found, count: int, where: Machine, most: int) -> list[Choice]:
        """Return what is worth keeping of one count: its step and run as ``estimate llm`` tells them.

        Raises
        ------
        InfeasibleError
            Failures leave no headway.
        """
        unique = {one.layout: one for one in (*found.front, *found.fastest[:most])}
        device, asked = device_of(where), replace(self.goal.campaign, tokens=self.goal.tokens)
        return [
            Choice(
                one,
                answer(estimate_on(device, where.name, self.model, one.layout), self.model, where, [], asked),
            )
            for one in unique.values()
        ]

    def rank(self, choices: list[Choice], keep: int) -> list[Choice]:
        """Return the best of `choices`, their pipelines played."""
        wanted = self.goal.wanted
        first = sorted(choices, key=lambda one: one.amount(wanted))[: max(_PLAYED, keep)]
        devices: dict[int, Device] = {}
        for one in first:
            devices.setdefault(one.accelerators, device_of(sized(self.machine, one.accelerators)))
        played = [
            replace(
                one,
                played=play(self.model, devices[one.accelerators], one.candidate.layout, llm_calibration()),
            )
            for one in first
        ]
        return sorted(played, key=lambda one: one.amount(wanted))[:keep]


def _screening_w(machine: Machine, model: LanguageModel, given: Mapping[str, Any]) -> tuple[float, float]:
    """Return about what a node draws while a step computes and waits [W], to sort plans by energy."""
    words = {key: given[key] for key in ("seq", "precision") if key in given}
    alone = estimate_on(device_of(machine), "", model, Layout(accelerators=1, global_batch=8, **words))
    watts = step_power(alone, machine).phase_w
    return watts["compute"], watts.get("waiting", watts["compute"])


def _check_settings(machine: Machine, model: LanguageModel, given: Mapping[str, Any], most: int) -> None:
    """Check what is fixed of the layout by itself.

    Raises
    ------
    SpecError
        It does not suit the model or the machine.
    """
    ranks = math.prod(int(given.get(key, 1)) for key in ("tp", "pp", "cp"))
    if ranks > most:
        raise SpecError(f"tp x pp x cp = {ranks:,}: expected at most the {most:,} accelerators")
    words = {key: value for key, value in given.items() if key in Layout.model_fields}
    if words.get("vpp", 1) > 1 and "pp" not in given:
        words["pp"], ranks = 2, 2 * ranks
    count = ranks * int(given.get("ep", 1))
    layout = Layout.parse({"global_batch": count, **words, "accelerators": count}, "layout")
    layout = layout.model_copy(update={"accelerators": min(count, machine.devices)})
    check_layout(machine, model, layout)


def _too_large(look: _Search, looked: Found, counts: list[int]) -> InfeasibleError:
    """Return the error that says by how much the leanest plan exceeds memory."""
    text = f"no plan divides {counts[-1]:,} accelerators and {look.batch:,} sequences as asked"
    if looked.leanest is None:
        return InfeasibleError(f"{text}: leave more of the layout open, or ask for a rounder count")
    layout = looked.leanest.layout
    try:
        estimate_llm_training(
            sized(look.machine, layout.accelerators), look.model, layout, more=look.fewest(counts[-1])
        )
    except InfeasibleError as error:
        return InfeasibleError(f"no plan fits on {layout.accelerators:,} accelerators; the leanest: {error}")
    return InfeasibleError(text)


__all__ = ["LEAST", "Choice", "Goal", "PlanAnswer", "plan_llm"]
