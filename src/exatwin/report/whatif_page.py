"""A changed knob beside the base, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from exatwin.foundation.files import write_text
from exatwin.report import style
from exatwin.report.whatif import TITLES, amount, beside, changed, origin, parts, shaken, span, unmoved
from exatwin.report.whatif_words import in_words

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.study.whatif import Difference, WhatIf

_QUIET = {"displayModeBar": False, "responsive": True}
_CSS = """
body { background: #fff; color: #17212b; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  line-height: 1.5 }
h1 { margin-bottom: 0; font-size: 1.6rem } p { margin: .2rem 0; color: #566371 }
ul { font-size: 1.05rem }
table { border-collapse: collapse; margin: 1.2rem 0; width: 100%; table-layout: fixed; font-size: .88rem;
  font-variant-numeric: tabular-nums }
col.name { width: 24% } col.one { width: 14% } col.span { width: 34% }
td, th { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #d3dbe3 }
td:first-child, th:first-child { text-align: left } td:last-child { white-space: normal }
tr.unsure td { color: #7b8794 }
@media (max-width: 50rem) { body { overflow-x: auto } }
"""


def figure(found: WhatIf) -> go.Figure:
    """Return relative differences with their ranges: of the whole, of waits by size and by account."""
    import plotly.graph_objects as go

    colours = style.THEMES["light"]
    drawn = go.Figure(layout={"template": go.layout.Template(style.template("light"))})
    named = [
        *((TITLES.get(row.name, row.name), row) for row in found.figures),
        *((f"wait, {row.name}", row) for row in (*found.by_size, *found.by_account)),
    ]
    named = [(name, row) for name, row in named if row.base and not row.same][::-1]
    for sure, colour, told in ((True, "teal", "the seeds agree"), (False, "grey", "either way")):
        shown = [(name, row) for name, row in named if row.sure == sure]
        drawn.add_scatter(
            x=[100.0 * row.difference / abs(row.base) for _, row in shown],
            y=[name for name, _ in shown],
            mode="markers",
            name=told,
            marker={"size": 9, "color": colours[colour]},
            error_x={
                "type": "data",
                "array": [_arm(row, 1, row.high) for _, row in shown],
                "arrayminus": [_arm(row, -1, row.low) for _, row in shown],
                "symmetric": False,
                "thickness": 1.5,
                "color": colours[colour],
            },
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    drawn.add_vline(x=0.0, line_color=colours["grey"], line_width=1)
    drawn.update_xaxes(title="difference from the base, per cent")
    drawn.update_yaxes(categoryorder="array", categoryarray=[name for name, _ in named])
    drawn.update_layout(
        height=150 + 24 * len(named),
        margin={"l": 230, "t": 40},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
        showlegend=len(found.seeds) > 1,
    )
    return drawn


def _arm(row: Difference, sign: int, end: float | None) -> float:
    """Return how far an end of the range lies above (`sign` 1) or below the mean, in per cent of the base."""
    return 0.0 if end is None else 100.0 * max(sign * (end - row.difference), 0.0) / abs(row.base)


def write(found: WhatIf, path: Path) -> None:
    """Write the page: one self-contained HTML file.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    from plotly.offline import get_plotlyjs

    asked = escape(changed(found))
    tables = "".join(_table(title or "the whole", rows) for title, rows in parts(found) if rows)
    still = escape(", ".join(unmoved(found)))
    same = f"<p>The same in every seed: {still}.</p>" if still else ""
    moved = any(row.base and not row.same for row in (*found.figures, *found.by_size, *found.by_account))
    drawn = figure(found).to_html(full_html=False, include_plotlyjs=False, config=_QUIET) if moved else ""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What if {asked}?</title>'
        f"<style>body{{font-family:{style.FONT}}}{_CSS}"
        f"</style><script>{get_plotlyjs()}</script></head><body><h1>What if {asked}?</h1>"
        f"<p>{escape(beside(found))}</p><p>{escape(_method(found))}</p>"
        f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in in_words(found, amount))}</ul>"
        f"{drawn}{tables}"
        f"{same}"
        f"<p>{escape(origin(found))}</p></body></html>\n"
    )
    write_text(path, text)


def _method(found: WhatIf) -> str:
    seeds = len(found.seeds)
    if seeds == 1:
        return "One seed, with and without the change: the same jobs, weather and prices. It proves little."
    told = f"{shaken(found).capitalize()}. " if found.shake_s else ""
    return (
        f"{seeds} seeds, each with and without the change; jobs, weather and prices of a seed are the same. "
        f"{told}Ranges hold nine seeds in ten; grey: these do not agree on the sign."
    )


def _table(title: str, rows: Sequence[Difference]) -> str:
    moved = [row for row in rows if not row.same]
    if not moved:
        return ""
    body = "".join(
        f"<tr{'' if row.sure or row.low is None else ' class=unsure'}>"
        + "".join(
            f"<td>{escape(cell)}</td>"
            for cell in (
                TITLES.get(row.name, row.name), amount(row.base, row.unit), amount(row.changed, row.unit),
                amount(row.difference, row.unit, sign=True), span(row),
            )
        )
        + "</tr>"
        for row in moved
    )  # fmt: skip
    head = "".join(f"<th>{word}</th>" for word in (title, "base", "changed", "difference", "5 to 95 %"))
    columns = "<col class=name><col class=one><col class=one><col class=one><col class=span>"
    return f"<table>{columns}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


__all__ = ["figure", "write"]
