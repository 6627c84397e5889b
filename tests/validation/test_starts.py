"""Forecasts of starts beside recorded ones: the band holds what it says, and is worth more than a guess."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from exatwin.catalogue.load import data_folder
from exatwin.study.starts.backtest import sampled, simulated
from exatwin.study.starts.forecast_scores import HINDSIGHT, scores
from exatwin.study.validation.starts import GOAL, LOGS
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
    assert low <= found.band.held_frac <= high
    assert found.band.median_width_s < found.guess[HINDSIGHT].median_width_s
    assert found.band.interval_s < found.guess[HINDSIGHT].interval_s
    assert found.pinball_s[2] < found.guess_pinball_s[2]


def recorded() -> list[dict[str, str]]:
    with (data_folder() / "calibration" / "forecast-scores.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_recorded_scores_meet_the_goals() -> None:
    first = recorded()[:2]
    assert [row["log"] for row in first] == ["KTH-SP2-1996-2.1", "UniLu-Gaia-2014-1"]
    for row in first:
        value = {key: float(text) for key, text in row.items() if key != "log"}
        assert abs(value["held_frac"] - 0.8) <= GOAL["share"]
        assert value["median_width_s"] < value["guess_high_s"] - value["guess_low_s"]
        assert value["interval_s"] < min(
            value[f"{who}_interval_s"] for who in ("hindsight", "past", "narrowest")
        )
        assert value["error_median_s"] <= value["guess_error_median_s"]
        assert value["error_mean_s"] < value["guess_error_mean_s"]


def test_where_nobody_is_before_it_the_band_is_a_second_where_most_start_at_once() -> None:
    gaia = recorded()[1]
    assert float(gaia["alone_median_width_s"]) <= 1.0
    assert float(gaia["alone_mean_width_s"]) < float(gaia["hindsight_mean_width_s"])
    assert float(gaia["behind_held_frac"]) > float(gaia["behind_guess_held_frac"])
