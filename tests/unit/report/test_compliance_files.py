"""The report as a spreadsheet and as a table: what is read back is what was filled in."""

import csv

import openpyxl

from exatwin.account.compliance.enefg import enefg
from exatwin.account.compliance.year import YearOfOperation
from exatwin.catalogue.site import load_site
from exatwin.report.compliance import COLUMNS, lines, write_spreadsheet, write_table

YEAR = YearOfOperation(
    year=2027, covered_s=1.0, length_s=1.0, design_it_w=17e6, facility_j=1.6e9, it_j=1e9, water_kg=0.0,
    cooling_j=1e7, heat_to_water_j=9e8, heat_to_air_j=1e8, return_k=319.15, intake_k=292.15,
    degree_days=0.0, heat_by_month_j=(0.0,) * 12, peak_heat_w=1.0,
)  # fmt: skip
REPORT = enefg(load_site("juelich"), YEAR, "the meter")


def test_a_spreadsheet_holds_fields_thresholds_and_notes(tmp_path):
    path = tmp_path / "report.xlsx"
    write_spreadsheet(REPORT, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Fields", "Thresholds", "Notes"]
    table = list(book["Fields"].iter_rows(values_only=True))
    assert table[0] == COLUMNS
    assert [row[0] for row in table[1:]] == [cell.id for cell in REPORT.cells]
    pue = next(row for row in table if row[1] == "PUE")
    assert pue[3] == 1.6
    assert pue[5] == "modelled"
    kept = {row[0]: row[7] for row in book["Thresholds"].iter_rows(min_row=2, values_only=True)}
    assert kept["11(1)1"] == "no"
    assert kept["11(5)2"] == "not known"


def test_a_table_holds_one_line_a_field(tmp_path):
    path = tmp_path / "report.csv"
    write_table(REPORT, path)
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(REPORT.cells)
    assert next(row for row in table if row["symbol"] == "PUE")["value"] == "1.6"


def test_people_read_which_limit_is_not_kept():
    told = "\n".join(lines(REPORT))
    assert "NOT KEPT" in told
    assert "supply report.postcode" in told
