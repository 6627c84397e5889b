"""IT and facility power over time."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from exatwin.foundation.units import show
from exatwin.report.figures.base import closed, figure, grid_edges, line, time_figure, times_ms
from exatwin.report.source import Reportable
from exatwin.report.statistics import envelope
from exatwin.report.style import DARK, faded


@figure("power", "Power", "MW · means, band = extremes between them", needs=("it_w",), over_time=True)
def power(result: Reportable) -> go.Figure:
    """Return IT and facility power over time [MW] with the extremes of IT power between the plotted means."""
    it = result.signals["it_w"]
    alt = f"IT power: mean {show(it.mean(), 'W')}, from {show(it.min(), 'W')} to {show(it.max(), 'W')}."
    drawn = time_figure(result, alt, yaxis={"title": {"text": "MW"}})
    edges = grid_edges(it)
    low, high = envelope(it, edges)
    for bound, fill in ((low, None), (high, "tonexty")):
        drawn.add_scatter(
            x=times_ms(result, edges),
            y=closed(bound / 1e6).astype(np.float32),
            mode="lines",
            line={"width": 0, "shape": "hv"},
            fill=fill,
            fillcolor=faded(DARK["teal"], 0.22),
            hoverinfo="skip",
            showlegend=False,
        )
    drawn.add_trace(line(result, it, "IT", DARK["teal"], scale=1e-6, unit="MW"))
    if "facility_w" in result.signals:
        facility = result.signals["facility_w"]
        drawn.add_trace(line(result, facility, "facility", DARK["orange"], scale=1e-6, unit="MW"))
    return drawn
