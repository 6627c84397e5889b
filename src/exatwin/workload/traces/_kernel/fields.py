"""One field of a log, as bytes, to a number: counts, times, spans of time, job numbers.

Three values are special: ``MISSING`` (NaN) where the log says nothing, ``UNLIMITED`` (+inf) where it says so,
and ``BAD`` (-inf) where it holds something that can't be read.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numba import types

from exatwin.foundation.jit import entry, inner
from exatwin.workload.traces._kernel.kinds import (
    COUNT,
    ENERGY,
    EXIT,
    JOB,
    NO_JOB,
    PLAIN,
    SPAN,
    STATE,
    STEP,
    TIME,
    TRES,
)

MISSING = math.nan
UNLIMITED = math.inf
BAD = -math.inf

LARGEST = 1e300
_MISSING_WORDS = np.frombuffer(
    b"unknown\0none\0none assigned\0n/a\0na\0nan\0nat\0null\0(null)\0<na>\0-\0invalid\0"
    b"partition_limit\0not_set\0",
    np.uint8,
)
_UTC_WORDS = np.frombuffer(b"z\0utc\0gmt\0", np.uint8)
_UNLIMITED_WORDS = np.frombuffer(b"unlimited\0infinite\0", np.uint8)
_NODE = np.frombuffer(b"node=", np.uint8)
_DAYS_IN = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


@inner
def line_end(buf: Any, at: int) -> int:
    """Return the position of the line break at or after `at`, or the end of the text."""
    while at < len(buf) and buf[at] != 10:
        at += 1
    return at


@inner
def trimmed(buf: Any, a: int, b: int) -> tuple[int, int]:
    """Return the bounds of the field without spaces around it."""
    while a < b and (buf[a] == 32 or buf[a] == 9):
        a += 1
    while b > a and (buf[b - 1] == 32 or buf[b - 1] == 9):
        b -= 1
    return a, b


@inner
def among(buf: Any, a: int, b: int, words: Any) -> bool:
    """Return whether the field is one of `words` (lower case, each ended by a zero), whatever its case."""
    i, same = a, True
    for w in words:
        if w == 0:
            if same and i == b:
                return True
            i, same = a, True
        elif same:
            c = buf[i] if i < b else np.uint8(0)
            if 65 <= c <= 90:
                c += np.uint8(32)
            same = c == w
            i += 1
    return False


@inner
def word(buf: Any, a: int, b: int) -> float:
    """Return what a field that is no number means: MISSING, UNLIMITED or BAD."""
    if a == b or among(buf, a, b, _MISSING_WORDS):
        return MISSING
    return UNLIMITED if among(buf, a, b, _UNLIMITED_WORDS) else BAD


@inner
def digits(buf: Any, a: int, b: int) -> tuple[int, int]:
    """Return the whole number that begins at `a` (-1 beyond 18 digits or without any) and where it stops."""
    found, i = np.int64(0), a
    while i < b and 48 <= buf[i] <= 57:
        found = found * 10 + (np.int64(buf[i]) - 48) if i - a < 18 else np.int64(-1)
        i += 1
    return int(found) if i > a else -1, i


@inner
def number(buf: Any, a: int, b: int) -> float:
    """Return the decimal number that fills the field, with or without a fraction and an exponent."""
    i, sign = a, 1.0
    if i < b and (buf[i] == 45 or buf[i] == 43):
        sign = -1.0 if buf[i] == 45 else 1.0
        i += 1
    mantissa, power, seen, point = np.int64(0), 0, 0, False
    while i < b and (48 <= buf[i] <= 57 or (buf[i] == 46 and not point)):
        if buf[i] == 46:
            point = True
        else:
            seen += 1
            if mantissa < 100_000_000_000_000_000:
                mantissa = mantissa * 10 + (np.int64(buf[i]) - 48)
                power -= 1 if point else 0
            elif not point:
                power += 1
        i += 1
    if i < b and (buf[i] == 69 or buf[i] == 101) and seen:
        i += 1
        down = i < b and buf[i] == 45
        if i < b and (buf[i] == 45 or buf[i] == 43):
            i += 1
        exponent, j = digits(buf, i, min(b, i + 5))
        if j == i:
            return BAD
        i, power = j, power + (-exponent if down else exponent)
    if i != b or seen == 0:
        return BAD
    if power < 0:
        size = mantissa / 10.0 ** min(-power, 400) if -power < 300 else 0.0
    else:
        size = LARGEST if power > 280 and mantissa > 0 else mantissa * 10.0 ** min(power, 280)
    return sign * min(size, LARGEST)


@inner
def suffix(buf: Any, a: int, b: int, base: float) -> float:
    """Return what the letter that ends a number stands for: 1, or a power of `base` for K, M, G, T, P."""
    scale = base
    for letter in (75, 77, 71, 84, 80):
        if b - a > 1 and buf[b - 1] == letter and 46 <= buf[b - 2] <= 57:
            return scale
        scale *= base
    return 1.0


@inner
def fraction(buf: Any, a: int, b: int) -> tuple[float, int]:
    """Return the fraction that may stand at `a`, point included, and where it stops."""
    if a >= b or buf[a] != 46:
        return 0.0, a
    found, i = digits(buf, a + 1, min(b, a + 16))
    return (found / 10.0 ** (i - a - 1) if found > 0 else 0.0), i


@inner
def days(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date of the Gregorian calendar."""
    y = year - 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    before = y * 365 + y // 4 - y // 100 + y // 400 - 719162
    for m in range(month - 1):
        before += _DAYS_IN[m]
    return before + day - 1 + (1 if leap and month > 2 else 0)


