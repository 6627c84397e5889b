"""A delimited table of jobs with a header line: find the header, read the cells by role."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int32, Int64, UInt8
from exatwin.workload.traces._kernel.kinds import NO_JOB
from exatwin.workload.traces.names import Column, Role, column, looks_like_header
from exatwin.workload.traces.report import Mask
from exatwin.workload.traces.source import Source

WORDS = (
    Role.CLUSTER,
    Role.PARTITION,
    Role.ACCOUNT,
    Role.USER,
    Role.STATE,
    Role.QOS,
    Role.RESOURCES,
    Role.NAME,
    Role.REASON,
    Role.DEPENDENCY,
    Role.COMMAND,
)
"""Roles whose texts become codes."""
_DELIMITERS = (b"|", b",", b"\t", b";", b"\x1f")
_LINES_BEFORE = 50
_MOST_COLUMNS = 2000
_MOST_NUMBER = 2.0**53


@dataclass(frozen=True)
class Head:
    """The header line of a table."""

    begin: int
    """Where the line begins, after so many bytes."""
    end: int
    """Where it ends, without the line break."""
    lines_before: int
    """Lines of other text before it."""
    delimiter: int
    names: tuple[str, ...]
    ends: int = 0
    """Delimiters that end it."""


def find_head(source: Source) -> Head | None:
    """Return the first line that names columns of jobs; None if none does."""
    at = 0
    for before, line in enumerate(source.head.split(b"\n")[:_LINES_BEFORE]):
        text = line.removesuffix(b"\r")
        for delimiter in _DELIMITERS:
            if not 2 <= text.count(delimiter) < _MOST_COLUMNS:
                continue
            names = [cell.decode("utf-8", "replace").strip().strip('"') for cell in text.split(delimiter)]
            width = len(names)
            while names and not names[-1]:
                names.pop()
            if looks_like_header(names):
                return Head(at, at + len(text), before, delimiter[0], tuple(names), width - len(names))
        at += len(line) + 1
    return None


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a table that matter, row by row."""

    source: Source
    head: Head
    columns: tuple[Column, ...]
    slots: tuple[int, ...]
    """Where each column's cells are; -1 for those that are not kept."""
    values: Float64
    """Numbers, times and spans, NaN missing, +inf unlimited, shape (rows, slots)."""
    naive: Mask
    """Which of them are times without an offset, shape (rows, slots)."""
    unreadable: Mask
    """Rows with a cell that can't be read, shape (rows,)."""
    number: Int64
    """Job number, -1 none, shape (rows,)."""
    task: Int64
    """Task of an array, -1 none, shape (rows,)."""
    job_kind: UInt8
    """PLAIN, STEP or NO_JOB, shape (rows,)."""
    fate: UInt8
    """What became of the row, shape (rows,)."""
    codes: Int32
    """Code of the word of each role of WORDS, -1 none, shape (rows, words)."""
    word_begin: Int64
    """Where the text of each code begins, shape (words, codes)."""
    word_end: Int64
    """Where it ends, shape (words, codes)."""
    known: Int64
    """Codes of each role, shape (words,)."""

    def __len__(self) -> int:
        return len(self.fate)

    def places(self, role: Role) -> list[int]:
        """Return the slots of a role, the preferred first."""
        kept = [
            (c.place, slot)
            for slot, c in zip(self.slots, self.columns, strict=True)
            if slot >= 0 and c.role is role
        ]
        return [slot for _, slot in sorted(kept)]

    def has(self, *roles: Role) -> bool:
        """Return whether there is a column of one of `roles`."""
        return any(self.places(role) for role in roles)

    def numbers(self, role: Role) -> Float64:
        """Return the values of a role: of its preferred column, elsewhere of the next; NaN without."""
        out = np.full(len(self), np.nan)
        for slot in self.places(role):
            found = self.values[:, slot]
            out = np.where(np.isnan(out) | ((out <= 0) & (found > 0)), found, out)
        return out

    def shown(self) -> tuple[Int64, Int64, Int64]:
        """Return the numbers that people see: array (or heterogeneous job), task, most tasks at once; or -1.

        The task is -2 - offset in a heterogeneous job.
        """
        none = np.full(len(self), -1.0)
        array, task, throttle = none.copy(), none.copy(), none.copy()
        for slot in self.places(Role.JOB):  # JobIDRaw, then JobID, which has what people see
            base, part, most = np.nan_to_num(self.values[:, slot : slot + 3], nan=-1.0).T
            inside = (part != -1) | (most > 0)
            array, task = np.where(inside, base, array), np.where(inside, part, task)
            throttle = np.where((most > 0) & (most < _MOST_NUMBER), most, throttle)
        columns = (self.numbers(role) for role in (Role.ARRAY, Role.TASK, Role.THROTTLE))
        apart = [np.where(np.abs(each) < _MOST_NUMBER, each, -1.0) for each in columns]
        told = (array < 0) & (apart[0] > 0) & (apart[1] >= 0)
        array, task = np.where(told, apart[0], array), np.where(told, apart[1], task)
        throttle = np.where(apart[2] > 0, apart[2], throttle)
        return array.astype(np.int64), task.astype(np.int64), throttle.astype(np.int64)

    def words(self, role: Role) -> tuple[Int32, tuple[str, ...]]:
        """Return the code of each row's word in a role, and the words."""
        k, data = WORDS.index(role), self.source.data
        pairs = zip(self.word_begin[k, : self.known[k]], self.word_end[k, : self.known[k]], strict=True)
        return self.codes[:, k], tuple(data[a:b].decode("utf-8", "backslashreplace") for a, b in pairs)


