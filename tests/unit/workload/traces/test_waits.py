"""Arrays, dependencies and preceding jobs: what a log says about waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exatwin.workload.job import State
from exatwin.workload.traces import Trace, read_trace
from exatwin.workload.traces.commands import waiting
from exatwin.workload.traces.follow import KINDS, Follows
from exatwin.workload.traces.waits import since_when, wanted

from .conftest import SACCT, row, table

Read = Callable[..., Trace]
HEADER = SACCT + "|JobID|SubmitLine|Reason"
T0 = 1_767_225_600


def sent(
    job: int, begin: int, run: int, *, submit: int = 0, eligible: int = 0, line: str = "", **given: object
) -> str:
    """Return a row: submitted, eligible and started so many seconds after T0."""
    times = {"Submit": T0 + submit, "Eligible": T0 + max(eligible, submit), "Start": T0 + begin}
    values = {**times, "End": T0 + begin + run, "ElapsedRaw": run, **given}
    shown = values.pop("JobID", job)
    reason = values.pop("Reason", "None")
    return row(job, **values) + f"|{shown}|{line}|{reason}"


def pairs(trace: Trace) -> list[tuple[int, int, str, int, int]]:
    """Return who waits for whom, by their numbers."""
    ids, found = trace.jobs.job_id, trace.follows
    return [
        (int(ids[a]), int(ids[b]), KINDS[k], int(d), int(u))
        for a, b, k, d, u in zip(*(each.tolist() for _, each in found), strict=True)
    ]


@pytest.mark.parametrize(
    ("line", "dependency", "most"),
    [
        ("sbatch --dependency=afterok:12 job.sh", "afterok:12", -1),
        ("sbatch --dependency afterok:12:13 job.sh", "afterok:12:13", -1),
        ("/usr/bin/sbatch -dafterany:5 -a 1-9%3 job.sh", "afterany:5", 3),
        ("sbatch -p all -d singleton --array=0-99%40 job.sh", "singleton", 40),
        ("sbatch --depend=after:7+10 job.sh", "after:7+10", -1),
        ("sbatch -Hd afterok:3 x", "afterok:3", -1),
        ("sbatch --wait --parsable -d afterok:3 x", "afterok:3", -1),
        ("sbatch --array=1-5 job.sh", "", -1),
        ("sbatch job.sh --dependency=afterok:12 -a 1-2%1", "", -1),
        ("sbatch --wrap 'run -d afterok:9 --array=1-3%1'", "", -1),
        ("sbatch --wrap='run -d 1' -d afterok:9", "afterok:9", -1),
        ("srun -n 4 prog -d 5", "", -1),
        ("srun -l -d afterok:5 x", "afterok:5", -1),
        ("srun -W 10 -d 5 x", "5", -1),
        ("srun --wait 10 -d 5 x", "5", -1),
        ("sbatch -W -d 5 x", "5", -1),
        ("salloc -K9 -I60 -d afterok:5", "afterok:5", -1),
        ("sbatch --disable-status -d 5 x", "5", -1),
        ('sbatch -d afterok:4 --comment="never closed job.sh', "afterok:4", -1),
        ("python -d afterok:4", "", -1),
        ("sbatch --array=1-5%0 job.sh", "", -1),
        ("", "", -1),
    ],
)
def test_only_options_of_the_command_itself_count(line: str, dependency: str, most: int) -> None:
    assert waiting(line) == (dependency, most)


@pytest.mark.parametrize(
    ("text", "targets", "understood"),
    [
        ("afterok:7:8", [(1, 7, None, 0), (1, 8, None, 0)], True),
        ("afterok:7,afterany:8_3", [(1, 7, None, 0), (3, 8, 3, 0)], True),
        ("after:7+10", [(0, 7, None, 600)], True),
        ("afterany:7+1", [(3, 7, -3, 0)], True),
        ("afternotok:7_*(failed)", [(2, 7, None, 0)], True),
        ("123", [(3, 123, None, 0)], True),
        ("AFTEROK:5", [(1, 5, None, 0)], True),
        ("afterok:5?afterok:6", [], False),
        ("expand:5", [], False),
        ("afterok:five", [], False),
        ("afterok:$previous", [], False),
    ],
)
def test_texts_of_dependencies(text: str, targets: list[tuple[object, ...]], understood: bool) -> None:
    found = wanted(text)
    assert [each[:4] for each in found.targets] == targets
    assert found.understood is understood


def test_tasks_keep_the_numbers_that_people_see(read: Read) -> None:
    rows = [
        sent(101, 60, 9, JobID="100_1"),
        sent(100, 60, 9, JobID="100_2"),
        sent(105, 60, 9, JobID="105"),
        sent(107, 60, 9, JobID="106+1"),
        sent(100, 0, 0, JobID="100_[3-9%2]", State="PENDING"),
    ]
    trace = read(table(*rows, header=HEADER))
    assert trace.jobs.shown() == ["100_1", "100_2", "105", "106+1"]
    assert trace.jobs.job_id.tolist() == [101, 100, 105, 107]
    assert trace.throttles == {100: 2}
    assert trace.report.skipped == {"still pending": 1}


def test_tasks_without_raw_numbers_and_in_columns_of_their_own(read: Read) -> None:
    header = SACCT.replace("JobIDRaw", "JobID")
    alone = read(table(row("7_1"), row("7_2"), row("8"), header=header))
    assert alone.jobs.shown() == ["7_1", "7_2", "8"]
    apart = [row(20) + "|20|1|4", row(21) + "|20|2|4", row(22) + "|22||"]
    apart_too = read(table(*apart, header=SACCT + "|ArrayJobID|ArrayTaskID|ArrayTaskThrottle"))
    assert apart_too.jobs.shown() == ["20_1", "20_2", "22"]
    assert apart_too.throttles == {20: 4}


def test_a_job_sent_again_is_shown_under_its_own_number(read: Read) -> None:
    again = row(7, Start=T0 + 9000, End=T0 + 9100, ElapsedRaw=100)
    trace = read(table(row(7, State="NODE_FAIL"), again))
    assert len(set(trace.jobs.job_id.tolist())) == 2
    assert trace.jobs.shown() == ["7", "7"]


def test_dependencies_become_pairs(read: Read) -> None:
    rows = [
        sent(1, 10, 100, JobID="1"),
        sent(2, 20, 50, submit=1),
        sent(3, 120, 10, submit=2, line="sbatch -d afterok:1:2 a.sh"),
        sent(4, 700, 10, submit=3, line="sbatch --dependency=after:1+10 a.sh"),
        sent(5, 130, 10, submit=4, line="sbatch -d afterany:3,afterok:99 a.sh"),
    ]
    trace = read(table(*rows, header=HEADER))
    assert pairs(trace) == [
        (3, 1, "afterok", 0, 0), (3, 2, "afterok", 0, 0), (4, 1, "after", 600, 0), (5, 3, "afterany", 0, 0)
    ]  # fmt: skip
    assert "3 jobs wait for others (4 pairs)" in trace.report.notes
    assert any(n.startswith("1 dependencies on jobs that the log does not hold") for n in trace.report.notes)


def test_arrays_are_waited_for_as_a_whole_task_by_task_or_alone(read: Read) -> None:
    tasks = [sent(10 + k, 5, 20, JobID=f"10_{k}") for k in range(3)]
    rows = [
        *tasks,
        sent(20, 30, 5, submit=1, line="sbatch -d afterok:10 a"),
        sent(21, 30, 5, submit=1, line="sbatch -d afterok:10_2 a"),
        *(sent(30 + k, 40, 5, submit=2, JobID=f"30_{k}", line="sbatch -d aftercorr:10 a") for k in range(2)),
    ]
    found = [(a, b) for a, b, *_ in pairs(read(table(*rows, header=HEADER)))]
    assert found == [(20, 10), (20, 11), (20, 12), (21, 12), (30, 10), (31, 11)]


def test_what_the_log_contradicts_is_left_out(read: Read) -> None:
    rows = [
        sent(1, 10, 100, State="FAILED"),
        sent(2, 10, 100),
        sent(3, 200, 10, submit=1, line="sbatch -d afterok:1 a"),  # ran though 1 failed: any end
        sent(4, 50, 10, submit=1, line="sbatch -d afterok:2 a"),  # ran before 2 had ended
        sent(5, 300, 10, submit=2, line="sbatch -d afterok:6 a"),  # a job that came later
        sent(6, 100, 10, submit=3),
    ]
    trace = read(table(*rows, header=HEADER))
    assert pairs(trace) == [(3, 1, "afterany", 0, 0)]
    assert sum("contradict" in note for note in trace.report.notes) == 1


def test_singletons_wait_for_all_of_their_name_and_user(read: Read) -> None:
    line = "sbatch -d singleton a"
    rows = [
        sent(1, 1, 10), sent(2, 1, 20, submit=1), sent(3, 30, 10, submit=2, line=line),
        sent(4, 40, 5, submit=3, User="bob", line=line), sent(5, 50, 5, submit=4, line=line),
        sent(6, 50, 5, submit=5, JobName="other"), sent(7, 60, 5, submit=6, line=line),
    ]  # fmt: skip
    found = [(a, b) for a, b, *_ in pairs(read(table(*rows, header=HEADER)))]
    assert found == [(3, 1), (3, 2), (5, 3), (7, 5)]


def test_eligible_times_that_dependencies_explain_do_not_hold_jobs(read: Read) -> None:
    rows = [
        sent(1, 10, 100),
        sent(2, 115, 10, submit=1, eligible=112, line="sbatch -d afterok:1 a"),
        sent(3, 5000, 10, submit=2, eligible=4000, line="sbatch -d afterok:1 --begin=now+1hour a"),
        sent(4, 900, 10, submit=3, eligible=800),
    ]
    trace = read(table(*rows, header=HEADER))
    zero = int(trace.origin.timestamp())
    assert (since_when(trace.jobs, trace.follows) + zero - T0).tolist() == [0, 1, 4000, 800]


def test_waits_that_the_log_does_not_name_are_told(read: Read) -> None:
    trace = read(table(sent(1, 10, 100, Reason="Dependency"), header=HEADER))
    assert any("1 jobs waited for others that the log does not name" in note for note in trace.report.notes)


def test_pairs_and_bounds_outlive_parquet(read: Read, tmp_path: Path) -> None:
    rows = [
        sent(1, 10, 100, JobID="1_0", line="sbatch --array=0-1%1 a"), sent(2, 110, 50, JobID="1_1"),
        sent(3, 160, 10, submit=2, line="sbatch -d afterok:1 a"),
    ]  # fmt: skip
    trace = read(table(*rows, header=HEADER))
    trace.write(tmp_path / "t.parquet")
    again = read_trace(tmp_path / "t.parquet")
    assert pairs(again) == pairs(trace) == [(3, 1, "afterok", 0, 0), (3, 2, "afterok", 0, 0)]
    assert again.throttles == {1: 1}
    assert again.jobs.shown() == ["1_0", "1_1", "3"]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[[1]]", "[[1,2,9,0,0]]", "[[2,1,1,-5]]", '{"a":1}', "[[1e99,0,0,0,0]]"]
)
def test_pairs_that_make_no_sense_are_left_out(text: str) -> None:
    assert len(Follows.from_text(text, np.array([1, 2]))) == 0


def test_pairs_of_some_of_the_jobs() -> None:
    found = Follows.of([(1, 0, 1, 0, 0), (2, 1, 3, 5, 1), (3, 0, 0, 0, 0)])
    kept = found.among(np.array([10, 11, 12, 13]), np.array([13, 10, 12]))
    assert (kept.job.tolist(), kept.on.tolist()) == ([0], [1])
    assert len(found.among(np.array([10, 11, 12, 13]), np.zeros(0, np.int64))) == 0


def swf(*rows: tuple[int, int, int, int, int, int]) -> str:
    """Return a log of (job, submit, wait, run, preceding, think)."""
    lines = ["; UnixStartTime: 0", "; MaxProcs: 8"]
    lines += [f"{a} {b} {c} {d} 4 -1 -1 4 900 -1 1 1 1 -1 1 -1 {e} {f}" for a, b, c, d, e, f in rows]
    return "\n".join(lines) + "\n"


def test_preceding_jobs_and_think_times_of_swf(read: Read) -> None:
    trace = read(
        swf((1, 0, 0, 100, -1, -1), (2, 150, 0, 10, 1, 50), (3, 200, 0, 10, 2, -1), (4, 300, 5, 10, 9, 9))
    )
    assert pairs(trace) == [(2, 1, "afterany", 50, 1), (3, 2, "afterany", 40, 1)]
    assert len(trace.follows.of_jobs()) == 0
    same = read(swf(*((k, 100 * k, 0, 10, 1, 1) for k in range(1, 9))))
    assert len(same.follows) == 0
    assert any("all the same" in note for note in same.report.notes)


def test_json_of_newer_versions(read: Read) -> None:
    def one(job: int, submit: int, line: str = "", **more: object) -> dict[str, object]:
        time = {
            "submission": T0 + submit,
            "eligible": T0 + submit,
            "start": T0 + submit + 9,
            "end": T0 + submit + 19,
        }
        return {
            "job_id": job, "user": "ada", "account": "a", "partition": "all", "name": "n",
            "submit_line": line,
            "state": {"current": ["COMPLETED"], "reason": "None"}, "allocation_nodes": 1,
            "time": {**time, "elapsed": 10, "limit": {"set": True, "number": 5}}, **more,
        }  # fmt: skip

    def array(task: int) -> dict[str, object]:
        most = {"max": {"running": {"tasks": 2}}}
        return {"job_id": 50, "task_id": {"set": True, "infinite": False, "number": task}, "limits": most}

    het = {"job_id": 70, "job_offset": {"set": True, "number": 1}}
    jobs = [
        one(51, 0, array=array(0)), one(50, 0, array=array(1)), one(71, 0, het=het),
        one(60, 30, "sbatch -d afterok:50 x", array={"job_id": 0, "task_id": {"set": False, "number": 0}}),
    ]  # fmt: skip
    trace = read(json.dumps({"meta": {}, "jobs": jobs}))
    assert trace.jobs.shown() == ["50_0", "50_1", "70+1", "60"]
    assert trace.throttles == {50: 2}
    assert [(a, b) for a, b, *_ in pairs(trace)] == [(60, 51), (60, 50)]
    assert set(trace.jobs.outcome.tolist()) == {int(State.COMPLETED)}
