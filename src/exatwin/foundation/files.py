"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exatwin.foundation.errors import OutputError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; what was written takes the place of `path` in one step.

    A link stays a link. If anything goes wrong, what was at `path` stays as it was.

    Raises
    ------
    OutputError
        The file can't be written, or `path` is a folder, a device or a pipe.
    """
    refuse_special(path)
    real = Path(os.path.realpath(path))
    partial = real.with_name(f".{real.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(real)
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # what could not be made can't be removed either
            partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write `text` to `path` whole or not at all, the folders above it where they are missing; return `path`.

    Raises
    ------
    OutputError
        It can't be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from None
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path


def check_writable(path: Path) -> None:
    """Check that a file may be written to `path`, before what goes into it is computed.

    Raises
    ------
    OutputError
        It is no regular file, or nobody may write there.
    """
    refuse_special(path)
    try:
        check_folder(path.resolve().parent)
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror or error}") from None


def check_folder(folder: Path) -> None:
    """Check that something can be made in `folder`, or in the nearest folder above it that exists.

    Raises
    ------
    OSError
        It can't.
    """
    while not folder.exists():
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder, prefix=".exatwin-"):
        pass


def refuse_special(path: Path) -> None:
    """Check that `path` is a file that may be replaced, or nothing yet.

    Raises
    ------
    OutputError
        It is a folder, a device or a pipe, or can't be looked at.
    """
    try:
        special = path.exists() and not path.is_file()
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror or error}") from None
    if special:
        what = "a folder" if path.is_dir() else "no regular file"
        raise OutputError(f"{path}: can't be written: it is {what}, expected a file that may be replaced")
