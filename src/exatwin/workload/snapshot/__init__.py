"""What runs and waits at one instant: from ``squeue`` as text or JSON, or out of a log or a schedule."""

from __future__ import annotations

from pathlib import Path

from exatwin.foundation.errors import TraceError
from exatwin.workload.snapshot.standing import (
    HELD,
    HELD_BY_JOB,
    HELD_BY_LIMIT,
    HeldNodes,
    Snapshot,
    Standing,
    standing_at,
)
from exatwin.workload.traces.source import open_source

COMMAND = (
    "SLURM_TIME_FORMAT=%s squeue --all --array --states=PENDING,RUNNING,SUSPENDED,COMPLETING,CONFIGURING "
    "--format='%i|%P|%u|%a|%q|%T|%D|%C|%l|%M|%V|%S|%Q|%r|%E|%N'"
)
"""The line to run: a row a job (arrays written out), epoch times, all that a forecast can use."""


EXPECTED = "the output of squeue, as text or JSON (exatwin import squeue --print-command)"
"""What a snapshot is to be, for messages."""


def read_snapshot(path: Path) -> Snapshot:
    """Return the jobs in the output of ``squeue`` at `path`, text or JSON; a broken row never stops it.

    Parameters
    ----------
    path
        Text with a header line, its columns apart by ``|`` or by blanks, or ``squeue --json``; plain or gzip.

    Raises
    ------
    SpecError
        The file is missing or can't be opened.
    TraceError
        It is no output of squeue, or no row of it can be used.
    """
    from exatwin.workload.snapshot.json_form import from_json
    from exatwin.workload.snapshot.text_form import from_text

    source = open_source(Path(path), EXPECTED)
    text = source.data.decode("utf-8", "replace")
    found = from_json(text, path) if text.lstrip().startswith(("{", "[")) else from_text(text, path)
    if not len(found.jobs):
        told = "; ".join(found.notes) or "no rows"
        raise TraceError(f"{path}: holds no job that runs or waits ({told})")
    return found.with_notes(*source.notes)


__all__ = [
    "COMMAND",
    "HELD",
    "HELD_BY_JOB",
    "HELD_BY_LIMIT",
    "HeldNodes",
    "Snapshot",
    "Standing",
    "read_snapshot",
    "standing_at",
]
