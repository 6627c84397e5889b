"""Simulations that are for the start of one job."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from exatwin.schedule._slurm import layout
from exatwin.schedule.ahead import NEVER, Course, Rule, starts
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import SlurmRule
from exatwin.schedule.watch import Watch, coarser
from exatwin.workload.job import Jobs

HOUR_S, DAY_S = 3600, 86400


def queue(seed: int, jobs: int) -> Jobs:
    """Return jobs of which hundreds wait for 64 nodes."""
    draw = np.random.default_rng(seed)
    limit = draw.integers(600, 20_000, jobs)
    return Jobs(
        job_id=np.arange(jobs),
        submit_s=np.sort(draw.integers(0, 4000, jobs)),
        nodes=draw.integers(1, 40, jobs, np.int32),
        limit_s=limit,
        runtime_s=np.maximum(1, (limit * draw.uniform(0.1, 1.0, jobs)).astype(np.int64)),
        user=draw.integers(0, 5, jobs, np.int32),
    )


def test_looks_are_the_further_apart_the_longer_a_course_takes() -> None:
    parts = list(Watch.stretches(14 * DAY_S))
    ends, every = [end for end, _ in parts], [step for _, step in parts]
    assert ends[-1] == 14 * DAY_S
    assert every == sorted(every)
    assert every[0] == 600
    begins = [0, *ends[:-1]]
    assert all(step <= max(600, begin / 36) for begin, step in zip(begins, every, strict=True))
    assert list(Watch.stretches(50)) == [(50, 600)]


def test_only_what_comes_more_often_comes_less_often() -> None:
    own = SlurmRule(bf_interval_s=30, sched_interval_s=1200).numbers(layout.PERIODIC, by_segment=False)
    found = coarser(own, 600)
    assert found[[layout.BF_INTERVAL, layout.SCHED_INTERVAL, layout.CALC_PERIOD]].tolist() == [600, 1200, 0]
    assert own[layout.BF_INTERVAL] == 30
    changed = np.flatnonzero(found != own)
    assert changed.tolist() == [layout.BF_INTERVAL]


def test_a_watched_job_starts_when_it_does_anyway() -> None:
    """As long as cycles are no closer to each other anyway; the rest is left alone once it has begun."""
    rule = SlurmRule(bf_interval_s=1800, sched_interval_s=1800)
    left_alone = 0
    for seed in range(6):
        jobs = queue(seed, 300)
        for policy, backfill in (("multifactor", "slurm"), ("fcfs", "slurm"), ("multifactor", "easy")):
            run = partial(
                simulate, jobs, 64, policy=policy, backfill=backfill, slurm=rule, until_s=15 * HOUR_S,
                priority=PriorityRule(calc_period_s=1800),
            )  # fmt: skip
            whole = run()
            for row in (50, 150, 299):
                part = run(watch=Watch(row))
                assert part.start_s[row] == whole.start_s[row]
                assert np.array_equal(part.start_s[part.started], whole.start_s[part.started])
                if part.started[row]:
                    assert part.start_s[part.started].max() == part.start_s[row]
                left_alone += int(part.started.sum() < whole.started.sum())
    assert left_alone > 5


def test_what_is_asked_about_starts_as_in_a_whole_simulation() -> None:
    """Of Slurm's backfill, with what runs submitted before."""
    jobs = queue(9, 200)
    table = np.stack([jobs.submit_s, jobs.nodes, jobs.limit_s, jobs.runtime_s]).astype(np.int64)
    course = Course(64, np.empty((3, 0), np.int64), table, np.full(200, -1), 64)
    rule = Rule(backfill="slurm", slurm=SlurmRule(bf_interval_s=1800, sched_interval_s=1800))
    asked = np.array([[1, 3600], [64, 600], [20, 7200]], np.int64).T
    found = starts([course], asked, rule, 15 * HOUR_S)[0]
    assert NEVER not in found
    waiting = int(np.searchsorted(table[0], 0, side="right"))
    for start, nodes, limit in zip(found, *asked, strict=True):
        more = np.insert(table, waiting, [0, nodes, limit, limit], axis=1)
        with_it = Jobs(
            job_id=np.arange(201), submit_s=more[0], nodes=more[1], limit_s=more[2], runtime_s=more[3]
        )
        slurm = replace(rule.slurm or SlurmRule(), default_queue_depth=100)
        assert simulate(with_it, 64, backfill="slurm", slurm=slurm).start_s[waiting] == start
