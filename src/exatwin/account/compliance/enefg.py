"""Germany's report and thresholds: Energieeffizienzgesetz, sections 11 to 17 and Annex 3."""

from __future__ import annotations

from datetime import date

from exatwin.account.compliance.cells import Found, Report, check, fill
from exatwin.account.compliance.eed import renewable
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
from exatwin.foundation.errors import SpecError

RULE = "de-enefg"


def enefg(site: Site, year: YearOfOperation, boundary: str) -> Report:
    """Return the report on `year` of the data centre at `site`, with the thresholds that apply to it.

    Parameters
    ----------
    site, year, boundary
        As for :func:`~exatwin.account.compliance.eed.eed`.

    Raises
    ------
    SpecError
        The site is not in Germany, or its file does not say when operation began.
    """
    rule = load_rule(RULE)
    if site.country not in rule.countries:
        raise SpecError(f"'{site.name}' is in {site.country}: EnEfG applies in {', '.join(rule.countries)}")
    start = started(site)
    found = _general(site, year, rule) | _operation(site, year, boundary) | _heat(site, year)
    figures = {"pue": year.pue, "pue_enefg": year.pue_without_upgrade, "erf": year.erf, "ref": year.ref}
    return Report(
        rule=rule.name,
        title=rule.title,
        version=rule.version,
        site=site.report.name or site.title,
        year=year.year,
        cells=fill(rule, found),
        checks=check(rule, figures, start, year.year, _ranges(year)),
        notes=(*_scope(site, year, rule), *_duties(rule, year.year), *rule.notes, *rule.drafts),
        sources=tuple(source.url for source in rule.sources.values()),
    )


def _ranges(year: YearOfOperation) -> dict[str, tuple[float, float] | None]:
    """Return the ranges of the figures that have limits, as far as they are known."""
    pue = measured_range(year, "pue")
    lifted = year.upgrade_j / year.it_j if year.it_j > 0 else 0.0
    return {"pue": pue, "pue_enefg": None if pue is None else (pue[0] - lifted, pue[1] - lifted)}


def _scope(site: Site, year: YearOfOperation, rule: Rule) -> tuple[str, ...]:
    power = site.report.non_redundant_connection_w or year.design_it_w
    if power >= rule.applies_from_w:
        return ()
    return (
        f"below the scope: {rule.applies_measure} is {power / 1e3:,.0f} kW, the duty begins at "
        f"{rule.applies_from_w / 1e3:,.0f} kW",
    )


def _duties(rule: Rule, year: int) -> tuple[str, ...]:
    return tuple(
        f"section {duty.id}{f', from {duty.from_date.isoformat()}' if duty.from_date else ''}: {duty.text}"
        for duty in rule.duties
        if duty.from_date is None or duty.from_date <= date(year, 12, 31)
    )


def _general(site: Site, year: YearOfOperation, rule: Rule) -> dict[str, Found]:
    said = site.report
    who = "; ".join(part for part in (said.owner, said.operator or site.operator, said.contact) if part)
    connection = said.non_redundant_connection_w or site.connection_w
    return {
        "A3.1.name": text(said.name or site.title),
        "A3.1.owner": text(who),
        "A3.1.size": Found(rule.size_of(year.design_it_w), MODELLED, formula="class of the rated IT power"),
        "A3.1.postcode": text(said.postcode),
        "A3.1.floor": stated(said.floor_area_m2),
        "A3.1.it_connection": Found(year.design_it_w / 1e3, MODELLED),
        "A3.1.connection": stated(connection, 1e3),
    }


def _operation(site: Site, year: YearOfOperation, boundary: str) -> dict[str, Found]:
    own = renewable(site, year, "onsite")
    made = float(own.value) if isinstance(own.value, float) else 0.0
    total = year.facility_j / 3.6e6
    fed = year.fed_in_j / 3.6e6
    return {
        "A3.2.a": energy(year, "facility_j", boundary),
        "A3.2.a1": own,
        "A3.2.a2": figure(total + fed - made, "used + fed in - generated on site"),
        "A3.2.a3": Found(fed, MODELLED),
        "A3.2.b": figure(year.ref, "renewable energy / energy used"),
        "A3.2.c1": figure(
            (year.facility_j - year.reused_j) / 3.6e6, "energy used - heat delivered",
            note="all that is not delivered leaves to the air",
        ),
        "A3.2.c2": Found(year.return_k - 273.15, MODELLED, "return of the warm water"),
        "A3.2.c3": stated(site.report.heat_to_water_and_soil_j, 3.6e6),
        "A3.2.d1": Found(year.reused_j / 3.6e6, MODELLED, "hand-off to the heat network"),
        "A3.2.d2": Found(
            None if year.reuse_k is None else year.reuse_k - 273.15, MODELLED,
            note="" if year.reused_j > 0 else "no heat is delivered",
        ),
        "A3.2.e1": stated(site.report.storage_b, 1e15),
        "A3.2.e2": stated(site.report.data_processed_b, 1e18),
        "A3.2.f": figure(year.pue, "energy used / IT energy", measured_range(year, "pue")),
        "A3.2.g": figure(year.erf, "heat delivered / energy used"),
        "A3.2.h": figure(year.cer, "heat removed / electricity of pumps, fans, chillers"),
        "A3.2.i": figure(year.wue_m3_mwh, "water / IT energy", water_range(year)),
    }  # fmt: skip


def _heat(site: Site, year: YearOfOperation) -> dict[str, Found]:
    said = site.report
    months = ", ".join(f"{each / 3.6e6:.0f}" for each in year.heat_by_month_j)
    return {
        "17.name": text("; ".join(part for part in (said.owner, said.contact) if part)),
        "17.heat": energy(year, "heat_to_water_j", "warm-water loop"),
        "17.power": Found(year.peak_heat_w / 1e3, MODELLED, "warm-water loop"),
        "17.profile": Found(months or None, MODELLED, "warm-water loop"),
        "17.control": text(said.heat_control),
        "17.temperature": Found(year.return_k - 273.15, MODELLED, "return of the warm water"),
    }


__all__ = ["RULE", "enefg", "started"]
