"""``exatwin sprio`` and ``sshare``, and the flags of ``replay`` for a centre's own files."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest

from console import exatwin, refused

CENTRE = Path(__file__).resolve().parents[3] / "examples" / "centre"
LOG = CENTRE / "sacct.txt"
CONF = ("--slurm-conf", CENTRE / "slurm.conf")
ACCOUNTS = ("--sacctmgr", CENTRE / "accounts.txt", "--sacctmgr", CENTRE / "qos.txt")
FILES = (*CONF, *ACCOUNTS)
POINTS = ("SITE", "AGE", "ASSOC", "FAIRSHARE", "JOBSIZE", "PARTITION_POINTS", "QOS", "TRES")


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_priority_is_the_sum_of_its_points() -> None:
    told = exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told
    assert told["at"] == "2026-09-08T06:00:00Z"
    assert told["weights"] == {
        "AGE": 1000, "ASSOC": 0, "FAIRSHARE": 10000, "JOBSIZE": 2000, "PARTITION": 500, "QOS": 4000,
    }  # fmt: skip
    assert len(told["rows"]) > 10
    for row in told["rows"]:
        assert row["PRIORITY"] == math.floor(sum(row[name] for name in POINTS) - row["NICE"])
        assert row["PARTITION_POINTS"] == (500 if row["PARTITION"] == "devel" else 250)
        assert row["QOS"] in (0, 4000)
    order = [row["PRIORITY"] for row in told["rows"]]
    assert order == sorted(order, reverse=True)


def test_points_of_one_job_worked_by_hand() -> None:
    rows = {row["JOBID"]: row for row in exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told["rows"]}
    with LOG.open(encoding="utf-8") as lines:
        log = {int(row["JobIDRaw"]): row for row in csv.DictReader(lines, delimiter="|")}
    for number, row in rows.items():
        asked = log[number]
        nodes, since = int(asked["NNodes"]), int(asked["Submit"]) - 1788739200
        # one processor a node is asked for, of 48 × 288
        assert row["JOBSIZE"] == pytest.approx(2000 * (nodes / 48 + nodes / (48 * 288)) / 2)
        assert row["AGE"] == pytest.approx(1000 * max(30 * 3600 - since, 0) / 172800)
        assert (row["USER"], row["ACCOUNT"], row["PARTITION"]) == (
            asked["User"], asked["Account"], asked["Partition"],
        )  # fmt: skip
        assert since <= 30 * 3600 < int(asked["Start"]) - 1788739200


def test_the_table_and_csv_are_like_those_of_slurm() -> None:
    said = exatwin("sprio", LOG, *FILES, "--at", "2026-09-08T06:00")
    assert said.out.split("\n")[0].split() == [
        "JOBID", "PARTITION", "USER", "ACCOUNT", "PRIORITY", "SITE", "AGE", "ASSOC", "FAIRSHARE", "JOBSIZE",
        "PARTITION", "QOS", "NICE", "TRES",
    ]  # fmt: skip
    assert "48 nodes, 2 partitions" in said.err
    assert "4 accounts, 6 users in them, 2 QOS" in said.err
    rows = list(csv.DictReader(io.StringIO(exatwin("sprio", LOG, *FILES, "--at", "30h", "--csv", "-q").out)))
    assert len(rows) == said.out.count("\n") - 1
    assert rows[0]["PRIORITY"] == said.out.split("\n")[1].split()[4]
    assert "FAIRSHARE   10000" in exatwin("sprio", LOG, *FILES, "--at", "30h", "-w", "-q").out


def test_a_result_knows_its_files() -> None:
    assert exatwin("replay", LOG, *FILES, "-q", "-o", "r", "--json").code == 0
    mine = exatwin("sprio", "r", "--at", "30h", "--json").told
    assert mine == exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told


def test_set_wins_over_the_file() -> None:
    said = exatwin(
        "sprio", LOG, *FILES, "--set", "schedule.slurm.priority_weight_qos=7", "--at", "30h", "-w", "-q"
    )
    assert "QOS       7" in said.out


def test_as_recorded_needs_no_scheduler() -> None:
    recorded = exatwin("sprio", LOG, *FILES, "--as-recorded", "--at", "30h", "--json").told
    assert recorded == exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told  # for so it was made


def test_without_files_shares_are_equal() -> None:
    told = exatwin("sprio", LOG, "--processors", 48, "--policy", "multifactor", "--at", "40h", "--json").told
    assert told["weights"]["FAIRSHARE"] == 10000
    assert {row["USER"] for row in told["rows"]} <= {f"u{k:04d}" for k in range(1, 6)}


def test_shares_and_usage_of_the_tree() -> None:
    told = exatwin("sshare", LOG, *FILES, "--at", "30h", "--json").told
    rows = {(row["ACCOUNT"], row["USER"]): row for row in told["rows"]}
    assert list(rows)[:4] == [("root", ""), ("root", "root"), ("physics", ""), ("physics", "ada")]
    assert rows["physics", ""]["NORMSHARES"] == pytest.approx(30 / 101)
    assert rows["climate", "dee"]["NORMSHARES"] == 0.75
    assert rows["qcd", "bob"]["RAWSHARES"] == "parent"
    assert rows["qcd", "bob"]["FAIRSHARE"] == rows["qcd", "cyd"]["FAIRSHARE"]
    used = sum(row["RAWUSAGE"] for (_, user), row in rows.items() if user)
    assert used == pytest.approx(rows["root", ""]["RAWUSAGE"], abs=3)
    assert {row["FAIRSHARE"] for (_, user), row in rows.items() if user} <= {k / 6 for k in range(1, 7)}
    assert "physics   ada" in exatwin("sshare", LOG, *FILES, "--at", "30h", "-q").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((LOG, *FILES, "--at", "noon"), "--at noon: expected a time such as"),
        ((LOG, "--processors", 48, "--at", "30h"), "policy 'fcfs' has no priorities: expected multifactor"),
        (
            (LOG, "--slurm-conf", "absent", "--at", "30h"),
            "absent: there is no such file, expected a slurm.conf",
        ),
        (
            (LOG, *CONF, "--sacctmgr", "bad.txt", "--at", "30h"),
            "bad.txt:2: account 'b' has the unknown parent 'x'",
        ),
        ((LOG, *CONF, "--sacctmgr", "twice.txt", "--at", "30h"), "user 'u' of account 'root' comes twice"),
        (
            (LOG, "--slurm-conf", "weights.conf", "--at", "30h"),
            "weights.conf:1: priorityweightage: -1 is not in",
        ),
    ],
)
def test_what_is_wrong_is_one_line(words: tuple[object, ...], told: str) -> None:
    Path("bad.txt").write_text("add account a\nadd account b parent=x\n")
    Path("twice.txt").write_text("Parent - 'root'\nUser - 'u'\nUser - 'u'\n")
    Path("weights.conf").write_text("PriorityWeightAge=-1\n")
    assert told in refused("sprio", *words)


def test_pseudonyms_match_no_account() -> None:
    assert exatwin("import", "slurm", LOG, "-o", "month.parquet").code == 0
    said = exatwin("sprio", "month.parquet", *FILES, "--at", "30h")
    assert "220 of 220 jobs are of no association" in said.err
    assert "import it with --real-names" in said.err
    assert exatwin("import", "slurm", LOG, "--real-names", "-o", "real.parquet").code == 0
    same = exatwin("sprio", "real.parquet", *FILES, "--at", "30h", "--json").told
    assert same == exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told
