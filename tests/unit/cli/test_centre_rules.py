"""Rules of a centre's own files, each seen through the command line: limits, preemption, flags, bad files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from console import exatwin, refused

CENTRE = Path(__file__).resolve().parents[3] / "examples" / "centre"
T0 = 1_788_739_200
HEADER = "JobIDRaw|Account|User|Partition|QOS|Submit|Eligible|Start|End|ElapsedRaw|TimelimitRaw|State|NNodes"
CONF = """
SchedulerType=sched/builtin
PriorityType=priority/multifactor
PriorityCalcPeriod=1
PriorityDecayHalfLife=7-0
PriorityWeightFairshare=10000
AccountingStorageEnforce=limits
NodeName=n[1-4] CPUs=10
PartitionName=all Nodes=n[1-4] Default=YES OverSubscribe=EXCLUSIVE
"""
PEOPLE = "add account lab\nadd user ada Account=lab\nadd user bob Account=lab\nadd user cyd Account=lab\n"


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def starts(
    *jobs: tuple[str, str, int, int, int, int], conf: str = "", people: str = ""
) -> dict[int, tuple[int, str]]:
    """Return start [s] and state of jobs of (user, QOS, submit, run, limit in minutes, nodes), from 1 on."""
    rows = [HEADER]
    for number, (user, qos, submit, run, limit, nodes) in enumerate(jobs, 1):
        times = (T0 + submit, T0 + submit, T0 + submit, T0 + submit + run, run, limit)
        rows.append("|".join(map(str, (number, "lab", user, "all", qos, *times, "COMPLETED", nodes))))
    Path("log.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    Path("slurm.conf").write_text(CONF + conf, encoding="utf-8")
    Path("people.txt").write_text(PEOPLE + people, encoding="utf-8")
    files = ("--slurm-conf", "slurm.conf", "--sacctmgr", "people.txt")
    said = exatwin("replay", "log.txt", *files, "-q", "--schedule", "s.csv")
    assert said.code == 0, said.err
    with Path("s.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    return {int(row["id"]): (int(row["start"] or -1), row["state"]) for row in table}


FALLS = (
    ("ada", "normal", 0, 600, 20, 1), ("cyd", "normal", 0, 600, 20, 3),
    ("ada", "normal", 1, 100, 5, 4), ("bob", "normal", 2, 100, 5, 4),
)  # fmt: skip


def test_a_priority_falls_as_its_user_runs_jobs_unless_it_may_only_rise() -> None:
    falls = starts(*FALLS)
    assert (falls[4][0], falls[3][0]) == (600, 700)
    rises = starts(*FALLS, conf="PriorityFlags=INCR_ONLY\n")
    assert (rises[3][0], rises[4][0]) == (600, 700)


@pytest.mark.parametrize("period", ["NONE", "DAILY", "WEEKLY"])
def test_usage_is_forgotten_at_the_end_of_a_period(period: str) -> None:
    text = (CENTRE / "slurm.conf").read_text(encoding="utf-8")
    Path("mine.conf").write_text(f"{text}\nPriorityUsageResetPeriod={period}\n", encoding="utf-8")
    accounts = ("--sacctmgr", CENTRE / "accounts.txt", "--sacctmgr", CENTRE / "qos.txt")
    words = (
        "sshare",
        CENTRE / "sacct.txt",
        "--slurm-conf",
        "mine.conf",
        *accounts,
        "--as-recorded",
        "--json",
    )
    for day in (1, 6):  # Tuesday; Sunday, when a week has ended
        at = 86400 * day
        told = exatwin(*words, "--at", f"{at + 10} s").told
        gone = period == "DAILY" or (period == "WEEKLY" and day == 6)
        used = told["rows"][0]["RAWUSAGE"]
        assert used == pytest.approx(plain_usage(at, at - 300 if gone else 0), rel=1e-6)


def plain_usage(at: int, since: int) -> float:
    """Return the usage of all jobs at `at`; where `since` is not 0, of those that run, since then.

    What ends between two calculations, each 300 s, is added at once and decayed with all the rest.
    """
    left = 1 - 0.693 / (7 * 86400)
    total = 0.0
    with (CENTRE / "sacct.txt").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="|"):
            start, end = int(row["Start"]) - T0, int(row["End"]) - T0
            if start >= at or (since and end <= at):
                continue
            charge = 288 * int(row["NNodes"]) * (2 if row["QOS"] == "urgent" else 1)
            begin = max(start, since)
            while begin < min(end, at):
                calculated = begin // 300 * 300 + 300
                ran = min(calculated, end) - begin
                total += charge * ran * left ** (ran + at - calculated + (300 if end < calculated else 0))
                begin += ran
    return total


def test_limits_of_a_user_a_group_and_a_qos() -> None:
    jobs = [("ada", "normal", 0, 100, 5, 1)] * 3
    assert [s for s, _ in starts(*jobs, people="modify user ada set MaxJobs=1\n").values()] == [0, 100, 200]
    people = "modify account lab set GrpTRES=node=2\n"
    assert [s for s, _ in starts(*jobs, people=people).values()] == [0, 0, 100]
    people = "modify qos normal set MaxTRESPerUser=cpu=20\n"
    assert [s for s, _ in starts(*jobs, people=people).values()] == [0, 0, 100]
    people = "modify user ada set MaxSubmitJobs=2\n"
    assert [state for _, state in starts(*jobs, people=people).values()] == ["COMPLETED"] * 2 + ["PENDING"]
    people = "modify qos normal set MaxWall=4\n"
    assert {state for _, state in starts(*jobs, people=people).values()} == {"PENDING"}
    loose = starts(*jobs, people=people, conf="AccountingStorageEnforce=associations\n")
    assert {state for _, state in loose.values()} == {"COMPLETED"}


def test_what_a_group_has_used_holds_its_next_jobs_back() -> None:
    jobs = [
        ("ada", "normal", 0, 600, 20, 2),
        ("bob", "normal", 700, 600, 20, 2),
        ("cyd", "normal", 1400, 60, 5, 1),
    ]
    people = "modify account lab set GrpTRESMins=node=30\n"  # 20 are used by 600, 40 by 1300
    forgets = "PriorityDecayHalfLife=0\n"
    found = starts(*jobs, people=people, conf=forgets)
    assert [found[k][0] for k in (1, 2)] == [0, 700]
    assert found[3][1] == "PENDING"
    safe = starts(*jobs, people=people, conf=forgets + "AccountingStorageEnforce=safe\n")
    assert safe[1][1] == "PENDING"  # it asks for 40 of 30
    again = starts(*jobs, people=people, conf="PriorityDecayHalfLife=00:30:00\n")
    assert 1400 < again[3][0] < 3600


@pytest.mark.parametrize(
    ("mode", "expected"), [("REQUEUE", [160, 60]), ("CANCEL", [0, 60]), ("OFF", [0, 600])]
)
def test_a_qos_pushes_jobs_of_another_aside(mode: str, expected: list[int]) -> None:
    jobs = (("ada", "normal", 0, 600, 20, 4), ("bob", "urgent", 60, 100, 5, 2))
    found = starts(
        *jobs,
        conf=f"PreemptType=preempt/qos\nPreemptMode={mode}\n",
        people="add qos urgent Priority=10 Preempt=normal\n",
    )
    last = max(start for number, (start, _) in found.items() if number != 2)
    assert [last, found[2][0]] == expected
    assert found[1][1] == ("COMPLETED" if mode == "OFF" else "PREEMPTED")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "slurm.conf",
            "PriorityWeightAge=-5\n",
            "slurm.conf:1: priorityweightage: -5 is not in 0 to 4294967295",
        ),
        ("slurm.conf", "PriorityWeightTRES=cpu=-5\n", "has a negative weight"),
        (
            "slurm.conf",
            "PriorityUsageResetPeriod=FORTNIGHTLY\n",
            "slurm.conf:1: priorityusageresetperiod: unknown",
        ),
        (
            "people.txt",
            "add account a parent=b\nadd account b parent=a\n",
            "'a' is above itself (a below b below a)",
        ),
        ("people.txt", "add account a parent=x\n", "people.txt:1: account 'a' has the unknown parent 'x'"),
        ("people.txt", "add qos a MaxWall=six\n", "people.txt:1: maxwall: 'six' is no time"),
        ("people.txt", "add account a Fairshare=-7\n", "people.txt:1: share -7 of a is negative"),
        (
            "people.txt",
            "Parent - 'root'\nParent - 'x'\nUser - 'u'\n",
            "people.txt:2: parent 'x': is an unknown parent",
        ),
    ],
)
def test_a_bad_file_is_refused_in_one_line(name: str, text: str, told: str) -> None:
    Path("slurm.conf").write_text(CONF, encoding="utf-8")
    Path("people.txt").write_text(PEOPLE, encoding="utf-8")
    Path(name).write_text(text, encoding="utf-8")
    files = ("--slurm-conf", "slurm.conf", "--sacctmgr", "people.txt")
    assert told in refused("replay", CENTRE / "sacct.txt", *files)
