"""A changed knob beside the base: the same jobs, the same weather, the differences over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from exatwin.foundation.errors import SpecError
from exatwin.foundation.progress import SILENT, Progress
from exatwin.foundation.version import __version__
from exatwin.study.result import Result
from exatwin.study.run import check
from exatwin.study.scenario import Scenario
from exatwin.study.sweep import in_parallel
from exatwin.study.whatif_figures import FIGURES, ONLY_WITH, SIZES, figures_of, size_class

ACCOUNTS = 8
"""How many accounts are told apart: of those with waits in every run the ones with the most node-hours."""


SHAKE_S = 600.0
"""How far the seeds after the first move the submissions of a log [s]."""


@dataclass(frozen=True)
class Difference:
    """One figure with and without the change."""

    name: str
    """Which figure."""
    unit: str
    """Its SI unit."""
    base: float
    """Mean over seeds without the change."""
    changed: float
    """Mean over seeds with it."""
    low: float | None
    """5th percentile of the differences between runs of one seed; None for a single seed."""
    high: float | None
    """95th percentile of them."""

    @property
    def difference(self) -> float:
        """Mean with the change less mean without."""
        return self.changed - self.base

    @property
    def same(self) -> bool:
        """Whether the change leaves it as it is in every seed."""
        return self.difference == 0.0 and not self.low and not self.high

    @property
    def sure(self) -> bool:
        """Whether nine in ten seeds agree on the sign."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


@dataclass(frozen=True)
class WhatIf:
    """The answer: figures of the whole, waits by size of job, waits by account."""

    base: Scenario
    """The question without the change."""
    changes: tuple[tuple[str, Any], ...]
    """What was changed, by dotted path."""
    seeds: tuple[int, ...]
    """Seeds that were run, each with and without."""
    figures: tuple[Difference, ...]
    """Key figures."""
    by_size: tuple[Difference, ...]
    """Mean wait by class of size."""
    by_account: tuple[Difference, ...]
    """Mean wait of the accounts with the most node-hours."""
    hours_by_account: tuple[Difference, ...] = ()
    """Node-hours of the same accounts."""
    shake_s: float = 0.0
    """How far the submissions of a log are moved, in all seeds but the first [s]."""
    base_id: str = ""
    """Identity of the first run without the change, as `run` prints it."""
    data: str = ""
    """Digest of the data that it rests on."""

    def document(self) -> dict[str, Any]:
        """Return the answer as plain data."""

        def plain(rows: Sequence[Difference]) -> list[dict[str, Any]]:
            return [{**asdict(row), "difference": row.difference} for row in rows]

        return {
            "base_id": self.base_id,
            "data_digest": self.data,
            "version": __version__,
            "scenario": self.base.document(),
            "changes": dict(self.changes),
            "seeds": list(self.seeds),
            "shake_s": self.shake_s,
            "figures": plain(self.figures),
            "wait_by_size": plain(self.by_size),
            "wait_by_account": plain(self.by_account),
            "node_h_by_account": plain(self.hours_by_account),
        }


