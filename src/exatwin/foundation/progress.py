"""Progress: a strategy object that is told what begins; the default says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """Is told what a long computation does."""

    def stage(self, name: str) -> None:
        """The stage called `name` begins."""

    def step(self, done: int, total: int) -> None:
        """`done` of `total` steps are done."""


class Silent:
    """Says nothing."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def step(self, done: int, total: int) -> None:
        """Say nothing."""


SILENT = Silent()

_listeners: list[Callable[[str], None]] = []


def when_compiling(tell: Callable[[str], None]) -> None:
    """Let `tell` be told what is compiled in this process, instead of who was told so far."""
    _listeners[:] = [tell]


def compiling(what: str) -> None:
    """Tell who wants to know that `what` is compiled, which takes its time once on a machine."""
    for tell in _listeners:
        tell(what)
