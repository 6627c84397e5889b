"""Fit the law of HPL on the lists: kernel efficiency by chip family, achieved bandwidth by network family.

Usage: python scripts/fit_hpl.py

Reads the table of listed machines that ships with the catalogue. The fit is the mode of the posterior under
log-normal priors, residuals taken as Student t (see fit_power.py), on all accelerated rows that have Rmax and
N less those that `app_priors/hpl.toml` names with a reason. The power factor is fitted the same way on the
rows with a power. Writes `hpl.toml` and `hpl.csv` in `src/exatwin/catalogue/data/apps`; the second holds the
errors of every row, also with each one left out in turn; the node power laws too are then those fitted
without the row (`node_power_*.csv`). Nodes without accelerators: see fit_hpl_processors.py.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from typing import Any

import numpy as np
from fit_hpl_processors import fit_processors, unknown_band
from fit_power import ROOT, _mode, _toml

from exatwin.catalogue import lists
from exatwin.catalogue.listed_nodes import machine_for
from exatwin.foundation.errors import CatalogueError
from exatwin.workload.apps import hpl as app
from exatwin.workload.apps.hpl_data import HplLaw
from exatwin.workload.apps.hpl_setting import setting

PRIORS = ROOT / "scripts/app_priors/hpl.toml"
OUT = ROOT / "src/exatwin/catalogue/data/apps/hpl.toml"
ERRORS = ROOT / "src/exatwin/catalogue/data/apps/hpl.csv"
NODE_POWER = ROOT / "tests/validation/data"
ENOUGH = 10  # machines of a family for an interval of its own
RMAX_SIGMA, POWER_SIGMA = 0.05, 0.07
SHARED = ("volume", "half_order", "spread", "narrow_rate")


@dataclass(frozen=True)
class Row:
    """One run of the lists, as the law sees it."""

    listed: lists.ListedMachine
    accelerators: int
    n: int
    peak: float
    chip: int
    link: int
    narrow: bool
    air: bool
    rmax: float
    power_w: float
    memory_b: float | None

    @property
    def id(self) -> str:
        """System and edition."""
        return f"{self.listed.top500_system_id}-{self.listed.list_edition}"


def read(law: HplLaw) -> tuple[list[Row], list[dict[str, str]]]:
    """Return the rows to fit, and those left out with reasons."""
    rows, left = [], []
    for listed in lists.rows():
        if not listed.accelerator_model or listed.rmax_tflops is None:
            continue
        try:
            rows.append(_row(listed, law))
        except CatalogueError as error:
            left.append(
                {"id": listed.top500_system_id, "edition": listed.list_edition, "name": listed.name,
                 "reason": str(error)}
            )  # fmt: skip
    return rows, left


def _row(listed: lists.ListedMachine, law: HplLaw) -> Row:
    if why := law.why_left_out(listed.top500_system_id, listed.list_edition):
        raise CatalogueError(why)
    if not listed.accelerators:
        raise CatalogueError("the list gives no number of accelerators")
    if not listed.nmax:
        raise CatalogueError("the list gives no N")
    machine = machine_for(listed)
    found = setting(machine, law)
    if found.chip not in law.chips:
        raise CatalogueError(f"'{found.name}' belongs to no family of accelerators")
    return Row(
        listed, listed.accelerators, listed.nmax, found.peak_flop_s,
        law.chips.index(found.chip), law.links.index(found.link), found.narrow,
        law.cooling(machine.file.model) == "air",
        1e12 * (listed.rmax_tflops or 0.0), 1e3 * (listed.power_kw or 0.0), found.memory_b,
    )  # fmt: skip


class RmaxModel:
    """The law of the result as a function of whitened parameters."""

    def __init__(self, law: HplLaw, document: dict[str, Any], rows: list[Row]) -> None:
        sd = document["fit"]
        self.law = law
        self.prior = np.log(
            [c.kernel_frac for c in law.chips] + [k.achieved_frac for k in law.links]
            + [law.volume, law.half_order, law.spread_frac, law.narrow_rate]
        )  # fmt: skip
        self.sd = np.array(
            [sd["kernel"]] * len(law.chips) + [sd["achieved"]] * len(law.links) + [sd[k] for k in SHARED]
        )
        self.n, self.count = (np.array([getattr(r, k) for r in rows], float) for k in ("n", "accelerators"))
        self.peak, self.rmax = (np.array([getattr(r, k) for r in rows]) for k in ("peak", "rmax"))
        self.chip, self.link = (np.array([getattr(r, k) for r in rows]) for k in ("chip", "link"))
        self.narrow = np.array([r.narrow for r in rows])
        self.line = np.array([law.links[i].line_b_s for i in self.link])

    def values(self, z: np.ndarray) -> np.ndarray:
        """Return the numbers `z` standard deviations from their priors."""
        return np.exp(self.prior + z * self.sd)

    def predict(self, z: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return Rmax of the rows `at` [FLOP/s]."""
        v, chips, links = self.values(z), len(self.law.chips), len(self.law.links)
        volume, half, spread, narrow = v[chips + links :]
        law = self.law.model_copy(
            update={"volume": volume, "half_order": half, "spread_frac": spread, "narrow_rate": narrow}
        )
        kernel = v[self.chip[at]] * self.peak[at] * np.where(self.narrow[at], narrow, 1.0)
        bandwidth = self.line[at] * v[chips + self.link[at]]
        parts = app.overheads(self.n[at], self.count[at], kernel, bandwidth, law)
        return np.asarray(kernel / (1.0 + parts.sum(axis=0)) * self.count[at])

    def fit(self, at: np.ndarray) -> np.ndarray:
        """Return the mode of the posterior given the rows `at`."""
        target = np.log(self.rmax[at])
        return _mode(lambda z: (np.log(self.predict(z, at)) - target) / RMAX_SIGMA, len(self.sd))[0]


