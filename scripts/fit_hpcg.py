"""Fit the law of HPCG on the lists: a rate by family of chips, and the growth of a step with the machine.

Usage: python scripts/fit_hpcg.py

Reads the table of listed machines that ships and `app_priors/hpcg.toml`. The fit is that of fit_hpl.py; the
sockets of nodes without accelerators are chips like the others. What stands for a chip that was never
measured is the geometric mean of rate over bandwidth, its band that of each family predicted with the others.
Writes `hpcg.toml`, `hpcg.csv` and `hpcg-cpu.csv` in `src/exatwin/catalogue/data/apps`.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from typing import Any

import numpy as np
from fit_hpl import quantiles
from fit_hpl_processors import unknown_band
from fit_power import ROOT, _mode, _toml

from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_for
from exatwin.foundation.errors import CatalogueError
from exatwin.workload.apps.hpcg import HpcgLaw, slowdown
from exatwin.workload.apps.hpl_data import hpl_law

PRIORS = ROOT / "scripts/app_priors/hpcg.toml"
OUT = ROOT / "src/exatwin/catalogue/data/apps/hpcg.toml"
SIGMA = 0.08


@dataclass(frozen=True)
class Row:
    """One result of the lists."""

    listed: lists.ListedMachine
    chip: int
    count: int
    flop_s: float
    memory_b_s: float

    @property
    def accelerated(self) -> bool:
        """Whether the chips are accelerators."""
        return bool(self.listed.accelerator_model)


def read(law: HpcgLaw) -> list[Row]:
    """Return the rows with a result; families of accelerators first, then those of processors."""
    found, families = [], [*law.chips, *law.processors]
    for row in lists.rows():
        if row.hpcg_tflops is None or (row.accelerator_model and not row.accelerators):
            continue
        if "impossible" in hpl_law().why_left_out(row.top500_system_id, row.list_edition):
            continue
        try:
            machine = machine_for(row)
        except CatalogueError:
            continue
        chip = law.chip(machine)
        if chip is None:
            continue
        part, node = machine.accelerator or machine.processor, machine.node
        count = machine.nodes * (node.accelerators if machine.accelerator else node.processors)
        bandwidth = part.memory_b_s or chip.memory_b_s
        assert bandwidth is not None
        found.append(Row(row, families.index(chip), count, 1e12 * row.hpcg_tflops, bandwidth))
    return found


def main() -> None:
    """Fit, and write the law and the tables."""
    document = tomllib.loads(PRIORS.read_text(encoding="utf-8"))
    law = HpcgLaw.parse({k: v for k, v in document.items() if k != "fit"}, PRIORS.name)
    rows = read(law)
    families = [*law.chips, *law.processors]
    prior = np.log([float(chip.rate_flop_s or 0.0) for chip in families] + [law.growth_frac])
    sd = np.array([document["fit"]["rate"]] * len(families) + [document["fit"]["growth"]])
    count = np.array([row.count for row in rows], float)
    chip = np.array([row.chip for row in rows])
    measured = np.array([row.flop_s for row in rows])

    def predict(z: np.ndarray, at: np.ndarray) -> np.ndarray:
        v = np.exp(prior + z * sd)
        return np.asarray(v[chip[at]] * count[at] / slowdown(count[at], v[-1]))

    def fit(at: np.ndarray) -> np.ndarray:
        return _mode(lambda z: np.log(predict(z, at) / measured[at]) / SIGMA, len(sd))[0]

    everything = np.arange(len(rows))
    z = fit(everything)
    inside = predict(z, everything) / measured - 1.0
    outside = np.array([predict(fit(np.delete(everything, i)), everything[i : i + 1])[0] for i in everything])
    outside = outside / measured - 1.0
    values = np.exp(prior + z * sd)
    bandwidth = np.array([np.mean([r.memory_b_s for r in rows if r.chip == i] or [1.0])
                          for i in range(len(families))])  # fmt: skip
    other = unknown_band(values[:-1] / bandwidth, chip, 1.0 / (1.0 + inside))
    accelerated = np.array([row.accelerated for row in rows])
    said = {}
    for name, at in (("with accelerators", accelerated), ("without", ~accelerated)):
        said[name] = f"fitted {quantiles(inside[at])}; left out {quantiles(outside[at])}"
        print(f"HPCG, {at.sum()} machines {name}: {said[name]}")
    put(document, families, values, chip, other)
    bands = [np.quantile(1.0 / (1.0 + outside[at]), (0.1, 0.9)) for at in (accelerated, ~accelerated)]
    for key, number in zip(
        ("low", "high", "processor_low", "processor_high"), np.concatenate(bands), strict=True
    ):
        document[key] = fitted(float(f"{number:.4g}"))
    document["notes"] = [
        f"written by scripts/fit_hpcg.py on {accelerated.sum()} machines with accelerators: "
        f"{said['with accelerators']}; {(~accelerated).sum()} without: {said['without']}"
    ]
    OUT.write_text(_toml(document), encoding="utf-8")
    for name, at in (("hpcg", accelerated), ("hpcg-cpu", ~accelerated)):
        table(name, [(rows[i], inside[i], outside[i]) for i in np.flatnonzero(at)])


def fitted(number: Any, note: str = "") -> dict[str, Any]:
    """Return a fitted number as a fact."""
    fact = {"value": number, "source": "LIST", "quality": "fitted"}
    return {**fact, "note": note} if note else fact


def put(document: dict[str, Any], families: Any, values: Any, chip: Any, other: Any) -> None:
    """Put the fitted rates into the document."""
    for i, table_ in enumerate([*document["chips"], *document["processors"]]):
        machines = int((chip == i).sum())
        table_["machines"] = fitted(machines)
        if machines:
            prior = f"prior {families[i].rate_flop_s / 1e9:.4g} GFLOP/s"
            table_["rate_flop_s"] = fitted(f"{values[i] / 1e9:.4g} GFLOP/s", prior)
        else:
            del table_["rate_flop_s"]
    names = ("flop_per_b", "other_low", "other_high")
    for key, number in zip(names, other, strict=True):
        document[key] = fitted(float(f"{number:.4g}"), "each family predicted with the others")
    document["growth"] = fitted(float(f"{values[-1]:.4g}"), f"prior {document['growth']['value']:g}")
    del document["fit"]


def table(name: str, rows: list[tuple[Row, float, float]]) -> None:
    """Write the errors of every row."""
    with OUT.with_name(f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "name", "edition", "hpcg_error_frac", "hpcg_left_out_error_frac"])
        for row, inside, outside in rows:
            x = row.listed
            writer.writerow([x.top500_system_id, x.name, x.list_edition, f"{inside:+.4f}", f"{outside:+.4f}"])


if __name__ == "__main__":
    main()
