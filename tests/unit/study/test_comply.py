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
    report = comply("eed", week, 2027, years=0)
    found = {cell.symbol: cell for cell in report.cells}
    kwh = week.ledger.facility_j / 3.6e6 * 365 / 4
    assert found["EDC"].value == pytest.approx(kwh)
    assert found["PUE"].value == pytest.approx(week.ledger.pue)
    assert "covers 4.0 of 365 days" in report.notes[0]


def test_heat_falls_into_its_month(week):
    found = {cell.id: cell for cell in comply("enefg", week, years=0).cells}
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


def test_ranges_hold_their_value_and_what_the_seasons_do(week):
    report = comply("eed", week, years=12)
    found = {cell.symbol: cell for cell in report.cells}
    for symbol in ("EDC", "EIT", "PUE", "WIN", "WUE"):
        low, high = found[symbol].interval
        assert low <= found[symbol].value <= high
        assert low < high
    low, high = found["EIT"].interval
    assert (low / found["EIT"].value, high / found["EIT"].value) == pytest.approx((0.88, 1.12), abs=0.01)
    assert found["EDC"].interval[1] / found["EDC"].value > 1.12
    assert any(note.startswith("intervals (90 %): error of the modelled IT power") for note in report.notes)
    assert comply("eed", week, years=12) == report


def test_without_years_there_are_no_ranges(week):
    report = comply("eed", week, years=0)
    assert all(cell.interval is None for cell in report.cells)
    assert "no intervals were asked for" in report.notes


def test_seeds_widen_the_ranges(week):
    own = week.summary()
    key = ("pue", "energy_j", "facility_energy_j")
    seeds = tuple({**own, **{name: own[name] * (1 + k / 20) for name in key}} for k in range(-3, 4))
    one, many = (
        {cell.symbol: cell.interval for cell in comply("eed", each, years=2).cells}
        for each in (week, replace(week, seeds=seeds))
    )
    for symbol in ("EIT", "EDC", "PUE"):
        assert many[symbol][0] < one[symbol][0] < one[symbol][1] < many[symbol][1]


def test_what_is_sold_of_a_contract_is_not_used(week):
    ledger = week.ledger
    made = {"renewable_ppa_j": 5e10, "fed_in_j": 1e10}
    found = comply("eed", replace(week, ledger=replace(ledger, supply=made)), years=0)
    ppa = next(cell for cell in found.cells if cell.symbol == "ERES-PPA")
    assert ppa.value == pytest.approx(4e10 / 3.6e6 * 365 / 4)
    assert "retired" in ppa.note
