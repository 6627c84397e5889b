"""Piles of numbers, the least on top (binary heaps), and sorting."""

from __future__ import annotations

from typing import Any

from exatwin.foundation.jit import lean


@lean
def put(keys: Any, size: int, key: int) -> None:
    """Put a key into a heap of `size` keys."""
    at = size
    while at > 0 and keys[(at - 1) // 2] > key:
        keys[at] = keys[(at - 1) // 2]
        at = (at - 1) // 2
    keys[at] = key


@lean
def sink(keys: Any, top: int, size: int) -> None:
    """Bring the key at `top` to its place in a heap of `size` keys in which only it may stand too high."""
    key = keys[top]
    while True:
        child = 2 * top + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[top] = keys[child]
        top = child
    keys[top] = key


@lean
def take_least(keys: Any, size: int) -> int:
    """Take the top off a heap of `size` keys; return how many are left."""
    size -= 1
    keys[0] = keys[size]
    if size > 0:
        sink(keys, 0, size)
    return size


@lean
def select(keys: Any, low: int, high: int, place: int) -> int:
    """Bring the key that belongs at `place` there, smaller ones before it; return it (quickselect)."""
    while low < high:
        a, b, c = keys[low], keys[(low + high) // 2], keys[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                kept = keys[i]
                keys[i] = keys[j]
                keys[j] = kept
                i += 1
                j -= 1
        if place <= j:
            high = j
        elif place >= i:
            low = i
        else:
            break
    return keys[place]


@lean
def sort(keys: Any, first: int, size: int) -> None:
    """Sort `size` keys from `first` on: by insertion where little moves, else by a heap."""
    moves = 0
    for i in range(first + 1, first + size):
        key, at = keys[i], i
        while at > first and keys[at - 1] > key:
            keys[at] = keys[at - 1]
            at -= 1
        keys[at] = key
        moves += i - at
        if moves > 6 * size:
            break
    if moves <= 6 * size:
        return
    for top in range(size // 2 - 1, -1, -1):
        _rise(keys, first, top, size)
    for last in range(size - 1, 0, -1):
        kept = keys[first]
        keys[first] = keys[first + last]
        keys[first + last] = kept
        _rise(keys, first, 0, last)


@lean
def _rise(keys: Any, first: int, top: int, size: int) -> None:
    """The same as `sink` with the greatest on top, for `size` keys from `first` on."""
    key = keys[first + top]
    while True:
        child = 2 * top + 1
        if child >= size:
            break
        if child + 1 < size and keys[first + child + 1] > keys[first + child]:
            child += 1
        if keys[first + child] <= key:
            break
        keys[first + top] = keys[first + child]
        top = child
    keys[first + top] = key
