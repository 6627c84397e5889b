"""Heat and water by month, or by day for short windows."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import plotly.graph_objects as go

from exatwin.foundation.arrays import Float64
from exatwin.foundation.signal import Signal
from exatwin.report.figures.base import empty, figure, right_axis
from exatwin.report.source import Reportable, instant, window
from exatwin.report.style import DARK, faded

DAYS = 62
"""Up to so many days a bar is a day."""
MOST_MONTHS = 40
"""Beyond so many months a bar is a year."""


@figure(
    "months", "Heat and water", "heat in MWh, bars · water in m³, dots",
    needs=("heat_to_water_w", "heat_to_air_w", "water_kg_s"),
)  # fmt: skip
def months(result: Reportable) -> go.Figure:
    """Return heat [MWh] by where it goes, and water taken in [m³], by month (by day, by year)."""
    signals = result.signals
    starts, names = _spans(result)
    edges = np.array(starts)
    heat, room = (_sums(signals[key], edges) / 3.6e9 for key in ("heat_to_water_w", "heat_to_air_w"))
    reused = _sums(signals["heat_reused_w"], edges) / 3.6e9 if "heat_reused_w" in signals else 0.0 * heat
    water = _sums(signals["water_kg_s"], edges) / 1e3
    alt = f"Heat {heat.sum() + room.sum():,.0f} MWh, of which {reused.sum():,.0f} reused; "
    alt += f"water {water.sum():,.1f} m³."
    top = max(1.0, 1.15 * float(water.max(initial=0.0)))
    right = right_axis("m³", range=[0.0, top])
    layout = {"barmode": "stack", "bargap": 0.25, "yaxis": {"title": {"text": "MWh"}}, "yaxis2": right}
    drawn = empty(alt, xaxis={"type": "category"}, **layout)
    for values, name, colour in (
        (np.minimum(reused, heat), "reused", "green"),
        (heat - np.minimum(reused, heat), "coolers", "orange"),
        (room, "rooms", "purple"),
    ):
        if values.any():
            drawn.add_bar(
                x=names, y=values, name=name, hovertemplate="%{y:,.0f} MWh",
                marker={"color": faded(DARK[colour], 0.8), "line": {"width": 0}},
            )  # fmt: skip
    drawn.add_scatter(
        x=names, y=water, name="water", yaxis="y2", mode="markers", hovertemplate="%{y:,.1f} m³",
        marker={"color": DARK["blue"], "size": 8, "symbol": "diamond"},
    )  # fmt: skip
    return drawn


def _sums(signal: Signal, edges: Float64) -> Float64:
    found: Signal = signal.over(edges)
    return found.values * found.widths_s


def _spans(result: Reportable) -> tuple[list[float], list[str]]:
    """Return the edges [s] of days, months or years in the window, and their names."""
    start, end = window(result)
    days = (end - start) / 86400.0
    form = "%d %b" if days <= DAYS else "%b %y" if days <= 30.5 * MOST_MONTHS else "%Y"
    if form == "%b %y" and instant(result, start).year == instant(result, end - 1.0).year:
        form = "%b"
    edges, names, here = [start], [], instant(result, start)
    while edges[-1] < end - 1e-6:
        names.append(f"{here:{form}}")
        after = _next(here, form)
        edges.append(min(end, edges[-1] + (after - here).total_seconds()))
        here = after
    return edges, names


def _next(when: datetime, form: str) -> datetime:
    """Return the start of the next day, month or year."""
    day = when.replace(hour=0, minute=0, second=0, microsecond=0)
    if "%d" in form:
        return day + timedelta(days=1)
    if "%b" in form:
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day.replace(year=day.year + 1, month=1, day=1)
