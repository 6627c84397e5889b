"""A recorded run of Slurm: what was asked for, when and where each job ran."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule.slurm import SlurmRule
from exatwin.study.measured import RUN
from exatwin.workload.job import Jobs

RECORD, ASKED = RUN
NODES = 64
RULE = SlurmRule(bf_max_job_test=1000, sched_interval_s=30, default_queue_depth=1000)
"""The parameters in the record's ``slurm.conf``; the others are Slurm's defaults."""


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

    @property
    def cycles_s(self) -> list[int]:
        """Instants of backfill's cycles: those that let a job pass another, and evenly between them [s]."""
        submit, start = self.jobs.submit_s, self.start_s
        passing = sorted(
            {
                int(start[i])
                for i in range(len(start))
                if np.any((submit[:i] < start[i]) & (start[:i] > start[i]))
            }
        )
        seen = [t for i, t in enumerate(passing) if i == 0 or t - passing[i - 1] > 2]
        found = []
        for low, high in pairwise(seen):
            many = max(1, round((high - low) / 30.15))
            found += [round(low + (high - low) * k / many) for k in range(many)]
        return [*found, seen[-1]]


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
        )
    except (OSError, KeyError, ValueError) as error:
        raise SpecError(f"{folder}: no record of a run of Slurm: {error}") from None


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _nodes(text: str) -> Int64:
    """Return the nodes of a list such as ``n[001-003,007]``, from 0."""
    spans = [part.partition("-") for part in text.removeprefix("n").strip("[]").split(",")]
    return np.array([n for low, _, high in spans for n in range(int(low) - 1, int(high or low))], np.int64)


__all__ = ["NODES", "RULE", "SlurmRecord", "read_slurm_record"]
