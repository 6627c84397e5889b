"""From the rows of a log to jobs: judge, mend, number, and put in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int32, Int64
from exatwin.foundation.errors import TraceError
from exatwin.workload.job import Jobs, State
from exatwin.workload.traces.clock import instant, midnight, moment
from exatwin.workload.traces.names import UNKNOWN_STATE
from exatwin.workload.traces.report import Audit, Mask, Repair, Skip
from exatwin.workload.traces.trace import Parsed, Raw, ReadOptions, Rows, Trace
from exatwin.workload.traces.waits import follows_of, throttled, unnamed

LATEST_S = 1e11
"""Times beyond this (in the year 5138) are absurd, not late."""
UNLIMITED_S = 2.0**31 - 1
"""Limits from here on (68 years) mean none: logs write 2^31 - 1, 2^31 and 2^32 - 1."""
MOST_NODES = 1e9
_GRANULE_S = 60
_MOST_ENERGY_J = 1e18
_MOST_PARTITIONS = 2**15 - 2


def assemble(parsed: Parsed, options: ReadOptions, path: object) -> Trace:
    """Return the trace that the rows of a log make up.

    Raises
    ------
    TraceError
        No row can be used.
    """
    rows = parsed.rows
    audit = Audit(rows.skip, rows.repair.astype(np.uint32))
    audit.drop(_duplicates(rows, audit.alive), Skip.DUPLICATE)
    state = _states(rows, audit)
    run_s = _run_times(rows, state, parsed.has_run, audit)
    submit_s, start_s = _times(rows, audit)
    nodes = _nodes(rows, options.processors_per_node, audit)
    limit_s = _limits(rows, run_s, options.default_limit_s, audit)
    node_w = _node_power(rows, run_s, nodes, options.node_cap_w, audit)
    used = np.flatnonzero(audit.alive)
    if len(used) == 0:
        raise TraceError(_nothing(path, audit))
    origin_s, shift_s = _origin(parsed, options, submit_s[used])
    partition, partitions = _partitions(rows.partition[used], parsed.partitions)
    account, accounts = _labels(
        rows.account[used], parsed.accounts, "a{:03d}" if options.pseudonymise else ""
    )
    user, users = _labels(rows.user[used], parsed.users, "u{:04d}" if options.pseudonymise else "")
    qos, qualities = _labels(rows.qos[used], parsed.qos, "")
    numbers = _numbers(rows, used, audit)
    again = (rows.array < 0)[used] & (numbers != rows.number[used])
    jobs = Jobs(
        job_id=numbers,
        submit_s=(submit_s[used] + shift_s).astype(np.int64),
        nodes=nodes[used],
        limit_s=limit_s[used],
        runtime_s=run_s[used],
        partition=partition.astype(np.int16),
        account=account,
        user=user,
        outcome=state[used],
        recorded_start_s=np.nan_to_num(start_s[used] + shift_s, nan=-1.0).astype(np.int64),
        node_w=node_w[used],
        qos=np.where(qos < _MOST_PARTITIONS, qos, -1).astype(np.int16),
        nice=_whole(rows.nice[used], 0),
        eligible_s=_later(rows.eligible_s[used], submit_s[used], shift_s),
        processors=_whole(rows.asked_processors[used], -1),
        gpus=_whole(rows.gpus[used], -1),
        memory_mib=rows.memory_mib[used],
        array=np.where(again, rows.number[used], rows.array[used]),
        task=_whole(rows.task[used].astype(np.float64), -1),
    )
    raw = Raw(
        row=used,
        allocated=rows.allocated[used],
        requested=rows.requested[used],
        run_s=rows.run_s[used],
        requested_s=rows.requested_s[used],
    )
    order = np.argsort(jobs.submit_s, kind="stable")
    jobs = jobs.take(order)
    follows, told = follows_of(jobs, rows, used[order], parsed.dependencies)
    return Trace(
        jobs=jobs,
        origin=moment(origin_s),
        partitions=partitions,
        accounts=accounts,
        users=users,
        header=parsed.header,
        report=audit.report(parsed.notes + told + unnamed(rows, used[order], parsed.reasons)),
        raw=raw.take(order),
        qos=qualities,
        follows=follows,
        throttles=throttled(rows),
    )


def _nothing(path: object, audit: Audit) -> str:
    report = audit.report()
    reasons = sorted(report.skipped.items(), key=lambda item: -item[1])[:3]
    why = "; ".join(f"{count:,}: {reason}" for reason, count in reasons)
    return f"{path}: none of its {report.rows_read:,} rows is a job that ran ({why or 'no rows'})"


def _duplicates(rows: Rows, alive: Mask) -> Mask:
    """Return the rows that say exactly what an earlier row says.

    Where different runs of one number overlap in time, they are tasks of an array, and equal rows are kept.
    """
    found = np.zeros(len(rows), np.bool_)
    _, place, count = np.unique(rows.number, return_inverse=True, return_counts=True)
    often = np.flatnonzero((count[place] > 1) & alive & (rows.number >= 0))
    if len(often) == 0:
        return found
    names = (
        "requested_s",
        "nodes",
        "state",
        "run_s",
        "end_s",
        "start_s",
        "submit_s",
        "cluster",
        "task",
        "number",
    )
    columns = [np.nan_to_num(getattr(rows, name)[often].astype(np.float64), nan=-7.5) for name in names]
    order = np.lexsort(columns)  # stable: equal rows stay in the order of the log
    sorted_ = [values[order] for values in columns]
    same_job = np.logical_and.reduce([values[1:] == values[:-1] for values in sorted_[-3:]])
    same = same_job & np.logical_and.reduce([values[1:] == values[:-1] for values in sorted_[:-3]])
    end, start = sorted_[4], sorted_[5]
    overlap = same_job & ~same & (start[1:] < end[:-1]) & (start[1:] > 0)
    group = np.concatenate([[0], np.cumsum(~same_job)])
    is_array = np.bincount(group[1:][overlap], minlength=group[-1] + 1) > 0
    found[often[order[1:][same & ~is_array[group[1:]]]]] = True
    return found


def _states(rows: Rows, audit: Audit) -> NDArray[np.uint8]:
    """Return the state that each job ended in; drop those that still wait."""
    unknown = rows.state == UNKNOWN_STATE
    audit.mend(unknown, Repair.NO_STATE)
    audit.drop(rows.state == State.PENDING, Skip.PENDING)
    running = rows.state == State.RUNNING
    audit.mend(running, Repair.STILL_RUNNING)
    return np.where(unknown | running, np.uint8(State.COMPLETED), rows.state)


def _run_times(rows: Rows, state: NDArray[np.uint8], has_run: bool, audit: Audit) -> Int64:
    """Return run times [s]; from start and end where the log has none, or a negative one."""
    run = np.rint(np.nan_to_num(rows.run_s, nan=-1.0, posinf=1e300))
    measured = rows.end_s - rows.start_s
    usable = (run < 0) & (measured >= 0) & (np.abs(rows.start_s) < LATEST_S) & (np.abs(rows.end_s) < LATEST_S)
    audit.mend(usable & has_run, Repair.RUN_FROM_TIMES)
    run = np.where(usable, np.floor(np.where(usable, measured, 0.0)), run)
    audit.drop((state == State.CANCELLED) & (run <= 0), Skip.NEVER_STARTED)
    audit.drop((run < 0) & (rows.run_s < 0) & (rows.run_s != -1), Skip.NEGATIVE_RUN)
    audit.drop(run < 0, Skip.NO_RUN)
    audit.drop(run >= UNLIMITED_S, Skip.ABSURD_RUN)
    return np.clip(run, 0, UNLIMITED_S).astype(np.int64)


def _times(rows: Rows, audit: Audit) -> tuple[Float64, Float64]:
    """Return submission and start (NaN unknown) [s]; a start before the submission moves the submission."""
    start = np.floor(np.where(np.abs(rows.start_s) < LATEST_S, rows.start_s, np.nan))
    submit = np.where(np.isnan(rows.submit_s), rows.eligible_s, rows.submit_s)
    submit = np.floor(np.where(np.isnan(submit), start, submit))
    audit.mend(np.isnan(rows.submit_s), Repair.SUBMISSION)
    audit.drop(np.isnan(submit), Skip.NO_SUBMISSION)
    audit.drop(~(np.abs(submit) < LATEST_S), Skip.ABSURD_TIME)
    early = start < submit
    audit.mend(early, Repair.EARLY_START)
    return np.where(early, start, submit), start


def _nodes(rows: Rows, processors_per_node: int | None, audit: Audit) -> Int32:
    """Return the nodes of each job, from its processors where the log has no nodes."""
    known = rows.nodes > 0
    from_processors = ~known & (rows.processors > 0)
    audit.mend(from_processors, Repair.NODES_FROM_PROCESSORS)
    nodes = np.where(
        known, rows.nodes, np.where(from_processors, rows.processors / (processors_per_node or 1), 0.0)
    )
    audit.drop(~(nodes > 0), Skip.NO_NODES)
    audit.drop(nodes > MOST_NODES, Skip.ABSURD_NODES)
    whole: Int32 = np.ceil(np.clip(nodes, 0, MOST_NODES)).astype(np.int32)
    return whole


def _limits(rows: Rows, run_s: Int64, default_s: int | None, audit: Audit) -> Int64:
    """Return limits [s]; a missing or endless one becomes the default, or the run time to the minute."""
    unlimited = rows.requested_s >= UNLIMITED_S
    missing = ~(rows.requested_s > 0)
    audit.mend(unlimited, Repair.UNLIMITED)
    audit.mend(missing, Repair.NO_LIMIT)
    ran = np.maximum(-(-run_s // _GRANULE_S) * _GRANULE_S, _GRANULE_S)
    filled = np.maximum(ran, default_s or 0)
    given = np.ceil(np.where(unlimited | missing, 1.0, rows.requested_s)).astype(np.int64)
    return np.where(unlimited | missing, filled, given)


def _node_power(rows: Rows, run_s: Int64, nodes: Int32, cap_w: float | None, audit: Audit) -> Float64:
    """Return the mean power of a node [W]; NaN where the energy is zero, missing, or more than can be."""
    node_seconds = run_s * np.maximum(nodes.astype(np.float64), 1.0)
    most = np.full(len(rows), _MOST_ENERGY_J) if cap_w is None else node_seconds * cap_w
    wrong = (rows.energy_j < 0) | (rows.energy_j > most)
    audit.mend(wrong, Repair.ENERGY)
    usable = (rows.energy_j > 0) & ~wrong & (node_seconds > 0)
    return np.where(usable, rows.energy_j, np.nan) / np.where(usable, node_seconds, 1.0)


def _origin(parsed: Parsed, options: ReadOptions, submit_s: Float64) -> tuple[int, int]:
    """Return the instant of time 0, after 1970 [s], and what to add to the log's times [s]."""
    if parsed.zero_s is None:
        return (0 if options.origin is None else instant(options.origin)), 0
    if options.origin is not None:
        origin_s = instant(options.origin)
    elif parsed.keep_zero:
        origin_s = parsed.zero_s
    else:
        origin_s = midnight(parsed.zero_s + float(submit_s.min()))
    return origin_s, parsed.zero_s - origin_s


