"""An SWF log as bytes to columns of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import types

from exatwin.foundation.jit import entry, inner
from exatwin.workload.traces._kernel.fields import BAD, MISSING, job, line_end, number, trimmed
from exatwin.workload.traces._kernel.kinds import PLAIN

_SEMICOLON = 59


@inner
def _rows(buf: Any, values: Any, base: Any, fields: Any, unreadable: Any) -> int:
    """Read the job lines of an SWF log into 18 `values` each; return how many there are."""
    rows, at = 0, 0
    columns = values.shape[1]
    while at < len(buf):
        stop = line_end(buf, at)
        end = stop - 1 if stop > at and buf[stop - 1] == 13 else stop
        i, b = trimmed(buf, at, end)
        at = stop + 1
        if i == b or buf[i] == _SEMICOLON:
            continue
        found = 0
        while i < b:
            j = i
            while j < b and buf[j] != 32 and buf[j] != 9:
                j += 1
            if found < columns:
                v = number(buf, i, j)
                if v == BAD:
                    unreadable[rows] = True
                    v = MISSING
                values[rows, found] = v
                if found == 0:
                    base[rows], _, job_kind, _ = job(buf, i, j)
                    base[rows] = base[rows] if job_kind == PLAIN else -1
            found += 1
            while j < b and (buf[j] == 32 or buf[j] == 9):
                j += 1
            i = j
        fields[rows] = min(found, 32767)
        rows += 1
    return rows


def _build(digest: str) -> Any:
    def read_swf(buf: Any, values: Any, base: Any, fields: Any, unreadable: Any) -> int:
        digest  # noqa: B018 (part of the key of the disk cache)
        return _rows(buf, values, base, fields, unreadable)

    return read_swf


read_swf = entry(
    types.int64(
        types.Array(types.uint8, 1, "C", readonly=True),
        types.float64[:, ::1],
        types.int64[::1],
        types.int16[::1],
        types.boolean[::1],
    ),
    _build,
    Path(__file__).parent,
)
"""The job lines of an SWF log; see :func:`_rows`."""
