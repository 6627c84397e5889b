"""Results as folders: whole or not at all, and the same when they come back."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.columns import read_columns
from exatwin.foundation.errors import ExatwinError, OutputError, SpecError, TraceError
from exatwin.study import store
from exatwin.study.api import replay, run
from exatwin.study.result import Result


@pytest.fixture(scope="module")
def day() -> Result:
    return run("jedi", days=1, seeds=1)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Result:
    log = tmp_path_factory.mktemp("log") / "log.swf"
    lines = (f"{i} {i} 0 50 {i} -1 -1 {i} 90 -1 1 1 1 -1 1 -1 -1 -1\n" for i in range(1, 9))
    log.write_text("; MaxProcs: 8\n" + "".join(lines), "utf-8")
    return replay(log)


@pytest.fixture(scope="module")
def kept(day: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a result, to be copied and not changed."""
    return day.save(tmp_path_factory.mktemp("kept") / "r")


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """Return the folder of a result, to be broken."""
    return Path(shutil.copytree(kept, tmp_path / "r"))


def test_a_result_comes_back_as_it_was(day: Result, bare: Result, tmp_path: Path) -> None:
    for result in (day, bare):
        folder = result.save(tmp_path / "r")
        again = store.load(folder)
        assert store.describe(again) == store.describe(result)
        assert again.jobs.equals(result.jobs)
        for name in ("start_s", "end_s", "state"):
            assert np.array_equal(getattr(again.schedule, name), getattr(result.schedule, name))
        for name, signal in result.signals.items():
            assert np.array_equal(again.signals[name].values, signal.values)
            assert np.array_equal(again.signals[name].edges_s, signal.edges_s)
            assert again.signals[name].unit == signal.unit


def test_power_is_computed_anew_from_what_is_stored(day: Result, kept: Path) -> None:
    again = store.load(kept)
    assert day.power is not None
    assert again.power is not None
    assert again.power.by_part_j == day.power.by_part_j
    assert np.array_equal(again.power.job_j, day.power.job_j)


def test_the_folder_is_json_and_parquet_that_any_tool_reads(day: Result, folder: Path) -> None:
    document = json.loads((folder / "run.json").read_text("utf-8"))
    assert document["summary"]["energy_j"] == day.summary()["energy_j"]
    jobs = read_columns(folder / "jobs.parquet")
    assert len(jobs["job_id"]) == len(day.jobs)
    power = read_columns(folder / "signals" / "it_w.parquet")
    energy = float(np.dot(power["value"][:-1], np.diff(power["from_s"])))
    assert energy == pytest.approx(document["summary"]["energy_j"], rel=1e-12)


def test_an_older_result_is_replaced(day: Result, bare: Result, tmp_path: Path) -> None:
    bare.save(tmp_path / "r")
    (tmp_path / "r" / "report.html").write_text("old", "utf-8")
    day.save(tmp_path / "r")
    assert store.load(tmp_path / "r").provenance["id"] == day.provenance["id"]
    assert not (tmp_path / "r" / "report.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_link_to_a_folder_stays_a_link(day: Result, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    day.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "run.json").is_file()


@pytest.mark.parametrize("last", range(1, 6))
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_disk_that_fills_or_an_interrupt_leaves_what_was_there(
    last: int,
    error: BaseException,
    day: Result,
    bare: Result,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare.save(tmp_path / "r")
    count = 0

    def write(*args: object) -> None:
        nonlocal count
        count += 1
        if count == last:
            raise error

    monkeypatch.setattr(store, "write_columns", write)
    with pytest.raises((OutputError, KeyboardInterrupt)) as caught:
        day.save(tmp_path / "r")
    if isinstance(error, OSError):
        assert str(caught.value) == f"{tmp_path / 'r'}: can't be written: No space left on device"
    count = 0
    with pytest.raises((OutputError, KeyboardInterrupt)):
        day.save(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    assert store.load(tmp_path / "r").provenance["id"] == bare.provenance["id"]


def test_an_interrupt_between_the_old_and_the_new_keeps_the_old(
    day: Result, bare: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.save(tmp_path / "r")
    move = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial") and target.name == "r":
            raise KeyboardInterrupt
        return move(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        day.save(tmp_path / "r")
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    assert store.load(tmp_path / "r").provenance["id"] == bare.provenance["id"]


def test_a_folder_with_anything_else_in_it_is_left_alone(day: Result, folder: Path) -> None:
    (folder / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match=r"holds 'notes\.txt' and is no result"):
        day.save(folder)
    assert (folder / "notes.txt").read_text("utf-8") == "mine"


def test_names_with_brackets_stars_and_quotes_are_names(bare: Result, tmp_path: Path) -> None:
    for name in ("a[1]", "b*?", "it's"):
        assert len(store.load(bare.save(tmp_path / name)).jobs) == len(bare.jobs)


@pytest.mark.parametrize(
    "broken",
    ["", "{", "[]", "3", '{"format": 99}', '{"format": 1}', '{"format": 1, "units": 3}', "[" * 9000],
)
def test_a_broken_description_is_refused_in_one_line(broken: str, folder: Path) -> None:
    (folder / "run.json").write_text(broken, "utf-8")
    with pytest.raises(TraceError) as caught:
        store.load(folder)
    assert str(caught.value).startswith(f"{folder}: the result is broken: ")


@pytest.mark.parametrize("part", ["jobs", "phases", "placement", "signals/it_w"])
@pytest.mark.parametrize("how", ["missing", "empty", "cut", "another"])
def test_a_missing_or_broken_table_is_refused_in_one_line(part: str, how: str, folder: Path) -> None:
    file = folder / f"{part}.parquet"
    if how == "missing":
        file.unlink()
    elif how == "another":
        shutil.copy(folder / ("phases.parquet" if part != "phases" else "jobs.parquet"), file)
    else:
        file.write_bytes(file.read_bytes()[: 0 if how == "empty" else file.stat().st_size // 2])
    with pytest.raises(ExatwinError) as caught:
        store.load(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("key", ["start", "scenario", "summary", "capacity", "ledger", "machine", "profiles"])
def test_a_description_that_lost_a_key_is_refused(key: str, bare: Result, tmp_path: Path) -> None:
    folder = bare.save(tmp_path / "r")
    document = json.loads((folder / "run.json").read_text("utf-8"))
    del document[key]
    (folder / "run.json").write_text(json.dumps(document), "utf-8")
    if key == "summary":  # for people only: it is computed anew
        assert store.load(folder).summary() == bare.summary()
        return
    with pytest.raises(TraceError, match=f"it lacks '{key}'"):
        store.load(folder)


def test_a_folder_without_a_result(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"holds no result \(expected a folder with run\.json"):
        store.load(tmp_path)


def test_what_is_not_finite_becomes_null() -> None:
    given = {"a": float("nan"), "b": [np.float64("inf"), np.int64(3), True], "c": ("x", None)}
    assert store.plain(given) == {"a": None, "b": [None, 3, True], "c": ["x", None]}
