"""Long work in chains: nothing is lost, and links stand behind each other."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.workload.chains import in_chains
from exatwin.workload.job import Jobs


def jobs(many: int = 4000) -> Jobs:
    rng = np.random.default_rng(0)
    return Jobs(
        job_id=np.arange(many), submit_s=np.sort(rng.integers(0, 10**6, many)),
        nodes=rng.choice([8, 64], many), limit_s=rng.choice([3600, 43200], many),
        runtime_s=rng.integers(1, 3600, many), user=rng.integers(0, 50, many),
        profile=rng.integers(0, 3, many),
    )  # fmt: skip


def test_no_work_is_made_up():
    plain = jobs()
    found, chain = in_chains(plain, share_frac=0.5, links=4.0, seed=1)
    assert np.all(np.diff(found.submit_s) >= 0)
    assert np.array_equal(np.sort(found.job_id), plain.job_id)
    back = np.argsort(found.job_id)
    for name in ("nodes", "limit_s", "runtime_s", "profile"):
        assert np.array_equal(getattr(found, name)[back], getattr(plain, name))
    alone = chain[back] < 0
    assert np.array_equal(found.submit_s[back][alone], plain.submit_s[alone])
    assert np.all(found.limit_s[chain >= 0] == 43200)


def test_links_are_alike_and_sent_together():
    found, chain = in_chains(jobs(), share_frac=0.5, links=4.0, seed=1)
    _, many = np.unique(chain[chain >= 0], return_counts=True)
    assert many.mean() == pytest.approx(4.0, rel=0.15)
    long = found.limit_s == 43200
    assert np.mean(chain[long] >= 0) == pytest.approx(0.5, abs=0.05)
    for one in np.unique(chain[chain >= 0])[:50]:
        rows = chain == one
        for name in ("submit_s", "nodes", "user", "profile"):
            assert len(np.unique(getattr(found, name)[rows])) == 1


def test_none_are_asked_for():
    plain = jobs()
    found, chain = in_chains(plain, share_frac=0.0, links=4.0, seed=1)
    assert found is plain
    assert np.all(chain == -1)
