"""Recorded workloads: read SWF, sacct and Parquet logs as they are, say what was mended, write them back.

One reader a format, found through the registry :data:`~exatwin.workload.traces.trace.FORMATS` (entry
points ``exatwin.traces``): it turns a file into rows of numbers, which
:mod:`~exatwin.workload.traces.assemble` judges and mends in the same way for every format.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from exatwin.foundation.errors import TraceError
from exatwin.workload.traces.filters import drop_unrunnable, strong_filter
from exatwin.workload.traces.report import ReadReport
from exatwin.workload.traces.source import EXPECTED, Source, open_source
from exatwin.workload.traces.trace import FORMATS, Format, Raw, ReadOptions, Trace
from exatwin.workload.traces.write import write_batsim_csv, write_sacct, write_swf

__all__ = [
    "FORMATS",
    "Format",
    "Raw",
    "ReadOptions",
    "ReadReport",
    "Trace",
    "drop_unrunnable",
    "read_trace",
    "strong_filter",
    "write_batsim_csv",
    "write_sacct",
    "write_swf",
]


def read_trace(
    path: Path,
    *,
    format: str | None = None,
    timezone: str = "UTC",
    origin: datetime | None = None,
    pseudonymise: bool = True,
    processors_per_node: int | None = None,
    node_cap_w: float | None = None,
    default_limit_s: int | None = None,
) -> Trace:
    """Return the jobs of the log at `path`, as far as they can be used; a broken row never stops it.

    Parameters
    ----------
    path
        SWF or ``sacct --parsable2`` text (plain or gzip), CSV with a header line, or Parquet.
    format
        Name of the format; by default it is told from the content.
    timezone
        Zone of times without an offset, such as ``"Europe/Berlin"``.
    origin
        Instant of time 0; by default ``UnixStartTime`` (SWF), or midnight (UTC) before the first submission.
    pseudonymise
        Whether accounts and users are labelled ``a001``, ``u0001`` in order of first appearance.
    processors_per_node
        Processors of a node [1], to turn those of SWF into nodes; by default they are counted as they are.
    node_cap_w
        The most that a node can draw [W]: energy above nodes × cap × run time is rejected.
    default_limit_s
        Limit of jobs that have none [s]; by default their run time, rounded up to a minute.

    Raises
    ------
    SpecError
        The file is missing or can't be opened; the format or the zone is unknown.
    TraceError
        The file is empty, binary, of no known format, or no row of it can be used.
    """
    from exatwin.workload.traces.assemble import assemble
    from exatwin.workload.traces.clock import zone

    options = ReadOptions(timezone, origin, pseudonymise, processors_per_node, node_cap_w, default_limit_s)
    zone(timezone)
    chosen = FORMATS.get(format) if format is not None else None
    source = open_source(Path(path))
    reader = chosen or _recognise(source)
    parsed = reader.read(source, options)
    return parsed if isinstance(parsed, Trace) else assemble(parsed, options, source.path)


def _recognise(source: Source) -> Format:
    for name in FORMATS:
        found = FORMATS.get(name)
        if found.recognises(source):
            return found
    first = source.head.lstrip().split(b"\n")[0][:60].decode("utf-8", "replace").strip()
    raise TraceError(f"{source.path}: no known format (it begins with {first!r}), expected {EXPECTED}")
