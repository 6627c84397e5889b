"""The part of fit_hpl.py for nodes without accelerators: the same law, its chips the sockets.

What the network achieves and the spread of chips are those of the accelerated machines; each family has its
kernel, all share an exchange and a half order. Returns what fit_hpl.py writes; the errors of the rows go to
`src/exatwin/catalogue/data/apps/hpl-cpu.csv`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

import numpy as np
from fit_power import _mode

from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_for
from exatwin.foundation.errors import CatalogueError
from exatwin.workload.apps import hpl as app
from exatwin.workload.apps.hpl_data import HplLaw
from exatwin.workload.apps.hpl_setting import Setting, setting

SIGMA = 0.05


@dataclass(frozen=True)
class Row:
    """One run of the lists on nodes without accelerators."""

    listed: lists.ListedMachine
    found: Setting
    sockets: int
    n: int
    chip: int
    rmax: float
    power_w: float

    @property
    def matrix_b(self) -> float:
        """Matrix on one socket [B]."""
        return 8.0 * self.n**2 / self.sockets


def read(law: HplLaw) -> tuple[list[Row], list[dict[str, str]]]:
    """Return the rows to fit, and those left out with reasons."""
    rows, left = [], []
    for x in lists.rows():
        if x.accelerator_model or x.rmax_tflops is None:
            continue
        try:
            if why := law.why_left_out(x.top500_system_id, x.list_edition):
                raise CatalogueError(why)
            if not x.nmax:
                raise CatalogueError("the list gives no N")
            rows.append(_row(x, law))
        except CatalogueError as error:
            left.append({"id": x.top500_system_id, "edition": x.list_edition, "name": x.name,
                         "reason": str(error)})  # fmt: skip
    return rows, left


def _row(x: lists.ListedMachine, law: HplLaw) -> Row:
    machine = machine_for(x)
    found = setting(machine, law)
    sockets = machine.nodes * found.chips_per_node
    result, power = 1e12 * (x.rmax_tflops or 0.0), 1e3 * (x.power_kw or 0.0)
    return Row(x, found, sockets, x.nmax or 0, law.processors.index(found.chip), result, power)


class ProcessorModel:
    """The law of the result as a function of whitened parameters."""

    def __init__(self, law: HplLaw, sd: dict[str, float], rows: list[Row]) -> None:
        self.law = law
        priors = [chip.kernel_frac for chip in law.processors]
        self.prior = np.log([*priors, law.processor_volume, law.processor_half_order])
        self.sd = np.array(
            [sd["kernel"]] * len(priors) + [sd["processor_volume"], sd["processor_half_order"]]
        )
        self.n, self.count = np.array([r.n for r in rows], float), np.array([r.sockets for r in rows], float)
        self.peak = np.array([r.found.peak_flop_s for r in rows])
        self.link = np.array([r.found.link_b_s for r in rows])
        self.chip, self.rmax = np.array([r.chip for r in rows]), np.array([r.rmax for r in rows])

    def values(self, z: np.ndarray) -> np.ndarray:
        """Return the numbers `z` standard deviations from their priors."""
        return np.exp(self.prior + z * self.sd)

    def predict(self, z: np.ndarray, at: np.ndarray, kernel: np.ndarray | None = None) -> np.ndarray:
        """Return Rmax of the rows `at` [FLOP/s]."""
        v = self.values(z)
        law = self.law.model_copy(update={"volume": v[-2], "half_order": v[-1]})
        rate = (v[self.chip[at]] if kernel is None else kernel) * self.peak[at]
        parts = app.overheads(self.n[at], self.count[at], rate, self.link[at], law)
        return np.asarray(rate / (1.0 + parts.sum(axis=0)) * self.count[at])

    def fit(self, at: np.ndarray) -> np.ndarray:
        """Return the mode of the posterior given the rows `at`."""
        target = np.log(self.rmax[at])
        return _mode(lambda z: (np.log(self.predict(z, at)) - target) / SIGMA, len(self.sd))[0]


def unknown_band(kernel: np.ndarray, chip: np.ndarray, ratio: np.ndarray) -> tuple[float, float, float]:
    """Return the kernel that stands for an unknown family, and the band of measured over predicted.

    Each family is predicted with the geometric mean of the others; families count alike in the quantiles.
    """
    families = np.unique(chip)
    logs = np.log(kernel)
    found, weight = [], []
    for family in families:
        others = families[families != family]
        own = ratio[chip == family]
        found.append(own * np.exp(logs[family] - logs[others].mean()))
        weight.append(np.full(len(own), 1.0 / len(own)))
    flat, share = np.concatenate(found), np.concatenate(weight) / len(families)
    order = np.argsort(flat)
    steps = np.cumsum(share[order])
    low, high = (float(flat[order][np.searchsorted(steps, q)]) for q in (0.1, 0.9))
    return float(np.exp(logs[families].mean())), low, high


def fit_processors(document: dict[str, Any], law: HplLaw, path: Any, enough: int) -> dict[str, Any]:
    """Return the fitted families, shared numbers, power band, rows left out and errors; write the table."""
    rows, left = read(law)
    model = ProcessorModel(law, document["fit"], rows)
    every = np.arange(len(rows))
    z = model.fit(every)
    fitted = model.predict(z, every)
    out = np.array([model.predict(model.fit(np.delete(every, i)), every[i : i + 1])[0] for i in every])
    v = model.values(z)
    middle, low, high = unknown_band(v[:-2], model.chip, model.rmax / fitted)
    families = []
    for i in range(len(law.processors)):
        own = np.flatnonzero(model.chip == i)
        ratio = (model.rmax / out)[own if len(own) >= enough else slice(None)]
        band = tuple(np.quantile(ratio, (0.1, 0.9))) if len(own) > 1 else (low, high)
        fill = [rows[k].matrix_b / rows[k].found.memory_b for k in own if rows[k].found.memory_b]
        matrix = [rows[k].matrix_b for k in (own if len(own) else every)]
        error = np.abs(out / model.rmax - 1.0)
        families.append(
            {"kernel": v[i] if len(own) else middle, "machines": len(own), "low": band[0], "high": band[1],
             "fill": float(np.median(fill)) if fill else None, "matrix": float(np.median(matrix)),
             "error": float(np.median(error[own]) if len(own) else np.quantile(error, 0.9))}
        )  # fmt: skip
    tuned = law.model_copy(
        update={
            "processors": [c.model_copy(update={"kernel_frac": f["kernel"]})
                           for c, f in zip(law.processors, families, strict=True)],
            "processor_volume": float(v[-2]), "processor_half_order": float(v[-1]),
        }
    )  # fmt: skip
    watts = {
        i: app.hpl(app.Hpl(n=r.n), r.found.machine, tuned).power_w for i, r in enumerate(rows) if r.power_w
    }
    _write(path, rows, law, fitted, out, watts, left)
    return {"families": families, "volume": v[-2], "half_order": v[-1], "left": left, "rows": len(rows),
            "fitted": fitted / model.rmax - 1.0, "out": out / model.rmax - 1.0,
            "power": np.array([watts[i] / rows[i].power_w for i in watts]) - 1.0}  # fmt: skip


def _write(path, rows, law, fitted, out, watts, left) -> None:
    head = ["id", "name", "edition", "family", "sockets", "n", "rmax_tflops", "rmax_error_frac",
            "rmax_left_out_error_frac", "power_kw", "level", "power_error_frac", "reason"]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for i, r in enumerate(rows):
            x = r.listed
            power = ["", "", ""]
            if i in watts:
                power = [x.power_kw, x.power_quality_level or "", f"{watts[i] / r.power_w - 1.0:+.4f}"]
            errors = [f"{said[i] / r.rmax - 1.0:+.4f}" for said in (fitted, out)]
            family = law.processors[r.chip].family
            writer.writerow([x.top500_system_id, x.name, x.list_edition, family, r.sockets, r.n,
                             x.rmax_tflops, *errors, *power, ""])  # fmt: skip
        for each in left:
            writer.writerow([each["id"], each["name"], each["edition"], *[""] * 9, each["reason"]])
