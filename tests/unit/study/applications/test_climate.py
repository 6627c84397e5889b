"""Estimates of climate campaigns: what follows from what, dates, members, settings by name."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

import exatwin
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.study.applications.climate_campaign import dates
from exatwin.study.estimate import Estimate

YEAR_S = 365.25 * 86400.0


def icon(**settings: Any) -> Estimate:
    return exatwin.estimate(
        "climate", "jupiter", **{"model": "icon", "grid": "1.25km", "nodes": 2048, **settings}
    )


@pytest.fixture(scope="module")
def century() -> Estimate:
    return icon(length_s=100 * YEAR_S, ensemble=3, start="2027-01-01")


def test_years_node_hours_and_energy_follow_from_days_a_day(century: Estimate) -> None:
    v = century.values
    assert v["sypd"] == pytest.approx(v["sdpd"] / 365.25)
    assert v["node_h_per_sim_year"] == pytest.approx(24.0 * 2048 / v["sypd"])
    assert v["chsy"] == pytest.approx(v["node_h_per_sim_year"] * 4 * 72)
    assert v["jpsy"] == pytest.approx(v["power_w"] * 86400.0 / v["sypd"])
    assert v["step_wall_s"] * v["sdpd"] == pytest.approx(v["step_s"])
    assert v["time_s"] == pytest.approx(300 / v["sypd"] * 86400.0 / v["goodput_frac"])
    assert v["node_h"] == pytest.approx(v["time_s"] / 3600.0 * 2048)
    assert v["asypd"] == pytest.approx(v["sypd"] * v["goodput_frac"] * (1.0 - v["queue_frac"]))


def test_every_promised_key_has_an_interval_around_it(century: Estimate) -> None:
    found = json.loads(json.dumps(century.document(), allow_nan=False))
    for key in ("sdpd", "sypd", "asypd", "node_h_per_sim_year", "output_b_per_sim_day", "wall_s", "energy_j"):
        low, high = found["interval"][key]
        assert 0.0 < low < found[key] < high, key


def test_the_calendar_has_a_beginning_an_end_and_a_range(century: Estimate) -> None:
    found = century.extra
    low, high = found["end_interval"]
    assert found["start"] == "2027-01-01" < low < found["end"] < high


def test_members_share_the_nodes_that_the_campaign_may_have() -> None:
    one, few = icon(ensemble=4), icon(ensemble=4, nodes=1024)
    assert (one.values["at_once"], few.values["at_once"]) == (1, 2)
    all_of_it = icon(ensemble=4, nodes=1024, share=1.0)
    assert all_of_it.values["at_once"] == 4
    assert all_of_it.values["wall_s"] < few.values["wall_s"]
    assert all_of_it.values["node_h"] == pytest.approx(few.values["node_h"])


def test_output_grows_with_length_and_members_and_is_counted(century: Estimate) -> None:
    v = century.values
    assert v["output_b"] == pytest.approx(v["output_b_per_sim_day"] * 36525 * 3)
    assert v["output_b_per_sim_day"] == 112 * 335_544_320 * 4.0
    hourly = icon(output="10x2d@1h", compression=0.5)
    assert hourly.values["output_b_per_sim_day"] == 0.5 * 240 * 335_544_320 * 4.0
    assert hourly.values["output_peak_b_s"] == pytest.approx(hourly.values["output_b_s"])


def test_writing_sets_the_pace_where_it_takes_longer_than_computing() -> None:
    flood = icon(output="500x3d@10min")
    assert flood.values["output_frac"] > 1.0
    assert flood.values["time_s"] > 2.0 * icon(output="none").values["time_s"]
    assert any("writing sets the pace" in text for text in flood.assumptions)


def test_nodes_of_your_own_do_not_wait_in_the_simulated_queue() -> None:
    queued, own = icon(), icon(share=0.5)
    assert own.interval["asypd"][0] > queued.interval["asypd"][0]
    assert own.values["asypd"] == pytest.approx(queued.values["asypd"])


def test_the_curve_has_other_numbers_of_nodes(century: Estimate) -> None:
    curve = century.extra["curve"]
    assert [point["nodes"] for point in curve] == [512, 1024, 2048, 4096]
    assert [point["sdpd"] for point in curve] == sorted(point["sdpd"] for point in curve)
    assert [point["efficiency_frac"] for point in curve] == sorted(
        (point["efficiency_frac"] for point in curve), reverse=True
    )


def test_what_was_asked_gives_the_answer_again(century: Estimate) -> None:
    again = exatwin.estimate("climate", "jupiter", **century.asked)
    assert again.document() == century.document()
    assert json.loads(json.dumps(dict(century.asked)))["nodes"] == 2048


def test_the_run_of_a_job_is_the_campaign(century: Estimate) -> None:
    run = century.document()["run"]
    assert run["what"] == "3 members of 100 simulated years"
    assert run["steps"] == pytest.approx(300 * YEAR_S / 8.0)
    assert run["time_s"] == century.values["time_s"]


def test_one_device_models_pack_a_node_with_members() -> None:
    found = exatwin.estimate("climate", "dgx-h100", model="speedyweather", grid="T86", ensemble=16)
    assert found.nodes == 1
    assert found.values["at_once"] == 8
    one = exatwin.estimate("climate", "dgx-h100", model="speedyweather", grid="T86", accelerators=1)
    assert found.values["time_s"] == pytest.approx(2.0 * one.values["time_s"])


def test_forecasts_of_trained_models_fill_the_devices() -> None:
    found = exatwin.estimate(
        "climate", "juwels-booster", model="fourcastnet", nodes=4, ensemble=100, length_s=864000.0
    )
    assert found.values["at_once"] == 16
    assert found.values["time_s"] == pytest.approx(7 * 864000.0 / found.values["sdpd"])
    assert found.extra["training"]["measured_device_s"] == pytest.approx(3072 * 67.4 * 60.0)
    assert found.document()["interval"]["sdpd"][0] < found.values["sdpd"]


def test_points_of_a_model_that_nobody_knows_are_enough() -> None:
    points = ["nodes=64,sypd=0.2,grid=5km", "nodes=256,sypd=0.65,grid=5km"]
    found = exatwin.estimate("climate", "lumi-g", model="ours", grid="5km", nodes=256, measured=points)
    assert found.values["sypd"] == pytest.approx(0.65)
    assert found.extra["model"] == "ours"


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"model": "icn"}, CatalogueError, "did you mean 'icon'"),
        ({"model": None}, SpecError, "'model' is missing"),
        ({"grdi": "1km"}, SpecError, "did you mean 'grid'"),
        ({"nodes": 2.5}, SpecError, "whole number"),
        ({"length_s": float("nan")}, SpecError, "'length_s' is nan"),
        ({"length_s": 1e30}, SpecError, "a million years"),
        ({"step_s": 0.0}, SpecError, "10 ms to a day"),
        ({"compression": 2.0}, SpecError, "at most 1"),
        ({"share": 0.01}, InfeasibleError, "a larger --share"),
        ({"start": "tomorrow"}, SpecError, "2027-01-01"),
        ({"grid": "600m"}, InfeasibleError, "--beyond"),
        ({"model": "cosmo", "grid": None}, InfeasibleError, "give two points"),
        ({"model": "graphcast", "grid": "1km"}, InfeasibleError, "another grid is another model"),
        ({"model": "graphcast", "grid": None, "measured": ["a=1"]}, SpecError, "unknown key 'a'"),
    ],
)
def test_what_can_not_be_is_one_line(settings: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        icon(**settings)
    assert "\n" not in str(caught.value)


def test_the_calendar_ends() -> None:
    with pytest.raises(InfeasibleError, match="a shorter --length"):
        dates(date(2027, 1, 1), 1e15)
