"""`exatwin forecast`, `shape` and `import squeue` as a person meets them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from console import exatwin

ROWS = """\
JOBID|PARTITION|USER|STATE|NODES|TIME_LIMIT|TIME|SUBMIT_TIME|START_TIME|PRIORITY|REASON|NODELIST
1|booster|anna|RUNNING|5000|12:00:00|2:00:00|1780000000|1780001000|9|None|
2|booster|bob|PENDING|2000|6:00:00|0:00|1780002000|N/A|8|Resources|
3|booster|bob|PENDING|1|6:00:00|0:00|1780002000|N/A|8|JobHeldUser|
4|booster
"""
NOTES = (
    "note     1 rows with too few columns: left out\n"
    "note     1 jobs held, or waiting for something else than nodes: left out of the queue\n"
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    file = tmp_path / "squeue.txt"
    file.write_text(ROWS, "utf-8")
    return file


def test_a_forecast_is_a_table_and_says_what_it_rests_on(state: Path) -> None:
    said = exatwin("forecast", state, "--machine", "jupiter", "--job", "nodes=64,time=2h", "--members", 20)
    assert (said.code, said.err) == (0, NOTES)
    lines = said.out.splitlines()
    assert lines[0].startswith("64 nodes for 2 h on JUPITER Booster, Thu 28 May 22:43 UTC")
    assert lines[1] == "1 jobs run, 1 wait, 884 nodes are free"
    assert [line.split()[0] for line in lines[3:8]] == ["P10", "P50", "P90", "mean", "starts"]
    assert lines[-1].startswith("errors: ")


def test_json_csv_and_page_say_the_same(state: Path, tmp_path: Path) -> None:
    words = ("forecast", state, "--machine", "jupiter", "--job", "nodes=4000,time=2h", "--members", 20, "-q")
    page = tmp_path / "page.html"
    found = exatwin(*words, "--json", "-o", page).told
    assert found["nodes"] == 4000
    assert found["p10_wait_s"] < found["p50_wait_s"] < found["p90_wait_s"]
    (row,) = csv.DictReader(io.StringIO(exatwin(*words, "--csv").out))
    assert float(row["p50_wait_s"]) == found["p50_wait_s"]
    text = page.read_text("utf-8")
    assert "When will 4,000 nodes for 2 h start?" in text
    assert "src=" not in text.split("<body>")[1]


def test_shapes_are_a_table_of_nodes_and_wall_times(state: Path, tmp_path: Path) -> None:
    words = ("shape", state, "--machine", "jupiter", "--work", "1000node-h", "--members", 8, "-q")
    said = exatwin(*words, "-o", tmp_path / "shapes.html")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "1,000 node-h on JUPITER Booster, partition booster, Thu 28 May 22:43 UTC"
    assert lines[1].startswith("starts soonest  ")
    assert lines[2].startswith("ends soonest    ")
    assert lines[5].split() == [
        "nodes",
        "30",
        "min",
        "1",
        "h",
        "2",
        "h",
        "4",
        "h",
        "6",
        "h",
        "8",
        "h",
        "12",
        "h",
    ]
    assert said.out.count("*") == 2  # the one in the table, and what it means
    told = exatwin(*words, "--json").told
    rows = list(csv.DictReader(io.StringIO(exatwin(*words, "--csv").out)))
    assert len(rows) == len(told["shapes"])
    assert max(each["limit_s"] for each in told["shapes"]) == 43200
    assert "<table>" in (tmp_path / "shapes.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--job", "nodes=1,time=13h"), 4, "partition 'booster' of JUPITER Booster grants at most 12 h"),
        (("--job", "nodes=1"), 2, "'time' is missing"),
        (("--job", "nodes=1,time=1h", "--at", "today"), 2, "expected a time in ISO 8601"),
        (("--job", "nodes=1,time=1h", "--seed", "x"), 2, "must be a whole number"),
        (("--job", "nodes=1,time=1h", "--backfill", "esay"), 2, "unknown backfill 'esay'"),
        (("--job", "nodes=1,time=1h", "--machine", "0"), 2, "1 to 20,000,000 nodes"),
    ],
)
def test_bad_input_is_one_line(state: Path, words: tuple[str, ...], code: int, says: str) -> None:
    said = exatwin("forecast", state, "--machine", "jupiter", "-q", *words)
    assert said.code == code
    assert says in said.err
    assert said.err.count("\n") == 1


def test_work_is_in_node_hours(state: Path) -> None:
    said = exatwin("shape", state, "--machine", "jupiter", "--work", "much")
    assert (said.code, said.out) == (2, "")
    assert "expected node-hours, such as 1000node-h" in said.err


def test_import_squeue_prints_the_line_to_run_and_checks_what_came(state: Path) -> None:
    assert exatwin("import", "squeue", "--print-command").out.startswith(
        "SLURM_TIME_FORMAT=%s squeue --all --array"
    )
    said = exatwin("import", "squeue", state)
    assert said.out == "1 jobs run on 5,000 nodes, 1 wait, 1 are held\n"
    assert said.err == NOTES
    assert exatwin("import", "squeue", state, "--json").told["running_nodes"] == 5000
    assert exatwin("import", "squeue").code == 2


def test_an_instant_of_a_result_is_asked_with_its_own_scheduler(tmp_path: Path) -> None:
    folder = tmp_path / "result"
    made = exatwin("run", "--machine", "jedi", "--days", 2, "--set", "facility=false", "-q", "-o", folder)
    assert made.code == 0
    assert "name an instant of it with --at" in exatwin("forecast", folder, "--job", "nodes=4,time=1h").err
    words = (
        "forecast",
        folder,
        "--at",
        "2026-06-02T06:00",
        "--job",
        "nodes=20,time=1h",
        "--members",
        30,
        "--json",
    )
    found = exatwin(*words).told
    assert found["basis"][-1] == "errors: none added, the simulated scheduler is that of the result"
    assert found["p10_wait_s"] <= found["p50_wait_s"] <= found["p90_wait_s"]
    slurm = exatwin(*words[:-3], "--members", 3, "--backfill", "slurm", "--json").told
    assert "schedule: fcfs, backfill slurm" in slurm["basis"]
