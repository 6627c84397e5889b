"""Utilisation and queue over time."""

from __future__ import annotations

import plotly.graph_objects as go

from exatwin.report.figures.base import figure, line, right_axis, time_figure
from exatwin.report.source import Reportable, place_word
from exatwin.report.style import DARK, faded


@figure(
    "usage",
    "Utilisation and queue",
    "% held · jobs waiting",
    basis=("schedule",),
    needs=("allocated_nodes",),
    over_time=True,
)
def usage(result: Reportable) -> go.Figure:
    """Return the share of the machine that jobs hold [%] and the number of jobs that wait, over time."""
    held, capacity = result.signals["allocated_nodes"], result.schedule.capacity
    alt = f"Utilisation: mean {100 * held.mean() / capacity:.1f} % of {capacity:,} {place_word(result)}s."
    layout = {"yaxis": {"title": {"text": "% held"}, "range": [0, 102]}, "yaxis2": right_axis("jobs waiting")}
    drawn = time_figure(result, alt, **layout)
    trace = line(result, held, "utilisation", DARK["green"], scale=100 / capacity, form=".1f", unit="%")
    drawn.add_trace(trace.update(fill="tozeroy", fillcolor=faded(DARK["green"], 0.12)))
    if "queued_jobs" in result.signals:
        queue = result.signals["queued_jobs"]
        drawn.add_trace(line(result, queue, "queue", DARK["orange"], form=",.0f", unit="jobs", axis="y2"))
        drawn.update_layout(yaxis2_rangemode="tozero")
    return drawn
