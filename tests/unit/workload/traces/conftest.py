"""Small logs for the tests of the readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exatwin.workload.traces import Trace, read_trace

SACCT = (
    "JobIDRaw|JobName|User|Account|Partition|Submit|Eligible|Start|End|ElapsedRaw|TimelimitRaw|NNodes|State"
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Trace]:
    """Return a function that reads `text` (or bytes) as a log."""

    def read_text(text: str | bytes, name: str = "log.txt", **options: object) -> Trace:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_trace(path, **options)  # type: ignore[arg-type]

    return read_text


def row(job: object = 1, **given: object) -> str:
    """Return a sound row of sacct text (columns SACCT) with the `given` changes."""
    values: dict[str, object] = {
        "JobIDRaw": job,
        "JobName": "run",
        "User": "ada",
        "Account": "physics",
        "Partition": "booster",
        "Submit": 1_767_225_600,
        "Eligible": 1_767_225_600,
        "Start": 1_767_225_660,
        "End": 1_767_229_260,
        "ElapsedRaw": 3600,
        "TimelimitRaw": 120,
        "NNodes": 4,
        "State": "COMPLETED",
    }
    return "|".join(str(value) for value in (values | given).values())


def table(*rows: str, header: str = SACCT) -> str:
    """Return a log of `rows`."""
    return "\n".join([header, *rows]) + "\n"
