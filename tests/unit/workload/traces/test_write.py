"""Exports, and the way back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.columns import write_columns
from exatwin.foundation.errors import OutputError, TraceError
from exatwin.workload.job import Jobs, State
from exatwin.workload.traces import Trace, read_trace, write_batsim_csv, write_sacct, write_swf
from exatwin.workload.traces.write import Outcome, Ranges

from .conftest import row, table

ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)
JOBS = Jobs(
    job_id=[5, 2, 9],
    submit_s=[100, 100, 250],
    nodes=[4, 1, 16],
    limit_s=[3600, 60, 86400],
    runtime_s=[1800, 60, 0],
    partition=[0, 1, 0],
    account=[0, -1, 1],
    user=[0, 1, 0],
    outcome=[State.COMPLETED, State.FAILED, State.COMPLETED],
    recorded_start_s=[100, -1, 500],
    node_w=[500.0, np.nan, np.nan],
)


def test_swf_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "a.swf"
    write_swf(JOBS, path, origin=ORIGIN, processors=64, partitions=("batch", "debug"))
    trace = read_trace(path)
    assert trace.jobs.equals(JOBS.replace(node_w=np.full(3, np.nan)))
    assert (trace.origin, trace.partitions, trace.processors) == (ORIGIN, ("batch", "debug"), 64)
    assert trace.report.rows_repaired == 0


def test_swf_submissions_before_the_origin_move_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.swf"
    early = JOBS.replace(submit_s=JOBS.submit_s - 1000)
    write_swf(early, path, origin=ORIGIN)
    assert read_trace(path).jobs.submit_s.min() == 0
    assert read_trace(path, origin=ORIGIN).jobs.submit_s.tolist() == early.submit_s.tolist()


def test_sacct_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_sacct(JOBS, path, origin=ORIGIN, partitions=("batch", "de|bug"), users=("ada", "bob"))
    trace = read_trace(path, pseudonymise=False)
    assert trace.jobs.equals(JOBS)
    assert (trace.origin, trace.partitions) == (ORIGIN, ("batch", "de bug"))
    assert (trace.users, trace.accounts) == (("ada", "bob"), ("a001", "a002"))
    assert trace.report.rows_repaired == 0


def test_what_became_of_jobs_is_written_instead_of_the_record(tmp_path: Path) -> None:
    never = np.iinfo(np.int64).min
    state = np.array([State.TIMEOUT, State.COMPLETED, State.PENDING], np.uint8)
    became = Outcome(np.array([200, 300, never]), np.array([1000, 360, never]), state)
    write_sacct(JOBS, tmp_path / "a.txt", outcome=became, origin=ORIGIN)
    trace = read_trace(tmp_path / "a.txt")
    assert trace.jobs.recorded_start_s.tolist() == [200, 300]
    assert trace.jobs.runtime_s.tolist() == [800, 60]
    assert trace.jobs.outcome.tolist() == [State.TIMEOUT, State.COMPLETED]
    assert trace.report.skipped == {"still pending": 1}
    write_swf(JOBS, tmp_path / "a.swf", outcome=became)
    assert read_trace(tmp_path / "a.swf").jobs.runtime_s.tolist() == [800, 60]


def test_batsim_columns(tmp_path: Path) -> None:
    ranges = Ranges(np.array([0, 2, 2, 3]), np.array([0, 8, 4], np.int32), np.array([3, 1, 16], np.int32))
    write_batsim_csv(JOBS, tmp_path / "jobs.csv", ranges=ranges)
    with (tmp_path / "jobs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["job_id"] for r in rows] == ["5", "9"]
    first = rows[0]
    assert first["allocated_resources"] == "0-2 8"
    assert (first["execution_time"], first["waiting_time"], first["success"]) == ("1800", "0", "1")
    assert first["final_state"] == "COMPLETED_SUCCESSFULLY"
    assert rows[1]["turnaround_time"] == "250"


def test_parquet_keeps_calendar_and_labels(tmp_path: Path, read: Callable[..., Trace]) -> None:
    trace = read(table(row(1), row(2, User="o'hara", Partition='a"b')), pseudonymise=False)
    trace.write(tmp_path / "a.parquet")
    again = read_trace(tmp_path / "a.parquet")
    assert again.jobs.equals(trace.jobs)
    assert (again.origin, again.users, again.partitions) == (trace.origin, trace.users, trace.partitions)
    assert again.report.rows_used == 2


def test_parquet_of_jobs_alone(tmp_path: Path) -> None:
    JOBS.write(tmp_path / "a.parquet")
    trace = read_trace(tmp_path / "a.parquet")
    assert trace.jobs.equals(JOBS)
    assert trace.partitions == ("partition1", "partition2")
    assert read_trace(tmp_path / "a.parquet", origin=ORIGIN).origin == ORIGIN


def test_parquet_of_jobs_with_broken_rows(tmp_path: Path) -> None:
    columns = {
        "job_id": np.array([1, 2, 3, 3, 5, 6, 7]),
        "submit_s": np.array([0.0, np.nan, 5.0, 5.0, 5.0, 1e300, 2.0]),
        "nodes": np.array([1.0, 1.0, 1.0, 1.0, 1e300, 1.0, 0.0]),
        "limit_s": np.full(7, 60.0),
        "runtime_s": np.full(7, 60.0),
        "partition": np.full(7, 1e9),
    }
    write_columns(columns, tmp_path / "a.parquet")
    trace = read_trace(tmp_path / "a.parquet")
    assert trace.jobs.job_id.tolist() == [1, 3]
    assert trace.report.rows_read == 7
    assert trace.report.rows_skipped == 5


def test_parquet_with_columns_of_accounting(tmp_path: Path) -> None:
    import duckdb

    target = tmp_path / "a.parquet"
    duckdb.sql(
        "SELECT 17.0::DOUBLE AS job_id, TIMESTAMP '2026-07-01 12:00:00' AS submit_time, "
        "TIMESTAMPTZ '2026-07-01 12:01:00+02:00' AS start_time, INTERVAL 90 SECONDS AS run_time, "
        "3 AS num_nodes_alloc, 'a' || chr(10) || 'b' AS \"partition\", 5 AS time_limit, 'ada' AS \"user\""
    ).write_parquet(str(target))
    trace = read_trace(target, timezone="Europe/Berlin", pseudonymise=False)
    jobs = trace.jobs
    assert (jobs.job_id[0], jobs.submit_s[0], jobs.recorded_start_s[0]) == (17, 36000, 36060)
    assert (jobs.runtime_s[0], jobs.nodes[0], jobs.limit_s[0]) == (90, 3, 300)
    assert trace.partitions == ("a b",)


def test_parquet_without_jobs_is_refused(tmp_path: Path) -> None:
    write_columns({"x": np.arange(3), "y": np.arange(3)}, tmp_path / "a.parquet")
    with pytest.raises(TraceError, match=r"no columns of jobs .x, y."):
        read_trace(tmp_path / "a.parquet")
    JOBS.take(slice(0, 0)).write(tmp_path / "b.parquet")
    with pytest.raises(TraceError, match="no rows"):
        read_trace(tmp_path / "b.parquet")


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be written"):
        write_swf(JOBS, tmp_path / "no" / "a.swf")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="can't be written"):
        write_swf(JOBS, tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
