"""One run: what is in a result, and what its figures mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.result import check
from exatwin.study.api import replay, run
from exatwin.study.result import Result
from exatwin.study.run import in_window
from exatwin.study.scenario import Scenario
from exatwin.study.sweep import intervals, sweep


@pytest.fixture(scope="module")
def day() -> Result:
    return run("jedi", days=1)


def log_of(folder: Path, *rows: tuple[int, int, int, int]) -> Path:
    """Write a log of (submission, wait, run time, processors) on eight processors."""
    path = folder / "log.swf"
    lines = (
        f"{i} {submit} {wait} {run_s} {procs} -1 -1 {procs} 1000 -1 1 1 1 -1 1 -1 -1 -1\n"
        for i, (submit, wait, run_s, procs) in enumerate(rows, start=1)
    )
    path.write_text("; MaxProcs: 8\n; UnixStartTime: 0\n" + "".join(lines), "utf-8")
    return path


def test_a_result_holds_the_jobs_that_were_in_the_system(day: Result) -> None:
    schedule = day.schedule
    check(schedule)
    assert np.all(day.jobs.submit_s < day.end_s)
    assert np.all(schedule.end_s[schedule.started] >= day.start_s)
    assert np.any(day.jobs.submit_s < day.start_s)


def test_the_figures_follow_from_the_schedule_and_the_signals(day: Result) -> None:
    told = day.summary()
    inside = day.schedule.started & (day.schedule.start_s >= 0)
    assert told["jobs"] == len(day.jobs)
    assert told["jobs_started"] == inside.sum()
    assert told["mean_wait_s"] == pytest.approx(day.schedule.wait_s[inside].mean())
    assert told["utilisation_frac"] == pytest.approx(day.signals["allocated_nodes"].mean() / 24)
    assert told["energy_j"] == day.signals["it_w"].integral()
    assert told["peak_power_w"] == day.signals["it_w"].max()
    assert told["pue"] == pytest.approx(day.signals["facility_w"].integral() / told["energy_j"])
    assert abs(told["balance_relative"]) < 1e-9


def test_every_signal_covers_the_window(day: Result) -> None:
    for name, signal in day.signals.items():
        assert (signal.start_s, signal.end_s) == (day.start_s, day.end_s), name
        assert np.all(np.isfinite(signal.values)), name


def test_the_same_question_has_the_same_answer(day: Result) -> None:
    again = run("jedi", days=1)
    assert again.summary() == day.summary()
    assert again.provenance == day.provenance
    assert run("jedi", days=1, seed=1).summary() != day.summary()


def test_without_a_building_there_is_power_but_no_bill() -> None:
    told = run("jedi", days=0.5, changes={"facility": False}).summary()
    assert told["energy_j"] > 0
    assert told["pue"] is None
    assert told["cost_eur"] is None


def test_warmer_water_without_leakage_does_not_change_the_schedule(day: Result) -> None:
    warm = run("jedi", days=1, changes={"cooling.supply": "39.5 degC", "cooling.leakage": "none"})
    assert np.array_equal(warm.schedule.start_s, day.schedule.start_s)
    assert warm.summary()["energy_j"] == day.summary()["energy_j"]
    assert warm.signals["supply_k"].mean() > day.signals["supply_k"].mean() + 3


def test_a_replay_keeps_every_job_even_one_of_no_length_at_the_end(tmp_path: Path) -> None:
    result = replay(log_of(tmp_path, (0, 0, 0, 4), (5, 0, 0, 4)))
    assert result.summary()["jobs"] == 2
    assert result.summary()["makespan_s"] == 5


def test_a_replay_opens_with_the_first_submission_and_ends_with_the_last_job(tmp_path: Path) -> None:
    result = replay(log_of(tmp_path, (100, 0, 50, 8), (110, 0, 50, 8)))
    assert (result.start_s, result.end_s) == (100.0, 200.0)
    told = result.summary()
    assert told["mean_wait_s"] == 20
    assert told["utilisation_frac"] == 1.0
    assert told["makespan_s"] == 100


def test_recorded_starts_are_kept(tmp_path: Path) -> None:
    log = log_of(tmp_path, (0, 30, 50, 8), (10, 5, 50, 8))
    result = replay(log, as_recorded=True)
    assert result.schedule.start_s.tolist() == [30, 15]
    assert replay(log).schedule.start_s.tolist() == [0, 50]


def test_recorded_starts_are_placed_where_there_is_room(tmp_path: Path) -> None:
    fits = replay(log_of(tmp_path, (0, 9, 50, 8), (10, 5, 50, 8)), machine="jedi", as_recorded=True)
    check(fits.schedule)
    assert fits.schedule.placement is not None
    crowded = log_of(tmp_path, *[(0, 0, 50, 8)] * 4)
    assert replay(crowded, machine="jedi", as_recorded=True).schedule.placement is None


def test_with_nothing_outside_the_window_the_schedule_is_untouched(day: Result) -> None:
    assert in_window(day.schedule, -1e9, 1e9) is day.schedule
    none = in_window(day.schedule, 1e9, 2e9)
    assert not none.started.any()


def test_seeds_above_the_largest_are_refused() -> None:
    with pytest.raises(SpecError, match="expected seeds below"):
        sweep(Scenario(seed=2**63 - 1), 2)


def test_intervals_leave_out_what_some_runs_do_not_know() -> None:
    found = intervals([{"seed": 1, "a": 1.0, "b": None}, {"seed": 2, "a": 3.0, "b": 2.0}])
    assert found == {"a": {"median": 2.0, "p5": 1.1, "p95": 2.9}}
    assert intervals([]) == {}


def test_to_xarray_has_each_signal_with_its_unit(day: Result) -> None:
    pytest.importorskip("xarray")
    data = day.to_xarray(3600.0)
    assert data["it_w"].attrs["units"] == "W"
    assert data.sizes["time"] == 24
    assert str(data["time"].values[0])[:16] == "2026-06-01T00:00"


@pytest.mark.parametrize("backfill", ["easy", "slurm"])
def test_default_priorities_keep_a_machine_busy(backfill: str) -> None:
    """Jobs of the whole machine get their turn, and it does not stand empty for them in between."""
    found = run("jupiter", days=7, policy="multifactor", backfill=backfill)
    schedule, jobs = found.schedule, found.schedule.jobs
    nodes = jobs.nodes[schedule.started]
    begun, ended = schedule.start_s[schedule.started], schedule.end_s[schedule.started]
    inside = np.minimum(ended, found.end_s) - np.maximum(begun, found.start_s)
    held = float((nodes * np.maximum(inside, 0)).sum())
    assert held / schedule.capacity / (found.end_s - found.start_s) > 0.9
    whole = jobs.nodes > schedule.capacity // 2
    waited = np.where(schedule.started, schedule.start_s, found.end_s) - jobs.submit_s
    assert whole.any()
    assert waited[whole].max() < 4 * 86400
