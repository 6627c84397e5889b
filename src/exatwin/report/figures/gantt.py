"""The schedule: which job holds which nodes when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from exatwin.foundation.columns import Int32, Int64
from exatwin.report.figures.base import figure, time_figure, times_ms
from exatwin.report.source import Reportable, epoch_ms, place_word, window
from exatwin.report.statistics import owners
from exatwin.report.style import class_shade
from exatwin.workload.job import State

ROWS, COLUMNS = 420, 1344
MOST_CLASSES = 11
MOST_FACTS = 20_000
"""Jobs whose facts are kept for the pointer: the largest in the picture."""


@dataclass(frozen=True)
class Code:
    """How the picture codes jobs: 0 is nobody, then each class has one code for small fry, then one a job."""

    of_job: Int32
    """Code of each job, shape (jobs,)."""
    first: Int64
    """Lowest code of each class, and the end, shape (classes + 1,)."""
    names: tuple[str, ...]
    """Name of each class, most node-hours first."""
    known: Int64
    """Rows of the jobs that have a code of their own."""


def classes(result: Reportable) -> tuple[Int32, tuple[str, ...]]:
    """Return the class of each job, shape (jobs,), and the names of the classes, most node-hours first."""
    jobs, names = result.jobs, np.array(result.profiles.names, object)
    family = np.array([str(name).split("/")[0] for name in names], object)
    unique, of_profile = np.unique(family.astype(str), return_inverse=True)
    work = np.bincount(
        of_profile[jobs.profile], jobs.nodes * result.schedule.run_s.astype(float), len(unique)
    )
    order = np.argsort(-work, kind="stable")
    rank = np.empty(len(unique), np.int32)
    rank[order] = np.minimum(np.arange(len(unique)), MOST_CLASSES)
    shown = [str(unique[i]) for i in order[:MOST_CLASSES]] + (["other"] if len(unique) > MOST_CLASSES else [])
    return rank[of_profile[jobs.profile]], tuple(shown)


def encode(result: Reportable, grid: Int32) -> Code:
    """Return the codes of the jobs that appear in `grid`; the largest keep one of their own."""
    of_class, names = classes(result)
    area = np.bincount(grid[grid >= 0], minlength=len(result.jobs))
    seen = np.flatnonzero(area)
    known = np.sort(seen[np.argsort(-area[seen], kind="stable")][:MOST_FACTS])
    # Within its class a job's shade is scattered, so that neighbours in time differ.
    scatter = (known * 0.6180339887498949) % 1.0
    known = known[np.lexsort((scatter, of_class[known]))]
    count = np.bincount(of_class[known], minlength=len(names))
    first = 1 + np.append(0, np.cumsum(count + 1))
    of_job = first[of_class].astype(np.int32)
    of_job[known] = np.arange(len(known)) + 2 + of_class[known]
    return Code(of_job, first.astype(np.int64), names, known)


@figure(
    "gantt",
    "Schedule",
    "who holds what when · one shade a job, colour = profile · drag to zoom",
    height_px=460,
    over_time=True,
)
def gantt(result: Reportable) -> go.Figure:
    """Return a picture of which job holds which node when, coloured by class."""
    start, end = window(result)
    grid = owners(result.schedule, start, end, ROWS, COLUMNS)
    code = encode(result, grid)
    z = np.where(grid >= 0, code.of_job[grid], 0).astype(np.int32)
    word, rows = place_word(result), grid.shape[0]
    drawn = time_figure(result, "", hovermode="closest")
    step_ms, per_row = 1e3 * (end - start) / COLUMNS, result.schedule.capacity / rows
    drawn.add_heatmap(
        z=z, zmin=-0.5, zmax=float(code.first[-1]) - 0.5, colorscale=_colours(code), showscale=False,
        x0=epoch_ms(result, start) + step_ms / 2, dx=step_ms, y0=per_row / 2, dy=per_row,
        hovertemplate=f"{word} %{{y:.0f}}<extra></extra>",
    )  # fmt: skip
    for index, name in enumerate(code.names):
        drawn.add_scatter(
            x=[None], y=[None], mode="markers", name=name,
            marker={"symbol": "square", "size": 10, "color": class_shade(index)},
        )  # fmt: skip
    drawn.update_layout(
        yaxis={"title": {"text": f"{word}s"}, "range": [0, result.schedule.capacity], "showgrid": False},
        xaxis_showgrid=False,
        legend={"itemclick": False, "itemdoubleclick": False},
        meta={
            "alt": f"{len(code.known):,} jobs on {result.schedule.capacity:,} {word}s: "
            f"{', '.join(code.names)}.",
            "jobs": _facts(result, code),
            "word": word,
        },
    )
    return drawn


def _colours(code: Code) -> list[list[Any]]:
    total = float(code.first[-1])
    stops: list[list[Any]] = [[0.0, "rgba(0,0,0,0)"], [1.0 / total, "rgba(0,0,0,0)"]]
    for index in range(len(code.names)):
        low, high = code.first[index] / total, code.first[index + 1] / total
        stops += [[low, class_shade(index, 0.30)], [high, class_shade(index, 0.62)]]
    stops[-1][0] = 1.0
    return stops


def _facts(result: Reportable, code: Code) -> dict[str, Any]:
    """Return what the page tells of each job under the pointer, as columns in the order of the codes."""
    rows, jobs, schedule = code.known, result.jobs, result.schedule
    facts: dict[str, Any] = {
        "code": code.of_job[rows],
        "id": jobs.job_id[rows],
        "nodes": jobs.nodes[rows],
        "submit": times_ms(result, jobs.submit_s[rows]) / 1e3,
        "start": times_ms(result, schedule.start_s[rows]) / 1e3,
        "end": times_ms(result, schedule.end_s[rows]) / 1e3,
        "account": jobs.account[rows],
        "kind": jobs.profile[rows],
        "label": list(result.profiles.names),
        "state": schedule.state[rows],
        "states": {str(int(state)): state.name for state in State},
    }
    if result.power is not None:
        ran = np.minimum(schedule.end_s, window(result)[1]) - np.maximum(schedule.start_s, window(result)[0])
        node_s = np.maximum(ran[rows], 1) * np.maximum(jobs.nodes[rows], 1)
        facts["node_w"] = np.round(np.asarray(result.power.job_j)[rows] / node_s).astype(np.int32)
    return facts
