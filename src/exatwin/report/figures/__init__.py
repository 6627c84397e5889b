"""Figures: one function ``Result -> plotly Figure`` each, registered by name in ``FIGURES``."""

from __future__ import annotations

from exatwin.report.figures.base import ABOUT, FIGURES, About, available
from exatwin.report.figures.duration import load_duration
from exatwin.report.figures.floor import floor
from exatwin.report.figures.flow import flow
from exatwin.report.figures.gantt import gantt
from exatwin.report.figures.loop import loop
from exatwin.report.figures.market import market
from exatwin.report.figures.market_load import market_load
from exatwin.report.figures.months import months
from exatwin.report.figures.outdoors import pue_air
from exatwin.report.figures.overhead import overhead
from exatwin.report.figures.power import power
from exatwin.report.figures.usage import usage
from exatwin.report.figures.waits import waits

__all__ = [
    "ABOUT", "FIGURES", "About", "available",
    "floor", "flow", "gantt", "load_duration", "loop", "market", "market_load", "months", "overhead", "power",
    "pue_air", "usage", "waits",
]  # fmt: skip
