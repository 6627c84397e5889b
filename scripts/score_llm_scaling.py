"""Predict large training runs of a machine by a fit that saw at most 16 of its nodes.

Usage: python scripts/score_llm_scaling.py DATA_FOLDER

For each kind of node with runs on 32 to 1,024 nodes, the constants are fitted again on all rows but its runs
on more than 16 nodes, and those of dense models are predicted. Errors go to
`src/exatwin/catalogue/data/calibration/llm-scaling.csv`, beside those of the law that ships. Nothing is
set in view of them.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from fit_llm import NAMES, ROOT, calibration, fit, read_links

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.study.validation.llm import FEWEST, MOST, SMALL
from exatwin.study.validation.llm_rows import MACHINE_OF, Case, read_cases
from exatwin.study.validation.llm_score import predict_s, quantiles, table
from exatwin.study.validation.measured import nodes_of

TARGET = ROOT / "src/exatwin/catalogue/data/calibration/llm-scaling.csv"


def sizes(path: Path) -> dict[str, tuple[str, float]]:
    """Return the kind of node and the number of nodes of each row of the table at `path`."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["id"]: (MACHINE_OF[row["accelerator"]], nodes_of(row))
            for row in csv.DictReader(file)
            if row["accelerator"] in MACHINE_OF and row["n_acc"]
        }


def main(folder: Path) -> None:
    """Fit, predict, write."""
    path = folder / "llm_measurements.csv"
    cases, size = read_cases(path)[0], sizes(path)
    links, origin = read_links(path), np.zeros(len(NAMES))
    start = fit(table(cases, calibration(origin, links, {})), links, origin)
    lines: list[tuple[str, ...]] = []
    for machine in sorted({size[case.id][0] for case in cases}):
        large = [case for case in cases if size[case.id][0] == machine and size[case.id][1] > SMALL]
        asked = [case for case in large if case.kind == "dense" and FEWEST <= size[case.id][1] <= MOST]
        if not asked:
            continue
        unseen = {case.id for case in large}
        rest: list[Case] = [case for case in cases if case.id not in unseen]
        found = calibration(fit(table(rest, calibration(origin, links, {})), links, start), links, {})
        rows = table(asked, found)
        said = predict_s(rows, found)
        low, high = quantiles(said, rows.measured_s)
        print(f"{machine:14s} {len(asked):3d} rows: median {low:.1%}, p90 {high:.1%}", file=sys.stderr)
        seen = predict_s(table(asked, llm_calibration()), llm_calibration())
        lines += [
            (case.id, machine, f"{near:.4f}", f"{far:.4f}")
            for case, near, far in zip(
                asked, seen / rows.measured_s - 1.0, said / rows.measured_s - 1.0, strict=True
            )
        ]
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "machine", "in_sample_error", "left_out_error"])
        out.writerows(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
