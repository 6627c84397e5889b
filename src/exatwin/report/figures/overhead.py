"""What the facility draws on top of the machine, over time."""

from __future__ import annotations

import plotly.graph_objects as go

from exatwin.report.figures.base import figure, line, time_figure
from exatwin.report.source import Reportable
from exatwin.report.style import DARK, faded

PARTS = (
    ("fixed_w", "fixed", "grey"),
    ("chain_loss_w", "power chain losses", "purple"),
    ("room_w", "room cooling", "yellow"),
    ("pump_w", "pumps", "blue"),
    ("fan_w", "fans", "teal"),
)


@figure("overhead", "Overhead", "kW on top of IT, stacked", needs=("chain_loss_w",), over_time=True)
def overhead(result: Reportable) -> go.Figure:
    """Return the losses and auxiliaries of the facility over time, stacked [kW]."""
    known = [(key, name, colour) for key, name, colour in PARTS if key in result.signals]
    means = [f"{name} {result.signals[key].mean() / 1e3:,.0f} kW" for key, name, _ in known]
    drawn = time_figure(result, f"Mean overhead: {', '.join(means)}.", yaxis={"title": {"text": "kW"}})
    for key, name, colour in known:
        trace = line(
            result, result.signals[key], name, DARK[colour], scale=1e-3, form=",.0f", unit="kW", width=0.8
        )
        drawn.add_trace(trace.update(stackgroup="overhead", fillcolor=faded(DARK[colour], 0.55)))
    return drawn
