"""Named plug-ins: a decorator here, an entry point elsewhere, a helpful error for a wrong name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from exatwin.foundation.errors import SpecError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """The known plug-ins of one kind, found when first asked for.

    Parameters
    ----------
    kind
        What the plug-ins are, in the singular, for messages: ``"policy"``.
    group
        Entry-point group through which other packages add theirs: ``"exatwin.policies"``.
    modules
        Modules of exatwin that register the built-in ones when imported.
    """

    def __init__(self, kind: str, group: str, modules: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.group = group
        self._modules = modules
        self._found: dict[str, T] = {}
        self._broken: dict[str, str] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that makes its target known as `name`."""

        def remember(target: T) -> T:
            self._found[name] = target
            return target

        return remember

    def get(self, name: str) -> T:
        """Return the plug-in called `name`.

        Raises
        ------
        SpecError
            There is none; the message names the nearest, or why it could not be loaded.
        """
        self._load()
        if name in self._found:
            return self._found[name]
        if name in self._broken:
            raise SpecError(f"{self.kind} '{name}' could not be loaded: {self._broken[name]}")
        raise SpecError(f"unknown {self.kind} '{name}': {nearest(name, self._found)}")

    def names(self) -> list[str]:
        """Return the names of all plug-ins, sorted."""
        self._load()
        return sorted(self._found)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Forget on leaving what was registered inside: for examples and tests."""
        self._load()
        before = dict(self._found)
        try:
            yield
        finally:
            self._found = before

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for module in self._modules:
            import_module(module)
        for point in entry_points(group=self.group):
            try:
                self._found.setdefault(point.name, point.load())
            except Exception as error:  # a broken plug-in must not take the others down
                self._broken[point.name] = f"{type(error).__name__}: {error}"
