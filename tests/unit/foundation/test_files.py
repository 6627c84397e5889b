"""Files are written whole or not at all, and nothing but a file is ever replaced."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.columns import read_columns, write_columns
from exatwin.foundation.errors import OutputError
from exatwin.foundation.files import refuse_special, whole


def test_what_was_written_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with whole(path) as partial:
        partial.write_text("new", "utf-8")
        assert path.read_text("utf-8") == "old"
    assert path.read_text("utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_what_was_there_stays_if_anything_goes_wrong(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")

    def break_off() -> None:
        with whole(path) as partial:
            partial.write_text("half", "utf-8")
            raise error

    with pytest.raises(OutputError if error is OSError else error):
        break_off()
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old", "utf-8")
    (tmp_path / "link.txt").symlink_to("real.txt")
    with whole(tmp_path / "link.txt") as partial:
        partial.write_text("new", "utf-8")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text("utf-8") == "new"


def test_devices_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(OutputError, match="expected a file that may be replaced"), whole(path):
            raise AssertionError("nothing may be written")
    assert pipe.is_fifo()
    with pytest.raises(OutputError, match="it is no regular file"):
        refuse_special(Path(os.devnull))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.csv: can't be written: No such file or directory"):
        write_columns({"a": np.arange(3)}, tmp_path / "none" / "a.csv")


def test_what_a_mask_hides_is_missing(tmp_path: Path) -> None:
    hidden = np.ma.masked_array(np.array([1, 2, 3]), [False, True, False])
    write_columns({"a": hidden}, tmp_path / "a.csv")
    write_columns({"a": hidden}, tmp_path / "a.parquet")
    assert (tmp_path / "a.csv").read_text("utf-8").split("\n") == ["a", "1", "", "3", ""]
    assert read_columns(tmp_path / "a.parquet")["a"].tolist() == [1, -1, 3]
