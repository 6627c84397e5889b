"""The Standard Workload Format."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from exatwin.foundation.errors import TraceError
from exatwin.workload.job import State
from exatwin.workload.traces import Trace, drop_unrunnable, strong_filter

Read = Callable[..., Trace]
HEADER = """; Version: 2.2
; UnixStartTime: 843480031
; MaxNodes: 50
;    MaxProcs: 100
; Partition:  3  pdebug
; Queue: 1 - Normal jobs
;
"""


def line(job: object = 1, **given: object) -> str:
    values: dict[str, object] = {
        "job": job,
        "submit": 0,
        "wait": 10,
        "run": 60,
        "allocated": 4,
        "cpu": -1,
        "memory": -1,
        "requested": 4,
        "limit": 3600,
        "asked": -1,
        "status": 1,
        "user": 5,
        "group": 2,
        "program": -1,
        "queue": 1,
        "partition": 3,
        "before": -1,
        "think": -1,
    }
    return " ".join(str(value) for value in (values | given).values())


def log(*lines: str, header: str = HEADER) -> str:
    return header + "\n".join(lines) + "\n"


def test_a_clean_line(read: Read) -> None:
    trace = read(log(line(3, submit=100)))
    jobs = trace.jobs
    assert trace.origin == datetime(1996, 9, 23, 12, 0, 31, tzinfo=UTC)
    assert (jobs.job_id[0], jobs.submit_s[0], jobs.nodes[0], jobs.limit_s[0]) == (3, 100, 4, 3600)
    assert (jobs.runtime_s[0], jobs.recorded_start_s[0], jobs.user[0]) == (60, 110, 0)
    assert trace.partitions == ("pdebug",)
    assert trace.processors == 100
    assert trace.header["MaxNodes"] == "50"


def test_requested_processors_count_where_both_are_there(read: Read) -> None:
    lines = [
        line(1, allocated=8),
        line(2, requested=-1),
        line(3, allocated=-1),
        line(4, requested=0, allocated=6),
    ]
    assert read(log(*lines)).jobs.nodes.tolist() == [4, 4, 4, 6]
    assert read(log(*lines), processors_per_node=3).jobs.nodes.tolist() == [2, 2, 2, 2]


def test_unknown_is_minus_one(read: Read) -> None:
    trace = read(log(line(1, wait=-1, limit=-1, user=-1, group=-1, partition=-1, queue=-1, status=-1)))
    jobs = trace.jobs
    assert (jobs.recorded_start_s[0], jobs.limit_s[0], jobs.user[0], jobs.account[0]) == (-1, 60, -1, -1)
    assert jobs.outcome[0] == State.COMPLETED
    assert trace.partitions == ("default",)


def test_the_queue_stands_in_for_the_partition(read: Read) -> None:
    trace = read(log(line(1, partition=-1), line(2, partition=-1, queue=-1)))
    assert trace.partitions == ("-", "unknown") or trace.partitions == ("Normal", "unknown")
    assert trace.jobs.partition.tolist() == [0, 1]


def test_dirt(read: Read) -> None:
    trace = read(
        log(
            line(1),
            line(2, run=-1359980917),
            line(3, run=-1),
            line(4, status=5, run=0, allocated=-1, requested=-1),
            line(5, allocated=-1, requested=-1),
            line(6, run=0),
            line(7, requested="1e300"),
            line(8, submit=-1, wait=-1),
            "9 1 2",
            line(10, limit=2**31),
            line(11, cpu="552.21"),
        )
    )
    assert trace.jobs.job_id.tolist() == [1, 6, 10, 11]
    assert trace.report.skipped == {
        "a negative run time": 1,
        "no run time": 1,
        "cancelled before it started": 1,
        "no number of nodes": 1,
        "an absurd number of nodes": 1,
        "no submission or start time": 1,
        "too few fields": 1,
    }
    assert trace.report.repaired == {"unlimited time: default, or run time rounded up to a minute": 1}


def test_partial_executions_count_once(read: Read) -> None:
    lines = [line(1), line(1, status=2), line(1, status=3), line(2, status=2), line(2, status=3, submit=5)]
    trace = read(log(*lines))
    assert trace.report.skipped == {"a part of a job that has its own row": 2}
    assert len(trace.jobs) == 3


def test_fewer_and_more_fields(read: Read) -> None:
    short = " ".join(line(2).split()[:12])
    trace = read(log(line(1), short, line(3) + " 7 7", line(4)))
    assert trace.jobs.job_id.tolist() == [1, 2, 3, 4]
    assert trace.report.rows_repaired == 2
    wide = read(log(*(line(k) + " {12,13} q_1d 1:ppn=4" for k in range(3))))
    assert wide.report.rows_repaired == 0
    assert "lines of 21 fields: those after the 18th are ignored" in wide.report.notes


def test_without_a_header(read: Read) -> None:
    trace = read(log(line(1, submit=77), header=""))
    assert trace.jobs.submit_s[0] == 77
    assert trace.origin == datetime(1970, 1, 1, tzinfo=UTC)
    assert trace.processors is None
    assert read(log(line(1), header=""), origin=datetime(2026, 1, 1, tzinfo=UTC)).jobs.submit_s[0] == 0


def test_an_origin_moves_the_times(read: Read) -> None:
    trace = read(log(line(1, submit=100)), origin=datetime(1996, 9, 23, 12, 0, 0, tzinfo=UTC))
    assert trace.jobs.submit_s[0] == 131


@pytest.mark.parametrize("text", ["; Version: 2.2\n", ";\n;\n\n"])
def test_a_log_without_jobs_is_refused(read: Read, text: str) -> None:
    with pytest.raises(TraceError, match="no job lines"):
        read(text)


def test_strong_filter_by_its_definition(read: Read) -> None:
    lines = [
        line(1),
        line(2, requested=101),
        line(3, allocated=101),
        line(4, allocated=-1, requested=7),
        line(5, requested=-1, allocated=8),
        line(6, requested=-1, allocated=-1),
        line(7, run=0),
        line(8, limit=-1),
        line(9, limit=0),
        line(10, run=5000),
        line(11, allocated=9, requested=4),
    ]
    jobs = strong_filter(read(log(*lines)), 100)
    assert jobs.job_id.tolist() == [1, 4, 5, 10, 11]
    assert jobs.nodes.tolist() == [4, 7, 8, 4, 4]
    assert jobs.runtime_s.tolist() == [60, 60, 60, 3600, 60]
    assert np.all(jobs.limit_s == 3600)


def test_jobs_that_can_never_run_are_dropped_and_counted(read: Read) -> None:
    jobs = read(log(line(1), line(2, requested=60), line(3, partition=4), line(4, limit=90000))).jobs
    kept, dropped = drop_unrunnable(jobs, [50, 3], [None, 86400])
    assert kept.job_id.tolist() == [1, 4]
    assert dropped == {"wider than its partition": 2}
    assert drop_unrunnable(jobs, [50])[0].job_id.tolist() == [1, 3, 4]
    assert drop_unrunnable(jobs, [100], [86400])[1] == {"asks for more time than its partition grants": 1}
    assert drop_unrunnable(jobs.replace(partition=jobs.partition + 1), [9, 99])[1] == {
        "in a partition that the machine lacks": 1
    }
