"""Sets of nodes as bits, 64 to a word; each pool begins a word of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from exatwin.foundation.jit import INTERPRETED, lean


def _ones(typing_context: Any, word: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), emit


def _trailing(typing_context: Any, word: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, False))

    return types.uint64(types.uint64), emit


def _leading(typing_context: Any, word: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], context.get_constant(types.boolean, False))

    return types.uint64(types.uint64), emit


def _ones_plainly(word: int) -> int:
    return int(word).bit_count()


def _trailing_plainly(word: int) -> int:
    return (int(word) & -int(word)).bit_length() - 1 if word else 64


def _leading_plainly(word: int) -> int:
    return 64 - int(word).bit_length()


# the number of set bits of a word; the number of clear bits below the lowest set one, and above the highest,
# 64 where none is set
ones: Any = _ones_plainly if INTERPRETED else intrinsic(_ones)
trailing: Any = _trailing_plainly if INTERPRETED else intrinsic(_trailing)
leading: Any = _leading_plainly if INTERPRETED else intrinsic(_leading)


# loops over words count without a sign: an index that may be negative is turned round first, and then none of
# them is done several words at a time
index: Any = int if INTERPRETED else np.uint64
whole: Any = np.int64

ALL, ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)
_WORD_BITS = 6


@lean
def word_of(place: int) -> int:
    """The word in which a bit is; a division that minds signs takes several times as long."""
    return place >> _WORD_BITS


@lean
def bit_of(place: int) -> Any:
    """A word with only the bit of a place."""
    return ONE << np.uint64(place & 63)


@lean
def run_at(word: Any, start: int) -> int:
    """How many bits from `start` on are set side by side."""
    return whole(trailing(~(word >> np.uint64(start))))


@lean
def beyond(word: Any, stop: int) -> Any:
    """What a word has from the bit `stop` on."""
    return word & (ALL << np.uint64(stop)) if stop < 64 else np.uint64(0)


@lean
def set_run(target: Any, place: int, size: int) -> None:
    """Set `size` bits side by side, 1 to 64 of them."""
    at, off, run = place >> _WORD_BITS, place & 63, ALL >> np.uint64(64 - size)
    target[at] |= run << np.uint64(off)
    if off + size > 64:
        target[at + 1] |= run >> np.uint64(64 - off)


@lean
def count(bits: Any, low: int, high: int) -> int:
    total = index(0)
    for w in range(index(low), index(high)):
        total += ones(bits[w])
    return whole(total)


@lean
def word_beyond(some: Any, more: Any, low: int, high: int) -> int:
    """The first word from `low` to `high` in which `some` has a bit that `more` has not; -1 for none."""
    for w in range(index(low), index(high)):
        if some[w] & ~more[w]:
            return whole(w)
    return -1


@lean
def within(some: Any, more: Any, low: int, high: int) -> bool:
    """Whether each bit of `some` is one of `more`."""
    return word_beyond(some, more, low, high) < 0


@lean
def copy(source: Any, target: Any, low: int, high: int) -> None:
    for w in range(index(low), index(high)):
        target[w] = source[w]


@lean
def keep(target: Any, mask: Any, low: int, high: int) -> None:
    for w in range(index(low), index(high)):
        target[w] &= mask[w]


@lean
def drop(target: Any, mask: Any, low: int, high: int) -> None:
    for w in range(index(low), index(high)):
        target[w] &= ~mask[w]


@lean
def add(target: Any, mask: Any, low: int, high: int) -> None:
    for w in range(index(low), index(high)):
        target[w] |= mask[w]


@lean
def common(a: Any, b: Any, low: int, high: int) -> int:
    total = index(0)
    for w in range(index(low), index(high)):
        total += ones(a[w] & b[w])
    return whole(total)


@lean
def both(one: Any, other: Any, target: Any, low: int, high: int) -> int:
    """Put into `target` what two sets have in common; return how many that are."""
    total = index(0)
    for w in range(index(low), index(high)):
        target[w] = one[w] & other[w]
        total += ones(target[w])
    return whole(total)


@lean
def meet(one: Any, other: Any, target: Any, low: int, high: int) -> None:
    """Put into `target` what two sets have in common."""
    for w in range(index(low), index(high)):
        target[w] = one[w] & other[w]


@lean
def fill(target: Any, word: Any, low: int, high: int) -> None:
    for w in range(index(low), index(high)):
        target[w] = word


@lean
def first_bits(target: Any, low: int, many: int) -> None:
    """Set the first bits of a set from the word `low` on, and clear the rest of the last word in use."""
    fill(target, ALL, low, low + many // 64)
    if many % 64 > 0:
        target[low + many // 64] = (ONE << np.uint64(many % 64)) - ONE