class PowerModel:
    """The factor of cooling by air on the node power laws."""

    def __init__(self, document: dict[str, Any], rows: list[Row], law: HplLaw, ratio: np.ndarray) -> None:
        self.sd = np.array([document["fit"]["air_power"]])
        self.design = np.array([[r.air] for r in rows], float)
        self.base = np.array([base_w(r, law) for r in rows])
        self.base_without = self.base * ratio
        self.power = np.array([r.power_w for r in rows])

    def fit(self, at: np.ndarray) -> np.ndarray:
        """Return the mode of the posterior given the rows `at`."""
        target = np.log(self.power[at] / self.base[at])
        return (
            self.sd
            * _mode(lambda z: (self.design[at] @ (z * self.sd) - target) / POWER_SIGMA, len(self.sd))[0]
        )


def base_w(row: Row, law: HplLaw) -> float:
    """Return the power of the run by the node power law alone [W]."""
    plain = law.model_copy(update={"air_power": 1.0})
    return app.hpl(app.Hpl(n=row.n), machine_for(row.listed), plain).power_w


def tuned(law: HplLaw, model: RmaxModel, z: np.ndarray, rows: list[Row]) -> HplLaw:
    """Return `law` with the fitted numbers of the result."""
    v, count = model.values(z), len(law.chips)
    chips = []
    for i, chip in enumerate(law.chips):
        own = [row for row in rows if row.chip == i]
        found = {"fill_frac": fill_of(own), "matrix_b": matrix_of(own)} if own else {}
        chips.append(chip.model_copy(update={"kernel_frac": v[i], **found}))
    links = [link.model_copy(update={"achieved_frac": v[count + i]}) for i, link in enumerate(law.links)]
    fields = ("volume", "half_order", "spread_frac", "narrow_rate")
    shared = dict(zip(fields, v[count + len(links) :], strict=True))
    return law.model_copy(update={"chips": chips, "links": links, **shared})


def left_out_ratio(rows: list[Row]) -> np.ndarray:
    """Return, for each row, the power law fitted without it relative to the one that ships."""
    found = {}
    for path in NODE_POWER.glob("node_power_*.csv"):
        with path.open(encoding="utf-8") as file:
            for line in csv.DictReader(file):
                if line["fitted_w"] and line["left_out_w"]:
                    key = line["machine"], line["edition"]
                    found[key] = float(line["left_out_w"]) / float(line["fitted_w"])
    return np.array([found.get((r.listed.name, r.listed.list_edition), 1.0) for r in rows])


def each_left_out(model: RmaxModel, size: int) -> np.ndarray:
    """Return the predictions of all rows, each from a fit without it."""
    everything = np.arange(size)
    return np.array(
        [model.predict(model.fit(np.delete(everything, i)), everything[i : i + 1])[0] for i in everything]
    )


def siblings_left_out(model: RmaxModel, rows: list[Row]) -> np.ndarray:
    """Return the predictions of all rows, each from a fit without any row of its site or with its figures."""
    everything = np.arange(len(rows))
    site = np.array([row.listed.site for row in rows])
    found = np.empty(len(rows))
    for i in everything:
        same = (site == site[i]) | ((model.rmax == model.rmax[i]) & (model.n == model.n[i]))
        found[i] = model.predict(model.fit(everything[~same]), everything[i : i + 1])[0]
    return found


def quantiles(error: np.ndarray) -> str:
    """Return median and 90th percentile of absolute errors, as text."""
    return f"median {np.median(np.abs(error)):.1%}, 90th percentile {np.quantile(np.abs(error), 0.9):.1%}"


