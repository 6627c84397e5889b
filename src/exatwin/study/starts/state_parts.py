"""What every STATE of a forecast needs: who comes later, who is let back into the queue, whose files hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.study.centre.slurm import SlurmSettings
from exatwin.study.scenario import Scenario
from exatwin.study.starts.ensemble import DAY_S
from exatwin.study.starts.standing_state import Place
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import HELD, HELD_BY_JOB, HELD_BY_LIMIT, Standing
from exatwin.workload.snapshot.reasons import WORDS

FEWEST = 5
"""Jobs that have ended below which a log tells nothing of run times."""
_WEEKS = 6
_OTHER_SEED = 1_000_003
_OTHERS = 10**6
"""Numbers from which those of users and accounts of a mix are counted beside real ones."""


def files_of(scenario: Scenario | None) -> SlurmSettings | None:
    """Return the settings that name a centre's files; None where none are named."""
    if scenario is None:
        return None
    own = scenario.schedule.slurm
    return own if own.conf is not None or own.accounts else None


def released(jobs: Standing, follows: Int64, files: SlurmSettings | None) -> tuple[Standing, list[str]]:
    """Return jobs with those in the queue whose wait is understood, and a line for each kind that is not.

    A job that waits for one that is there comes when that one has ended; one that is kept back by a limit is
    in the queue where the centre's files tell its limits.
    """
    held, notes = jobs.held.astype(np.int64), []
    waits = np.isin(np.arange(len(jobs)), follows[0])
    lost = (held == HELD_BY_JOB) & ~waits
    held[waits & (held == HELD_BY_JOB)] = 0
    if waits.any():
        notes.append(f"{waits.sum():,} jobs wait for other jobs, and come as those have ended")
    if lost.any():
        notes.append(f"{lost.sum():,} jobs wait for other jobs, nobody tells which: left out of the queue")
    limited = held == HELD_BY_LIMIT
    if limited.any() and files is not None and files.accounts:
        held[limited] = 0
        notes.append(f"{limited.sum():,} jobs are kept back by limits: in the queue, by what the files grant")
    elif limited.any():
        notes.append(
            f"{limited.sum():,} jobs kept back by limits that nobody told (--sacctmgr): left out of the queue"
        )
    return jobs.replace(held=np.where(held > 0, HELD, 0).astype(np.uint8)), notes


def unresolved(notes: Iterable[str]) -> Iterator[str]:
    """Yield the notes of a snapshot but those of which :func:`released` says more."""
    known = WORDS[HELD_BY_JOB], WORDS[HELD_BY_LIMIT]
    yield from (note for note in notes if not note.endswith(known))


def inside(path: Path, at_s: int, first_s: int, last_s: int, start: datetime) -> None:
    """Refuse an instant [s] outside of what `path` covers."""
    if not first_s <= at_s <= last_s:
        low, high = (start + timedelta(seconds=float(each)) for each in (first_s, last_s))
        raise SpecError(
            f"{path}: covers {low:%Y-%m-%dT%H:%M} to {high:%Y-%m-%dT%H:%M} (UTC): name --at inside"
        )


def mix_before(
    place: Place, at: datetime | None, scenario: Scenario | None, *, apart: bool = False
) -> tuple[Jobs, int, str]:
    """Return weeks of jobs of the mix before the instant, other than those of any run, and what they are.

    Parameters
    ----------
    apart
        Whether their users and accounts are others than those of the state.
    """
    from exatwin.catalogue.workload_mix import load_mix
    from exatwin.workload.mix import generate

    wanted = (scenario or Scenario()).workload
    none = np.empty(0, np.int64)
    empty = Jobs(job_id=none, submit_s=none, nodes=none.astype(np.int32), limit_s=none, runtime_s=none)
    if place.machine is None:
        return empty, 0, "arrivals: none are known (give --history, or a machine of the catalogue)"
    if wanted.mix == "none":
        return empty, 0, "arrivals: none"
    mix = load_mix(wanted.mix)
    start = at or datetime(2026, 6, 1, tzinfo=UTC)
    seed = (scenario or Scenario()).seed + _OTHER_SEED
    load = wanted.load or mix.load
    span = _WEEKS * 7 * DAY_S
    jobs, _ = generate(place.machine, mix, start=start, start_s=-span, end_s=0, load=load, seed=seed)
    if apart:
        jobs = jobs.replace(user=jobs.user + _OTHERS, account=jobs.account + _OTHERS)
    return jobs, 0, f"arrivals: the mix '{mix.name}' at {load:.0%} of the nodes"


__all__ = ["FEWEST", "files_of", "inside", "mix_before", "released", "unresolved"]
