"""The EU's report: Delegated Regulation (EU) 2024/1364, Annexes I to IV."""

from __future__ import annotations

from exatwin.account.compliance.cells import Found, Report, fill
from exatwin.account.compliance.stated import (
    MODELLED,
    energy,
    figure,
    measured_range,
    started,
    stated,
    text,
    water_range,
)
from exatwin.account.compliance.year import YearOfOperation
from exatwin.catalogue.rules import Rule, load_rule
from exatwin.catalogue.site import Site

RULE = "eu-2024-1364"


def eed(site: Site, year: YearOfOperation, boundary: str) -> Report:
    """Return the report on `year` of the data centre at `site`.

    Parameters
    ----------
    site
        Where it stands; its ``report`` holds what the operator states.
    year
        What the calendar year amounts to.
    boundary
        Where its energies are metered, in the terms of EN 50600-4-2.

    Examples
    --------
    >>> from exatwin.catalogue.site import load_site
    >>> flat = {"covered_s": 1.0, "length_s": 1.0, "water_kg": 1e3, "cooling_j": 1.0, "heat_to_air_j": 0.0}
    >>> warm = {"return_k": 319.15, "intake_k": 292.15, "degree_days": 0.0, "peak_heat_w": 1}
    >>> done = YearOfOperation(2027, design_it_w=17e6, facility_j=1.1e9, it_j=1e9, heat_to_water_j=9e8,
    ...                        heat_by_month_j=(), **flat, **warm)
    >>> cells = {cell.symbol: cell.value for cell in eed(load_site("juelich"), done, "").cells}
    >>> cells["PUE"], cells["EIT"] > 277
    (1.1, True)
    """
    rule = load_rule(RULE)
    found = _centre(site) | _energy(site, year, boundary) | _rest(site, year) | _ratios(year)
    size = rule.size_of(year.design_it_w)
    found["IV"] = Found(size, MODELLED, formula="class of PDIT")
    return Report(
        rule=rule.name,
        title=rule.title,
        version=rule.version,
        site=site.report.name or site.title,
        year=year.year,
        cells=fill(rule, found),
        notes=(*_scope(rule, year), *rule.notes, *rule.drafts),
        sources=tuple(source.url for source in rule.sources.values()),
    )


def _scope(rule: Rule, year: YearOfOperation) -> tuple[str, ...]:
    if year.design_it_w >= rule.applies_from_w:
        return ()
    return (
        f"below the scope: {rule.applies_measure} is {year.design_it_w / 1e3:,.0f} kW, the duty begins at "
        f"{rule.applies_from_w / 1e3:,.0f} kW",
    )


def _centre(site: Site) -> dict[str, Found]:
    said = site.report
    operator = said.operator or site.operator
    who = "; ".join(part for part in (said.owner, operator, said.contact) if part)
    short = [what for what, value in (("owner", said.owner), ("contact", said.contact)) if not value]
    return {
        "I.1.a": text(said.name or site.title),
        "I.1.b": text(who, f"{' and '.join(short)} not stated" if short else ""),
        "I.1.c": text(said.lau_code),
        "I.1.d": text(said.type),
        "I.1.e": text(f"{started(site):%Y-%m}" if site.commissioned else ""),
        "I.2.a": text(said.electrical_redundancy),
        "I.2.b": text(said.cooling_redundancy),
    }


def _energy(site: Site, year: YearOfOperation, boundary: str) -> dict[str, Found]:
    said = site.report
    return {
        "II.1.a": Found(year.design_it_w / 1e3, MODELLED, note="largest IT power the plant is built for"),
        "II.1.b": stated(said.floor_area_m2),
        "II.1.c": stated(said.computer_room_area_m2),
        "II.1.d": energy(year, "facility_j", boundary),
        "II.1.d2": stated(said.backup_energy_j, 3.6e6),
        "II.1.e": energy(year, "it_j", "input of the racks, no UPS: a stated point"),
        "II.1.f": text(said.grid_functions),
        "II.1.g": _offered(site, year),
        "II.1.p": renewable(site, year, "goo"),
        "II.1.q": renewable(site, year, "ppa"),
        "II.1.r": renewable(site, year, "onsite"),
        "II.1.o": figure(
            _all_renewable(year), "ERES-GOO + ERES-PPA + ERES-OS", note="kinds that are not known left out"
        ),
    }


