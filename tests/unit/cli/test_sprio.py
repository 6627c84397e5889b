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
POINTS = ("AGE", "ASSOC", "FAIRSHARE", "JOBSIZE", "PARTITION_POINTS", "QOS", "SITE")


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
        assert row["QOSNAME"] == ("urgent" if row["QOS"] else "normal")
        assert row["TRES"] == {}
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
        "PARTITION", "QOSNAME", "QOS", "NICE", "TRES",
    ]  # fmt: skip
    assert "48 nodes, 2 partitions" in said.err
    assert "4 accounts, 6 users in them, 2 QOS" in said.err
    rows = list(csv.DictReader(io.StringIO(exatwin("sprio", LOG, *FILES, "--at", "30h", "--csv", "-q").out)))
    assert len(rows) == said.out.count("\n") - 1
    assert rows[0]["PRIORITY"] == said.out.split("\n")[1].split()[4]


def test_a_result_knows_its_files() -> None:
    assert exatwin("replay", LOG, *FILES, "-q", "-o", "r", "--json").code == 0
    mine = exatwin("sprio", "r", "--at", "30h", "--json").told
    assert mine == exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told


def test_set_wins_over_the_file() -> None:
    key = "schedule.slurm.priority_weight_qos=7"
    told = exatwin("sprio", LOG, *FILES, "--set", key, "--at", "30h", "-w", "--json").told
    assert (told["weights"]["QOS"], told["weights"]["FAIRSHARE"]) == (7, 10000)


def test_weights_stand_in_the_columns_of_their_points() -> None:
    head, row, *rest = exatwin("sprio", LOG, *FILES, "--at", "30h", "-w", "-q").out.splitlines()
    assert rest == []
    assert row.split() == ["Weights", "1", "1000", "0", "10000", "2000", "500", "4000"]
    assert head[: row.index("10000") + 5].split()[-1] == "FAIRSHARE"


def test_points_by_resource(tmp_path: Path) -> None:
    text = (CENTRE / "slurm.conf").read_text(encoding="utf-8")
    (tmp_path / "tres.conf").write_text(
        text + "\nPriorityWeightTRES=GRES/gpu=3000,Node=500,CPU=1000,license/x=9\n"
    )
    files = ("--slurm-conf", "tres.conf", *ACCOUNTS)
    said = exatwin("sprio", LOG, *files, "--at", "30h", "--json")
    assert "PriorityWeightTRES of license/x has no effect" in said.err
    assert list(said.told["rows"][0]["TRES"]) == ["cpu", "node", "gres/gpu"]
    for row in said.told["rows"]:
        assert row["TRES"]["gres/gpu"] == pytest.approx(6 * row["TRES"]["node"])  # four to each node
        points = sum(row[name] for name in POINTS[:-1]) + sum(row["TRES"].values()) + row["SITE"]
        assert row["PRIORITY"] == math.floor(points - row["NICE"])
    table = exatwin("sprio", LOG, *files, "--at", "30h", "-q").out.splitlines()
    points = said.told["rows"][0]["TRES"]
    assert table[1].split()[-1] == ",".join(f"{name}={value:.0f}" for name, value in points.items())


def test_some_jobs_and_users_only() -> None:
    rows = exatwin("sprio", LOG, *FILES, "--at", "30h", "--json").told["rows"]
    two = [row["JOBID"] for row in rows[:2]]
    said = exatwin("sprio", LOG, *FILES, "--at", "30h", "--json", "--jobs", f"{two[0]},{two[1]},7001")
    assert [row["JOBID"] for row in said.told["rows"]] == two
    assert "job 7001 does not wait at 2026-09-08T06:00:00Z" in said.err
    mine = exatwin("sprio", LOG, *FILES, "--at", "30h", "--json", "-u", "dee").told["rows"]
    assert mine == [row for row in rows if row["USER"] == "dee"]


def test_the_instant_is_looked_at_before_anything_is_scheduled(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("exatwin.study.centre.priorities.asked", never)
    monkeypatch.setattr("exatwin.study.centre.priorities.scheduled", never)
    for text in ("nonsense", "", "nan s", "1e400 s", "36 kg", "2026-13-01"):
        assert "expected a time such as" in refused("sprio", LOG, *FILES, "--at", text)
    assert exatwin("sprio", LOG, *FILES, "--at", "30h", "--weights", "-q").code == 0


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
