"""Waiting time by job size."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from exatwin.report.figures.base import empty, figure
from exatwin.report.source import Reportable, place_word, window
from exatwin.report.statistics import waits_by_size
from exatwin.report.style import DARK, faded
from exatwin.report.words import duration

TICKS_S = (0, 60, 600, 3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400, 120 * 86400)


def _stretched(wait_s: object) -> np.ndarray:
    """Return waits on a scale that is linear below a minute and logarithmic above."""
    return np.asarray(np.log10(1.0 + np.asarray(wait_s, np.float64) / 60.0))


@figure("waits", "Waiting time by job size", "line P10–P90 · box P25–P75 · bar median", basis=("schedule",))
def waits(result: Reportable) -> go.Figure:
    """Return the distribution of waits by size class: P10, P25, P50, P75, P90."""
    word = place_word(result)
    classes = [found for found in waits_by_size(result.schedule, window(result)[0]) if found.jobs]
    labels = [_short(found.label) for found in classes]
    texts = [_hover(found.label, found.jobs, found.quantiles_s, found.mean_s, word) for found in classes]
    medians = [f"{found.label} {word}s {duration(found.quantiles_s[2])}" for found in classes]
    drawn = empty(
        "Median wait: " + ("; ".join(medians) or "no job started") + ".",
        hovermode="closest",
        showlegend=False,
    )
    if not classes:
        return drawn
    p10, p25, p50, p75, p90 = _stretched([found.quantiles_s for found in classes]).T
    colour = DARK["orange"]
    drawn.add_box(
        x=labels, lowerfence=p10, q1=p25, median=p50, q3=p75, upperfence=p90, hoverinfo="skip", width=0.56,
        line={"color": colour, "width": 1.4}, fillcolor=faded(colour, 0.28), whiskerwidth=0.4,
    )  # fmt: skip
    drawn.add_scatter(
        x=labels, y=p50, mode="markers", marker={"color": colour, "size": 20, "opacity": 0},
        hovertext=texts, hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    top = max(p90.max(), float(_stretched(600)))
    ticks = [tick for tick in TICKS_S if float(_stretched(tick)) <= top + 0.3]
    drawn.update_layout(
        xaxis={
            "title": {"text": f"{word}s"},
            "type": "category",
            "showgrid": False,
            "tickangle": 0,
            "tickfont": {"size": 10},
        },
        yaxis={
            "tickvals": _stretched(ticks),
            "ticktext": [duration(tick) for tick in ticks],
            "rangemode": "tozero",
        },
        margin={"t": 8},
    )
    return drawn


def _short(label: str) -> str:
    """Return the label of a size class with its thousands as k.

    Examples
    --------
    >>> _short("257–1024"), _short("1025–4096"), _short("4097–5884")
    ('257–1k', '1k–4k', '4k–5.9k')
    """
    return "–".join(end if int(end) < 1000 else _thousands(int(end)) for end in label.split("–"))


def _thousands(size: int) -> str:
    return f"{size / 1024:.1f}k".replace(".0k", "k") if size % 1024 <= 1 else f"{size / 1000:.1f}k"


def _hover(label: str, jobs: int, quantiles_s: tuple[float, ...], mean_s: float, word: str) -> str:
    rows = [f"<b>{label} {word}s</b> · {jobs:,} jobs"]
    rows += [f"P{p}: {duration(value)}" for p, value in zip((10, 25, 50, 75, 90), quantiles_s, strict=True)]
    return "<br>".join([*rows, f"mean: {duration(mean_s)}"])