def main() -> None:
    """Fit, and write the law and the table."""
    document = tomllib.loads(PRIORS.read_text(encoding="utf-8"))
    law = HplLaw.parse({k: v for k, v in document.items() if k != "fit"}, PRIORS.name)
    rows, left = read(law)
    model = RmaxModel(law, document, rows)
    everything = np.arange(len(rows))
    z = model.fit(everything)
    fitted = model.predict(z, everything)
    out = each_left_out(model, len(rows))
    print(f"Rmax, {len(rows)} rows: fitted {quantiles(fitted / model.rmax - 1)};"
          f" left out {quantiles(out / model.rmax - 1)}")  # fmt: skip
    apart = quantiles(siblings_left_out(model, rows) / model.rmax - 1)
    print(f"left out with all rows of the same site or figures: {apart}")
    powered = [i for i in everything if rows[i].power_w > 0.0]
    sub = [rows[i] for i in powered]
    power = PowerModel(document, sub, tuned(law, model, z, rows), left_out_ratio(sub))
    all_p = np.arange(len(sub))
    b = power.fit(all_p)
    p_fit = power.base * np.exp(power.design @ b)
    p_out = np.array(
        [power.base_without[i] * np.exp(power.design[i] @ power.fit(np.delete(all_p, i))) for i in all_p]
    )
    print(f"power, {len(sub)} rows: law alone {quantiles(power.base / power.power - 1)}; fitted "
          f"{quantiles(p_fit / power.power - 1)}; left out {quantiles(p_out / power.power - 1)}")  # fmt: skip
    families = [chip.family for chip in law.chips]
    watts = dict(zip(powered, zip(p_fit, p_out, strict=True), strict=True))
    write_table(rows, families, fitted, out, watts, left)
    sockets = fit_processors(document, tuned(law, model, z, rows), ERRORS.with_name("hpl-cpu.csv"), ENOUGH)
    print(f"without accelerators, {sockets['rows']} rows: fitted {quantiles(sockets['fitted'])}; left out "
          f"{quantiles(sockets['out'])}; power {quantiles(sockets['power'])}")  # fmt: skip
    write_sockets(document, law, sockets)
    write_law(document, law, model, z, rows, out, power, b, p_out, left + sockets["left"], apart)


def write_table(rows, families, fitted, out, power, left) -> None:
    """Write the errors of every row."""
    head = ["id", "name", "edition", "family", "accelerators", "n", "rmax_tflops", "rmax_error_frac",
            "rmax_left_out_error_frac", "power_kw", "level", "power_error_frac", "power_left_out_error_frac",
            "reason"]  # fmt: skip
    with ERRORS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for i, row in enumerate(rows):
            x = row.listed
            watts = ["", "", "", ""]
            if i in power:
                watts = [x.power_kw, x.power_quality_level or "",
                         *(f"{said / row.power_w - 1:+.4f}" for said in power[i])]  # fmt: skip
            errors = [f"{said[i] / row.rmax - 1:+.4f}" for said in (fitted, out)]
            family = families[row.chip]
            writer.writerow([x.top500_system_id, x.name, x.list_edition, family, x.accelerators, x.nmax,
                             x.rmax_tflops, *errors, *watts, ""])  # fmt: skip
        for each in left:
            writer.writerow([each["id"], each["name"], each["edition"], *[""] * 10, each["reason"]])


def fitted(number: float, note: str = "") -> dict[str, Any]:
    """Return a fitted number as a fact."""
    fact = {"value": float(f"{number:.4g}"), "source": "LIST", "quality": "fitted"}
    return {**fact, "note": note} if note else fact


def fitted_b(number: float, note: str) -> dict[str, Any]:
    """Return a fitted amount of memory as a fact."""
    return {**fitted(1.0, note), "value": f"{number / 1e9:.4g} GB"}


def write_sockets(document: dict[str, Any], law: HplLaw, found: dict[str, Any]) -> None:
    """Put the numbers of nodes without accelerators into the document."""
    for chip, prior, said in zip(document["processors"], law.processors, found["families"], strict=True):
        own = said["machines"]
        note = f"prior {prior.kernel_frac:g}" if own else "no machine: geometric mean of all families"
        chip["kernel"] = fitted(said["kernel"], note)
        chip["machines"] = {**fitted(own), "value": own}
        whose = "of its machines" if own >= ENOUGH else "of all families: its machines are few"
        whose = whose if own > 1 else "each family predicted with the others"
        chip["low"], chip["high"] = fitted(said["low"], whose), fitted(said["high"], whose)
        chip["error"] = fitted(said["error"])
        chip["matrix"] = fitted_b(
            said["matrix"], "median of its machines" if own else "median of all machines"
        )
        if said["fill"]:
            chip["fill"] = fitted(said["fill"], "median of its machines")
    document["processor_volume"] = fitted(found["volume"], f"prior {law.processor_volume:g}")
    document["processor_half_order"] = fitted(found["half_order"], f"prior {law.processor_half_order:g}")
    low, high = np.quantile(1.0 / (1.0 + found["power"]), (0.1, 0.9))
    document["processor_power_low"], document["processor_power_high"] = fitted(low), fitted(high)


