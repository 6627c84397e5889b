"""Checkpoints and failures: limits, optima, and a simulation that shares no formula with the law."""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt

import numpy as np
import pytest

from exatwin.foundation.errors import InfeasibleError
from exatwin.workload.apps.goodput import Goodput, Stops, best_interval_s, daly_s, goodput, mttf_s, young_s

USUAL = Stops(mttf_s=8 * 3600.0, checkpoint_s=30.0, write_s=0.0, restart_s=600.0, start_s=600.0)


def shares(found: Goodput) -> float:
    return (
        found.goodput_frac + found.checkpoint_frac + found.rework_frac + found.restart_frac
        + found.start_frac + found.other_frac
    )  # fmt: skip


@pytest.mark.parametrize(
    "stops",
    [
        USUAL,
        replace(USUAL, limit_s=12 * 3600.0),
        replace(USUAL, write_s=120.0, other_frac=0.05),
        replace(USUAL, mttf_s=inf, limit_s=12 * 3600.0),
        replace(USUAL, mttf_s=900.0),
    ],
)
def test_the_shares_add_up(stops: Stops) -> None:
    found = goodput(stops)
    assert shares(found) == pytest.approx(1.0)
    assert 0.0 < found.goodput_frac < 1.0


def test_a_run_that_never_stops_loses_nothing() -> None:
    found = goodput(replace(USUAL, mttf_s=inf))
    assert found.goodput_frac == 1.0
    assert found.interval_s == inf


def test_daly_is_no_worse_than_any_other_interval() -> None:
    best = goodput(USUAL).goodput_frac
    others = [goodput(USUAL, seconds).goodput_frac for seconds in np.geomspace(60.0, 20000.0, 60)]
    assert best >= max(others) - 1e-4
    assert best > goodput(USUAL, 100.0).goodput_frac
    assert best > goodput(USUAL, 10000.0).goodput_frac


def test_the_loss_is_what_the_facts_say_of_a_hundred_thousand_accelerators() -> None:
    """One failure in half an hour and checkpoints of 60 s lose some 26 % before restarts, to first order."""
    assert sqrt(2.0 * 60.0 / 1800.0) == pytest.approx(0.26, abs=0.003)
    found = goodput(Stops(1800.0, 60.0, 0.0, 0.0, 0.0))
    assert 1.0 - found.goodput_frac == pytest.approx(0.24, abs=0.02)


def test_young_is_the_limit_of_daly() -> None:
    assert daly_s(1.0, 1e8) == pytest.approx(young_s(1.0, 1e8), rel=1e-3)
    assert daly_s(100.0, 40.0) == 40.0
    assert best_interval_s(replace(USUAL, write_s=7200.0)) == 7200.0


def test_the_law_agrees_with_a_simulation() -> None:
    """Play failures one by one: work, checkpoint, failure, restart, work again from the last checkpoint."""
    draw, every, stops = np.random.default_rng(5), 1400.0, replace(USUAL, mttf_s=2.0 * 3600.0)
    clock, done, wanted = 0.0, 0, 4000
    failure = draw.exponential(stops.mttf_s)
    while done < wanted:
        end = clock + every + stops.checkpoint_s
        if failure >= end:
            clock, done = end, done + 1
            continue
        clock = failure
        while True:  # a restart may fail too
            failure = clock + draw.exponential(stops.mttf_s)
            if failure >= clock + stops.restart_s:
                clock += stops.restart_s
                break
            clock = failure
    assert goodput(stops, every).goodput_frac == pytest.approx(done * every / clock, rel=0.01)


def test_small_jobs_do_not_bear_the_whole_floor() -> None:
    rates = {"per_accelerator_day": 6e-4, "common_per_day": 1.6, "scale_accelerators": 1024.0}
    times = [mttf_s(float(count), **rates) for count in (8, 64, 1024, 16384, 131072)]
    assert times == sorted(times, reverse=True)
    assert times[0] == pytest.approx(times[1] * 8.0)
    assert times[2] < 16.0 * times[3]  # the floor: not inverse in size
    assert mttf_s(8.0, 0.0, 0.0, 1024.0) == inf


def test_what_cannot_get_on_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="nothing gets done"):
        goodput(replace(USUAL, mttf_s=5.0))
    with pytest.raises(InfeasibleError, match="nothing gets done"):
        goodput(USUAL, 1e9)
    with pytest.raises(InfeasibleError, match="before its first step"):
        goodput(replace(USUAL, limit_s=500.0))


def test_the_limit_of_allocations_costs_starts() -> None:
    free, bound = goodput(USUAL), goodput(replace(USUAL, limit_s=2 * 3600.0))
    assert free.start_frac == 0.0
    lengths = np.minimum(np.random.default_rng(1).exponential(USUAL.mttf_s, 100_000), 7200.0)
    planned = np.mean(lengths == 7200.0) / np.mean(lengths)
    assert bound.allocation_s == pytest.approx(np.mean(lengths), rel=0.01)
    assert bound.start_frac == pytest.approx(600.0 * planned, rel=0.02)
