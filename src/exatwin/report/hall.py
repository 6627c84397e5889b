"""Predicted against measured for the warm-water hall: each hour as a point, and hours one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exatwin.report import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.study.validation.zih_scores import HallValidation

SHOWN = ("auxiliaries", "heat extracted", "heat pump electricity")
TITLES = ("Pumps and fans", "Heat extracted from the loops", "Electricity of the heat pumps")


def figure(found: HallValidation) -> go.Figure:
    """Return the figure of the hall: predicted against measured, one panel each, in kW.

    Solid is the line of no error, dotted 10 % off. Gaps between measured days are left out below.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    colours = style.THEMES["light"]
    specs = [[{}, {}, {}], *([{"colspan": 3}, None, None] for _ in SHOWN)]
    drawn = make_subplots(
        rows=4, cols=3, specs=specs, subplot_titles=(*TITLES, *TITLES), row_heights=[0.4, 0.2, 0.2, 0.2],
        vertical_spacing=0.07,
    )  # fmt: skip
    drawn.update_layout(template=go.layout.Template(style.template("light")))
    hours = np.arange(len(found.time_s))
    when = np.datetime64(0, "s") + found.time_s.astype("timedelta64[s]")
    for index, name in enumerate(SHOWN):
        measured, predicted = (1e-3 * values[name] for values in (found.measured_w, found.predicted_w))
        ends = np.array([0.0, max(measured.max(), predicted.max())])
        for factor, dash in ((1.0, "solid"), (1.1, "dot"), (1.0 / 1.1, "dot")):
            line = {"color": colours["grey"], "dash": dash, "width": 1}
            drawn.add_scatter(
                x=ends, y=factor * ends, mode="lines", line=line, hoverinfo="skip", row=1, col=index + 1
            )  # fmt: skip
        drawn.add_scatter(
            x=measured, y=predicted, mode="markers", marker={"color": colours["teal"], "size": 4},
            text=[f"{stamp:%d %B %H:%M}" for stamp in when.tolist()],
            hovertemplate="%{text}: %{x:.1f} measured, %{y:.1f} kW predicted<extra></extra>",
            row=1, col=index + 1,
        )  # fmt: skip
        for values, colour, words in (
            (measured, colours["grey"], "measured"),
            (predicted, colours["teal"], "predicted"),
        ):
            drawn.add_scatter(
                x=hours, y=values, mode="lines", line={"color": colour, "width": 1.2}, name=words,
                hovertemplate=f"%{{y:.1f}} kW {words}<extra></extra>", row=index + 2, col=1,
            )  # fmt: skip
        drawn.update_xaxes(title="measured, kW", row=1, col=index + 1)
        drawn.update_yaxes(title="kW", row=index + 2, col=1)
    drawn.update_xaxes(title="hours of measured days", row=4, col=1)
    drawn.update_yaxes(title="predicted, kW", row=1, col=1)
    errors = _errors(found)
    drawn.update_layout(
        height=1180, width=960, showlegend=False, margin={"t": 190}, meta={"alt": "; ".join(errors)},
        title={"text": "<br>".join((found.title, *(f"<sup>{line}</sup>" for line in errors))), "y": 0.95},
    )  # fmt: skip
    return drawn


def _errors(found: HallValidation) -> list[str]:
    scored = [score for score in found.scores if score.goal is not None]
    return [f"{s.quantity}: CV(RMSE) {s.cv_rmse:.1%}, NMBE {s.nmbe:+.1%}" for s in scored]


__all__ = ["figure"]