def write_law(document, law, model, z, rows, out, power, b, p_out, left, apart) -> None:
    """Write the law that ships."""
    v, error = model.values(z), np.abs(out / model.rmax - 1.0)
    chips, links = len(law.chips), len(law.links)
    for i, chip in enumerate(document["chips"]):
        own = [k for k, row in enumerate(rows) if row.chip == i]
        prior = law.chips[i].kernel_frac
        enough = len(own) >= ENOUGH
        low, high = np.quantile((model.rmax / out)[own if enough else slice(None)], (0.1, 0.9))
        whose = "of its machines" if enough else "of all families: its machines are few"
        chip["low"], chip["high"] = fitted(low, whose), fitted(high, whose)
        chip["kernel"] = fitted(v[i], f"prior {prior:g}")
        chip["machines"] = fitted(len(own))
        chip["machines"]["value"] = len(own)
        if own:
            chip["fill"] = fitted(fill_of([rows[k] for k in own]), "median of its machines")
            chip["matrix"] = fitted_b(matrix_of([rows[k] for k in own]), "median of its machines")
            chip["error"] = fitted(float(np.median(error[own])), "median, each machine left out in turn")
        else:
            chip["error"] = fitted(float(np.quantile(error, 0.9)), "no machine: the worst tenth of all")
    middle, low, high = unknown_band(
        v[:chips], model.chip, model.rmax / model.predict(z, np.arange(len(rows)))
    )
    other = document["other_chip"]
    other["kernel"] = fitted(middle, "geometric mean of all families")
    other["low"], other["high"] = (
        fitted(each, "each family predicted with the others") for each in (low, high)
    )
    for i, link in enumerate(document["links"]):
        own = sum(row.link == i for row in rows)
        link["achieved"] = fitted(v[chips + i], f"prior 1, {own} machines")
    for key, number in zip(SHARED, v[chips + links :], strict=True):
        document[key] = fitted(number, f"prior {amount(document[key])}")
    document["air_power"] = fitted(np.exp(b[0]), f"prior {amount(document['air_power'])}")
    low, high = np.quantile(power.power / p_out, (0.1, 0.9))
    document["power_low"], document["power_high"] = fitted(low), fitted(high)
    document["left_out"] = left
    plain = regression(rows, model.rmax), regression([r for r in rows if r.power_w], power.power)
    for key, error in zip(("rmax", "power"), plain, strict=True):
        both = [round(float(np.quantile(np.abs(error), q)), 4) for q in (0.5, 0.9)]
        document[f"{key}_regression"] = {"value": both, "source": "LIST", "quality": "fitted"}
    errors = quantiles(out / model.rmax - 1), quantiles(p_out / power.power - 1)
    document["notes"] = [
        f"written by scripts/fit_hpl.py: Rmax on {len(rows)} machines, each left out in turn: {errors[0]}"
        f" (with all rows of the same site or figures: {apart}); power on {len(power.power)}: {errors[1]}"
    ]
    del document["fit"]
    OUT.write_text(_toml(document), encoding="utf-8")


def regression(rows: list[Row], measured: np.ndarray) -> np.ndarray:
    """Return errors of a log-linear regression on family, N and size, each row left out in turn."""
    families = sorted({row.chip for row in rows})
    columns = [[row.chip == f for f in families] + [np.log(row.n), np.log(row.accelerators)] for row in rows]
    design, target = np.array(columns, float), np.log(measured)
    said = []
    for i in range(len(rows)):
        x, y = np.delete(design, i, 0), np.delete(target, i)
        said.append(design[i] @ np.linalg.solve(x.T @ x + 1e-3 * np.eye(x.shape[1]), x.T @ y))
    return np.asarray(np.exp(np.array(said) - target) - 1.0)


def fill_of(rows: list[Row]) -> float:
    """Return the median share of memory that matrices take.

    Rows far above all of it run chips with more memory than their name on the list says.
    """
    shares = [8.0 * row.n**2 / row.accelerators / row.memory_b for row in rows if row.memory_b]
    usual = [share for share in shares if share < 1.05]
    return min(float(np.median(usual)), 1.0) if usual else 0.8


def matrix_of(rows: list[Row]) -> float:
    """Return the median matrix on one accelerator [B]."""
    return float(np.median([8.0 * row.n**2 / row.accelerators for row in rows]))


def amount(fact: dict[str, Any]) -> Any:
    """Return the value of a fact."""
    return fact["value"]


if __name__ == "__main__":
    main()
