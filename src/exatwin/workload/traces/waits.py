"""From what a log says about waiting to pairs of its jobs: numbers looked up, contradictions left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int64
from exatwin.workload.job import Jobs, State
from exatwin.workload.traces.follow import KINDS, Follows
from exatwin.workload.traces.trace import Rows

AFTER, AFTER_OK, AFTER_NOT_OK, AFTER_ANY = range(4)
_KIND = {name: code for code, name in enumerate(KINDS)} | {
    "aftercorr": AFTER_OK,
    "afterburstbuffer": AFTER_ANY,
}
_TARGET = re.compile(r"(?P<job>\d{1,18})(?:_(?P<task>\d{1,9}|\*))?(?:\+(?P<more>\d{1,7}))?")
_ASIDE = re.compile(r"\([^)]*\)")
MOST_PAIRS = 5_000_000


class Target(NamedTuple):
    """A job, or a task of an array, that another waits for."""

    kind: int
    number: int
    task: int | None
    delay_s: int = 0
    same_task: bool = False
    """Whether each task waits for the one of the same number (``aftercorr``)."""


class Wanted(NamedTuple):
    """What one text of a dependency says."""

    targets: tuple[Target, ...]
    singleton: bool
    understood: bool


@lru_cache(maxsize=65536)
def wanted(text: str) -> Wanted:
    """Return what a dependency asks for, as ``sbatch --dependency`` takes it or ``squeue`` prints it.

    References
    ----------
    https://slurm.schedmd.com/sbatch.html, option ``--dependency``

    Examples
    --------
    >>> wanted("afterok:7:8_2(unfulfilled),after:9+10").targets[1:]
    (Target(kind=1, number=8, task=2, delay_s=0, same_task=False), Target(kind=0, number=9, task=None, delay_s=600, same_task=False))
    >>> wanted("singleton").singleton, wanted("afterok:1?afterany:2").understood
    (True, False)
    """  # noqa: E501 (what Python prints)
    plain = _ASIDE.sub("", text).replace(" ", "")
    if "?" in plain:
        return Wanted((), False, False)
    targets: list[Target] = []
    singleton, understood = False, True
    for part in plain.split(","):
        name, _, rest = part.partition(":")
        if name.lower() == "singleton":
            singleton = True
            continue
        kind = _KIND.get(name.lower())
        if kind is None and _TARGET.fullmatch(name):  # a bare number, as of old
            kind, rest = AFTER_ANY, part
        for word in rest.split(":") if kind is not None else ():
            found = _target(word, kind, name.lower() == "aftercorr")
            targets += [found] if found is not None else []
            understood &= found is not None
        understood &= kind is not None or not part
    return Wanted(tuple(targets), singleton, understood)


def _target(word: str, kind: int | None, same: bool) -> Target | None:
    match = _TARGET.fullmatch(word)
    if match is None or kind is None:
        return None
    task = int(match["task"]) if match["task"] and match["task"] != "*" else None
    more = int(match["more"] or 0)
    if match["more"] and kind != AFTER:  # a part of a heterogeneous job
        return Target(kind, int(match["job"]), -2 - more)
    return Target(kind, int(match["job"]), task, 60 * more, same)


def follows_of(jobs: Jobs, log: Rows, at: Int64, texts: tuple[str, ...]) -> tuple[Follows, tuple[str, ...]]:
    """Return which job waits for which, and what is to be told.

    Parameters
    ----------
    jobs
        The jobs, in order of submission.
    log
        The rows of the log.
    at
        Row of the log of each job, shape (jobs,).
    texts
        The dependencies that ``log.dependency`` counts.

    Notes
    -----
    A pair is left out where the log does not hold the other job (it had ended before, or is no part of it),
    where that was submitted later, and where the recorded times say that the job did not wait for it. An end
    that the log says was not as asked for, while the job ran all the same, is taken as any end.
    """
    if not np.any(log.dependency >= 0) and not np.any(log.preceding >= 0):
        return Follows.none(), ()
    rows = log.take(at)
    said = [wanted(text) for text in texts]
    told: Counter[str] = Counter()
    index = _Index(rows, said)
    every = chain(
        _named(rows, said, index, told), _singletons(jobs, rows, said), _preceding(jobs, rows, index, told)
    )
    unique = sorted(set(islice(every, MOST_PAIRS)))
    if next(every, None) is not None:
        told[f"or more dependencies beyond {MOST_PAIRS:,}: left out"] = 1
    found = _sound(jobs, Follows.of(unique), told)
    head = []
    for what, part in (
        ("wait for others", found.of_jobs()),
        ("followed others by their users", found.of_users()),
    ):
        if len(part):
            head.append(f"{len(np.unique(part.job)):,} jobs {what} ({len(part):,} pairs)")
    return found, (*head, *(f"{count:,} {what}" for what, count in told.items()))


class _Index:
    """Rows by number and by array, of the jobs that others name."""

    def __init__(self, rows: Rows, said: list[Wanted]) -> None:
        named = {each.number for one in said for each in one.targets}
        sought = np.array(sorted(named | set(np.unique(rows.preceding).tolist())), np.int64)
        self.task = rows.task
        self.rows: dict[tuple[int, int], list[int]] = {}
        self.arrays: dict[tuple[int, int], list[int]] = {}
        for column, table in ((rows.number, self.rows), (rows.array, self.arrays)):
            for row in np.flatnonzero(np.isin(column, sought) & (column >= 0)).tolist():
                table.setdefault((int(rows.cluster[row]), int(column[row])), []).append(row)

    def find(self, cluster: int, number: int, task: int | None, before: int) -> list[int]:
        """Return the rows of a job before the row `before`: of its last run, or of all tasks of an array."""
        parts = self.arrays.get((cluster, number), [])
        if parts:
            return [row for row in parts if row < before and (task is None or self.task[row] == task)]
        return [row for row in self.rows.get((cluster, number), []) if row < before][-1:]


def _named(rows: Rows, said: list[Wanted], index: _Index, told: Counter[str]) -> Iterator[tuple[int, ...]]:
    for job in np.flatnonzero(rows.dependency >= 0).tolist():
        one = said[rows.dependency[job]]
        if not one.understood:
            told["dependencies that are not understood, or of which one suffices: left out in part"] += 1
        for target in one.targets:
            task = int(rows.task[job]) if target.same_task and rows.task[job] >= 0 else target.task
            found = index.find(int(rows.cluster[job]), target.number, task, job)
            if not found:
                told["dependencies on jobs that the log does not hold before them: taken as met"] += 1
            yield from ((job, on, target.kind, target.delay_s, 0) for on in found)


def _singletons(jobs: Jobs, rows: Rows, said: list[Wanted]) -> Iterator[tuple[int, ...]]:
    """Yield what jobs wait for that may be the only ones of their name and user to run.

    Each waits for all before it: for the last of its kind, and for those that came since.
    """
    asks = np.array([*(one.singleton for one in said), False])[rows.dependency] & (rows.name >= 0)
    if not asks.any():
        return
    columns = (each[asks].tolist() for each in (rows.cluster, jobs.user, rows.name))
    names = set(zip(*columns, strict=True))
    since: dict[tuple[int, ...], list[int]] = {}
    inside = np.flatnonzero(np.isin(rows.name, [key[2] for key in names]))
    for job in inside.tolist():
        key = (int(rows.cluster[job]), int(jobs.user[job]), int(rows.name[job]))
        if key not in names:
            continue
        before = since.setdefault(key, [])
        if asks[job]:
            yield from ((job, on, AFTER_ANY, 0, 0) for on in before)
            before.clear()
        before.append(job)


def _preceding(jobs: Jobs, rows: Rows, index: _Index, told: Counter[str]) -> Iterator[tuple[int, ...]]:
    """Yield the jobs that users waited for, and how long they thought after that."""
    end = _ends(jobs)
    given = rows.preceding[rows.preceding >= 0]
    if len(given) > 2 and np.ptp(given) == 0:
        told["preceding jobs that are all the same: left out"] += len(given)
        return
    for job in np.flatnonzero(rows.preceding >= 0).tolist():
        found = index.find(int(rows.cluster[job]), int(rows.preceding[job]), None, job)
        for on in found:
            think = rows.think_s[job]
            if np.isnan(think):
                think = jobs.submit_s[job] - end[on] if end[on] < np.inf else 0.0
            yield job, on, AFTER_ANY, int(np.clip(think, 0, 366 * 86400)), 1
        if not found:
            told["preceding jobs that the log does not hold before them: left out"] += 1


def _ends(jobs: Jobs) -> Float64:
    """Return when jobs ended by the log [s], infinite where it does not say."""
    known = jobs.recorded_start_s >= jobs.submit_s
    return np.where(known, jobs.recorded_start_s + jobs.runtime_s, np.inf).astype(np.float64)


def _sound(jobs: Jobs, found: Follows, told: Counter[str]) -> Follows:
    """Return the pairs that do not contradict what the log says became of them."""
    known = jobs.recorded_start_s >= jobs.submit_s
    end = _ends(jobs)
    starts = np.where(found.by_user != 0, jobs.submit_s[found.job], jobs.recorded_start_s[found.job])
    release = np.where(found.kind == AFTER, jobs.recorded_start_s[found.on] * 1.0, end[found.on])
    both = known[found.job] & known[found.on]
    early = both & (starts < release)
    if early.any():
        told["waits that the recorded times contradict: left out"] += int(early.sum())
    kept = found.take(~early)
    well = (jobs.outcome == State.COMPLETED) & (jobs.runtime_s <= jobs.limit_s)
    other = known[kept.job] & _not_as_asked(kept, well)
    if other.any():
        told["ends that were not as asked for, after which the job ran all the same: any end will do"] += int(
            other.sum()
        )
    return kept.replace(kind=np.where(other, AFTER_ANY, kept.kind))


def _not_as_asked(found: Follows, well: NDArray[np.bool_]) -> NDArray[np.bool_]:
    good = well[found.on]
    return np.asarray(((found.kind == AFTER_OK) & ~good) | ((found.kind == AFTER_NOT_OK) & good))


def throttled(rows: Rows) -> dict[int, int]:
    """Return how many tasks of each array may run at once, where the log says so of any of its rows.

    An array whose number another cluster of the log has too is left out.
    """
    arrays = np.unique(np.stack([rows.array, rows.cluster])[:, rows.array >= 0], axis=1)[0]
    number, clusters = np.unique(arrays, return_counts=True)
    here = np.flatnonzero((rows.throttle > 0) & np.isin(rows.array, number[clusters == 1]))
    return dict(zip(rows.array[here].tolist(), rows.throttle[here].tolist(), strict=True))


def unnamed(log: Rows, at: Int64, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the reasons of jobs say of waits for others that the log does not name."""
    code = [number for number, text in enumerate(reasons) if text.lower().startswith("dependency")]
    lost = int(np.sum(np.isin(log.reason[at], code) & (log.dependency[at] < 0))) if code else 0
    if not lost:
        return ()
    return (f"{lost:,} jobs waited for others that the log does not name: export SubmitLine too",)


def since_when(jobs: Jobs, found: Follows) -> Int64:
    """Return since when each job may start but for what it waits for [s], shape (jobs,).

    The log's own time since which a job was eligible holds, unless the end of what it waited for explains it.
    """
    begin = np.maximum(jobs.eligible_s, jobs.submit_s)
    waits = found.of_jobs()
    if len(waits) == 0:
        return np.asarray(begin, np.int64)
    known = jobs.recorded_start_s >= jobs.submit_s
    ran = np.where(waits.kind == AFTER, 0, jobs.runtime_s[waits.on])
    came = jobs.recorded_start_s[waits.on] + ran
    came = np.where(known[waits.on], came + waits.delay_s, np.iinfo(np.int64).max // 4)
    last = np.full(len(jobs), -1, np.int64)
    np.maximum.at(last, waits.job, came)
    explained = (last >= 0) & (begin <= last + _SLACK_S)
    return np.where(explained, jobs.submit_s, begin).astype(np.int64)


_SLACK_S = 60
"""Dependencies are looked at now and then, so a job is eligible a little after what it waited for."""

__all__ = ["Target", "Wanted", "follows_of", "since_when", "throttled", "unnamed", "wanted"]
