"""Laws that node power and IT power obey whatever the jobs do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.catalogue.machine import Layout, Machine
from exatwin.foundation.signal import Signal
from exatwin.power import _kernel
from exatwin.power.it import ItPower, it_power
from exatwin.schedule.result import NOT_STARTED, Placement, Schedule, check
from exatwin.workload.draw import PARTS, draw
from exatwin.workload.job import Jobs, Phases, Profiles, State
from exatwin.workload.node_model import node_model

NODES = 40
WINDOW = (0, 1000)
FRACTION = st.floats(0.0, 1.0, allow_subnormal=False)
MODULE = [PARTS.index(part) for part in ("accelerator", "processor", "memory")]


@st.composite
def some_profiles(draw_from: st.DrawFn) -> Profiles:
    sizes = draw_from(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    rows = sum(sizes)
    columns = [np.array(draw_from(st.lists(FRACTION, min_size=rows, max_size=rows))) for _ in range(5)]
    share = np.array(draw_from(st.lists(st.floats(0.01, 1.0), min_size=rows, max_size=rows)))
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    share /= np.repeat(np.add.reduceat(share, first[:-1]), sizes)
    bound = np.array(draw_from(st.lists(FRACTION, min_size=len(sizes), max_size=len(sizes))))
    return Profiles(tuple(map(str, sizes)), first, Phases(share, *columns), bound)


def laid_out(seed: int, profiles: int, *, cut: float = 0.2) -> Schedule:
    """Return a valid schedule: jobs back to back in lanes of neighbouring nodes, some split in two ranges."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, ...]] = []
    low = 0
    while low < NODES:
        width = int(rng.integers(1, 12))
        width = min(width, NODES - low)
        now = int(rng.integers(-300, 200))
        while now < 1200:
            run = int(rng.integers(0, 300))
            use = int(rng.integers(1, width + 1))
            rows.append((now, run, low, use, width))
            now += run + int(rng.integers(0, 60)) * int(rng.integers(0, 2))
        low += width
    start, run, node, use, width = (np.array(column) for column in zip(*rows, strict=True))
    runtime = np.where(rng.random(len(run)) < cut, run + rng.integers(1, 500, len(run)), run)
    split = (use < width) & (rng.random(len(use)) < 0.5)  # the last node of the lane, after a gap
    ranges = [
        [(n, u - 1), (n + w - 1, 1)] if s and u > 1 else [(n, u)]
        for n, u, w, s in zip(node, use, width, split, strict=True)
    ]
    first = np.concatenate([[0], np.cumsum([len(r) for r in ranges])]).astype(np.int64)
    flat = np.array([pair for r in ranges for pair in r], np.int32)
    never = rng.random(len(start)) < 0.05
    recorded = np.where(rng.random(len(start)) < 0.2, rng.uniform(300, 3000, len(start)), np.nan)
    jobs = Jobs(
        job_id=np.arange(len(start)),
        submit_s=np.minimum(start, 0) - 1000,
        nodes=use,
        limit_s=np.full(len(start), 10**6),
        runtime_s=runtime,
        partition=rng.integers(0, 2, len(start)),
        profile=rng.integers(0, profiles, len(start)),
        node_w=recorded,
    )
    began = np.where(never, NOT_STARTED, start)
    ended = np.where(never, NOT_STARTED, start + run)
    kept = np.repeat(never, np.diff(first))
    flat[kept, 1] = 0  # what never started holds no nodes
    state = np.full(len(start), int(State.COMPLETED), np.uint8)
    return Schedule(jobs, began, ended, state, Placement(first, flat[:, 0], flat[:, 1]), NODES)


def small_jupiter() -> Any:
    """Return forty nodes of JUPITER in racks of six and groups of two racks."""
    jupiter = machine("jupiter")
    pool = [p.model_copy(update={"nodes": NODES}) for p in jupiter.partitions]
    layout = Layout(nodes_per_rack=6, racks_per_group=2)
    file = jupiter.file.model_copy(update={"nodes": NODES, "layout": layout, "partitions": pool})
    parts = (jupiter.node, jupiter.processor, jupiter.accelerator, jupiter.network)
    return Machine(
        file=file, **dict(zip(("node", "processor", "accelerator", "network"), parts, strict=True))
    )


def power_of(profiles: Profiles, seed: int) -> tuple[Schedule, ItPower]:
    found = small_jupiter()
    schedule = laid_out(seed, len(profiles))
    check(schedule)
    return schedule, it_power(schedule, profiles, draw(profiles, found), found, *WINDOW)


def added(signals: list[Signal]) -> Signal:
    edges = np.unique(np.concatenate([signal.edges_s for signal in signals]))
    return Signal(edges, sum(signal.at(edges[:-1]) for signal in signals), "W")


