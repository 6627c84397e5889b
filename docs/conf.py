"""Sphinx: the pages of this folder, with reference tables written from the code itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import generate_applying  # noqa: F401  (registers its tables)
import generate_climate  # noqa: F401  (registers its tables)
import generate_language  # noqa: F401  (registers its tables)
import generate_models  # noqa: F401  (registers its tables)
import generate_serving  # noqa: F401  (registers its tables)
import generate_specs  # noqa: F401  (registers its tables)
import generate_validation  # noqa: F401  (registers its tables)
from generate import fill

from exatwin import __version__

project = "exatwin"
author = "The exatwin developers"
copyright = "2026, The exatwin developers"
release = version = __version__

extensions = ["myst_parser"]  # no formulas that a browser would fetch a library for: pages work offline
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_static"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nitpicky = True
smartquotes = False  # "--json" is no dash
suppress_warnings = ["epub.unknown_project_files"]

html_theme = "furo"
html_title = f"exatwin {release}"
html_static_path = ["_static"]
html_css_files = ["exatwin.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b7285", "color-brand-content": "#0b7285"},
    "dark_css_variables": {"color-brand-primary": "#4dd0c8", "color-brand-content": "#4dd0c8"},
}


def _fill(app: Any, name: str, source: list[str]) -> None:
    """Put the generated tables where a page asks for them."""
    source[0] = fill(source[0])


def setup(app: Any) -> dict[str, bool]:
    """Register what is done to each page before it is parsed."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
