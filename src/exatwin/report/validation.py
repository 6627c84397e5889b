"""Predicted against measured: one self-contained page with a figure for each validated model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exatwin.report import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.study.validate import Validation


def figure(found: Validation) -> go.Figure:
    """Return the figure of one model: every scored row, the line of no error, and what lies 15 % off."""
    import plotly.graph_objects as go

    colours = style.THEMES["light"]
    ends = [f(row.measured for row in found.rows) for f in (min, max)] if found.rows else [1.0, 10.0]
    drawn = go.Figure(layout={"template": go.layout.Template(style.template("light"))})
    for factor, dash in ((1.0, "solid"), (1.15, "dot"), (1.0 / 1.15, "dot")):
        line = {"color": colours["grey"], "dash": dash, "width": 1}
        drawn.add_scatter(
            x=ends,
            y=[factor * end for end in ends],
            mode="lines",
            line=line,
            hoverinfo="skip",
            showlegend=False,
        )
    drawn.add_scatter(
        x=[row.measured for row in found.rows],
        y=[row.predicted for row in found.rows],
        text=[f"{row.name}, {row.error:+.1%}" for row in found.rows],
        mode="markers",
        marker={"color": colours["teal"], "size": 6},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    drawn.update_xaxes(type="log", title=f"measured, {found.unit}")
    drawn.update_yaxes(type="log", title=f"predicted, {found.unit}")
    drawn.update_layout(height=520, width=720, title=f"{found.title}; dotted: 15 % off")
    return drawn


def write(found: Sequence[Validation], path: Path) -> Path:
    """Write the page of all models to `path`, and return it.

    Raises
    ------
    OutputError
        The file can't be written there.
    """
    from plotly.offline import get_plotlyjs

    from exatwin.foundation.errors import OutputError

    drawn = "".join(figure(each).to_html(full_html=False, include_plotlyjs=False) for each in found)
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Validation</title>'
        f"<style>body{{font-family:{style.FONT}}}</style><script>{get_plotlyjs()}</script></head>"
        f"<body><h1>Predicted against measured</h1>{drawn}</body></html>\n"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from None
    return path


__all__ = ["figure", "write"]
