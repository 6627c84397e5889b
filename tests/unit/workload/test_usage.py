"""Run times drawn from what ended before, and arrivals out of the past."""

from __future__ import annotations

import numpy as np

from exatwin.workload.job import Jobs
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import Usage, limit_class, shipped_usage

RNG = np.random.default_rng


def usage(shares: list[float], users: list[int], limit_s: int = 3600) -> Usage:
    kind = limit_class(np.full(len(shares), limit_s))
    return Usage(np.array(shares), np.array(users), kind)


def one(found: Usage, *, elapsed: int, user: int = -1, limit: int = 3600, members: int = 4000) -> np.ndarray:
    return found.draw(RNG(0), np.array([limit]), np.array([user]), np.array([elapsed]), members)[0]


def test_a_waiting_job_uses_what_others_used() -> None:
    drawn = one(usage([0.25, 0.5, 1.0, 1.0, 0.25] * 40, [-1] * 200), elapsed=-1)
    assert set(drawn.tolist()) == {900, 1800, 3600}
    assert abs(np.mean(drawn == 3600) - 0.4) < 0.03


def test_a_running_job_is_conditioned_on_having_run_so_long() -> None:
    drawn = one(usage([0.25, 0.5, 1.0, 1.0, 0.25] * 40, [-1] * 200), elapsed=1000)
    assert set(drawn.tolist()) == {1800, 3600}
    assert abs(np.mean(drawn == 3600) - 2 / 3) < 0.03


def test_a_users_own_jobs_count_most_once_there_are_many() -> None:
    found = usage([0.1] * 400 + [0.9] * 40, [1] * 400 + [2] * 40)
    assert np.mean(one(found, elapsed=-1, user=2) == 3240) > 0.85
    assert np.mean(one(found, elapsed=-1, user=3) == 360) > 0.6


def test_a_job_that_ran_longer_than_any_may_end_at_any_time_up_to_its_limit() -> None:
    drawn = one(usage([0.1] * 300, [-1] * 300), elapsed=1800)
    assert drawn.min() > 1800
    assert drawn.max() <= 3600
    assert abs(drawn.mean() - 2700) < 60


def test_a_job_past_its_limit_ends_next() -> None:
    assert set(one(usage([0.5] * 300, [-1] * 300), elapsed=4000).tolist()) == {4001}


def test_shipped_shares_are_shares_of_every_class() -> None:
    found = shipped_usage()
    assert set(found.kind.tolist()) == {0, 1, 2, 3, 4, 5}
    assert 0.0 <= found.share.min() < 0.01
    assert found.share.max() == 1.0


def past(days: int) -> Upcoming:
    submit = np.arange(0, days * 86400, 3600)
    jobs = Jobs(job_id=np.arange(len(submit)), submit_s=submit, nodes=submit * 0 + 1, limit_s=submit * 0 + 60,
                runtime_s=submit * 0 + 60)  # fmt: skip
    return Upcoming(jobs, days * 86400)


def test_stretches_of_the_past_begin_at_the_same_time_of_day_and_end_before_now() -> None:
    found = past(40)
    back = found.offsets(RNG(1), 200, 5 * 86400)
    assert set((back % (7 * 86400)).tolist()) == {0}
    for each in np.unique(back):
        rows = found.stretch(int(each), 5 * 86400)
        sent = found.jobs.submit_s[rows]
        assert found.at_s - each < sent.min()
        assert sent.max() <= found.at_s
        assert len(sent) == 120


def test_little_history_gives_whole_days_and_none_gives_nobody() -> None:
    assert set((past(5).offsets(RNG(1), 50, 86400) % 86400).tolist()) == {0}
    none = np.empty(0, np.int64)
    empty = Upcoming(Jobs(job_id=none, submit_s=none, nodes=none, limit_s=none, runtime_s=none), 0)
    assert empty.stretch(int(empty.offsets(RNG(1), 1, 86400)[0]), 86400) == slice(0, 0)
