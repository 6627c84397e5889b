"""Which job waits for which: after, afterok, afternotok, afterany, singleton."""

from __future__ import annotations

from dataclasses import dataclass

from exatwin.foundation.arrays import Int64

KINDS = ("after", "afterok", "afternotok", "afterany")


@dataclass(frozen=True, eq=False)
class Dependencies:
    """Pairs of jobs by their rows; a job starts when all that it waits for has come."""

    job: Int64
    """The job that waits, shape (pairs,)."""
    on: Int64
    """The job that it waits for, shape (pairs,)."""
    kind: Int64
    """Index of :data:`KINDS`, shape (pairs,)."""


__all__ = ["KINDS", "Dependencies"]
