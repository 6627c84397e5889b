"""Colours and type of everything that exatwin draws, in a dark and a light theme."""

from __future__ import annotations

import colorsys
from typing import Any, Final

FONT: Final = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif'

THEMES: Final[dict[str, dict[str, str]]] = {
    "dark": {
        "page": "#0b0f15",
        "panel": "#131a22",
        "raised": "#1a222c",
        "line": "#263140",
        "grid": "#222c38",
        "text": "#e6edf3",
        "muted": "#95a1ae",
        "teal": "#2bb8a8",
        "green": "#4cb878",
        "blue": "#58a6f0",
        "purple": "#b18af0",
        "red": "#f0706a",
        "orange": "#f0a03c",
        "yellow": "#e2c14a",
        "grey": "#7d8a97",
    },
    "light": {
        "page": "#eef1f4",
        "panel": "#ffffff",
        "raised": "#f5f7f9",
        "line": "#d3dbe3",
        "grid": "#e6eaee",
        "text": "#17212b",
        "muted": "#566371",
        "teal": "#0a8578",
        "green": "#2a8550",
        "blue": "#1f6fc0",
        "purple": "#7b4fc4",
        "red": "#c43c37",
        "orange": "#b06410",
        "yellow": "#8a6d0a",
        "grey": "#69757f",
    },
}
"""Colours by name for each theme; the page swaps one set for the other, so names must agree."""

DARK: Final = THEMES["dark"]
INFERNO: Final = [
    [0.0, "#0d0829"], [0.13, "#2f0a5b"], [0.25, "#56106e"], [0.38, "#88226a"], [0.5, "#bb3754"],
    [0.63, "#e35933"], [0.75, "#f98c0a"], [0.88, "#f9c932"], [1.0, "#fcffa4"],
]  # fmt: skip
"""A heat scale that rises evenly in lightness, so that it survives grey printing."""
HUES_DEG: Final = (174, 28, 265, 88, 338, 205, 48, 305, 125, 8, 228, 150)
"""Hues of job classes in the order of their node-hours: neighbours in the list are far apart."""


def faded(colour: str, opacity: float) -> str:
    """Return `colour` (``#rrggbb``) at `opacity` (0 to 1) as ``#rrggbbaa``.

    Examples
    --------
    >>> faded("#2bb8a8", 0.5)
    '#2bb8a880'
    """
    return f"{colour}{round(255 * opacity):02x}"


def class_shade(index: int, lightness: float = 0.5) -> str:
    """Return the colour of the job class `index` at `lightness` (0 to 1).

    Examples
    --------
    >>> class_shade(0, 0.5) != class_shade(1, 0.5)
    True
    """
    hue = HUES_DEG[index % len(HUES_DEG)] / 360.0
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.46)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def grey_shade(lightness: float) -> str:
    """Return the colour of what belongs to no class of its own at `lightness` (0 to 1).

    Examples
    --------
    >>> grey_shade(0.5)
    '#75808a'
    """
    red, green, blue = colorsys.hls_to_rgb(0.58, lightness, 0.08)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def template(theme: str) -> dict[str, Any]:
    """Return the plotly layout template of `theme` (``dark`` or ``light``)."""
    colour = THEMES[theme]
    axis = {
        "gridcolor": colour["grid"],
        "linecolor": colour["line"],
        "zeroline": False,
        "tickfont": {"color": colour["muted"], "size": 11},
        "title": {"font": {"color": colour["muted"], "size": 11}, "standoff": 6},
        "automargin": True,
    }
    hover = {"bgcolor": colour["raised"], "bordercolor": colour["line"], "font": {"color": colour["text"]}}
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": colour["text"]},
        "colorway": [colour[name] for name in ("teal", "orange", "purple", "blue", "red", "green", "yellow")],
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "xaxis": axis,
        "yaxis": axis,
        "hoverlabel": hover,
        "hovermode": "x unified",
        "legend": legend,
    }
    return {"layout": layout}


def css_variables() -> str:
    """Return the style rules of the page's colours: dark on screens, light on paper and on demand."""
    dark, light = (
        "".join(f"--{name}:{value};" for name, value in THEMES[theme].items()) for theme in ("dark", "light")
    )
    return (
        f":root{{color-scheme:dark;{dark}}}\n"
        f":root[data-theme=light]{{color-scheme:light;{light}}}\n"
        f"@media print{{:root:root{{color-scheme:light;{light}}}}}\n"
    )
