"""Plant and schedule coupled: the same where nothing is limited, slower where it is, and accounts close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError
from exatwin.schedule.result import check
from exatwin.study import store
from exatwin.study.api import run
from exatwin.study.couple import CLOCK_STEP
from exatwin.study.result import Result

COOLERS = [f"cooler:{n}@2h/3h" for n in range(1, 9)]
DAY = {"workload.warmup": "1 day", "start": "2026-07-20T08:00", "days": 0.5}


@pytest.fixture(scope="module")
def free() -> Result:
    return run("jeti", changes=DAY)


@pytest.fixture(scope="module")
def held() -> Result:
    return run("jeti", changes={**DAY, "failures": COOLERS, "cooling.leakage": "none"})


def test_a_run_that_is_never_limited_goes_through_once(free: Result) -> None:
    assert "coupling" not in free.provenance
    assert (free.provenance["throttled_h"], free.provenance["lost_node_h"]) == (0.0, 0.0)
    assert not {"clock_frac", "water_above_k"} & set(free.signals)
    for choice in ("none", "low", "high"):
        other = run("jeti", changes={**DAY, "cooling.leakage": choice})
        assert other.summary() == free.summary()


def test_a_spare_unit_changes_no_job(free: Result) -> None:
    spared = run("jeti", changes={**DAY, "failures": ["pump:1@2h/3h", "cooler:3@2h/3h"]})
    assert np.array_equal(spared.schedule.start_s, free.schedule.start_s)
    assert spared.summary()["energy_j"] == free.summary()["energy_j"]
    assert spared.summary()["facility_energy_j"] >= free.summary()["facility_energy_j"]
    assert spared.provenance["coupling"]["rounds"] == 1


def test_a_plant_that_falls_short_slows_its_nodes(held: Result, free: Result) -> None:
    told = held.provenance
    assert told["coupling"]["settled"]
    assert 0 < told["throttled_h"] <= 3.0
    assert 0 < told["lost_node_h"] < 240 * 480 * 3
    clock = held.signals["clock_frac"]
    assert clock.at([0.0, 1.9 * 3600, 5.1 * 3600]).tolist() == [1.0, 1.0, 1.0]
    assert clock.min() == told["coupling"]["lowest_clock_frac"] < 1.0
    assert np.allclose(clock.values / CLOCK_STEP, np.round(clock.values / CLOCK_STEP))
    hot = held.signals["supply_k"].max()
    assert hot <= 313.15 + 1e-6
    assert free.signals["supply_k"].max() <= hot
    assert held.signals["it_w"].at([3.5 * 3600]) < free.signals["it_w"].at([3.5 * 3600])
    assert not told["notes"]


def test_the_clock_is_the_highest_of_its_steps_that_the_plant_bears(held: Result) -> None:
    """At the next higher clock, the power of some throttled step would be more than the plant bears."""
    clock = held.signals["clock_frac"]
    it = held.signals["it_w"].over(held.signals["supply_k"].edges_s)
    steps = it.edges_s[:-1]
    slow = clock.at(steps) < 1.0
    supply = held.signals["supply_k"].values[slow]
    assert np.all(supply > 311.15)  # within 2 K of the racks' limit: no clock lower than it need be


def test_slower_jobs_run_longer_by_their_compute_bound_share(held: Result, free: Result) -> None:
    began = dict(
        zip(
            free.jobs.job_id.tolist(),
            zip(free.schedule.start_s, free.jobs.runtime_s, strict=True),
            strict=True,
        )
    )
    clock, ends = held.signals["clock_frac"], held.signals["clock_frac"].edges_s
    bound = held.profiles.compute_bound_frac
    checked = 0
    for row in np.flatnonzero(held.schedule.started):
        start, usual = began[int(held.jobs.job_id[row])]
        if held.schedule.start_s[row] != start or start >= ends[-1]:
            continue
        length, profile = int(held.jobs.runtime_s[row]), int(held.jobs.profile[row])
        times = np.arange(start, start + length) + 0.5
        x = np.where((times >= ends[0]) & (times < ends[-1]), clock.at(times), 1.0)
        done = float(np.sum(1.0 / (bound[profile] / x + 1.0 - bound[profile])))
        if np.all(x == 1.0):
            assert length == usual
        elif done == pytest.approx(usual, abs=2.0):
            checked += 1
        else:
            # phases at the cap already run below nominal clock: they lose less, never more
            assert usual * (1 - 1e-9) - 2.0 <= done + (length - usual)
            assert length >= usual - 1
    assert checked > 3


def test_accounts_and_schedule_stay_whole(held: Result) -> None:
    assert held.summary()["balance_relative"] < 1e-9
    check(held.schedule)
    power = held.power
    assert power is not None
    nodes = sum(signal.integral() for signal in power.by_group_w)
    fixed = power.fixed_w * (held.end_s - held.start_s)
    assert nodes + fixed == pytest.approx(power.total_w.integral(), rel=1e-12)
    assert power.job_j.sum() + power.idle_j == pytest.approx(power.total_w.integral(), rel=1e-9)
    assert sum(power.by_part_j.values()) == pytest.approx(power.total_w.integral(), rel=1e-9)


@pytest.mark.parametrize("failures", [COOLERS, ["cdu:3@2h/3h", "cooler:1@2h/1h"]])
def test_a_saved_result_knows_its_power_again(failures: list[str], tmp_path: Path) -> None:
    result = run("jeti", changes={**DAY, "failures": failures})
    result.save(tmp_path / "r")
    again = store.load(tmp_path / "r")
    assert again.power is not None
    assert np.array_equal(again.power.total_w.values, result.signals["it_w"].values)
    assert np.array_equal(again.power.job_j, result.power.job_j)


def test_racks_behind_a_failed_cdu_go_dark(free: Result) -> None:
    made = machine("jeti")
    result = run("jeti", changes={**DAY, "failures": ["cdu:02@2h/3h"]})
    down = np.flatnonzero(made.rack_of_node == 1)
    told = result.provenance["coupling"]
    assert told["down_node_h"] == pytest.approx(3 * len(down))
    assert told["killed_jobs"] == np.sum(result.schedule.state == 7) > 0
    assert told["killed_node_h"] > 0
    rack = result.power.by_rack_w[1]
    assert rack.at([2 * 3600 + 1, 5 * 3600 - 1]).tolist() == [0.0, 0.0]
    assert rack.at([2 * 3600 - 1, 5 * 3600 + 600]).min() > 0.0
    assert result.summary()["balance_relative"] < 1e-9
    again = set(result.jobs.job_id.tolist()) - set(free.jobs.job_id.tolist())
    assert len(again) == told["killed_jobs"]
    alone = run("jeti", changes={**DAY, "failures": ["cdu:02@2h/3h"], "schedule.requeue": False})
    assert len(alone.jobs) == len(result.jobs) - told["killed_jobs"]
    for row in range(len(result.schedule)):
        begin, end = result.schedule.start_s[row], result.schedule.end_s[row]
        if begin < 5 * 3600 and end > 2 * 3600 and result.schedule.started[row]:
            assert not np.intersect1d(result.schedule.placement.nodes_of(row), down).size


def test_warmer_water_makes_chips_leak() -> None:
    watts = [
        run("jeti", changes={**DAY, "cooling.supply": "40 degC", "cooling.leakage": choice}).summary()[
            "energy_j"
        ]
        for choice in ("none", "low", "central", "high")
    ]
    assert watts == sorted(watts)
    assert 1.001 < watts[2] / watts[0] < 1.02
    assert 1.01 < watts[3] / watts[0] < 1.06


def test_a_plant_that_nothing_helps_says_so() -> None:
    coolers = [f"cooler:{n}@2h/3h" for n in range(1, 11)]
    result = run(
        "jeti", changes={**DAY, "start": "2026-07-20T12:00", "failures": coolers, "cooling.supply": "40 degC"}
    )
    told = result.provenance
    assert told["coupling"]["settled"]
    assert (told["overrun_h"] > 0) == any(
        "nodes would have to be switched off" in note for note in told["notes"]
    )


def test_water_that_the_coolers_can_not_make_is_refused() -> None:
    with pytest.raises(
        InfeasibleError, match=r"cooling\.supply is 20 °C: the coolers, built for 36 °C, miss that"
    ):
        run("jeti", changes={**DAY, "cooling.supply": "20 degC"})
    with pytest.raises(InfeasibleError, match=r"cooling\.supply is 5 °C: the wet bulb is warmer"):
        run("jeti", changes={**DAY, "cooling.supply": "5 degC"})
    with pytest.raises(InfeasibleError, match="the racks accept water of at most 40 °C"):
        run("jeti", changes={**DAY, "cooling.supply": "41 degC"})
