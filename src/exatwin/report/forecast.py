"""When a job would start, and which shape starts soonest, as lines, tables and pages."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from exatwin.foundation.files import whole
from exatwin.report import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.study.forecast import Forecast
    from exatwin.study.shape import Shape, Shapes

_CSS = """
body { background: #fff; color: #17212b; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
body { line-height: 1.45 }
h1 { font-size: 1.6rem; margin-bottom: .2rem }
h2 { font-size: 1rem; margin: 1.6rem 0 .3rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
td, th { padding: .25rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #d3dbe3 }
td:first-child, th:first-child, td.words { text-align: left }
.best { font-weight: 700; background: #e2f1ef }
.muted, li { color: #566371 }
ul { margin: 0; padding-left: 1.2rem }
"""
_SHOWN = 1.6
"""How far the curve is drawn beyond P90: the last few courses would press all others together."""


def span(seconds: float) -> str:
    """Return a time as people say it.

    Examples
    --------
    >>> span(0.0), span(90.0), span(5400.0), span(200000.0), span(float("inf"))
    ('at once', '2 min', '1.5 h', '2.3 d', 'later')
    """
    if not math.isfinite(seconds):
        return "later"
    if seconds < 30.0:
        return "at once"
    if seconds < 3570.0:
        return f"{max(seconds / 60.0, 1.0):.0f} min"
    return f"{seconds / 3600.0:.1f} h" if seconds < 36 * 3600.0 else f"{seconds / 86400.0:.1f} d"


def _when(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%a %d %b %H:%M} UTC"


def lines(found: Forecast) -> list[str]:
    """Return the forecast as lines for a person."""
    job = found.job
    asked = f"{job.nodes:,} node{'s' if job.nodes > 1 else ''} for {_hours(job.limit_s)}"
    at = f", {_when(found.at)}" if found.at is not None else ""
    told = [
        f"{asked} on {found.machine}{at}",
        f"{found.running:,} jobs run, {found.waiting:,} wait, {found.free:,} nodes are free",
        "",
    ]
    for name, wait, words in _told_band(found):
        told.append(f"{name:6s}{span(wait):>10s}  {_when(found.start(wait)):22s}  {words}".rstrip())
    mean = found.mean_s
    told.append(f"{'mean':6s}{span(mean) if mean is not None else 'unknown':>10s}")
    return [*told, f"starts{'':2s}{_soon(found)}", "", *found.basis]


def _soon(found: Forecast) -> str:
    """Return how likely starts within some times are."""
    from exatwin.study.forecast import WITHIN_S

    return ", ".join(f"{100 * found.within(each):.0f} % within {each // 3600} h" for each in WITHIN_S)


def _told_band(found: Forecast) -> tuple[tuple[str, float, str], ...]:
    return (
        ("P10", found.p10_s, "one in ten starts before"),
        ("P50", found.p50_s, "as likely before as after"),
        ("P90", found.p90_s, "the band from P10 holds about four in five"),
    )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def csv_text(found: Forecast) -> str:
    """Return the forecast as CSV with a header line."""
    document = found.document()
    keys = [key for key, value in document.items() if not isinstance(value, list)]
    return _csv([keys, [document[key] for key in keys]])


def shape_csv(found: Shapes) -> str:
    """Return the shapes as CSV, one row a shape."""
    rows = found.document()["shapes"]
    return _csv([list(rows[0]), *(list(row.values()) for row in rows)])


def _csv(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        ["" if cell is None else cell for cell in row] for row in rows
    )
    return out.getvalue().rstrip("\n")


def matrix(found: Shapes) -> tuple[list[int], list[int], dict[tuple[int, int], Shape]]:
    """Return the numbers of nodes, the limits [s], and the shape of each pair that there is."""
    cells = {(each.nodes, each.limit_s): each for each in found.shapes}
    return (
        sorted({each.nodes for each in found.shapes}),
        sorted({each.limit_s for each in found.shapes}),
        cells,
    )


def shape_lines(found: Shapes) -> list[str]:
    """Return the shapes as a table for a person: when each starts and ends, by nodes and wall time."""
    nodes, limits, cells = matrix(found)
    first, last = found.starts_soonest, found.ends_soonest
    at = f", {_when(found.at)}" if found.at is not None else ""
    told = [
        f"{found.work_node_h:,g} node-h on {found.machine}, partition {found.partition}{at}",
        f"starts soonest  {_told(first)}",
        f"ends soonest    {_told(last)}",
        "",
        "median start / median end, from now; xN: a chain of N jobs; * starts soonest, + ends soonest",
        f"{'nodes':>8s}" + "".join(f"{_hours(limit):>22s}" for limit in limits),
    ]
    for size in nodes:
        row = (_cell(cells.get((size, limit)), first, last) for limit in limits)
        told.append(f"{size:>8,}" + "".join(f"{text:>22s}" for text in row))
    return [*told, "", *found.basis]


def _told(each: Shape) -> str:
    jobs = f", {each.jobs} jobs in a row" if each.jobs > 1 else ""
    band = f"{span(each.start_s[0])} to {span(each.start_s[2])}"
    return (
        f"{each.nodes:,} nodes x {_hours(each.limit_s)}{jobs}: starts {span(each.start_s[1])} ({band}), "
        f"ends {span(each.end_s[1])}"
    )


def _cell(each: Shape | None, first: Shape, last: Shape) -> str:
    if each is None:
        return "-"
    marks = ("*" if each is first else "") + ("+" if each is last else "")
    chain = f" x{each.jobs}" if each.jobs > 1 else ""
    return f"{span(each.start_s[1])} / {span(each.end_s[1])}{chain}{marks}"


def figure(found: Forecast) -> go.Figure:
    """Return the probability of having started by then, the band shaded."""
    import plotly.graph_objects as go

    colours = style.THEMES["light"]
    known = [float(value) / 3600.0 for value in found.wait_s if math.isfinite(value)]
    share = [100.0 * (k + 1) / len(found.wait_s) for k in range(len(known))]
    drawn = go.Figure(layout={"template": go.layout.Template(style.template("light"))})
    drawn.add_scatter(
        x=[0.0, *known], y=[0.0, *share], mode="lines", line={"color": colours["teal"], "shape": "hv"},
        hovertemplate="%{y:.0f} % within %{x:.1f} h<extra></extra>", showlegend=False,
    )  # fmt: skip
    if math.isfinite(found.p90_s):
        drawn.add_vrect(
            x0=found.p10_s / 3600.0,
            x1=found.p90_s / 3600.0,
            fillcolor=colours["teal"],
            opacity=0.12,
            line_width=0,
        )
    last = (
        _SHOWN * max(found.p90_s, 1800.0) / 3600.0 if math.isfinite(found.p90_s) else max(known, default=1.0)
    )
    drawn.update_xaxes(title="hours from now", range=[0.0, last])
    drawn.update_yaxes(title="started, per cent", range=[0, 100])
    drawn.update_layout(height=400, margin={"l": 60, "r": 20, "t": 20, "b": 50})
    return drawn


def write(found: Forecast, path: Path) -> None:
    """Write the page of a forecast: one self-contained HTML file.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    from plotly.offline import get_plotlyjs

    title = f"When will {found.job.nodes:,} nodes for {_hours(found.job.limit_s)} start?"
    drawn = figure(found).to_html(
        full_html=False, include_plotlyjs=False, config={"displayModeBar": False, "responsive": True}
    )
    first, second, *_ = lines(found)
    head = f"<p class=muted>{escape(first)}<br>{escape(second)}</p>{_band(found)}"
    _page(
        title, f"{head}{drawn}{_rests(found.basis, found.notes)}", path, f"<script>{get_plotlyjs()}</script>"
    )


def _band(found: Forecast) -> str:
    """Return P10, P50 and P90 as a table, and how likely a start soon is."""
    rows = "".join(
        f"<tr><td>{name}</td><td>{span(wait)}</td><td class=words>{_when(found.start(wait))}</td>"
        f"<td class=words>{words}</td></tr>"
        for name, wait, words in _told_band(found)
    )
    head = "<tr><th></th><th>wait</th><th>start</th><th></th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table><p>Starts {_soon(found)}.</p>"


def _rests(basis: Sequence[str], notes: Sequence[str]) -> str:
    """Return what an answer rests on, and what had to be said of the state, as lists."""
    parts = (("What it rests on", basis), ("What was mended or set aside", notes))
    return "".join(
        f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in told)}</ul>"
        for title, told in parts
        if told
    )


def write_shapes(found: Shapes, path: Path) -> None:
    """Write the page of shapes: one self-contained HTML file.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    nodes, limits, cells = matrix(found)
    first, last = found.starts_soonest, found.ends_soonest
    head = "".join(f"<th>{_hours(limit)}</th>" for limit in limits)
    rows = ""
    for size in nodes:
        row = ((cells.get((size, limit))) for limit in limits)
        texts = (
            f"<td{' class=best' if each in (first, last) else ''}>{escape(_cell(each, first, last))}</td>"
            for each in row
        )
        rows += f"<tr><td>{size:,}</td>{''.join(texts)}</tr>"
    where = shape_lines(found)[0].split(", ", 1)[1]
    best = f"<p class=muted>{escape(where)}</p><p><b>Starts soonest</b>: {escape(_told(first))}<br>" + (
        f"<b>Ends soonest</b>: {escape(_told(last))}</p>"
    )
    table = f"<table><thead><tr><th>nodes</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    marks = "<p>Median start / median end from now; xN: a chain; * starts soonest, + ends soonest.</p>"
    body = f"{best}{marks}<div class=wide>{table}</div>{_rests(found.basis, found.notes)}"
    _page(f"{found.work_node_h:,g} node-h on {found.machine}", body, path)


def _page(title: str, body: str, path: Path, script: str = "") -> None:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>body{{font-family:{style.FONT}}}{_CSS}</style>{script}</head><body><h1>{escape(title)}</h1>"
        f"{body}</body></html>\n"
    )
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


__all__ = ["csv_text", "figure", "lines", "shape_csv", "shape_lines", "span", "write", "write_shapes"]
