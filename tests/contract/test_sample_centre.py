"""The sample centre: its log is what its own files make of it, and somebody can make it again."""

from __future__ import annotations

import csv
import runpy
import sys
from pathlib import Path

import pytest

from console import exatwin

ROOT = Path(__file__).resolve().parents[2]
CENTRE = ROOT / "examples" / "centre"
LOG = CENTRE / "sacct.txt"
FILES = (
    "--slurm-conf",
    CENTRE / "slurm.conf",
    "--sacctmgr",
    CENTRE / "accounts.txt",
    "--sacctmgr",
    CENTRE / "qos.txt",
)


def recorded() -> dict[int, int]:
    with LOG.open(encoding="utf-8") as lines:
        return {int(row["JobIDRaw"]): int(row["Start"]) for row in csv.DictReader(lines, delimiter="|")}


def test_it_can_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_sample_centre.py", str(tmp_path / "again.txt")])
    runpy.run_path(str(ROOT / "scripts" / "make_sample_centre.py"), run_name="__main__")
    assert (tmp_path / "again.txt").read_bytes() == LOG.read_bytes()


def test_replayed_by_its_own_files_every_job_starts_as_recorded(tmp_path: Path) -> None:
    said = exatwin("replay", LOG, *FILES, "--schedule", tmp_path / "s.csv", "--json", "-o", tmp_path / "r")
    assert said.told["scenario"]["schedule"]["policy"] == "multifactor"
    assert said.told["scenario"]["schedule"]["backfill"] == "slurm"
    with (tmp_path / "s.csv").open(encoding="utf-8") as lines:
        starts = {int(row["id"]): int(row["start"]) + 1788739200 for row in csv.DictReader(lines)}
    assert starts == recorded()
