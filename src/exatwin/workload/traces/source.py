"""A trace file as bytes: plain or gzip, whole or cut off; anything else refused in one line."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.errors import SpecError, TraceError

EXPECTED = "sacct --parsable2 text with a header line, SWF, or Parquet (text may be gzipped)"
_PACKED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7-zip",
}
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_CONTROLS = bytes(set(range(31)) - set(b"\t\n\f\r"))
_TEXT_FRAC = 0.95
"""Text holds fewer control characters than that leaves; a crash may well leave a few zero bytes in a log."""
_HEAD = 1 << 16
_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Source:
    """A trace file, unpacked."""

    path: Path
    data: bytes
    """Its bytes, unpacked; without the byte-order mark."""
    notes: tuple[str, ...] = ()
    """What had to be said about the file itself."""

    @property
    def head(self) -> bytes:
        """The first bytes, enough to tell the format."""
        return self.data[:_HEAD]

    @property
    def is_parquet(self) -> bool:
        """Whether the file begins as Parquet does."""
        return self.data.startswith(_PARQUET)

    def array(self) -> NDArray[np.uint8]:
        """Return the bytes as a read-only array, without a copy."""
        return np.frombuffer(self.data, np.uint8)


def open_source(path: Path, expected: str | None = None) -> Source:
    """Return the bytes of the trace at `path`, unpacked.

    Parameters
    ----------
    expected
        What it is to be, for messages; by default a trace.

    Raises
    ------
    SpecError
        The file is missing, a folder, or may not be read.
    TraceError
        It is empty, binary, or packed in another way than gzip.
    """
    told = f"a trace: {EXPECTED}" if expected is None else expected
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file, expected {told}") from None
    except IsADirectoryError:
        raise SpecError(f"{path}: is a folder, expected {told.replace('trace', 'trace file', 1)}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"{path}: can't be read: {why}") from None
    notes: tuple[str, ...] = ()
    if data.startswith(_GZIP):
        data, cut = _unpack(data)
        if cut:
            notes = (
                f"the gzip stream is {cut} after {len(data):,} bytes of text: rows until there were used",
            )
            if not data:
                raise TraceError(f"{path}: the gzip stream is {cut} before its first byte of text")
    _refuse(path, data, expected or EXPECTED)
    return Source(path, data.removeprefix(b"\xef\xbb\xbf"), notes)


def _unpack(data: bytes) -> tuple[bytes, str]:
    """Return the text of all members of a gzip file as far as it goes, and what cut it off, if anything."""
    parts: list[bytes] = []
    rest = data
    while rest.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        for at in range(0, len(rest), _CHUNK):
            before = stream.copy()
            try:
                parts.append(stream.decompress(rest[at : at + _CHUNK]))
            except zlib.error:
                parts += _until_damage(before, rest[at : at + _CHUNK])
                return b"".join(parts), "damaged"
            if stream.eof:
                rest = stream.unused_data + rest[at + _CHUNK :]
                break
        else:
            return b"".join([*parts, stream.flush()]), "cut off"
    return b"".join(parts), "followed by other bytes" if rest.strip(b"\0") else ""


def _until_damage(stream: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    """Yield the text of a damaged chunk, byte by byte, as far as it goes."""
    try:
        for k in range(len(chunk)):
            yield stream.decompress(chunk[k : k + 1])
    except zlib.error:
        return


def _refuse(path: Path, data: bytes, expected: str) -> None:
    if not data.strip():
        raise TraceError(f"{path}: is empty, expected {expected}")
    if data.startswith(_PARQUET):
        return
    for magic, name in _PACKED.items():
        if data.startswith(magic):
            raise TraceError(f"{path}: is packed with {name}, expected plain text or gzip: unpack it first")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TraceError(f"{path}: is UTF-16 text, expected UTF-8: convert it first")
    if len(data[:_HEAD].translate(None, _CONTROLS)) < _TEXT_FRAC * len(data[:_HEAD]):
        raise TraceError(f"{path}: is binary, expected {expected}")
