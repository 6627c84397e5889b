"""Scenarios: reading, changing and writing them down."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from exatwin.foundation.errors import SpecError
from exatwin.study.scenario import Scenario, all_keys, read_value


def test_a_scenario_without_a_word_is_a_week_of_jupiter() -> None:
    week = Scenario()
    assert (week.machine, week.days, week.seed, week.trace) == ("jupiter", 7.0, 0, None)
    assert week.end_s == 7 * 86400
    assert week.end == datetime(2026, 6, 8, tzinfo=UTC)


def test_keys_are_the_names_of_fields_without_units() -> None:
    keys = all_keys()
    assert {"machine", "days", "workload.warmup", "cooling.supply", "trace.compat", "step"} <= set(keys)
    assert not any(key.endswith(("_s", "_k")) for key in keys)


@pytest.mark.parametrize("key", all_keys())
def test_every_key_can_be_set_to_what_it_is(key: str) -> None:
    scenario = Scenario(trace={"path": "log.swf"})  # type: ignore[arg-type]  # pydantic reads it
    value = scenario.document()
    for step in key.split("."):
        value = value[step]
    assert scenario.replace(key, value) == scenario
    if value is not None:
        text = json.dumps(value) if isinstance(value, bool) else str(value)
        assert scenario.replace(key, read_value(key, text)) == scenario


def test_a_value_in_another_unit_is_the_same_scenario() -> None:
    one = Scenario().replace("workload.warmup", "48 h").replace("cooling.supply", "313.15 K")
    two = Scenario().replace("workload.warmup", "2 d").replace("cooling.supply", "40 degC")
    assert one.digest() == two.digest()
    assert one.digest() != Scenario().digest()


@pytest.mark.parametrize(
    "moment",
    [
        "2026-06-01",
        "2026-06-01T00:00:00Z",
        "2026-06-01T02:00+02:00",
        date(2026, 6, 1),
        datetime(2026, 6, 1),
        datetime(2026, 6, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_an_instant_may_be_written_in_many_ways(moment: object) -> None:
    assert Scenario().replace("start", moment).digest() == Scenario().digest()


@pytest.mark.parametrize(
    "edge", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "1970-01-01T00:00+14:00"]
)
def test_instants_at_the_edge_of_the_calendar_are_refused(edge: str) -> None:
    with pytest.raises(SpecError, match="must lie in 1970 … 2199"):
        Scenario().replace("start", edge)


def test_a_change_that_breaks_another_key_names_that_key() -> None:
    with pytest.raises(SpecError, match=r"^trace\.compat=event: 'trace\.path' is missing$"):
        Scenario().replace("trace.compat", "event")


@pytest.mark.parametrize("path", ["", ".", "days.", "days.x", "machine.nodes", "Days", "supply_k"])
def test_an_unknown_key_is_answered_with_the_nearest(path: str) -> None:
    with pytest.raises(SpecError, match=r"unknown key .*(did you mean|prints every key)"):
        Scenario().replace(path, 1)


def test_equal_scenarios_are_equal_however_they_were_built() -> None:
    parsed = Scenario.parse({"days": 7, "schedule": {"policy": "fcfs"}, "trace": None}, "here")
    assert parsed == Scenario()
    assert parsed.digest() == Scenario().digest()


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    schema = Scenario.model_json_schema()
    assert schema["properties"]["days"]["exclusiveMinimum"] == 0
    assert schema["properties"]["seed"]["minimum"] == 0
    assert schema["$defs"]["Trace"]["required"] == ["path"]
    plain = [field for field in schema["properties"].values() if "$ref" not in field]
    assert all(field["description"] for field in plain)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("policy", "'schedule.policy'?"),
        ("power.capp", "'power.cap'?"),
        ("mtbf", "'reliability.node_mtbf' or 'reliability.rack_mtbf' or 'reliability.cdu_mtbf'?"),
        ("weight_age", "'schedule.slurm.priority_weight_age'?"),
        ("qqq", "'exatwin run --schema' prints every key"),
    ],
)
def test_who_leaves_out_the_section_is_told_it(path: str, meant: str) -> None:
    with pytest.raises(SpecError) as caught:
        Scenario().replace(path, "1")
    assert str(caught.value).endswith(meant)
