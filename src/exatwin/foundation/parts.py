"""Compiling a function made of many others: these are linked, optimised and made machine code once, in it.

Numba by itself does all that for each function as soon as it is typed, with a copy of all that it calls: of a
tall stack of functions the lowest is optimised as often as there are functions above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import codegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

_Library: Any = codegen.JITCodeLibrary  # numba's inside has no types
_lock: Any = global_compiler_lock
_NEEDS = ("_optimize_final_module", "_finalize_final_module", "_get_module_for_linking")
_being_made: list[str] = []


class _Part(_Library):  # type: ignore[misc]  # numba's
    """What numba makes of one function; while another is being made nothing is done with it."""

    _whole = False

    def finalize(self) -> None:
        if _being_made and self.name != _being_made[-1]:
            self._finalized = True  # numba wants that of what it links
        else:
            self._make_whole()

    def _make_whole(self) -> None:
        """Link all that it calls, directly or not, and make machine code of that."""
        self._whole, self._shared_module = True, None
        self._link(_below(self))
        self._optimize_final_module()
        self._final_module.verify()
        self._finalize_final_module()

    def _link(self, libraries: list[Any]) -> None:
        """Link what is referred to until all of it is there: of the rest LLVM takes nothing over."""
        at: dict[str, Any] = {}
        for library in libraries:
            self._reload_init.update(library._reload_init)
            functions = library._get_module_for_linking().functions
            at |= {each.name: library for each in functions if not each.is_declaration}
        while True:
            names = [each.name for each in self._final_module.functions if each.is_declaration]
            missing = {id(at[name]): at[name] for name in names if name in at}
            if not missing:
                return
            for library in missing.values():
                self._final_module.link_in(library._get_module_for_linking(), preserve=True)

    def _get_module_for_linking(self) -> Any:
        self._whole_if_alone()
        return super()._get_module_for_linking()

    def get_pointer_to_function(self, name: str) -> Any:
        self._whole_if_alone()
        return super().get_pointer_to_function(name)

    def _whole_if_alone(self) -> None:
        """A function compiled later may need it too, in numba's own way."""
        if self._finalized and not self._whole and not _being_made:
            self._make_whole()


def _below(library: Any) -> list[Any]:
    """Return the libraries that `library` calls, directly or not; what is whole has its own."""
    found: dict[int, Any] = {}
    left = list(library._linking_libraries)
    while left:
        each = left.pop()
        if id(each) in found:
            continue
        found[id(each)] = each
        if isinstance(each, _Part) and not each._whole:
            left.extend(each._linking_libraries)
    return list(found.values())


@contextmanager
def at_once(name: str) -> Iterator[None]:
    """Compile one function, with the qualified name `name`, and all that it calls, as one.

    What it calls must not be called from Python after that: there is no machine code of it alone.

    Examples
    --------
    >>> import numba
    >>> half = numba.njit(lambda x: x // 2)
    >>> def quarter(x):
    ...     return half(half(x))
    >>> with at_once(quarter.__qualname__):
    ...     compiled = numba.njit(["int64(int64)"])(quarter)
    >>> compiled(9)
    2
    """
    made_by = cpu_target.target_context.codegen()
    if not all(hasattr(_Library, need) for need in _NEEDS):  # another numba: slower, as good
        yield
        return
    engine, set_env = made_by._engine, made_by.set_env

    def set_where_made(of: str, env: Any) -> None:
        if engine.is_symbol_defined(of):
            set_env(of, env)

    with _lock:
        kept = vars(made_by).get("_library_class", type(made_by)._library_class)
        made_by._library_class, made_by.set_env = _Part, set_where_made
        _being_made.append(name)
        try:
            yield
        finally:
            _being_made.pop()
            made_by._library_class, made_by.set_env = kept, set_env


__all__ = ["at_once"]
