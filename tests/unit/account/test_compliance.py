"""Reports: every field of the text is there, values follow from the year, limits bind when the text says."""

from dataclasses import replace
from datetime import date

import pytest

from exatwin.account.compliance.cells import Origin, check
from exatwin.account.compliance.eed import eed
from exatwin.account.compliance.enefg import enefg
from exatwin.account.compliance.year import YearOfOperation, cooling_degree_days
from exatwin.catalogue.reporting import Reporting
from exatwin.catalogue.rules import load_rule
from exatwin.catalogue.site import load_site
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

MWH = 3.6e9
YEAR = YearOfOperation(
    year=2027, covered_s=3.1536e7, length_s=3.1536e7, design_it_w=17e6, facility_j=105_000 * MWH,
    it_j=100_000 * MWH, water_kg=2e7, cooling_j=1_500 * MWH, heat_to_water_j=97_000 * MWH,
    heat_to_air_j=4_000 * MWH, return_k=319.15, intake_k=292.15, degree_days=12.0,
    heat_by_month_j=(97_000 * MWH / 12,) * 12, peak_heat_w=16e6, reused_j=21_000 * MWH, reuse_k=338.15,
    upgrade_j=4_000 * MWH, renewable_j={"ppa": 52_500 * MWH},
)  # fmt: skip


def cells(report):
    return {cell.id: cell for cell in report.cells}


def test_the_eu_report_has_every_field_of_the_annexes(shared_data):
    import csv

    with (shared_data / "facility/regulation/eu_2024_1364_annex_fields.csv").open(encoding="utf-8") as file:
        asked = [(row["symbol"].split(" ")[0], row["name"]) for row in csv.DictReader(file)]
    assert [(each.symbol, each.name) for each in load_rule("eu-2024-1364").fields] == asked


def test_figures_of_annex_iii_follow_from_the_energies():
    found = cells(eed(load_site("juelich"), YEAR, "at the meter"))
    assert found["III.a"].value == pytest.approx(1.05)
    assert found["III.b"].value == pytest.approx(20_000 / 100_000)
    assert found["III.c"].value == pytest.approx(0.2)
    assert found["III.d"].value == pytest.approx(0.5)
    assert found["II.1.d"].value == pytest.approx(105e6)
    assert found["II.1.d"].point == "at the meter"
    assert found["II.1.k"].value == pytest.approx(46.0)
    assert found["IV"].value == "very large"


def test_what_nobody_states_is_empty_and_says_what_to_supply():
    found = cells(eed(load_site("juelich"), YEAR, ""))
    assert found["I.1.c"].value is None
    assert found["I.1.c"].origin is Origin.MISSING
    assert "report.lau_code" in found["I.1.c"].note


def test_what_the_operator_states_is_taken_as_stated():
    said = Reporting(lau_code="05358024", storage_b="29 PB", backup_energy_j="1 MWh", potable_share_frac=0.5)
    found = cells(eed(load_site("juelich").model_copy(update={"report": said}), YEAR, ""))
    assert (found["I.1.c"].value, found["I.1.c"].origin) == ("05358024", Origin.STATED)
    assert found["II.2.b"].value == pytest.approx(29.0)
    assert found["II.1.d2"].value == pytest.approx(1000.0)
    assert found["II.1.i"].value == pytest.approx(10_000.0)


def test_ranges_stand_in_the_unit_of_their_field():
    known = {"facility_j": (3.6e14, 3.96e14), "water_kg": (1e6, 2e6), "wue_kg_j": (1e-9, 2e-9)}
    found = cells(eed(load_site("juelich"), replace(YEAR, intervals=known), ""))
    assert found["II.1.d"].interval == pytest.approx((100e6, 110e6))
    assert found["II.1.h"].interval == pytest.approx((1e3, 2e3))
    assert found["III.b"].interval == pytest.approx((3.6e-3, 7.2e-3))
    assert found["II.1.e"].interval is None


def test_a_battery_that_is_not_stated_is_not_offered():
    own, none, unknown = (
        cells(eed(load_site("juelich"), replace(YEAR, battery_j=held), ""))["II.1.g"]
        for held in (7e10, 0.0, None)
    )
    assert (own.value, none.value) == (0.0, 0.0)
    assert "serves the site" in own.note
    assert unknown.origin is Origin.MISSING