def scan(source: Source, head: Head) -> Cells:
    """Return the cells of the table below `head`."""
    from exatwin.workload.traces._kernel.fields import value
    from exatwin.workload.traces._kernel.table import read_table

    columns = tuple(column(name) for name in head.names)
    slots, wide = _slots(columns)
    start = source.data.find(b"\n", head.end) + 1 or len(source.data)
    room = source.data.count(b"\n", start) + 1
    out = (
        np.full((room, wide), np.nan),
        np.zeros((room, wide), np.bool_),
        np.zeros(room, np.bool_),
        np.full(room, -1, np.int64),
        np.full(room, -1, np.int64),
        np.full(room, NO_JOB, np.uint8),
        np.zeros(room, np.uint8),
        np.full((room, len(WORDS)), -1, np.int32),
    )
    words = (
        np.full((len(WORDS), 1 << (room.bit_length() + 1)), -1, np.int32),
        np.zeros((len(WORDS), room), np.int64),
        np.zeros((len(WORDS), room), np.int64),
        np.zeros(len(WORDS), np.int64),
    )
    spec: tuple[NDArray[np.int64], Float64, NDArray[np.int64]] = (
        np.array([c.kind for c in columns], np.int64),
        np.array([_scale(index, columns) for index in range(len(columns))], np.float64),
        np.array(slots, np.int64),
    )
    bounds = np.array([head.begin, head.end, head.ends], np.int64)
    quoted = head.delimiter != ord("|")
    rows = read_table(source.array(), start, bounds, head.delimiter, quoted, spec, out, words, value)
    return Cells(
        source=source,
        head=head,
        columns=columns,
        slots=slots,
        values=out[0][:rows],
        naive=out[1][:rows],
        unreadable=out[2][:rows],
        number=out[3][:rows],
        task=out[4][:rows],
        job_kind=out[5][:rows],
        fate=out[6][:rows],
        codes=out[7][:rows],
        word_begin=words[1],
        word_end=words[2],
        known=words[3],
    )


def _slots(columns: tuple[Column, ...]) -> tuple[tuple[int, ...], int]:
    """Return where each column is kept, and how many numbers a row has.

    Words have one column each, the preferred; a job number takes three slots (number, task, most tasks at
    once); anchors have none.
    """
    single = WORDS
    best: dict[Role, int] = {}
    for index, found in enumerate(columns):
        if found.role in single and (found.role not in best or found.place < columns[best[found.role]].place):
            best[found.role] = index
    slots, wide = [-1] * len(columns), 0
    for index, found in enumerate(columns):
        if found.role in single:
            if best[found.role] == index:
                slots[index] = WORDS.index(found.role)
        elif found.role is Role.JOB:
            slots[index], wide = wide, wide + 3
        elif found.role is not Role.ANCHOR:
            slots[index], wide = wide, wide + 1
    return tuple(slots), max(wide, 1)


def _scale(index: int, columns: tuple[Column, ...]) -> float:
    """Return the scale of a column; of job numbers 1 for the preferred one, which tells jobs apart."""
    found = columns[index]
    if found.role is not Role.JOB:
        return found.scale
    return float(found.place == min(each.place for each in columns if each.role is Role.JOB))
