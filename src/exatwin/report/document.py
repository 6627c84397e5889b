"""The page of a result: one HTML file that works without a network."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.foundation.files import refuse_special, whole
from exatwin.report import markup, style, tables
from exatwin.report.cards import cards
from exatwin.report.keys import BASIS
from exatwin.report.source import Reportable, basis_of, instant, settled, title, window
from exatwin.report.statistics import runs

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.report.figures import About

ORDER = (
    "floor", "flow", "power", "loop", "usage", "gantt", "waits", "overhead", "market", "load_duration",
    "pue_air", "months", "market_load",
)  # fmt: skip
BESIDE = {"flow": "flow", "gantt": "gantt", "waits": "waits"}
"""The table that stands folded under a figure, by the figure's name."""


def render(result: Reportable) -> str:
    """Return the page of `result` as HTML text.

    Parameters
    ----------
    result
        What a run or a replay left. Figures whose data it lacks are left out.
    """
    from plotly.offline import get_plotlyjs

    drawn = _figures(result)
    start, end = window(result)
    return Template(_asset("page.html")).substitute(
        title=escape(f"{title(result)} · exatwin"),
        machine=escape(title(result)),
        size=escape(_size(result)),
        window=f"{_date(instant(result, start))} – {_date(instant(result, end))} UTC",
        identity=escape(_identity(result)),
        label=escape(label(result)),
        cards="".join(markup.card(card) for card in cards(result)),
        panels="".join(_panel(result, name, *drawn[name]) for name in drawn),
        tables=_tables(result),
        command=escape(str(result.provenance.get("command", ""))),
        boundary=escape(boundary(result)),
        colours=style.css_variables(),
        css=_asset("page.css"),
        js=_asset("page.js"),
        plotly=_script(get_plotlyjs()),
        figures=_json({name: pack(figure) for name, (figure, _) in drawn.items()}),
        over_time=_json([name for name, (_, about) in drawn.items() if about.over_time]),
        themes=_json(style.THEMES),
        templates=_json({theme: style.template(theme) for theme in style.THEMES}),
        summary=_json({"summary": dict(result.summary()), "provenance": dict(result.provenance)}),
    )


def write(result: Reportable, path: Path) -> None:
    """Write the page of `result` to `path`, whole or not at all.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    refuse_special(path)
    text = render(result)
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def label(result: Reportable) -> str:
    """Return what kind of data the page shows, in a few words."""
    workload = "recorded workload" if basis_of(result, "workload") == "recorded" else "synthetic workload"
    return workload if result.power is None else f"{workload} · modelled power"


def boundary(result: Reportable) -> str:
    """Return where the energy behind the PUE is metered; empty where no plant is known."""
    return str(result.provenance.get("pue_boundary") or settled(result, "basis").get("pue", ""))


def pack(figure: go.Figure) -> dict[str, Any]:
    """Return `figure` as plain data without its template; grids of integers as runs of equal values."""
    plain: dict[str, Any] = figure.to_dict()
    plain["layout"].pop("template", None)
    for trace, given in zip(plain["data"], figure.data, strict=True):
        grid = getattr(given, "z", None) if given.type == "heatmap" else None
        if isinstance(grid, np.ndarray) and grid.dtype.kind in "iu":
            values, lengths = runs(grid)
            if 2 * len(values) < grid.size:  # where neighbours rarely agree, runs would take more than cells
                trace["z"] = {"runs": values, "lengths": lengths, "shape": list(grid.shape)}
            else:
                trace["z"] = grid
    return plain


def _figures(result: Reportable) -> dict[str, tuple[go.Figure, About]]:
    from exatwin.report.figures import ABOUT, FIGURES, available

    known = set(available(result))
    names = [name for name in ORDER if name in known] + sorted(known - set(ORDER))
    return {name: (FIGURES[name](result), ABOUT[name]) for name in names}


def _panel(result: Reportable, name: str, figure: go.Figure, about: About) -> str:
    more = ""
    if name in BESIDE:
        more = markup.details("As a table", markup.table(tables.TABLES[BESIDE[name]](result)))
    marks = [BASIS[word] for word in dict.fromkeys(basis_of(result, word) for word in about.basis)]
    meta = figure.layout.meta
    unit = meta.get("unit", about.unit)
    return markup.panel(name, about.title, unit, marks, meta["alt"], about.height_px, more)


def _tables(result: Reportable) -> str:
    known = [
        name for name in tables.TABLES if name in tables.available(result) and name not in BESIDE.values()
    ]
    pieces = []
    for name in known:
        made = tables.TABLES[name](result)
        content = markup.table(made, heading=name != "facts")
        if name == "facts":
            content = f"<h2>{escape(made.title)}</h2>" + markup.details(
                f"{len(made.rows)} numbers", markup.table(made)
            )
        pieces.append(f'<section class="panel table {name}">{content}</section>')
    return "".join(pieces)


def _size(result: Reportable) -> str:
    machine = result.machine
    if machine is None:
        return f"{result.schedule.capacity:,} processors"
    if machine.accelerator is None:
        return f"{machine.nodes:,} nodes"
    chip = machine.accelerator.title.split(" (")[0]
    return f"{machine.nodes:,} nodes · {machine.accelerators:,} {chip}"


def _identity(result: Reportable) -> str:
    given = result.provenance
    parts = (("run ", "id"), ("seed ", "seed"), ("v", "version"))
    return " · ".join(f"{word}{given[key]}" for word, key in parts if given.get(key) is not None)


def _date(when: datetime) -> str:
    return f"{when:%Y-%m-%d}" if (when.hour, when.minute) == (0, 0) else f"{when:%Y-%m-%d %H:%M}"


@cache
def _asset(name: str) -> str:
    return files("exatwin.report").joinpath("assets", name).read_text(encoding="utf-8")


def _script(code: str) -> str:
    """Return code that can stand inside a script element."""
    return code.replace("</script", "<\\/script")


def _json(value: Any) -> str:
    """Return JSON that can stand inside a script element; NaN and infinity become null."""
    return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _typed(value) if value.dtype.kind in "iuf" else _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _typed(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return `array` as plotly's typed arrays: little-endian bytes in base64."""
    from base64 import b64encode

    narrow = array.astype(_narrowest(array)) if array.dtype.kind in "iu" else array
    code = f"{narrow.dtype.kind}{narrow.dtype.itemsize}"
    data = np.ascontiguousarray(narrow, narrow.dtype.newbyteorder("<")).tobytes()
    spec: dict[str, Any] = {"dtype": code, "bdata": b64encode(data).decode("ascii")}
    if array.ndim > 1:
        spec["shape"] = ", ".join(str(size) for size in array.shape)
    return spec


def _narrowest(array: np.ndarray[Any, Any]) -> Any:
    """Return the smallest type of plotly's that holds the integers of `array`; floats for the largest."""
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    for kind in (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return kind
    return np.float64
