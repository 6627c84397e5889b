"""The verb ``sites`` as a person types it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exatwin.catalogue.load import names
from exatwin.cli.sites import command
from exatwin.foundation.errors import CatalogueError, SpecError


def show(*arguments):
    result = CliRunner().invoke(command, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_the_list_names_every_site_within_a_hundred_columns():
    lines = show().splitlines()
    assert {line.split()[0] for line in lines if line} >= set(names("sites"))
    assert max(map(len, lines)) <= 100


def test_one_site_shows_numbers_with_unit_source_and_quality():
    text = show("juelich")
    for expected in (
        "50.91°",
        "36 °C",
        "assumed",
        "announced",
        "17 MW",
        "POWER CHAIN",
        "TARIFF",
        "EN 50600-4-2",
    ):
        assert expected in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_stand_in_says_so():
    assert "stand-in:" in show("kajaani")


def test_json_has_si_units_in_its_keys():
    found = json.loads(show("juelich", "--json"))
    assert found["site"]["design_it"]["jupiter"] == 17e6
    assert found["cooling"]["supply_k"] == pytest.approx(309.15)
    assert found["cooling"]["facts"]["supply"]["quality"] == "assumed"
    assert len(json.loads(show("--json"))["sites"]) == len(names("sites"))


def test_an_unknown_site_is_answered_with_the_nearest():
    with pytest.raises(CatalogueError, match="did you mean 'juelich'"):
        show("julich")


def test_years_print_percentiles_the_chart_and_what_is_assumed(tmp_path):
    page = tmp_path / "years.html"
    text = show("juelich", "--years", "2", "--machine", "jedi", "-o", str(page))
    for expected in ("P95", "what moves the PUE", "weather of 3 years", "ASSUMED", "EN 50600-4-2"):
        assert expected in text
    assert max(map(len, text.splitlines())) <= 100
    assert "What moves the PUE" in page.read_text("utf-8")


def test_years_as_json_name_ranges_and_assumed_numbers():
    found = json.loads(show("juelich", "--years", "2", "--machine", "jedi", "--json"))
    assert found["years"] == 2
    assert {each["key"] for each in found["ranges"]} >= {"cooling.water_share"}
    assert any(each["key"] == "cooling: supply" for each in found["assumed"])
    assert found["percentiles"]["pue"]["p5"] <= found["percentiles"]["pue"]["p95"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["juelich", "--years", "0"], "from 1 to"),
        (["juelich", "--years", "1", "--seed", "x"], "whole number"),
    ],
)
def test_years_and_seeds_are_whole_numbers(arguments, said):
    with pytest.raises(SpecError, match=said):
        show(*arguments)
