"""Caps on power as people write them: for the machine, for partitions, racks and cells, over time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.signal import Signal
from exatwin.foundation.spec import Spec
from exatwin.foundation.units import parse, show
from exatwin.schedule.power_rule import Cap
from exatwin.study.texts import listed

_STEP = re.compile(r"^\s*(?P<watts>[^@]+?)\s*(?:@\s*(?P<start>[^/@]+?)\s*/\s*(?P<length>[^/@]+?)\s*)?$")
_GROUP = re.compile(
    r"^\s*(?P<kind>[A-Za-z]+)\s+(?P<which>[\w.-]+)\s*:\s*(?P<cap>.+)$",
)
_RANGE = re.compile(r"^(\d{1,6})(?:-(\d{1,6}))?$")
_LIKE = "expected a power such as 13 MW, or one for a time such as 13 MW@2d/12h, or a CSV file"
KINDS = ("partition", "racks", "cells")


class Step(NamedTuple):
    """A cap for a time after the opening of the window; for all times where `for_s` is None."""

    most_w: float
    after_s: float
    for_s: float | None


def step(text: str) -> Step:
    """Return what `text` stands for.

    Raises
    ------
    ValueError
        It is no cap.

    Examples
    --------
    >>> step("13 MW@2d/12h")
    Step(most_w=13000000.0, after_s=172800.0, for_s=43200.0)
    """
    match = _STEP.match(text)
    if match is None:
        raise ValueError(f"'{text}' is no cap: {_LIKE}")
    try:
        watts = parse(match["watts"], "W")
        after = parse(match["start"], "s") if match["start"] else 0.0
        length = parse(match["length"], "s") if match["length"] else None
    except SpecError as error:
        raise ValueError(f"'{text}' is no cap: {error}; {_LIKE}") from None
    if not 0.0 < watts < np.inf:
        raise ValueError(f"'{text}' is no cap: expected more than 0 W")
    if length is not None and not 1.0 <= length < 1e10:
        raise ValueError(f"'{text}' lasts {show(length, 's')}: expected at least a second")
    return Step(watts, after, length)


def _is_file(text: str) -> bool:
    return text.lower().endswith(".csv")


def _cap(text: str) -> str:
    if not _is_file(text):
        step(text)
    return text


def _group(text: str) -> str:
    match = _GROUP.match(text)
    if match is None:
        raise ValueError(f"'{text}' is no cap of a group: expected one such as 'racks 1-10: 1.2 MW'")
    kind = match["kind"].lower()
    if kind.rstrip("s") not in [known.rstrip("s") for known in KINDS]:
        raise ValueError(f"'{text}' is for the unknown kind '{kind}': {nearest(kind, KINDS)}")
    if not kind.startswith("partition") and _RANGE.match(match["which"]) is None:
        raise ValueError(f"'{text}' names no {kind}: expected numbers such as 1-10")
    _cap(match["cap"])
    return text


Caps = Annotated[tuple[Annotated[str, AfterValidator(_cap)], ...], BeforeValidator(listed)]
Groups = Annotated[tuple[Annotated[str, AfterValidator(_group)], ...], BeforeValidator(listed)]


class PowerSettings(Spec):
    """Most IT power of the machine and of groups of its nodes, and how jobs are kept below it."""

    cap: Caps = ()
    """Most IT power, such as ``13 MW``; for a time ``13 MW@2d/12h`` after the window opens, of several the
    last that holds; or a CSV file of seconds after that, and watts (blank for no cap)."""
    mode: Literal["admission", "uniform", "selective"] = "admission"
    """Jobs wait for watts; or all clocks fall alike; or those first that lose least for what they save."""
    predict: Literal["peak", "mean"] = "peak"
    """What a job is taken to draw: the greatest phase of its profile, or the mean."""
    limits: Literal["stretched", "kept"] = "stretched"
    """Whether the time limit of a job is stretched as its clock falls."""
    groups: Groups = ()
    """Caps of groups of nodes, such as ``racks 1-10: 1.2 MW``, ``cells 3: 0.5 MW@6h/4h`` or
    ``partition dc: 1 MW``."""

    @property
    def capped(self) -> bool:
        """Whether there is any cap."""
        return bool(self.cap or self.groups)


def check_times(settings: PowerSettings, end_s: float) -> None:
    """Refuse a cap that begins only when the window of `end_s` [s] has closed.

    Raises
    ------
    SpecError
        There is one.
    """
    for text in (*settings.cap, *(text.partition(":")[2] for text in settings.groups)):
        first_s = _of_file(text.strip(), 0.0)[0][0] if _is_file(text) else step(text).after_s
        if first_s >= end_s:
            raise SpecError(
                f"cap '{text.strip()}' starts after the window of {show(end_s, 's')}: "
                "expected a start inside it"
            )


def caps(settings: PowerSettings, machine: Machine, opens_s: float) -> list[Cap]:
    """Return the caps of a run on `machine` whose window opens at `opens_s` [s].

    Raises
    ------
    SpecError
        A file can't be read, or a group is none of the machine's.
    """
    found = [Cap(_signal(settings.cap, opens_s))] if settings.cap else []
    together: dict[str, list[str]] = {}
    for text in settings.groups:
        match = _GROUP.match(text)
        assert match is not None
        together.setdefault(f"{match['kind'].lower().rstrip('s')} {match['which']}", []).append(match["cap"])
    for name, texts in together.items():
        found.append(Cap(_signal(texts, opens_s), _nodes(name, machine), name))
    return found


def _signal(texts: Sequence[str], opens_s: float) -> Signal:
    """Return the cap over time; before the first step and after the last it is what holds always."""
    pieces: list[tuple[float, float, float]] = []
    for text in texts:
        if _is_file(text):
            pieces += _of_file(text, opens_s)
            continue
        found = step(text)
        if found.for_s is None:
            pieces.append((-np.inf, np.inf, found.most_w))
        else:
            begin = opens_s + round(found.after_s)
            pieces.append((begin, begin + round(found.for_s), found.most_w))
    inner = sorted({edge for low, high, _ in pieces for edge in (low, high) if np.isfinite(edge)})
    edges = np.array([min([opens_s, *inner]) - 1.0, *inner, max([opens_s, *inner]) + 1.0])
    values = np.full(len(edges) - 1, np.inf)
    for low, high, most in pieces:
        values[(edges[:-1] >= low) & (edges[1:] <= high)] = most
        if not np.isfinite(low):
            values[0] = most
        if not np.isfinite(high):
            values[-1] = most
    return Signal(edges, values, "W").simplify()


def _of_file(path: str, opens_s: float) -> list[tuple[float, float, float]]:
    """Return begin, end [s] and cap [W] of each row of a file; the last goes on."""
    import csv

    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise SpecError(f"{path}: can't be read as a cap: {why}") from None
    if rows and not _number(rows[0][0]):
        rows = rows[1:]
    times: list[float] = []
    watts: list[float] = []
    for number, row in enumerate(rows, start=1):
        if len(row) < 2 or not _number(row[0]) or (row[1].strip() and not _number(row[1])):
            raise SpecError(f"{path}: row {number} is '{','.join(row)}', expected seconds and watts")
        times.append(opens_s + round(float(row[0])))
        watts.append(float(row[1]) if row[1].strip() else np.inf)
    if not times or np.any(np.diff(times) <= 0) or not all(value > 0.0 for value in watts):
        raise SpecError(f"{path}: expected rows of seconds, ascending, and watts of more than 0")
    return list(zip(times, [*times[1:], np.inf], watts, strict=True))


def _number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _nodes(name: str, machine: Machine) -> Int64:
    """Return the nodes of a group, ascending."""
    kind, _, which = name.partition(" ")
    if kind == "partition":
        names = [partition.name for partition in machine.partitions]
        if which not in names:
            raise SpecError(f"power.groups: unknown partition '{which}': {nearest(which, names)}")
        of_partition, sizes = machine.pools()
        pool = int(of_partition[names.index(which)])
        first = int(sizes[:pool].sum())
        return np.arange(first, first + int(sizes[pool]))
    match = _RANGE.match(which)
    assert match is not None
    low, high = int(match[1]), int(match[2] or match[1])
    unit = machine.rack_of_node if kind == "rack" else machine.group_of_node
    most = int(unit[-1]) + 1
    if not 1 <= low <= high <= most:
        raise SpecError(
            f"power.groups: {machine.title} has no {name}: expected {kind}s 1 to {most}, "
            f"such as '{kind}s 1: 1 MW'"
        )
    return np.flatnonzero((unit >= low - 1) & (unit < high)).astype(np.int64)


def over_cap(it_w: Signal, cap_w: Signal) -> tuple[float, float]:
    """Return the energy above a cap [J] and the time spent there [s]."""
    inside = _over(cap_w, it_w)
    above = it_w + inside.map(lambda values: -values)
    over: Float64 = np.maximum(above.values, 0.0)
    return float(np.dot(over, above.widths_s)), float(above.widths_s[over > 0.0].sum())


def _over(cap_w: Signal, it_w: Signal) -> Signal:
    """Return a cap over the time of `it_w`, with its last value going on."""
    edges = cap_w.edges_s[(cap_w.edges_s > it_w.start_s) & (cap_w.edges_s < it_w.end_s)]
    edges = np.concatenate(([it_w.start_s], edges, [it_w.end_s]))
    return Signal(edges, cap_w.at(edges[:-1]), "W")


def shown(cap_w: Signal, it_w: Signal, most_w: float) -> Signal:
    """Return a cap over the time of `it_w`; where there is none, it is what the machine could ever draw."""
    return _over(cap_w, it_w).map(lambda values: np.minimum(values, most_w)).simplify()


__all__ = ["PowerSettings", "Step", "caps", "check_times", "over_cap", "shown", "step"]
