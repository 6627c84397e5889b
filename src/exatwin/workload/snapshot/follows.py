"""Which job waits for which, as the dependencies of ``squeue`` say: ``afterok:123_4(unfulfilled)``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.workload.traces.follow import KINDS
from exatwin.workload.traces.waits import wanted

_OVER = re.compile(r":[^:,?]*\(fulfilled[^)]*\)")
_NUMBER = re.compile(r"^(\d+)(?:_(\d+))?")


def dependencies(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the number of each job that is waited for, tasks of arrays as ``100_3``.

    Nothing where one of several suffices: nobody tells which.

    Examples
    --------
    >>> list(dependencies("afterok:7_*(unfulfilled),after:8+5:9_2(unfulfilled),afterany:3(fulfilled)"))
    [('afterok', '7'), ('after', '8'), ('after', '9_2')]
    >>> list(dependencies("singleton(unfulfilled)")), list(dependencies("(null)"))
    ([], [])
    >>> list(dependencies("afterok:1(unfulfilled)?afterok:2(unfulfilled)"))
    []
    """
    for one in wanted(_OVER.sub("", text)).targets:
        whole = one.task is None or one.task < 0
        yield KINDS[one.kind], str(one.number) if whole else f"{one.number}_{one.task}"


def followed(numbers: Sequence[str], texts: Sequence[str]) -> Int64:
    """Return who waits for whom of the jobs that are there: rows and the kind, shape (3, pairs).

    Parameters
    ----------
    numbers
        Number of each job, ``100_3`` for a task of an array.
    texts
        What each waits for.
    """
    rows: dict[str, list[int]] = {}
    for row, number in enumerate(numbers):
        found = _NUMBER.match(number)
        for name in {number, found[1] if found is not None else number}:
            rows.setdefault(name, []).append(row)
    pairs = {
        (row, other, KINDS.index(kind))
        for row, text in enumerate(texts)
        if text
        for kind, number in dependencies(text)
        for other in rows.get(number, ())
        if other != row
    }
    return np.array(sorted(pairs), np.int64).reshape(-1, 3).T


__all__ = ["dependencies", "followed"]