def _offered(site: Site, year: YearOfOperation) -> Found:
    """Return the battery power offered to the grid [kW]: as stated, else none: no such market is modelled."""
    if site.report.battery_offered_w is not None:
        return stated(site.report.battery_offered_w, 1e3)
    if year.battery_j is None:
        return Found(None, MODELLED)
    if year.battery_j > 0.0:
        return Found(0.0, MODELLED, note="the battery serves the site; none of it is offered on a market")
    return Found(
        0.0, MODELLED, note="no battery beside the load is modelled; batteries of a UPS are not seen"
    )


def _all_renewable(year: YearOfOperation) -> float | None:
    return sum(year.renewable_j.values()) / 3.6e6 if year.renewable_j else None


def renewable(site: Site, year: YearOfOperation, kind: str) -> Found:
    """Return the renewable energy [kWh] of one `kind`, and whether it is stated or modelled."""
    own = {
        "goo": site.report.guarantees_of_origin_j, "ppa": site.report.ppa_j, "onsite": site.report.onsite_j,
    }[kind]  # fmt: skip
    if own is not None:
        return stated(own, 3.6e6)
    value = year.renewable_j.get(kind)
    note = "counts only where the guarantees of the contract are retired; what is sold is left out"
    return Found(
        None if value is None else value / 3.6e6, MODELLED, "meters of the parks" if kind == "ppa" else "",
        note=note if kind == "ppa" and value is not None else "",
    )  # fmt: skip


def _rest(site: Site, year: YearOfOperation) -> dict[str, Found]:
    said = site.report
    share = said.potable_share_frac
    water = year.water_kg / 1e3
    return {
        "II.1.h": Found(
            water, MODELLED, "inlets of coolers and towers", interval=measured_range(year, "water_kg", 1e3),
            note="category 2",
        ),
        "II.1.i": Found(
            None if share is None else share * water, MODELLED, formula="stated share of drinking water x WIN"
        ),
        "II.1.j": Found(year.reused_j / 3.6e6, MODELLED, "hand-off to the heat network"),
        "II.1.k": Found(
            year.return_k - 273.15, MODELLED, "return of the warm water, hot side of the exchanger",
            formula="mean weighted by heat",
        ),
        "II.1.l": Found(year.intake_k - 273.15, MODELLED, note="set point of the rooms"),
        "II.1.m": text(", ".join(said.refrigerants)),
        "II.1.n": Found(year.degree_days, MODELLED, formula="base 21 °C, days of a mean of 24 °C or more"),
        "II.2.a": stated(said.sert_score),
        "II.2.b": stated(said.storage_b, 1e15),
        "II.3.a": stated(said.bandwidth_in_b_s, 1e9),
        "II.3.b": stated(said.bandwidth_out_b_s, 1e9),
        "II.3.c": stated(said.traffic_in_b, 1e18),
        "II.3.d": stated(said.traffic_out_b, 1e18),
    }  # fmt: skip


def _ratios(year: YearOfOperation) -> dict[str, Found]:
    return {
        "III.a": figure(year.pue, "EDC / EIT", measured_range(year, "pue")),
        "III.b": figure(year.wue_m3_mwh, "WIN / EIT", water_range(year)),
        "III.c": figure(year.erf, "EREUSE / EDC"),
        "III.d": figure(year.ref, "ERES-TOT / EDC"),
    }


__all__ = ["RULE", "eed", "renewable"]
