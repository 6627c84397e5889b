"""Replays of logs whose jobs wait for others, for tasks of their array, or for a time."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from console import exatwin, refused

HEADER = (
    "JobIDRaw|JobID|User|Account|Partition|Submit|Eligible|Start|End|ElapsedRaw|TimelimitRaw|NNodes|State|"
    "SubmitLine"
)
T0 = 1_767_225_600


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def job(
    number: int, shown: str = "", *, submit: int = 0, start: int, run: int, nodes: int = 1, limit: int = 5,
    line: str = "", eligible: int = 0,
) -> str:  # fmt: skip
    times = (T0 + submit, T0 + max(eligible, submit), T0 + start, T0 + start + run, run)
    cells = (number, shown or number, "ada", "lab", "all", *times, limit, nodes, "COMPLETED", line)
    return "|".join(str(cell) for cell in cells)


def starts(*words: object) -> dict[str, int]:
    """Return when each job starts by a replay with a schedule, after T0 [s]."""
    said = exatwin("replay", "log.txt", "--processors", 4, "-q", "--schedule", "s.csv", *words)
    assert said.code == 0, said.err
    with Path("s.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: int(row["start"]) for row in csv.DictReader(file)}


def log(*rows: str) -> None:
    Path("log.txt").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


CHAIN = (
    job(1, start=0, run=100, nodes=4),
    job(2, submit=1, start=110, run=50, eligible=100, line="sbatch -d afterok:1 a.sh"),
    job(3, submit=2, start=300, run=50, eligible=280),
    job(4, submit=3, start=900, run=50, eligible=160, line="sbatch --dependency=after:2+1 a.sh"),
)


@pytest.mark.parametrize("backfill", ["none", "easy", "slurm"])
def test_jobs_wait_for_the_jobs_and_times_that_the_log_names(backfill: str) -> None:
    log(*CHAIN)
    found = starts("--backfill", backfill, "--set", "schedule.slurm.bf_interval=1 s")
    assert found == {"1": 0, "2": 100, "3": 280, "4": 160}


def test_what_is_recorded_holds_jobs_in_place_of_what_they_asked_for() -> None:
    log(CHAIN[0].replace(f"|{T0 + 100}|100|", f"|{T0 + 100}|120|"), *CHAIN[1:])
    assert starts() == {"1": 0, "2": 120, "3": 280, "4": 180}
    assert starts("--dependencies", "recorded") == {"1": 0, "2": 120, "3": 280, "4": 160}


def test_an_array_has_no_more_tasks_at_once_than_its_bound() -> None:
    tasks = [
        job(20 + k, f"20_{k}", start=100 * k, run=100, line="sbatch --array=0-3%2 a.sh") for k in range(4)
    ]
    log(*tasks, job(30, submit=1, start=400, run=10, line="sbatch -d afterany:20 a.sh"))
    found = starts()
    assert found == {"20": 0, "21": 0, "22": 100, "23": 100, "30": 200}
    with Path("s.csv").open(encoding="utf-8", newline="") as file:
        assert [row["job"] for row in csv.DictReader(file)] == ["20_0", "20_1", "20_2", "20_3", "30"]
    assert starts("--dependencies", "recorded") == {"20": 0, "21": 0, "22": 0, "23": 0, "30": 100}


def test_what_waits_is_told_and_rules_that_know_no_waits_leave_it_aside() -> None:
    log(*CHAIN)
    said = exatwin("replay", "log.txt", "--processors", 4)
    assert "2 jobs wait for others (2 pairs)" in said.out
    assert "by the log 1 jobs may start some time after they were sent" in said.out
    said = exatwin("replay", "log.txt", "--processors", 4, "--policy", "sjf", "--backfill", "conservative")
    assert said.code == 0
    assert "policy 'sjf' with backfill 'conservative' knows no waits" in said.out
    words = ("replay", "log.txt", "--processors", 4, "--backfill", "conservative", "--dependencies", "asked")
    assert "backfill 'conservative' does not go with" in refused(*words)
    assert "dependencies" in refused("replay", "log.txt", "--processors", 4, "--dependencies", "some")


def test_as_recorded_starts_jobs_when_the_log_says() -> None:
    log(*CHAIN)
    assert starts("--as-recorded") == {"1": 0, "2": 110, "3": 300, "4": 900}
    assert "no effect" in refused("replay", "log.txt", "--as-recorded", "--dependencies", "asked")


def test_users_who_wait_for_their_jobs_send_the_next_later() -> None:
    lines = ["; UnixStartTime: 0", "; MaxProcs: 4"]
    rows = ((1, 0, 0, 100, -1, -1), (2, 0, 0, 100, -1, -1), (3, 150, 0, 10, 2, 50), (4, 151, 0, 10, -1, -1))
    lines += [f"{a} {b} {c} {d} 4 -1 -1 4 900 -1 1 1 1 -1 1 -1 {e} {f}" for a, b, c, d, e, f in rows]
    Path("log.swf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def replayed(*words: object) -> list[tuple[int, int]]:
        said = exatwin("replay", "log.swf", "-q", "--schedule", "s.csv", *words)
        assert said.code == 0, said.err
        with Path("s.csv").open(encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: int(row["id"]))
        return [(int(row["submit"]), int(row["start"])) for row in rows]

    assert replayed() == [(0, 0), (0, 100), (150, 200), (151, 210)]
    # job 2 ends at 200, its user thinks for 50 s; job 4 goes first
    assert replayed("--dependencies", "closed") == [(0, 0), (0, 100), (250, 250), (151, 200)]


def test_sprio_names_tasks_and_leaves_out_what_waits_for_others() -> None:
    tasks = [job(20 + k, f"20_{k}", start=100 * k, run=100, nodes=4) for k in range(3)]
    log(*tasks, job(30, submit=1, start=300, run=10, line="sbatch -d afterany:20 a.sh"))
    words = ("sprio", "log.txt", "--processors", 4, "--policy", "multifactor", "--backfill", "easy")
    told = exatwin(*words, "--at", "50 s", "--json").told
    assert [row["JOBID"] for row in told["rows"]] == ["20_1", "20_2"]
    assert [row["JOBID"] for row in exatwin(*words, "--at", "50 s", "--json", "-j", "20").told["rows"]] == [
        "20_1", "20_2"
    ]  # fmt: skip
    one = exatwin(*words, "--at", "50 s", "-j", "20_2", "-q")
    assert [line.split()[0] for line in one.out.splitlines()] == ["JOBID", "20_2"]
