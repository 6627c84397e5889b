"""The long tail: machines as TOP500 and Green500 list them, and the rank that a result would have had."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import CatalogueError

if TYPE_CHECKING:
    from exatwin.catalogue.machine import Machine

UNNAMED = "(unnamed)"


@dataclass(frozen=True)
class ListColumn:
    """What one column of the table of listed machines holds; a blank cell means that nobody says."""

    name: str
    unit: str
    doc: str
    kind: type
    quality: str


def _column(unit: str, doc: str, quality: str = "list") -> Any:
    return field(metadata={"unit": unit, "doc": doc, "quality": quality})


@dataclass(frozen=True)
class ListedMachine:
    """One machine as the lists describe it: one row of the table, each column declared here once."""

    name: str = _column("", "Name on the list, exactly.")
    site: str = _column("", "Where it stands.")
    country: str = _column("", "Country of the site.")
    manufacturer: str = _column("", "Who built it.")
    year: int = _column("", "Year of installation.")
    segment: str = _column("", "Research, Academic, Industry, Government, Vendor or Others.")
    list_edition: str = _column("", "Edition of the lists that the row is taken from, YYYYMM.")
    top500_rank: int | None = _column("", "Rank on the TOP500 of that edition.")
    green500_rank: int | None = _column("", "Rank on the Green500 of that edition.")
    cpu_model: str = _column("", "Processor, with its cores and clock.")
    accelerator_model: str = _column("", "Accelerator; blank where there is none.")
    total_cores: int | None = _column("", "Cores as the list counts them, accelerators included.")
    accelerator_cores: int | None = _column("", "Cores of the accelerators as the list counts them.")
    units_per_accelerator: int | None = _column(
        "", "Cores that the list counts for one accelerator.", "derived"
    )
    accelerators: int | None = _column("", "Accelerators: their cores over units_per_accelerator.", "derived")
    cpu_sockets: float | None = _column("", "Sockets, from the cores that are not accelerators'.", "derived")
    nodes: int | None = _column("", "Nodes; see nodes_basis.", "derived")
    nodes_basis: str = _column("", "How nodes was derived.")
    rpeak_tflops: float | None = _column(
        "TFLOP/s", "Theoretical peak of the list (its clock differs by site)."
    )
    rmax_tflops: float | None = _column("TFLOP/s", "HPL result.")
    nmax: int | None = _column("", "Order of HPL's matrix.")
    hpcg_tflops: float | None = _column("TFLOP/s", "HPCG result.")
    power_kw: float | None = _column("kW", "Mean power of the HPL run, as the list means it.")
    power_quality_level: int | None = _column("", "Level of the power measurement, 1 to 3.")
    gflops_per_w_green500: float | None = _column("GFLOP/s/W", "Energy efficiency on the Green500.")
    green500_optimized_rmax_tflops: float | None = _column(
        "TFLOP/s", "HPL of the run tuned for the Green500."
    )
    green500_optimized_power_kw: float | None = _column("kW", "Power of the run tuned for the Green500.")
    interconnect: str = _column("", "Network.")
    system_model: str = _column("", "Product.")
    top500_system_id: str = _column("", "Identifier on top500.org.")
    source: str = _column("", "Where the row comes from.")
    notes: str = _column("", "What a careful reader should know.")


_KINDS = {"str": str, "int": int, "int | None": int, "float | None": float}
COLUMNS: tuple[ListColumn, ...] = tuple(
    ListColumn(f.name, f.metadata["unit"], f.metadata["doc"], _KINDS[str(f.type)], f.metadata["quality"])
    for f in fields(ListedMachine)
)


@cache
def rows() -> tuple[ListedMachine, ...]:
    """Return all listed machines, in the order of the table."""
    return read_rows(_data("machines.csv"))


def read_rows(path: Any) -> tuple[ListedMachine, ...]:
    """Return the machines of the table at `path`, in its order.

    Raises
    ------
    CatalogueError
        The file lacks a column of the table, or a cell is no number.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [column.name for column in COLUMNS if column.name not in (reader.fieldnames or ())]
        if missing:
            raise CatalogueError(f"{path}: the table of machines lacks the columns {', '.join(missing)}")
        try:
            return tuple(ListedMachine(**_parsed(row)) for row in reader)
        except (TypeError, ValueError) as error:
            raise CatalogueError(f"{path}: line {reader.line_num}: {error}") from None


