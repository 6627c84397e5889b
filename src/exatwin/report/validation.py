"""Predicted against measured: one self-contained page with a table, and a figure for each validated model."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from exatwin.foundation import units
from exatwin.foundation.files import write_text
from exatwin.foundation.version import __version__
from exatwin.report.markup import plain_page
from exatwin.report.validation_svg import drawing
from exatwin.report.validation_text import figures, pair, reasons, verdict

if TYPE_CHECKING:
    from exatwin.study.validation.scores import Score, Validation

CSS = """
body{max-width:1000px;font-size:14px}
h1{font-size:20px;margin:18px 0 4px}
.panel{display:block;margin:14px 0;padding:12px 16px}
.panel h2{margin-bottom:8px;font-size:16px}
td.n,th.n{text-align:right;white-space:nowrap}
.met{color:var(--green)}.missed{color:var(--orange)}
.note{color:var(--muted);margin:2px 0 6px}
svg{display:block;margin:4px auto 8px}
"""


def render(found: Sequence[Validation]) -> str:
    """Return the page of all models as HTML text."""
    words = "".join(f"<p class=note>{escape(text)}</p>" for text in _words(found))
    body = (
        f"<h1>Predicted against measured</h1><p class=note>exatwin {escape(__version__)} · every point "
        f"has its name under the pointer</p>{words}"
        f"<section class=panel><h2>Models</h2>{_overview(found)}</section>"
        f"{''.join(_panel(each) for each in found)}"
    )
    return plain_page("Validation", CSS, body)


def write(found: Sequence[Validation], path: Path) -> Path:
    """Write the page of all models to `path`, and return it.

    Raises
    ------
    OutputError
        The file can't be written there.
    """
    return write_text(path, render(found))


def _words(found: Sequence[Validation]) -> list[str]:
    """Return what the figures mean, once each."""
    return [
        "Errors are predicted over measured, less 1. In sample: the rows were fitted. Left out: the fit has "
        "not seen the row, nor what belongs to it. A goal is held against the rows left out, where there are "
        "such.",
        "; ".join(f"{each.words}" for each in dict.fromkeys(one.metric for one in found)) + ".",
    ]


def _overview(found: Sequence[Validation]) -> str:
    head = ("model", "measurements", "rows", "in sample", "left out", "goal", "")
    rows = [
        (
            f'<a href="#{each.model}">{escape(each.model)}</a>', escape(each.title), str(len(each.rows)),
            figures(each.in_sample), figures(each.left_out), pair(each.goal), _mark(each),
        )
        for each in found
    ]  # fmt: skip
    return _table(head, rows, numbers=(2, 3, 4, 5))


def _mark(each: Validation) -> str:
    kind = {"met": "met", "not met": "missed", "median met": "missed", "shown": "note"}[each.verdict]
    return f"<span class={kind}>{escape(verdict(each))}</span>"


def _panel(each: Validation) -> str:
    """Return one model: figure, groups, worst rows, what is not scored."""
    pieces = [f'<section class=panel id="{each.model}"><h2>{escape(each.title)}</h2>']
    pieces += [f"<p class=note>{escape(text)}</p>" for text in _remarks(each)]
    if each.rows:
        pieces += [drawing(each), _groups(each), _worst(each)]
    if each.skipped:
        told = ((escape(", ".join(names)), escape(reason)) for reason, names in reasons(each).items())
        pieces.append(
            f"<details><summary>not scored: {len(each.skipped)}</summary>"
            f"{_table(('rows', 'why'), list(told))}</details>"
        )
    return "".join(pieces) + "</section>"


def _remarks(each: Validation) -> list[str]:
    told = [f"left out: {each.left_out_words}"] if each.left_out else []
    if each.regression is not None:
        told.append(f"a plain regression on family, N and size, left out: {pair(each.regression)}")
    return [*told, *each.remarks]


def _groups(each: Validation) -> str:
    def told(score: Score | None) -> str:
        return figures(score) or "none"

    rows = [
        (escape(name), escape(each.sources.get(name, "")), str(score.rows), told(score), told(out))
        for name, (score, out) in each.groups.items()
    ]
    head = ("scored apart", "", "rows", "in sample", "left out")
    return _table(head, rows, numbers=(2, 3, 4)) if rows else ""


def _worst(each: Validation) -> str:
    rows = [
        (
            escape(row.name), escape(row.detail), units.show(row.measured, each.unit),
            units.show(row.predicted, each.unit), f"{row.error:+.1%}",
            "" if row.left_out_error is None else f"{row.left_out_error:+.1%}",
        )
        for row in each.worst(10)
    ]  # fmt: skip
    if each.metric.name == "accuracy":
        rows = [(*row[:4], "does not fit" if row[4] == "+100.0%" else "fits", "") for row in rows]
    head = ("worst rows" if each.scored else "rows", "", *each.metric.columns, "left out")
    return _table(head, rows, numbers=(2, 3, 4, 5)) if rows else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Return a table of cells that are HTML already."""

    def line(kind: str, cells: Sequence[str]) -> str:
        marks = (" class=n" if index in numbers else "" for index in range(len(cells)))
        told = (f"<{kind}{mark}>{cell}</{kind}>" for cell, mark in zip(cells, marks, strict=True))
        return f"<tr>{''.join(told)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<div class=scroll><table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table></div>"


__all__ = ["render", "write"]
