"""Where the energy comes from, what uses it and where its heat goes."""

from __future__ import annotations

import plotly.graph_objects as go

from exatwin.foundation.units import show
from exatwin.report.energy import Link, energy_flow, hub_of
from exatwin.report.figures.base import empty, figure
from exatwin.report.source import Reportable
from exatwin.report.style import DARK, faded

HEIGHT_PX, PAD_PX = 400, 14
TOP_PX, FOOT_PX = 8, 12
COLUMNS_X = {4: (0.001, 0.27, 0.6, 0.999), 5: (0.001, 0.17, 0.4, 0.68, 0.999)}
"""Where columns stand, by their number: with contracts a site has one more."""
COLOURS = {
    "grid": "teal",
    "wind": "green",
    "sun": "yellow",
    "engine": "red",
    "sold": "grey",
    "reuse": "green",
    "it": "teal",
    "facility": "blue",
    "water": "orange",
    "room": "purple",
    "outdoors": "red",
}


@figure(
    "flow",
    "Energy flow",
    "MW, mean over the window · width ∝ power",
    needs=("power", "facility_w"),
    height_px=HEIGHT_PX,
)
def flow(result: Reportable) -> go.Figure:
    """Return the flow of energy from the grid through the machine and the plant to the air outside [MW]."""
    links = energy_flow(result)
    names = list(dict.fromkeys(name for link in links for name in (link.source, link.target)))
    through = {name: _through(links, name) for name in names}
    hub = hub_of(result)
    depth = _depths(links, names, hub)
    near = {link.target for link in links if link.source == hub}
    places = COLUMNS_X[4 if hub == "Grid" else 5]
    sinks = [name for name in names if not any(link.source == name for link in links)]
    shares = ", ".join(f"{show(through[name], 'W')} to {name.lower()}" for name in sinks)
    given = [name for name in names if depth[name] == 0]
    whence = ", ".join(f"{show(through[name], 'W')} from the {name.lower()}" for name in given)
    drawn = empty(f"{whence}; {shares}.", hovermode="closest")
    drawn.add_sankey(
        arrangement="snap",
        valueformat=".2f",
        valuesuffix=" MW",
        node={
            "label": [
                _label(name, through[name], depth[name] < len(places) - 2 or name in near) for name in names
            ],
            "x": [places[depth[name]] for name in names],
            "y": _heights(names, through, depth, len(places)),
            "color": [DARK[COLOURS[_kind(links, name)]] for name in names],
            "line": {"width": 0},
            "thickness": 9,
            "pad": PAD_PX,
            "hovertemplate": "%{label} MW<extra></extra>",
        },
        link={
            "source": [names.index(link.source) for link in links],
            "target": [names.index(link.target) for link in links],
            "value": [link.mean_w / 1e6 for link in links],
            "color": [faded(DARK[COLOURS[link.kind]], 0.36) for link in links],
            "hovertemplate": "%{source.label} → %{target.label}<br><b>%{value}</b><extra></extra>",
        },
    )
    drawn.update_layout(margin={"l": 4, "r": 4, "t": TOP_PX, "b": FOOT_PX})
    return drawn


def _depths(links: list[Link], names: list[str], hub: str) -> dict[str, int]:
    """Return the column of each place: sources, hub, what draws, what carries heat, where it ends."""
    feeding = {link.source for link in links if link.target == hub}
    drawing = {link.target for link in links if link.source == hub}
    giving = {link.source for link in links}
    first = 1 if feeding else 0

    def column(name: str) -> int:
        if name in feeding:
            return 0
        if name == hub:
            return first
        if name not in giving:
            return first + 3
        return first + (1 if name in drawing else 2)

    return {name: column(name) for name in names}


def _label(name: str, watts: float, beside: bool) -> str:
    return f"{name}{' ' if beside else '<br>'}{watts / 1e6:.2f}"


def _heights(names: list[str], through: dict[str, float], depth: dict[str, int], columns: int) -> list[float]:
    """Return the centre of each place from the top (0 to 1): in order down its column, with room between."""
    largest = max(sum(through[n] for n in names if depth[n] == column) for column in range(columns))
    most = max(sum(depth[n] == column for n in names) for column in range(columns))
    gap, middle = PAD_PX / (HEIGHT_PX - TOP_PX - FOOT_PX), {}
    scale = (1.0 - gap * (most - 1)) / largest
    for column in range(columns):
        members = [n for n in names if depth[n] == column]
        used = scale * sum(through[n] for n in members)
        space = (1.0 - used) / max(1, len(members) - 1) if column > columns - 3 else gap
        top = 0.0 if len(members) > 1 else (1.0 - used) / 2
        for name in members:
            middle[name] = min(0.999, max(0.001, top + scale * through[name] / 2))
            top += scale * through[name] + space
    return [middle[name] for name in names]


def _through(links: list[Link], name: str) -> float:
    given = sum(link.mean_w for link in links if link.source == name)
    taken = sum(link.mean_w for link in links if link.target == name)
    return max(given, taken)


def _kind(links: list[Link], name: str) -> str:
    arriving = [link.kind for link in links if link.target == name]
    return arriving[0] if arriving else "grid"
