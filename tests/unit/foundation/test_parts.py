"""Functions compiled as parts of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

from exatwin.foundation.handle import address, reader, table, where
from exatwin.foundation.jit import INTERPRETED, entry, lean
from exatwin.foundation.parts import at_once

pytestmark = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")


class Numbers(NamedTuple):
    values: Any


KIND = numba.types.NamedTuple([numba.float64[::1]], Numbers)
read = reader(KIND)


@where(2, otherwise=7)
def doubled(n: Any, row: int) -> int:
    return int(2 * n.values[row])


@where(4, otherwise=True)
def never(n: Any) -> bool:
    return not_there(n)  # type: ignore[name-defined, no-any-return]  # noqa: F821  # not compiled: no 4


@lean
def both(n: Any) -> int:
    return doubled(n, 1) if never(n) else 0


def built(parts: int) -> Callable[[str], Callable[[Any], int]]:
    def build(digest: str) -> Callable[[Any], int]:
        def run(given: Any) -> int:
            return both(read(given, parts)) if len(digest) > 0 else 0

        return run

    return build


@pytest.mark.parametrize(("parts", "found"), [(0, 7), (1, 7), (2, 6)])
def test_a_part_that_is_left_out_is_a_constant(tmp_path: Path, parts: int, found: int) -> None:
    run = entry(numba.int64(numba.int64), built(parts), tmp_path, makes_arrays=False)
    numbers = Numbers(np.array([1.0, 3.0]))
    rows = table(numbers)
    assert run(address(numbers, rows)) == found


@lean
def least(x: int) -> int:
    return x - 1 if x > 0 else 0


@lean
def above(x: int) -> int:
    return least(x) + least(x + 5)


def top(x: int) -> int:
    found = above(x)
    if found < 0:
        found = least(found)
    return found + least(3 * x)


def after(x: int) -> int:
    return above(x) * least(x)


def test_all_that_is_called_is_there_now_and_for_functions_compiled_later() -> None:
    signature: Any = ["int64(int64)"]
    make: Any = numba.njit
    with at_once(top.__qualname__):
        compiled = make(signature)(top)
    assert [compiled(x) for x in (0, 4)] == [4, 3 + 8 + 11]
    assert make(signature)(after)(4) == (3 + 8) * 3
