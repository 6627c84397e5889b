"""``exatwin run``: every flag, what it prints and writes, and what it says of bad input."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from console import exatwin, refused
from exatwin.catalogue.load import data_folder
from exatwin.foundation.columns import read_columns

DAY = ("run", "--machine", "jedi", "--days", 1)
WANTED = (
    "jobs", "rows_read", "rows_skipped", "mean_wait_s", "mean_bounded_slowdown", "utilisation_frac",
    "makespan_s", "energy_j", "peak_power_w", "pue",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_json_is_one_object_with_the_key_figures_and_nothing_else() -> None:
    said = exatwin(*DAY, "--json")
    assert (said.code, said.err) == (0, "")
    told = said.told
    assert all(isinstance(told[name], int | float) and math.isfinite(told[name]) for name in WANTED)
    assert told["jobs"] == told["rows_read"] > 0
    assert told["rows_skipped"] == 0
    assert 0 < told["utilisation_frac"] <= 1 < told["pue"] < 1.2
    assert told["mean_bounded_slowdown"] >= 1
    assert told["makespan_s"] <= 86400
    assert told["peak_power_w"] * 86400 > told["energy_j"] > 0
    assert list(Path().iterdir()) == []


def test_every_run_tells_its_origin() -> None:
    told = exatwin(*DAY, "--json", "--seed", 5).told
    assert (told["seed"], told["machine"], told["days"]) == (5, "jedi", 1.0)
    assert len(told["id"]) == 12
    assert len(told["data_digest"]) == 16
    assert told["command"] == "exatwin run --machine jedi --days 1 --json --seed 5"
    out = exatwin(*DAY, "-q").out
    for word in ("id ", "seed 0", "version ", "data ", "again: exatwin run --machine jedi --days 1 -q"):
        assert word in out


def test_the_summary_leaves_a_folder_and_a_page() -> None:
    said = exatwin(*DAY)
    assert said.code == 0
    folder = next(Path("results").iterdir())
    assert folder.name.startswith("jedi-")
    assert said.err == f"result  {folder}/\npage    {folder}/report.html\n"
    assert "JEDI: 24 nodes" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines() if "again:" not in line)
    assert "id " + folder.name.removeprefix("jedi-") in said.out


def test_a_run_is_the_same_every_time_but_for_the_clock() -> None:
    first, second = exatwin(*DAY, "--json"), exatwin(*DAY, "--json")
    assert first.out == second.out
    texts = [exatwin(*DAY, "-q", "-o", "r").out.rsplit(",", 1)[0] for _ in range(2)]
    assert texts[0] == texts[1]


def test_the_answer_does_not_depend_on_how_it_is_given() -> None:
    told = exatwin(*DAY, "--json", "--schedule", "s.csv", "-o", "r", "-v").told
    rows = list(csv.DictReader(io.StringIO(exatwin(*DAY, "--csv").out)))
    stored = json.loads(Path("r/run.json").read_text())["summary"]
    assert len(rows) == 1
    assert float(rows[0]["energy_j"]) == told["energy_j"] == stored["energy_j"]
    assert float(rows[0]["mean_wait_s"]) == told["mean_wait_s"]


def test_verbose_says_each_stage_and_its_time() -> None:
    said = exatwin(*DAY, "--json", "-v")
    stages = [line.partition(":")[0] for line in said.err.splitlines()]
    assert stages == ["workload", "schedule", "power", "facility and account"]


def nodes_of(text: str) -> Iterator[int]:
    for stretch in text.split(","):
        low, _, high = stretch.partition("-")
        yield from range(int(low), int(high or low) + 1)


def check_schedule(rows: list[dict[str, str]], capacity: int, *, placed: bool) -> None:
    """Check from the file alone that no node serves two jobs and that nobody starts before submission."""
    changes: list[tuple[int, int]] = []
    held: dict[int, list[tuple[int, int]]] = {}
    for row in rows:
        if row["start"] == "":
            assert (row["state"], row["end"]) == ("PENDING", "")
            continue
        start, end, nodes = int(row["start"]), int(row["end"]), int(row["nodes"])
        assert int(row["submit"]) <= start <= end
        changes += [(start, nodes), (end, -nodes)]
        if placed:
            mine = list(nodes_of(row["nodelist"]))
            assert len(set(mine)) == nodes
            assert max(mine) < capacity
            for node in mine:
                held.setdefault(node, []).append((start, end))
    in_use = most = 0
    for _, change in sorted(changes):
        in_use += change
        most = max(most, in_use)
    assert 0 < most <= capacity
    for times in held.values():
        times.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(times))


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--backfill", "none"),
        ("--backfill", "easy-sjbf", "--policy", "sjf"),
        ("--backfill", "conservative", "--placement", "contiguous"),
        ("--policy", "wfp3", "--placement", "random"),
        ("--set", "schedule.policy=f1", "--set", "schedule.placement=none"),
    ],
)
def test_the_schedule_file_keeps_the_invariants(flags: tuple[str, ...]) -> None:
    told = exatwin("run", "--machine", "jedi", "--days", 3, "--json", "--schedule", "s.csv", *flags).told
    with Path("s.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    placed = "schedule.placement=none" not in flags
    assert list(rows[0]) == ["id", "submit", "start", "end", "state", "nodes", *["nodelist"] * placed]
    assert len(rows) == told["jobs"] == len({row["id"] for row in rows})
    check_schedule(rows, 24, placed=placed)


def test_the_schedule_is_the_same_as_parquet() -> None:
    exatwin(*DAY, "--json", "--schedule", "s.csv")
    exatwin(*DAY, "--json", "--schedule", "new/folder/s.parquet")
    with Path("s.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = read_columns(Path("new/folder/s.parquet"))
    assert found["id"].tolist() == [int(row["id"]) for row in rows]
    assert found["start"].tolist() == [int(row["start"] or -1) for row in rows]
    assert found["state"].tolist() == [row["state"] for row in rows]


def test_seeds_run_in_parallel_and_give_intervals() -> None:
    said = exatwin(*DAY, "--seeds", 3, "--seed", 4, "--json", "-o", "r")
    told = said.told
    assert [run["seed"] for run in told["seeds"]] == [4, 5, 6]
    energies = sorted(run["energy_j"] for run in told["seeds"])
    interval = told["intervals"]["energy_j"]
    assert len(set(energies)) == 3
    assert (
        energies[0] <= interval["p5"] <= interval["median"] == energies[1] <= interval["p95"] <= energies[2]
    )
    assert told["seeds"][1]["energy_j"] == exatwin(*DAY, "--seed", 5, "--json").told["energy_j"]
    assert len(json.loads(Path("r/run.json").read_text())["seeds"]) == 3


def test_a_scenario_file_with_changes_on_top() -> None:
    Path("s.toml").write_text(
        'machine = "jedi"\ndays = 1\nstart = 2026-01-05\n[cooling]\nsupply = "38 degC"\n', "utf-8"
    )
    told = exatwin("run", "s.toml", "--json", "--set", "days=0.5", "--set", "schedule.policy=ljf").told
    assert (told["days"], told["start"]) == (0.5, "2026-01-05T00:00:00+00:00")
    assert told["scenario"]["cooling"]["supply"] == "311.15 K"
    assert told["scenario"]["schedule"]["policy"] == "ljf"


def test_the_schema_describes_every_key() -> None:
    schema = exatwin("run", "--schema").told
    assert set(schema["properties"]) >= {
        "machine",
        "days",
        "seed",
        "workload",
        "trace",
        "schedule",
        "cooling",
    }
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["CoolingChange"]["properties"]["supply"]["anyOf"][0]["x-unit"] == "K"
    assert "Length of the window" in schema["properties"]["days"]["description"]


def test_a_share_may_be_written_in_percent() -> None:
    assert exatwin(*DAY, "--load", "50%", "--json").told["scenario"]["workload"]["load"] == "0.5"


def test_a_machine_without_jobs_idles() -> None:
    nobody = ("--load", 0.001, "--set", "workload.warmup=0s")
    said = exatwin("run", "--machine", "jedi", "--days", 0.5, *nobody, "--schedule", "s.csv")
    assert said.code == 0, said.err
    assert "allocated     0.0% of 24" in said.out
    assert Path("s.csv").read_text("utf-8").count("\n") == 1
    told = exatwin("run", "--machine", "jedi", "--days", 0.5, *nobody, "--json").told
    assert (told["jobs"], told["mean_wait_s"], told["utilisation_frac"]) == (0, None, 0.0)
    assert told["energy_j"] > 0


def test_report_draws_the_page_of_a_stored_result() -> None:
    exatwin(*DAY, "-o", "r", "-q")
    page = Path("r/report.html").read_bytes()
    Path("r/report.html").unlink()
    assert exatwin("report", "r").out == "r/report.html\n"
    assert Path("r/report.html").read_bytes() == page


BAD_FLAGS = {
    "--days 0": "--days 0: must be greater than 0",
    "--days -3": "--days -3: must be greater than 0",
    "--days nan": "--days nan: must be a number",
    "--days 1e300": "--days 1e300: must be at most 7320",
    "--days x": "--days x: must be a number",
    "--days 0.0001": "--days 0.0001: must be at least a minute",
    "--seed -1": "--seed -1: must be at least 0",
    "--seed 1.5": "--seed 1.5: must be a whole number",
    "--seed 99999999999999999999": "--seed 99999999999999999999: must be less than 9223372036854775808",
    "--seed 9223372036854775807 --seeds 2": "2 seeds from 9223372036854775807 on: expected seeds below",
    "--seeds 0": "--seeds 0: must be a whole number from 1 to 10000",
    "--seeds many": "--seeds many: must be a whole number from 1 to 10000",
    "--load 0": "--load 0: '0' is too small: expected more than 0",
    "--load nan": "--load nan: 'nan' is not a quantity: expected a number",
    "--load 1e300": "--load 1e300: '1e300' is too large: expected at most 5",
    "--start yesterday": "--start yesterday: must be a date or a time in ISO 8601, such as 2026-06-01",
    "--start 1e9": "--start 1e9: must be a date or a time in ISO 8601",
    "--start 1066-10-14": "--start 1066-10-14: must lie in 1970 … 2199",
    "--policy fcsf": "unknown policy 'fcsf': did you mean 'fcfs'?",
    "--backfill esay": "unknown backfill 'esay': did you mean 'easy'?",
    "--placement rondom": "unknown placement 'rondom': did you mean 'random'?",
    "--set days": "--set days: expected PATH=VALUE",
    "--set coling.supply=40degC": "unknown key 'coling.supply': did you mean 'cooling.supply'?",
    "--set cooling.supply=40": "--set cooling.supply=40: '40' has no unit: expected one such as '40 degC'",
    "--set cooling.supply=40MW": "--set cooling.supply=40MW: '40MW': 'MW' is no unit of the same kind as 'K'",
    "--set cooling.supply=-400degC": "is too small: expected at least 1 °C",
    "--set cooling=40degC": "--set cooling=40degC: must be a table of keys: supply",
    "--set facility=maybe": "--set facility=maybe: must be true or false",
    "--set days=true": "--set days=true: must be a number",
    "--set days=": "--set days=: can't be blank",
    "--set workload.warmup=1000d": "'1000d' is too large: expected at most 60 d",
    "--set workload.mix=nope": "unknown workload 'nope'",
    "--set trace.format=swf": "--set trace.format=swf: 'trace.path' is missing",
    "--set machine=": "'machine' is missing",
    "--set site=juelic": "unknown site 'juelic': did you mean 'juelich'?",
    "--set weather=nowhere.epw": "nowhere.epw: there is no such file",
    "--set market.tariff=flat-02": "unknown tariff 'flat-02': did you mean 'flat-020'?",
    "--machine jupitre": "unknown machine 'jupitre': did you mean 'jupiter'?",
    "--machine mine.toml": "mine.toml: there is no such file",
    "--machine ./mine": "./mine: there is no such file",
    "--machine .": ".: is no regular file, expected a machine in TOML",
    "--json --csv": "--json and --csv exclude each other",
    "-q -v": "--quiet and --verbose exclude each other",
}


@pytest.mark.parametrize("flags", BAD_FLAGS)
def test_a_flag_that_does_not_fit_is_answered_in_the_words_that_were_typed(flags: str) -> None:
    assert BAD_FLAGS[flags] in refused(*DAY, *flags.split(" "))
    assert list(Path().iterdir()) == []


def test_what_the_machine_cannot_do_is_infeasible() -> None:
    line = refused(*DAY, "--set", "cooling.supply=60degC", code=4)
    assert "cooling.supply is 60 °C: the racks accept water of at most" in line


def write_machine(**changes: str) -> None:
    text = (data_folder() / "machines" / "jedi.toml").read_text("utf-8")
    for key, value in changes.items():
        lines = [value if line.startswith(f"{key} = ") else line for line in text.splitlines()]
        assert lines != text.splitlines()
        text = "\n".join(lines)
    Path("mine.toml").write_text(text.replace("[peak]", "[peak]\n" if changes else "[peak]"), "utf-8")


def count(value: str) -> str:
    return f'nodes = {{ value = {value}, source = "T500", quality = "assumed" }}'


BAD_MACHINES = {
    count("0"): "mine.toml: 'nodes' must be at least 1 (found 0)",
    count("-5"): "mine.toml: 'nodes' must be at least 1 (found -5)",
    count("1e300"): "mine.toml: 'nodes' must be a whole number (found 1e+300)",
    count("1000000000"): "mine.toml: 'nodes' must be at most 1000000 (found 1000000000)",
    count("true"): "mine.toml: 'nodes' must be a whole number (found True)",
    count('"many"'): "mine.toml: 'nodes' must be a whole number (found 'many')",
    "nodes = 24": "mine.toml: nodes: the number has no source",
    "nodez = 24": "unknown key 'nodez', did you mean 'node'?",
    "": "mine.toml: 'nodes' is missing",
}


@pytest.mark.parametrize("line", BAD_MACHINES)
def test_a_machine_with_absurd_nodes_is_refused(line: str) -> None:
    write_machine(nodes=line)
    assert BAD_MACHINES[line] in refused("run", "--machine", "mine.toml")


def test_a_machine_of_a_file_runs() -> None:
    write_machine()
    told = exatwin("run", "--machine", "mine.toml", "--days", 1, "--json").told
    assert told["energy_j"] == exatwin(*DAY, "--json").told["energy_j"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x00\xff\xfe" * 50, "byte 1 is no UTF-8 text"),
        (b"days = \n", "at line 1"),
        (b"a = " + b"[" * 9000 + b"]" * 9000, "nested too deeply"),
        (b"dayz = 3\n", "unknown key 'dayz', did you mean 'days'?"),
        (b"days = '3'\n", "'days' must be a number (found '3')"),
        (
            b"days = -1\nseed = 0.5\n",
            "'days' must be greater than 0 (found -1); 'seed' must be a whole number",
        ),
        (b"workload = 3\n", "'workload' must be a table of keys: mix, job, load, chains, warmup (found 3)"),
        (b"nodes = 3\nnode = 'x'\n", "describes a machine, expected a scenario (try --machine s.toml)"),
        (b"\n".join(b"k%d = 1" % k for k in range(40)), "and 34 more"),
    ],
)
def test_a_scenario_file_that_does_not_fit_is_refused(content: bytes, why: str) -> None:
    Path("s.toml").write_bytes(content)
    line = refused("run", "s.toml")
    assert line.startswith("s.toml: ")
    assert why in line


def test_a_file_of_another_kind_is_told_apart() -> None:
    assert refused("run", "none.toml") == "none.toml: there is no such file"
    assert refused("run", ".") == ".: is a folder, expected a TOML file"
    assert "exatwin replay log.swf" in refused("run", "log.swf")
    assert "no UTF-8 text" in refused("run", "caf\udce9.toml")


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("-o", "file"), "file: is a file, expected a folder for the result"),
        (("-o", "file/r"), "file/r: can't be written: Not a directory"),
        (("-o", "mine"), "mine: holds 'thesis.tex' and is no result, expected a new or empty folder"),
        (("-o", "caf\udce9"), "caf\\xe9: the name is no UTF-8 text"),
        (("--schedule", "s.xlsx"), "can't tell the format by the ending '.xlsx': expected .csv or .parquet"),
        (("--schedule", "file/s.csv"), "file/s.csv: can't be written: Not a directory"),
        (("--schedule", "folder.csv"), "folder.csv: can't be written: it is a folder"),
    ],
)
def test_what_cannot_be_written_is_found_before_anything_is_computed(
    flags: tuple[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **named: object) -> None:
        raise AssertionError("nothing may be computed")

    monkeypatch.setattr("exatwin.study.sweep.run", never)
    Path("file").write_text("mine", "utf-8")
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("mine", "utf-8")
    Path("mine/run.json").write_text("{}", "utf-8")
    Path("folder.csv").mkdir()
    assert why in refused(*DAY, *flags)
    assert Path("mine/thesis.tex").read_text("utf-8") == "mine"
    assert len(list(Path().iterdir())) == 3


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder where even root can't write")
def test_a_folder_that_nobody_may_write_is_refused() -> None:
    assert refused(*DAY, "-o", "/proc/new").startswith("/proc/new: can't be written: ")
    assert refused(*DAY, "--schedule", "/proc/s.csv").startswith("/proc/s.csv: can't be written: ")
