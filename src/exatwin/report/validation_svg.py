"""Drawings of validations without a library: predicted against measured, and how errors are distributed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from exatwin.foundation import units
from exatwin.foundation.files import whole
from exatwin.report import style

if TYPE_CHECKING:
    from exatwin.study.validation.scores import Row, Validation

WIDTH, HEIGHT = 880, 440
TOP, BOTTOM = 34, 380
LEFT, RIGHT = 112, 480
SHARE_LEFT, SHARE_RIGHT = 560, 860
BANDS = {"median": 0.10, "p90": 0.30}
"""Half-widths of the bands where nobody set a goal."""
CHARACTER = 7.0
"""Width of a character of a label."""
LARGEST = 1.0
"""Largest absolute error of the right panel."""
SHADES = ("teal", "orange", "purple", "blue", "green", "red", "yellow", "grey")


def drawing(found: Validation) -> str:
    """Return the figure of one model as an SVG element that takes its colours from where it stands."""
    name = f"{found.title}: predicted against measured"
    parts = [f'<g font-size="12" fill="currentColor" font-family="{escape(style.FONT)}">']
    if found.metric.name == "accuracy":
        parts += _lanes(found)
    elif found.rows:
        parts += [*_plane(found), *(_shares(found) if found.scored else ())]
    parts.append("</g>")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'style="max-width:{WIDTH}px;width:100%;height:auto" aria-label="{escape(name)}">'
        f"<title>{escape(name)}</title>{''.join(parts)}</svg>"
    )


def write(found: Sequence[Validation], folder: Path) -> list[Path]:
    """Write the figure of each model that has rows to ``folder/MODEL.svg``, and return the paths.

    Raises
    ------
    OutputError
        A file can't be written there.
    """
    from exatwin.foundation.errors import OutputError

    colours = style.THEMES["light"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from None
    paths = []
    for each in found:
        if not each.rows:
            continue
        text = drawing(each).replace(
            'style="', f'style="color:{colours["text"]};background:{colours["panel"]};', 1
        )
        paths.append(folder / f"{each.model}.svg")
        with whole(paths[-1]) as partial:
            partial.write_text(text + "\n", encoding="utf-8")
    return paths


# --- predicted against measured ---


def _plane(found: Validation) -> Iterator[str]:
    """Yield the left panel: bands, the line of no error, a point for each row."""
    values = [value for row in found.rows for value in (row.measured, row.predicted)]
    low, high = math.log10(min(values) / 1.3), math.log10(max(values) * 1.3)

    def x(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (math.log10(value) - low) / (high - low)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (math.log10(value) - low) / (high - low)

    yield (
        f'<clipPath id="plane"><rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/>'
        "</clipPath>"
    )
    ends = 10**low, 10**high
    bands = {**BANDS, **{k: v for k, v in (found.goal or {}).items() if k in BANDS}}
    for width in sorted(bands.values(), reverse=True):
        corners = [(ends[0], 1 + width), (ends[1], 1 + width), (ends[1], 1 - width), (ends[0], 1 - width)]
        points = " ".join(f"{x(at):.1f},{y(at * factor):.1f}" for at, factor in corners)
        yield f'<polygon points="{points}" fill="#888" fill-opacity="0.16" clip-path="url(#plane)"/>'
    beyond = -math.inf
    for value in ticks(*ends):
        told = f"{value:g} s" if found.unit == "s" else units.show(value, found.unit, 2)
        yield _line(x(value), TOP, x(value), BOTTOM) + _line(LEFT, y(value), RIGHT, y(value))
        yield _text(LEFT - 7, y(value) + 4, told, "end")
        half = CHARACTER / 2 * len(told)
        if x(value) - half > beyond:  # a label that would touch the one before is left out
            yield _text(x(value), BOTTOM + 17, told, "middle")
            beyond = x(value) + half + CHARACTER
    yield _line(x(ends[0]), y(ends[0]), x(ends[1]), y(ends[1]), 0.8)
    shades = _shades(found.rows)
    for row in found.rows:
        yield _point(x(row.measured), y(row.predicted), shades[row.group], row)
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 38, found.metric.columns[0], "middle")
    yield (
        f'<text transform="translate(16 {(TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        f"{found.metric.columns[1]}</text>"
    )
    inner, outer = (f"{100 * bands[key]:.0f} %" for key in ("median", "p90"))
    yield _text(LEFT, TOP - 12, f"line: no error; shaded: {inner} and {outer} off", "start", 0.75)
    yield from _legend(shades)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between `low` and `high`: powers of ten, and more where they are few.

    Examples
    --------
    >>> ticks(0.9, 1100.0)
    [1.0, 10.0, 100.0, 1000.0]
    >>> ticks(0.9, 30.0)
    [1.0, 3.0, 10.0, 30.0]
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)):
        found = [float(f"{step}e{power}") for power in decades for step in steps]
        found = [value for value in found if low <= value <= high]
        if len(found) >= 4:
            break
    return found[:: max(1, len(found) // 5)]


# --- how errors are distributed ---


def _shares(found: Validation) -> Iterator[str]:
    """Yield the right panel: the share of rows off by at most so much, in sample and left out."""

    def x(error: float) -> float:
        return SHARE_LEFT + (SHARE_RIGHT - SHARE_LEFT) * math.sqrt(min(abs(error), LARGEST) / LARGEST)

    def y(share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * share

    for share in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0):
        yield _line(SHARE_LEFT, y(share), SHARE_RIGHT, y(share))
        yield _text(SHARE_LEFT - 7, y(share) + 4, f"{100 * share:.0f} %", "end")
    for error in (0.01, 0.04, 0.1, 0.2, 0.5, 1.0):
        yield _line(x(error), TOP, x(error), BOTTOM)
        yield _text(x(error), BOTTOM + 17, f"{100 * error:.0f} %", "middle")
    inside = [row.error for row in found.rows]
    outside = [row.left_out_error for row in found.rows if row.left_out_error is not None]
    for errors, colour, dash in ((outside, "orange", "none"), (inside, "teal", "5 3")):
        ordered = sorted(abs(error) for error in errors)
        steps = [(error, (index + 1) / len(ordered)) for index, error in enumerate(ordered)]
        path, before = "", 0.0
        for error, share in steps:
            path += f"{'L' if path else 'M'}{x(error):.1f},{y(before):.1f}L{x(error):.1f},{y(share):.1f}"
            before = share
        shade = style.THEMES["light"][colour]
        yield f'<path d="{path}" fill="none" stroke="{shade}" stroke-width="2" stroke-dasharray="{dash}"/>'
    for key, share in (("median", 0.5), ("p90", 0.9)):
        if found.goal and key in found.goal:
            at = x(found.goal[key]), y(share)
            cross = f"M{at[0] - 6:.1f},{at[1]:.1f}h12m-6,-6v12"
            yield f'<path d="{cross}" stroke="currentColor" stroke-width="2"/>'
    yield _text(
        (SHARE_LEFT + SHARE_RIGHT) / 2,
        BOTTOM + 38,
        f"share of rows whose absolute {found.metric.name} is at most",
        "middle",
    )
    told = "dashed: in sample" + ("; solid: left out" if outside else "")
    yield _text(SHARE_LEFT, TOP - 12, told + ("; +: goal" if found.goal else ""), "start", 0.75)


# --- right or wrong ---


def _lanes(found: Validation) -> Iterator[str]:
    """Yield one lane for each outcome: what is needed over what there is, right and wrong answers."""
    groups = list(dict.fromkeys(row.group for row in found.rows))
    ratios = [row.predicted / row.measured for row in found.rows]
    low, high = math.log10(min(ratios) / 1.1), math.log10(max(*ratios, 1.0) * 1.1)

    def x(ratio: float) -> float:
        return 150 + (SHARE_RIGHT - 150) * (math.log10(ratio) - low) / (high - low)

    tall = (BOTTOM - TOP) / len(groups)
    for value in ticks(10**low, 10**high):
        yield _line(x(value), TOP, x(value), BOTTOM)
        yield _text(x(value), BOTTOM + 17, f"{100 * value:.0f} %", "middle")
    yield _line(x(1.0), TOP - 6, x(1.0), BOTTOM, 0.9)
    for lane, group in enumerate(groups):
        rows = [row for row in found.rows if row.group == group]
        yield _text(140, TOP + tall * (lane + 0.5) + 4, group, "end")
        for index, row in enumerate(rows):
            spread = (index * 0.618034) % 1.0  # even without being regular
            colour = "red" if row.error else "teal"
            at = TOP + tall * (lane + 0.12 + 0.76 * spread)
            yield _point(x(row.predicted / row.measured), at, style.THEMES["light"][colour], row)
    yield _text((150 + SHARE_RIGHT) / 2, BOTTOM + 38, "predicted need over what the device offers", "middle")
    yield _text(150, TOP - 14, "one point a run; red: a wrong answer", "start", 0.75)


# --- pieces ---


def _shades(rows: Sequence[Row]) -> dict[str, str]:
    names = sorted({row.group for row in rows})
    light = style.THEMES["light"]
    return {
        name: light[SHADES[i]] if i < len(SHADES) else style.class_shade(i) for i, name in enumerate(names)
    }


def _legend(shades: dict[str, str]) -> Iterator[str]:
    if len(shades) < 2:
        return
    for index, (name, colour) in enumerate(shades.items()):
        at = TOP + 16 + 15 * index
        yield f'<circle cx="{LEFT + 12}" cy="{at - 4}" r="4" fill="{colour}"/>'
        yield _text(LEFT + 22, at, name, "start")


def _point(x: float, y: float, colour: str, row: Row) -> str:
    told = f"{row.name}: {row.error:+.1%}" + (f"; {row.detail}" if row.detail else "")
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}" fill-opacity="0.75">'
        f"<title>{escape(told)}</title></circle>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, opacity: float = 0.15) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" '
        f'stroke-opacity="{opacity}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, opacity: float = 1.0) -> str:
    faint = f' fill-opacity="{opacity}"' if opacity < 1.0 else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{faint}>{escape(text)}</text>'


__all__ = ["drawing", "ticks", "write"]
