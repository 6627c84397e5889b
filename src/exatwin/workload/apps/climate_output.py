"""What a climate run writes: volume of a simulated day, and how fast it must be written at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from exatwin.catalogue.climate_calibration import climate_calibration
from exatwin.catalogue.climate_model import ClimateModel
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import parse, show
from exatwin.workload.apps.climate_law import DAY_S

_STREAM = re.compile(r"(\d+)\s*x\s*(?:(2|3)d|(\d+))\s*@\s*(.+)", re.IGNORECASE)
_LIKE = (
    "expected streams such as '112x2d@1d,10x3d@6h' (fields x 2d, 3d or levels @ every), a volume of a "
    "simulated day such as '50 GB', or 'none'"
)


@dataclass(frozen=True)
class Stream:
    """Fields that are written again and again."""

    fields: int
    """How many."""
    levels: float
    """Levels of each."""
    period_s: float
    """Simulated time between two writes [s]."""


@dataclass(frozen=True)
class Output:
    """What a run writes."""

    day_b: float
    """Bytes of a simulated day."""
    burst_b: float
    """Bytes of the largest write, where all streams fall together."""
    period_s: float
    """Simulated time between two writes at the least [s]; infinite for none."""
    words: str
    """What it is, for people."""
    measured: bool = False
    """Whether the volume is that of runs, not counted."""


def read_streams(text: str, levels: float) -> tuple[Stream, ...] | float:
    """Return what was written after ``--output``: streams, or the bytes of a simulated day.

    Raises
    ------
    SpecError
        It is neither.

    Examples
    --------
    >>> read_streams("112x2d@1d, 10x3d@6h", 90.0)[1]
    Stream(fields=10, levels=90.0, period_s=21600.0)
    >>> read_streams("50 GB", 90.0)
    50000000000.0
    """
    if text.strip().lower() in ("none", "0"):
        return 0.0
    if "@" not in text:
        try:
            found = parse(text, "B")
        except SpecError:
            raise SpecError(f"--output {text}: {_LIKE}") from None
        if not 0.0 <= found <= 1e18:
            raise SpecError(f"--output {text}: expected at most 1 EB a simulated day")
        return found
    return tuple(_stream(part, levels, text) for part in text.split(","))


def _stream(part: str, levels: float, text: str) -> Stream:
    match = _STREAM.fullmatch(part.strip())
    if match is None:
        raise SpecError(f"--output {text}: '{part.strip()}' is no stream, {_LIKE}")
    try:
        period_s = parse(match[4], "s")
    except SpecError as error:
        raise SpecError(f"--output {text}: {error}") from None
    each = float(match[3]) if match[3] else 1.0 if match[2] == "2" else levels
    if not (1.0 <= period_s <= 1e10 and 1 <= int(match[1]) <= 10**6 and 1.0 <= each <= 1e4):
        raise SpecError(f"--output {text}: '{part.strip()}' is out of range, {_LIKE}")
    return Stream(int(match[1]), each, period_s)


def output_of(
    model: ClimateModel, columns: float, levels: float, asked: str | None, compression: float = 1.0
) -> Output:
    """Return what a run of `model` writes.

    Parameters
    ----------
    model
        Which model.
    columns
        Columns of the grid.
    levels
        Levels of the run.
    asked
        What was written after ``--output``; None for the model's usual output.
    compression
        Bytes that are left of each.

    Raises
    ------
    SpecError
        What was asked is no output.

    Notes
    -----
    ``V = sum(fields levels columns bytes / period) compression``; where the volume of a model's own runs was
    measured, ``V = V0 + v C``.
    """
    if asked is None:
        law = next((each for each in climate_calibration().output if each.model == model.name), None)
        if law is not None:
            day_b = (law.fixed_b + law.column_b * columns) * compression
            return Output(day_b, day_b, DAY_S, f"the usual output of {model.title}, fitted to its runs", True)
        streams: Sequence[Stream] | float = [
            Stream(each.fields, float(each.levels or levels), each.period_s) for each in model.output
        ]
    else:
        streams = read_streams(asked, levels)
    if isinstance(streams, float):
        day_b = streams * compression
        return Output(day_b, day_b, DAY_S if day_b else inf, "as asked")
    return _counted(model, columns, streams, asked, compression)


def _counted(
    model: ClimateModel, columns: float, streams: Sequence[Stream], asked: str | None, compression: float
) -> Output:
    if not streams:
        return Output(0.0, 0.0, inf, "not counted: nobody asked for any")
    written = [each.fields * each.levels * columns * model.value_b * compression for each in streams]
    told = ", ".join(
        f"{each.fields} fields of {each.levels:g} level{'s' if each.levels > 1 else ''} every "
        f"{show(each.period_s, 's', 3)}"
        for each in streams
    )
    usual = "" if asked else ", taken as nobody asked for another"
    return Output(
        day_b=sum(b * DAY_S / each.period_s for b, each in zip(written, streams, strict=True)),
        burst_b=sum(written),
        period_s=min(each.period_s for each in streams),
        words=f"{told}, {model.value_b:g} B a value{usual}",
    )


__all__ = ["Output", "Stream", "output_of", "read_streams"]
