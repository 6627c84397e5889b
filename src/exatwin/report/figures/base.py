"""How a figure is declared, and what the figures over time have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.signal import Signal
from exatwin.report import style
from exatwin.report.source import Reportable, epoch_ms, has, window
from exatwin.report.statistics import step_for, thin

Draw = Callable[[Reportable], go.Figure]


@dataclass(frozen=True)
class About:
    """What the page says of a figure."""

    title: str
    """Heading."""
    unit: str
    """Units and reading aid under the heading."""
    basis: tuple[str, ...]
    """How its numbers are known (see :func:`exatwin.report.source.basis_of`)."""
    needs: tuple[str, ...]
    """What a result must hold for it (see :func:`exatwin.report.source.has`)."""
    height_px: int
    """Height on the page."""
    over_time: bool
    """Whether its horizontal axis is time, which the page keeps in step with the other figures."""


FIGURES: dict[str, Draw] = {}
ABOUT: dict[str, About] = {}


def figure(
    name: str,
    title: str,
    unit: str,
    *,
    basis: tuple[str, ...] = ("modelled",),
    needs: tuple[str, ...] = (),
    height_px: int = 270,
    over_time: bool = False,
) -> Callable[[Draw], Draw]:
    """Return a decorator that registers a figure under `name`."""

    def remember(draw: Draw) -> Draw:
        FIGURES[name] = draw
        ABOUT[name] = About(title, unit, basis, needs, height_px, over_time)
        return draw

    return remember


def available(result: Reportable) -> list[str]:
    """Return the names of the figures that `result` holds the data of."""
    return [name for name in FIGURES if all(has(result, need) for need in ABOUT[name].needs)]


@cache
def _template() -> go.layout.Template:  # checking it anew for each figure would take most of the page's time
    return go.layout.Template(style.template("dark"))


def empty(alt: str, **layout: Any) -> go.Figure:
    """Return a figure without traces in the house style; `alt` is its text for those who can't see it."""
    return go.Figure(layout={"template": _template(), "meta": {"alt": alt}, **layout})


def time_figure(result: Reportable, alt: str, **layout: Any) -> go.Figure:
    """Return an empty figure whose horizontal axis is the time of the window, UTC."""
    start, end = window(result)
    axis = {
        "type": "date",
        "range": [epoch_ms(result, start), epoch_ms(result, end)],
        "hoverformat": "%a %d %b %H:%M",
    }
    return empty(alt, xaxis=axis, **layout)


def line(
    result: Reportable,
    signal: Signal,
    name: str,
    colour: str,
    *,
    scale: float = 1.0,
    shift: float = 0.0,
    form: str = ",.2f",
    unit: str = "",
    axis: str = "y",
    dash: str = "solid",
    width: float = 1.6,
) -> go.Scatter:
    """Return `signal` as a stepped line of at most a thousand steps, in ``scale × value + shift``."""
    steps = thin(signal)
    return go.Scatter(
        x=times_ms(result, steps.edges_s),
        y=closed(scale * steps.values + shift).astype(np.float32),
        name=name,
        yaxis=axis,
        mode="lines",
        line={"color": colour, "width": width, "shape": "hv", "dash": dash},
        hovertemplate=f"%{{y:{form}}} {unit}".rstrip(),
    )


def times_ms(result: Reportable, times_s: Float64 | Int64) -> Float64:
    """Return simulation times [s] as milliseconds since 1970, as date axes take them."""
    return np.round(epoch_ms(result, 0.0) + 1e3 * np.asarray(times_s, np.float64))


def closed(values: Float64) -> Float64:
    """Return `values` with the last repeated, so that a stepped line runs to the end of its last piece."""
    return np.append(values, values[-1])


def grid_edges(signal: Signal) -> Float64:
    """Return the edges [s] of round steps over `signal`, at most a thousand."""
    step = step_for(signal.start_s, signal.end_s)
    count = max(1, int(np.ceil((signal.end_s - signal.start_s) / step - 1e-9)))
    edges: Float64 = np.minimum(signal.start_s + step * np.arange(count + 1), signal.end_s)
    return edges


def right_axis(title: str, **more: Any) -> dict[str, Any]:
    """Return a second vertical axis on the right, without a grid of its own."""
    own = {"overlaying": "y", "side": "right", "showgrid": False, "tickmode": "auto"}
    return {**own, "title": {"text": title}, **more}
