"""Tables: one function ``Result -> Table`` each, registered by name in ``TABLES``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from exatwin.catalogue.site import load_site
from exatwin.foundation.spec import Quality, Sourced
from exatwin.foundation.units import show
from exatwin.report.energy import energy_flow
from exatwin.report.keys import BASIS, KEYS, Basis
from exatwin.report.source import Reportable, basis_of, has, instant, place_word, settled, window
from exatwin.report.statistics import over_seeds, waits_by_size
from exatwin.report.words import duration, number
from exatwin.workload.job import State

LARGEST = 20
J_PER_MWH = 3.6e9
_ELSEWHERE = ("command", "pue_boundary")  # shown at the foot of the page


@dataclass(frozen=True)
class Link:
    """Text that leads somewhere."""

    text: str
    url: str


Cell = str | Basis | Link


@dataclass(frozen=True)
class Table:
    """A table for people."""

    title: str
    """Heading."""
    columns: tuple[str, ...]
    """Headings of the columns; one that ends in ``>`` holds numbers, set to the right."""
    rows: tuple[tuple[Cell, ...], ...]
    """The cells, row by row."""
    note: str = ""
    """What a careful reader should know."""


TABLES: dict[str, Callable[[Reportable], Table]] = {}
_NEEDS: dict[str, tuple[str, ...]] = {}


def table(name: str, *needs: str) -> Callable[[Callable[[Reportable], Table]], Callable[[Reportable], Table]]:
    """Return a decorator that registers a table under `name` with what a result must hold for it."""

    def remember(make: Callable[[Reportable], Table]) -> Callable[[Reportable], Table]:
        TABLES[name] = make
        _NEEDS[name] = needs
        return make

    return remember


def available(result: Reportable) -> list[str]:
    """Return the names of the tables that `result` holds the data of."""
    return [name for name in TABLES if all(has(result, need) for need in _NEEDS[name])]


@table("figures")
def key_figures(result: Reportable) -> Table:
    """Return the key figures, their units and how each is known; of several seeds the median and range."""
    summary, seeds = result.summary(), result.seeds
    rows: list[tuple[Cell, ...]] = []
    spreads = {key.name: over_seeds(seeds, key.name) for key in KEYS}
    many = any(spreads.values())
    for key in KEYS:
        value = summary.get(key.name)
        if value is None or (key.basis == "recorded" and not result.provenance.get("trace")):
            continue
        spread = spreads[key.name]
        unit = {
            "billed": str(summary.get("billing_unit") or key.unit),
            "median_job_nodes": f"{place_word(result)}s",
        }
        row: tuple[Cell, ...] = (key.title, number(key.scaled(value)), unit.get(key.name, key.unit))
        if many:
            row += (_range(key.scaled, spread),)
        rows.append((*row, BASIS[basis_of(result, key.basis)], key.origin))
    head = ("figure", "value>", "unit", *(("median, P10–P90 of seeds>",) if many else ()), "known", "from")
    missing = [key.title for key in KEYS if key.name in summary and summary[key.name] is None]
    note = f"Not known for this run: {', '.join(missing)}." if missing else ""
    if many and len(seeds) < 10:
        note = f"Ranges are least to greatest of {len(seeds)} seeds. {note}".strip()
    return Table("Key figures", head, tuple(rows), note)


def _range(scaled: Callable[[float], float], spread: Any) -> str:
    if spread is None:
        return "–"
    return f"{number(scaled(spread.median))} ({number(scaled(spread.low))}–{number(scaled(spread.high))})"


@table("provenance")
def provenance(result: Reportable) -> Table:
    """Return what identifies the run and its data."""
    start, end = window(result)
    given = {key: value for key, value in result.provenance.items() if key not in _ELSEWHERE and _told(value)}
    given |= {
        "window": f"{instant(result, start):%Y-%m-%d %H:%M} to {instant(result, end):%Y-%m-%d %H:%M} UTC"
    }
    rows: list[tuple[Cell, ...]] = [(key.replace("_", " "), _text(value)) for key, value in given.items()]
    return Table("Provenance", ("", ""), tuple(rows))


@table("waits")
def waits(result: Reportable) -> Table:
    """Return the waits by job size."""
    rows = [
        (
            found.label,
            f"{found.jobs:,}",
            f"{found.node_h:,.0f}",
            *(duration(found.quantiles_s[i]) for i in (0, 2, 4)),
            duration(found.mean_s),
        )
        for found in waits_by_size(result.schedule, window(result)[0])
        if found.jobs
    ]
    word = place_word(result)
    head = (f"{word}s", "jobs>", f"{word}-h>", "P10>", "P50>", "P90>", "mean>")
    return Table("Waiting time by job size", head, tuple(rows), "Jobs that started inside the window.")


@table("flow", "power", "facility_w")
def flow(result: Reportable) -> Table:
    """Return the mean flows of energy."""
    links = energy_flow(result)
    whole = sum(link.mean_w for link in links if link.source == "Grid")
    rows = [
        (link.source, link.target, show(link.mean_w, "W"), f"{100 * link.mean_w / whole:.1f} %")
        for link in links
    ]
    return Table("Energy flow", ("from", "to", "mean>", "of the grid's>"), tuple(rows))


@table("energy", "ledger")
def energy(result: Reportable) -> Table:
    """Return the energy of the facility by place."""
    it, beyond = settled(result, "it_parts_j"), settled(result, "overheads_j")
    whole = sum(it.values()) + sum(beyond.values()) or 1.0
    rows = [
        (where, name.replace("_", " "), number(joules / J_PER_MWH), f"{100 * joules / whole:.2f} %")
        for where, places in (("IT", it), ("facility", beyond))
        for name, joules in places.items()
    ]
    rows.append(("all", "", number(whole / J_PER_MWH), "100 %"))
    gap = settled(result, "balance").get("relative")
    note = f"Meter, jobs and parts agree within {gap:.1e} of the meter." if isinstance(gap, float) else ""
    return Table("Energy by place", ("", "place", "MWh>", "of all>"), tuple(rows), note)


@table("cost", "ledger")
def cost(result: Reportable) -> Table:
    """Return the cost of the energy by what is paid for, and under other tariffs."""
    parts, others = settled(result, "cost_parts_eur"), settled(result, "compared_eur")
    rows = [(name.replace("_", " "), number(euros / 1e3)) for name, euros in parts.items()]
    rows.append(("all", number(sum(parts.values()) / 1e3)))
    rows += [
        (f"instead, under {name.replace('-', ' ')}", number(euros / 1e3)) for name, euros in others.items()
    ]
    basis = settled(result, "basis")
    note = ". ".join(f"{basis[key]}" for key in ("cost", "market") if key in basis)
    return Table("Cost of the energy", ("paid for", "kEUR>"), tuple(rows), note)


@table("gantt")
def largest(result: Reportable) -> Table:
    """Return the jobs that used the most node-hours."""
    schedule, jobs = result.schedule, result.jobs
    work = jobs.nodes * schedule.run_s / 3600.0
    rows = []
    for row in np.argsort(-work, kind="stable")[:LARGEST]:
        if work[row] <= 0:
            break
        rows.append(
            (
                str(jobs.job_id[row]),
                str(result.profiles.names[jobs.profile[row]]),
                f"{jobs.nodes[row]:,}",
                f"{instant(result, float(schedule.start_s[row])):%a %d %b %H:%M}",
                duration(float(schedule.run_s[row])),
                duration(float(schedule.wait_s[row])),
                f"{work[row]:,.0f}",
                State(int(schedule.state[row])).name,
            )
        )
    word = place_word(result)
    head = ("job", "profile", f"{word}s>", "start (UTC)>", "ran>", "waited>", f"{word}-h>", "state")
    return Table(f"The {len(rows)} largest jobs", head, tuple(rows))


def _parts(result: Reportable) -> Iterator[tuple[str, Sourced]]:
    machine = result.machine
    if machine is None:
        return
    yield from (("machine", machine.file), ("node", machine.node), ("processor", machine.processor))
    if machine.accelerator is not None:
        yield "accelerator", machine.accelerator
    if machine.network is not None:
        yield "network", machine.network
    name = result.provenance.get("site")
    if name:
        site = load_site(str(name))
        yield from (("site", site), ("power chain", site.chain()), ("cooling", site.plant()))
        yield "tariff", site.prices()


@table("facts", "machine")
def facts(result: Reportable) -> Table:
    """Return every number of the machine's description with how it is known and its source."""
    rows: list[tuple[Cell, ...]] = []
    for part, spec in _parts(result):
        values = spec.model_dump(by_alias=True, exclude={"facts", "sources"})
        for path, fact in spec.facts.items():
            found = spec.sources[fact.source]
            source = Link(found.title, found.url) if found.url else found.title
            rows.append((part, path, _shown(values, path), BASIS[fact.quality], source, fact.note))
    head = ("part", "number", "value>", "known", "source", "note")
    return Table("Numbers of the machine", head, tuple(rows))


def _shown(values: Any, path: str) -> str:
    """Return the value that stands at `path` of a specification's document, for people."""
    for step in path.split("."):
        if isinstance(values, list):
            values = values[int(step)] if step.isdigit() and int(step) < len(values) else None
        else:
            values = values.get(step) if isinstance(values, dict) else None
    if isinstance(values, str):
        magnitude, _, unit = values.partition(" ")
        try:
            return show(float(magnitude), unit) if unit else number(float(magnitude))
        except ValueError:
            return values
    return "–" if values is None else number(values) if isinstance(values, int | float) else str(values)


@table("sources", "machine")
def sources(result: Reportable) -> Table:
    """Return the sources that the numbers of this run rest on."""
    found = {(s.title, s.url): s for _, spec in _parts(result) for s in spec.citations()}
    rows = [(Link(s.title, s.url) if s.url else s.title, s.as_of or "–") for s in found.values()]
    return Table("Sources", ("source", "as of"), tuple(rows))


def _told(value: Any) -> bool:
    return value is not None and value != "" and value != {} and value != []


def _text(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)


__all__ = ["TABLES", "Cell", "Link", "Quality", "Table", "available"]
