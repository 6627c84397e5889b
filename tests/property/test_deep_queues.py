"""Hundreds of jobs that wait at once: every start and every node as the plain program has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import SlurmRule
from reference.slurm import slurm
from strategies import to_jobs

Rows = list[tuple[int, int, int, int, int]]


def crowd(seed: int, many: int, nodes: int, widest: int, longest: int, over: int) -> Rows:
    """Return jobs that come within `over` seconds, far more than run at once."""
    draw = np.random.default_rng(seed)
    submit = np.sort(draw.integers(0, over + 1, many))
    wide = np.exp(draw.uniform(0, np.log(widest + 1), many)).astype(np.int64)
    limit = np.exp(draw.uniform(np.log(60), np.log(longest), many)).astype(np.int64)
    run = np.maximum(1, limit * draw.beta(0.8, 1.2, many)).astype(np.int64)
    columns = (np.arange(many), submit, np.minimum(wide, nodes), limit, run)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def compiled(rows: Rows, nodes: int, **changes: int) -> dict[int, tuple[int, frozenset[int]]]:
    found = simulate(
        to_jobs(rows), nodes, backfill="slurm", placement="contiguous", slurm=SlurmRule(**changes)
    )
    check(found)
    assert found.placement is not None
    each = enumerate(zip(found.jobs.job_id.tolist(), found.start_s.tolist(), strict=True))
    return {job: (start, frozenset(found.placement.nodes_of(row).tolist())) for row, (job, start) in each}


@given(
    seed=st.integers(0, 2**32 - 1),
    many=st.integers(60, 150),
    nodes=st.sampled_from([20, 64, 130, 300]),
    share=st.sampled_from([1, 3, 10]),
    longest=st.sampled_from([600, 4000, 90_000]),
    over=st.sampled_from([0, 3000]),
    tests=st.sampled_from([20, 500]),
    resolution=st.sampled_from([60, 300]),
    window=st.sampled_from([3600, 86400]),
)
@settings(max_examples=12, deadline=None)
def test_deep_queues_equal_the_referee(
    seed: int,
    many: int,
    nodes: int,
    share: int,
    longest: int,
    over: int,
    tests: int,
    resolution: int,
    window: int,
) -> None:
    rows = crowd(seed, many, nodes, max(1, nodes // share), longest, over)
    wanted = slurm(rows, nodes, resolution=resolution, window=window, tests=tests)
    assert wanted == compiled(
        rows, nodes, bf_resolution_s=resolution, bf_window_s=window, bf_max_job_test=tests
    )


@pytest.mark.parametrize(
    ("nodes", "share", "longest", "over", "seed"),
    [(300, 1, 4000, 0, 1), (300, 2, 4000, 0, 11), (300, 2, 90_000, 0, 11), (300, 2, 90_000, 3000, 15)],
)
def test_nodes_of_a_job_that_a_cycle_started_may_be_reserved_for_later(
    nodes: int, share: int, longest: int, over: int, seed: int
) -> None:
    """Where all other limits are up before that job's, its nodes are the last to get places."""
    rows = crowd(seed, 120, nodes, nodes // share, longest, over)
    assert slurm(rows, nodes) == compiled(rows, nodes)
