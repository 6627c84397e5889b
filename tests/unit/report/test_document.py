from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from fake import FakeResult, fake_result

from exatwin.foundation.errors import OutputError
from exatwin.foundation.signal import Signal
from exatwin.report import document

LIGHT = ("style", "words", "source", "statistics", "energy", "keys", "cards", "tables", "markup", "document")


@pytest.fixture(scope="module")
def page(result: FakeResult) -> str:
    return document.render(result)


def data(page: str, name: str) -> object:
    found = re.search(rf'<script type="application/json" id="data-{name}">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def test_the_page_fetches_nothing(page: str) -> None:
    assert not re.findall(
        r"<(?:script|img|iframe|link)[^>]+(?:src|href)=[\"'](?!data:)", page[: page.find("plotly.js")]
    )
    assert "@import" not in page[:200_000]
    assert "url(" not in page[: page.find("<body>")]


def test_the_page_is_small_enough_to_mail(page: str) -> None:
    assert len(page.encode()) < 8e6


def test_the_same_result_gives_the_same_page(result: FakeResult, page: str) -> None:
    assert document.render(result) == page


def test_the_page_holds_every_figure_and_the_summary(page: str, result: FakeResult) -> None:
    figures = data(page, "figures")
    assert isinstance(figures, dict)
    assert set(figures) == set(document.ORDER)
    for name in figures:
        assert f'data-figure="{name}"' in page
    summary = data(page, "summary")
    assert isinstance(summary, dict)
    assert summary["summary"]["energy_j"] == result.summary()["energy_j"]
    assert summary["provenance"]["command"] in page


def test_the_schedule_travels_as_runs(page: str) -> None:
    figures = data(page, "figures")
    assert isinstance(figures, dict)
    grid = figures["gantt"]["data"][0]["z"]
    assert grid["shape"] == [420, 1344]
    assert set(grid["lengths"]) == {"dtype", "bdata"}
    assert len(json.dumps(figures["gantt"])) < 600_000


def test_a_grid_without_neighbours_travels_cell_by_cell() -> None:
    import plotly.graph_objects as go

    busy = np.arange(12, dtype=np.int32).reshape(3, 4)
    calm = np.zeros((3, 4), np.int32)
    packed = document.pack(go.Figure([go.Heatmap(z=busy), go.Heatmap(z=calm)]))
    assert np.array_equal(packed["data"][0]["z"], busy)
    assert packed["data"][1]["z"]["lengths"].tolist() == [12]


@pytest.mark.parametrize(
    ("values", "code"),
    [([0, 255], "u1"), ([-1, 3], "i1"), ([0, 65_535], "u2"), ([-1, 300], "i2"), ([1_780_000_000], "u4"),
     ([-70_000], "i4"), ([2**40], "f8"), ([], "u1")],
)  # fmt: skip
def test_integers_travel_in_the_narrowest_type(values: list[int], code: str) -> None:
    spec = document._typed(np.array(values, np.int64))
    assert spec["dtype"] == code
    assert np.frombuffer(b64decode(spec["bdata"]), code).tolist() == values


def test_the_page_says_what_it_rests_on(page: str) -> None:
    for text in ("modelled", "assumed", "EN 50600-4-2", "10 kV meter", "synthetic workload", "f3a9c1d27b40"):
        assert text in page


def test_a_replay_without_a_machine_still_has_a_page(plain: FakeResult) -> None:
    page = document.render(plain)
    figures = data(page, "figures")
    assert isinstance(figures, dict)
    assert set(figures) == {"usage", "gantt", "waits"}
    assert "128 processors" in page
    assert "<h3>Price" not in page


def test_hostile_names_do_not_escape(result: FakeResult) -> None:
    evil = "</script><script>alert(1)</script><img src=x>"
    names = (evil, *result.profiles.names[1:])
    hostile = replace(
        result,
        profiles=replace(result.profiles, names=names),
        provenance={**result.provenance, "command": evil, "id": evil},
    )
    page = document.render(hostile)
    assert evil not in page
    assert "<img src=x>" not in page


def test_unknown_values_become_null(result: FakeResult) -> None:
    gap = Signal.steps(np.where(np.arange(96) == 5, np.nan, 1.05), 900.0, "1")
    holed = replace(
        result,
        signals={**result.signals, "pue": gap},
        figures={**result.figures, "water_kg": float("nan")},
    )
    summary = data(document.render(holed), "summary")
    assert isinstance(summary, dict)
    assert summary["summary"]["water_kg"] is None


def test_write_leaves_one_whole_file(tmp_path: Path, plain: FakeResult) -> None:
    path = tmp_path / "page.html"
    document.write(plain, path)
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_write_into_nowhere_is_one_clean_line(tmp_path: Path, plain: FakeResult) -> None:
    with pytest.raises(OutputError, match=r"page\.html: can't be written: No such file"):
        document.write(plain, tmp_path / "missing" / "page.html")


def test_a_failed_write_keeps_what_was_there(
    tmp_path: Path, plain: FakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        document.write(plain, path)
    assert path.read_text() == "before"
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_the_report_imports_plotly_only_to_draw() -> None:
    code = (
        f"import sys; [__import__('exatwin.report.' + n) for n in {LIGHT!r}]; print('plotly' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", [*LIGHT, "figures.waits", "figures.floor", "figures.gantt"])
def test_examples_run(name: str) -> None:
    assert doctest.testmod(import_module(f"exatwin.report.{name}")).failed == 0


def test_a_large_run_stays_small() -> None:
    page = document.render(fake_result(7.0, 5000))
    assert len(page.encode()) < 7e6
