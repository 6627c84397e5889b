"""The verb ``sites`` as a person types it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exatwin.catalogue.load import names
from exatwin.cli.sites import command
from exatwin.foundation.errors import CatalogueError


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
