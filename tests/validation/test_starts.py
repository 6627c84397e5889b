"""Forecasts of starts beside recorded ones: the band holds what it says, and is worth more than a guess."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from exatwin.catalogue.load import data_folder
from exatwin.study.backtest import sampled, scores, simulated
from exatwin.study.validate_starts import GOAL, LOGS
from exatwin.workload.traces import read_trace


@pytest.mark.data
@pytest.mark.parametrize(("name", "low", "high"), [("starts-kth", 0.70, 0.90), ("starts-gaia", 0.70, 0.95)])
def test_some_hundred_forecasts_hold_their_starts(
    shared_data: Path, name: str, low: float, high: float
) -> None:
    """All of them are scored by ``exatwin validate``; here few, with room for chance."""
    trace = read_trace(shared_data / LOGS[name][0])
    assert trace.processors is not None
    rows = sampled(trace.jobs, 450)
    found, _, _ = scores(simulated(trace.jobs, trace.processors, rows, members=12), len(rows) // 4)
    print(name, found)  # noqa: T201
    assert low <= found.held_frac <= high
    assert found.median_width_s < found.guess_width_s
    assert found.pinball_s[2] < found.guess_pinball_s[2]


def recorded() -> list[dict[str, str]]:
    with (data_folder() / "calibration" / "forecast-scores.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_recorded_scores_meet_the_goals() -> None:
    first = recorded()[:2]
    assert [row["log"] for row in first] == ["KTH-SP2-1996-2.1", "UniLu-Gaia-2014-1"]
    for row in first:
        value = {key: float(text) for key, text in row.items() if key != "log"}
        assert abs(value["held_frac"] - 0.8) <= GOAL["off"]
        assert value["median_width_s"] < value["guess_high_s"] - value["guess_low_s"]
        assert value["interval_s"] < value["guess_interval_s"]
