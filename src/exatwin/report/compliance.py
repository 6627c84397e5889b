"""A filled report as text, as rows, and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exatwin.account.compliance.cells import Cell, Check, Report
from exatwin.foundation.files import whole

COLUMNS = (
    "id", "symbol", "name", "value", "unit", "origin", "low", "high", "measuring point", "formula",
    "rule of measurement", "version of the text", "note",
)  # fmt: skip
_TINTS = {"modelled": "DDEBF7", "stated": "E2EFDA", "missing": "FCE4D6", "measured": "FFF2CC"}
_WIDE = "ABCDEFGHIJKLM"
_WIDTHS = (12, 11, 36, 18, 12, 11, 12, 12, 34, 30, 50, 26, 44)
CHECKS = (
    "paragraph", "figure", "value", "sense", "limit", "binds from", "binding", "kept", "low", "high", "note",
)  # fmt: skip


def rows(report: Report) -> list[list[str | float | None]]:
    """Return the cells as rows of `COLUMNS`."""
    return [
        [
            cell.id, cell.symbol, cell.name, cell.value, cell.unit, str(cell.origin),
            *(cell.interval or (None, None)), cell.point, cell.formula, cell.rule, cell.version, cell.note,
        ]
        for cell in report.cells
    ]  # fmt: skip


def check_rows(report: Report) -> list[list[str | float | None]]:
    """Return the checks as rows of `CHECKS`."""
    return [
        [
            check.id, check.figure, check.value, check.sense, check.limit, check.binds_from.isoformat(),
            "yes" if check.binding else "not yet", _kept(check),
            *(check.interval or (None, None)), check.note,
        ]
        for check in report.checks
    ]  # fmt: skip


def _kept(check: Check) -> str:
    return {True: "yes", False: "no", None: "not known"}[check.passed]


def lines(report: Report) -> list[str]:
    """Return the report as lines for a person."""
    told = [f"{report.title}", f"{report.site}, {report.year} ({report.version})", ""]
    told += [
        f"{cell.id:17s}{cell.symbol[:9]:10s}{cell.name[:46]:47s}{_shown(cell):>22s}  "
        f"{cell.origin!s:9s}{_range(cell)}".rstrip()
        for cell in report.cells
    ]
    if report.checks:
        told += ["", "thresholds"]
        told += [f"  {_line(check)}" for check in report.checks]
    missing = len(report.missing)
    told += ["", f"{len(report.cells) - missing} of {len(report.cells)} fields filled, {missing} missing:"]
    told += [f"  {cell.id:17s}{cell.note}" for cell in report.missing]
    return [*told, *(f"note: {note}" for note in report.notes)]


def _shown(cell: Cell) -> str:
    if cell.value is None:
        return "-"
    if isinstance(cell.value, str):
        return cell.value if len(cell.value) <= 22 else f"{cell.value[:19]}..."
    return f"{_number(cell.value, cell.unit)} {cell.unit}".rstrip()


def _number(value: float, unit: str) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if unit else f"{value:.3f}"


def _range(cell: Cell) -> str:
    if cell.interval is None:
        return ""
    low, high = (_number(end, cell.unit) for end in cell.interval)
    return f" {low} to {high}"


def _line(check: Check) -> str:
    value = "not known" if check.value is None else f"{check.value:.3f}"
    when = "binds since" if check.binding else "binds from"
    verdict = {True: "kept", False: "NOT KEPT", None: "not known"}[check.passed]
    if check.sure is False and check.interval is not None:
        verdict += f", but {check.interval[0]:.3f} to {check.interval[1]:.3f} is possible"
    name = {"pue_enefg": "PUE without heat pumps"}.get(check.figure, check.figure.upper())
    return (
        f"section {check.id:9s}{name:24s}{value:>10s} {check.sense:>9s} {check.limit:<6g}"
        f"{when} {check.binds_from.isoformat()}: {verdict}"
    )


def write_spreadsheet(report: Report, path: Path) -> None:
    """Write the report as a spreadsheet (.xlsx): fields, thresholds, notes.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    from openpyxl import Workbook

    book = Workbook()
    fields = book.active
    assert fields is not None
    fields.title = "Fields"
    _sheet(fields, COLUMNS, rows(report))
    _tint(fields)
    if report.checks:
        _sheet(book.create_sheet("Thresholds"), CHECKS, check_rows(report))
    head = (report.title, f"{report.site}, {report.year}", report.version)
    _sheet(
        book.create_sheet("Notes"), head[:1], [[text] for text in (*head[1:], *report.notes, *report.sources)]
    )
    book["Notes"].column_dimensions["A"].width = 120
    with whole(path) as partial:
        book.save(partial)


def _sheet(sheet: Any, head: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    from openpyxl.styles import Font

    sheet.append(list(head))
    for line in lines:
        sheet.append(list(line))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"


def _tint(sheet: Any) -> None:
    """Make it visible at a glance which values are modelled, stated or missing."""
    from openpyxl.styles import Alignment, PatternFill

    for letter, width in zip(_WIDE, _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        for cell in (line[3], line[5]):
            cell.fill = PatternFill("solid", fgColor=_TINTS[line[5].value])


def write_table(report: Report, path: Path) -> None:
    """Write the fields as CSV.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    import csv

    with whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(rows(report))


__all__ = ["CHECKS", "COLUMNS", "check_rows", "lines", "rows", "write_spreadsheet", "write_table"]
