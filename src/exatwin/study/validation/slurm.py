"""Slurm's schedulers beside a real run of Slurm, as rows that `exatwin validate` scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.schedule.simulate import simulate
from exatwin.schedule.under_way import cycle_from
from exatwin.study.validation.measured import SLURM, Measured
from exatwin.study.validation.scores import Metric, Row, Validation
from exatwin.study.validation.slurm_record import NODES, RULE, SlurmRecord, read_slurm_record
from exatwin.study.validation.slurm_replay import SEEN_S, Lags, decided, plain_lags, recorded_lags, replayed

RUNS = 12
"""Runs left alone; each has the recorded excesses of run time in another order."""
GOAL = {"misordered": 0.02, "late": 1.0, "wait": 0.05}
_WORDS = (
    "of the run again, with the recorded instants: share of the pairs of jobs that start in another order than "
    "recorded (median difference of starts over the interval of backfill, difference of the mean wait, share of "
    "cycles that decide otherwise from the recorded state; then the first three of runs left alone); of a job: "
    "difference over the mean wait"
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


def decided_alike(record: SlurmRecord, lags: Lags) -> tuple[int, int, int]:
    """Return how many cycles start what Slurm started, each from the recorded state; of whose jobs on its nodes.

    The heads that the main scheduler started in the same seconds count for neither: who came first is not told.
    """
    same, placed, both = 0, 0, 0
    for low, high in record.cycles:
        begun = record.start_s < low
        runs = np.flatnonzero(begun & (low < record.end_s))
        over = np.flatnonzero(begun & (record.end_s <= low) & (low < record.end_s + lags.freed_s))
        held = [*over.tolist(), *runs.tolist()]
        ours, nodes = decided(
            record, record.start_s[held].tolist(), [record.nodes[row] for row in held],
            held, record.waiting(low).tolist(), low, len(over), cycle_from,
        )  # fmt: skip
        found = dict(zip(ours, nodes, strict=True))
        near = (low - 1 <= record.start_s) & (record.start_s <= low + SEEN_S) & ~record.by_backfill
        theirs = (low <= record.start_s) & (record.start_s <= high) & record.by_backfill
        same += found.keys() - set(np.flatnonzero(near).tolist()) == set(np.flatnonzero(theirs).tolist())
        alike = [row for row in np.flatnonzero(theirs).tolist() if row in found]
        both += len(alike)
        placed += sum(np.array_equal(found[row], record.nodes[row]) for row in alike)
    return same, placed, both


def _slurm(measured: Measured) -> Validation:
    if not measured.has(SLURM) or measured.folder is None:
        raise SpecError(f"'slurm' needs the record {SLURM}: name its folder with --data")
    record = read_slurm_record(measured.folder / SLURM)
    theirs, submit, lags = record.start_s, record.jobs.submit_s, recorded_lags(record)
    wait, cycles = float(np.mean(theirs - submit)), len(record.cycles)
    again = replayed(record, lags).start_s
    order, late = agreement(again, theirs)
    plain = agreement(replayed(record, plain_lags(record)).start_s, theirs)
    easy = agreement(replayed(record, lags, "easy").start_s, theirs)
    same, placed, both = decided_alike(record, lags)
    runs = left_alone(record)
    scores = np.array([agreement(run, theirs) for run in runs])
    beside = np.array([agreement(runs[i], runs[k]) for i in range(len(runs)) for k in range(i)])
    figures = {
        "misordered": 1.0 - order,
        "late": late / RULE.bf_interval_s,
        "wait": float(abs(np.mean(again - submit) / wait - 1.0)),
        "cycles": 1.0 - same / cycles,
        "alone_misordered": float(1.0 - scores[:, 0].mean()),
        "alone_late": float(scores[:, 1].mean()) / RULE.bf_interval_s,
        "alone_wait": float(abs(np.mean(runs - submit) / wait - 1.0)),
    }
    rows = tuple(
        Row(
            str(record.jobs.job_id[i]),
            f"{record.jobs.nodes[i]} nodes, {record.jobs.limit_s[i] / 60:.0f} min",
            float(theirs[i] - submit[i]),
            float(again[i] - submit[i]),
            float(again[i] - theirs[i]) / wait,
        )
        for i in range(len(theirs))
    )
    remarks = (
        f"from the state that was recorded, {same} of {cycles} cycles of backfill start what Slurm started, "
        f"{placed} of {both} jobs on the nodes that Slurm gave them",
        f"the run again, with the recorded submissions, run times, instants of backfill's cycles and lags of "
        f"release, all starts decided here: pairwise order {order:.3f}, median difference {late:.0f} s, mean "
        f"wait {np.mean(again - submit):,.0f} s of {wait:,.0f} s; with a second for every lag {plain[0]:.3f}, "
        f"{plain[1]:.0f} s; EASY, given the same, {easy[0]:.3f}, {easy[1]:.0f} s",
        f"{len(runs)} runs left alone, the recorded excesses of run time in another order in each: pairwise "
        f"order {scores[:, 0].mean():.3f}, median difference {scores[:, 1].mean():.0f} s, mean wait "
        f"{np.mean(runs - submit):,.0f} s",
        f"two such runs beside each other: pairwise order {beside[:, 0].mean():.3f}, median difference "
        f"{beside[:, 1].mean():.0f} s; a near miss of seconds sends the rest another way",
    )
    return Validation("slurm", "waits of a real run of Slurm 22.05", "s", rows, goal=GOAL,
                      metric=_metric(figures), remarks=remarks)  # fmt: skip


def _metric(figures: dict[str, float]) -> Metric:
    def found(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
        return figures

    return Metric("agreement with Slurm", _WORDS, found, ("wait", "run again", "difference"))


MODELS: dict[str, Callable[[Measured], Validation]] = {"slurm": _slurm}

__all__ = ["GOAL", "MODELS", "RUNS", "agreement", "decided_alike", "left_alone"]