def _numbers(rows: Rows, used: Int64, audit: Audit) -> Int64:
    """Return a number for each job, unique: its own for the first run, a fresh one for each further."""
    number, task, cluster = rows.number[used], rows.task[used], rows.cluster[used]
    none = number < 0
    again, rerun = none.copy(), np.zeros(len(used), np.bool_)
    order = np.argsort(number, kind="stable")
    again[order[1:][number[order][1:] == number[order][:-1]]] = True
    if np.any(again):
        order = np.lexsort((cluster, task, number))
        keys = [key[order] for key in (cluster, task, number)]
        rerun[order[1:][np.logical_and.reduce([key[1:] == key[:-1] for key in keys])]] = True
    audit.mend(_spread(rerun & ~none, used, len(rows)), Repair.REQUEUED)
    audit.mend(_spread(none, used, len(rows)), Repair.NO_JOB_NUMBER)
    fresh = max(int(number.max(initial=0)), 0) + 1
    out = number.copy()
    out[again] = fresh + np.arange(int(again.sum()))
    return out


def _whole(values: Float64, otherwise: int) -> Int32:
    """Return `values` as whole numbers; `otherwise` where they are missing or absurd."""
    usable = np.abs(values) < 2**31 - 1
    return np.where(usable, np.where(usable, values, 0.0), otherwise).astype(np.int32)


