"""The events to come: a binary heap by time, then kind, then serial number."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean
from exatwin.schedule._kernel.layout import HEAP, ORDER, SERIAL, WHEN, WHO


@lean
def _before(heap: Any, a: int, b: int) -> bool:
    return heap[WHEN, a] < heap[WHEN, b] or (
        heap[WHEN, a] == heap[WHEN, b] and heap[ORDER, a] < heap[ORDER, b]
    )


@lean
def _swap(heap: Any, a: int, b: int) -> None:
    for row in range(3):
        kept = heap[row, a]
        heap[row, a] = heap[row, b]
        heap[row, b] = kept


@lean
def push(heap: Any, counter: Any, time: int, kind: int, job: int) -> None:
    i = counter[HEAP]
    counter[HEAP] = i + 1
    heap[WHEN, i] = time
    heap[ORDER, i] = (kind << 56) + counter[SERIAL]
    heap[WHO, i] = job
    counter[SERIAL] += 1
    while i > 0 and _before(heap, i, (i - 1) // 2):
        _swap(heap, i, (i - 1) // 2)
        i = (i - 1) // 2


@lean
def pop(heap: Any, counter: Any) -> int:
    job = heap[WHO, 0]
    size = counter[HEAP] - 1
    counter[HEAP] = size
    _swap(heap, 0, size)
    i = 0
    while True:
        least = 2 * i + 1
        if least >= size:
            return job
        if least + 1 < size and _before(heap, least + 1, least):
            least += 1
        if not _before(heap, least, i):
            return job
        _swap(heap, i, least)
        i = least
