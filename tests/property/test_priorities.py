"""The order of starts in the event loop is that of the priorities that are printed for each instant."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.foundation.random import stream
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Shares, Weights
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.schedule.standing import usage_at
from exatwin.workload.job import Jobs

NODES = 24
# accounts of 30 and 70 shares; in the first one user has 2 and two borrow, in the second they have 1 and 3
TREE = Shares(
    parent=np.array([-1, 0, 0, 1, 1, 1, 2, 2]),
    shares=np.array([1, 30, 70, 2, 1, 1, 1, 3], float),
    user=np.array([False] * 3 + [True] * 5),
    borrows=np.array([False] * 4 + [True] * 2 + [False] * 2),
)


def asked(seed: int, many: int = 150) -> tuple[Jobs, Ranks]:
    draw = stream(seed, "tests", "priorities")
    submit = np.sort(draw.integers(0, 200 * many, many))
    nodes = draw.integers(1, NODES + 1, many) // draw.integers(1, 6, many) + 1
    run = draw.integers(1, 4000, many)
    jobs = Jobs(
        job_id=np.arange(many),
        submit_s=submit,
        nodes=np.minimum(nodes, NODES),
        limit_s=run + 60,
        runtime_s=run,
    )
    parts = {
        "qos": 300.0 * draw.integers(0, 2, many),
        "partition": 40.0 * draw.random(many),
        "nice": draw.integers(-30, 30, many).astype(float),
    }
    charge = jobs.nodes * draw.choice([0.0, 1.0, 2.5], many)
    return jobs, Ranks(TREE, draw.integers(3, 8, many), parts, charge, submit.astype(np.int64))


@pytest.mark.parametrize("algorithm", ["fair-tree", "classic"])
@pytest.mark.parametrize("seed", [1, 2])
def test_strict_starts_are_in_the_order_of_priorities(algorithm: str, seed: int) -> None:
    jobs, ranks = asked(seed)
    weights = Weights(age=2000, fair_share=500, max_age_s=40_000)
    rule = PriorityRule(weights=weights, algorithm=algorithm, half_life_s=20_000, calc_period_s=300)
    found = simulate(jobs, NODES, policy="multifactor", backfill="none", priority=rule, ranks=ranks)
    check(found)
    assert found.started.all()
    seen = 0
    for now in np.unique(found.start_s):
        usage, calculated = usage_at(found, ranks, rule, int(now) - 1)
        rows = np.flatnonzero((jobs.submit_s <= now) & (found.start_s >= now))
        wait = np.clip(calculated - jobs.submit_s[rows], 0, None)
        fair = rule.fair_points(ranks.tree, usage)[ranks.row[rows]]
        points = ranks.points[rows] + weights.age * np.minimum(wait / weights.max_age_s, 1) + fair
        order = rows[np.lexsort((rows, -np.maximum(np.floor(points), 1)))]
        started = set(np.flatnonzero(found.start_s == now).tolist())
        assert set(order[: len(started)].tolist()) == started
        seen += len(order) > len(started)
    assert seen > 20  # most starts left others waiting


def test_what_is_charged_and_lent_matters() -> None:
    jobs, ranks = asked(3)
    rule = PriorityRule(weights=Weights(fair_share=1000), half_life_s=20_000)
    plain = Ranks(
        Shares(TREE.parent, TREE.shares, TREE.user), ranks.row, {}, ranks.charge * 0 + 1, ranks.eligible_s
    )
    starts = [
        simulate(
            jobs, NODES, policy="multifactor", backfill="none", priority=rule, ranks=each
        ).start_s.tolist()
        for each in (Ranks(TREE, ranks.row, {}, ranks.charge, ranks.eligible_s), plain)
    ]
    assert starts[0] != starts[1]
