"""Write the list files of the catalogue from the project's tables of facts.

Usage::

    python scripts/build_lists.py ../shared/data

Reads ``machines.csv``, ``top500_thresholds.csv.gz`` and ``green500_thresholds.csv.gz`` in that folder and
writes ``src/exatwin/catalogue/data/lists``: one row a machine with the declared columns (what is blank
stays blank; ratios that follow from other columns are left out), and one line an edition with its values
in the order of rank. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections import defaultdict
from pathlib import Path

from exatwin.catalogue.lists import COLUMNS

TARGET = Path(__file__).resolve().parents[1] / "src" / "exatwin" / "catalogue" / "data" / "lists"
SOFT_HYPHEN = "\u00ad"


def main(folder: Path) -> None:
    """Write all list files from the tables in `folder`."""
    TARGET.mkdir(parents=True, exist_ok=True)
    print(write_machines(folder / "machines.csv"), "machines")
    for name, value in (("top500", "rmax_tflops"), ("green500", "gflops_per_w")):
        print(write_thresholds(folder, name, value), f"editions of {name}")


def write_machines(path: Path) -> int:
    """Copy the declared columns of the table at `path`; return the number of rows."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [column.name for column in COLUMNS]
    with (TARGET / "machines.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([_plain(row[name]) for name in names])
    return len(rows)


def _plain(cell: str) -> str:
    """Return `cell` without soft hyphens, and whole numbers without their ``.0``."""
    text = " ".join(cell.replace(SOFT_HYPHEN, "").split())
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def write_thresholds(folder: Path, name: str, value: str) -> int:
    """Write one line an edition: its values from rank 1 on; return the number of editions."""
    editions: dict[str, list[str]] = defaultdict(list)
    with gzip.open(folder / f"{name}_thresholds.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = editions[row["list_edition"]]
            if int(row["rank"]) != len(values) + 1:
                raise SystemExit(f"{name} {row['list_edition']}: rank {row['rank']} is out of order")
            values.append(f"{float(row[value]):.10g}")
    text = io.StringIO()
    for edition in sorted(editions):
        text.write(f"{edition},{' '.join(editions[edition])}\n")
    packed = gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)
    (TARGET / f"{name}_thresholds.csv.gz").write_bytes(packed)
    return len(editions)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/build_lists.py FOLDER_OF_TABLES")
    main(Path(sys.argv[1]))
