"""``--fail``, impossible plants and files of weather: what is said, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console import exatwin, refused
from exatwin.catalogue.load import data_folder
from exatwin.study import store

DAY = (
    "run",
    "--machine",
    "jeti",
    "--days",
    0.5,
    "--start",
    "2026-07-20T08:00",
    "--set",
    "workload.warmup=1 day",
)


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_racks_lose_their_cooling_for_some_hours() -> None:
    said = exatwin(*DAY, "--fail", "cdu:02@2h/3h", "--fail", "pump:1@1h/1h", "-o", "r")
    assert said.code == 0
    assert "jobs ended by failures" in said.out
    assert "node-h lost" in said.out
    result = store.load("r")
    assert result.scenario.failures == ("cdu:02@2h/3h", "pump:1@1h/1h")
    assert result.provenance["coupling"]["down_node_h"] == pytest.approx(3 * 48)
    told = exatwin(*DAY, "--set", "failures=cdu:02@2h/3h, pump:1@1h/1h", "--json").told
    assert told["lost_node_h"] == result.summary()["lost_node_h"]
    assert told["scenario"]["failures"] == ["cdu:02@2h/3h", "pump:1@1h/1h"]


def test_the_same_failure_as_a_changed_knob() -> None:
    Path("s.toml").write_text(
        'machine = "jeti"\nstart = 2026-07-20T08:00:00\ndays = 0.5\nworkload = {warmup = "1 day"}\n', "utf-8"
    )
    said = exatwin("whatif", "s.toml", "--fail", "cdu:02@2h/3h", "--seeds", 1, "--json")
    assert said.code == 0
    figures = {row["name"]: row for row in json.loads(said.out)["figures"]}
    assert figures["lost_node_h"]["base"] == 0.0
    assert figures["lost_node_h"]["difference"] > 3 * 48


def test_a_scenario_may_hold_failures() -> None:
    text = 'machine = "jeti"\nstart = 2026-07-20T08:00:00\ndays = 0.5\nfailures = ["cdu:02@2h/3h"]\n'
    text += 'workload = {warmup = "1 day"}\n'
    Path("s.toml").write_text(text + "schedule = {requeue = false}\n", "utf-8")
    once = exatwin("run", "s.toml", "--json").told
    again = exatwin("run", "s.toml", "--json", "--set", "schedule.requeue=true").told
    assert again["jobs"] == once["jobs"] + once["coupling"]["killed_jobs"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cdu", "'cdu' is no failure: expected COMPONENT:WHICH@START/DURATION, such as cdu:07@6h/4h"),
        ("cdu:1@6/1h", "'6' has no unit"),
        ("cdu:1@6h/0s", "lasts 0 s: expected 1 s to 300 years"),
        ("cdu:1@-6h/1h", "starts before the window"),
        ("cdu:1@12h/1h", "starts after the window of 12 h: expected a start inside it"),
        ("cdu:11@6h/1h", "there is no cdu 11, expected 1 to 10"),
        ("cdu:0@6h/1h", "there is no cdu 0"),
        ("pmup:1@6h/1h", "this plant has no 'pmup': did you mean 'pump'?"),
        ("ups:1@6h/1h", "this plant has no 'ups': choose from: cdu, cooler, distribution, pump, transformer"),
        ("cooler:12@6h/1h", "there is no cooler 12, expected 1 to 11"),
    ],
)
def test_what_can_not_fail(text: str, message: str) -> None:
    assert message in refused(*DAY, "--fail", text)


def test_failures_need_a_plant_and_names_of_nodes() -> None:
    assert "expected a machine" in refused(*DAY, "--fail", "cdu:1@1h/1h", "--set", "facility=false")
    said = refused(*DAY, "--fail", "cdu:1@1h/1h", "--placement", "none")
    assert "need to know who holds which node" in said


def test_no_unit_is_left() -> None:
    pumps = [word for n in range(1, 6) for word in ("--fail", f"pump:{n}@1h/1h")]
    assert "no pump is left at 1 h, all 5 are out of service" in refused(*DAY, *pumps, code=4)


@pytest.mark.parametrize(
    ("supply", "message"),
    [
        ("5degC", "the wet bulb is warmer than that in"),
        ("20degC", "the coolers, built for 36 °C, miss that in"),
        ("60degC", "the racks accept water of at most 40 °C"),
    ],
)
def test_water_that_nobody_can_make(supply: str, message: str) -> None:
    said = refused(*DAY, "--set", f"cooling.supply={supply}", code=4)
    assert message in said


@pytest.mark.parametrize(
    ("folder", "old", "new", "message"),
    [
        ("cooling", "floor = { value = 0.4", "floor = { value = 0.0", "'pumps.flow_floor': 0.0 is too small"),
        ("cooling", "pumps = { value = 4", "pumps = { value = 0", "'units.pumps' must be at least 1"),
        ("cooling", "carnot = { value = 0.5,", "carnot = { value = 1.2,", "'room.carnot': 1.2 is too large"),
        ("cooling", "effectiveness = { value = 0.8", "effectiveness = { value = 1.3", "1.3 is too large"),
        ("power-chains", "linear = { value = 0.001", "linear = { value = -0.01", "-0.01 is too small"),
    ],
)  # fmt: skip
def test_a_plant_that_can_not_be(folder: str, old: str, new: str, message: str) -> None:
    text = (data_folder() / folder / "jupiter.toml").read_text("utf-8")
    assert old in text
    key = "cooling" if folder == "cooling" else "power_chain"
    site = site_with(key, text.replace(old, new), f"{abs(hash(new))}")
    assert message in refused(*DAY, "--set", f"site={site}")


def site_with(key: str, text: str, name: str) -> str:
    """Write Jülich with another part, under names that no other test has (files are read once)."""
    Path(f"part-{name}.toml").write_text(text, "utf-8")
    site = (data_folder() / "sites" / "juelich.toml").read_text("utf-8")
    changed = site.replace(f'{key} = "jupiter"', f'{key} = "./part-{name}.toml"')
    Path(f"site-{name}.toml").write_text(changed, "utf-8")
    return f"./site-{name}.toml"


def test_a_cooling_plant_that_does_not_count_its_units() -> None:
    text = (data_folder() / "cooling" / "jupiter.toml").read_text("utf-8")
    begin, end = text.index("[units]"), text.index("[pumps]")
    site = site_with("cooling", text[:begin] + text[end:], "uncounted")
    for failure in ("cdu:1@1h/1h", "pump:1@1h/1h"):
        said = refused(*DAY, "--set", f"site={site}", "--fail", failure)
        assert "expected a section 'units'" in said


def test_the_commands_of_the_plan() -> None:
    warm = exatwin(*DAY, "--set", "cooling.supply=40degC", "--json").told
    sold = exatwin(*DAY, "--set", "heat_reuse.demand=1MW", "--start", "2026-01-20", "--json").told
    assert warm["pue"] > 1.0
    assert sold["pue"] > 1.0
    high = exatwin(*DAY, "--set", "cooling.supply=40degC", "--set", "cooling.leakage=high", "--json").told
    assert high["energy_j"] > warm["energy_j"]
    said = refused(*DAY, "--set", "cooling.leakage=hgh")
    assert "must be 'low', 'central', 'high' or 'none'" in said
