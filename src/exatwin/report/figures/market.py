"""Price and carbon intensity of the grid over time."""

from __future__ import annotations

import plotly.graph_objects as go

from exatwin.report.figures.base import figure, line, right_axis, time_figure
from exatwin.report.source import Reportable
from exatwin.report.style import DARK

J_PER_MWH = 3.6e9
J_PER_KWH = 3.6e6


@figure(
    "market", "Price and carbon", "EUR/MWh · g CO₂e/kWh", basis=("market",),
    needs=("price_eur_j", "carbon_kgco2e_j"), over_time=True,
)  # fmt: skip
def market(result: Reportable) -> go.Figure:
    """Return the day-ahead price [EUR/MWh] and the carbon intensity [g CO2e/kWh] of the grid over time."""
    price, carbon = result.signals["price_eur_j"], result.signals["carbon_kgco2e_j"]
    alt = f"Price: mean {J_PER_MWH * price.mean():.0f} EUR/MWh. "
    alt += f"Carbon intensity: mean {1e3 * J_PER_KWH * carbon.mean():.0f} g CO2e/kWh."
    layout = {"yaxis": {"title": {"text": "EUR/MWh"}}, "yaxis2": right_axis("g/kWh", rangemode="tozero")}
    drawn = time_figure(result, alt, **layout)
    drawn.add_trace(
        line(result, price, "price", DARK["yellow"], scale=J_PER_MWH, form=",.0f", unit="EUR/MWh", dash="dot")
    )
    drawn.add_trace(
        line(
            result,
            carbon,
            "carbon",
            DARK["green"],
            scale=1e3 * J_PER_KWH,
            form=",.0f",
            unit="g/kWh",
            axis="y2",
            dash="dot",
        )
    )
    return drawn
