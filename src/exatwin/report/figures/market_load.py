"""Whether power is drawn while it is cheap and clean."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from exatwin.report.figures.base import empty, figure
from exatwin.report.figures.market import J_PER_KWH, J_PER_MWH
from exatwin.report.source import Reportable
from exatwin.report.style import DARK

MOST = 1500


@figure(
    "market_load", "Price and carbon against load", "EUR/MWh · MW from the grid, coloured by g CO₂e/kWh",
    basis=("modelled", "market"), needs=("facility_w", "price_eur_j", "carbon_kgco2e_j"),
)  # fmt: skip
def market_load(result: Reportable) -> go.Figure:
    """Return the power drawn in each hour [MW] over the hour's price [EUR/MWh] and carbon [g CO2e/kWh]."""
    signals = result.signals
    keys = ("grid_w" if "grid_w" in signals else "facility_w", "price_eur_j", "carbon_kgco2e_j")
    hours = [signals[key].mean(3600.0).values for key in keys]
    known = np.isfinite(hours[1]) & np.isfinite(hours[2])
    power, price, carbon = (each[known] for each in hours)
    power, price, carbon = power / 1e6, price * J_PER_MWH, 1e3 * carbon * J_PER_KWH
    alt = _compared(power, price, carbon)
    axis = {"title": {"text": "day-ahead price [EUR/MWh]"}}
    own = {"title": {"text": "MW"}, "rangemode": "tozero" if "grid_w" in signals else "normal"}
    drawn = empty(alt, xaxis=axis, yaxis=own, hovermode="closest")
    some = slice(None, None, max(1, -(-len(power) // MOST)))
    bar = {"thickness": 8, "outlinewidth": 0, "title": {"text": "g/kWh", "font": {"size": 11}}}
    scale = [[0.0, DARK["green"]], [0.5, DARK["yellow"]], [1.0, DARK["red"]]]
    drawn.add_scatter(
        x=price[some].astype(np.float32), y=power[some].astype(np.float32), mode="markers", name="hours",
        marker={"size": 5, "opacity": 0.75, "color": carbon[some].astype(np.float32), "colorscale": scale,
                "colorbar": bar},
        hovertemplate="%{x:,.0f} EUR/MWh, %{marker.color:,.0f} g/kWh: %{y:.2f} MW<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    drawn.add_annotation(
        text=alt, x=0, y=1.02, xref="paper", yref="paper", xanchor="left", yanchor="bottom", showarrow=False,
        font={"size": 11, "color": DARK["grey"]},
    )  # fmt: skip
    return drawn


def _compared(power: np.ndarray, price: np.ndarray, carbon: np.ndarray) -> str:
    """Return in a sentence what the drawn energy meets beside the mean hour."""
    total = power.sum()
    if not total > 0:
        return "Nothing is drawn from the grid."
    met = (power @ price / total, power @ carbon / total)
    return (
        f"Energy drawn meets {met[0]:.1f} EUR/MWh and {met[1]:.0f} g/kWh; "
        f"the mean hour has {price.mean():.1f} and {carbon.mean():.0f}."
    )
