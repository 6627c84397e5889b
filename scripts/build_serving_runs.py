"""Write the measured services that the package ships from the project's table of measurements.

Usage::

    python scripts/build_serving_runs.py ../shared/data

Reads ``llm_measurements.csv`` in that folder and writes
``src/exatwin/catalogue/data/calibration/serving-runs.csv``: rows of inference whose evidence is the
publisher's own (A) or the paper's text (B), each with its source. Columns that only training uses are left
out, and so is every row whose source asks to be cited and not to be copied. The same input gives the same
bytes.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data/calibration/serving-runs.csv"
COLUMNS = (
    "id", "category", "metric", "value", "unit", "model", "accelerator", "n_acc", "acc_per_node", "tp", "pp",
    "dp", "ep", "precision", "software", "tok_s_acc", "power_w", "energy", "isl", "osl", "concurrency",
    "ttft_ms", "tpot_ms", "evidence", "source", "url", "locator", "notes",
)  # fmt: skip


def ships(row: dict[str, str]) -> bool:
    """Return whether a row of the table may and should be carried over."""
    return (
        row["category"] == "inference"
        and row["evidence"][:1] in ("A", "B")
        and "cite only" not in row["notes"].lower()
    )


def main(folder: Path) -> None:
    """Write the file from the table in `folder`."""
    with (folder / "llm_measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if ships(row)]
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(len(rows), "rows")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/build_serving_runs.py FOLDER_OF_TABLES")
    main(Path(sys.argv[1]))
