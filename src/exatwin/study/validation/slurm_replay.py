"""A recorded run of Slurm again: what is not Slurm's decision is given as recorded, all starts are ours.

Given are when jobs were sent, how long each ran once it had started, when cycles of backfill were and how
fast they went, and how long it took Slurm to see a submission and to release nodes. Who starts in which pass
or cycle, and on which nodes, is decided here alone: a start that is not the record's moves the end of that
job, and all that comes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.schedule.floor import Floor
from exatwin.schedule.under_way import Clock, Starts, cycle_from, easy_from, heads_from
from exatwin.study.validation.slurm_record import NODES, RULE, Cycle, SlurmRecord
from exatwin.workload.job import Jobs

SOON_S, SEEN_S, FREED_S = 1, 3, 5
"""A lag that the record does not tell; the longest read out of it: to see a job, to release nodes [s]."""
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
        self.busy = {cycle.first_s: cycle for cycle in self.record.cycles}
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
        state = State(held, self.start_s[held], [self.nodes[row] for row in held], len(self.over), self.queue)
        if kind == CYCLE:
            found, start, nodes = cycle_decides(self.record, state, self.busy[now], self.decide)
        else:
            found, start, nodes = pass_decides(self.record, state, now)
        for row, begun, chosen in zip(found.tolist(), start.tolist(), nodes, strict=True):
            self.start_s[row], self.nodes[row] = begun, chosen
            self.queue.remove(row)
            self.running.append(row)
            heappush(self.events, (begun + int(self.record.jobs.runtime_s[row]), ENDED, row))


class State(NamedTuple):
    """Who holds which nodes, since when, and who waits: rows of the record."""

    held: list[int]
    start_s: Int64
    nodes: list[Int64]
    over: int
    """Of so many of `held`, the first, only the epilog runs."""
    queue: list[int]


def cycle_decides(record: SlurmRecord, state: State, cycle: Cycle, decide: Decide = cycle_from) -> Starts:
    """Return the rows that a cycle starts, when, and their nodes."""
    rows, known = _known(record, state)
    clock = Clock(cycle.first, cycle.last, cycle.last_s - cycle.first_s)
    found, start, nodes = decide(
        known, Floor.flat(NODES), RULE, state.nodes, cycle.first_s, state.over, clock
    )
    return rows[found], start, nodes


def pass_decides(record: SlurmRecord, state: State, now_s: int) -> Starts:
    """Return the rows that the main scheduler starts at `now_s` [s], and their nodes."""
    rows, known = _known(record, state)
    found, start, nodes = heads_from(known, Floor.flat(NODES), RULE, state.nodes, now_s)
    return rows[found], start, nodes


def _known(record: SlurmRecord, state: State) -> tuple[Int64, Jobs]:
    rows = np.array([*state.held, *state.queue], np.int64)
    jobs = record.jobs.take(rows)
    return rows, jobs.replace(submit_s=np.concatenate([state.start_s, jobs.submit_s[len(state.held) :]]))


def replayed(record: SlurmRecord, lags: Lags, backfill: str = "slurm") -> Replay:
    """Return the run again, with the cycles of `backfill` at the recorded instants."""
    replay = Replay(record, lags, DECIDE[backfill])
    replay.run()
    return replay


__all__ = [
    "DECIDE", "SEEN_S", "Lags", "Replay", "State", "cycle_decides", "pass_decides", "plain_lags",
    "recorded_lags", "replayed",
]  # fmt: skip
