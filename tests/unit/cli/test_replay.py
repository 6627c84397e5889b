"""``exatwin replay``: logs in every format, rescheduled and as recorded, whole and broken."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from console import exatwin, refused
from exatwin.workload.traces import read_trace

SAMPLE = Path(__file__).resolve().parents[3] / "examples" / "sample_sacct.txt"
HEAD = "; MaxProcs: 100\n; UnixStartTime: 843480000\n"


def row(
    number: int,
    *,
    submit: object = 0,
    wait: object = 0,
    run: object = 10,
    procs: object = 4,
    limit: object = 100,
    state: int = 1,
) -> str:
    """Return a line of SWF."""
    return f"{number} {submit} {wait} {run} {procs} -1 -1 {procs} {limit} -1 {state} 1 1 -1 1 -1 -1 -1\n"


LOG = HEAD + "".join(
    row(i, submit=60 * i, wait=7 * i, run=600 + i, procs=1 + i % 90, limit=900) for i in range(1, 60)
)


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.swf").write_text(LOG, "utf-8")


def starts(file: str = "s.csv") -> dict[str, int]:
    with Path(file).open(encoding="utf-8") as lines:
        return {line["id"]: int(line["start"]) for line in csv.DictReader(lines)}


def test_a_log_without_a_machine_has_no_power() -> None:
    told = exatwin("replay", "log.swf", "--json").told
    assert (told["jobs"], told["rows_read"], told["rows_skipped"], told["nodes"]) == (59, 59, 0, 100)
    for name in ("energy_j", "peak_power_w", "pue", "cost_eur", "machine"):
        assert told[name] is None
    assert 0 < told["utilisation_frac"] <= 1
    assert told["mean_wait_s"] > 0
    assert told["makespan_s"] > 59 * 60


def test_the_summary_opens_where_the_first_job_was_sent() -> None:
    said = exatwin("replay", "log.swf", "-q", "-o", "r")
    assert said.code == 0
    assert "100 processors" in said.out
    assert "from 1996-09-23 12:01 UTC" in said.out
    assert "IT power" not in said.out
    assert Path("r/report.html").stat().st_size > 1e5


def test_formats_and_packing_make_no_difference() -> None:
    Path("log.swf.gz").write_bytes(gzip.compress(LOG.encode()))
    read_trace(Path("log.swf")).write(Path("log.parquet"))
    found = []
    for name in ("log.swf", "log.swf.gz", "log.parquet"):
        told = exatwin("replay", name, "--processors", 100, "--json", "--schedule", "s.csv").told
        found.append((told["mean_wait_s"], told["mean_bounded_slowdown"], starts()))
    assert found[0] == found[1] == found[2]


def test_as_recorded_jobs_start_as_logged() -> None:
    exatwin("replay", "log.swf", "--as-recorded", "--json", "--schedule", "s.csv")
    assert starts() == {str(i): 67 * i for i in range(1, 60)}


@pytest.mark.parametrize("compat", ["event", "batch"])
def test_compat_applies_the_strong_filter(compat: str) -> None:
    Path("log.swf").write_text(LOG + row(77, run=0) + row(78, procs=400) + row(79, limit=-1), "utf-8")
    told = exatwin("replay", "log.swf", "--compat", compat, "--json").told
    assert (told["jobs"], told["rows_read"], told["rows_skipped"]) == (59, 62, 3)
    assert sum(told["rows_by_reason"].values()) >= 3


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "conservative"])
def test_backfilling_never_lets_the_mean_wait_grow_here(backfill: str) -> None:
    plain = exatwin("replay", "log.swf", "--backfill", "none", "--json").told
    told = exatwin("replay", "log.swf", "--backfill", backfill, "--json").told
    assert told["mean_wait_s"] <= plain["mean_wait_s"]
    assert told["scenario"]["schedule"]["backfill"] == backfill


def test_sacct_text_on_a_machine_has_power_and_a_bill() -> None:
    told = exatwin("replay", SAMPLE, "--machine", "jedi", "--json").told
    assert told["rows_read"] == told["jobs"] + told["rows_skipped"]
    assert told["energy_j"] > 0
    assert 1 < told["pue"] < 1.2
    assert told["billing_unit"] == "node-h"


def test_sacct_text_needs_the_size_of_the_machine() -> None:
    line = refused("replay", SAMPLE)
    assert "does not say how large its machine is: name one with --machine, or give --processors N" in line
    assert exatwin("replay", SAMPLE, "--processors", 24, "--json").told["nodes"] == 24


def test_processors_become_nodes() -> None:
    told = exatwin("replay", "log.swf", "--processors-per-node", 10, "--processors", 10, "--json").told
    assert told["median_job_nodes"] == 4


def test_repairs_and_losses_are_told_in_the_summary() -> None:
    text = SAMPLE.read_bytes()
    Path("cut.gz").write_bytes(gzip.compress(text)[:3000])
    said = exatwin("replay", "cut.gz", "--machine", "jedi", "-q", "-o", "r")
    assert "not used: cancelled before it started" in said.out
    assert "note: the gzip stream is cut off after" in said.out


@pytest.mark.parametrize(
    ("lines", "jobs", "why"),
    [
        (row(1) + row(2, procs="1e300"), 1, "an absurd number of nodes"),
        (row(1) + row(2, run="1e300", limit="1e300"), 1, "an absurd run time"),
        (row(1) + row(2, submit="1e300"), 1, "an absurd time"),
        (row(1) + row(2, submit="nan"), 1, "no submission or start time"),
        (row(1) + row(2, procs=101), 1, "wider than its partition"),
        (row(1) + "9" * 100_000 + "\n", 1, "too few fields"),
        (row(1, run=0) + row(2, submit=5, run=0), 2, ""),
    ],
)
def test_a_broken_row_never_stops_a_replay(lines: str, jobs: int, why: str) -> None:
    Path("log.swf").write_text(HEAD + lines, "utf-8")
    told = exatwin("replay", "log.swf", "--json").told
    assert told["jobs"] == jobs
    assert told["rows_skipped"] == told["rows_read"] - jobs
    assert not why or why in told["rows_by_reason"]


BAD_LOGS = {
    "empty": (b"", "log.swf: is empty, expected sacct"),
    "blank": (b" \n\n", "log.swf: is empty"),
    "binary": (bytes(range(256)) * 9, "log.swf: is binary"),
    "page": (b"<html>404</html>\n", "log.swf: no known format (it begins with '<html>404</html>')"),
    "head only": (HEAD.encode(), "log.swf: holds no job lines"),
    "no gzip": (b"\x1f\x8b", "log.swf: the gzip stream is cut off"),
    "no parquet": (b"PAR1" + b"\0" * 99 + b"PAR1", "log.swf: can't be read as Parquet"),
    "too wide": ((HEAD + row(1, procs=400)).encode(), "none of its 1 rows is a job that can run here"),
    "absurd size": (("; MaxProcs: 2147483647\n" + row(1)).encode(), "expected at most 20,000,000"),
}


@pytest.mark.parametrize("kind", BAD_LOGS)
def test_a_log_that_holds_nothing_is_refused(kind: str) -> None:
    content, why = BAD_LOGS[kind]
    Path("log.swf").write_bytes(content)
    assert why in refused("replay", "log.swf", code=3)


BAD_FLAGS = {
    "--processors 0": "--processors 0: must be at least 1",
    "--processors x": "--processors x: must be a whole number",
    "--processors 1e9": "--processors 1e9: must be a whole number",
    "--processors 99999999999": "--processors 99999999999: must be at most 20000000",
    "--processors-per-node 0": "--processors-per-node 0: must be at least 1",
    "--compat evnt": "--compat evnt: must be 'event' or 'batch'",
    "--format swff": "unknown trace format 'swff': did you mean 'swf'?",
    "--timezone Europe/Berlni": "unknown time zone 'Europe/Berlni': did you mean 'Europe/Berlin'?",
    "--machine jupitre": "unknown machine 'jupitre': did you mean 'jupiter'?",
    "--as-recorded --policy sjf": "--policy has no effect: jobs start as logged with --as-recorded",
    "--machine jedi --processors 5": "--processors has no effect: the size is that of --machine",
    "--set days=3": "--set days has no effect: the log brings its own",
    "--set workload.load=1": "--set workload.load has no effect: the log brings its own",
    "--seed -1": "--seed -1: must be at least 0",
}


@pytest.mark.parametrize("flags", BAD_FLAGS)
def test_a_flag_that_does_not_fit_is_answered_in_the_words_that_were_typed(flags: str) -> None:
    assert BAD_FLAGS[flags] in refused("replay", "log.swf", *flags.split(" "))


def test_a_log_that_is_not_there() -> None:
    assert refused("replay", "none.swf").startswith("none.swf: there is no such file, expected a trace")
    assert refused("replay", ".").startswith(".: is a folder, expected a trace file")
    assert "Missing argument 'TRACE'" in refused("replay")
    assert refused("replay", "caf\udce9.swf").startswith("caf\\xe9.swf: the name is no UTF-8 text")
