"""Tables of the validation page made from the errors that the fits leave in ``tests/validation/data``."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from generate import makes, table

DATA = Path(__file__).resolve().parents[1] / "tests" / "validation" / "data"
FAMILIES = {
    "gh200": "GH200",
    "mi250x": "MI250X",
    "mi300a": "MI300A",
    "a100": "A100",
    "h100": "H100",
    "pvc": "Data Center GPU Max",
    "a64fx": "A64FX",
    "cpu-2socket": "two-socket processors",
}
Row = dict[str, str]


def rows(family: str) -> list[Row]:
    """Return the machines of a family with their errors."""
    with (DATA / f"node_power_{family}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def fitted(family: str) -> list[Row]:
    """Return the machines that the law of a family was fitted on."""
    return [row for row in rows(family) if row["role"] == "fitted"]


def root_mean_square(found: list[Row], key: str) -> float:
    """Return the root mean square of an error."""
    return math.sqrt(sum(float(row[key]) ** 2 for row in found) / len(found))


@makes("node-power")
def node_power() -> str:
    """The errors of all families."""
    lines = []
    for family, title in FAMILIES.items():
        found = fitted(family)
        inside, outside = (root_mean_square(found, f"{how}_error_frac") for how in ("fitted", "left_out"))
        worst = max(abs(float(row["left_out_error_frac"])) for row in found)
        shown = (f"{100 * error:.1f} %" for error in (inside, outside, worst))
        lines.append((title, str(len(found)), *shown))
    return table(("family", "machines", "fitted", "left out, RMS", "left out, worst"), lines)


@makes("node-power-gh200")
def node_power_gh200() -> str:
    """The GH200 machines one by one."""
    lines = (
        (
            row["machine"],
            row["edition"],
            row["listed_w"],
            row["left_out_w"],
            f"{100 * float(row['left_out_error_frac']):+.1f} %",
            row["note"] if row["role"] != "fitted" else "",
        )
        for row in rows("gh200")
    )
    return table(("machine", "list", "listed", "left out", "error", "why it is not in the fit"), lines)
