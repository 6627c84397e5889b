"""Tables of columns: each column declared once, with type, unit and meaning."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.errors import OutputError, TraceError
from exatwin.foundation.files import whole

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """What one column holds: dtype, unit and meaning; `default` fills it when it is left out."""

    dtype: np.dtype[Any]
    unit: str
    doc: str
    default: float | int | None = None


def column(dtype: Any, unit: str, doc: str, default: float | int | None = None) -> Any:
    """Declare a column of a :class:`Table`."""
    declared = Column(np.dtype(dtype), unit, doc, default)
    if default is None:
        return field(metadata={"column": declared})
    return field(default=None, metadata={"column": declared})


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Columns of equal length, read-only. Subclasses are frozen dataclasses of :func:`column` fields."""

    def __post_init__(self) -> None:
        """Coerce each column to its declared type and make it read-only."""
        given = [getattr(self, name) for name in self.columns() if getattr(self, name) is not None]
        size = len(given[0]) if given else 0
        for name, declared in self.columns().items():
            value = getattr(self, name)
            if value is None:
                value = np.full(size, declared.default, declared.dtype)
            array = np.ascontiguousarray(value, declared.dtype)
            if array.ndim != 1 or len(array) != size:
                raise ValueError(f"{type(self).__name__}.{name} has shape {array.shape}, expected ({size},)")
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """Return the declared columns by name, in order."""
        return {f.name: f.metadata["column"] for f in fields(cls) if "column" in f.metadata}

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.columns()))))

    def __iter__(self) -> Iterator[tuple[str, NDArray[Any]]]:
        return ((name, getattr(self, name)) for name in self.columns())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} rows: {', '.join(self.columns())})"

    def equals(self, other: object) -> bool:
        """Return whether `other` is a table of the same kind with the same values."""
        return type(self) is type(other) and all(
            np.array_equal(mine, getattr(other, name), equal_nan=mine.dtype.kind == "f")
            for name, mine in self
        )

    def take(self, index: NDArray[Any] | slice) -> Self:
        """Return the rows at `index` (positions, a mask or a slice)."""
        return type(self)(**{name: values[index] for name, values in self})

    def replace(self, **changed: Any) -> Self:
        """Return the table with the `changed` columns."""
        return type(self)(**{**dict(self), **changed})

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name."""
        return dict(self)

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a pandas data frame (needs the extra ``science``)."""
        import pandas as pd

        return pd.DataFrame({name: np.array(values) for name, values in self})

    def write(self, path: Path) -> None:
        """Write the table to `path`: CSV where it ends in ``.csv``, Parquet otherwise."""
        write_columns(dict(self), path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the table that :meth:`write` left in the Parquet file at `path`.

        Raises
        ------
        TraceError
            The file is missing, no Parquet, or lacks a declared column.
        """
        found = read_columns(path)
        lacking = [name for name, c in cls.columns().items() if name not in found and c.default is None]
        if lacking:
            raise TraceError(f"{path}: lacks the column '{lacking[0]}' of {cls.__name__}")
        return cls(**{name: found[name] for name in cls.columns() if name in found})


def write_columns(columns: dict[str, Any], path: Path, notes: dict[str, str] | None = None) -> None:
    """Write `columns` (arrays of equal length by name) whole or not at all; CSV or Parquet by the ending.

    What a masked array hides is written as missing. Parquet keeps `notes` as its key-value metadata.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    import duckdb

    texts = (f"'{key}': '{text}'" for key, text in _escaped(notes or {}))
    kept = f", KV_METADATA {{{', '.join(texts)}}}" if notes else ""
    is_csv = path.suffix.lower() == ".csv"
    how = "(HEADER, DELIMITER ',')" if is_csv else f"(FORMAT parquet, COMPRESSION zstd{kept})"
    with whole(path) as partial, closing(database()) as connection:
        connection.register("given", {name: np.asanyarray(values) for name, values in columns.items()})
        target = str(partial).replace("'", "''")
        try:
            connection.execute(f"COPY (SELECT * FROM given) TO '{target}' {how}")
        except duckdb.Error as error:
            raise OutputError(f"{path}: can't be written: {complaint(error)}") from None


def database() -> Any:
    """Return a connection to the one database of this process, to be closed.

    To make a database takes some ten times as long as to read a small file.
    """
    return _database().cursor()


@cache
def _database() -> Any:
    import duckdb

    made = duckdb.connect()
    # a file may be written anew and read again within one tick of the clock
    keeps_files = "SELECT name FROM duckdb_settings() WHERE name = 'enable_external_file_cache'"
    for (name,) in made.execute(keeps_files).fetchall():
        made.execute(f"SET {name} = false")
    return made


def complaint(error: Exception) -> str:
    """Return what went wrong in the database or with a file, without what the database adds to it.

    Raises
    ------
    KeyboardInterrupt
        The database has taken an interrupt for an error of its own.
    """
    text = str(error).splitlines()[0]
    if type(error).__name__ == "InterruptException" or "KeyboardInterrupt" in text:
        raise KeyboardInterrupt from None
    number = re.search(r'"errno":"(\d+)"', text)
    if number:
        return os.strerror(int(number[1]))
    said = re.search(r'": ([A-Z][a-z A-Z]+)$', text)  # what the system says stands after a file's name
    if said:
        return said[1]
    return getattr(error, "strerror", None) or re.sub(r"^[A-Za-z ]+ Error: ", "", text)


def literal(path: Path) -> str:
    """Return `path` for the database to read, in which ``*``, ``?`` and ``[`` stand for themselves."""
    return re.sub(r"([*?[])", r"[\1]", str(path))


def _escaped(notes: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((key.replace("'", "''"), text.replace("'", "''")) for key, text in notes.items())


def read_notes(path: Path) -> dict[str, str]:
    """Return the key-value metadata of the Parquet file at `path`.

    Raises
    ------
    TraceError
        The file is missing or no Parquet.
    """
    import duckdb

    connection = database()
    try:
        found = connection.execute(
            "SELECT key, value FROM parquet_kv_metadata(?)", [literal(path)]
        ).fetchall()
    except (OSError, duckdb.Error) as error:
        raise TraceError(f"{path}: can't be read as Parquet: {complaint(error)}") from None
    finally:
        connection.close()
    return {
        bytes(key).decode("utf-8", "replace"): bytes(text).decode("utf-8", "replace") for key, text in found
    }


def read_columns(path: Path) -> dict[str, NDArray[Any]]:
    """Return the columns of the Parquet file at `path`, in order.

    Raises
    ------
    TraceError
        The file is missing or no Parquet.
    """
    import duckdb

    connection = database()
    try:
        found = connection.execute("SELECT * FROM read_parquet(?)", [literal(path)]).fetchnumpy()
    except (OSError, duckdb.Error) as error:
        raise TraceError(f"{path}: can't be read as Parquet: {complaint(error)}") from None
    finally:
        connection.close()
    return {name: _filled(values) for name, values in found.items()}


def _filled(values: Any) -> NDArray[Any]:
    """Return an array in which a missing float is NaN and a missing integer -1."""
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(values.filled(np.nan if values.dtype.kind == "f" else -1))
    return np.asarray(values)
