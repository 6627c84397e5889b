"""Scenarios under any input: an answer or one clear error, and a digest that means the document."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exatwin.cli._options import changed
from exatwin.foundation.errors import ExatwinError, SpecError
from exatwin.study.scenario import Scenario, all_keys, read_value

quick = settings(max_examples=200, deadline=None)
KEYS = [*all_keys(), "cooling", "market", "schedule", "trace", "workload", "nodes", "", "."]
numbers = st.one_of(st.integers(), st.floats(), st.booleans())
words = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["40 degC", "1e300 K", "-1 s", "13MW", "nan", "inf", "2026-06-01", "jedi", "sjf", "1/0 s"]
    ),
    st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{1,3})?(e[0-9]{1,3})? ?[a-zA-Z%°]{0,5}", fullmatch=True),
)
values = st.recursive(
    st.one_of(st.none(), numbers, words, st.dates(), st.datetimes(), st.times()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)
tables = st.dictionaries(
    st.one_of(st.sampled_from([key.rpartition(".")[2] for key in KEYS]), st.text(max_size=8)),
    values,
    max_size=4,
)
documents = st.dictionaries(
    st.one_of(st.sampled_from([key.partition(".")[0] for key in KEYS]), st.text(max_size=8)),
    st.one_of(values, tables),
    max_size=6,
)


def one_line(error: ExatwinError, start: str = "") -> None:
    """Check that `error` is a message for a person, which begins with `start`."""
    text = str(error)
    assert text.startswith(start)
    assert text
    assert "\n" not in text
    for word in ("Traceback", "pydantic", "type=", "Input should", "validation error"):
        assert word not in text


@quick
@given(document=documents)
def test_any_document_is_read_or_refused_in_one_line(document: dict[str, Any]) -> None:
    try:
        found = Scenario.parse(document, "scenario.toml")
    except SpecError as error:
        one_line(error, "scenario.toml: ")
    else:
        assert Scenario.parse(found.document(), "again") == found


@settings(quick, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_file_is_read_or_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_bytes(content)
    try:
        Scenario.load(path)
    except SpecError as error:
        one_line(error, str(path))


@quick
@given(text=st.one_of(st.text(max_size=40), st.tuples(st.sampled_from(KEYS), words).map("=".join)))
def test_any_set_flag_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        changed(Scenario(), {}, (text,))
    except SpecError as error:
        one_line(error)


@quick
@given(flags=st.dictionaries(st.sampled_from(KEYS), st.one_of(words, st.none()), max_size=3))
def test_any_flag_is_read_or_refused_in_one_line(flags: dict[str, str | None]) -> None:
    try:
        changed(Scenario(), flags, ())
    except SpecError as error:
        one_line(error)


scenarios = st.builds(
    dict,
    machine=st.sampled_from(["jupiter", "jedi", None]),
    start=st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.timezones() | st.none()),
    days=st.one_of(st.integers(1, 400), st.floats(0.001, 7000)),
    seed=st.integers(0, 2**63 - 1),
    site=st.one_of(st.none(), st.sampled_from(["juelich", "lugano"])),
    step=st.sampled_from(["15 min", "900 s", "1 h", "7.3 s"]),
    facility=st.booleans(),
    cooling=st.fixed_dictionaries({}, optional={"supply": st.floats(1, 90).map(lambda t: f"{t!r} degC")}),
    workload=st.fixed_dictionaries(
        {}, optional={"load": st.floats(0.01, 5), "warmup": st.floats(0, 1400).map(lambda h: f"{h!r} h")}
    ),
    trace=st.one_of(
        st.none(),
        st.fixed_dictionaries(
            {"path": st.text(st.characters(codec="utf-8"), min_size=1, max_size=9)},
            optional={"compat": st.sampled_from(["event", "batch"]), "processors": st.integers(1, 10**7)},
        ),
    ),
)


def read(document: dict[str, Any]) -> Scenario | None:
    try:
        return Scenario.parse(document, "here")
    except SpecError as error:
        one_line(error, "here: 'start': must lie in 1970")
        return None


@quick
@given(one=scenarios, other=scenarios)
def test_digests_are_equal_exactly_where_documents_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = read(one), read(other)
    if first is None or second is None:
        return
    assert (first.digest() == second.digest()) == (first.document() == second.document())
    assert (first.digest() == second.digest()) == (first == second)


@quick
@given(document=scenarios)
def test_a_scenario_survives_json_and_toml(document: dict[str, Any]) -> None:
    import tomli_w

    scenario = read(document)
    if scenario is None:
        return
    text = json.dumps(scenario.document())
    again = Scenario.parse(json.loads(text), "json")
    assert again == scenario
    assert again.digest() == scenario.digest()
    filled = _without_blanks(scenario.document())
    assert Scenario.parse(tomllib.loads(tomli_w.dumps(filled)), "toml") == _or_default(scenario)


def _without_blanks(document: dict[str, Any]) -> dict[str, Any]:
    """Return `document` as TOML can hold it: no value stands for blank."""
    return {
        key: _without_blanks(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }


def _or_default(scenario: Scenario) -> Scenario:
    return scenario if scenario.machine is not None else scenario.replace("machine", "jupiter")


@quick
@given(document=scenarios, key=st.sampled_from(all_keys()), text=words)
def test_a_change_touches_one_key_and_can_be_taken_back(
    document: dict[str, Any], key: str, text: str
) -> None:
    scenario = read(document)
    if scenario is None or (key.startswith("trace.") and scenario.trace is None):
        return
    before = scenario.document()
    try:
        changed_to = scenario.replace(key, read_value(key, text))
    except SpecError as error:
        one_line(error)
        return
    assert scenario.document() == before
    after, old = changed_to.document(), before
    for step in key.split(".")[:-1]:
        assert {k: v for k, v in after.items() if k != step} == {k: v for k, v in old.items() if k != step}
        after, old = after[step], old[step]
    last = key.rpartition(".")[2]
    assert {k: v for k, v in after.items() if k != last} == {k: v for k, v in old.items() if k != last}
    assert changed_to.replace(key, old[last]) == scenario


def test_words_of_pydantic_are_noticed() -> None:
    with pytest.raises(AssertionError):
        one_line(SpecError("1 validation error for Scenario"))
