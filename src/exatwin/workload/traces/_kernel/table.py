"""A delimited table with a header line (sacct, CSV) as bytes to columns of numbers and codes.

A row may run over several lines (free text with line breaks) and hold too many fields (free text with
delimiters). Lines are joined until the fields suffice; surplus fields are given to those free-text
columns that let the other columns be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numba import types

from exatwin.foundation.jit import entry, inner
from exatwin.workload.traces._kernel.fields import (
    BAD,
    BYTES,
    JOB_KIND,
    MISSING,
    MORE,
    NAIVE,
    NUMBER_OF,
    TASK,
    THROTTLE,
    VALUE,
    among,
    line_end,
    trimmed,
)
from exatwin.workload.traces._kernel.kinds import (
    ALIGNED,
    FREE,
    HEADER,
    JOB,
    JOINED,
    NO_JOB,
    SHORT,
    STATE,
    TANGLED,
    WHOLE,
    WORD,
)

SPARE = 128
"""Surplus fields that a row may have."""
_MOST_LINES = 256
_LONGEST_QUOTE = 65536
_NOTHING = np.frombuffer(b"none\0unknown\0(null)\0null\0n/a\0nan\0-1\0", np.uint8)


@inner
def alike(buf: Any, a: int, b: int, c: int, d: int) -> bool:
    """Return whether two stretches of text are the same."""
    if b - a != d - c:
        return False
    for i in range(b - a):  # noqa: SIM110 (a generator does not compile)
        if buf[a + i] != buf[c + i]:
            return False
    return True


@inner
def closing(buf: Any, at: int, delimiter: int) -> int:
    """Return the position after the quoted field that opens at `at`, or `at` where no quote closes it."""
    i, most = at + 1, min(len(buf), at + _LONGEST_QUOTE)
    while i < most:
        if buf[i] == 34:
            after = i + 1
            if after >= len(buf) or buf[after] == delimiter or buf[after] == 10 or buf[after] == 13:
                return after
            i += 1
        i += 1
    return at


@inner
def split(
    buf: Any, at: int, delimiter: int, quoted: bool, fields: int, first: Any, last: Any
) -> tuple[int, int]:
    """Split the line at `at` into fields; return their count and the end of the line.

    It continues the last of the `fields` found so far. Fields beyond the room of `first` and `last` are only
    counted.
    """
    room = len(first)
    if fields > 0:
        fields -= 1
    elif room > 0:
        first[0] = at
    i, fresh = at, True
    while True:
        if quoted and fresh and i < len(buf) and buf[i] == 34:
            i = closing(buf, i, delimiter)
        fresh = False
        if i >= len(buf) or buf[i] == 10:
            break
        if buf[i] == delimiter:
            if fields < room:
                last[fields] = i
            fields, fresh = fields + 1, True
            if fields < room:
                first[fields] = i + 1
        i += 1
    if fields < room:
        last[fields] = i - 1 if i > at and buf[i - 1] == 13 else i
    return fields + 1, i


@inner
def opens(buf: Any, at: int, delimiter: int, kind: Any, read: Any, more: Any) -> bool:
    """Return whether the line at `at` is a row of its own: enough delimiters, a job number in its place."""
    found, cell, is_job = 0, at, True
    while at < len(buf) and buf[at] != 10:
        if buf[at] == delimiter:
            if found < len(kind) and kind[found] == JOB:
                is_job = is_job and read(buf, cell, at, JOB, 1.0, more) == 0.0
            found, cell = found + 1, at + 1
        at += 1
    return is_job and found >= len(kind) - 1


@inner
def bare(buf: Any, a: int, b: int) -> tuple[int, int]:
    """Return the bounds of the field without spaces and quotation marks around it."""
    a, b = trimmed(buf, a, b)
    if b - a >= 2 and buf[a] == 34 and buf[b - 1] == 34:
        return trimmed(buf, a + 1, b - 1)
    return a, b


@inner
def first_word(buf: Any, a: int, b: int) -> int:
    """Return where the first word of a field ends."""
    while a < b and buf[a] != 32:
        a += 1
    return a


@inner
def worth(buf: Any, a: int, b: int, kind: int, read: Any, more: Any) -> int:
    """Return how well a field suits a column.

    2 readable, 1 a word or said to be missing, 0 empty or free text, -9 unreadable.
    """
    a, b = trimmed(buf, a, b)
    if kind == FREE or a == b:
        return 0
    if kind == WORD:
        return 1
    found = read(buf, a, b, kind, 1.0, more)
    if found == BAD:
        return -9
    return 1 if found != found else 2


@inner
def align(
    buf: Any, first: Any, last: Any, fields: int, kind: Any, best: Any, choice: Any, read: Any, more: Any
) -> bool:
    """Give surplus fields to free-text columns so that the others suit best; rewrite `first` and `last`.

    ``best[s]`` is the worth of the columns so far when `s` surplus fields are used up: a shortest path.
    """
    n, surplus = len(kind), fields - len(kind)
    for s in range(surplus + 1):
        best[s] = 0 if s == 0 else -1_000_000
    for c in range(n):
        for s in range(surplus, -1, -1):
            here, used = best[s] + worth(buf, first[c + s], last[c + s], kind[c], read, more), 0
            if kind[c] == FREE:
                for e in range(1, s + 1):
                    if best[s - e] > here:
                        here, used = best[s - e], e
            choice[c, s] = used
            best[s] = here
    if best[surplus] < -500_000:
        return False
    s = surplus
    for c in range(n - 1, -1, -1):
        e = choice[c, s]
        choice[c, 0] = s
        s -= e
    for c in range(n):
        first[c], last[c] = first[c + s], last[c + choice[c, 0]]
        s = choice[c, 0]
    return True


@inner
def sound(buf: Any, first: Any, last: Any, kind: Any, read: Any, more: Any) -> bool:
    """Return whether every column can be read and there is a job."""
    seen = False
    for c in range(len(kind)):
        suits = worth(buf, first[c], last[c], kind[c], read, more)
        if suits < 0:
            return False
        seen = seen or (kind[c] == JOB and suits == 2)
    return seen


@inner
def code(buf: Any, a: int, b: int, table: Any, begin: Any, end: Any, known: int) -> int:
    """Return the number of a word by order of first appearance; `known` if it is new."""
    h = np.uint64(14695981039346656037)
    for i in range(a, b):
        h = (h ^ np.uint64(buf[i])) * np.uint64(1099511628211)
    mask = np.uint64(len(table) - 1)
    h = (h ^ (h >> np.uint64(29))) & mask
    while table[h] >= 0:
        c = table[h]
        if alike(buf, a, b, begin[c], end[c]):
            return int(c)
        h = (h + np.uint64(1)) & mask
    table[h] = known
    begin[known], end[known] = a, b
    return known


@inner
def record(
    buf: Any, at: int, delimiter: int, quoted: bool, ends: int, kind: Any, work: Any, read: Any
) -> tuple[int, int, int]:
    """Find the row at `at`: leave its fields in `work`; return what became of it, its lines and its end.

    A row may end in so many delimiters too many (`ends`).
    """
    first, last, best, choice, more = work
    n, fields, lines, begin = len(kind), 0, 0, at
    while True:
        fields, end = split(buf, begin, delimiter, quoted, fields, first, last)
        lines, begin = lines + 1, end + 1
        if fields >= n or end >= len(buf) or lines >= _MOST_LINES:
            break
        if opens(buf, begin, delimiter, kind, read, more):
            break
    if fields < n:
        return SHORT, lines, end
    while fields > n and ends > 0 and fields <= len(first) and first[fields - 1] == last[fields - 1]:
        fields, ends = fields - 1, ends - 1
    if fields == n and lines == 1:
        return WHOLE, lines, end
    surplus = fields > n
    if surplus and (
        fields > len(first) or not align(buf, first, last, fields, kind, best, choice, read, more)
    ):
        return TANGLED, lines, end
    if not sound(buf, first, last, kind, read, more):
        return TANGLED, lines, end
    return (ALIGNED if surplus else JOINED), lines, end


@inner
def _rows(
    buf: Any, at: int, header: Any, delimiter: int, quoted: bool, spec: Any, out: Any, words: Any, read: Any
) -> int:
    """Read the rows from `at` on into `out`; return how many there are.

    `header` is the bounds of the header line and how many delimiters end it; `spec` is (kind, scale, slot) of
    each column, slot -1 an anchor, scale 1 for the job number that counts; `out` is (values, naive,
    unreadable, number, task, job kind, fate, codes); `words` is (hash tables, begin, end, known); `read` is
    the ``value`` of the kernel of fields.
    """
    kind, scale, slot = spec
    values, naive, unreadable, base, task, job_kind, fate, codes = out
    tables, begin, end_of, known = words
    n, rows = len(kind), 0
    work = (
        np.empty(n + SPARE, np.int64),
        np.empty(n + SPARE, np.int64),
        np.empty(SPARE + 1, np.int64),
        np.empty((n, SPARE + 1), np.int64),
        np.zeros(MORE, np.int64),
    )
    first, last, more = work[0], work[1], work[4]
    while at < len(buf):
        stop = line_end(buf, at)
        a, b = trimmed(buf, at, stop - 1 if stop > at and buf[stop - 1] == 13 else stop)
        if a == b:
            at = stop + 1
            continue
        what, lines, end = record(buf, at, delimiter, quoted, header[2], kind, work, read)
        if what == WHOLE and alike(buf, a, b, header[0], header[1]):
            what = HEADER
        if what == TANGLED and lines > 1:
            lines, end = 1, stop  # only its first line is given up: the next may be a good row
        fate[rows] = what
        if what == SHORT:
            for k in range(1, lines):
                fate[rows + k] = SHORT
            rows += lines - 1
        elif what <= ALIGNED:
            for c in range(n):
                if slot[c] < 0:
                    continue
                a, b = bare(buf, first[c], last[c])
                if kind[c] == JOB:
                    more[NUMBER_OF], more[TASK], more[JOB_KIND], more[THROTTLE] = -1, -1, NO_JOB, -1
                    read(buf, a, b, JOB, 1.0, more)
                    if scale[c] == 1.0:
                        base[rows], task[rows], job_kind[rows] = more[NUMBER_OF], more[TASK], more[JOB_KIND]
                    values[rows, slot[c]] = more[NUMBER_OF]
                    values[rows, slot[c] + 1] = more[TASK]
                    values[rows, slot[c] + 2] = more[THROTTLE]
                elif kind[c] == WORD or kind[c] == STATE or kind[c] == FREE:
                    k = slot[c]
                    if kind[c] == STATE:  # only its first word: 'CANCELLED by 1001'
                        b = first_word(buf, a, b)
                    if a < b and not among(buf, a, b, _NOTHING):
                        found = code(buf, a, b, tables[k], begin[k], end_of[k], known[k])
                        known[k] += 1 if found == known[k] else 0
                        codes[rows, k] = found
                else:
                    v = read(buf, a, b, kind[c], scale[c], more)
                    if v == BAD:
                        v = MISSING
                        unreadable[rows] = True
                    values[rows, slot[c]] = v
                    naive[rows, slot[c]] = more[NAIVE]
        rows += 1
        at = end + 1
    return rows


def _build(digest: str) -> Any:
    def read_table(
        buf: Any,
        at: int,
        header: Any,
        delimiter: int,
        quoted: bool,
        spec: Any,
        out: Any,
        words: Any,
        read: Any,
    ) -> int:
        digest  # noqa: B018 (part of the key of the disk cache)
        return _rows(buf, at, header, delimiter, quoted, spec, out, words, read)

    return read_table


_COLUMNS = types.Tuple((types.int64[::1], types.float64[::1], types.int64[::1]))  # type: ignore[no-untyped-call]
_CELLS = types.Tuple(  # type: ignore[no-untyped-call]
    (
        types.float64[:, ::1],
        types.boolean[:, ::1],
        types.boolean[::1],
        types.int64[::1],
        types.int64[::1],
        types.uint8[::1],
        types.uint8[::1],
        types.int32[:, ::1],
    )
)
_WORDS = types.Tuple(  # type: ignore[no-untyped-call]
    (types.int32[:, ::1], types.int64[:, ::1], types.int64[:, ::1], types.int64[::1])
)
_NUMBER, _READ = types.int64, types.FunctionType(VALUE)
read_table = entry(
    _NUMBER(BYTES, _NUMBER, types.int64[::1], _NUMBER, types.boolean, _COLUMNS, _CELLS, _WORDS, _READ),
    _build,
    Path(__file__).parent,
)
"""The rows of a delimited table; see :func:`_rows`."""
