"""A changed knob beside the base: the same jobs, the same weather, the differences over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from exatwin.foundation.errors import SpecError
from exatwin.foundation.progress import SILENT, Progress
from exatwin.study.result import Result
from exatwin.study.run import check, run
from exatwin.study.scenario import Scenario
from exatwin.study.sweep import in_parallel

FIGURES: dict[str, str] = {
    "energy_j": "J", "facility_energy_j": "J", "peak_power_w": "W", "peak_facility_w": "W", "pue": "1",
    "cost_eur": "EUR", "carbon_kgco2e": "kgCO2e", "water_kg": "kg", "node_h": "node-h",
    "jobs_started": "1", "utilisation_frac": "1", "mean_wait_s": "s", "median_wait_s": "s", "p90_wait_s": "s",
    "mean_bounded_slowdown": "1", "mean_queue_jobs": "1", "throttled_h": "h", "lost_node_h": "node-h",
    "jobs_beyond_cap": "1", "cap_excess_j": "J", "cap_excess_h": "h", "slowed_node_h": "node-h",
    "groups_over_fewest": "1", "scattered_frac": "1",
    "heat_given_j": "J", "heat_pump_j": "J", "heat_earned_eur": "EUR", "erf": "1",
    "grid_j": "J", "renewable_balance_frac": "1", "renewable_matched_frac": "1",
}  # fmt: skip
"""Key figures that are compared, with their units."""
_ONLY_WITH = dict.fromkeys(
    ("heat_given_j", "heat_pump_j", "heat_earned_eur", "erf"), "heat_given_j"
) | dict.fromkeys(("grid_j", "renewable_balance_frac", "renewable_matched_frac"), "supplied") | {
    "jobs_beyond_cap": "jobs_beyond_cap", "slowed_node_h": "slowed_node_h",
    "cap_excess_j": "cap_excess_j", "cap_excess_h": "cap_excess_j",
}  # fmt: skip
"""Figures that are told only where some run has another."""
_ALWAYS = {"jobs_beyond_cap": 0, "cap_excess_j": 0.0, "cap_excess_h": 0.0, "slowed_node_h": 0.0}
SIZES = (1, 2, 9, 65, 513)
"""Smallest job of each class of size [nodes]."""
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

    def document(self) -> dict[str, Any]:
        """Return the answer as plain data."""

        def plain(rows: Sequence[Difference]) -> list[dict[str, Any]]:
            return [{**asdict(row), "difference": row.difference} for row in rows]

        return {
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
        other = other.replace(path, value)
    check(other)  # what can't be is told before the runs without the change are paid for
    numbers = tuple(scenario.seed + k for k in range(seeds))
    shake_s = _shake_s(other) if seeds > 1 else 0.0
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
    units = {name: unit for name, unit in FIGURES.items() if _ONLY_WITH.get(name) in {None, *has}}
    accounts = _greatest([*without, *with_])
    return WhatIf(
        base=scenario,
        changes=tuple(changes.items()),
        seeds=numbers,
        shake_s=shake_s,
        figures=_compared("figures", without, with_, units),
        by_size=_compared("size", without, with_, dict.fromkeys(map(_class, range(len(SIZES))), "s")),
        by_account=_compared("account", without, with_, dict.fromkeys(accounts, "s")),
        hours_by_account=_compared("account_h", without, with_, dict.fromkeys(accounts, "node-h")),
    )


def _shake_s(scenario: Scenario) -> float:
    """Return how far seeds move the submissions of a log [s]."""
    trace = scenario.trace
    return 0.0 if trace is None or trace.as_recorded else trace.shake_s or SHAKE_S


def _of_seed(scenario: Scenario, seed: int, shake_s: float) -> Scenario:
    """Return `scenario` with another seed; that of the scenario leaves the log as it is."""
    found = scenario.model_copy(update={"seed": seed})
    if scenario.trace is None or seed == scenario.seed or not shake_s:
        return found
    return found.model_copy(update={"trace": scenario.trace.model_copy(update={"shake_s": shake_s})})


def both(pair: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Return the figures without and with the change; one process runs both, as they share their weather."""
    return [figures_of(each) for each in pair]


def figures_of(scenario: Scenario) -> dict[str, Any]:
    """Return the figures of one run: of the whole, waits [s] by size and account, node-hours by account."""
    result = run(scenario)
    schedule, jobs = result.schedule, result.jobs
    counted = schedule.started & (schedule.start_s >= result.start_s)
    wait = schedule.wait_s[counted]
    kind = np.searchsorted(np.array(SIZES), jobs.nodes[counted], side="right") - 1
    ends = np.minimum(schedule.end_s, result.end_s)
    inside_s = np.where(schedule.started, ends - np.maximum(schedule.start_s, result.start_s), 0.0)
    held_h = jobs.nodes * np.maximum(inside_s, 0.0) / 3600.0
    return {
        "figures": _ALWAYS | result.summary() | _neighbours(result),
        "size": {_class(k): float(wait[kind == k].mean()) for k in range(len(SIZES)) if np.any(kind == k)},
        "account": _of_accounts(jobs.account[counted], wait, result.accounts, mean=True),
        "account_h": _of_accounts(jobs.account, held_h, result.accounts, mean=False),
    }


def _of_accounts(
    account: np.ndarray, values: np.ndarray, names: Sequence[str], *, mean: bool
) -> dict[str, float]:
    """Return mean or sum of the values of each account that is known, by its name or number."""
    known = account >= 0
    numbers, row, many = np.unique(account[known], return_inverse=True, return_counts=True)
    sums = np.bincount(row, weights=values[known], minlength=len(numbers))
    found = sums / many if mean else sums
    told = [names[one] if one < len(names) else one for one in numbers.tolist()]
    return {f"account {one}": float(value) for one, value in zip(told, found, strict=True)}


def _greatest(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the accounts with the most node-hours over all runs, of those with jobs that start in each."""
    often = [name for name in runs[0]["account"] if all(name in each["account"] for each in runs)]
    hours = {name: sum(each["account_h"][name] for each in runs) for name in often}
    return sorted(often, key=lambda name: -hours[name])[:ACCOUNTS]


def _neighbours(result: Result) -> dict[str, float]:
    """Return what heat customers and contracts for power make of a run, where it has either."""
    ledger = result.ledger
    if ledger is None:
        return {}
    heat, supply = ledger.heat, ledger.supply
    return {
        "supplied": float(bool(supply)),
        "heat_pump_j": heat.get("heat_pump_j", 0.0),
        "heat_earned_eur": heat.get("earned_eur", 0.0),
        "grid_j": supply.get("grid_j", ledger.facility_j),
        "renewable_balance_frac": supply.get("renewable_balance_frac", 0.0),
        "renewable_matched_frac": supply.get("renewable_matched_frac", 0.0),
    }


def _class(k: int) -> str:
    low = SIZES[k]
    if k == len(SIZES) - 1:
        return f"{low:,} nodes and more"
    return "1 node" if low == 1 else f"{low} to {SIZES[k + 1] - 1} nodes"


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


__all__ = ["Difference", "WhatIf", "figures_of", "whatif"]
