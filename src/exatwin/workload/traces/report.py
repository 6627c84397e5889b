"""What became of the rows of a trace: used, repaired or skipped, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Skip(IntEnum):
    """Why a row is not used; the first reason that holds."""

    NONE = 0
    SHORT = 1
    TANGLED = 2
    HEADER = 3
    STEP = 4
    DUPLICATE = 5
    PARTIAL = 6
    NO_SUBMISSION = 7
    ABSURD_TIME = 8
    PENDING = 9
    NEVER_STARTED = 10
    NO_RUN = 11
    NEGATIVE_RUN = 12
    ABSURD_RUN = 13
    NO_NODES = 14
    ABSURD_NODES = 15
    NO_LIMIT = 16
    NO_JOB = 17


class Repair(IntEnum):
    """What was mended in a row that is used; the bit of each in a mask."""

    JOINED = 0
    SURPLUS = 1
    MISSING_FIELDS = 2
    UNREADABLE = 3
    NO_JOB_NUMBER = 4
    REQUEUED = 5
    SUBMISSION = 6
    EARLY_START = 7
    RUN_FROM_TIMES = 8
    STILL_RUNNING = 9
    NO_LIMIT = 10
    UNLIMITED = 11
    NO_STATE = 12
    ENERGY = 13
    NODES_FROM_PROCESSORS = 14


SKIPPED = {
    Skip.SHORT: "too few fields",
    Skip.TANGLED: "fields that can't be told apart",
    Skip.HEADER: "a header line repeated",
    Skip.STEP: "a step of a job",
    Skip.DUPLICATE: "a duplicate of another row",
    Skip.PARTIAL: "a part of a job that has its own row",
    Skip.NO_SUBMISSION: "no submission or start time",
    Skip.ABSURD_TIME: "an absurd time",
    Skip.PENDING: "still pending",
    Skip.NEVER_STARTED: "cancelled before it started",
    Skip.NO_RUN: "no run time",
    Skip.NEGATIVE_RUN: "a negative run time",
    Skip.ABSURD_RUN: "an absurd run time",
    Skip.NO_NODES: "no number of nodes",
    Skip.ABSURD_NODES: "an absurd number of nodes",
    Skip.NO_LIMIT: "no usable time limit",
    Skip.NO_JOB: "no usable job number",
}
REPAIRED = {
    Repair.JOINED: "a field over several lines joined",
    Repair.SURPLUS: "surplus delimiters given to free text, or surplus fields dropped",
    Repair.MISSING_FIELDS: "missing last fields taken as unknown",
    Repair.UNREADABLE: "an unreadable value taken as unknown",
    Repair.NO_JOB_NUMBER: "no usable job number: given one",
    Repair.REQUEUED: "another run or task under the same number: given its own",
    Repair.SUBMISSION: "no submission time: taken from when it was eligible or started",
    Repair.EARLY_START: "start before submission: taken as submitted when it started",
    Repair.RUN_FROM_TIMES: "run time taken from start and end",
    Repair.STILL_RUNNING: "still running: run time so far",
    Repair.NO_LIMIT: "no time limit: default, or run time rounded up to a minute",
    Repair.UNLIMITED: "unlimited time: default, or run time rounded up to a minute",
    Repair.NO_STATE: "no known state: taken as completed",
    Repair.ENERGY: "energy above what the nodes can draw, or negative: taken as unknown",
    Repair.NODES_FROM_PROCESSORS: "nodes taken from processors",
}


@dataclass(frozen=True)
class ReadReport:
    """How many rows were read, used, repaired (among those used) and skipped, and why.

    ``rows_read == rows_used + rows_skipped`` always holds; a row may have been repaired in several ways.
    """

    rows_read: int
    rows_used: int
    rows_repaired: int
    rows_skipped: int
    repaired: Mapping[str, int] = field(default_factory=dict)
    """Rows by what was repaired."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Rows by why they were skipped."""
    notes: tuple[str, ...] = ()
    """What holds for the file as a whole: truncation, columns that are missing, assumptions."""

    @property
    def repaired_frac(self) -> float:
        """Share of the used rows that were repaired."""
        return self.rows_repaired / self.rows_used if self.rows_used else 0.0

    def lines(self) -> list[str]:
        """Return the report as lines for people, the most frequent reasons first."""
        mended = f"{self.rows_repaired:,} of them repaired, {self.repaired_frac:.1%}"
        head = (
            f"{self.rows_read:,} rows read: {self.rows_used:,} used ({mended}), {self.rows_skipped:,} skipped"
        )
        reasons = [
            f"  {what} {count:,}: {reason}"
            for what, counts in (("repaired", self.repaired), ("skipped", self.skipped))
            for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]
        return [head, *reasons, *(f"  note: {note}" for note in self.notes)]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "rows_read": self.rows_read,
            "rows_used": self.rows_used,
            "rows_repaired": self.rows_repaired,
            "rows_skipped": self.rows_skipped,
            "repaired_frac": self.repaired_frac,
            "repaired": dict(self.repaired),
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
        }


class Audit:
    """Keeps the books while rows are judged: one reason to skip a row, any number of repairs."""

    def __init__(self, skip: NDArray[np.uint8], repair: NDArray[np.uint32]) -> None:
        self.skip = np.array(skip, np.uint8)
        self.repair = np.array(repair, np.uint32)

    @property
    def alive(self) -> Mask:
        """Mask of the rows that nothing has ruled out so far."""
        return np.equal(self.skip, int(Skip.NONE))

    def drop(self, mask: Mask, reason: Skip) -> None:
        """Skip the rows of `mask` that are still alive."""
        self.skip[mask & self.alive] = reason

    def mend(self, mask: Mask, how: Repair) -> None:
        """Note that the rows of `mask` were repaired."""
        self.repair[mask] |= np.uint32(1 << how)

    def report(self, notes: tuple[str, ...] = ()) -> ReadReport:
        """Return the books closed."""
        alive = self.alive
        used = int(alive.sum())
        mended = self.repair[alive]
        repaired = {text: int((mended >> how & 1).sum()) for how, text in REPAIRED.items()}
        counts = np.bincount(self.skip, minlength=256)
        skipped = {text: int(counts[reason]) for reason, text in SKIPPED.items()}
        return ReadReport(
            rows_read=len(self.skip),
            rows_used=used,
            rows_repaired=int((mended != 0).sum()),
            rows_skipped=len(self.skip) - used,
            repaired={text: count for text, count in repaired.items() if count},
            skipped={text: count for text, count in skipped.items() if count},
            notes=notes,
        )
