"""``exatwin import``: the line to run at home, and what comes of its output."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from exatwin.cli.import_ import command
from exatwin.foundation.errors import OutputError, SpecError, TraceError
from exatwin.workload.traces import read_trace

HEADER = "JobIDRaw|Account|User|Partition|Submit|Start|End|ElapsedRaw|TimelimitRaw|State|NNodes"
ROWS = [
    "1|physics|ada|booster|1767225600|1767225660|1767229260|3600|120|COMPLETED|4",
    "1.batch||||1767225660|1767225660|1767229260|3600||COMPLETED|4",
    "2|physics|bob|booster|1767225700|1767225760|1767225820|60|UNLIMITED|FAILED|1",
    "3|physics|bob|boo",
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "sacct.txt"
    path.write_text("\n".join([HEADER, *ROWS]))
    return path


def test_the_line_to_run_is_one_shell_command() -> None:
    result = CliRunner().invoke(
        command, ["slurm", "--print-command", "--start", "2026-01-01", "--end", "x; rm y"]
    )
    words = shlex.split(result.stdout)
    assert result.exit_code == 0
    assert words[:5] == ["SLURM_TIME_FORMAT=%s", "sacct", "-X", "--allusers", "--parsable2"]
    assert words[5:7] == ["--starttime=2026-01-01", "--endtime=x; rm y"]
    assert words[7].startswith("--format=JobIDRaw,Cluster,")
    assert len(words) == 8


def test_arrays_and_dependencies_are_asked_for_on_demand(log: Path) -> None:
    more = CliRunner().invoke(command, ["slurm", "--print-command", "--dependencies"]).stdout
    plain = CliRunner().invoke(command, ["slurm", "--print-command"]).stdout
    assert more == plain.rstrip("\n") + ",JobID,JobName,Reason,SubmitLine\n"
    refused = CliRunner().invoke(command, ["slurm", str(log), "--dependencies"])
    assert refused.exit_code == 2
    assert "no effect without --print-command" in refused.stderr


@pytest.mark.parametrize("ending", ["parquet", "swf"])
def test_a_log_becomes_a_trace_with_a_report(log: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"jobs.{ending}"
    result = CliRunner().invoke(command, ["slurm", str(log), "-o", str(out)])
    assert result.exit_code == 0
    assert result.stdout == f"{out}\n"
    assert "4 rows read: 2 used (1 of them repaired, 50.0%), 2 skipped" in result.stderr
    direct = read_trace(log)
    assert read_trace(out, origin=direct.origin).jobs.equals(direct.jobs)


def test_json_is_one_object_and_holds_no_names(log: Path) -> None:
    result = CliRunner().invoke(command, ["slurm", str(log), "--json"])
    told = json.loads(result.stdout)
    assert (told["jobs"], told["rows_read"], told["rows_skipped"], told["users"]) == (2, 4, 2, 2)
    assert told["skipped"] == {"a step of a job": 1, "too few fields": 1}
    assert "ada" not in result.stdout


def test_bad_input_is_an_error_of_its_kind(log: Path, tmp_path: Path) -> None:
    def error(*arguments: str) -> BaseException | None:
        return CliRunner().invoke(command, ["slurm", *arguments]).exception

    assert isinstance(error(str(tmp_path / "nope")), SpecError)
    assert isinstance(error(str(log), "-o", str(tmp_path / "a.txt")), OutputError)
    assert isinstance(error(str(log), "-o", str(tmp_path / "no" / "a.parquet")), OutputError)
    assert isinstance(error(str(log), "--node-cap", "700"), SpecError)
    (tmp_path / "empty").write_bytes(b"")
    assert isinstance(error(str(tmp_path / "empty")), TraceError)
    assert CliRunner().invoke(command, ["slurm"]).exit_code == 2