def _parsed(row: dict[str, str]) -> dict[str, Any]:
    return {
        column.name: row[column.name] if column.kind is str else _number(row[column.name], column.kind)
        for column in COLUMNS
    }


def _number(cell: str, kind: type) -> Any:
    return None if cell == "" else kind(float(cell))


def _data(name: str) -> Any:
    return files("exatwin.catalogue") / "data" / "lists" / name


def list_names() -> list[str]:
    """Return the names on the lists, sorted, each once.

    Examples
    --------
    >>> "Polaris" in list_names()
    True
    """
    return sorted({row.name for row in rows()} - {UNNAMED})


def find(name: str) -> ListedMachine | None:
    """Return the row called `name` on the lists, or the one of ``top500:<id>``.

    Notes
    -----
    Case does not matter. Where several rows share a name, the newest edition wins, then the larger system.
    """
    wanted = name.strip().lower()
    if wanted.startswith("top500:"):
        number = wanted.removeprefix("top500:").strip()
        found = [row for row in rows() if row.top500_system_id == number]
    else:
        found = [row for row in rows() if row.name.lower() == wanted and row.name != UNNAMED]
    return max(found, key=lambda row: (row.list_edition, row.total_cores or 0), default=None)


def machine_from_list(name: str) -> Machine | None:
    """Return the machine that the lists call `name` (or ``top500:<id>``), made of generic nodes.

    Returns
    -------
    Machine or None
        None where the lists know no such name.

    Raises
    ------
    CatalogueError
        The row lacks what a simulation needs; the message says what.

    Examples
    --------
    >>> machine_from_list("Polaris").nodes
    553
    """
    from exatwin.catalogue.listed import build_listed

    row = find(name)
    return None if row is None else build_listed(row)


def ranks(rmax_flop_s: float) -> dict[str, int | None]:
    """Return the rank that an HPL result would have had on each TOP500, by edition (``YYYYMM``).

    Parameters
    ----------
    rmax_flop_s
        The result [FLOP/s].

    Returns
    -------
    dict
        None where it lies beyond the last rank of the edition.

    Examples
    --------
    >>> ranks(1.0e18)["202511"]
    4
    """
    return _ranks("top500", rmax_flop_s / 1e12)


def green_ranks(flop_per_j: float) -> dict[str, int | None]:
    """Return the rank that an efficiency would have had on each Green500, by edition (``YYYYMM``).

    Parameters
    ----------
    flop_per_j
        Energy efficiency of the HPL run [FLOP/J], which is FLOP/s per watt.

    Returns
    -------
    dict
        None where it lies beyond the last rank that is known with a measured power.

    Examples
    --------
    >>> green_ranks(1.0e18 / 15_793_810.0)["202511"]
    14
    """
    return _ranks("green500", flop_per_j / 1e9)


def _ranks(name: str, value: float) -> dict[str, int | None]:
    printed = round(value, 2)  # as the lists print it, so that a listed machine finds its own rank
    found = {}
    for edition, listed in _thresholds(name).items():
        better = int(np.count_nonzero(listed > printed))
        found[edition] = better + 1 if better < len(listed) else None
    return found


@cache
def _thresholds(name: str) -> dict[str, Float64]:
    """Return the values of each edition from rank 1 on, in the unit of the list."""
    text = gzip.decompress(_data(f"{name}_thresholds.csv.gz").read_bytes()).decode()
    parts = (line.split(",") for line in text.splitlines())
    return {edition: np.array(values.split(), np.float64) for edition, values in parts}
