"""squeue as text and JSON, clean and dirty: what runs, waits and is held, and a line for the rest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError, TraceError
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import COMMAND, Snapshot, read_snapshot, standing_at
from exatwin.workload.snapshot.rows import nodes_of

NOW = 1_780_000_000
HEAD = (
    "JOBID|PARTITION|USER|ACCOUNT|QOS|STATE|NODES|CPUS|TIME_LIMIT|TIME|SUBMIT_TIME|START_TIME|PRIORITY|REASON|"
    "NODELIST"
)
SINCE = f"{NOW - 9000}|{NOW - 7200}"
RUNNING = f"101|booster|anna|hpc|normal|RUNNING|40|1|12:00:00|2:00:00|{SINCE}|100|None|n-[001-040]"


def snapshot(folder: Path, text: str) -> Snapshot:
    file = folder / "squeue.txt"
    file.write_text(text, "utf-8")
    return read_snapshot(file)


def waiting(number: str, nodes: object, limit: str, reason: str = "Priority") -> str:
    return f"{number}|booster|bob|hpc|normal|PENDING|{nodes}|1|{limit}|0:00|{NOW - 60}|N/A|90|{reason}|"


def test_the_canonical_print_is_read(tmp_path: Path) -> None:
    found = snapshot(tmp_path, "\n".join([HEAD, RUNNING, waiting("102", 16, "1-00:00:00")]))
    assert found.at == datetime.fromtimestamp(NOW, UTC)
    assert found.jobs.nodes.tolist() == [40, 16]
    assert found.jobs.limit_s.tolist() == [43200, 86400]
    assert found.jobs.elapsed_s.tolist() == [7200, -1]
    assert found.jobs.waited_s.tolist() == [9000, 60]
    assert found.jobs.priority.tolist() == [100.0, 90.0]
    assert (found.partitions, found.users, found.notes, len(found.held[0].names)) == (
        ("booster",),
        ("anna", "bob"),
        (),
        40,
    )


def test_the_command_prints_the_columns_that_are_read() -> None:
    asked = COMMAND.split("--format='")[1].rstrip("'").split("|")
    assert len(asked) == len(HEAD.split("|")) + 1  # the dependency
    assert COMMAND.startswith("SLURM_TIME_FORMAT=%s squeue")


def test_arrays_count_task_by_task(tmp_path: Path) -> None:
    found = snapshot(
        tmp_path, "\n".join([HEAD, waiting("104_[1-5,9%2]", 2, "1:00:00"), waiting("105_7", 1, "5:00")])
    )
    assert found.jobs.nodes.tolist() == [2] * 6 + [1]
    assert found.notes == ("6 tasks of arrays in one row: counted one by one",)


@pytest.mark.parametrize(
    ("reason", "held"),
    [("Priority", 0), ("Resources", 0), ("JobHeldUser", 1), ("Dependency", 2), ("QOSMaxJobsPerUserLimit", 3),
     ("AssocGrpNodeLimit", 3), ("DependencyNeverSatisfied", 1), ("ReqNodeNotAvail, UnavailableNodes:n1", 1)],
)  # fmt: skip
def test_jobs_that_no_nodes_would_start_are_held(tmp_path: Path, reason: str, held: int) -> None:
    found = snapshot(tmp_path, f"{HEAD}\n{waiting('1', 1, '1:00:00', reason)}\n")
    assert found.jobs.held.tolist() == [held]
    assert bool(found.notes) == bool(held)


@pytest.mark.parametrize("text", ["", "\n\n", "\0\1\2"])
def test_what_is_no_squeue_at_all_says_what_was_expected(tmp_path: Path, text: str) -> None:
    with pytest.raises(TraceError, match="expected the output of squeue, as text or JSON"):
        snapshot(tmp_path, text)


def test_a_job_with_a_begin_time_comes_then(tmp_path: Path) -> None:
    row = f"9|booster|bob|hpc|normal|PENDING|1|1|1:00:00|0:00|{NOW}|{NOW + 500}|9|BeginTime|"
    found = snapshot(tmp_path, "\n".join([HEAD, RUNNING, row]))
    assert found.jobs.begin_s.tolist() == [0, 500]
    assert not found.jobs.held.any()


def test_broken_rows_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = [
        "Sat Nov 22 12:00:00 2026", HEAD, RUNNING, "", "102|booster", waiting("103", "", "1:00:00"),
        waiting("104", 4, "UNLIMITED"), HEAD, waiting("105", 2, "nonsense"),
        "106|booster|bob|hpc|normal|COMPLETED|3|1|1:00|1:00|1|1|1|None|",
        "107|b|u|a|q|HAPPY|1|1|1:00|0:00|1|1|1|x|",
    ]  # fmt: skip
    found = snapshot(tmp_path, "\r\n".join(rows))
    assert found.jobs.job_id.tolist() == [101, 104, 105]
    assert found.jobs.limit_s.tolist() == [43200, -1, -1]
    assert sorted(found.notes) == [
        "1 rows neither run nor wait: left out",
        "1 rows of no known state: left out",
        "1 rows with too few columns: left out",
        "1 rows without a number of nodes: left out",
        "2 jobs without a time limit: taken to have the longest of their partition",
    ]


def test_columns_may_be_renamed_missing_and_in_any_order(tmp_path: Path) -> None:
    found = snapshot(tmp_path, "ST,NNodes,TimeLeft,Time,JobID\nR,4,30:00,10:00,7\nPD,2,1:00:00,0:00,8\n")
    assert found.jobs.limit_s.tolist() == [2400, 3600]
    assert found.jobs.elapsed_s.tolist() == [600, -1]
    assert found.at is None


DEFAULT = """\
             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)
               105   booster my job n     anna PD       0:00     12 (Resources)
               104   booster     bake      bob PD       0:00      3 (JobHeldUser)
               101   booster    train     anna  R 1-02:00:00     40 n-[001-040]
