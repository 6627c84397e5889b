"""Forecasts that know who asks: dependencies, limits, preemption, priorities, on exact cases."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.forecast import forecast
from exatwin.study.scenario import Scenario
from exatwin.study.shape import shape
from exatwin.study.starts.asking import Who
from exatwin.study.starts.read_state import read_state

HEAD = (
    "JOBID|PARTITION|USER|ACCOUNT|QOS|STATE|NODES|TIME_LIMIT|TIME|SUBMIT_TIME|START_TIME|PRIORITY|REASON|"
    "DEPENDENCY|NODELIST"
)
NOW = 1_780_000_000
ACCOUNTS = """\
Cluster|Account|User|ParentName|Share|Priority|GrpJobs|GrpTRES|MaxJobs|QOS|Def QOS
c|root||||||||normal|normal
c|physics||root|1|||node=8||normal,urgent|normal
c|physics|anna||1|||||normal,urgent|normal
c|chem||root|1|||||normal|normal
c|chem|bob||1|||||normal|normal
"""
QOS = "Name|Priority|Preempt|MaxTRES|MaxWall|GrpTRES\nnormal|0||node=12||\nurgent|100|normal|||\n"


def row(
    number: str, state: str, nodes: int, limit: str, *, elapsed: str = "0:00", user: str = "anna",
    account: str = "physics", qos: str = "normal", priority: int = 100, reason: str = "None", after: str = "",
) -> str:  # fmt: skip
    start = NOW if state == "RUNNING" else "N/A"
    return (
        f"{number}|all|{user}|{account}|{qos}|{state}|{nodes}|{limit}|{elapsed}|{NOW}|{start}|{priority}|"
        f"{reason}|{after}|"
    )


def squeue(folder: Path, *rows: str) -> Path:
    file = folder / "squeue.txt"
    file.write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    return file


def scenario(folder: Path | None = None, **changes: object) -> Scenario:
    """Return rules without arrivals, so that the only chance is how long jobs run."""
    found = Scenario().replace("workload.mix", "none")
    if folder is not None:
        (folder / "accounts.txt").write_text(ACCOUNTS, "utf-8")
        (folder / "qos.txt").write_text(QOS, "utf-8")
        files = [str(folder / name) for name in ("accounts.txt", "qos.txt")]
        found = found.replace("schedule.slurm.accounts", files)
    for path, value in changes.items():
        found = found.replace(f"schedule.{path.replace('__', '.')}", value)
    return found


def simulated(file: Path, job: str, rules: Scenario, machine: str = "16") -> tuple[float, float, float]:
    return forecast(file, job, machine=machine, scenario=rules, members=12).simulated_s


def test_a_dependent_job_does_not_compete_before_the_other_has_ended(tmp_path: Path) -> None:
    """4 of 16 nodes are busy for four hours; 16 nodes wait behind that job: 12 nodes for 10 h start now."""
    running = row("1", "RUNNING", 4, "4:00:00", user="bob")
    waits = row("2", "PENDING", 16, "1:00:00", reason="Dependency", after="afterany:1(unfulfilled)")
    state = read_state(squeue(tmp_path, running, waits), machine="16", scenario=scenario())
    assert state.jobs.held.tolist() == [0, 0]
    assert state.follows.T.tolist() == [[1, 0, 3]]
    assert simulated(tmp_path / "squeue.txt", "nodes=12,time=10h", scenario()) == (0.0, 0.0, 0.0)
    competes = squeue(tmp_path, running, waits.replace("Dependency|afterany:1(unfulfilled)", "Resources|"))
    assert simulated(competes, "nodes=12,time=10h", scenario())[0] > 0.0
    # once the other has ended the dependent one is before a job that could not start until then
    first = simulated(squeue(tmp_path, running, waits), "nodes=16,time=1h", scenario())
    alone = simulated(squeue(tmp_path, running), "nodes=16,time=1h", scenario())
    assert all(behind > free for behind, free in zip(first, alone, strict=True))


def test_a_dependency_on_what_is_not_there_leaves_the_job_out(tmp_path: Path) -> None:
    rows = [
        row("1", "RUNNING", 4, "4:00:00"),
        row("2", "PENDING", 16, "1:00:00", reason="Dependency", after="afterok:77(unfulfilled)"),
    ]
    state = read_state(squeue(tmp_path, *rows), machine="16", scenario=scenario())
    assert state.jobs.held.tolist() == [0, 1]
    assert state.notes == ("1 jobs wait for other jobs, nobody tells which: left out of the queue",)


def test_json_tells_dependencies_accounts_and_qos_too(tmp_path: Path) -> None:
    base = {"partition": "all", "user_name": "anna", "account": "physics", "qos": "urgent", "time_limit": 60,
            "node_count": 4, "submit_time": NOW}  # fmt: skip
    jobs = [
        {**base, "job_id": 11, "array_job_id": 10, "array_task_id": 1, "job_state": "RUNNING",
         "start_time": NOW},
        {**base, "job_id": 12, "job_state": "PENDING", "state_reason": "Dependency",
         "dependency": "afterok:10_1(unfulfilled)"},
    ]  # fmt: skip
    file = tmp_path / "squeue.json"
    file.write_text(json.dumps({"last_update": NOW, "jobs": jobs}), "utf-8")
    state = read_state(file, machine="16", scenario=scenario())
    assert state.follows.T.tolist() == [[1, 0, 1]]
    assert (state.accounts, state.qos) == (("physics",), ("urgent",))
    assert state.jobs.account.tolist() == [0, 0]


def test_a_limit_of_the_account_holds_its_job_and_nobody_elses(tmp_path: Path) -> None:
    """physics may hold 8 nodes: 6 are in use, so that 4 more wait for them, and 4 of chem start now."""
    file = squeue(tmp_path, row("1", "RUNNING", 6, "4:00:00"))
    rules = scenario(tmp_path)
    assert simulated(file, "nodes=4,time=1h,user=bob,account=chem", rules) == (0.0, 0.0, 0.0)
    assert simulated(file, "nodes=2,time=1h,user=anna,account=physics", rules) == (0.0, 0.0, 0.0)
    assert simulated(file, "nodes=4,time=1h,user=anna,account=physics", rules)[0] > 0.0
    with pytest.raises(InfeasibleError, match="more than its QOS or association grants"):
        simulated(file, "nodes=13,time=1h,user=bob,account=chem", rules)


def test_a_job_that_a_limit_keeps_back_is_in_the_queue_where_limits_are_known(tmp_path: Path) -> None:
    file = squeue(
        tmp_path, row("1", "RUNNING", 6, "4:00:00"),
        row("2", "PENDING", 4, "4:00:00", reason="AssocGrpNodeLimit"),
    )  # fmt: skip
    blind = read_state(file, machine="16", scenario=scenario())
    assert blind.jobs.held.tolist() == [0, 1]
    assert any("kept back by limits that nobody told (--sacctmgr)" in note for note in blind.notes)
    assert read_state(file, machine="16", scenario=scenario(tmp_path)).jobs.held.tolist() == [0, 0]
    # it blocks nobody while the limit keeps it back
    assert simulated(file, "nodes=10,time=9h,user=bob,account=chem", scenario(tmp_path)) == (0.0, 0.0, 0.0)


def test_a_qos_that_pushes_others_aside_starts_at_once(tmp_path: Path) -> None:
    file = squeue(tmp_path, row("1", "RUNNING", 16, "4:00:00", user="bob", account="chem"))
    rules = scenario(tmp_path, policy="multifactor", slurm__priority_weight_qos=10000.0)
    normal = simulated(file, "nodes=8,time=1h,user=anna,account=physics,qos=normal", rules)
    urgent = simulated(file, "nodes=8,time=1h,user=anna,account=physics,qos=urgent", rules)
    assert urgent == (0.0, 0.0, 0.0)
    assert normal[1] > 60.0


def test_the_priority_of_who_asks_is_like_that_of_its_own_jobs(tmp_path: Path) -> None:
    """bob's jobs have many points and anna's none: bob comes before the job that waits, anna after it."""
    file = squeue(
        tmp_path,
        row("1", "RUNNING", 16, "1:00:00", user="bob", account="chem", priority=9000),
        row("2", "PENDING", 16, "8:00:00", user="eve", account="chem", priority=5000),
        row("3", "PENDING", 16, "8:00:00", user="anna", priority=10),
        row("4", "PENDING", 16, "0:10:00", user="bob", account="chem", priority=9000),
    )
    rules = scenario(policy="multifactor", slurm__priority_weight_job_size=0.0)
    bob = simulated(file, "nodes=16,time=1h,user=bob", rules)
    anna = simulated(file, "nodes=16,time=1h,user=anna", rules)
    assert bob[2] < anna[0]


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ("user=ana", "has no such user: did you mean 'anna'"),
        ("account=physic", "has no such account: did you mean 'physics'"),
        ("qos=urgnt", "has no such qos: did you mean 'urgent'"),
        ("user=anna,account=chem", "user 'anna' is not in it by .*: expected physics"),
        ("user=bob,qos=urgent", "qos=urgent: not granted to user 'bob' by .*: expected normal"),
        ("partition=alll", "no such partition: did you mean 'all'"),
        ("usr=anna", "'usr': did you mean 'user'"),
    ],
)
def test_unknown_names_are_one_line_with_the_nearest(tmp_path: Path, job: str, says: str) -> None:
    file = squeue(tmp_path, row("1", "RUNNING", 6, "4:00:00"))
    with pytest.raises(SpecError) as error:
        simulated(file, f"nodes=1,time=1h,{job}", scenario(tmp_path))
    text = str(error.value)
    assert "\n" not in text
    assert re.search(says, text), text


def test_names_without_files_are_those_of_the_queue(tmp_path: Path) -> None:
    file = squeue(tmp_path, row("1", "RUNNING", 6, "4:00:00"))
    assert simulated(file, "nodes=1,time=1h,user=anna,account=physics,qos=normal", scenario())[0] == 0.0
    with pytest.raises(SpecError, match="user=eve: the state has no such user: choose from: anna"):
        simulated(file, "nodes=1,time=1h,user=eve", scenario())


def test_a_job_that_no_limit_ever_lets_start_blocks_nobody(tmp_path: Path) -> None:
    """QOS normal grants a job 12 nodes: one of 16 that waits is left aside where the files say so."""
    file = squeue(
        tmp_path,
        row("1", "RUNNING", 4, "4:00:00", user="bob", account="chem"),
        row("2", "PENDING", 16, "1:00:00", user="bob", account="chem", reason="QOSMaxNodePerJobLimit"),
    )
    job = "nodes=12,time=10h,user=bob,account=chem"
    assert simulated(file, job, scenario(tmp_path)) == (0.0, 0.0, 0.0)
    competes = squeue(tmp_path, *(line.replace("|16|", "|12|") for line in file.read_text().splitlines()[1:]))
    assert simulated(competes, job, scenario(tmp_path))[0] > 0.0


def test_shapes_are_those_that_the_files_grant(tmp_path: Path) -> None:
    file = squeue(tmp_path, row("1", "RUNNING", 4, "4:00:00", user="bob", account="chem"))
    who = Who(user="bob", account="chem")
    told = shape(file, 20.0, machine="16", scenario=scenario(tmp_path), who=who, members=12)
    assert max(one.nodes for one in told.shapes) == 8
    free = shape(file, 20.0, machine="16", scenario=scenario(), who=who, members=12)
    assert max(one.nodes for one in free.shapes) == 16
