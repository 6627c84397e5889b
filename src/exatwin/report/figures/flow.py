"""Where the energy comes from, what uses it and where its heat goes."""

from __future__ import annotations

import plotly.graph_objects as go

from exatwin.foundation.units import show
from exatwin.report.energy import Link, energy_flow
from exatwin.report.figures.base import empty, figure
from exatwin.report.source import Reportable
from exatwin.report.style import DARK, faded

HEIGHT_PX, PAD_PX = 400, 14
COLUMNS_X = (0.001, 0.27, 0.6, 0.999)
COLOURS = {
    "grid": "teal",
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
    depth = _depths(links, names)
    sinks = [name for name in names if not any(link.source == name for link in links)]
    shares = ", ".join(f"{show(through[name], 'W')} to {name.lower()}" for name in sinks)
    drawn = empty(f"{show(through['Grid'], 'W')} from the grid; {shares}.", hovermode="closest")
    drawn.add_sankey(
        arrangement="snap",
        valueformat=".2f",
        valuesuffix=" MW",
        node={
            "label": [_label(name, through[name], depth[name]) for name in names],
            "x": [COLUMNS_X[depth[name]] for name in names],
            "y": _heights(names, through, depth),
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
    drawn.update_layout(margin={"l": 4, "r": 4, "t": 8, "b": 12})
    return drawn


def _depths(links: list[Link], names: list[str]) -> dict[str, int]:
    """Return the column of each place: the grid, what draws, what carries the heat, where it ends."""
    drawing = {link.target for link in links if link.source == "Grid"}
    giving = {link.source for link in links}
    return {n: 0 if n == "Grid" else 1 if n in drawing else 2 if n in giving else 3 for n in names}


def _label(name: str, watts: float, column: int) -> str:
    return f"{name}{'<br>' if column > 1 else ' '}{watts / 1e6:.2f}"


def _heights(names: list[str], through: dict[str, float], depth: dict[str, int]) -> list[float]:
    """Return the centre of each place from the top (0 to 1): in order down its column, with room between."""
    largest = max(sum(through[n] for n in names if depth[n] == column) for column in range(4))
    most = max(sum(depth[n] == column for n in names) for column in range(4))
    gap, middle = PAD_PX / HEIGHT_PX, {}
    scale = (1.0 - gap * (most - 1)) / largest
    for column in range(4):
        members = [n for n in names if depth[n] == column]
        used = scale * sum(through[n] for n in members)
        space = (1.0 - used) / max(1, len(members) - 1) if column > 1 else gap
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
