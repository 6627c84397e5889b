"""What the best plan of training is, and what the answer holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError, nearest
from exatwin.foundation.units import show
from exatwin.study.applications.llm_campaign import Campaign
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_schedule import Played
from exatwin.workload.apps.llm_search import Candidate, Found

TOKENS = 1e12
"""Tokens of the run where nobody says."""
LARGER = 4
"""How many times the batch is tried beside the assumed one."""
LEAST = ("time", "energy", "hours")
_H = 3600.0


@dataclass(frozen=True)
class Goal:
    """What the best plan is."""

    tokens: float = TOKENS
    """Tokens of the run."""
    deadline_s: float | None = None
    """Longest time of the run [s]."""
    budget_s: float | None = None
    """Accelerators times time that the run may take [s]."""
    least: str = ""
    """One of `LEAST`; blank for hours with a deadline, else time."""
    campaign: Campaign = Campaign()
    """What is asked about failures and checkpoints."""

    @property
    def wanted(self) -> str:
        """What shall be least."""
        return self.least or ("hours" if self.deadline_s is not None and self.budget_s is None else "time")


@dataclass(frozen=True)
class Choice:
    """One plan, and what the whole run takes with it."""

    candidate: Candidate
    """The plan as the closed law sees it."""
    told: Estimate
    """The estimate of its step and of the run."""
    played: Played | None = None
    """The step with its pipeline played."""

    @property
    def accelerators(self) -> int:
        """Accelerators of the run."""
        return self.candidate.layout.accelerators

    @property
    def run(self) -> Mapping[str, Any]:
        """What the run takes: time, energy, cost and carbon, failures included."""
        found: Mapping[str, Any] = self.told.extra["campaign"]
        return found

    @property
    def time_s(self) -> float:
        """Time of the run [s]."""
        return float(self.run["time_to_tokens_s"])

    @property
    def energy_j(self) -> float:
        """Energy of the run's nodes [J]."""
        return float(self.run["energy_j"])

    @property
    def accelerator_s(self) -> float:
        """Accelerators times time [s]."""
        return self.accelerators * self.time_s

    def amount(self, wanted: str) -> float:
        """Return what shall be least, with the played pipeline where there is one."""
        value = {"time": self.time_s, "energy": self.energy_j, "hours": self.accelerator_s}[wanted]
        return value if self.played is None else value * self.played.step_s / self.played.closed_s


@dataclass(frozen=True)
class PlanAnswer:
    """The best plans, and the front of time against energy."""

    machine: Machine
    """The machine, as large as the best plan needs."""
    asked: str
    """The machine as it was asked for."""
    model: LanguageModel
    """What is trained."""
    name: str
    """The model as it was asked for."""
    goal: Goal
    """What was wanted."""
    best: tuple[Choice, ...]
    """The best plans, first the best."""
    front: tuple[Choice, ...]
    """Plans that no other beats in both time and energy, by time."""
    counts: tuple[int, ...]
    """Accelerators that were looked at."""
    found: Found
    """How many plans were looked at."""
    batch: int
    """Sequences that a step may have."""
    batch_open: bool
    """Whether a plan may take fewer."""
    faster_frac: float
    """Time with `LARGER` times the batch over that of the best; 1 where somebody set the batch."""


def meeting(choices: list[Choice], goal: Goal, model: LanguageModel, machine: str) -> list[Choice]:
    """Return those of `choices` that meet the deadline and keep to the budget.

    Raises
    ------
    InfeasibleError
        None does; the message says what would change that.
    """
    limits: tuple[tuple[float | None, Callable[[Choice], float], str], ...] = (
        (goal.deadline_s, lambda one: one.time_s, "deadline"),
        (goal.budget_s, lambda one: one.accelerator_s, "budget"),
    )
    for limit, value, word in limits:
        if limit is None:
            continue
        least = min(choices, key=value)
        if value(least) > limit:
            raise _beyond(word, limit, value(least), least, goal, model, machine)
        choices = [one for one in choices if value(one) <= limit]
    return choices


def _beyond(
    word: str, limit: float, least: float, one: Choice, goal: Goal, model: LanguageModel, machine: str
) -> InfeasibleError:
    """Return the error that says by how much a limit is missed, and what would meet it."""

    def said(value: float) -> str:
        return show(value, "s", 3) if word == "deadline" else f"{value / _H:,.0f} accelerator-hours"

    both = " within the deadline" if word == "budget" and goal.deadline_s is not None else ""
    return InfeasibleError(
        f"{goal.tokens:.3g} tokens of '{model.name}' take at least {said(least)}{both} on '{machine}' (with "
        f"{one.accelerators:,} accelerators), the {word} is {said(limit)}: allow {said(1.005 * least)}, "
        f"train on {goal.tokens * limit / least:.3g} tokens, or take faster accelerators or a narrower "
        "--precision"
    )


def check_goal(goal: Goal) -> None:
    """Check that a goal can be one.

    Raises
    ------
    SpecError
        It names what cannot be least, or a limit that is no finite number of more than 0.
    """
    if goal.least not in ("", *LEAST):
        raise SpecError(f"unknown goal '{goal.least}': {nearest(goal.least, LEAST)}")
    for name in ("tokens", "deadline_s", "budget_s"):
        value = getattr(goal, name)
        if value is not None and not 0.0 < value < np.inf:
            raise SpecError(f"'{name}' is {value}: expected a finite number of more than 0")


__all__ = ["LARGER", "LEAST", "TOKENS", "Choice", "Goal", "PlanAnswer", "check_goal", "meeting"]
