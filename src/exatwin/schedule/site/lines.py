"""The lines of a file of a centre: plain or gzip, comments and continuations taken away."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from exatwin.foundation.errors import SpecError

_MOST_B = 64 * 2**20
_SHOWN = 5


class Line(NamedTuple):
    """One logical line and where it begins."""

    path: str
    number: int
    """From 1."""
    text: str

    def at(self, what: str) -> str:
        """Return `what`, told with the file and the line."""
        return f"{self.path}:{self.number}: {what}"


def read_text(path: Path, expected: str) -> str:
    """Return the text of the file at `path`, unpacked; bytes that are no UTF-8 become replacement signs.

    Raises
    ------
    SpecError
        The file is missing, can't be read, is empty, binary or absurdly large; `expected` says what for.
    """
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file, expected {expected}") from None
    except IsADirectoryError:
        raise SpecError(f"{path}: is a folder, expected {expected}") from None
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise SpecError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > _MOST_B or b"\0" in data[:4096]:
        raise SpecError(f"{path}: is no text of a sensible size, expected {expected}")
    if not data.strip():
        raise SpecError(f"{path}: is empty, expected {expected}")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def logical_lines(path: Path | str, text: str, *, comment: str = "#") -> Iterator[Line]:
    r"""Yield the lines of `text` that hold something; ``\`` at the end joins the next one.

    Examples
    --------
    >>> [line.text for line in logical_lines("f", "a=1 # one\n\nb=2 \\\n c=3\n")]
    ['a=1', 'b=2  c=3']
    """
    held, begin = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = _uncommented(raw, comment)
        begin = begin if held else number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1]
            continue
        whole = (held + line).strip()
        held = ""
        if whole:
            yield Line(str(path), begin, whole)
    if held.strip():
        yield Line(str(path), begin, held.strip())


def _uncommented(line: str, comment: str) -> str:
    """Return `line` up to its comment, which may be escaped or stand in quotes."""
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign == '"':
            quote = sign
        elif sign == comment and (at == 0 or line[at - 1] != "\\"):
            return line[:at]
    return line


def refuse(problems: Iterable[str]) -> None:
    """Raise all `problems` of a file in one line, if there are any.

    Raises
    ------
    SpecError
        There is a problem.
    """
    found = list(problems)
    if not found:
        return
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise SpecError("; ".join(found[:_SHOWN]) + more)
