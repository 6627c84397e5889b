"""The figures of one run that a what-if compares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exatwin.study.result import Result
from exatwin.study.run import run
from exatwin.study.scenario import Scenario
from exatwin.workload.job import State

FIGURES: dict[str, str] = {
    "energy_j": "J", "facility_energy_j": "J", "peak_power_w": "W", "peak_facility_w": "W", "pue": "1",
    "cost_eur": "EUR", "price_eur_j": "EUR/J", "carbon_kgco2e": "kgCO2e", "carbon_kgco2e_j": "kgCO2e/J",
    "water_kg": "kg", "node_h": "node-h", "jobs_started": "1", "jobs_ended": "1",
    "jobs_left": "1", "longest_left_s": "s",
    "utilisation_frac": "1", "mean_wait_s": "s", "median_wait_s": "s", "p90_wait_s": "s",
    "mean_bounded_slowdown": "1", "mean_queue_jobs": "1", "throttled_h": "h", "lost_node_h": "node-h",
    "jobs_beyond_cap": "1", "cap_excess_j": "J", "cap_excess_h": "h", "slowed_node_h": "node-h",
    "groups_over_fewest": "1", "scattered_frac": "1",
    "heat_given_j": "J", "heat_pump_j": "J", "heat_earned_eur": "EUR", "erf": "1",
    "grid_j": "J", "renewable_balance_frac": "1", "renewable_matched_frac": "1",
}  # fmt: skip
"""Key figures that are compared, with their units."""
ONLY_WITH = dict.fromkeys(
    ("heat_given_j", "heat_pump_j", "heat_earned_eur", "erf"), "heat_given_j"
) | dict.fromkeys(("grid_j", "renewable_balance_frac", "renewable_matched_frac"), "supplied") | {
    "jobs_beyond_cap": "jobs_beyond_cap", "slowed_node_h": "slowed_node_h",
    "cap_excess_j": "cap_excess_j", "cap_excess_h": "cap_excess_j",
}  # fmt: skip
"""Figures that are told only where some run has another."""
ALWAYS = {"jobs_beyond_cap": 0, "cap_excess_j": 0.0, "cap_excess_h": 0.0, "slowed_node_h": 0.0}
SIZES = (1, 2, 9, 65, 513)
"""Smallest job of each class of size [nodes]."""
_CUT_OFF = (State.NODE_FAIL, State.PREEMPTED)
"""How attempts end that are made again."""


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
        "id": result.provenance["id"],
        "data": result.provenance["data_digest"],
        "figures": ALWAYS | result.summary() | _ended(result) | _neighbours(result),
        "size": {
            size_class(k): float(wait[kind == k].mean()) for k in range(len(SIZES)) if np.any(kind == k)
        },
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


def _ended(result: Result) -> dict[str, float]:
    """Return how many jobs came to an end, how many wait when the window closes, what a joule cost."""
    schedule, ledger = result.schedule, result.ledger
    inside = schedule.started & (schedule.end_s >= result.start_s) & (schedule.end_s <= result.end_s)
    waits = ~schedule.started & (schedule.state == State.PENDING)
    so_far_s = result.end_s - schedule.jobs.submit_s[waits]
    found = {
        "jobs_ended": float(np.sum(inside & ~np.isin(schedule.state, _CUT_OFF))),
        "jobs_left": float(len(so_far_s)),
        "longest_left_s": float(so_far_s.max(initial=0.0)),
    }
    if ledger is None or not ledger.facility_j:
        return found
    return found | {
        "price_eur_j": ledger.cost_eur / ledger.facility_j,
        "carbon_kgco2e_j": ledger.carbon_kgco2e / ledger.facility_j,
    }


def size_class(k: int) -> str:
    """Return the name of the class of size `k`, counted from 0."""
    low = SIZES[k]
    if k == len(SIZES) - 1:
        return f"{low:,} nodes and more"
    return "1 node" if low == 1 else f"{low} to {SIZES[k + 1] - 1} nodes"


__all__ = ["FIGURES", "ONLY_WITH", "SIZES", "figures_of", "size_class"]
