"""The reports that law asks for, from a result and a site's file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from exatwin.account.compliance.cells import Report
from exatwin.account.compliance.eed import eed
from exatwin.account.compliance.enefg import enefg
from exatwin.account.compliance.year import YearOfOperation, cooling_degree_days
from exatwin.catalogue.site import Site, load_site
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.signal import Signal
from exatwin.study.intervals import LEAST_SEEDS, intervals
from exatwin.study.result import Result

_REPORTS: dict[str, Callable[[Site, YearOfOperation, str], Report]] = {"eed": eed, "enefg": enefg}
_COOLING = ("pump_w", "fan_w", "room_w")
_RANGED = ("it_j", "facility_j", "water_kg", "pue", "heat_to_water_j")


def reports() -> list[str]:
    """Return the names of the reports."""
    return list(_REPORTS)


YEARS = 48
"""Years of the plant behind the intervals."""


def comply(
    rule: str, result: Result, year: int | None = None, site: str | None = None, *, years: int = YEARS
) -> Report:
    """Return the report on a calendar year by what `result` says of it.

    Parameters
    ----------
    rule
        ``eed`` for Delegated Regulation (EU) 2024/1364, ``enefg`` for Germany's EnEfG.
    result
        A run or replay with its building; what it covers of the year is scaled to the whole.
    year
        The calendar year; by default the one in which the result begins.
    site
        Name or file of the site, whose ``report`` holds what the operator states; by default the result's.
    years
        How many years of the plant stand behind the intervals (:func:`~exatwin.study.intervals.intervals`);
        0 for no intervals.

    Raises
    ------
    SpecError
        There is no such report, the result covers nothing of the year, or it has no building.
    """
    if rule not in _REPORTS:
        raise SpecError(f"unknown report '{rule}': {nearest(rule, _REPORTS)}")
    if result.ledger is None or result.machine is None:
        raise SpecError("the result has no building (it was run without a machine or without 'facility')")
    where = load_site(site or str(result.provenance.get("site") or result.machine.file.site))
    wanted = result.start.year if year is None else year
    operated = year_of_operation(result, where, wanted)
    reported = {name: float(getattr(operated, name) or 0.0) for name in _RANGED}
    operated = replace(operated, intervals=intervals(result, where, wanted, reported, years))
    found = _REPORTS[rule](where, operated, str(result.ledger.basis.get("pue", "")))
    return Report(**(vars(found) | {"notes": (*_coverage(operated, result), *found.notes)}))


def year_of_operation(result: Result, site: Site, year: int) -> YearOfOperation:
    """Return what the calendar `year` amounts to by the part of it that `result` covers, scaled to the whole.

    Raises
    ------
    SpecError
        The result covers nothing of the year.
    """
    from exatwin.facility.plant import design_it_w

    assert result.machine is not None
    first, last = (datetime(y, 1, 1, tzinfo=UTC) for y in (year, year + 1))
    length = (last - first).total_seconds()
    begin = (first - result.start).total_seconds()
    low, high = max(begin, result.start_s), min(begin + length, result.end_s)
    if not 1 <= year <= 9998 or high <= low:
        said = f"{_instant(result, result.start_s):%Y-%m-%d} to {_instant(result, result.end_s):%Y-%m-%d}"
        raise SpecError(
            f"the result covers {said}, nothing of {year}: run it with --start {year}-01-01 --days 365"
        )
    signals = {name: signal.clip(low, high) for name, signal in result.signals.items()}
    scale = length / (high - low)
    heat = signals["heat_to_water_w"]
    reused = signals.get("heat_reused_w")
    total = heat.integral()
    return YearOfOperation(
        year=year,
        covered_s=high - low,
        length_s=length,
        design_it_w=design_it_w(site, result.machine)[0],
        facility_j=signals["facility_w"].integral() * scale,
        it_j=signals["it_w"].integral() * scale,
        water_kg=signals["water_kg_s"].integral() * scale,
        cooling_j=sum(signals[name].integral() for name in _COOLING if name in signals) * scale,
        heat_to_water_j=total * scale,
        heat_to_air_j=signals["heat_to_air_w"].integral() * scale,
        return_k=(signals["return_k"] * heat).integral() / total if total > 0 else signals["return_k"].mean(),
        intake_k=site.plant().room.supply_k,
        degree_days=cooling_degree_days(signals["air_k"]) * scale,
        heat_by_month_j=_by_month(heat, result, year),
        peak_heat_w=heat.max(),
        reused_j=0.0 if reused is None else reused.integral() * scale,
        reuse_k=_reuse_k(signals),
        upgrade_j=_upgrade_j(result, signals) * scale,
        renewable_j=_renewable(site, result, length / (result.end_s - result.start_s)),
        fed_in_j=_total(signals, "fed_in_w") * scale,
        battery_j=result.scenario.supply.over(site.supply).battery_j or 0.0,
    )


def _instant(result: Result, time_s: float) -> datetime:
    return datetime.fromtimestamp(result.start.timestamp() + time_s, UTC)


def _total(signals: dict[str, Signal], name: str) -> float:
    return signals[name].integral() if name in signals else 0.0


def _upgrade_j(result: Result, signals: dict[str, Signal]) -> float:
    """Return the heat pumps' electricity [J] as far as it is part of the facility's."""
    inside = result.ledger is not None and "heat pumps" in result.ledger.overheads_j
    return _total(signals, "heat_pump_w") if inside else 0.0


def _reuse_k(signals: dict[str, Signal]) -> float | None:
    if "heat_reused_w" not in signals or "reuse_k" not in signals:
        return None
    heat = signals["heat_reused_w"]
    total = heat.integral()
    return (signals["reuse_k"] * heat).integral() / total if total > 0 else None


def _by_month(heat: Signal, result: Result, year: int) -> tuple[float, ...]:
    """Return the heat [J] of each calendar month, as far as it is covered."""
    starts = [datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(13)]
    edges = [(each - result.start).total_seconds() for each in starts]
    found = []
    for low, high in pairwise(edges):
        inside = max(low, heat.start_s), min(high, heat.end_s)
        found.append(heat.integral(*inside) if inside[1] > inside[0] else 0.0)
    return tuple(found)


def _renewable(site: Site, result: Result, scale: float) -> dict[str, float]:
    """Return the renewable energy of the year by kind [J]: as the site states it, else as modelled."""
    said = site.report
    stated = {"goo": said.guarantees_of_origin_j, "ppa": said.ppa_j, "onsite": said.onsite_j}
    supply = result.ledger.supply if result.ledger else {}
    modelled = {
        kind: supply[f"renewable_{kind}_j"] * scale
        for kind in ("goo", "ppa")
        if supply.get(f"renewable_{kind}_j")
    }
    if "ppa" in modelled:  # what is sold is taken from the contracts first
        modelled["ppa"] = max(0.0, modelled["ppa"] - supply.get("fed_in_j", 0.0) * scale)
    return modelled | {kind: value for kind, value in stated.items() if value is not None}


def _coverage(year: YearOfOperation, result: Result) -> tuple[str, ...]:
    told = [f"every energy is modelled by run {result.provenance.get('id')}, none was read from a meter"]
    if not year.whole:
        days, whole = year.covered_s / 86400.0, year.length_s / 86400.0
        told.insert(
            0,
            f"scaled: the result covers {days:.1f} of {whole:.0f} days of {year.year}; the rest is taken "
            "to be like them, which no season is",
        )
    told.append(_ranges_rest_on(result) if year.intervals else "no intervals were asked for")
    if "engine_w" in result.signals and result.signals["engine_w"].max() > 0.0:
        told.append("the gas engine counts with the electricity that it gives, not with its fuel")
    return tuple(told)


def _ranges_rest_on(result: Result) -> str:
    """Return what the intervals hold and what they do not, in a sentence."""
    jobs = "other jobs (the result's seeds)" if len(result.seeds) >= LEAST_SEEDS else ""
    hold = ["error of the modelled IT power", "weather", "numbers of the plant that nobody measured", jobs]
    told = f"intervals (90 %): {', '.join(part for part in hold if part)}"
    return told if jobs else f"{told}; not: another load of the machine (run it with --seeds 20)"


__all__ = ["comply", "reports", "year_of_operation"]
