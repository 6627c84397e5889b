"""A what-if in a few sentences: what changes, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exatwin.study.whatif import Difference, WhatIf

    Amount = Callable[[float, str], str]


def in_words(found: WhatIf, amount: Amount) -> list[str]:
    """Return what a change does as sentences.

    Parameters
    ----------
    found
        The answer.
    amount
        How a figure with its unit is written.
    """
    rows = {row.name: row for row in found.figures if not row.same}
    if not rows and all(row.same for row in (*found.by_size, *found.by_account)):
        return [_nothing(found)]
    told = [_energy(rows, amount), _waits(rows.get("mean_wait_s"), amount), _left(rows, amount)]
    told += [_most(found.by_size, amount), _most(found.by_account, amount)]
    told += [
        _in_use(rows.get("utilisation_frac")),
        _hours(found, rows, amount),
        _lost(rows),
        _beyond(rows.get("jobs_beyond_cap")),
        _excess(rows, amount),
    ]
    return [line for line in told if line]


def _nothing(found: WhatIf) -> str:
    """Say that nothing moves, and why if that is plain."""
    many = len(found.seeds)
    told = f"Nothing changes{f' in any of the {many} seeds' if many > 1 else ''}."
    changed, policy = dict(found.changes), found.base.schedule.policy
    points = any(path.startswith(("schedule.slurm.priority", "schedule.slurm.fair")) for path in changed)
    if points and "multifactor" not in (policy, changed.get("schedule.policy")):
        return f"{told} Priorities count with schedule.policy = multifactor; here it is {policy}."
    return told


def _energy(rows: dict[str, Difference], amount: Amount) -> str:
    row, peak = rows.get("energy_j"), rows.get("peak_power_w")
    if row is None or not row.base:
        return ""
    share = abs(row.difference) / row.base
    more = "more" if row.difference > 0 else "less"
    said = f"The IT takes {share:.1%} {more} energy" if share >= 5e-4 else "The IT takes as much energy"
    if peak is not None:
        said += f", its peak is {amount(peak.changed, 'W')} instead of {amount(peak.base, 'W')}"
    return f"{said}{_doubt(row) if share >= 5e-4 else ''}."


def _waits(row: Difference | None, amount: Amount) -> str:
    if row is None:
        return ""
    longer = "longer" if row.difference > 0 else "shorter"
    return f"Jobs wait {amount(abs(row.difference), 's')} {longer} on average{_doubt(row)}."


def _left(rows: dict[str, Difference], amount: Amount) -> str:
    """Say who still waits when the window closes, whose waits no mean counts."""
    row, longest = rows.get("jobs_left"), rows.get("longest_left_s")
    if row is None or not row.sure:
        return ""
    jobs = "job waits" if round(row.changed) == 1 else "jobs wait"
    said = f"{row.changed:,.0f} {jobs} when the window closes instead of {row.base:,.0f}"
    return (
        f"{said}, the longest for {amount(longest.changed, 's')}." if longest and row.changed else f"{said}."
    )


def _most(rows: Sequence[Difference], amount: Amount) -> str:
    """Say who gains and who loses most of those of whom that is sure."""
    sure = [row for row in rows if row.sure and not row.same]
    if not sure:
        return ""
    worst = max(sure, key=lambda row: row.difference)
    best = min(sure, key=lambda row: row.difference)
    said = []
    if worst.difference > 0:
        said.append(f"hit hardest: {worst.name}, {amount(worst.difference, 's')} longer")
    if best.difference < 0:
        said.append(f"best off: {best.name}, {amount(-best.difference, 's')} shorter")
    elif best is not worst and len(sure) == len(rows):
        said.append(f"hit least: {best.name}, {amount(best.difference, 's')} longer")
    line = "; ".join(said)
    return f"{line[:1].upper()}{line[1:]}."


def _in_use(row: Difference | None) -> str:
    if row is None:
        return ""
    return f"{row.changed:.1%} of the node time is in use instead of {row.base:.1%}{_doubt(row)}."


def _hours(found: WhatIf, rows: dict[str, Difference], amount: Amount) -> str:
    """Say what jobs that wait for cheap or clean hours make of a MWh."""
    if "schedule.hold" not in dict(found.changes):
        return ""
    said = []
    for name, what in (("price_eur_j", "costs"), ("carbon_kgco2e_j", "emits")):
        row = rows.get(name)
        if row is not None:
            now, before = (amount(each, row.unit).removesuffix("/MWh") for each in (row.changed, row.base))
            said.append(f"{what} {now} instead of {before}{_doubt(row)}")
    return f"A MWh {', '.join(said)}." if said else ""


def _lost(rows: dict[str, Difference]) -> str:
    """Say how much of the node time does no work: slower clocks, limits, failures."""
    used = rows.get("node_h")
    said = []
    for name, why in (("slowed_node_h", "slower clocks"), ("lost_node_h", "limits and failures")):
        row = rows.get(name)
        if row is not None and row.changed:
            share = f", {row.changed / used.changed:.1%} of those in use" if used and used.changed else ""
            said.append(f"{row.changed:,.0f} node-h are lost to {why}{share}")
    return f"{'; '.join(said)}." if said else ""


def _beyond(row: Difference | None) -> str:
    if row is None or not row.changed:
        return ""
    told = f"{row.changed:,.3g}"
    if told == "1":
        return "1 job asks for more watts than the cap ever leaves it, and never starts."
    return f"{told} jobs ask for more watts than the cap ever leaves them, and never start."


def _excess(rows: dict[str, Difference], amount: Amount) -> str:
    row, hours = rows.get("cap_excess_j"), rows.get("cap_excess_h")
    if row is None or hours is None or not row.changed:
        return ""
    over = f"{amount(row.changed, 'J')} in {hours.changed:,.3g} h"
    return f"The cap is exceeded by {over}: more was running as it fell."


def _doubt(row: Difference) -> str:
    return "" if row.sure or row.low is None else " (the seeds do not agree)"


__all__ = ["in_words"]
