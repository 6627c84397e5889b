"""The technical sections of an application for compute time in Markdown, with its figures beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from exatwin.catalogue.batch import rules_for
from exatwin.catalogue.calls import Section, sections
from exatwin.foundation.files import write_text
from exatwin.foundation.units import show
from exatwin.foundation.version import __version__
from exatwin.report import calendar
from exatwin.report.scaling_svg import drawing, speed_text
from exatwin.study.applying.application import Application, Planned
from exatwin.study.applying.burn_down import queued
from exatwin.study.applying.scaling import Scaling, validated
from exatwin.study.applying.work import Work

PAGE = "proposal.md"
TO_WRITE = "**TO WRITE**"
_SPENT = (
    ("energy_j", "J", "energy of the nodes"),
    ("site_energy_j", "J", "energy at the grid connection"),
    ("carbon_kgco2e", "kgCO2e", "carbon, location-based"),
    ("cost_eur", "EUR", "cost of the electricity"),
)
_KEPT = 2


def figures(asked: Application) -> dict[str, str]:
    """Return the figures as SVG text, by the name of their file."""
    found = {}
    for at, one in enumerate(asked.planned, start=1):
        for curve in (one.strong, one.weak):
            if isinstance(curve, Scaling) and len(curve.points) > 1:
                title = f"{one.work.title} on {one.work.place().title}"
                found[_file(curve, at, len(asked.planned))] = drawing(curve, title)
    return found


def _file(curve: Scaling, at: int, count: int) -> str:
    return f"{curve.kind}-scaling{f'-{at}' if count > 1 else ''}.svg"


def text(asked: Application, *, drawn: bool = True) -> str:
    """Return the application as Markdown; figures are linked where they are `drawn`."""
    return "\n".join(_head(asked)) + "\n" + "\n".join(_body(asked, drawn)) + "\n"


def write(asked: Application, folder: Path) -> list[Path]:
    """Write the Markdown and its figures into `folder`, and return the paths.

    Raises
    ------
    OutputError
        They can't be written there.
    """
    texts = {PAGE: text(asked), **figures(asked)}
    return [write_text(folder / name, content) for name, content in texts.items()]


def _head(asked: Application) -> Iterator[str]:
    call, (low, middle, high) = asked.call, asked.hours
    yield f"# Application: {call.title}"
    yield ""
    yield (
        f"Drafted by exatwin {__version__}. Figures come from models, each with the range in which four of "
        f"five measurements lie, and are no measurements of your code. What is marked {TO_WRITE} is for you; "
        f"the rules are as of {call.as_of}, the text of the call has the last word."
    )
    yield ""
    yield from _table(
        ("", ""),
        [
            ("requested", f"{_number(middle)} {call.unit} ({_number(low)} to {_number(high)})"),
            ("for", f"{call.months} months"),
            ("machines", ", ".join(dict.fromkeys(one.work.place().title for one in asked.planned))),
            ("who may apply", call.for_whom),
            ("review", call.review),
            *(("needs", text) for text in call.needs),
            *(("attention", text) for text in asked.remarks()),
            *(("note", text) for text in call.notes),
        ],
    )


def _body(asked: Application, drawn: bool) -> Iterator[str]:
    known, filled = sections(), _FILLED
    for number, key in enumerate(asked.call.sections, start=1):
        section: Section = known[key]
        yield from ("", f"## {number}. {section.title}", "")
        if key == "performance":
            yield from _performance(asked, drawn)
        elif key in filled:
            yield from filled[key](asked)
        yield f"> {TO_WRITE}: {section.write}"
    yield from ("", "## Appendix: assumptions and how to repeat it", "")
    for one in asked.planned:
        yield f"- {one.work.title}, {one.work.what}: {one.work.interval_basis}"
        yield from (f"  - {text}" for text in one.work.assumptions)
        if one.work.command:
            yield f"  - `{one.work.command}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table; columns whose heading ends in ``>`` are set to the right."""
    yield f"| {' | '.join(name.rstrip('>') for name in head)} |"
    yield f"|{'|'.join('---:' if name.endswith('>') else '---' for name in head)}|"
    yield from (f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def _runs(asked: Application) -> Iterator[str]:
    head = ("run type", "code", "machine", "runs>", "nodes>", "steps>", "s per step>", "node-hours>")
    rows = [_run(one) for one in asked.planned]
    total = sum(one.node_h[1] for one in asked.planned)
    rows.append(("**all**", "", "", "", "", "", "", f"**{_number(total)}**"))
    yield from _table(head, rows)
    low, middle, high = asked.hours
    unit = asked.call.unit
    yield ""
    yield (
        f"In the unit of the call: {_number(middle)} {unit}, {_number(low)} to {_number(high)} over the "
        "range of the models. Nodes that belong to one job are counted whole."
    )
    for one in asked.planned:
        billing = one.work.place().file.billing
        if billing.unit not in ("node-h", unit):
            amount = billing.per_node_hour * one.node_h[1]
            yield f"{one.work.place().title} charges {_number(amount)} {billing.unit} for it."
    yield ""


def _run(one: Planned) -> tuple[str, ...]:
    work = one.work
    steps = "1" if work.steps is None else f"{work.steps:,.0f}"
    step_s = work.time_s if work.step_s is None else work.step_s
    each = "" if work.service else f"{step_s:,.4g}"
    return (
        f"{work.title}, {work.what}", one.code or TO_WRITE, work.place().title, f"{one.runs:,}",
        f"{work.nodes:,}", "" if work.service else steps, each, _number(one.node_h[1]),
    )  # fmt: skip


def _performance(asked: Application, drawn: bool) -> Iterator[str]:
    for at, one in enumerate(asked.planned, start=1):
        yield f"### {one.work.title} on {one.work.place().title}"
        yield ""
        for kind, curve in (("strong", one.strong), ("weak", one.weak)):
            if isinstance(curve, str):
                yield f"{kind.capitalize()} scaling: {curve}."
            else:
                yield from _curve(curve, drawn, _file(curve, at, len(asked.planned)))
            yield ""
        yield f"The range: {one.work.interval_basis}."
        yield ""
        for words in validated(one.work.app):
            yield f"- {words} (`exatwin validate` shows them)"
        yield ""


def _curve(curve: Scaling, drawn: bool, file: str) -> Iterator[str]:
    yield f"{curve.kind.capitalize()} scaling, modelled ({curve.what}):"
    yield ""
    if drawn and len(curve.points) > 1:
        yield f"![{curve.kind} scaling]({file})"
        yield ""
    unit = curve.unit
    rows = [
        (
            f"{point.nodes:,}",
            f"{point.accelerators:,}" if point.accelerators else "",
            speed_text(point.speed, unit),
            f"{point.low / point.speed - 1:+.0%} to {point.high / point.speed - 1:+.0%}",
            f"{point.efficiency_frac:.0%}",
        )
        for point in curve.points
    ]
    yield from _table(("nodes>", "accelerators>", "speed>", "range>", "efficiency>"), rows)
    yield from (f"\nNot at {text}." for text in curve.left_out)


def _resources(asked: Application) -> Iterator[str]:
    rows = []
    for one in asked.planned:
        work = one.work
        if work.checkpoint_b:
            rows.append(("a checkpoint", work.title, show(work.checkpoint_b, "B", 3)))
            rows.append(
                (f"{_KEPT} checkpoints at a time", work.title, show(_KEPT * work.checkpoint_b, "B", 3))
            )
            if work.checkpoint_interval_s:
                count = one.runs * work.time_s / work.checkpoint_interval_s
                rows.append(("written in all", work.title, show(count * work.checkpoint_b, "B", 3)))
        if work.output_b:
            rows.append(("output of all runs", work.title, show(one.runs * work.output_b, "B", 3)))
    if rows:
        yield from _table(("storage", "run type", "size>"), rows)
        yield ""
    for machine in dict.fromkeys(one.work.machine for one in asked.planned):
        rules = rules_for(machine)
        for place in rules.file_systems if rules is not None else ():
            kept = f", deleted after {show(place.purge_s, 's', 3)}" if place.purge_s else ""
            yield f"- {rules.title if rules else ''}: `{place.path}` for {place.use}{kept}"
    yield ""


def _software(asked: Application) -> Iterator[str]:
    for one in asked.planned:
        settings = ", ".join(f"{key} = {value}" for key, value in one.work.asked.items())
        yield f"- {one.work.title}: {one.code or TO_WRITE} as the program; settings of the plan: {settings}"
    yield ""


def _plan(asked: Application) -> Iterator[str]:
    head = ("run type", "runs>", "jobs of a run>", "time of a run>", "range>", "wait of a job>")
    yield from _table(head, [_times(one.work, one.runs) for one in asked.planned])
    yield ""
    if asked.calendar is not None:
        yield "The largest of them against the calendar of the award, all of its runs one after the other:"
        yield from ("", "```", *calendar.lines(asked.calendar), "```", "")


def _times(work: Work, runs: int) -> tuple[str, ...]:
    one, _, jobs = queued(work)
    ends = " to ".join(show(end, "s", 3) for end in work.range_s)
    waits = "unknown" if one is None else f"{show(one.low_s, 's', 3)} to {show(one.high_s, 's', 3)}"
    return (f"{work.title}, {work.what}", f"{runs:,}", f"{jobs:,}", show(work.time_s, "s", 3), ends, waits)


def _energy(asked: Application) -> Iterator[str]:
    rows = []
    for one in asked.planned:
        for key, unit, words in _SPENT:
            value = one.work.spent[key]
            if value is None:
                continue
            ends = one.work.interval.get(key)
            ranged = "" if ends is None else " to ".join(show(one.runs * end, unit, 3) for end in ends)
            rows.append((one.work.title, words, show(one.runs * value, unit, 3), ranged))
    yield from _table(("run type", "", "amount>", "range>"), rows)
    yield from ("", "By yearly means of the site; cooling is in the energy at the grid connection.", "")
    works = [one.work for one in asked.planned]
    told = dict.fromkeys(f"- {work.place().title}: {text}" for work in works for text in work.borrowed)
    yield from told
    yield from ("",) if told else ()


_FILLED: dict[str, Callable[[Application], Iterator[str]]] = {
    "runs": _runs,
    "resources": _resources,
    "software": _software,
    "plan": _plan,
    "energy": _energy,
}

__all__ = ["PAGE", "TO_WRITE", "figures", "text", "write"]
