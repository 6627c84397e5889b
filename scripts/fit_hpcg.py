"""Fit the law of HPCG on the lists: a rate by family of chips, and the growth of a step with the machine.

Usage: python scripts/fit_hpcg.py

Reads the table of listed machines that ships and `app_priors/hpcg.toml`. The fit is that of fit_hpl.py.
Writes `hpcg.toml` and `hpcg.csv` in `src/exatwin/catalogue/data/apps`.
"""

from __future__ import annotations

import csv
import tomllib
from typing import Any

import numpy as np
from fit_hpl import quantiles
from fit_power import ROOT, _mode, _toml

from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_for
from exatwin.foundation.errors import CatalogueError
from exatwin.workload.apps.hpcg import HpcgLaw, slowdown
from exatwin.workload.apps.hpl_data import hpl_law

PRIORS = ROOT / "scripts/app_priors/hpcg.toml"
OUT = ROOT / "src/exatwin/catalogue/data/apps/hpcg.toml"
SIGMA = 0.08


def read(law: HpcgLaw) -> list[tuple[lists.ListedMachine, int]]:
    """Return the rows with a result and the index of their family."""
    found = []
    for row in lists.rows():
        if row.hpcg_tflops is None or not row.accelerators:
            continue
        if hpl_law().why_left_out(row.top500_system_id, row.list_edition):
            continue
        try:
            machine = machine_for(row)
            assert machine.accelerator is not None
            found.append((row, law.chips.index(law.chip(machine.accelerator.name))))
        except CatalogueError:
            continue
    return found


def main() -> None:
    """Fit, and write the law and the table."""
    document = tomllib.loads(PRIORS.read_text(encoding="utf-8"))
    law = HpcgLaw.parse({k: v for k, v in document.items() if k != "fit"}, PRIORS.name)
    rows = read(law)
    prior = np.log([chip.rate_flop_s for chip in law.chips] + [law.growth_frac])
    sd = np.array([document["fit"]["rate"]] * len(law.chips) + [document["fit"]["growth"]])
    count = np.array([row.accelerators for row, _ in rows], float)
    chip = np.array([index for _, index in rows])
    measured = np.array([1e12 * (row.hpcg_tflops or 0.0) for row, _ in rows])

    def predict(z: np.ndarray, at: np.ndarray) -> np.ndarray:
        v = np.exp(prior + z * sd)
        return np.asarray(v[chip[at]] * count[at] / slowdown(count[at], v[-1]))

    def fit(at: np.ndarray) -> np.ndarray:
        return _mode(lambda z: np.log(predict(z, at) / measured[at]) / SIGMA, len(sd))[0]

    everything = np.arange(len(rows))
    z = fit(everything)
    inside = predict(z, everything) / measured - 1.0
    outside = np.array([predict(fit(np.delete(everything, i)), everything[i : i + 1])[0] for i in everything])
    low, high = np.quantile(measured / outside, (0.1, 0.9))
    outside = outside / measured - 1.0
    print(f"HPCG, {len(rows)} rows: fitted {quantiles(inside)}; left out {quantiles(outside)}")
    values = np.exp(prior + z * sd)
    write(
        document, law, values, chip, (low, high), f"fitted {quantiles(inside)}; left out {quantiles(outside)}"
    )
    with OUT.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "name", "edition", "hpcg_error_frac", "hpcg_left_out_error_frac"])
        for (row, _), a, b in zip(rows, inside, outside, strict=True):
            writer.writerow([row.top500_system_id, row.name, row.list_edition, f"{a:+.4f}", f"{b:+.4f}"])


def write(
    document: dict[str, Any],
    law: HpcgLaw,
    values: np.ndarray,
    chip: np.ndarray,
    band: tuple[float, float],
    said: str,
) -> None:
    """Write the law that ships."""

    def fitted(number: Any, note: str = "") -> dict[str, Any]:
        fact = {"value": number, "source": "LIST", "quality": "fitted"}
        return {**fact, "note": note} if note else fact

    for i, table in enumerate(document["chips"]):
        prior = f"prior {law.chips[i].rate_flop_s / 1e9:g} GFLOP/s"
        table["rate_flop_s"] = fitted(f"{values[i] / 1e9:.1f} GFLOP/s", prior)
        table["machines"] = fitted(int((chip == i).sum()))
    document["growth"] = fitted(float(f"{values[-1]:.4g}"), f"prior {law.growth_frac:g}")
    document["low"], document["high"] = (fitted(float(f"{each:.4g}")) for each in band)
    document["notes"] = [f"written by scripts/fit_hpcg.py on {len(chip)} machines: {said}"]
    del document["fit"]
    OUT.write_text(_toml(document), encoding="utf-8")


if __name__ == "__main__":
    main()
