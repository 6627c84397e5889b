"""PUE against the temperature outside."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from exatwin.foundation.arrays import Float64
from exatwin.report.figures.base import empty, figure
from exatwin.report.source import Reportable
from exatwin.report.style import DARK, INFERNO

MOST = 1500
ZERO_C_K = 273.15


@figure(
    "pue_air", "PUE and outdoor temperature", "ratio · °C, a dot an hour, coloured by IT power in MW",
    basis=("modelled", "weather"), needs=("pue", "air_k", "it_w", "facility_w"),
)  # fmt: skip
def pue_air(result: Reportable) -> go.Figure:
    """Return the PUE of hours over the temperature outside [1, °C], and its course by the degree."""
    signals = result.signals
    it, meter, air = (signals[key].mean(3600.0) for key in ("it_w", "facility_w", "air_k"))
    known = it.values > 0.02 * it.values.max(initial=0.0)
    load, whole = it.values[known], meter.values[known]
    pue, warm = whole / load, air.values[known] - ZERO_C_K
    cold, ratio = _by_degree(warm, load, whole)
    alt = f"PUE of hours from {pue.min():.3f} to {pue.max():.3f} at {warm.min():.0f} to {warm.max():.0f} °C."
    layout = {
        "xaxis": {"title": {"text": "outdoor air [°C]"}},
        "yaxis": {"title": {"text": "PUE"}, "tickformat": ".3f", "range": _range(pue, ratio)},
        "hovermode": "closest",
    }
    drawn = empty(alt, **layout)
    some = slice(None, None, -(-len(pue) // MOST))
    bar = {"thickness": 8, "outlinewidth": 0, "title": {"text": "MW", "font": {"size": 11}}}
    drawn.add_scatter(
        x=warm[some].astype(np.float32), y=pue[some].astype(np.float32), mode="markers", name="hours",
        marker={"size": 4, "opacity": 0.7, "color": (load[some] / 1e6).astype(np.float32),
                "colorscale": INFERNO, "colorbar": bar},
        hovertemplate="%{x:.1f} °C: PUE %{y:.4f} at %{marker.color:.2f} MW<extra></extra>", showlegend=False,
    )  # fmt: skip
    if len(cold) > 1:
        drawn.add_scatter(
            x=cold, y=ratio, mode="lines", name="by the degree", line={"color": DARK["purple"], "width": 2.4},
            hovertemplate="%{x:.0f} °C: PUE %{y:.4f}<extra></extra>",
        )  # fmt: skip
    return drawn


def _by_degree(warm: Float64, load: Float64, whole: Float64) -> tuple[Float64, Float64]:
    """Return degrees and the ratio of energies in each."""
    degree = np.round(warm).astype(np.int64)
    first = int(degree.min(initial=0))
    drawn = np.bincount(degree - first, weights=load)
    used = np.bincount(degree - first, weights=whole)
    kept = drawn > 0
    return (np.flatnonzero(kept) + first).astype(np.float64), used[kept] / drawn[kept]


def _range(pue: Float64, course: Float64) -> list[float]:
    """Return the vertical range: the course, and all but the hours in which the machine hardly runs."""
    low, high = float(pue.min()), max(float(np.quantile(pue, 0.995)), float(course.max()))
    room = 0.08 * max(high - low, 1e-3)
    return [low - room, high + room]
