"""A changed knob beside the base, as lines and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from exatwin.foundation.files import write_text
from exatwin.foundation.units import show
from exatwin.report import style
from exatwin.report.whatif_words import in_words

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.study.whatif import Difference, WhatIf

TITLES = {
    "energy_j": "energy of the IT", "facility_energy_j": "energy of the facility",
    "peak_power_w": "peak IT power", "peak_facility_w": "peak facility power", "pue": "PUE",
    "cost_eur": "cost", "carbon_kgco2e": "emissions", "water_kg": "water", "node_h": "node-hours",
    "jobs_started": "jobs started", "utilisation_frac": "utilisation", "mean_wait_s": "mean wait",
    "median_wait_s": "median wait", "p90_wait_s": "wait, 90th percentile",
    "mean_bounded_slowdown": "mean bounded slowdown", "throttled_h": "throttled by the plant",
    "lost_node_h": "lost to limits and failures", "mean_queue_jobs": "jobs waiting, on average",
    "jobs_beyond_cap": "jobs that no cap lets start", "cap_excess_j": "energy above the cap",
    "cap_excess_h": "time above the cap",
    "slowed_node_h": "lost to slower clocks", "groups_over_fewest": "groups spanned over fewest",
    "scattered_frac": "nodes of scattered jobs",
    "heat_given_j": "heat sold", "heat_pump_j": "electricity of heat pumps",
    "heat_earned_eur": "earned with heat, pumps paid", "erf": "ERF", "grid_j": "energy from the grid",
    "renewable_balance_frac": "renewable on the balance",
    "renewable_matched_frac": "renewable hour by hour",
}  # fmt: skip


_CSS = """
body { background: #fff; color: #1b2a38; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .25rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left }
"""


def amount(value: float, unit: str, *, sign: bool = False) -> str:
    """Return a figure as people read it; with `sign` as a difference."""
    front = ("+" if value >= 0 else "-") if sign else ("-" if value < 0 else "")
    size = abs(value)
    if unit == "1":
        text = (
            f"{size:,.0f}" if size >= 1000 else f"{size:.4g}" if size >= 1e-3 or not size else f"{size:.5f}"
        )
    elif unit == "J":
        text = f"{_hours(size / 3.6e9)} MWh" if size >= 3.6e8 else f"{size / 3.6e6:,.3g} kWh"
    elif unit == "s":
        text = f"{size / 3600.0:,.2f} h" if size >= 3600 else f"{size / 60.0:,.1f} min"
    elif unit == "W":
        text = show(size, "W")
    elif unit == "kgCO2e":
        text = f"{_four(size / 1e3)} t CO2e"
    elif unit == "kg":
        text = f"{_four(size / 1e3)} m³"
    else:
        text = f"{size:,.0f} {unit}"
    return f"{front}{text}"


def _hours(value: float) -> str:
    """Return megawatt-hours with four digits or one behind the point."""
    return f"{value:,.1f}" if value >= 100 else f"{value:.2f}" if value >= 10 else f"{value:.3f}"


def _four(value: float) -> str:
    """Return a number with four digits, or with all before the point."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def lines(found: WhatIf) -> list[str]:
    """Return the answer as lines for a person."""
    count = len(found.seeds)
    told = [
        f"What if {', '.join(f'{path} = {_written(value)}' for path, value in found.changes)}?",
        f"{count} seed{'s' if count > 1 else ''}, each with and without; "
        + ("5th to 95th percentile of the differences" if count > 1 else "one seed proves little"),
        *([_shaken(found)] if found.shake_s else []),
        "",
        *(f"  {line}" for line in in_words(found, amount)),
    ]
    for title, rows in _parts(found):
        moved = [row for row in rows if not row.same]
        if moved:
            told += ["", f"{title:30s}{'base':>18s}{'changed':>18s}{'difference':>18s}"]
            told += [_line(row) for row in (rows if title else moved)]
    still = [TITLES.get(row.name, row.name) for row in found.figures if row.same]
    still += [title for title, rows in _parts(found)[1:] if rows and all(row.same for row in rows)]
    return [*told, "", f"the same in every seed: {', '.join(still)}"] if still else told


def _shaken(found: WhatIf) -> str:
    return (
        "all but the first move the submissions of the log by up to "
        f"{show(found.shake_s, 's')}, alike with and without"
    )


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _parts(found: WhatIf) -> list[tuple[str, Sequence[Difference]]]:
    return [
        ("", found.figures),
        ("mean wait by size of job", found.by_size),
        ("mean wait by account", found.by_account),
        ("node-hours by account", found.hours_by_account),
    ]


def _line(row: Difference) -> str:
    name = TITLES.get(row.name, row.name)
    told = f"{name[:29]:30s}{amount(row.base, row.unit):>18s}{amount(row.changed, row.unit):>18s}"
    told += f"{amount(row.difference, row.unit, sign=True):>18s}"
    if row.low is None or row.high is None:
        return told
    span = f"{amount(row.low, row.unit, sign=True)} to {amount(row.high, row.unit, sign=True)}"
    return f"{told}   {span}{'' if row.sure else ', either way'}"


def figure(found: WhatIf) -> go.Figure:
    """Return relative differences with their ranges, the surest at a glance."""
    import plotly.graph_objects as go

    colours = style.THEMES["light"]
    rows = [row for row in (*found.figures, *found.by_size) if row.base][::-1]
    drawn = go.Figure(layout={"template": go.layout.Template(style.template("light"))})
    share = [100.0 * row.difference / abs(row.base) for row in rows]
    left = [_arm(row, row.low) for row in rows]
    right = [_arm(row, row.high) for row in rows]
    drawn.add_scatter(
        x=share,
        y=[TITLES.get(row.name, f"wait, {row.name}") for row in rows],
        mode="markers",
        marker={"size": 9, "color": [colours["teal"] if row.sure else colours["grey"] for row in rows]},
        error_x={
            "type": "data",
            "array": right,
            "arrayminus": left,
            "symmetric": False,
            "thickness": 1,
            "color": colours["grey"],
        },
        hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        showlegend=False,
    )
    drawn.add_vline(x=0.0, line_color=colours["grey"], line_width=1)
    drawn.update_xaxes(title="difference from the base, per cent")
    drawn.update_layout(height=140 + 26 * len(rows), width=860, margin={"l": 190})
    return drawn


def _arm(row: Difference, end: float | None) -> float:
    """Return how far an end of the range lies from the mean difference, in per cent of the base."""
    return 0.0 if end is None else 100.0 * abs(end - row.difference) / abs(row.base)


def write(found: WhatIf, path: Path) -> None:
    """Write the page: one self-contained HTML file.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    from plotly.offline import get_plotlyjs

    changed = ", ".join(f"{key} = {_written(value)}" for key, value in found.changes)
    tables = "".join(_table(title or "the whole", rows) for title, rows in _parts(found) if rows)
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(changed)}</title>'
        f"<style>body{{font-family:{style.FONT}}}{_CSS}"
        f"</style><script>{get_plotlyjs()}</script></head><body><h1>What if {escape(changed)}?</h1>"
        f"<p>{_method(found)}</p>"
        f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in in_words(found, amount))}</ul>"
        f"{figure(found).to_html(full_html=False, include_plotlyjs=False)}{tables}</body></html>\n"
    )
    write_text(path, text)


def _method(found: WhatIf) -> str:
    seeds = len(found.seeds)
    if seeds == 1:
        return "One seed, with and without the change: the same jobs, weather and prices. It proves little."
    shaken = f"{_shaken(found).capitalize()}. " if found.shake_s else ""
    return (
        f"{seeds} seeds, each with and without the change; jobs, weather and prices of a seed are the same. "
        f"{shaken}Coloured: nine seeds in ten agree on the sign."
    )


def _table(title: str, rows: Sequence[Difference]) -> str:
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(cell)}</td>"
            for cell in (
                TITLES.get(row.name, row.name), amount(row.base, row.unit), amount(row.changed, row.unit),
                amount(row.difference, row.unit, sign=True), _range(row),
            )
        )
        + "</tr>"
        for row in rows
    )  # fmt: skip
    head = "".join(f"<th>{word}</th>" for word in (title, "base", "changed", "difference", "5 to 95 %"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _range(row: Difference) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{amount(row.low, row.unit, sign=True)} to {amount(row.high, row.unit, sign=True)}"


__all__ = ["amount", "figure", "lines", "write"]
