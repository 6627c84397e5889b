"""Files as they come: packed, cut off, empty, binary, missing."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest

from exatwin.foundation.errors import SpecError, TraceError
from exatwin.workload.traces import read_trace

from .conftest import row, table

TEXT = table(*(row(k, JobName=f"job number {k * k * 7919}") for k in range(5000)))


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_gzip_whatever_the_name(tmp_path: Path) -> None:
    plain = read_trace(written(tmp_path / "a.txt", TEXT.encode()))
    packed = gzip.compress(TEXT.encode())
    assert read_trace(written(tmp_path / "b.txt", packed)).jobs.equals(plain.jobs)
    assert read_trace(written(tmp_path / "c.gz", TEXT.encode())).jobs.equals(plain.jobs)


def test_gzip_of_several_members(tmp_path: Path) -> None:
    data = TEXT.encode()
    packed = gzip.compress(data[:100_000]) + gzip.compress(data[100_000:])
    assert len(read_trace(written(tmp_path / "a.gz", packed)).jobs) == 5000


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_truncated_gzip_gives_the_rows_until_there(tmp_path: Path, share: float) -> None:
    packed = gzip.compress(TEXT.encode())
    trace = read_trace(written(tmp_path / "a.gz", packed[: int(len(packed) * share)]))
    assert 5000 * share * 0.5 < len(trace.jobs) <= 5000
    assert any("gzip stream is cut off" in note for note in trace.report.notes)


def test_damaged_gzip_is_reported(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT.encode()))
    packed[-5] ^= 0xFF
    trace = read_trace(written(tmp_path / "a.gz", bytes(packed)))
    assert any("damaged" in note for note in trace.report.notes)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "is empty"),
        (b" \n\n\t\n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(b"x" * 99)[:5], "cut off before its first byte"),
        (bytes(range(256)) * 20, "is binary"),
        (bz2.compress(TEXT.encode()), "packed with bzip2"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"PAR1 is not enough", "can't be read as Parquet"),
    ],
    ids=["nothing", "blanks", "packed nothing", "cut off", "binary", "bzip2", "UTF-16", "no Parquet"],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path: Path, data: bytes, match: str) -> None:
    with pytest.raises(TraceError, match=match) as error:
        read_trace(written(tmp_path / "a", data))
    assert "\n" not in str(error.value)


def test_a_few_zero_bytes_do_not_make_a_log_binary(tmp_path: Path) -> None:
    data = TEXT.replace("job number 0", "\0\0\0").encode() + b"\0" * 40
    trace = read_trace(written(tmp_path / "a", data))
    assert trace.report.rows_used == 5000
    assert trace.report.rows_skipped == 1


def test_missing_files_and_folders_are_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        read_trace(tmp_path / "nope")
    with pytest.raises(SpecError, match="is a folder"):
        read_trace(tmp_path)
