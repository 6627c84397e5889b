"""The compiled kernel against the referee, job by job, on generated logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.foundation.random import stream
from exatwin.schedule.result import State, check
from exatwin.schedule.simulate import Simulation, simulate
from reference import BACKFILLS, MODES, ORDERS, reference
from reference.conservative import incremental
from strategies import Log, backfills, job_logs, kernel, modes, orders, placements, starts_of, to_jobs

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("backfill", BACKFILLS)
@pytest.mark.parametrize("mode", MODES)
@given(log=job_logs(), order=orders)
@settings(max_examples=60, deadline=None)
def test_kernel_equals_the_referee(mode: str, backfill: str, log: Log, order: str) -> None:
    jobs, processors = log
    assert kernel(jobs, processors, mode, backfill, order) == reference(
        jobs, processors, mode, backfill, order
    )


def crowd(seed: int, jobs: int, processors: int) -> list[tuple[int, int, int, int, int]]:
    """Return a log with three times the work that the machine can do, so that the queue grows deep."""
    draw = stream(seed, "tests", "crowd")
    procs = np.minimum(processors, np.exp(draw.uniform(0, np.log(processors), jobs)).astype(int) + 1)
    limit = draw.integers(1, 1000, jobs)
    run = np.where(draw.random(jobs) < 0.3, limit, draw.integers(0, limit + 1))
    submit = np.sort(draw.integers(0, max(1, int((procs * run).sum() / processors / 3)), jobs)) // 5 * 5
    return [tuple(row) for row in np.column_stack([np.arange(jobs), submit, procs, limit, run]).tolist()]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backfill", BACKFILLS)
@pytest.mark.parametrize("order", sorted(ORDERS))
def test_kernel_equals_the_referee_with_a_deep_queue(mode: str, backfill: str, order: str) -> None:
    log = crowd(seed=1, jobs=60 if backfill == "conservative" else 250, processors=64)
    assert kernel(log, 64, mode, backfill, order) == reference(log, 64, mode, backfill, order)


@given(log=job_logs(), mode=modes, backfill=backfills, order=orders, placement=placements)
@settings(max_examples=150, deadline=None)
def test_placement_keeps_the_invariants_and_moves_no_start(
    log: Log, mode: str, backfill: str, order: str, placement: str
) -> None:
    jobs, processors = log
    schedule = simulate(
        to_jobs(jobs), processors, policy=order, backfill=backfill, semantics=mode, placement=placement
    )
    check(schedule)
    assert starts_of(schedule) == kernel(jobs, processors, mode, backfill, order)
    cut = [job.run > job.limit for job in jobs]
    assert schedule.run_s.tolist() == [min(job.run, job.limit) for job in jobs]
    assert (schedule.state == State.TIMEOUT).tolist() == cut


@given(log=job_logs(), data=st.data(), mode=modes, backfill=backfills, order=orders, placement=placements)
@settings(max_examples=100, deadline=None)
def test_many_reaches_equal_one(
    log: Log, data: st.DataObject, mode: str, backfill: str, order: str, placement: str
) -> None:
    jobs, processors = log
    table = to_jobs(jobs)
    asked = {"policy": order, "backfill": backfill, "semantics": mode, "placement": placement}
    whole = simulate(table, processors, **asked)
    edges = st.integers(jobs[0].submit - 2, int(whole.end_s.max()) + 2)
    simulation = Simulation.begin(table, processors, **asked)
    for until in sorted(data.draw(st.lists(edges, min_size=1, max_size=6), label="until")):
        simulation.advance(until)
        reach = simulation.schedule()
        begun = whole.start_s < until
        assert np.array_equal(reach.started, begun)
        assert np.array_equal(reach.start_s[begun], whole.start_s[begun])
        assert np.array_equal(simulate(table, processors, **asked, until_s=until).state, reach.state)
    simulation.advance()
    last = simulation.schedule()
    assert np.array_equal(last.start_s, whole.start_s)
    assert np.array_equal(last.end_s, whole.end_s)
    assert np.array_equal(last.state, whole.state)
    if whole.placement is not None and last.placement is not None:
        for ours, theirs in zip(last.placement, whole.placement, strict=True):
            assert np.array_equal(ours, theirs)


@given(log=job_logs())
@settings(max_examples=100, deadline=None)
def test_a_kept_plan_is_the_same_as_planning_all_at_each_pass(log: Log) -> None:
    jobs, processors = log
    assert incremental(jobs, processors) == reference(jobs, processors, "batch", "conservative")


@given(log=job_logs(), mode=modes, backfill=backfills, extra=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_job_wider_than_the_machine_waits_and_holds_up_nobody(
    log: Log, mode: str, backfill: str, extra: int
) -> None:
    jobs, processors = log
    wide = jobs[len(jobs) // 2]._replace(id=0, procs=processors + extra)
    table = to_jobs([*jobs[: len(jobs) // 2], wide, *jobs[len(jobs) // 2 :]])
    schedule = simulate(table, processors, backfill=backfill, semantics=mode)
    assert schedule.state[len(jobs) // 2] == State.PENDING
    assert starts_of(schedule) == kernel(jobs, processors, mode, backfill)


INTERPRETED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numba
from strategies import kernel
assert numba.config.DISABLE_JIT
asked = json.load(sys.stdin)
found = [kernel(asked["log"], asked["processors"], *case) for case in asked["cases"]]
print(json.dumps([list(starts.values()) for starts in found]))
"""


def test_interpreted_equals_compiled() -> None:
    log, processors = crowd(seed=2, jobs=80, processors=32), 32
    cases = [(mode, backfill, order) for mode in MODES for backfill in BACKFILLS for order in sorted(ORDERS)]
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED, str(TESTS)],
        input=json.dumps({"log": log, "processors": processors, "cases": cases}),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    compiled = [list(kernel(log, processors, *case).values()) for case in cases]
    assert json.loads(done.stdout) == compiled
