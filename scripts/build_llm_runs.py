"""Write the measured training runs that the package ships from the project's table of measurements.

Usage::

    python scripts/build_llm_runs.py ../shared/data

Reads ``llm_measurements.csv`` in that folder and writes
``src/exatwin/catalogue/data/calibration/llm-runs.csv``: the runs, the trials of memory and the measured
powers of training whose evidence is the publisher's own (A) or the paper's text (B), each row with its
source. Columns that only serving uses are left out, and so is every row whose source asks to be cited and not
to be copied. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data/calibration/llm-runs.csv"
CATEGORIES = ("training", "feasibility", "power")
SERVING = ("isl", "osl", "concurrency", "ttft_ms", "tpot_ms")


def ships(row: dict[str, str]) -> bool:
    """Return whether a row of the table may and should be carried over."""
    return (
        row["category"] in CATEGORIES
        and row["evidence"][:1] in ("A", "B")
        and "cite only" not in row["notes"].lower()
    )


def main(folder: Path) -> None:
    """Write the file from the table in `folder`."""
    with (folder / "llm_measurements.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = [name for name in reader.fieldnames or [] if name not in SERVING]
        rows = [row for row in reader if ships(row)]
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(len(rows), "rows")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/build_llm_runs.py FOLDER_OF_TABLES")
    main(Path(sys.argv[1]))