"""


def test_the_default_widths_are_read_with_blanks_in_names(tmp_path: Path) -> None:
    found = snapshot(tmp_path, DEFAULT)
    assert found.jobs.nodes.tolist() == [12, 3, 40]
    assert found.jobs.held.tolist() == [0, 1, 0]
    assert found.jobs.elapsed_s.tolist() == [-1, -1, 93600]
    assert found.partitions == ("booster",)
    assert "no column of time limits" in found.notes


def plain(**changed: Any) -> dict[str, Any]:
    job = {
        "job_id": 1, "job_state": "PENDING", "node_count": 8, "time_limit": 60, "submit_time": NOW - 50,
        "start_time": 0, "partition": "booster", "user_name": "anna", "priority": 5,
        "state_reason": "Priority", "nodes": "",
    }  # fmt: skip
    return job | changed


NUMBERS = ("node_count", "time_limit", "start_time", "submit_time", "priority")


def marked(value: float, *, known: bool = True, infinite: bool = False) -> dict[str, Any]:
    return {"set": known, "infinite": infinite, "number": value}


def test_json_of_older_and_newer_releases_says_the_same(tmp_path: Path) -> None:
    running = {"job_state": "RUNNING", "start_time": NOW - 600, "nodes": "n-[1-8]"}
    old = {"jobs": [plain(), plain(**running)], "last_update": NOW}
    new = {
        "jobs": [
            {**plain(**each), "job_state": [each.get("job_state", "PENDING")],
             **{key: marked(plain(**each)[key]) for key in NUMBERS}}
            for each in ({}, running)
        ],
        "last_update": marked(NOW),
    }  # fmt: skip
    first, second = (snapshot(tmp_path, json.dumps(each)) for each in (old, new))
    assert first.jobs.equals(second.jobs)
    assert first.jobs.limit_s.tolist() == [3600, 3600]
    assert first.jobs.elapsed_s.tolist() == [-1, 600]
    assert first.at == second.at == datetime.fromtimestamp(NOW, UTC)
    assert [len(one.names) for one in first.held] == [8]


def test_json_without_limits_and_with_arrays(tmp_path: Path) -> None:
    job = plain(time_limit=marked(0, infinite=True), array_task_string="3-5%2", nodes=None)
    unset = plain(
        time_limit=marked(9, known=False), job_state=["RUNNING", "COMPLETING"], start_time=marked(NOW - 5)
    )
    found = snapshot(tmp_path, json.dumps({"jobs": [job, unset, "odd"], "last_update": marked(NOW)}))
    assert found.jobs.limit_s.tolist() == [-1] * 4
    assert found.jobs.elapsed_s.tolist() == [-1, -1, -1, 5]
    assert "1 entries that are no jobs: left out" in found.notes


@pytest.mark.parametrize(
    ("text", "says"),
    [("hello\nworld\n", "has no header line"), ("JOBID|STATE|USER|X\n1|R|a|b\n", "names no column of nodes"),
     (HEAD + "\n", "holds no job that runs or waits"), ('{"jobs": 3}', "has no list 'jobs'"),
     ("{broken", "is no JSON")],
)  # fmt: skip
def test_what_is_no_squeue_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TraceError, match=says) as caught:
        snapshot(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        read_snapshot(tmp_path / "nothing.txt")


def test_folded_node_names_are_written_out() -> None:
    assert nodes_of("a[1-2,9],b-03,c[08-10]-x") == ["a1", "a2", "a9", "b-03", "c08-x", "c09-x", "c10-x"]


def test_an_instant_of_a_log_tells_nothing_of_its_future() -> None:
    jobs = Jobs(
        job_id=[1, 2, 3, 4],
        submit_s=[0, 10, 20, 40],
        nodes=[1, 2, 3, 4],
        limit_s=[100] * 4,
        runtime_s=[25, 50, 5, 9],
    )
    start, end = np.array([0, 15, 31, 50]), np.array([25, 65, 36, 59])
    found, rows = standing_at(jobs, start, end, 30)
    assert rows.tolist() == [1, 2]
    assert found.elapsed_s.tolist() == [15, -1]
    assert found.waited_s.tolist() == [20, 10]
    later, _ = standing_at(jobs, start, end + (end > 30) * 1000, 30)
    assert later.equals(found)


def test_lists_of_nodes_that_cant_be_read_are_told(tmp_path: Path) -> None:
    found = snapshot(tmp_path, "\n".join([HEAD, RUNNING.rpartition("|")[0] + "|n-[001-"]))
    assert found.held == ()
    assert found.jobs.runs.tolist() == [True]
    assert [note for note in found.notes if "lists of nodes" in note]
