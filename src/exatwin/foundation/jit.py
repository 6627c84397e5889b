"""The Numba flags of every kernel, once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event

from exatwin.foundation.progress import compiling

_Listener: Any = event.Listener  # numba's inside has no types
F = TypeVar("F", bound=Callable[..., Any])

INTERPRETED: bool = bool(vars(numba.config)["DISABLE_JIT"])
"""Whether nothing is compiled (``NUMBA_DISABLE_JIT=1``), to look into kernels on small cases."""

_FLAGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}
_LEAN: dict[str, Any] = {**_FLAGS, "_nrt": False}
PART: dict[str, Any] = {**_LEAN, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""The flags of a function that only compiled ones call."""


def jit(function: F) -> F:
    """Return `function` compiled at its first call, kept on disk for later processes.

    The disk cache knows only the file of `function`: use it for kernels that live in one file.
    """
    return cast(F, numba.njit(cache=True, **_FLAGS)(function))


def inner(function: F) -> F:
    """Return `function` compiled as a part of the entries that call it, and not kept by itself."""
    return cast(F, numba.njit(**_FLAGS)(function))


def lean(function: F) -> F:
    """Return `function` like :func:`inner`, unable to make arrays and so spared counting references.

    A loop that hands many arrays to small functions spends half of its time on that counting. Compiled, it
    can't be called from Python.
    """
    return cast(F, numba.njit(**PART)(function))


def entry(
    signature: Any,
    build: Callable[[str], F],
    folder: Path,
    *,
    also: tuple[Path, ...] = (),
    makes_arrays: bool = True,
    name: str = "",
) -> F:
    """Return the function that `build` makes, compiled for `signature` and kept on disk.

    Parameters
    ----------
    signature
        Numba signature of the function.
    build
        Takes a digest and returns the function, which must mention the digest: what a function closes over is
        part of its key in the disk cache, so that a change in any file of `folder` compiles it anew.
    folder
        The package whose files the function is made of.
    also
        Further files that it is made of.
    makes_arrays
        Whether it, or what it calls, makes arrays.
    name
        What people are told that is compiled, where it is; nothing without it.
    """
    how = () if makes_arrays else (Path(__file__).with_name("parts.py"),)
    text = b"".join(path.read_bytes() for path in [*sorted(folder.glob("*.py")), *also, *how])
    function = build(hashlib.sha256(text).hexdigest())
    if INTERPRETED:
        return function
    with event.install_listener("numba:compile", _Teller(name)):
        if makes_arrays:
            return cast(F, numba.njit([signature], cache=True, **_FLAGS)(function))
        from exatwin.foundation.parts import at_once

        with at_once(function.__qualname__):
            return cast(F, numba.njit([signature], cache=True, **_LEAN)(function))


class _Teller(_Listener):  # type: ignore[misc]  # numba's
    """Tells once that something is compiled: not where it is fetched from the disk."""

    def __init__(self, name: str) -> None:
        self._name = name

    def on_start(self, begun: Any) -> None:
        if self._name:
            compiling(self._name)
        self._name = ""

    def on_end(self, ended: Any) -> None:
        pass