def test_renewable_energy_counts_once():
    assert replace(YEAR, renewable_j={"goo": YEAR.facility_j, "ppa": 1e13}).ref == 1.0


def test_a_limit_inside_the_range_is_told():
    site = load_site("juelich")
    pue = YEAR.pue
    wide = enefg(site, replace(YEAR, intervals={"pue": (pue - 0.01, 1.51)}), "")
    near = enefg(site, replace(YEAR, intervals={"pue": (pue - 0.01, pue + 0.01)}), "")
    assert [check.sure for check in wide.checks if check.limit == 1.5] == [False]
    assert [check.sure for check in near.checks if check.limit == 1.5] == [True]
    assert next(check for check in wide.document()["checks"] if check["limit"] == 1.5)["sure"] is False


@pytest.mark.parametrize(
    ("start", "year", "wanted"),
    [
        (date(2025, 9, 5), 2027, {("11(1)1", 1.5, True), ("11(1)2", 1.3, False), ("11(5)2", 1.0, True)}),
        (date(2025, 9, 5), 2031, {("11(1)2", 1.3, True), ("11(5)2", 1.0, True)}),
        (date(2026, 8, 1), 2027, {("11(2)1", 1.2, False), ("11(2)2", 0.1, False), ("11(5)2", 1.0, True)}),
        (date(2027, 7, 1), 2029, {("11(2)1", 1.2, True), ("11(2)2", 0.15, True), ("11(5)2", 1.0, True)}),
        (date(2028, 7, 1), 2029, {("11(2)1", 1.2, False), ("11(2)2", 0.2, False), ("11(5)2", 1.0, True)}),
    ],
)
def test_limits_follow_the_start_of_operation(start, year, wanted):
    found = check(load_rule("de-enefg"), {}, start, year)
    assert {(each.id, each.limit, each.binding) for each in found} == wanted
    assert all(each.passed is None for each in found)


def test_heat_pumps_count_in_the_old_limit_and_not_in_the_new():
    year = replace(YEAR, facility_j=123_000 * MWH)
    old, site = enefg(load_site("juelich"), year, ""), load_site("juelich")
    new = enefg(site.model_copy(update={"commissioned": "2027-01-01"}), replace(year, year=2029), "")
    assert {each.figure: each.value for each in old.checks}["pue"] == pytest.approx(1.23)
    limit = next(each for each in new.checks if each.figure == "pue_enefg")
    assert limit.value == pytest.approx(1.19)
    assert limit.passed
    assert not new.failed[0].passed  # half of the energy is renewable, all of it is asked
    assert [each.id for each in new.failed] == ["11(5)2"]


def test_the_start_of_operation_is_a_month_or_refused():
    site = load_site("juelich")
    said = {"2025-09-05": "2025-09", "2025-09": "2025-09", "": None}
    for stated, month in said.items():
        assert cells(eed(site.model_copy(update={"commissioned": stated}), YEAR, ""))["I.1.e"].value == month
    for wrong in ("soon", "01.09.2026", "2026-13-01"):
        with pytest.raises(SpecError, match=f"'{wrong}' is no date"):
            eed(site.model_copy(update={"commissioned": wrong}), YEAR, "")


def test_a_site_abroad_and_one_without_a_start_are_refused():
    with pytest.raises(SpecError, match="Finland"):
        enefg(load_site("kajaani"), YEAR, "")
    with pytest.raises(SpecError, match="commissioned"):
        enefg(load_site("juelich").model_copy(update={"commissioned": ""}), YEAR, "")


def test_degree_days_count_warm_days_only():
    day = 86400.0
    air = Signal([0.0, day, 2 * day, 3 * day], [273.15 + 30, 273.15 + 23.9, 273.15 + 24.0], "K")
    assert cooling_degree_days(air) == pytest.approx(9.0 + 3.0)


def test_a_small_hall_is_told_that_no_duty_exists():
    report = eed(load_site("juelich"), replace(YEAR, design_it_w=4e5), "")
    assert any("below the scope" in note for note in report.notes)
