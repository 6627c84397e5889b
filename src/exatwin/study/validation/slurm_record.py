"""A recorded run of Slurm: what was asked for, when and where each job ran, and who started it."""

from __future__ import annotations

import csv
import gzip
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.slurm import SlurmRule
from exatwin.study.validation.measured import RUN
from exatwin.workload.job import Jobs

RECORD, ASKED, FLAGS, STATISTICS = RUN
NODES = 64
RULE = SlurmRule(bf_max_job_test=1000, sched_interval_s=30, default_queue_depth=1000)
"""The parameters in the record's ``slurm.conf``; the others are Slurm's defaults."""
_PACE_STEP_S = 0.005


class Cycle(NamedTuple):
    """A cycle of backfill: seconds of its first and last start, and the places in the queue of those jobs."""

    first_s: int
    last_s: int
    first: int = 0
    last: int = 1


@dataclass(frozen=True, eq=False)
class SlurmRecord:
    """Jobs in order of submission; times in seconds of the day."""

    jobs: Jobs
    """With the run times that accounting has."""
    start_s: Int64
    end_s: Int64
    nodes: list[Int64]
    """Nodes that each job had, ascending, from 0."""
    longer_s: Int64
    """How much longer each job ran by accounting than it was asked to [s]."""
    by_backfill: NDArray[np.bool_]
    """Whether backfill started the job, by accounting's flags; otherwise the main scheduler did."""
    counted: int
    """Cycles of backfill that Slurm counted."""
    last_cycle_s: int
    """When Slurm had its last cycle [s]."""

    @cached_property
    def cycles(self) -> list[Cycle]:
        """The cycles of backfill.

        Those that started a job are known by it. Between them one follows the other after the interval and a
        time for each job that waits: as long as makes them as many as Slurm counted.
        """
        seen: list[list[int]] = []
        for start in sorted(self.start_s[self.by_backfill].tolist()):
            if seen and start - seen[-1][1] < RULE.bf_interval_s // 2:
                seen[-1][1] = start
            else:
                seen.append([start, start])
        known = [
            *(self._placed(low, high) for low, high in seen),
            Cycle(self.last_cycle_s, self.last_cycle_s),
        ]
        found: list[Cycle] = []
        pace = 0.0
        while not found or len(found) > self.counted:
            found = [cycle for pair in pairwise(known) for cycle in self._between(*pair, pace)]
            found = [cycle for cycle in [*found, known[-1]] if self.waiting(cycle.first_s).size]
            pace += _PACE_STEP_S
        return found

    def _placed(self, first_s: int, last_s: int) -> Cycle:
        """Return a cycle with the places of its first and its last second."""
        if first_s == last_s:
            return Cycle(first_s, last_s)
        queue = self.waiting(first_s)
        ours = self.by_backfill[queue]
        first = np.flatnonzero(ours & (self.start_s[queue] == first_s))
        last = np.flatnonzero(ours & (self.start_s[queue] == last_s))
        return Cycle(first_s, last_s, int(first[-1]), int(last[0]))

    def waiting(self, now_s: int) -> Int64:
        """Return the rows of the jobs that wait at `now_s` [s]."""
        return np.flatnonzero((self.jobs.submit_s < now_s) & (now_s <= self.start_s))

    def _between(self, one: Cycle, other: Cycle, pace: float) -> list[Cycle]:
        """Return the cycles from one that started a job to before the next that did."""
        low, high = one.first_s, other.first_s
        at = float(low)
        times: list[float] = []
        while not times or at <= high - RULE.bf_interval_s / 2:
            times.append(at)
            at += RULE.bf_interval_s + pace * len(self.waiting(round(at) + 1))
        stretch = (high - low) / (at - low)
        moments = [round(low + (time - low) * stretch) for time in times]
        return [one, *(Cycle(moment, moment) for moment in moments[1:])]


def read_slurm_record(folder: Path) -> SlurmRecord:
    """Return the run recorded in `folder`.

    Raises
    ------
    SpecError
        A file is missing, or is not such a record.
    """
    try:
        with (folder / RECORD).open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file, delimiter="|") if "." not in row["JobID"]]
        with (folder / ASKED).open(encoding="utf-8") as file:
            asked = {row["id"]: int(row["run"]) for row in csv.DictReader(file)}
        with gzip.open(folder / FLAGS) as packed:
            flags = {str(job["job_id"]): job["flags"] for job in json.load(packed)["jobs"]}
        counted, last = _statistics((folder / STATISTICS).read_text(encoding="utf-8"))
        start, end = ([_seconds(row[name]) for row in rows] for name in ("Start", "End"))
        run = np.array(end) - np.array(start)
        jobs = Jobs(
            job_id=np.array([int(row["JobID"]) for row in rows]),
            submit_s=np.array([_seconds(row["Submit"]) for row in rows]),
            nodes=np.array([int(row["NNodes"]) for row in rows], np.int32),
            limit_s=60 * np.array([int(row["TimelimitRaw"]) for row in rows]),
            runtime_s=run,
        )
        return SlurmRecord(
            jobs,
            np.array(start, np.int64),
            np.array(end, np.int64),
            [_nodes(row["NodeList"]) for row in rows],
            run - np.array([asked[row["JobName"].removeprefix("w")] for row in rows]),
            np.array(["STARTED_ON_BACKFILL" in flags[row["JobID"]] for row in rows]),
            counted,
            last,
        )
    except (OSError, KeyError, ValueError) as error:
        raise SpecError(f"{folder}: no record of a run of Slurm: {error}") from None


def _statistics(text: str) -> tuple[int, int]:
    """Return how many cycles of backfill there were, and when the last was, as ``sdiag`` says."""
    _, _, part = text.partition("Backfilling stats")
    many, last = re.search(r"Total cycles: (\d+)", part), re.search(r"Last cycle when: .*?([\d:]{8})", part)
    if many is None or last is None:
        raise ValueError("no statistics of backfill")
    return int(many[1]), _seconds(f"2000-01-01T{last[1]}")


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _nodes(text: str) -> Int64:
    """Return the nodes of a list such as ``n[001-003,007]``, from 0."""
    spans = [part.partition("-") for part in text.removeprefix("n").strip("[]").split(",")]
    return np.array([n for low, _, high in spans for n in range(int(low) - 1, int(high or low))], np.int64)


__all__ = ["NODES", "RULE", "Cycle", "SlurmRecord", "read_slurm_record"]
