"""Parquet: the jobs that exatwin itself wrote, or any table with the columns of an accounting log."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.foundation.columns import complaint, database, literal, read_notes
from exatwin.foundation.errors import TraceError
from exatwin.workload.job import Jobs, State
from exatwin.workload.traces import sacct
from exatwin.workload.traces.assemble import LATEST_S, MOST_NODES, UNLIMITED_S
from exatwin.workload.traces.clock import EPOCH, instant, moment
from exatwin.workload.traces.follow import Follows
from exatwin.workload.traces.names import Role, column, looks_like_header
from exatwin.workload.traces.report import Audit, Repair, Skip
from exatwin.workload.traces.source import Source
from exatwin.workload.traces.trace import FORMATS, Format, Parsed, Raw, ReadOptions, Trace

_OWN = frozenset(name for name, declared in Jobs.columns().items() if declared.default is None)
_MOST_LABELS = 1_000_000
_RANGES: dict[str, tuple[float, float]] = {
    "submit_s": (-LATEST_S, LATEST_S),
    "nodes": (1, MOST_NODES),
    "limit_s": (1, LATEST_S),
    "runtime_s": (0, UNLIMITED_S),
    "partition": (0, 2**15 - 1),
    "account": (-1, _MOST_LABELS - 1),
    "user": (-1, _MOST_LABELS - 1),
    "outcome": (int(min(State)), int(max(State))),
    "recorded_start_s": (-LATEST_S, LATEST_S),
    "node_w": (sys.float_info.min, sys.float_info.max),
    "qos": (-1, 2**15 - 1),
    "nice": (-(2**31) + 1, 2**31 - 1),
    "eligible_s": (-LATEST_S, LATEST_S),
    "processors": (1, 2**31 - 1),
    "gpus": (0, 2**31 - 1),
    "memory_mib": (0, sys.float_info.max),
    "array": (-1, 2**53),
    "task": (-(2**31) + 1, 2**31 - 1),
}
"""What each column may hold. Profiles are left out: a trace has none."""
_SEPARATOR = 31
_WHOLE_TYPES = ("DOUBLE", "FLOAT", "DECIMAL")


def read(source: Source, options: ReadOptions) -> Parsed | Trace:
    """Return the jobs of a Parquet file.

    Raises
    ------
    TraceError
        The file is damaged or has no columns of jobs.
    """
    import duckdb

    connection = database()
    try:
        described = connection.execute(
            "DESCRIBE SELECT * FROM read_parquet(?)", [literal(source.path)]
        ).fetchall()
        types = {str(name): str(kind) for name, kind, *_ in described}
        if types.keys() >= _OWN:
            return _own(source.path, _fetch(connection, source.path, types), options)
        if not looks_like_header(list(types)):
            shown = ", ".join(list(types)[:8]) + (", …" if len(types) > 8 else "")
            raise TraceError(
                f"{source.path}: no columns of jobs ({shown}), expected such as Submit, Start, NNodes"
            )
        return sacct.read(replace(source, data=_as_text(connection, source.path, types)), options)
    except duckdb.Error as error:
        raise TraceError(f"{source.path}: can't be read as Parquet: {complaint(error)}") from None
    finally:
        connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _as_text(connection: Any, path: Path, types: dict[str, str]) -> bytes:
    """Return the known columns as a delimited table with a header line, for the reader of tables."""
    known = {name: kind for name, kind in types.items() if column(name).role is not Role.ANCHOR}
    mark = f"chr({_SEPARATOR})"
    cells = [
        f"regexp_replace(coalesce({_cell(name, kind)}, ''), '[\\x0a\\x0d\\x1f]', ' ', 'g')"
        for name, kind in known.items()
    ]
    query = f"SELECT {f' || {mark} || '.join(cells)} AS line FROM read_parquet(?)"
    lines = connection.execute(query, [literal(path)]).fetchnumpy()["line"]
    head = chr(_SEPARATOR).join(known)
    return "\n".join([head, *lines.tolist()]).encode("utf-8", "replace")


def _cell(name: str, kind: str) -> str:
    """Return the SQL that turns a cell into text which the reader of tables understands."""
    cell = _quoted(name)
    if kind in ("TIMESTAMP WITH TIME ZONE", "INTERVAL"):
        return f"CAST(epoch({cell}) AS VARCHAR)"
    if column(name).role is Role.JOB and kind.startswith(_WHOLE_TYPES):
        return f"CAST(TRY_CAST({cell} AS BIGINT) AS VARCHAR)"
    return f"CAST({cell} AS VARCHAR)"


def _fetch(connection: Any, path: Path, types: dict[str, str]) -> dict[str, Any]:
    """Return the columns of Jobs that the file holds, as floats with NaN for what is missing or no number."""
    names = [name for name in Jobs.columns() if name in types]
    cells = ", ".join(
        f"coalesce(TRY_CAST({_quoted(name)} AS DOUBLE), 'nan'::DOUBLE) AS {_quoted(name)}" for name in names
    )
    cells += ', coalesce(TRY_CAST("job_id" AS BIGINT), -1) AS number'
    found = connection.execute(f"SELECT {cells} FROM read_parquet(?)", [literal(path)]).fetchnumpy()
    return {name: np.ma.filled(values, -1) for name, values in found.items()}


def _own(path: Path, found: dict[str, Any], options: ReadOptions) -> Trace:
    """Return the trace in a file with the columns of Jobs: judged, but not mended."""
    number = found.pop("number").astype(np.int64)
    if len(number) == 0:
        raise TraceError(f"{path}: holds the columns of jobs but no rows")
    audit = _audit(found, number)
    used = np.flatnonzero(audit.alive)
    if len(used) == 0:
        raise TraceError(
            f"{path}: none of its {len(number):,} rows is a job: {'; '.join(audit.report().skipped)}"
        )
    used = used[np.argsort(found["submit_s"][used], kind="stable")]
    columns = {name: _typed(name, found[name][used], audit, used) for name in _RANGES if name in found}
    if "recorded_start_s" in columns:
        start_s = columns["recorded_start_s"]
        columns["recorded_start_s"] = np.where(start_s < columns["submit_s"], -1, start_s)
    labels = read_notes(path)
    origin, note = _origin(labels, options)
    jobs = Jobs(job_id=number[used], **columns)
    nodes, run_s, limit_s = (x.astype(np.float64) for x in (jobs.nodes, jobs.runtime_s, jobs.limit_s))
    raw = Raw(row=used, allocated=nodes, requested=nodes, run_s=run_s, requested_s=limit_s)
    partitions = _names(labels, "partitions", int(jobs.partition.max()) + 1, "partition{}")
    return Trace(
        jobs=jobs,
        origin=origin,
        partitions=partitions,
        accounts=_names(labels, "accounts", int(jobs.account.max()) + 1, "a{:03d}"),
        users=_names(labels, "users", int(jobs.user.max()) + 1, "u{:04d}"),
        header={},
        report=audit.report(note),
        raw=raw,
        qos=_names(labels, "qos", int(jobs.qos.max()) + 1, "qos{}"),
        follows=Follows.from_text(labels.get("exatwin.follows", "[]"), jobs.job_id),
        throttles=_throttles(labels),
    )


def _audit(found: dict[str, Any], number: Any) -> Audit:
    audit = Audit(np.zeros(len(number), np.uint8), np.zeros(len(number), np.uint32))
    repeated = np.ones(len(number), np.bool_)
    repeated[np.unique(number, return_index=True)[1]] = False
    audit.drop(number < 0, Skip.NO_JOB)
    audit.drop(repeated, Skip.DUPLICATE)
    audit.drop(~(np.abs(found["submit_s"]) < LATEST_S), Skip.ABSURD_TIME)
    audit.drop(np.isnan(found["runtime_s"]), Skip.NO_RUN)
    audit.drop(found["runtime_s"] < 0, Skip.NEGATIVE_RUN)
    audit.drop(~(found["runtime_s"] < UNLIMITED_S), Skip.ABSURD_RUN)
    audit.drop(~(found["limit_s"] >= 1) | (found["limit_s"] > LATEST_S), Skip.NO_LIMIT)
    audit.drop(~(found["nodes"] >= 1), Skip.NO_NODES)
    audit.drop(found["nodes"] > MOST_NODES, Skip.ABSURD_NODES)
    return audit


def _typed(name: str, values: Any, audit: Audit, used: Any) -> Any:
    """Return floats as the declared type of a column of Jobs; what is outside its range as its default."""
    declared = Jobs.columns()[name]
    low, high = _RANGES[name]
    inside = (values >= low) & (values <= high)
    wrong = np.zeros(len(audit.skip), np.bool_)
    wrong[used] = ~inside & ~np.isnan(values)
    audit.mend(wrong, Repair.UNREADABLE)
    return np.where(inside, values, 0 if declared.default is None else declared.default).astype(
        declared.dtype
    )


def _origin(labels: dict[str, str], options: ReadOptions) -> tuple[datetime, tuple[str, ...]]:
    if options.origin is not None:
        return moment(instant(options.origin)), ()
    try:
        return moment(instant(datetime.fromisoformat(labels["exatwin.origin"]))), ()
    except (KeyError, ValueError):
        return EPOCH, (f"the file does not tell its origin: time 0 is taken as {EPOCH.isoformat()}",)


def _names(labels: dict[str, str], kind: str, count: int, pattern: str) -> tuple[str, ...]:
    """Return the labels that the file keeps, or made-up ones where it keeps none."""
    try:
        kept = json.loads(labels.get(f"exatwin.{kind}", "[]"))
    except ValueError:
        kept = []
    names = tuple(str(name) for name in kept) if isinstance(kept, list) else ()
    return names if len(names) >= count else tuple(pattern.format(k + 1) for k in range(count))


def _throttles(labels: dict[str, str]) -> dict[int, int]:
    """Return the bounds on tasks that the file keeps; nothing that makes no sense."""
    try:
        kept = json.loads(labels.get("exatwin.throttles", "{}"))
        found = {int(array): int(most) for array, most in kept.items()}
    except (ValueError, TypeError, AttributeError, OverflowError):
        return {}
    return {array: most for array, most in found.items() if array >= 0 and 0 < most < 2**31}


FORMATS.register("parquet")(Format("Parquet", lambda source: source.is_parquet, read))
