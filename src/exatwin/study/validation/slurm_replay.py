"""A recorded run of Slurm again: what is not Slurm's decision is given as recorded, all starts are ours.

Given are when jobs were sent, how long each ran once it had started, when cycles of backfill were, and how long
it took Slurm to see a submission and to release nodes. Who starts in which pass or cycle, and on which nodes, is
decided here alone: a start that is not the record's moves the end of that job, and all that comes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.floor import Floor
from exatwin.schedule.under_way import Starts, cycle_from, easy_from, heads_from
from exatwin.study.validation.slurm_record import NODES, RULE, SlurmRecord

SOON_S, SEEN_S, FREED_S = 1, 3, 5
"""A lag that the record does not tell; the longest that are read out of it: to see a job, to release nodes."""
SENT, ENDED, RELEASED, CYCLE, PASS = range(5)
Decide = Callable[..., Starts]
DECIDE: dict[str, Decide] = {"slurm": cycle_from, "easy": easy_from}


class Lags(NamedTuple):
    """Seconds that Slurm took, of each job."""

    seen_s: Int64
    """From the submission to the pass of the main scheduler that looks at the job."""
    freed_s: Int64
    """From the end to the release of the nodes: its epilog."""


def plain_lags(record: SlurmRecord) -> Lags:
    """Return a second for everything."""
    one = np.full(len(record.jobs), SOON_S, np.int64)
    return Lags(one, one)


def recorded_lags(record: SlurmRecord) -> Lags:
    """Return what starts of other jobs in the seconds after tell of them, and a second where nothing does."""
    jobs, start, end = record.jobs, record.start_s, record.end_s
    seen, freed = plain_lags(record)
    seen, freed = seen.copy(), freed.copy()
    for i in range(len(jobs)):
        after = start[~record.by_backfill] - jobs.submit_s[i]
        after = after[(after >= 0) & (after <= SEEN_S)]
        seen[i] = after.min() if after.size else SOON_S
        near = np.flatnonzero((start >= end[i]) & (start <= end[i] + FREED_S))
        taken = [
            int(start[k] - end[i]) for k in near if np.intersect1d(record.nodes[k], record.nodes[i]).size
        ]
        freed[i] = min(taken, default=SOON_S)
    return Lags(seen, freed)


@dataclass(eq=False)
class Replay:
    """The state of a run that goes through the record's instants."""

    record: SlurmRecord
    lags: Lags
    decide: Decide = cycle_from
    queue: list[int] = field(default_factory=list)
    over: list[int] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    events: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_s = np.full(len(self.record.jobs), -1, np.int64)
        self.nodes: list[Int64] = [np.zeros(0, np.int64)] * len(self.record.jobs)
        self.busy = {low for low, _ in self.record.cycles}
        for row, submit in enumerate(self.record.jobs.submit_s.tolist()):
            heappush(self.events, (submit, SENT, row))
        for low in self.busy:
            heappush(self.events, (low, CYCLE, -1))

    def run(self) -> None:
        """Go through all events, those of a second in the order of their kinds."""
        last = (-1, -1)
        while self.events:
            now, kind, row = heappop(self.events)
            if kind >= CYCLE:
                if (now, kind) != last:
                    self._decide(now, kind)
                last = (now, kind)
            elif kind == SENT:
                self.queue.append(row)
                self._pass_at(now + int(self.lags.seen_s[row]))
            elif kind == ENDED:
                self.running.remove(row)
                self.over.append(row)
                heappush(self.events, (now + int(self.lags.freed_s[row]), RELEASED, row))
            else:
                self.over.remove(row)
                self._pass_at(now)

    def _pass_at(self, when: int) -> None:
        """Appoint a pass of the main scheduler: a cycle that is under way holds it up."""
        while when in self.busy:
            when += 1
        heappush(self.events, (when, PASS, -1))

    def _decide(self, now: int, kind: int) -> None:
        if not self.queue:
            return
        held = [*self.over, *self.running]
        found, nodes = decided(
            self.record, [self.start_s[row] for row in held], [self.nodes[row] for row in held],
            held, self.queue, now, len(self.over), self.decide if kind == CYCLE else None,
        )  # fmt: skip
        for row, chosen in zip(found, nodes, strict=True):
            self.start_s[row], self.nodes[row] = now, chosen
            self.queue.remove(row)
            self.running.append(row)
            heappush(self.events, (now + int(self.record.jobs.runtime_s[row]), ENDED, row))


def decided(
    record: SlurmRecord,
    start_s: list[int],
    nodes: list[Int64],
    held: list[int],
    queue: list[int],
    now_s: int,
    over: int,
    decide: Decide | None,
) -> tuple[list[int], list[Int64]]:
    """Return the rows that start at `now_s` [s] and their nodes, by `decide` or by the main scheduler.

    `held` are rows that hold nodes, since `start_s` and on `nodes`; of the first `over` only the epilog runs.
    """
    rows = np.array([*held, *queue], np.int64)
    known = record.jobs.take(rows)
    known = known.replace(submit_s=np.concatenate([np.array(start_s, np.int64), known.submit_s[len(held) :]]))
    floor = Floor.flat(NODES)
    if decide is None:
        ours, where = heads_from(known, floor, RULE, nodes, now_s)
    else:
        ours, where = decide(known, floor, RULE, nodes, now_s, over)
    return rows[ours].tolist(), where


def replayed(record: SlurmRecord, lags: Lags, backfill: str = "slurm") -> Replay:
    """Return the run again, with the cycles of `backfill` at the recorded instants."""
    replay = Replay(record, lags, DECIDE[backfill])
    replay.run()
    return replay


__all__ = ["DECIDE", "Lags", "Replay", "decided", "plain_lags", "recorded_lags", "replayed"]