def whatif(
    base: Scenario | Result, changes: Mapping[str, Any], *, seeds: int = 10, progress: Progress = SILENT
) -> WhatIf:
    """Return what `changes` make of `base`, run with and without them for each of `seeds` seeds.

    Parameters
    ----------
    base
        A scenario, or a result whose scenario is meant.
    changes
        New values by dotted path, such as ``{"cooling.supply": "40 degC"}``.
    seeds
        How many seeds from the scenario's own on; the same for both.

    Raises
    ------
    SpecError
        Nothing is changed, a key or value is not known, or so many seeds do not fit above the scenario's own.
    InfeasibleError
        The machine or its building can't do what is asked, such as keep a cap below its idle power.

    Notes
    -----
    Jobs, weather and prices of a seed are the same with and without, so that differences within a seed are
    due to the change; but schedules are chaotic, and one seed proves little. The jobs of a log are the same
    in every seed, which would prove no more: there each seed but the first moves the submissions by up to
    :data:`SHAKE_S`, or ``trace.shake``.
    """
    scenario = base.scenario if isinstance(base, Result) else base
    if not changes:
        raise SpecError("nothing is changed: expected at least one --set PATH=VALUE")
    if scenario.seed + seeds > 2**63:
        raise SpecError(f"{seeds} seeds from {scenario.seed} on: expected seeds below {2**63}")
    other = scenario
    for path, value in changes.items():
        if path == "trace.shake":
            raise SpecError("trace.shake moves a log with and without the change: it can't be the change")
        other = other.replace(path, value)
    check(other)  # what can't be is told before the runs without the change are paid for
    numbers = tuple(scenario.seed + k for k in range(seeds))
    shake_s = max(_shake_s(scenario), _shake_s(other)) if seeds > 1 else 0.0
    pairs = [tuple(_of_seed(each, seed, shake_s) for each in (scenario, other)) for seed in numbers]
    found: list[list[dict[str, Any]]] = [[] for _ in pairs]
    progress.stage("seeds")
    found[0] = both(pairs[0])  # here, so that what must be compiled is compiled once
    progress.step(1, len(pairs))
    if len(pairs) > 1:
        for done, (index, figures) in enumerate(in_parallel(both, pairs[1:]), start=2):
            found[index + 1] = figures
            progress.step(done, len(pairs))
    without, with_ = [pair[0] for pair in found], [pair[1] for pair in found]
    has = {key for each in (*without, *with_) for key, value in each["figures"].items() if value}
    units = {name: unit for name, unit in FIGURES.items() if ONLY_WITH.get(name) in {None, *has}}
    accounts = _greatest([*without, *with_])
    return WhatIf(
        base=scenario,
        changes=tuple(changes.items()),
        seeds=numbers,
        shake_s=shake_s,
        base_id=without[0]["id"],
        data=without[0]["data"],
        figures=_compared("figures", without, with_, units),
        by_size=_compared("size", without, with_, dict.fromkeys(map(size_class, range(len(SIZES))), "s")),
        by_account=_compared("account", without, with_, dict.fromkeys(accounts, "s")),
        hours_by_account=_compared("account_h", without, with_, dict.fromkeys(accounts, "node-h")),
    )


def _shake_s(scenario: Scenario) -> float:
    """Return how far seeds move the submissions of a log [s]."""
    trace = scenario.trace
    return 0.0 if trace is None or trace.as_recorded else trace.shake_s or SHAKE_S


def _of_seed(scenario: Scenario, seed: int, shake_s: float) -> Scenario:
    """Return `scenario` with another seed; its own leaves the log as the scenario has it."""
    found = scenario.model_copy(update={"seed": seed})
    if scenario.trace is None or seed == scenario.seed or not shake_s:
        return found
    return found.model_copy(update={"trace": scenario.trace.model_copy(update={"shake_s": shake_s})})


def both(pair: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Return the figures without and with the change; one process runs both, as they share their weather."""
    return [figures_of(each) for each in pair]


def _greatest(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the accounts with the most node-hours over all runs, of those with jobs that start in each."""
    often = [name for name in runs[0]["account"] if all(name in each["account"] for each in runs)]
    hours = {name: sum(each["account_h"][name] for each in runs) for name in often}
    return sorted(often, key=lambda name: -hours[name])[:ACCOUNTS]


def _compared(
    part: str, without: Sequence[Mapping[str, Any]], with_: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
) -> tuple[Difference, ...]:  # fmt: skip
    """Return the figures that are known in every run."""
    runs = [*without, *with_]
    rows = []
    for name, unit in units.items():
        if not all(isinstance(each[part].get(name), int | float) for each in runs):
            continue
        base, other = (np.array([each[part][name] for each in side], np.float64) for side in (without, with_))
        low, high = (None, None)
        if len(base) > 1:
            low, high = (float(v) for v in np.percentile(other - base, [5, 95]))
        rows.append(Difference(name, unit, float(base.mean()), float(other.mean()), low, high))
    return tuple(rows)


__all__ = ["Difference", "WhatIf", "whatif"]
