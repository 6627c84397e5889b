"""PUE and the warm-water loop over time, with the weather outside."""

from __future__ import annotations

import plotly.graph_objects as go

from exatwin.report.figures.base import figure, line, right_axis, time_figure
from exatwin.report.source import Reportable
from exatwin.report.style import DARK

TEMPERATURES = (
    ("return_k", "return", "red", "solid"),
    ("supply_k", "supply", "blue", "solid"),
    ("air_k", "outdoor air", "grey", "dot"),
    ("wet_bulb_k", "wet bulb", "teal", "dot"),
)
ZERO_C_K = 273.15


@figure(
    "loop", "PUE and warm-water loop", "ratio · °C, dotted = weather", basis=("modelled", "weather"),
    needs=("pue", "supply_k"), over_time=True,
)  # fmt: skip
def loop(result: Reportable) -> go.Figure:
    """Return PUE, supply and return temperature and the weather outside over time [1, °C]."""
    signals = result.signals
    alt = f"PUE from {signals['pue'].min():.3f} to {signals['pue'].max():.3f}; "
    alt += f"supply at {signals['supply_k'].mean() - ZERO_C_K:.1f} °C on average."
    layout = {"yaxis": {"title": {"text": "PUE"}, "tickformat": ".3f"}, "yaxis2": right_axis("°C")}
    drawn = time_figure(result, alt, **layout)
    drawn.add_trace(line(result, signals["pue"], "PUE", DARK["purple"], form=".4f", width=2.0))
    for key, name, colour, dash in TEMPERATURES:
        if key in signals:
            trace = line(
                result, signals[key], name, DARK[colour],
                shift=-ZERO_C_K, form=".1f", unit="°C", axis="y2", dash=dash,
            )  # fmt: skip
            drawn.add_trace(trace)
    return drawn
