"""Shapes that are not all asked about start as if they were."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.foundation.random import stream
from exatwin.schedule.ahead import Rule
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.study.starts.ensemble import Queue, waits, waits_of_shapes
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import Standing
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import shipped_usage

HOUR_S = 3600
SHAPES = np.array([(nodes, hours * HOUR_S) for nodes in (1, 4, 16, 48, 64) for hours in (1, 2, 8)]).T


def full(rule: Rule) -> Queue:
    """Return 64 nodes on which one job has half an hour left, one eight hours, and twenty jobs wait."""
    draw = np.random.default_rng(1)
    waiting = 20
    jobs = Standing(
        job_id=np.arange(2 + waiting),
        nodes=np.concatenate(([40, 20], draw.integers(4, 40, waiting))).astype(np.int32),
        limit_s=np.concatenate(([HOUR_S, 10 * HOUR_S], draw.integers(1, 9, waiting) * HOUR_S)),
        elapsed_s=np.concatenate(([HOUR_S // 2, 2 * HOUR_S], np.full(waiting, -1))),
        waited_s=np.concatenate(([HOUR_S, 3 * HOUR_S], np.full(waiting, 600))),
        priority=np.concatenate(([9000.0, 9000.0], 100.0 * draw.integers(1, 60, waiting))),
    )
    none = np.empty(0, np.int64)
    past = Jobs(job_id=none, submit_s=none, nodes=none.astype(np.int32), limit_s=none, runtime_s=none)
    return Queue(jobs, 64, shipped_usage(), Upcoming(past, 0), rule)


@pytest.mark.parametrize("backfill", ["easy", "slurm"])
def test_where_points_grow_with_nodes_each_size_is_asked_about(backfill: str) -> None:
    """A large job may come before a small one; the longest limits of all sizes are exact."""
    sized = PriorityRule(weights=Weights(age=10.0, fair_share=0.0, job_size=10_000.0))
    queue = full(Rule("multifactor", backfill, priority=sized))
    every = waits(queue, SHAPES, members=6, rng=stream(0, "shape"))
    found = waits_of_shapes(queue, SHAPES, members=6, seed=0)
    longest = SHAPES[1] == SHAPES[1].max()
    assert np.array_equal(found[:, longest], every[:, longest])
    assert np.any(np.diff(every[:, longest], axis=1) < 0)
    np.testing.assert_allclose(found, every, rtol=0.1, atol=600.0)


@pytest.mark.parametrize(("policy", "backfill"), [("fcfs", "slurm"), ("ljf", "slurm"), ("fcfs", "easy")])
def test_shapes_in_other_orders_start_as_if_all_were_asked_about(policy: str, backfill: str) -> None:
    queue = full(Rule(policy, backfill))
    every = waits(queue, SHAPES, members=6, rng=stream(0, "shape"))
    found = waits_of_shapes(queue, SHAPES, members=6, seed=0)
    np.testing.assert_allclose(found, every, rtol=0.1, atol=600.0)
