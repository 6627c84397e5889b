"""The policy ``multifactor`` in the event loop against a plain one."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.workload.job import Jobs
from reference.multifactor import Owned, strict

DAY = 86400.0


def owned_jobs(seed: int, many: int, nodes: int) -> Jobs:
    draw = stream(seed, "tests", "multifactor")
    return Jobs(
        job_id=np.arange(many),
        submit_s=np.sort(draw.integers(0, 150 * many, many)),
        nodes=draw.integers(1, nodes + 1, many),
        limit_s=draw.integers(60, 4000, many),
        runtime_s=draw.integers(1, 4000, many),
        account=draw.integers(0, 3, many),
        user=draw.integers(0, 4, many),
    )


def rule(**changes: float) -> PriorityRule:
    weights = Weights(age=900.0, fair_share=5000.0, job_size=700.0, max_age_s=DAY)
    return PriorityRule(weights, half_life_s=0.3 * DAY, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("period", [60, 300, 1000])
def test_strict_order_by_priority_equals_the_referee(seed: int, period: int) -> None:
    nodes = 12
    jobs = owned_jobs(seed, 60, nodes)
    columns = (jobs.job_id, jobs.submit_s, jobs.nodes, jobs.limit_s, jobs.runtime_s, jobs.account, jobs.user)
    rows = [Owned(*row) for row in np.stack([column.astype(int) for column in columns], axis=1).tolist()]
    wanted = strict(
        rows, nodes, age=900.0, fair=5000.0, size=700.0, greatest=DAY, half=0.3 * DAY, period=period
    )
    found = simulate(jobs, nodes, policy="multifactor", backfill="none", priority=rule(calc_period_s=period))
    assert dict(zip(jobs.job_id.tolist(), found.start_s.tolist(), strict=True)) == wanted


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("period", [120, 900])
def test_deep_queues_with_easy_equal_the_referee(seed: int, period: int) -> None:
    """Hundreds wait of whom the engine keeps few in order; shares change places all the time."""
    draw, many, nodes = stream(seed, "tests", "deep"), 700, 128
    widest = [128, 40, 12][seed % 3]
    limit = np.exp(draw.uniform(np.log(60), np.log(20_000), many)).astype(np.int64)
    jobs = Jobs(
        job_id=np.arange(many),
        submit_s=np.sort(draw.integers(0, [400, 40_000][seed % 2], many)),
        nodes=np.exp(draw.uniform(0.0, np.log(widest), many)).astype(np.int64),
        limit_s=limit,
        runtime_s=np.maximum(1, (limit * draw.uniform(0.05, 1.0, many)).astype(np.int64)),
        account=draw.integers(0, 8, many),
        user=draw.integers(0, 30, many),
    )
    columns = (jobs.job_id, jobs.submit_s, jobs.nodes, jobs.limit_s, jobs.runtime_s, jobs.account, jobs.user)
    rows = [Owned(*row) for row in np.stack([column.astype(int) for column in columns], axis=1).tolist()]
    weights = {"age": 900.0, "fair": 5000.0, "size": 700.0, "greatest": DAY, "half": 0.3 * DAY}
    wanted = strict(rows, nodes, **weights, period=period, easy=True)
    found = simulate(jobs, nodes, policy="multifactor", backfill="easy", priority=rule(calc_period_s=period))
    assert dict(zip(jobs.job_id.tolist(), found.start_s.tolist(), strict=True)) == wanted


@pytest.mark.parametrize("backfill", ["none", "easy", "slurm"])
@pytest.mark.parametrize("algorithm", ["fair-tree", "classic"])
def test_the_laws_hold_with_every_backfill(backfill: str, algorithm: str) -> None:
    jobs = owned_jobs(3, 200, 12)
    ways = rule(algorithm=algorithm)  # type: ignore[arg-type]
    found = simulate(jobs, 12, policy="multifactor", backfill=backfill, placement="contiguous", priority=ways)
    check(found)
    assert found.started.all()
    again = simulate(jobs, 12, policy="multifactor", backfill=backfill, placement="contiguous", priority=ways)
    assert found.start_s.tolist() == again.start_s.tolist()


@pytest.mark.parametrize("backfill", ["none", "easy", "slurm"])
def test_age_alone_is_the_order_of_submission(backfill: str) -> None:
    jobs = owned_jobs(5, 200, 12)
    ways = PriorityRule(Weights(age=4e9, max_age_s=4e9))
    found = simulate(jobs, 12, policy="multifactor", backfill=backfill, priority=ways)
    assert found.start_s.tolist() == simulate(jobs, 12, backfill=backfill).start_s.tolist()


def test_whoever_has_used_less_goes_first() -> None:
    # User 1 has run for an hour when both queue for the whole machine at the same second, user 1 first.
    jobs = Jobs(
        job_id=[1, 2, 3],
        submit_s=[0, 10, 10],
        nodes=[4, 4, 4],
        limit_s=[3600, 600, 600],
        runtime_s=[3600, 600, 600],
        account=[0, 0, 0],
        user=[1, 1, 2],
    )
    found = simulate(jobs, 4, policy="multifactor", backfill="slurm")
    assert found.start_s.tolist() == [0, 4200, 3600]


def test_what_does_not_go_together_is_refused() -> None:
    jobs = owned_jobs(0, 3, 2)
    with pytest.raises(SpecError, match="'multifactor' does not go with backfill 'conservative'"):
        simulate(jobs, 2, policy="multifactor", backfill="conservative")
    with pytest.raises(SpecError, match="unknown fair-share algorithm 'fair-three'"):
        PriorityRule(algorithm="fair-three")
    with pytest.raises(SpecError, match="period of at least"):
        PriorityRule(calc_period_s=0)
