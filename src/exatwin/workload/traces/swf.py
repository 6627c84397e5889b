"""Standard Workload Format: 18 numbers a line, -1 unknown, a header of ``;`` comments.

References
----------
D. G. Feitelson, The Standard Workload Format, version 2.2,
https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import TraceError
from exatwin.workload.job import State
from exatwin.workload.traces.names import UNKNOWN_STATE
from exatwin.workload.traces.report import Repair, Skip
from exatwin.workload.traces.source import Source
from exatwin.workload.traces.trace import FORMATS, Format, Parsed, ReadOptions, Rows

FIELDS = 18
FEWEST = 11
"""A line must reach the status: a number further left may have been cut short."""
(
    JOB,
    SUBMIT,
    WAIT,
    RUN,
    ALLOCATED,
    CPU,
    MEMORY,
    REQUESTED,
    LIMIT,
    ASKED_MEMORY,
    STATUS,
    USER,
    GROUP,
    PROGRAM,
) = range(14)
QUEUE, PARTITION, PRECEDING, THINK = 14, 15, 16, 17
_STATE_OF = {-1: State.COMPLETED, 0: State.FAILED, 1: State.COMPLETED, 5: State.CANCELLED}
_PARTS = (2, 3, 4)
_HEADER = re.compile(rb"^[ \t]*;[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_NAMED = re.compile(r"^(\d+)[\s:.-]+(\S+)")
_MOST_HEADER = 1 << 20


def recognises(source: Source) -> bool:
    """Return whether the first lines are ``;`` comments or the numbers of a job."""
    for line in source.head.split(b"\n")[:400]:
        tokens = line.split()
        if not tokens or line.lstrip().startswith(b";"):
            continue
        if len(tokens) < FEWEST:
            return False
        return all(_is_number(token) for token in tokens[:FEWEST])
    return source.head.lstrip().startswith(b";")


def _is_number(token: bytes) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def read(source: Source, options: ReadOptions) -> Parsed:
    """Return the rows of an SWF log.

    Raises
    ------
    TraceError
        There is no line of a job.
    """
    from exatwin.workload.traces._kernel.swf import read_swf

    buf = source.array()
    room = int(np.count_nonzero(buf == 10)) + 1
    values = np.full((room, FIELDS), np.nan)
    number = np.full(room, -1, np.int64)
    fields = np.zeros(room, np.int16)
    unreadable = np.zeros(room, np.bool_)
    count = read_swf(buf, values, number, fields, unreadable)
    if count == 0:
        raise TraceError(f"{source.path}: holds no job lines, expected SWF: {FIELDS} numbers a line")
    values, number, fields, unreadable = values[:count], number[:count], fields[:count], unreadable[:count]
    header, names = _header(source.data)
    zero_s = _whole(header.get("UnixStartTime", ""))
    code, partitions = _partitions(values, names)
    (user, users), (account, accounts) = _codes(values[:, USER]), _codes(values[:, GROUP])
    usual = max(int(np.bincount(fields).argmax()), FIELDS)
    repair = np.where(fields < FIELDS, 1 << Repair.MISSING_FIELDS, 0)
    repair |= np.where((fields > FIELDS) & (fields != usual), 1 << Repair.SURPLUS, 0)
    repair |= np.where(unreadable, 1 << Repair.UNREADABLE, 0)
    rows = _rows(values, number, options.processors_per_node).replace(
        partition=code, user=user, account=account, repair=repair, skip=_skips(values, number, fields)
    )
    return Parsed(
        rows=rows,
        partitions=partitions,
        accounts=accounts,
        users=users,
        header=header,
        notes=source.notes + _notes(zero_s, usual, options),
        zero_s=zero_s,
        keep_zero=True,
    )


def _rows(values: Float64, number: Int64, processors_per_node: int | None) -> Rows:
    known = np.where(
        values[:, [SUBMIT, WAIT, ALLOCATED, REQUESTED]] < 0,
        np.nan,
        values[:, [SUBMIT, WAIT, ALLOCATED, REQUESTED]],
    )
    submit, wait, allocated, requested = known.T
    asked = np.where(requested > 0, requested, allocated)
    limit = values[:, LIMIT]
    earlier = (values[:, PRECEDING] > 0) & (values[:, PRECEDING] < 2**53)
    status = values[:, STATUS]
    state = np.full(len(values), UNKNOWN_STATE, np.uint8)
    for code, meaning in _STATE_OF.items():
        state[status == code] = meaning
    state[status == 3] = State.COMPLETED
    state[(status == 2) | (status == 4)] = State.FAILED
    return Rows(
        number=number,
        submit_s=submit,
        run_s=values[:, RUN],
        nodes=np.ceil(asked / (processors_per_node or 1)),
        state=state,
        start_s=submit + wait,
        requested_s=np.where(limit > 0, limit, np.nan),
        allocated=allocated,
        requested=requested,
        preceding=np.where(earlier, values[:, PRECEDING], -1.0).astype(np.int64),
        think_s=np.where(earlier & (values[:, THINK] >= 0), values[:, THINK], np.nan),
    )


def _skips(values: Float64, number: Int64, fields: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return why rows are given up: too short, or a part of a job that also has a line for the whole."""
    skip = np.where(fields < FEWEST, np.uint8(Skip.SHORT), np.uint8(Skip.NONE))
    part = np.isin(values[:, STATUS], _PARTS)
    if np.any(part):
        whole = np.unique(number[~part & (number >= 0)])
        skip[part & np.isin(number, whole) & (skip == Skip.NONE)] = Skip.PARTIAL
    return skip


