"""The strip of cards on top of the page: one figure each, with its course over the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.signal import Signal
from exatwin.report.source import Reportable, basis_of, place_word, window
from exatwin.report.words import compact, duration, number

ZERO_C_K = 273.15
J_PER_MWH = 3.6e9
POINTS = 96


@dataclass(frozen=True)
class Card:
    """One figure of the strip."""

    title: str
    value: str
    unit: str
    more: str
    """A second figure, in small."""
    course: Signal | None
    """What the line under it draws."""
    colour: str
    """Name of the line's colour."""
    basis: str = "modelled"
    """How the figure is known."""


def cards(result: Reportable) -> list[Card]:
    """Return the cards of `result`, as far as it holds their data."""
    jobs = _jobs(result) if result.machine is None else ()
    return [*_power(result), *_loop(result), *_use(result), *_market(result), *jobs]


def _power(result: Reportable) -> Iterator[Card]:
    signals = result.signals
    if "it_w" in signals:
        it = signals["it_w"]
        yield Card("IT power", f"{it.mean() / 1e6:.2f}", "MW", f"peak {it.max() / 1e6:.2f}", it, "teal")
    if "facility_w" in signals:
        facility = signals["facility_w"]
        energy = f"{number(facility.integral() / J_PER_MWH)} MWh"
        yield Card("Facility", f"{facility.mean() / 1e6:.2f}", "MW", energy, facility, "orange")


def _loop(result: Reportable) -> Iterator[Card]:
    signals, pue = result.signals, result.summary().get("pue")
    if "pue" in signals and pue is not None:
        high = float(np.nanquantile(signals["pue"].values, 0.9))
        yield Card("PUE · EN 50600-4-2", f"{pue:.3f}", "", f"P90 {high:.3f}", signals["pue"], "purple")
    if "supply_k" in signals and "return_k" in signals:
        supply, back = signals["supply_k"].mean() - ZERO_C_K, signals["return_k"].mean() - ZERO_C_K
        yield Card("Supply / return", f"{supply:.1f} / {back:.1f}", "°C", "", signals["return_k"], "red")


def _use(result: Reportable) -> Iterator[Card]:
    signals, schedule = result.signals, result.schedule
    if "allocated_nodes" in signals:
        held = signals["allocated_nodes"]
        hours = f"{compact(held.integral() / 3600)} {place_word(result)}-h"
        yield Card("Utilisation", f"{100 * held.mean() / schedule.capacity:.1f}", "%", hours, held, "green")
    if "queued_jobs" in signals:
        counted = schedule.started & (schedule.start_s >= window(result)[0])
        median = float(np.median(schedule.wait_s[counted])) if counted.any() else None
        queue = signals["queued_jobs"]
        yield Card("Queue", f"{queue.mean():,.0f}", "jobs", f"P50 wait {duration(median)}", queue, "orange")


def _jobs(result: Reportable) -> Iterator[Card]:
    """Return what fills the strip where no machine, and so no power, is known."""
    summary = result.summary()
    wait, slowdown = summary.get("mean_wait_s"), summary.get("mean_bounded_slowdown")
    if wait is not None:
        yield Card("Mean wait", duration(wait), "", f"{len(result.jobs):,} jobs", None, "orange")
    if slowdown is not None:
        yield Card("Bounded slowdown", f"{slowdown:.2f}", "mean", "bound 10 s", None, "purple")


def _market(result: Reportable) -> Iterator[Card]:
    signals = result.signals
    if "facility_w" not in signals:
        return
    energy, basis = signals["facility_w"].integral(), basis_of(result, "market")
    summary = result.summary()
    carbon, cost = summary.get("carbon_kgco2e"), summary.get("cost_eur")
    if carbon is not None and "carbon_kgco2e_j" in signals and energy > 0:
        course = signals["carbon_kgco2e_j"]
        per = f"{1e3 * 3.6e6 * carbon / energy:,.0f}"
        yield Card("Carbon", per, "g/kWh", f"{number(carbon / 1e3)} t CO₂e", course, "green", basis)
    if cost is not None and "price_eur_j" in signals and energy > 0:
        per = f"{J_PER_MWH * cost / energy:,.0f}"
        more = f"{number(cost / 1e3)} kEUR"
        yield Card("Price", per, "€/MWh", more, signals["price_eur_j"], "yellow", basis)


def spark_points(course: Signal) -> list[tuple[float, float]]:
    """Return the course of a signal as points between 0 and 1 in both directions, at most ``POINTS``."""
    steps = course.mean((course.end_s - course.start_s) / POINTS).values
    steps = np.where(np.isfinite(steps), steps, np.nanmean(course.values))
    low, high = float(steps.min()), float(steps.max())
    span = high - low or 1.0
    share = np.arange(len(steps)) / max(1, len(steps) - 1)
    return [
        (round(float(x), 4), round(float((y - low) / span), 4)) for x, y in zip(share, steps, strict=True)
    ]
