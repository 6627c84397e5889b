"""Slurm's schedulers beside a real run of Slurm, as rows that `exatwin validate` scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.random import stream
from exatwin.schedule.simulate import simulate
from exatwin.study.validation.measured import SLURM, Measured
from exatwin.study.validation.scores import Metric, Row, Validation
from exatwin.study.validation.slurm_record import NODES, RULE, SlurmRecord, read_slurm_record
from exatwin.study.validation.slurm_replay import (
    SEEN_S,
    Lags,
    State,
    cycle_decides,
    plain_lags,
    recorded_lags,
    replayed,
)

RUNS = 12
"""Runs left alone; each has the recorded excesses of run time in another order."""
GOAL = {"misordered": 0.02, "late": 1.0, "wait": 0.05}
_WORDS = (
    "share of the pairs of jobs that start in another order than recorded (median difference of starts over "
    "the interval of backfill, difference of the mean wait); of a job: difference over the mean wait"
)
_CYCLES = "; the last figure is the share of cycles that decide otherwise from the recorded state"


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
    """Return how many cycles start what Slurm started, each from the recorded state, and two counts of jobs.

    These are started alike, on Slurm's nodes and at all. Heads that the main scheduler started in the same
    seconds count for neither: who came first is not told.
    """
    same, placed, both = 0, 0, 0
    for cycle in record.cycles:
        low, high = cycle.first_s, cycle.last_s
        begun = record.start_s < low
        runs = np.flatnonzero(begun & (low < record.end_s)).tolist()
        over = np.flatnonzero(begun & (record.end_s <= low) & (low < record.end_s + lags.freed_s)).tolist()
        held = [*over, *runs]
        state = State(held, record.start_s[held], [record.nodes[row] for row in held], len(over),
                      record.waiting(low).tolist())  # fmt: skip
        ours, _, nodes = cycle_decides(record, state, cycle)
        found = dict(zip(ours.tolist(), nodes, strict=True))
        near = (low - 1 <= record.start_s) & (record.start_s <= low + SEEN_S) & ~record.by_backfill
        theirs = (low <= record.start_s) & (record.start_s <= high) & record.by_backfill
        same += found.keys() - set(np.flatnonzero(near).tolist()) == set(np.flatnonzero(theirs).tolist())
        alike = [row for row in np.flatnonzero(theirs).tolist() if row in found]
        both += len(alike)
        placed += sum(np.array_equal(found[row], record.nodes[row]) for row in alike)
    return same, placed, both


def _record(measured: Measured) -> SlurmRecord:
    if not measured.has(SLURM) or measured.folder is None:
        raise SpecError(f"'slurm' needs the record {SLURM}: name its folder with --data")
    return read_slurm_record(measured.folder / SLURM)


def _again(measured: Measured) -> Validation:
    """The run again, with what the record tells of instants; what runs left alone find is said beside it."""
    record = _record(measured)
    theirs, lags = record.start_s, recorded_lags(record)
    replay = replayed(record, lags)
    alike = sum(map(np.array_equal, replay.nodes, record.nodes))
    order, late = agreement(replay.start_s, theirs)
    plain = agreement(replayed(record, plain_lags(record)).start_s, theirs)
    easy = agreement(replayed(record, lags, "easy").start_s, theirs)
    same, placed, both = decided_alike(record, lags)
    remarks = (
        f"from the state that was recorded, {same} of {len(record.cycles)} cycles of backfill start what "
        f"Slurm started, {placed} of {both} jobs on the nodes that Slurm gave them",
        "the run again is given the recorded submissions, run times, instants of backfill's cycles and "
        f"lags of release; all starts are decided here: pairwise order {order:.3f}, median difference "
        f"{late:.0f} s, {alike} of {len(theirs)} jobs on the same nodes",
        f"the same with a second for every lag: {plain[0]:.3f}, {plain[1]:.0f} s; EASY, given those instants "
        f"and lags: {easy[0]:.3f}, {easy[1]:.0f} s",
        *_told_alone(record, left_alone(record)),
    )
    found = replay.start_s[np.newaxis]
    more = {"cycles": 1.0 - same / len(record.cycles)}
    return _held(
        "slurm", "waits of a real run of Slurm 22.05, its instants given", record, found, remarks, more
    )


def _alone(measured: Measured) -> Validation:
    """Runs to which submissions and run times are given, and nothing else."""
    record = _record(measured)
    runs = left_alone(record)
    what = "waits of a real run of Slurm 22.05, left alone"
    return _held("slurm-alone", what, record, runs, _told_alone(record, runs), {})


def _told_alone(record: SlurmRecord, runs: Int64) -> tuple[str, str]:
    scores = np.array([agreement(run, record.start_s) for run in runs])
    beside = np.array([agreement(runs[i], runs[k]) for i in range(len(runs)) for k in range(i)])
    submit = record.jobs.submit_s
    return (
        f"{len(runs)} runs left alone, the recorded excesses of run time in another order in each: pairwise "
        f"order {scores[:, 0].mean():.3f}, median difference {scores[:, 1].mean():.0f} s, mean wait "
        f"{np.mean(runs - submit):,.0f} s of {np.mean(record.start_s - submit):,.0f} s",
        f"two such runs beside each other: pairwise order {beside[:, 0].mean():.3f}, median difference "
        f"{beside[:, 1].mean():.0f} s; a near miss of seconds sends the rest another way",
    )


def _held(
    model: str,
    title: str,
    record: SlurmRecord,
    runs: Int64,
    remarks: tuple[str, ...],
    more: dict[str, float],
) -> Validation:
    """Return starts of jobs, shape (runs, jobs) [s], beside the recorded ones."""
    jobs, theirs = record.jobs, record.start_s
    middle: Float64 = np.median(runs, axis=0)
    wait = float(np.mean(theirs - jobs.submit_s))
    scores = np.array([agreement(run, theirs) for run in runs])
    figures = {
        "misordered": float(1.0 - scores[:, 0].mean()),
        "late": float(scores[:, 1].mean()) / RULE.bf_interval_s,
        "wait": float(abs(np.mean(runs - jobs.submit_s) / wait - 1.0)),
        **more,
    }
    rows = tuple(
        Row(
            str(jobs.job_id[i]),
            f"{jobs.nodes[i]} nodes, {jobs.limit_s[i] / 60:.0f} min",
            float(theirs[i] - jobs.submit_s[i]),
            float(middle[i] - jobs.submit_s[i]),
            float(middle[i] - theirs[i]) / wait,
        )
        for i in range(len(theirs))
    )
    metric = Metric(
        "agreement with Slurm",
        _WORDS + (_CYCLES if more else ""),
        lambda rows, errors: figures,
        ("wait", "here", "difference"),
    )
    return Validation(model, title, "s", rows, goal=GOAL, metric=metric, remarks=remarks)


MODELS: dict[str, Callable[[Measured], Validation]] = {"slurm": _again, "slurm-alone": _alone}

__all__ = ["GOAL", "MODELS", "RUNS", "agreement", "decided_alike", "left_alone"]
