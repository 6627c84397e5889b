"""The floor plan: every node where it stands, coloured by its mean power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64, Int32
from exatwin.report.figures.base import empty, figure
from exatwin.report.source import Reportable, window
from exatwin.report.statistics import node_busy_frac, node_mean_w
from exatwin.report.style import INFERNO

MOST_CELLS = 40_000
ASPECT = 2.6
"""Width over height of the drawing area."""


@dataclass(frozen=True)
class Plan:
    """Where each cell of a machine's floor plan is drawn."""

    row: Int32
    """Row of each cell, shape (cells,)."""
    column: Int32
    """Column of each cell, shape (cells,)."""
    x_edges: Float64
    """Left edges of the columns and the right end, in cells."""
    y_edges: Float64
    """Upper edges of the rows and the lower end, in cells."""
    columns_are_groups: bool
    """Whether each column of racks is one group."""


def plan(groups: int, racks_per_group: int, nodes_per_rack: int, nodes: int) -> Plan:
    """Return the floor plan of equal racks: a column a group, or rows of racks where a rack is a group.

    Examples
    --------
    >>> jupiter = plan(25, 5, 48, 5884)
    >>> int(jupiter.row.max()) + 1, int(jupiter.column.max()) + 1
    (64, 124)
    """
    racks = -(-nodes // nodes_per_rack)
    by_group = racks_per_group > 1 and groups > 1
    down = racks_per_group if by_group else max(1, round(np.sqrt(racks / ASPECT)))
    across = groups if by_group else -(-racks // down)
    shape = ASPECT * down / across  # of one rack, so that the whole fills the drawing area
    wide = int(
        np.clip(round(np.sqrt(nodes_per_rack * shape / 2.0)), 1, nodes_per_rack)
    )  # cells twice as wide as high
    high = -(-nodes_per_rack // wide)
    node = np.arange(nodes)
    rack, inside = node // nodes_per_rack, node % nodes_per_rack
    rack_column, rack_row = (rack // down, rack % down) if by_group else (rack % across, rack // across)
    x_edges, y_edges = _edges(across, wide, 0.45), _edges(down, high, 0.9)
    row, column = rack_row * (high + 1) + inside // wide, rack_column * (wide + 1) + inside % wide
    return Plan(row.astype(np.int32), column.astype(np.int32), x_edges, y_edges, by_group)


def _edges(blocks: int, cells: int, gap: float) -> Float64:
    """Return the edges of `blocks` of unit cells with a narrow gap between them."""
    widths = np.tile(np.append(np.ones(cells), gap), blocks)[:-1]
    return np.append(0.0, np.cumsum(widths))


@figure(
    "floor", "Floor plan", "mean power of each node over the window", needs=("machine", "power", "placement"),
    height_px=400,
)  # fmt: skip
def floor(result: Reportable) -> go.Figure:
    """Return the nodes of the machine where they stand, coloured by mean power [kW]."""
    machine, power = result.machine, result.power
    if machine is None or power is None:
        raise ValueError("a floor plan needs a machine and its power")
    start, end = window(result)
    watts = node_mean_w(result.schedule, power.job_j, power.idle_j, start, end)
    busy = node_busy_frac(result.schedule, start, end)
    whole_racks = machine.nodes > MOST_CELLS
    if whole_racks:
        count = np.bincount(machine.rack_of_node)
        watts, busy = (np.bincount(machine.rack_of_node, values) / count for values in (watts, busy))
    layout = machine.layout
    where = plan(
        machine.groups, layout.racks_per_group, 1 if whole_racks else layout.nodes_per_rack, len(watts)
    )
    texts = np.array(_labels(machine, busy, whole_racks), object)
    shape = (len(where.y_edges) - 1, len(where.x_edges) - 1)
    z, label = np.full(shape, np.nan, np.float32), np.full(shape, "", object)
    z[where.row, where.column], label[where.row, where.column] = watts / 1e3, texts
    known = machine.file.layout is not None
    alt = f"Mean power of a node from {watts.min() / 1e3:.2f} to {watts.max() / 1e3:.2f} kW"
    alt += (
        f" over {machine.racks} racks in {machine.groups} groups."
        if known
        else "; nobody says where it stands."
    )
    drawn = empty(alt, hovermode="closest", showlegend=False)
    if not known:
        drawn.layout.meta = {
            "alt": alt,
            "unit": "mean power of each node · in order, no floor plan is published",
        }
    drawn.add_heatmap(
        z=z, x=where.x_edges, y=where.y_edges, text=label.tolist(), colorscale=INFERNO, hoverongaps=False,
        hovertemplate="%{text}<br><b>%{z:.3f} kW</b><extra></extra>", **_scale(watts / 1e3),
    )  # fmt: skip
    drawn.update_layout(margin={"l": 26, "r": 4, "t": 18, "b": 4}, **_axes(where, machine))
    return drawn


def _scale(kilowatts: Float64) -> dict[str, object]:
    """Return the colour range, from the first to the last percentile, and its bar."""
    low, high = np.quantile(kilowatts, (0.01, 0.99))
    if high - low < 1e-6:
        low, high = low - 0.5, high + 0.5
    bar = {
        "orientation": "h", "thickness": 8, "len": 0.5, "outlinewidth": 0,
        "x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top",
        "ticksuffix": " kW", "nticks": 5, "tickangle": 0,
    }  # fmt: skip
    return {"zmin": float(low), "zmax": float(high), "colorbar": bar}


def _axes(where: Plan, machine: Machine) -> dict[str, object]:
    hidden = {"showgrid": False, "ticks": "", "fixedrange": True, "automargin": False}
    layout = machine.layout
    if not where.columns_are_groups:
        return {
            "xaxis": {**hidden, "showticklabels": False},
            "yaxis": {**hidden, "showticklabels": False, "autorange": "reversed"},
        }
    every = 1 if machine.groups <= 12 else 5  # so that the numbers don't touch on a phone
    shown = [i for i in range(machine.groups) if i == 0 or (i + 1) % every == 0]
    x = _centres(where.x_edges, machine.groups)[shown]
    y = _centres(where.y_edges, layout.racks_per_group)
    groups = {
        "tickvals": x,
        "ticktext": [f"group {i + 1}" if i == 0 else f"{i + 1}" for i in shown],
        "side": "top",
        "tickangle": 0,
    }
    racks = {
        "tickvals": y,
        "ticktext": [f"R{i + 1}" for i in range(layout.racks_per_group)],
        "autorange": "reversed",
    }
    return {"xaxis": {**hidden, **groups}, "yaxis": {**hidden, **racks}}


def _centres(edges: Float64, blocks: int) -> Float64:
    width = (edges[-1] + (np.diff(edges).min() if blocks > 1 else 0.0)) / blocks
    centres: Float64 = (np.arange(blocks) + 0.5) * width
    return centres


def _labels(machine: Machine, busy: Float64, whole_racks: bool) -> list[str]:
    rack, group = machine.rack_of_node, machine.group_of_node
    if whole_racks:
        return [f"rack {i + 1} · {100 * share:.0f} % held" for i, share in enumerate(busy)]
    if machine.file.layout is None:
        return [f"node {i + 1} · {100 * share:.0f} % held" for i, share in enumerate(busy)]
    inside = np.arange(machine.nodes) % machine.layout.nodes_per_rack
    return [
        f"group {g + 1} · rack {r + 1} · node {n + 1} · {100 * share:.0f} % held"
        for g, r, n, share in zip(group, rack, inside, busy, strict=True)
    ]