@given(profiles=some_profiles(), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_racks_groups_and_partitions_add_up_to_the_last_bit(profiles: Profiles, seed: int) -> None:
    _, power = power_of(profiles, seed)
    for parts in (power.by_rack_w, power.by_group_w, [*power.by_partition_w.values(), power.idle_w]):
        rest = power.total_w - added(parts)
        assert np.all(rest.values == power.fixed_w)


@given(profiles=some_profiles(), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_energy_closes_by_two_routes(profiles: Profiles, seed: int) -> None:
    _, power = power_of(profiles, seed)
    total = power.total_w.integral()
    assert power.job_j.sum() + power.idle_j == pytest.approx(total, rel=1e-9)
    assert sum(power.by_part_j.values()) == pytest.approx(total, rel=1e-9)
    assert min(power.by_part_j.values()) >= 0.0


@given(profiles=some_profiles(), seed=st.integers(0, 10**6), where=st.integers(1, 999))
@settings(max_examples=25, deadline=None)
def test_two_windows_make_one(profiles: Profiles, seed: int, where: int) -> None:
    found = small_jupiter()
    schedule, drawn = laid_out(seed, len(profiles)), draw(profiles, found)
    whole = it_power(schedule, profiles, drawn, found, *WINDOW)
    parts = [it_power(schedule, profiles, drawn, found, *w) for w in ((0, where), (where, 1000))]
    assert parts[0].job_j + parts[1].job_j == pytest.approx(whole.job_j, rel=1e-12)
    joined = Signal.concat([part.total_w for part in parts]).simplify()
    assert np.array_equal(joined.edges_s, whole.total_w.edges_s)
    assert np.array_equal(joined.values, whole.total_w.values)


@given(profiles=some_profiles(), seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_power_at_any_time_is_that_of_the_nodes_one_by_one(profiles: Profiles, seed: int) -> None:
    schedule, power = power_of(profiles, seed)
    drawn = draw(profiles, small_jupiter())
    jobs = schedule.jobs
    for time in np.random.default_rng(seed).uniform(*WINDOW, 5):
        expected = drawn.fixed_w + NODES * drawn.idle_w
        for j in np.flatnonzero((schedule.start_s <= time) & (time < schedule.end_s)):
            if np.isnan(jobs.node_w[j]):
                expected += jobs.nodes[j] * (watts_at(schedule, profiles, drawn, j, time) - drawn.idle_w)
            else:
                run = np.arange(schedule.start_s[j], schedule.end_s[j]) + 0.5
                mean = np.mean([watts_at(schedule, profiles, drawn, j, t) for t in run])
                now = watts_at(schedule, profiles, drawn, j, time) * jobs.node_w[j] / mean
                expected += jobs.nodes[j] * (now - drawn.idle_w)
        assert power.total_w.at([time])[0] == pytest.approx(expected, rel=1e-5)


def watts_at(schedule: Schedule, profiles: Profiles, drawn: Any, j: int, time: float) -> float:
    """Return one node of job `j` at `time`, straight from the definition."""
    low, high = profiles.first[schedule.jobs.profile[j]], profiles.first[schedule.jobs.profile[j] + 1]
    ends = np.cumsum(profiles.phases.share_frac[low:high]) * schedule.jobs.runtime_s[j]
    ends = np.floor(ends + 0.5)
    ends[-1] = np.inf
    return float(drawn.nominal_w[low + np.searchsorted(ends, time - schedule.start_s[j], side="right")])


@given(profiles=some_profiles(), more=st.floats(0.0, 0.5), which=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_power_never_falls_as_utilisation_rises(profiles: Profiles, more: float, which: int) -> None:
    names = ("processor_frac", "accelerator_frac", "memory_frac", "network_frac")
    before = getattr(profiles.phases, names[which])
    raised = profiles.phases.replace(**{names[which]: np.minimum(before + more, 1.0)})
    busier = Profiles(profiles.names, profiles.first, raised, profiles.compute_bound_frac)
    for name in ("jupiter", "frontier", "lumi-c"):
        found = machine(name)
        assert np.all(draw(busier, found).nominal_w >= draw(profiles, found).nominal_w - 1e-9)


@given(profiles=some_profiles(), cap=st.floats(420.0, 800.0), step=st.floats(0.2, 1.0))
@settings(max_examples=60, deadline=None)
def test_no_module_ever_exceeds_its_cap(profiles: Profiles, cap: float, step: float) -> None:
    jupiter = machine("jupiter")
    usual = draw(profiles, jupiter)
    assert np.all(usual.phase_part_w[:, MODULE].sum(axis=1) / 4 <= node_model(jupiter).cap_w + 1e-9)
    capped = draw(profiles, jupiter, cap_w=cap, frequency_frac=(step, 1.0))
    assert np.all(capped.phase_part_w[:, MODULE].sum(axis=1) / 4 <= cap + 1e-9)
    assert np.all(capped.phase_w[:, 0] <= capped.phase_w[:, 1] + 1e-9)
    assert np.all(capped.slowdown[:, 0] >= capped.slowdown[:, 1] - 1e-12)
    assert np.all(capped.phase_w >= capped.idle_w - 1e-9)


def kernels_of(seed: int) -> dict[str, list[float]]:
    """Return what a seed leads to, for the comparison of two interpreters."""
    share = np.array([0.2, 0.8, 1.0, 0.5, 0.25, 0.25])
    levels = (np.linspace(0.1, 0.9, 6) for _ in range(5))
    profiles = Profiles(("a", "b", "c"), np.array([0, 2, 3, 6]), Phases(share, *levels), np.ones(3))
    _, power = power_of(profiles, seed)
    return {
        "total": power.total_w.values.tolist(),
        "edges": power.total_w.edges_s.tolist(),
        "racks": [value for rack in power.by_rack_w for value in rack.values.tolist()],
        "partitions": [v for p in power.by_partition_w.values() for v in p.values.tolist()],
        "jobs": power.job_j.tolist(),
        "parts": list(power.by_part_j.values()),
    }


def test_interpreted_and_compiled_kernels_agree_to_the_last_bit() -> None:
    code = "import json, test_power; print(json.dumps([test_power.kernels_of(seed) for seed in range(3)]))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert hasattr(_kernel.bin_levels, "py_func"), "this process must run compiled kernels"
    assert json.loads(found.stdout) == [kernels_of(seed) for seed in range(3)]
