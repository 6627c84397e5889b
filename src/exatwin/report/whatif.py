"""A changed knob beside the base, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exatwin.foundation.units import show
from exatwin.foundation.version import __version__
from exatwin.report.whatif_words import in_words

if TYPE_CHECKING:
    from exatwin.study.whatif import Difference, WhatIf

TITLES = {
    "energy_j": "energy of the IT", "facility_energy_j": "energy of the facility",
    "peak_power_w": "peak IT power", "peak_facility_w": "peak facility power", "pue": "PUE",
    "cost_eur": "cost", "price_eur_j": "cost of a MWh",
    "carbon_kgco2e": "emissions", "carbon_kgco2e_j": "emissions of a MWh", "water_kg": "water",
    "node_h": "node-hours",
    "jobs_started": "starts of jobs",
    "jobs_ended": "jobs that came to an end", "jobs_left": "jobs that wait at the end",
    "longest_left_s": "longest of these waits so far",
    "utilisation_frac": "utilisation", "mean_wait_s": "mean wait",
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
_PER_MWH = {"EUR/J": "EUR/MWh", "kgCO2e/J": "kg/MWh"}


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
    elif unit in ("s", "h"):
        size *= 3600.0 if unit == "h" else 1.0
        text = f"{size / 3600.0:,.2f} h" if size >= 3600 else f"{size / 60.0:,.1f} min"
    elif unit == "W":
        text = show(size, "W")
    elif unit == "kgCO2e":
        text = f"{_four(size / 1e3)} t CO2e"
    elif unit == "kg":
        text = f"{_four(size / 1e3)} m³"
    elif unit in _PER_MWH:
        text = f"{size * 3.6e9:.4g} {_PER_MWH[unit]}"
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
        f"What if {changed(found)}?",
        f"{beside(found)}",
        f"{count} seed{'s' if count > 1 else ''}, each with and without; "
        + ("5th to 95th percentile of the differences" if count > 1 else "one seed proves little"),
        *([shaken(found)] if found.shake_s else []),
        "",
        *(f"  {line}" for line in in_words(found, amount)),
    ]
    for title, rows in parts(found):
        moved = [row for row in rows if not row.same]
        if moved:
            told += ["", f"{title:30s}{'base':>18s}{'changed':>18s}{'difference':>18s}"]
            told += [_line(row) for row in (rows if title else moved)]
    still = unmoved(found)
    told += ["", f"the same in every seed: {', '.join(still)}"] if still else []
    return [*told, "", origin(found)]


def unmoved(found: WhatIf) -> list[str]:
    """Return the titles of what no seed moves."""
    still = [TITLES.get(row.name, row.name) for row in found.figures if row.same]
    return still + [title for title, rows in parts(found)[1:] if rows and all(row.same for row in rows)]


def origin(found: WhatIf) -> str:
    """Return from what the answer can be made again."""
    first, last = found.seeds[0], found.seeds[-1]
    seeds = f"seeds {first} to {last}" if last > first else f"seed {first}"
    return f"base {found.base_id}, {seeds}, version {__version__}, data {found.data}"


def changed(found: WhatIf) -> str:
    """Return what was changed, as it was asked."""
    return ", ".join(f"{path} = {_written(value)}" for path, value in found.changes)


def beside(found: WhatIf) -> str:
    """Return beside what: machine or log, its time, who starts next."""
    base = found.base
    rule = base.schedule
    what = f"{base.machine or 'bare processors'}, {base.days:g} days from {base.start:%Y-%m-%d}"
    if base.trace is not None:
        what = f"{base.trace.path} on {base.machine or 'its own nodes'}"
    return f"beside {what}, {rule.policy} with {rule.backfill}"


def shaken(found: WhatIf) -> str:
    """Return what the seeds do to the jobs of a log."""
    base = found.base.trace
    recorded = "trace.as_recorded" in dict(found.changes) or (base is not None and base.as_recorded)
    who = "all" if base is not None and base.shake_s else "all but the first"
    how = "but none of the run as recorded" if recorded else "alike with and without"
    return f"{who} move the submissions of the log by up to {show(found.shake_s, 's')}, {how}"


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def parts(found: WhatIf) -> list[tuple[str, Sequence[Difference]]]:
    """Return the tables of the answer, each with its title; the first is of the whole."""
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
    return f"{told}   {span(row)}".rstrip()


def span(row: Difference) -> str:
    """Return the range of a difference, and whether the seeds disagree about its sign."""
    if row.low is None or row.high is None:
        return ""
    said = f"{amount(row.low, row.unit, sign=True)} to {amount(row.high, row.unit, sign=True)}"
    return said if row.sure or row.same else f"{said}, either way"


__all__ = [
    "TITLES",
    "amount",
    "beside",
    "changed",
    "lines",
    "origin",
    "parts",
    "shaken",
    "span",
    "unmoved",
]
