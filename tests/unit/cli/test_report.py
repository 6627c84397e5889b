from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exatwin.cli.report import command
from exatwin.study import store

FAKES = Path(__file__).parents[1] / "report"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Give a made-up result for any folder, and tell which folders were asked for."""
    monkeypatch.syspath_prepend(str(FAKES))
    from fake import fake_result

    result, asked = fake_result(1.0, 100, machine=None), []

    def load(folder: Path) -> Any:
        asked.append(folder)
        return result

    monkeypatch.setattr(store, "load", load)
    return asked


def test_the_page_goes_into_the_folder_of_the_result(tmp_path: Path, loaded: list[Path]) -> None:
    done = CliRunner().invoke(command, [str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{tmp_path / 'report.html'}\n"
    assert (tmp_path / "report.html").stat().st_size > 1e6
    assert loaded == [tmp_path]


def test_the_page_goes_where_it_is_asked_to_and_json_describes_it(tmp_path: Path, loaded: list[Path]) -> None:
    path = tmp_path / "page.html"
    done = CliRunner().invoke(command, [str(tmp_path / "run"), "-o", str(path), "--json"])
    told = json.loads(done.stdout)
    assert told["path"] == str(path)
    assert told["size_b"] == path.stat().st_size
    assert "gantt" in told["figures"]
    assert "figures" in told["tables"]
    assert told["id"] == "f3a9c1d27b40"


def test_what_is_no_result_is_an_error_for_a_person(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [str(tmp_path / "nothing")])
    assert isinstance(done.exception, Exception)
    assert done.exception.exit_code in (2, 3)  # type: ignore[attr-defined]
    assert "nothing" in str(done.exception)


def test_help_imports_neither_numpy_nor_plotly() -> None:
    import subprocess

    code = "import sys, exatwin.cli.report; print({'numpy', 'plotly'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
