"""Slurm's schedulers beside a real run of Slurm, as rows that `exatwin validate` scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.schedule.floor import Floor
from exatwin.schedule.simulate import simulate
from exatwin.schedule.under_way import cycle_from
from exatwin.study.measured import SLURM, Measured
from exatwin.study.slurm_record import NODES, RULE, SlurmRecord, read_slurm_record
from exatwin.study.validation import Metric, Row, Validation

RUNS = 12
"""Runs left alone; each has the recorded excesses of run time in another order."""
GOAL = {"misordered": 0.02, "late": 1.0, "wait": 0.05}
_WORDS = (
    "share of the pairs of jobs that start in another order than recorded (median difference of starts over "
    "the interval of backfill, difference of the mean wait, share of cycles that decide otherwise from the "
    "recorded state); of a job: difference over the mean wait"
)


def agreement(ours: Int64, theirs: Int64) -> tuple[float, float]:
    """Return the share of pairs of jobs that start in the same order, and the median difference [s]."""
    one, two = np.triu_indices(len(theirs), 1)
    told = theirs[one] != theirs[two]
    same = np.sign(theirs[one] - theirs[two]) == np.sign(ours[one] - ours[two])
    return float(np.mean(same[told])), float(np.median(np.abs(ours - theirs)))


def left_alone(record: SlurmRecord, runs: int = RUNS) -> Int64:
    """Return the starts of jobs in runs of the recorded submissions, shape (runs, jobs) [s].

    What a job ran longer than it was asked to, seconds in a record whose clock went twenty times as fast as
    ours, falls upon another job in each run.
    """
    draw, found = stream(0, "validate", "slurm"), []
    asked = record.jobs.runtime_s - record.longer_s
    for _ in range(runs):
        jobs = record.jobs.replace(runtime_s=asked + draw.permutation(record.longer_s))
        found.append(simulate(jobs, NODES, backfill="slurm", slurm=RULE).start_s)
    return np.array(found)


def decided_alike(record: SlurmRecord) -> tuple[int, int]:
    """Return how many cycles start what Slurm started, each from the recorded state, and of how many."""
    jobs, floor, same = record.jobs, Floor.flat(NODES), 0
    for now in record.cycles_s:
        runs = np.flatnonzero((record.start_s < now) & (now < record.end_s))
        waits = np.flatnonzero((jobs.submit_s < now) & (now <= record.start_s))
        rows = np.concatenate([runs, waits])
        known = jobs.take(rows)
        known = known.replace(submit_s=np.concatenate([record.start_s[runs], jobs.submit_s[waits]]))
        ours, _ = cycle_from(known, floor, RULE, [record.nodes[row] for row in runs], now)
        theirs = np.flatnonzero((now - 1 <= record.start_s) & (record.start_s <= now + 2))
        same += set(rows[ours].tolist()) == set(theirs.tolist())
    return same, len(record.cycles_s)


def _slurm(measured: Measured) -> Validation:
    if not measured.has(SLURM) or measured.folder is None:
        raise SpecError(f"'slurm' needs the record {SLURM}: name its folder with --data")
    record = read_slurm_record(measured.folder / SLURM)
    theirs, submit = record.start_s, record.jobs.submit_s
    runs = left_alone(record)
    same, cycles = decided_alike(record)
    middle: Float64 = np.median(runs, axis=0)
    wait = float(np.mean(theirs - submit))
    scores = np.array([agreement(run, theirs) for run in runs])
    beside = np.array([agreement(runs[i], runs[k]) for i in range(len(runs)) for k in range(i)])
    figures = {
        "misordered": float(1.0 - scores[:, 0].mean()),
        "late": float(scores[:, 1].mean()) / RULE.bf_interval_s,
        "wait": float(abs(np.mean(runs - submit) / wait - 1.0)),
        "cycles": 1.0 - same / cycles,
    }
    rows = tuple(
        Row(
            str(record.jobs.job_id[i]),
            f"{record.jobs.nodes[i]} nodes, {record.jobs.limit_s[i] / 60:.0f} min",
            float(theirs[i] - submit[i]),
            float(middle[i] - submit[i]),
            float(middle[i] - theirs[i]) / wait,
        )
        for i in range(len(theirs))
    )
    remarks = (
        f"from the state that was recorded, {same} of {cycles} cycles of backfill start what Slurm started",
        f"{len(runs)} runs left alone, the recorded excesses of run time in another order in each: pairwise "
        f"order {scores[:, 0].mean():.3f}, median difference {scores[:, 1].mean():.0f} s, mean wait "
        f"{np.mean(runs - submit):,.0f} s of {wait:,.0f} s",
        f"two such runs beside each other: pairwise order {beside[:, 0].mean():.3f}, median difference "
        f"{beside[:, 1].mean():.0f} s; a near miss of seconds sends the rest another way",
    )
    return Validation("slurm", "waits of a real run of Slurm 22.05", "s", rows, goal=GOAL,
                      metric=_metric(figures), remarks=remarks)  # fmt: skip


def _metric(figures: dict[str, float]) -> Metric:
    def found(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
        return figures

    return Metric("agreement with Slurm", _WORDS, found, ("wait", "median of runs", "difference"))


MODELS: dict[str, Callable[[Measured], Validation]] = {"slurm": _slurm}

__all__ = ["GOAL", "MODELS", "RUNS", "agreement", "decided_alike", "left_alone"]
