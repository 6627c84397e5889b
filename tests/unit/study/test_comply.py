"""From a result to a report: which part of the year it covers, and what is refused."""

from dataclasses import replace

import pytest

from exatwin.foundation.errors import SpecError
from exatwin.study.comply import comply
from exatwin.study.run import run
from exatwin.study.scenario import Scenario


@pytest.fixture(scope="module")
def week():
    return run(Scenario().replace("machine", "jedi").replace("start", "2027-05-01").replace("days", 4))


def test_energies_are_scaled_to_the_year_and_say_so(week):
    report = comply("eed", week, 2027)
    found = {cell.symbol: cell for cell in report.cells}
    kwh = week.ledger.facility_j / 3.6e6 * 365 / 4
    assert found["EDC"].value == pytest.approx(kwh)
    assert found["PUE"].value == pytest.approx(week.ledger.pue)
    assert "covers 4.0 of 365 days" in report.notes[0]


def test_heat_falls_into_its_month(week):
    found = {cell.id: cell for cell in comply("enefg", week).cells}
    months = [float(text) for text in str(found["17.profile"].value).split(", ")]
    assert months[4] > 0
    assert sum(months) == months[4]


def test_another_year_an_unknown_report_and_no_building_are_refused(week):
    with pytest.raises(SpecError, match=r"nothing of 2031: run it with --start 2031-01-01"):
        comply("eed", week, 2031)
    with pytest.raises(SpecError, match="did you mean 'eed'"):
        comply("eedd", week)
    with pytest.raises(SpecError, match="no building"):
        comply("eed", replace(week, ledger=None))


def test_ranges_come_from_the_seeds(week):
    own = week.summary()
    seeds = tuple({**own, "pue": own["pue"] * (1 + k / 1000)} for k in range(-3, 4))
    found = {cell.symbol: cell for cell in comply("eed", replace(week, seeds=seeds)).cells}
    low, high = found["PUE"].interval
    assert low < found["PUE"].value < high