@inner
def clock(buf: Any, a: int, b: int) -> tuple[float, int]:
    """Return the seconds of ``HH:MM[:SS[.fff]]`` at `a` (BAD if it is none) and where it stops."""
    hour, i = digits(buf, a, b)
    if i - a > 2 or i == a or hour > 24 or i >= b or buf[i] != 58:
        return BAD, i
    minute, j = digits(buf, i + 1, b)
    if j - i != 3 or minute > 59:
        return BAD, j
    total = hour * 3600.0 + minute * 60.0
    if j < b and buf[j] == 58:
        i = j
        second, j = digits(buf, i + 1, b)
        if j - i != 3 or second > 60:
            return BAD, j
        part, j = fraction(buf, j, b)
        total += second + part
    return total, j


@inner
def time(buf: Any, a: int, b: int) -> tuple[float, bool]:
    """Return an instant [s since 1970] by ISO 8601, and whether it is naive: local time without an offset."""
    year, i = digits(buf, a, b)
    if i - a != 4 or b - a < 10 or buf[i] != 45 or buf[i + 3] != 45:
        return BAD, False
    month, j = digits(buf, i + 1, i + 3)
    day, k = digits(buf, i + 4, i + 6)
    if j != i + 3 or k != i + 6 or not 1 <= month <= 12 or not 1 <= day <= 31 or year < 1:
        return BAD, False
    total = days(year, month, day) * 86400.0
    if k == b:
        return total, True
    if buf[k] != 84 and buf[k] != 32:
        return BAD, False
    of_day, i = clock(buf, k + 1, b)
    if of_day == BAD:
        return BAD, False
    i, b = trimmed(buf, i, b)
    if i == b:
        return total + of_day, True
    east = zone(buf, i, b)
    return (BAD if east == BAD else total + of_day - east), False


@inner
def zone(buf: Any, a: int, b: int) -> float:
    """Return the offset [s east of Greenwich] of ``Z``, ``UTC``, ``+01``, ``+0100`` or ``+01:00``."""
    if (b - a == 1 and buf[a] == 90) or (
        b - a == 3 and buf[a] == 85 and buf[a + 1] == 84 and buf[a + 2] == 67
    ):
        return 0.0
    if buf[a] != 43 and buf[a] != 45:
        return BAD
    hour, i = digits(buf, a + 1, min(b, a + 3))
    if i != a + 3:
        return BAD
    if i < b and buf[i] == 58:
        i += 1
    minute, j = digits(buf, i, b) if i < b else (0, i)
    if j != b or minute < 0 or minute > 59 or hour > 15:
        return BAD
    return (1.0 if buf[a] == 43 else -1.0) * (hour * 3600.0 + minute * 60.0)


@inner
def span(buf: Any, a: int, b: int) -> float:
    """Return a span of time [s] written as ``D-HH[:MM[:SS]]`` or ``[HH:]MM:SS[.fff]``."""
    first, i = digits(buf, a, b)
    if first < 0 or i >= b:
        return BAD
    total, parts, unit = 0.0, 1, 0.0
    if buf[i] == 45:
        total, unit, parts = first * 86400.0, 3600.0, 0
    elif buf[i] == 58:
        total = float(first)
    else:
        return BAD
    while i < b and (buf[i] == 58 or (parts == 0 and buf[i] == 45)):
        part, j = digits(buf, i + 1, b)
        if part < 0 or parts > 2:
            return BAD
        total = total + part * unit if unit > 0.0 else total * 60.0 + part
        unit /= 60.0
        i, parts = j, parts + 1
    rest, i = fraction(buf, i, b)
    return total + rest if i == b else BAD


