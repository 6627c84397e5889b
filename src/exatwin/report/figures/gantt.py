"""The schedule: which job holds which nodes when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from exatwin.foundation.arrays import Int32, Int64
from exatwin.report.figures.base import figure, time_figure
from exatwin.report.source import Reportable, epoch_ms, place_word, window
from exatwin.report.statistics import owners, stacked_owners
from exatwin.report.style import class_shade, grey_shade
from exatwin.workload.job import State

ROWS, COLUMNS = 420, 1344
LONGEST_S = 45 * 86400.0
"""Beyond this a job is narrower than a column, and where it ran would look like noise."""
MOST_CLASSES = 11
OTHER = "other"
MOST_FACTS = 15_000
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


def families(names: Sequence[str]) -> list[str]:
    """Return the family of each profile: what the names that begin with the same word have in common.

    Examples
    --------
    >>> families(["llm-dense", "fine-tuning-full", "fine-tuning-adapters", "llm-mixture", "hero-run"])
    ['llm', 'fine-tuning', 'fine-tuning', 'llm', 'hero-run']
    """
    words = [name.split("-") for name in names]
    return ["-".join(_common([other for other in words if other[0] == own[0]])) for own in words]


def _common(lists: list[list[str]]) -> list[str]:
    """Return the words that all `lists` begin with."""
    shared = []
    for first, *others in zip(*lists, strict=False):
        if any(other != first for other in others):
            break
        shared.append(first)
    return shared


def classes(result: Reportable) -> tuple[Int32, tuple[str, ...]]:
    """Return the class of each job, shape (jobs,), and the names of the classes, most node-hours first.

    Classes are families of profiles; of a trace, whose jobs all have one, the accounts, or the users.
    """
    labels, of_job = _labels(result)
    work = np.bincount(of_job, result.jobs.nodes * result.schedule.run_s.astype(np.float64), len(labels))
    order = np.argsort(-work, kind="stable")
    rank = np.empty(len(labels), np.int32)
    rank[order] = np.minimum(np.arange(len(labels)), MOST_CLASSES)
    shown = [labels[i] for i in order[:MOST_CLASSES]] + ([OTHER] if len(labels) > MOST_CLASSES else [])
    return rank[of_job], tuple(shown)


def _labels(result: Reportable) -> tuple[list[str], Int64]:
    """Return the names of all classes and the class of each job, shape (jobs,)."""
    jobs = result.jobs
    names, of_profile = np.unique(np.array(families(result.profiles.names)), return_inverse=True)
    if len(np.unique(jobs.profile)) > 1:
        return names.tolist(), of_profile[jobs.profile]
    for word, column in (("account", jobs.account), ("user", jobs.user)):
        found, of_job = np.unique(column, return_inverse=True)
        if len(found) > 1:
            return [f"{word} {number}" if number >= 0 else f"no {word}" for number in found.tolist()], of_job
    return names.tolist(), of_profile[jobs.profile]


def placed(result: Reportable) -> bool:
    """Return whether the picture can show where jobs ran: placed, in a window not much longer than a job."""
    start, end = window(result)
    return result.schedule.placement is not None and end - start <= LONGEST_S


def picture(result: Reportable) -> Int32:
    """Return the job at each place of the picture, or those that run stacked by class, -1 for nobody."""
    schedule, (start, end) = result.schedule, window(result)
    if placed(result):
        return owners(schedule, start, end, ROWS, COLUMNS)
    return stacked_owners(schedule, start, end, ROWS, COLUMNS, classes(result)[0])


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
    "who holds what when",
    basis=("schedule",),
    height_px=460,
    over_time=True,
)
def gantt(result: Reportable) -> go.Figure:
    """Return a picture of which job holds which node when, coloured by class."""
    grid = picture(result)
    code = encode(result, grid)
    word, capacity = place_word(result), result.schedule.capacity
    drawn = time_figure(result, "", hovermode="closest")
    drawn.add_trace(_cells(result, grid, code))
    drawn.add_traces([_legend(name, index) for index, name in enumerate(code.names)])
    first = code.names[0].split(" ")[0]
    kind = first if first in ("account", "user") else "kind of job"
    what = "who holds what when" if placed(result) else f"{word}s held, stacked by {kind}"
    drawn.update_layout(
        yaxis={"title": {"text": f"{word}s"}, "range": [0, capacity], "showgrid": False},
        xaxis_showgrid=False,
        legend={"itemclick": False, "itemdoubleclick": False},
        meta={
            "alt": f"{len(code.known):,} jobs on {capacity:,} {word}s: {', '.join(code.names)}.",
            "unit": f"{what} · one shade a job, colour = {kind} · drag to zoom",
            "jobs": _facts(result, code),
            "word": word,
        },
    )
    return drawn


def _cells(result: Reportable, grid: Int32, code: Code) -> go.Heatmap:
    start, end = window(result)
    step_ms, per_row = 1e3 * (end - start) / COLUMNS, result.schedule.capacity / grid.shape[0]
    colour = np.append(code.of_job, 0)  # the last stands for no job, -1 in the grid
    return go.Heatmap(
        z=colour[np.maximum(grid, -1)].astype(np.int32),
        zmin=-0.5,
        zmax=float(code.first[-1]) - 0.5,
        colorscale=_colours(code),
        showscale=False,
        x0=epoch_ms(result, start) + step_ms / 2,
        dx=step_ms,
        y0=per_row / 2,
        dy=per_row,
        hovertemplate=f"{place_word(result)} %{{y:.0f}}<extra></extra>",
    )


def _legend(name: str, index: int) -> go.Scatter:
    marker = {"symbol": "square", "size": 10, "color": _shade(name, index, 0.5)}
    return go.Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)


def _shade(name: str, index: int, lightness: float) -> str:
    return grey_shade(lightness) if name == OTHER else class_shade(index, lightness)


def _colours(code: Code) -> list[list[Any]]:
    total = float(code.first[-1])
    stops: list[list[Any]] = [[0.0, "rgba(0,0,0,0)"], [1.0 / total, "rgba(0,0,0,0)"]]
    for index, name in enumerate(code.names):
        low, high = code.first[index] / total, code.first[index + 1] / total
        stops += [[low, _shade(name, index, 0.30)], [high, _shade(name, index, 0.62)]]
    stops[-1][0] = 1.0
    return stops


def _facts(result: Reportable, code: Code) -> dict[str, Any]:
    """Return what the page tells of each job under the pointer, as columns in the order of the codes."""
    rows, jobs, schedule = code.known, result.jobs, result.schedule
    origin = round(epoch_ms(result, 0.0) / 1e3)
    facts: dict[str, Any] = {
        "code": code.of_job[rows],
        "id": jobs.job_id[rows],
        "nodes": jobs.nodes[rows],
        "submit": jobs.submit_s[rows] + origin,
        "start": schedule.start_s[rows] + origin,
        "end": schedule.end_s[rows] + origin,
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
