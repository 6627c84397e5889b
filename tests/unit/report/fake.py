"""A made-up result that looks like one, for tests of what draws it: plausible shapes, no physics."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from exatwin.catalogue.load import machine as load_machine
from exatwin.catalogue.machine import Machine
from exatwin.foundation.signal import Signal
from exatwin.schedule.result import NOT_STARTED, Placement, Schedule
from exatwin.workload.job import Jobs, Phases, Profiles, State

NAMES = (
    "lattice-qcd",
    "molecular-dynamics",
    "climate",
    "llm-training",
    "llm-inference",
    "cfd",
    "development",
)
NODE_W = np.array([2100.0, 1900.0, 1700.0, 2500.0, 1800.0, 1650.0, 900.0])
IDLE_W = 620.0
HOUR = 3600


@dataclass(frozen=True)
class FakePower:
    total_w: Signal
    by_part_j: dict[str, float]
    job_j: np.ndarray
    idle_j: float
    by_group_w: list[Signal] = field(default_factory=list)
    by_rack_w: list[Signal] = field(default_factory=list)


@dataclass(frozen=True)
class FakeLedger:
    it_parts_j: dict[str, float]
    overheads_j: dict[str, float]
    cost_eur: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "it_parts_j": self.it_parts_j,
            "overheads_j": self.overheads_j,
            "cost_parts_eur": {"energy": 0.7 * self.cost_eur, "grid_fees": 0.3 * self.cost_eur},
            "compared_eur": {"flat-2025": 1.1 * self.cost_eur},
            "balance": {"relative": 3e-16},
            "basis": {
                "pue": "EN 50600-4-2, from the 10 kV meter to the rack inlet",
                "cost": "day-ahead",
                "market": "synthetic-2025",
            },
        }


@dataclass(frozen=True)
class FakeResult:
    machine: Machine | None
    jobs: Jobs
    profiles: Profiles
    schedule: Schedule
    signals: dict[str, Signal]
    power: FakePower | None
    ledger: FakeLedger | None
    provenance: dict[str, Any]
    start: datetime
    figures: dict[str, Any]
    start_s: float
    end_s: float
    seeds: tuple[dict[str, Any], ...] = ()

    def summary(self) -> dict[str, Any]:
        return dict(self.figures)


def profiles() -> Profiles:
    count = len(NAMES)
    half = np.full(count, 0.5)
    phases = Phases(np.ones(count), half, half, half, half, half)
    return Profiles(NAMES, np.arange(count + 1, dtype=np.int64), phases, half)


def make_jobs(count: int, end_s: int, capacity: int, seed: int) -> Jobs:
    random = np.random.default_rng(seed)
    nodes = np.minimum(np.round(2 ** random.gamma(2.2, 1.8, count)).clip(1), capacity).astype(int)
    runtime = random.lognormal(9.2, 1.1, count).clip(60, 12 * HOUR)
    limit = np.minimum(runtime * random.uniform(1.1, 3.0, count), 12 * HOUR)
    return Jobs(
        job_id=1_618_000 + np.arange(count),
        submit_s=np.sort(random.integers(-12 * HOUR, end_s, count)),
        nodes=nodes,
        limit_s=limit,
        runtime_s=runtime,
        account=random.integers(0, 40, count),
        user=random.integers(0, 200, count),
        profile=random.integers(0, len(NAMES), count),
        outcome=np.where(random.random(count) < 0.1, State.FAILED, State.COMPLETED),
    )


def schedule_of(jobs: Jobs, capacity: int, end_s: int, *, placed: bool = True) -> Schedule:
    """First come, first served with unlimited overtaking on the lowest free nodes: quick."""
    free = np.ones(capacity, bool)
    start = np.full(len(jobs), NOT_STARTED, np.int64)
    held: dict[int, np.ndarray] = {}
    running: list[tuple[int, int]] = []
    queue: list[int] = []
    import heapq

    def settle(now: int) -> None:
        for job in list(queue):
            need = int(jobs.nodes[job])
            if need > np.count_nonzero(free):
                continue
            nodes = np.flatnonzero(free)[:need]
            free[nodes], held[job], start[job] = False, nodes, now
            heapq.heappush(running, (now + int(jobs.runtime_s[job]), job))
            queue.remove(job)

    for job in range(len(jobs)):
        now = int(jobs.submit_s[job])
        while running and running[0][0] <= now:
            when, ended = heapq.heappop(running)
            free[held[ended]] = True
            settle(when)
        queue.append(job)
        if len(queue) < 400:
            settle(now)
    end = np.where(start > NOT_STARTED, start + jobs.runtime_s, NOT_STARTED)
    state = np.where(start > NOT_STARTED, jobs.outcome, State.PENDING)
    state = np.where((start > NOT_STARTED) & (end > end_s), State.RUNNING, state).astype(np.uint8)
    return Schedule(jobs, start, end, state, placement_of(held, len(jobs)) if placed else None, capacity)


def placement_of(held: dict[int, np.ndarray], jobs: int) -> Placement:
    first, node, count = [0], [], []
    for job in range(jobs):
        nodes = held.get(job, np.empty(0, int))
        pieces = np.split(nodes, np.flatnonzero(np.diff(nodes) != 1) + 1) if len(nodes) else []
        node += [int(piece[0]) for piece in pieces]
        count += [len(piece) for piece in pieces]
        first.append(len(node))
    return Placement(np.array(first, np.int64), np.array(node, np.int32), np.array(count, np.int32))


def make_signals(schedule: Schedule, it_w: Signal, end_s: int, seed: int) -> dict[str, Signal]:
    random = np.random.default_rng(seed)
    steps = np.arange(0, end_s, 900)
    day = 2 * np.pi * steps / 86400

    def made(values: Any, unit: str) -> Signal:
        return Signal.steps(np.asarray(values, float) + np.zeros(len(steps)), 900.0, unit)

    it = it_w.mean(900).values
    air = 283 + 4 * np.sin(day - 2) + np.cumsum(random.normal(0, 0.12, len(steps)))
    loss, pump, fixed = 0.022 * it + 6e4, 0.008 * it + 2e4, np.full(len(steps), 9e4)
    fan = 0.004 * it * (1 + 0.5 * np.sin(day - 2)) + 1e4
    facility = it + loss + pump + fan + fixed
    return {
        "it_w": it_w,
        "facility_w": made(facility, "W"),
        "pue": made(facility / it, "1"),
        "supply_k": made(np.maximum(309.0, air + 12), "K"),
        "return_k": made(np.maximum(309.0, air + 12) + 8.5 * it / it.max(), "K"),
        "heat_to_water_w": made(0.94 * it, "W"),
        "heat_to_air_w": made(0.06 * it + fixed, "W"),
        "pump_w": made(pump, "W"),
        "fan_w": made(fan, "W"),
        "chain_loss_w": made(loss, "W"),
        "fixed_w": made(fixed, "W"),
        "water_kg_s": made(np.maximum(0, air - 290) * 0.1, "kg/s"),
        "air_k": made(air, "K"),
        "wet_bulb_k": made(air - 3, "K"),
        "price_eur_j": made(
            (85 + 45 * np.sin(2 * day + 1) + random.normal(0, 6, len(steps))) / 3.6e9, "EUR/J"
        ),
        "carbon_kgco2e_j": made((330 + 90 * np.cos(day)) / 3.6e9, "kgCO2e/J"),
        "allocated_nodes": schedule.allocated(0.0, float(end_s)),
        "queued_jobs": schedule.queued(0.0, float(end_s)),
    }


def it_power(schedule: Schedule, end_s: int) -> FakePower:
    ran, jobs = schedule.started, schedule.jobs
    watts = (NODE_W[jobs.profile] - IDLE_W) * jobs.nodes
    times = np.concatenate([schedule.start_s[ran], schedule.end_s[ran]])
    changes = np.concatenate([watts[ran], -watts[ran]])
    total = Signal.from_events(times, changes, 0.0, float(end_s), "W", base=IDLE_W * schedule.capacity)
    inside = np.clip(np.minimum(schedule.end_s, end_s) - np.maximum(schedule.start_s, 0), 0, None)
    job_j = np.where(ran, inside * NODE_W[jobs.profile] * jobs.nodes, 0.0)
    energy = total.integral()
    shares = {
        "accelerator": 0.66,
        "processor": 0.12,
        "memory": 0.08,
        "network": 0.05,
        "board": 0.04,
        "conversion": 0.05,
    }
    return FakePower(
        total, {key: share * energy for key, share in shares.items()}, job_j, energy - job_j.sum()
    )


def figures_of(schedule: Schedule, signals: dict[str, Signal], end_s: int) -> dict[str, Any]:
    counted = schedule.started & (schedule.start_s >= 0)
    energy, whole = signals["it_w"].integral(), signals["facility_w"].integral()
    return {
        "jobs": len(schedule.jobs),
        "mean_wait_s": float(schedule.wait_s[counted].mean()),
        "median_wait_s": float(np.median(schedule.wait_s[counted])),
        "mean_bounded_slowdown": float(schedule.bounded_slowdown[counted].mean()),
        "utilisation_frac": signals["allocated_nodes"].mean() / schedule.capacity,
        "makespan_s": float(schedule.end_s.max() - schedule.jobs.submit_s.min()),
        "energy_j": energy,
        "facility_energy_j": whole,
        "peak_power_w": signals["it_w"].max(),
        "mean_power_w": signals["it_w"].mean(),
        "pue": whole / energy,
        "cost_eur": (signals["facility_w"] * signals["price_eur_j"]).integral(),
        "carbon_kgco2e": (signals["facility_w"] * signals["carbon_kgco2e_j"]).integral(),
        "water_kg": signals["water_kg_s"].integral(),
        "node_h": signals["allocated_nodes"].integral() / 3600,
        "billed": 288 * signals["allocated_nodes"].integral() / 3600,
        "billing_unit": "core-h",
    }


def make_ledger(power: FakePower, signals: dict[str, Signal]) -> FakeLedger:
    names = ("chain_loss_w", "pump_w", "fan_w", "fixed_w")
    beyond = {name.removesuffix("_w"): signals[name].integral() for name in names}
    return FakeLedger(power.by_part_j, beyond, (signals["facility_w"] * signals["price_eur_j"]).integral())


PROVENANCE = {
    "id": "f3a9c1d27b40",
    "seed": 7,
    "version": "0.1.0",
    "command": "exatwin run --machine jupiter --days 7 --seed 7",
    "start": "2026-11-16T00:00:00Z",
    "days": 7,
    "site": "juelich",
    "data_digest": "sha256:9b1c4e5f00aa77d1",
}


def fake_result(
    days: float = 1.0, jobs: int = 400, *, machine: str | None = "jupiter", seed: int = 7, placed: bool = True
) -> FakeResult:
    """Return a result of `days` with `jobs`; without a machine what a replay on processors leaves."""
    found = load_machine(machine) if machine else None
    capacity, end_s = (found.nodes if found else 128), int(days * 86400)
    asked = make_jobs(jobs, end_s, capacity, seed)
    schedule = schedule_of(asked, capacity, end_s, placed=placed)
    power = it_power(schedule, end_s)
    signals = make_signals(schedule, power.total_w, end_s, seed)
    result = FakeResult(
        machine=found,
        jobs=asked,
        profiles=profiles(),
        schedule=schedule,
        signals=signals,
        power=power,
        ledger=make_ledger(power, signals),
        provenance=PROVENANCE,
        start=datetime(2026, 11, 16, tzinfo=UTC),
        figures=figures_of(schedule, signals, end_s),
        start_s=0.0,
        end_s=float(end_s),
    )
    return result if found else _without_machine(result)


def _without_machine(result: FakeResult) -> FakeResult:
    kept = {name: result.signals[name] for name in ("allocated_nodes", "queued_jobs")}
    known = (
        "jobs",
        "mean_wait_s",
        "median_wait_s",
        "mean_bounded_slowdown",
        "utilisation_frac",
        "makespan_s",
    )
    figures = {key: value if key in known else None for key, value in result.figures.items()}
    bare = {key: value for key, value in PROVENANCE.items() if key != "site"}
    return replace(result, power=None, ledger=None, signals=kept, figures=figures, provenance=bare)