@inner
def job(buf: Any, a: int, b: int) -> tuple[int, int, int, int]:
    """Return the number of a job, its task (-2 - offset if heterogeneous, -1 without), and its kind.

    Last comes how many tasks of its array may run at once where the number says so (``7_[1-9%2]``), else -1.
    """
    base, i = digits(buf, a, b)
    if base < 0:
        return -1, -1, NO_JOB, -1
    task = -1
    if i + 1 < b and (buf[i] == 95 or buf[i] == 43):
        mark = buf[i]
        part, j = digits(buf, i + 1, b)
        if part >= 0:
            task, i = (part if mark == 95 else -2 - part), j
        elif mark == 95 and buf[i + 1] == 91:
            return base, -1, PLAIN, throttle(buf, i + 2, b)
    if i == b:
        return base, task, PLAIN, -1
    return base, task, STEP if buf[i] == 46 and b > i + 1 else NO_JOB, -1


@inner
def throttle(buf: Any, a: int, b: int) -> int:
    """Return the number after ``%`` in a list of tasks, -1 where there is none."""
    while a < b and buf[a] != 37:
        a += 1
    return digits(buf, a + 1, b)[0] if a + 1 < b else -1


@inner
def tres(buf: Any, a: int, b: int) -> tuple[int, int]:
    """Return the bounds of the nodes in a list of resources such as ``cpu=4,node=1``.

    They are empty where the list has no nodes, and those of all the text where it is no list.
    """
    equals, i = False, a
    while i < b:
        j = i
        while j < b and buf[j] != 44:
            equals = equals or buf[j] == 61
            j += 1
        same = j - i > 5
        for k in range(5):
            same = same and buf[i + k] == _NODE[k]
        if same:
            return i + 5, j
        i = j + 1
    return (b, b) if equals else (a, b)


@inner
def exit_code(buf: Any, a: int, b: int) -> float:
    """Return 0 for ``code:signal``, MISSING for nothing, BAD for anything else: an anchor only."""
    if a == b:
        return MISSING
    _, i = digits(buf, a, b)
    _, j = digits(buf, min(i + 1, b), b)
    return 0.0 if i > a and i < b and buf[i] == 58 and j == b and j > i + 1 else BAD


@inner
def state(buf: Any, a: int, b: int) -> float:
    """Return 0 for what may be the name of a state, MISSING for nothing, BAD for anything else."""
    if a == b:
        return MISSING
    for i in range(a, b):
        c = buf[i]
        if c == 32 or c == 43:
            return 0.0 if i > a else BAD
        if not (65 <= c <= 90 or 97 <= c <= 122 or c == 95):
            return BAD
    return 0.0


@inner
def _value(buf: Any, a: int, b: int, kind: int, scale: float, more: Any) -> float:
    """Return the number in a field of the given `kind`; leave what else there is to say in `more`.

    ``more`` holds whether a time is naive, and number, task, kind and bound on tasks of a job.
    """
    more[NAIVE] = 0
    a, b = trimmed(buf, a, b)
    found = BAD
    if kind == STATE:
        found = state(buf, a, b)
    elif kind == EXIT:
        found = exit_code(buf, a, b)
    elif kind == JOB:
        more[NUMBER_OF], more[TASK], more[JOB_KIND], more[THROTTLE] = job(buf, a, b)
        found = BAD if more[JOB_KIND] == NO_JOB else 0.0
    else:
        if kind == TRES:
            a, b = tres(buf, a, b)
        if kind in (COUNT, ENERGY, TRES):
            scale = suffix(buf, a, b, 1000.0 if kind == ENERGY else 1024.0)
        found = number(buf, a, b - 1 if kind != SPAN and scale > 1.0 else b)
        if found != BAD:
            return found if abs(found) >= LARGEST else found * scale
        if kind == TIME:
            found, naive = time(buf, a, b)
            more[NAIVE] = naive
        elif kind == SPAN:
            found = span(buf, a, b)
    return word(buf, a, b) if found == BAD else found


NAIVE, NUMBER_OF, TASK, JOB_KIND, THROTTLE = range(5)
MORE = 5
BYTES = types.Array(types.uint8, 1, "C", readonly=True)
VALUE = types.float64(BYTES, types.int64, types.int64, types.int64, types.float64, types.int64[::1])
"""Signature of :data:`value`; kernels take it as an argument: written into each place, it compiles long."""


def _build(digest: str) -> Any:
    def value(buf: Any, a: int, b: int, kind: int, scale: float, more: Any) -> float:
        digest  # noqa: B018 (part of the key of the disk cache)
        return _value(buf, a, b, kind, scale, more)

    return value


value = entry(VALUE, _build, Path(__file__).parent)
"""The number in a field; see :func:`_value`."""
