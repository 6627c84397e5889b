"""The Numba flags of every kernel, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "boundscheck": False}


def jit(function: F) -> F:
    """Return `function` compiled at its first call, kept on disk for later processes."""
    return numba.njit(**_FLAGS)(function)  # type: ignore[no-any-return]


def inline(function: F) -> F:
    """Return `function` compiled and inlined by LLVM into the kernels that call it."""
    return numba.njit(**_FLAGS)(function)  # type: ignore[no-any-return]
