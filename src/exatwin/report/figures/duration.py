"""How long which power is drawn."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from exatwin.report.figures.base import empty, figure
from exatwin.report.source import Reportable
from exatwin.report.statistics import step_for
from exatwin.report.style import DARK, faded

POINTS = 400


@figure("load_duration", "Load duration", "MW · hours at or above", needs=("facility_w", "it_w"))
def load_duration(result: Reportable) -> go.Figure:
    """Return the powers of facility and machine by the hours in which they are reached or exceeded [MW]."""
    meter = result.signals["facility_w"]
    step = min(900.0, step_for(meter.start_s, meter.end_s, 40_000))
    lines = {}
    for key, name, colour in (("facility_w", "facility", "blue"), ("it_w", "IT", "teal")):
        steps = result.signals[key].mean(step)
        order = np.argsort(-steps.values, kind="stable")
        hours = np.concatenate(([0.0], np.cumsum(steps.widths_s[order]) / 3600.0))
        power = np.concatenate((steps.values[order[:1]], steps.values[order])) / 1e6
        at = np.linspace(0.0, hours[-1], POINTS)
        lines[name] = (at, np.interp(at, hours, power), colour)
    at, power, _ = lines["facility"]
    half = float(np.interp(at[-1] / 2, at, power))
    alt = f"Facility power from {power[0]:.2f} to {power[-1]:.2f} MW, above {half:.2f} MW half of the time."
    axis = {"title": {"text": f"hours of {at[-1]:,.0f}"}, "range": [0, at[-1]], "hoverformat": ",.0f"}
    drawn = empty(alt, xaxis=axis, yaxis={"title": {"text": "MW"}, "rangemode": "tozero"})
    for name, (x, y, colour) in lines.items():
        drawn.add_scatter(
            x=x, y=y.astype(np.float32), name=name, mode="lines", line={"color": DARK[colour], "width": 1.8},
            fill="tozeroy", fillcolor=faded(DARK[colour], 0.12), hovertemplate="%{y:,.2f} MW",
        )  # fmt: skip
    return drawn
