"""Keys of caps, of hours to wait for and of near nodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.signal import Signal
from exatwin.study import store
from exatwin.study.centre.hold import begins
from exatwin.study.centre.power import PowerSettings, caps, over_cap
from exatwin.study.centre.scheduling import switches
from exatwin.study.run import run
from exatwin.study.scenario import Scenario

DAY = Scenario().replace("machine", "jedi").replace("days", 1).replace("workload.warmup", "12 h")


def settings_of(**keys: object) -> PowerSettings:
    return PowerSettings.parse(keys, "test")


def test_a_cap_for_a_time_stands_in_one_that_holds_always() -> None:
    found = caps(settings_of(cap="15 MW, 13 MW@2d/12h"), machine("jupiter"), 0.0)[0].most_w
    assert found.at([0.0, 2 * 86400.0, 2.5 * 86400.0, 1e9]).tolist() == [15e6, 13e6, 15e6, 15e6]


def test_a_file_of_caps_goes_on_with_its_last_row(tmp_path: Path) -> None:
    path = tmp_path / "caps.csv"
    path.write_text("seconds,watts\n3600,12e6\n7200,\n10800,14e6\n", "utf-8")
    found = caps(settings_of(cap=str(path)), machine("jupiter"), 100.0)[0].most_w
    assert found.at([0.0, 3700.0, 7300.0, 1e9]).tolist() == [np.inf, 12e6, np.inf, 14e6]


@pytest.mark.parametrize("text", ["seconds,watts\n", "0,1e6\n0,2e6\n", "0,-3\n", "0,x\n"])
def test_a_file_that_is_no_cap_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "caps.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(SpecError, match=r"caps\.csv"):
        caps(settings_of(cap=str(path)), machine("jupiter"), 0.0)


def test_groups_are_partitions_racks_and_cells() -> None:
    found = caps(settings_of(groups=["racks 1-2: 1 MW", "cell 25: 2 MW"]), machine("jupiter"), 0.0)
    assert [len(each.nodes) for each in found if each.nodes is not None] == [96, 124]
    with pytest.raises(SpecError, match="racks 1 to 123"):
        caps(settings_of(groups=["racks 120-124: 1 MW"]), machine("jupiter"), 0.0)
    with pytest.raises(SpecError, match="booster"):
        caps(settings_of(groups=["partition boster: 1 MW"]), machine("jupiter"), 0.0)


@pytest.mark.parametrize("text", ["13", "0 W", "13 MW@2d", "13 MW@2d/0s", "13 m"])
def test_what_is_no_cap_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        DAY.replace("power.cap", text)


def test_a_cap_after_the_window_and_groups_that_are_not_there_are_refused() -> None:
    for key, text in (("power.cap", "40 kW@5d/2h"), ("power.groups", "racks 1: 40 kW@1d/2h")):
        with pytest.raises(SpecError, match=r"starts after the window of 1 d: expected a start inside"):
            run(DAY.replace(key, text))
    with pytest.raises(SpecError, match=r"JEDI has no rack 1-99: expected racks 1 to 1, such as"):
        caps(settings_of(groups="racks 1-99: 40 kW"), machine("jedi"), 0.0)


def test_energy_above_a_cap_is_exact() -> None:
    drawn = Signal([0.0, 10.0, 30.0], [5.0, 9.0], "W")
    assert over_cap(drawn, Signal([0.0, 20.0, 21.0], [6.0, 8.5], "W")) == (3.0 * 10 + 0.5 * 10, 20.0)


def test_a_cap_below_idle_power_names_it() -> None:
    with pytest.raises(InfeasibleError, match="idle power of"):
        run(DAY.replace("power.cap", "5 kW"))


@pytest.mark.parametrize("mode", ["admission", "uniform", "selective"])
def test_a_capped_run_keeps_its_cap_and_comes_back_from_disk(mode: str, tmp_path: Path) -> None:
    found = run(DAY.replace("power.cap", "45 kW").replace("power.mode", mode))
    assert found.signals["it_w"].max() <= 45e3
    assert found.summary()["cap_excess_j"] == 0.0
    assert (found.summary()["slowed_node_h"] > 0.0) == (mode != "admission")
    again = store.load(store.save(found, tmp_path / "r"))
    assert again.power is not None
    assert again.power.total_w.values.tolist() == found.signals["it_w"].values.tolist()
    assert again.ledger is not None
    assert again.ledger.balance().relative < 1e-9


@given(
    prices=st.lists(st.floats(-50.0, 300.0), min_size=30, max_size=60),
    submits=st.lists(st.integers(0, 10 * 3600), min_size=1, max_size=8),
    delay=st.integers(0, 18 * 3600),
    quantile=st.floats(0.0, 1.0),
)
def test_jobs_are_held_within_the_bound_and_for_an_hour_no_dearer(
    prices: list[float], submits: list[int], delay: int, quantile: float
) -> None:
    price, submit = Signal.steps(prices, 3600.0, "EUR/J"), np.array(sorted(submits), np.int64)
    found = begins(submit, price, delay, quantile)
    assert np.all(found >= submit)
    assert np.all(found <= submit + delay)
    assert np.all(price.at(found) <= price.at(submit))


def test_held_jobs_start_later_and_pay_less() -> None:
    plain, held = (
        run(DAY.replace("workload.load", 0.4)),
        run(
            DAY.replace("workload.load", 0.4)
            .replace("schedule.hold", "price")
            .replace("schedule.hold_delay", "6 h")
        ),
    )
    assert held.summary()["mean_wait_s"] > plain.summary()["mean_wait_s"]
    assert held.summary()["mean_wait_s"] < plain.summary()["mean_wait_s"] + 6 * 3600 + 1


@pytest.mark.parametrize("text", ["2", "0@1h", "two@1h", "2@soon", "2 cells@1h"])
def test_what_is_no_bound_on_groups_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match=r"schedule\.switches"):
        DAY.replace("schedule.switches", text)
    with pytest.raises(ValueError, match="expected N@TIME"):
        switches(text)
