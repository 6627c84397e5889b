"""Many years of a site: which machine stands there, and what stays the same."""

import pytest

from exatwin.catalogue.load import machine
from exatwin.catalogue.site import load_site
from exatwin.foundation.errors import SpecError
from exatwin.study.plant_years import WEATHER
from exatwin.study.site_years import machine_of, site_years


@pytest.fixture(scope="module")
def found():
    return site_years("juelich", machine="jedi", years=6, days=5.0, processes=1)


def test_the_machine_is_the_largest_that_stands_there():
    assert machine_of(load_site("kajaani")).name == "lumi-g"
    with pytest.raises(SpecError, match="name one with --machine"):
        machine_of(load_site("generic"))


def test_years_are_of_the_machine_that_was_named(found):
    assert found.machine == "jedi"
    assert found.central["peak_facility_w"] < 10 * machine("jedi").nodes * 1e3
    low, middle, high = found.interval()
    assert 1.0 < low < middle < high < 1.3


def test_weather_is_one_of_what_moves_the_pue(found):
    weather = next(move for move in found.tornado if move.key == WEATHER)
    assert weather.low <= found.central["pue"] <= weather.high
    assert weather.span > 0.0


def test_no_years_are_refused_before_anything_runs():
    with pytest.raises(SpecError, match="at least 1"):
        site_years("juelich", years=0)
