"""Progress: a strategy object that is told what begins; the default says nothing."""

from __future__ import annotations

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
