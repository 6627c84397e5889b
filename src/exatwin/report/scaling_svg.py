"""A scaling curve as an SVG drawing: modelled speed with its range, and what would be ideal."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import log2

from exatwin.foundation.units import counted, show
from exatwin.report import style
from exatwin.report.validation_svg import ticks
from exatwin.study.applying.scaling import Scaling

WIDTH, HEIGHT = 640, 400
EDGE, LEFT, RIGHT, TOP, BOTTOM = 20, 150, 610, 56, 340


def drawing(found: Scaling, title: str) -> str:
    """Return the figure of a scaling curve as the text of an SVG file."""
    colours = style.THEMES["light"]
    name = f"{title}: {found.kind} scaling, modelled"
    parts = "".join(_parts(found, title, colours))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'width="{WIDTH}" height="{HEIGHT}" aria-label="{escape(name)}"><title>{escape(name)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours["panel"]}"/>'
        f'<g font-size="12" fill="{colours["text"]}" font-family="{escape(style.FONT)}">{parts}</g></svg>\n'
    )


def _parts(found: Scaling, title: str, colours: dict[str, str]) -> Iterator[str]:
    points = found.points
    first = points[0]
    ideal = [found.ideal(point) for point in points]
    low = min(min(point.low for point in points), min(ideal)) / 1.2
    high = max(max(point.high for point in points), max(ideal)) * 1.2

    def x(nodes: float) -> float:
        wide = log2(points[-1].nodes / first.nodes) or 1.0
        return LEFT + 24 + (RIGHT - LEFT - 48) * log2(nodes / first.nodes) / wide

    def y(speed: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * log2(speed / low) / log2(high / low)

    yield _text(EDGE, 22, f"{title}: {found.kind} scaling", "start", 14)
    yield _text(EDGE, 40, found.what, "start", 11)
    for point in points:
        yield _line(x(point.nodes), TOP, x(point.nodes), BOTTOM, colours["muted"], 0.3)
        yield _text(x(point.nodes), BOTTOM + 18, f"{point.nodes:,}", "middle")
    for speed in ticks(low, high):
        yield _line(LEFT, y(speed), RIGHT, y(speed), colours["muted"], 0.3)
        yield _text(LEFT - 8, y(speed) + 4, speed_text(speed, found.unit), "end")
    band = [(x(p.nodes), y(p.high)) for p in points] + [(x(p.nodes), y(p.low)) for p in reversed(points)]
    corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in band)
    yield f'<polygon points="{corners}" fill="{colours["teal"]}" fill-opacity="0.2"/>'
    dashed = " ".join(f"{x(p.nodes):.1f},{y(v):.1f}" for p, v in zip(points, ideal, strict=True))
    yield f'<polyline points="{dashed}" fill="none" stroke="{colours["muted"]}" stroke-dasharray="5 4"/>'
    course = " ".join(f"{x(p.nodes):.1f},{y(p.speed):.1f}" for p in points)
    yield f'<polyline points="{course}" fill="none" stroke="{colours["teal"]}" stroke-width="2"/>'
    for point in points:
        size, efficiency = counted(point.nodes, "nodes"), f"{point.efficiency_frac:.0%} efficiency"
        told = f"{size}: {speed_text(point.speed, found.unit)}, {efficiency}"
        yield (
            f'<circle cx="{x(point.nodes):.1f}" cy="{y(point.speed):.1f}" r="4" fill="{colours["teal"]}">'
            f"<title>{escape(told)}</title></circle>"
        )
        yield _text(x(point.nodes), y(point.speed) - 9, f"{point.efficiency_frac:.0%}", "middle", 11)
    words = "nodes; dashed: ideal; shaded: range of the model; percent: efficiency"
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 40, words, "middle")


def speed_text(speed: float, unit: str) -> str:
    """Return a speed for people.

    Examples
    --------
    >>> speed_text(239_771.0, "tokens/s"), speed_text(2.5, "SDPD")
    ('239,771 tokens/s', '2.5 SDPD')
    """
    if unit == "FLOP/s":
        return show(speed, unit, 3)
    return f"{speed:,.0f} {unit}" if speed >= 1000.0 else f"{speed:.3g} {unit}"


def _text(x: float, y: float, text: str, anchor: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, opacity: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-opacity="{opacity}"/>'
    )


__all__ = ["drawing", "speed_text"]
