"""Many years of a plant as lines with a text chart, and as a page with a tornado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from exatwin.catalogue.ranges import Range, Ranges
from exatwin.foundation.files import refuse_special, whole
from exatwin.report import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from exatwin.study.plant_years import PlantYears

BAR = 30
"""Width of the text chart [characters]."""
_QUIET = {"displayModeBar": False}
_CSS = """
body { background: #fff; color: #17212b; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  line-height: 1.5 }
table { border-collapse: collapse; margin: .6rem 0 1.6rem; font-size: .9rem; width: 100% }
td, th { padding: .25rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #d3dbe3 }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
h1 { margin-bottom: 0 } h2 { margin: 2rem 0 .2rem; font-size: 1.15rem } p { margin: .3rem 0; color: #566371 }
"""


class Assumed(NamedTuple):
    """A number of the site's files that nobody published."""

    key: str
    """Where it stands."""
    value: str
    """As it is written."""
    source: str
    """Key of its source."""
    note: str
    """What a careful reader should know."""


def figures(found: PlantYears) -> list[tuple[str, str, str, str, str]]:
    """Return name, 5th, 50th and 95th percentile, and the value by the files, of every figure, as text."""
    rows = []
    for key, name, scale, form in (
        ("pue", "PUE", 1.0, ".3f"),
        ("water_kg", "water [m³]", 1e-3, ",.4g"),
        ("limited_h", "hours at the limit", 1.0, ",.4g"),
        ("facility_j", "energy [GWh]", 1 / 3.6e12, ",.4g"),
        ("peak_facility_w", "peak power [MW]", 1e-6, ",.4g"),
    ):
        low, middle, high = (_digits(scale * value, form) for value in found.interval(key))
        rows.append((name, low, middle, high, _digits(scale * found.central[key], form)))
    return rows


def _digits(value: float, form: str) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:{form}}"


def lines(found: PlantYears, ranges: Ranges, assumed: Sequence[Assumed], title: str) -> list[str]:
    """Return the answer as lines of at most 100 characters for a person."""
    import textwrap

    count = len(found.samples["pue"])
    told = [
        f"{title}, {found.machine}: {count:,} year{'s' if count > 1 else ''} of the plant",
        "each with a weather of its own, and other values of what nobody measured",
        "",
        f"{'':22s}{'P5':>12s}{'P50':>12s}{'P95':>12s}{'by the files':>16s}",
        *(
            f"{name:22s}{low:>12s}{mid:>12s}{high:>12s}{own:>16s}"
            for name, low, mid, high, own in figures(found)
        ),
        "",
        *textwrap.wrap(f"PUE: {found.boundary}", 100),
        "",
        "what moves the PUE, one number at a time from the low (-) to the high (+) end of its range",
        *_chart(found),
        "",
        "ranges of the draws (nine in ten lie inside)",
        *(f"  {line}" for each in _known(found, ranges) for line in _wrapped(*_range(each, ranges))),
        "",
        "assumed in the site's power chain and cooling (all else: exatwin sites)",
    ]
    told += [
        f"  {line}" for each in assumed for line in _wrapped(each.key, each.value, each.note or each.source)
    ]
    return [line for text in told for line in (textwrap.wrap(text, 100) if len(text) > 100 else [text])]


def _wrapped(key: str, value: str, note: str) -> list[str]:
    import textwrap

    first = f"{key:38s} {value:>16s}  "
    return textwrap.wrap(note, 98, initial_indent=first, subsequent_indent=" " * 57) or [first.rstrip()]


def _range(each: Range, ranges: Ranges) -> tuple[str, str, str]:
    """Return the name of a number, its range, and where that comes from."""
    sign = "×" if each.how == "times" else ""
    unit = " K" if each.key.endswith("_k") else ""
    low, high = (f"{sign}{value:{'g' if sign else '+g'}}" for value in (each.low, each.high))
    index = ranges.ranges.index(each)
    facts = [ranges.facts.get(f"ranges.{index}.{end}") for end in ("low", "high")]
    notes = list(dict.fromkeys(f.note for f in facts if f is not None and f.note))
    source = next((ranges.sources[f.source].title for f in facts if f is not None), "")
    return each.name, f"{low} to {high}{unit}", "; ".join(notes) or source


def _known(found: PlantYears, ranges: Ranges) -> list[Range]:
    """Return the ranges that the plant has numbers for, in the order of what they move."""
    by_key = {each.key: each for each in ranges.ranges}
    return [by_key[move.key] for move in found.tornado if move.key in by_key]


def _chart(found: PlantYears) -> Iterator[str]:
    """Yield a bar a number: ``-`` where its low end leads, ``+`` its high end, ``|`` by the files."""
    centre = found.central["pue"]
    least = min(min(move.low, move.high) for move in found.tornado)
    most = max(max(move.low, move.high) for move in found.tornado)
    wide = (most - least) or 1.0

    def place(pue: float) -> int:
        return round((BAR - 1) * (pue - least) / wide)

    for move in found.tornado:
        bar = [" "] * BAR
        ends = sorted((place(move.low), place(move.high)))
        bar[ends[0] : ends[1] + 1] = "█" * (ends[1] - ends[0] + 1)
        bar[place(centre)] = "|"
        low, high = ("min", "max") if move.key == "weather" else ("-", "+")
        yield f"  {move.name[:32]:33s}{''.join(bar)} {low} {move.low:.4f}  {high} {move.high:.4f}"


def figure(found: PlantYears) -> go.Figure:
    """Return the tornado: what each number moves by itself, the largest on top."""
    import plotly.graph_objects as go

    colours = style.THEMES["light"]
    centre = found.central["pue"]
    moves = found.tornado[::-1]
    drawn = go.Figure(layout={"template": go.layout.Template(style.template("light"))})
    for end, name, colour in (("low", "low end of the range", "blue"), ("high", "high end", "orange")):
        drawn.add_bar(
            y=[move.name for move in moves],
            x=[getattr(move, end) - centre for move in moves],
            base=centre,
            orientation="h",
            name=name,
            marker_color=colours[colour],
            hovertemplate="%{y}: PUE %{x:.4f}<extra></extra>",
        )
    low, middle, high = found.interval()
    drawn.add_vrect(x0=low, x1=high, fillcolor=colours["grey"], opacity=0.12, line_width=0, layer="below")
    drawn.add_vline(x=middle, line_color=colours["grey"], line_dash="dot", line_width=1)
    drawn.add_vline(x=centre, line_color=colours["text"], line_width=1)
    drawn.update_layout(
        barmode="overlay", bargap=0.35, height=110 + 27 * len(moves), width=920, hovermode="closest",
        margin={"l": 8, "r": 16, "t": 34, "b": 8},
    )  # fmt: skip
    drawn.update_xaxes(title="PUE of the year", tickformat=".3f", range=_span(found))
    return drawn


def _span(found: PlantYears) -> list[float]:
    low, _, high = found.interval()
    ends = [low, high, *(end for move in found.tornado for end in (move.low, move.high))]
    room = 0.04 * ((max(ends) - min(ends)) or 0.01)
    return [min(ends) - room, max(ends) + room]


def histogram(found: PlantYears) -> go.Figure:
    """Return how often a year has which PUE."""
    import plotly.graph_objects as go

    colours = style.THEMES["light"]
    drawn = go.Figure(layout={"template": go.layout.Template(style.template("light"))})
    drawn.add_histogram(
        x=found.samples["pue"],
        marker_color=colours["teal"],
        nbinsx=min(40, 5 + len(found.samples["pue"]) // 8),
        hovertemplate="%{x}: %{y}",
    )
    drawn.add_vline(x=found.central["pue"], line_color=colours["text"], line_width=1)
    drawn.update_xaxes(title="PUE of the year", tickformat=".3f", range=_span(found))
    drawn.update_yaxes(title="years")
    drawn.update_layout(height=230, width=920, bargap=0.05, margin={"l": 8, "r": 16, "t": 10, "b": 8})
    return drawn


def write(found: PlantYears, ranges: Ranges, assumed: Sequence[Assumed], title: str, path: Path) -> None:
    """Write the page: one self-contained HTML file.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    from plotly.offline import get_plotlyjs

    refuse_special(path)
    count = len(found.samples["pue"])
    low, middle, high = found.interval()
    head = f"{title}: PUE {middle:.3f}, nine years in ten between {low:.3f} and {high:.3f}"
    blocks = [
        _table(("", "P5", "P50", "P95", "by the files"), figures(found)),
        f"<p>{escape(found.boundary)}</p><h2>What moves the PUE</h2><p>One number at a time to the ends of "
        "its range, with all else as the files say (black line). Grey: the middle nine tenths of all years, "
        "dotted their median.</p>",
        figure(found).to_html(full_html=False, include_plotlyjs=False, config=_QUIET),
        "<h2>The years</h2>"
        + histogram(found).to_html(full_html=False, include_plotlyjs=False, config=_QUIET),
        "<h2>Ranges of the draws</h2><p>Nine draws in ten lie inside; ×: factors, otherwise differences in "
        "the field's unit.</p>",
        _table(("number", "range", "why"), [_range(each, ranges) for each in _known(found, ranges)], (1,)),
        "<h2>Assumed in the site's power chain and cooling</h2>",
        _table(("key", "value", "source", "note"), list(assumed), (1,)),
    ]
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>body{{font-family:{style.FONT}}}{_CSS}</style><script>{get_plotlyjs()}</script></head><body>"
        f"<h1>{escape(head)}</h1><p>One year of the IT power of {escape(found.machine)} in {count:,} years "
        "of the plant, each with a weather of its own and other values of what nobody measured. Modelled; no "
        "meter was read.</p>"
        f"{''.join(blocks)}</body></html>\n"
    )
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = (1, 2, 3, 4)) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        kinds = (' class="n"' if index in numbers else "" for index in range(len(cells)))
        return (
            f"<tr>{''.join(f'<{tag}{k}>{escape(c)}</{tag}>' for c, k in zip(cells, kinds, strict=True))}</tr>"
        )

    body = "".join(row(each, "td") for each in rows)
    return f"<table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>"


__all__ = ["Assumed", "figure", "figures", "histogram", "lines", "write"]
