"""Events that do not come to pass: taking one out of the heap."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.heap import _before, _swap, pop, push
from exatwin.schedule._slurm.layout import END_OF_JOB, NEVER, ORDER, WHEN, WHO

_KIND = 56


@lean
def forget_end(m: Any, job: int) -> None:
    """Take the end of `job` out of the heap: make it the first, then the first goes."""
    i = 0
    while m.heap[WHO, i] != job or m.heap[ORDER, i] >> _KIND != END_OF_JOB:
        i += 1
    m.heap[WHEN, i] = NEVER
    while i > 0 and _before(m.heap, i, (i - 1) // 2):
        _swap(m.heap, i, (i - 1) // 2)
        i = (i - 1) // 2
    pop(m.heap, m.counter)


@lean
def set_end(m: Any, job: int, when: int) -> None:
    """Put the end of `job` into the heap."""
    push(m.heap, m.counter, when, END_OF_JOB, job)


@lean
def kind_of_next(m: Any) -> int:
    """The kind of the first event; there is one."""
    return m.heap[ORDER, 0] >> _KIND
