"""The script that records errors refuses worse ones, and renews the lines of the README."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from exatwin.study.validation.scores import Row, Validation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give the script, writing below a folder of the test."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import record_validation

    monkeypatch.setattr(record_validation, "TARGET", tmp_path / "recorded.csv")
    monkeypatch.setattr(record_validation, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text(
        "| a |\n| HPL power, each machine left out in turn | old |\n", "utf-8"
    )
    yield record_validation
    sys.modules.pop("record_validation")


def found(error: float, recorded: float) -> list[Validation]:
    row = Row("r1", "a machine", 100.0, 100.0 * (1.0 + error), error, error)
    return [Validation("hpl-power", "a model", "W", (row,), pinned={"r1": recorded})]


def test_what_did_not_grow_is_recorded_by_id(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "validate", lambda: found(-0.05, 0.06))
    script.main([])
    assert (tmp_path / "recorded.csv").read_text("utf-8") == "model,id,error\nhpl-power,r1,-0.0500\n"
    line = "| HPL power, each machine left out in turn | 1 machines of the lists | "
    said = f"{line}5.0 % median, 5 % for nine in ten |"
    assert (tmp_path / "README.md").read_text("utf-8") == f"| a |\n{said}\n"


def test_what_grew_is_refused_unless_it_is_meant(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "validate", lambda: found(0.08, 0.06))
    with pytest.raises(SystemExit, match="hpl-power: the median is worse than recorded"):
        script.main([])
    assert not (tmp_path / "recorded.csv").exists()
    script.main(["--accept"])
    assert "r1,+0.0800" in (tmp_path / "recorded.csv").read_text("utf-8")


def test_a_line_that_the_readme_lacks_is_named(script: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no line begins with"):
        script.renewed("| a |\n", script.readme_lines(found(0.1, 0.1)))