def _later(eligible_s: Float64, submit_s: Float64, shift_s: int) -> Int64:
    """Return since when jobs could have started, where that is later than their submission; -1 elsewhere."""
    later = (eligible_s > submit_s) & (eligible_s < LATEST_S)
    return np.where(later, np.floor(np.where(later, eligible_s, 0.0)) + shift_s, -1).astype(np.int64)


def _spread(mask: Mask, used: Int64, count: int) -> Mask:
    out = np.zeros(count, np.bool_)
    out[used] = mask
    return out


def _by_appearance(code: Int32) -> tuple[Int32, Int64]:
    """Return `code` numbered by first appearance (unknown stays -1), and the old number of each new one."""
    known = code >= 0
    old, first, place = np.unique(code[known], return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(old), np.int32)
    rank[order] = np.arange(len(old), dtype=np.int32)
    out = np.full(len(code), -1, np.int32)
    out[known] = rank[place]
    return out, old[order].astype(np.int64)


def _labels(code: Int32, names: tuple[str, ...], pattern: str) -> tuple[Int32, tuple[str, ...]]:
    """Return numbers by first appearance and their labels: pseudonyms by `pattern`, or the real `names`."""
    numbers, old = _by_appearance(code)
    if pattern:
        return numbers, tuple(pattern.format(k + 1) for k in range(len(old)))
    return numbers, tuple(names[k] for k in old)


def _partitions(code: Int32, names: tuple[str, ...]) -> tuple[Int32, tuple[str, ...]]:
    """Return partitions by first appearance and their names; jobs without one share an extra partition."""
    numbers, labels = _labels(code, names, "")
    if len(labels) > _MOST_PARTITIONS:
        numbers, labels = np.where(numbers < _MOST_PARTITIONS, numbers, -1), labels[:_MOST_PARTITIONS]
    if np.any(numbers < 0):
        numbers = np.where(numbers < 0, len(labels), numbers)
        labels = (*labels, "unknown" if labels else "default")
    return numbers, labels