def _header(data: bytes) -> tuple[dict[str, str], dict[tuple[str, int], str]]:
    """Return the header's values by key (the first of each), and the names of queues and partitions."""
    header: dict[str, str] = {}
    names: dict[tuple[str, int], str] = {}
    for match in _HEADER.finditer(data[:_MOST_HEADER]):
        key, text = match[1].decode(), match[2].decode("utf-8", "replace")
        named = _NAMED.match(text) if key in ("Queue", "Partition") else None
        if named is not None and len(named[1]) < 10:
            names.setdefault((key, int(named[1])), named[2])
        header.setdefault(key, text)
    return header, names


def _whole(text: str) -> int | None:
    """Return the instant that `text` holds, after 1970 [s]; None if it is none."""
    found = re.match(r"^\s*(\d{1,11})\b", text)
    return int(found[1]) if found else None


def _codes(values: Float64) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return whole numbers as codes (-1 unknown) and the text of each code."""
    known = (values >= 0) & (values < 2**53)
    old, code = np.unique(values[known], return_inverse=True)
    out = np.full(len(values), -1, np.int32)
    out[known] = code
    return out, tuple(f"{value:.0f}" for value in old)


def _partitions(
    values: Float64, names: dict[tuple[str, int], str]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return the partition of each row, or its queue where the log knows no partitions, and their names."""
    kind, column = ("Partition", PARTITION) if np.any(values[:, PARTITION] >= 0) else ("Queue", QUEUE)
    code, labels = _codes(values[:, column])
    return code, tuple(names.get((kind, int(label)), label) for label in labels)


def _notes(zero_s: int | None, usual: int, options: ReadOptions) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if usual > FIELDS:
        notes += (f"lines of {usual} fields: those after the {FIELDS}th are ignored",)
    if zero_s is None:
        start = "the given origin" if options.origin else "1970-01-01T00:00:00Z"
        notes += (f"no UnixStartTime in the header: time 0 is taken as {start}",)
    if options.processors_per_node is None:
        notes += ("nodes are counted in processors, as SWF does",)
    return notes


FORMATS.register("swf")(Format("Standard Workload Format 2.2", recognises, read))
