"""The conditions of a centre as the arrays of the event loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError
from exatwin.schedule._slurm import layout
from exatwin.schedule.capped import power_options
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.dependencies import Dependencies
from exatwin.schedule.floor import Floor
from exatwin.schedule.limits import Limits
from exatwin.schedule.preempt import Preemption
from exatwin.schedule.windows import Kind, Window, bits_of
from exatwin.workload.job import Jobs

_LONGEST_S = 2**40
Arrays = dict[str, np.ndarray]


def options(numbers: Int64, conditions: Conditions, epilog_s: int, *, by_submission: bool) -> Int64:
    """Return the options of the event loop with what `conditions` ask for.

    Parameters
    ----------
    numbers
        The options without any.
    by_submission
        Whether the queue is in the order of submission, so that a job sent again goes to its end.
    """
    found, push = numbers.copy(), conditions.preempt
    begin = conditions.begin_s is not None
    found[layout.HAS_CONDITIONS] = int(bool(conditions))
    found[layout.HAS_WINDOWS] = int(len(conditions.windows) > 0)
    found[layout.HAS_DEPENDENCIES] = int(conditions.dependencies is not None)
    found[layout.HAS_BEGIN] = int(begin)
    found[layout.HAS_LIMITS] = int(conditions.limits is not None)
    found[layout.HAS_OTHER] = int(len(conditions.length_s) > 0)
    found[layout.EPILOG] = epilog_s
    power_options(found, conditions.power, conditions.spread)
    found[layout.OVERHEAD] = conditions.restart.overhead_s
    found[layout.RESCORE] = int(by_submission)
    if push is not None:
        found[layout.PREEMPTS] = layout.TO_QUEUE if push.mode == "requeue" else layout.TO_END
        found[layout.EXEMPT] = push.exempt_s
    return found


def arranged(conditions: Conditions) -> Conditions:
    """Return `conditions` with the windows in order of their start, as the event loop wants them."""
    windows = conditions.windows
    order = sorted(range(len(windows)), key=lambda row: (windows[row].start_s, windows[row].end_s))
    if order == list(range(len(windows))):
        return conditions
    reserved = conditions.reserved
    if reserved is not None:
        place = np.empty(len(windows) + 1, np.int64)
        place[order], place[-1] = np.arange(len(windows)), -1
        reserved = place[reserved]
    return replace(conditions, windows=tuple(windows[row] for row in order), reserved=reserved)


def facts(jobs: Jobs, conditions: Conditions) -> list[Int64]:
    """Return the rows of ``Given.job`` that tell what becomes of a job, from ``WORK`` on."""
    many = len(jobs)
    work = np.clip(jobs.runtime_s, 0, _LONGEST_S).astype(np.int64)
    submit = jobs.submit_s.astype(np.int64)
    blank = np.zeros(many, np.int64)
    chance = submit if conditions.begin_s is None else np.maximum(submit, conditions.begin_s)
    reserved = np.full(many, -1) if conditions.reserved is None else conditions.reserved.astype(np.int64)
    checkpoint = blank + np.asarray(conditions.restart.checkpoint_s, np.int64)
    again = blank + np.asarray(conditions.restart.requeue, np.int64)
    klass = blank if conditions.preempt is None else conditions.preempt.klass.astype(np.int64)
    return [work, jobs.outcome.astype(np.int64), chance, reserved, checkpoint, again, klass]


def read_arrays(jobs: Jobs, floor: Floor, conditions: Conditions) -> Arrays:
    """Return what the loop reads of windows, dependencies, limits and the rest."""
    return (
        _windows(jobs, floor, conditions.windows)
        | _dependencies(len(jobs), jobs.job_id, conditions.dependencies)
        | _limits(len(jobs), conditions.limits)
        | _pushes(conditions.preempt)
        | _lengths(len(jobs), conditions.length_s)
    )


def _windows(jobs: Jobs, floor: Floor, windows: Sequence[Window]) -> Arrays:
    """Lay out windows, which are in order of their start: see :func:`arranged`."""
    words = int(np.sum(-(-floor.pool_nodes.astype(np.int64) // 64)))
    table = np.zeros((layout.WINDOW_ROWS, len(windows)), np.int64)
    bits = np.zeros((len(windows), words), np.uint64)
    pairs: list[tuple[Int64, Int64]] = []
    for row, each in enumerate(windows):
        if each.nodes[-1] >= floor.capacity:
            raise SpecError(
                f"window '{each.name}' has the node {each.nodes[-1]}: expected nodes from 0 to "
                f"{floor.capacity - 1}"
            )
        bits[row] = bits_of(floor, each.nodes)
        used = np.flatnonzero(bits[row])
        owned = int(bool(each.users or each.accounts))
        table[:, row] = each.start_s, each.end_s, int(each.kind), owned, used[0], used[-1] + 1
        mine = np.flatnonzero(np.isin(jobs.user, each.users) | np.isin(jobs.account, each.accounts))
        pairs.append((mine.astype(np.int64), np.full(len(mine), row)))
    job = np.concatenate([np.zeros(0, np.int64), *(pair[0] for pair in pairs)])
    first, owner = _grouped(len(jobs), job, np.concatenate([np.zeros(0, np.int64), *(p[1] for p in pairs)]))
    rows = np.arange(len(windows))
    edge = np.concatenate(
        [np.stack([table[layout.TILL], rows, rows * 0 + 1]), np.stack([table[layout.FROM], rows, rows * 0])],
        axis=1,
    )
    edge = edge[:, np.argsort(edge[0], kind="stable")]
    return {"window": table, "window_bits": bits, "edge": edge, "owner_first": first, "owner": owner}


def _grouped(many: int, key: Int64, *values: Int64) -> tuple[Int64, ...]:
    """Return where the values of each key begin, and the values in that order."""
    order = np.argsort(key, kind="stable")
    first = np.concatenate(([0], np.cumsum(np.bincount(key, minlength=many)))).astype(np.int64)
    return (first, *(each[order].astype(np.int64) for each in values))


def _dependencies(many: int, job_id: Int64, found: Dependencies | None) -> Arrays:
    if found is None:
        return {"dependent_first": np.zeros(many + 1, np.int64), "dependent": np.zeros((3, 0), np.int64)}
    found.check(many, job_id)
    first, *rows = _grouped(many, found.on, found.job, found.kind, found.delays)
    return {"dependent_first": first, "dependent": np.stack(rows)}


def _limits(many: int, found: Limits | None) -> Arrays:
    if found is None:
        none = np.zeros(0, np.int64)
        return {
            "limit": np.zeros((layout.METERED + 1, 0), np.int64),
            "member_first": np.zeros(many + 1, np.int64),
            "member": none,
        }
    return {"limit": found.table, "member_first": found.first, "member": found.group}


def _pushes(found: Preemption | None) -> Arrays:
    return {"pushes": np.zeros((1, 1), np.int64) if found is None else found.pushes.astype(np.int64)}


def _lengths(many: int, found: Mapping[tuple[int, int], int]) -> Arrays:
    rows = np.array([[*key, length] for key, length in found.items()], np.int64).reshape(-1, 3).T
    first, which, length = _grouped(many, rows[0], rows[1], rows[2])
    return {"other_first": first, "other": np.stack([which, length])}


def written_arrays(given: layout.Given, rows: int, capacity: int) -> Arrays:
    """Return what the loop writes of attempts, windows and limits, before the first event."""
    jobs, windows = given.job.shape[1], given.window.shape[1]
    live = np.zeros(windows + 1, np.int64)
    live[: int(np.sum(_foreseen(given)))] = np.flatnonzero(_foreseen(given))
    return {
        "attempt": np.zeros((layout.ATTEMPT_ROWS, jobs + 2 * capacity), np.int64),
        "ready": np.zeros(jobs + 1, np.int64),
        "live": live,
        "inside": np.zeros(int(np.sum(given.job[layout.RESERVED] >= 0)), np.int64),
        "blocked": np.zeros((3, windows + 1), np.int64),
        "victim": np.zeros(rows + 1, np.int64),
        "group": np.zeros((layout.GROUP_ROWS, given.limit.shape[1]), np.int64),
        "used": np.zeros((2, given.limit.shape[1])),
    }


def _foreseen(given: layout.Given) -> np.ndarray:
    kind: Int64 = given.window[layout.KIND]
    return np.asarray((kind == int(Kind.MAINTENANCE)) | (kind == int(Kind.RESERVATION)))


def ready_made(memory: layout.Memory, given: layout.Given) -> None:
    """Write into `memory` what keeps each job from being looked at, and which windows are foreseen."""
    many = given.job.shape[1]
    memory.job[layout.SINCE] = given.job[layout.FIRST_CHANCE]
    memory.job[layout.WORK_LEFT] = given.job[layout.WORK]
    memory.job[layout.HOLDS] = 1 + np.bincount(given.dependent[layout.DEPENDENT], minlength=many)
    memory.counter[layout.LIVE] = int(np.sum(_foreseen(given)))


def events_at_once(given: layout.Given, rows: int) -> int:
    """Return the most events that stand in the heap."""
    begins = int(np.sum(given.job[layout.FIRST_CHANCE] > given.job[layout.SUBMIT]))
    return rows + 2 + begins + int(np.sum(given.dependent[layout.DELAY] > 0))


__all__ = ["arranged", "events_at_once", "facts", "options", "read_arrays", "ready_made", "written_arrays"]
