"""Fit the power laws of the catalogue on TOP500 and Green500 entries.

Usage: python scripts/fit_power.py DATA_FOLDER [FAMILY ...]

`scripts/power_priors/<family>.toml` says what is known of a family before any list entry is looked at, and
how far each unpublished part value may move (`fit.sd`). The fit is the mode of the posterior under
log-normal priors for watts and logit-normal ones for fractions (Gauss-Newton on whitened residuals; entries
far off count less, as under a Student t law with four degrees of freedom). The data are

- the power of each machine's Rmax run for one accelerator (or socket, or node),
- where two runs of a machine are listed, the ratio of their powers: the slower run fixes the clock through
  the ratio of the results, and so separates static from dynamic power,
- for families with a known kernel efficiency the result itself, which fixes the clock under the cap.

Machines that are to be predicted are named in `fit.skip` and never enter. The script writes the law to
`src/exatwin/catalogue/data/power-laws/<family>.toml` and the errors of all machines, with each one left out
in turn, to `tests/validation/data/node_power_<family>.csv`.
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.catalogue.power_law import PowerLaw
from exatwin.workload.draw import evaluate, hpl_profiles
from exatwin.workload.node_model import NodeModel, clocks, switches_w

ROOT = Path(__file__).resolve().parents[1]
LAWS = ROOT / "src/exatwin/catalogue/data/power-laws"
TABLES = ROOT / "tests/validation/data"
SCATTER_FRAC = 0.05  # machines of one family differ: firmware, tuning, water temperature, chips
LEVEL_FRAC = {1: 0.04, 2: 0.02, 3: 0.01, 0: 0.06}  # of the measurement itself, by level (0: none stated)
PAIR_FRAC = 0.04  # ratio of two runs of one machine
RESULT_FRAC = 0.07  # result of one accelerator, machine to machine
CLOCKS = np.linspace(0.4, 1.0, 61)


@dataclass(frozen=True)
class Entry:
    """One machine of the list: counts and one or two HPL runs."""

    name: str
    edition: str
    level: int
    units: float
    accelerators: float
    processors: float
    nics: float
    network: str
    cap_w: float
    result: float
    power_w: float
    slow_result: float
    slow_power_w: float
    skip: str

    @property
    def sigma(self) -> float:
        """Relative uncertainty of the power as a datum of the family."""
        return float(np.hypot(SCATTER_FRAC, LEVEL_FRAC[self.level]))


@dataclass(frozen=True)
class Prediction:
    """What a law says of one entry, for one unit (accelerator, or node without any)."""

    power_w: float
    slow_ratio: float
    result: float


def read_entries(folder: Path, fit: dict[str, Any]) -> list[Entry]:
    """Return the entries of a family that have an HPL power."""
    with (folder / "machines.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["power_kw"]]
    return [entry for row in rows if (entry := _entry(row, fit)) is not None]


def _entry(row: dict[str, str], fit: dict[str, Any]) -> Entry | None:
    def number(key: str) -> float:
        return float(row[key]) if row[key] else 0.0

    if fit["accelerators"]:
        if fit["accelerators"] not in row["accelerator_model"]:
            return None
        units = number("accelerators")
        nodes = number("nodes") or units / fit["accelerators_per_node"]
    else:
        if row["accelerator_model"] or not any(word in row["cpu_model"] for word in fit["processors"]):
            return None
        nodes = number("nodes") or number("cpu_sockets") / fit["processors_per_node"]
        units = nodes
    per_node = units / nodes if fit["accelerators"] else 0.0
    slow = number("green500_optimized_power_kw")
    if slow >= 0.98 * number("power_kw"):  # the same run twice
        slow = 0.0
    return Entry(
        name=row["name"],
        edition=row["list_edition"],
        level=int(number("power_quality_level")),
        units=units,
        accelerators=per_node,
        processors=(number("cpu_sockets") or units) / nodes,
        nics=max(per_node, 1.0),
        network=_network(row["interconnect"]),
        cap_w=float(fit.get("cap_w", {}).get(row["name"], 0.0)),
        result=number("rmax_tflops") / units,
        power_w=1e3 * number("power_kw") / units,
        slow_result=number("green500_optimized_rmax_tflops") / units,
        slow_power_w=1e3 * slow / units,
        skip=fit.get("skip", {}).get(row["name"], ""),
    )


def _network(interconnect: str) -> str:
    known = {"Slingshot-11": "slingshot-11", "NDR": "infiniband-ndr", "Tofu": "tofu-d"}
    return next((family for word, family in known.items() if word in interconnect), "other")


def predict(law: PowerLaw, entry: Entry, fit: dict[str, Any], kernel_frac: float) -> Prediction:
    """Return power, ratio of the slower run's power and result of one unit of `entry` under `law`."""
    profiles = hpl_profiles(law)
    node = NodeModel(
        law,
        entry.accelerators,
        entry.processors,
        entry.nics,
        entry.cap_w or law.cap_w,
        law.processor_cap_w or np.inf,
    )
    drawn = evaluate(profiles, node, CLOCKS if entry.slow_power_w else (1.0,))
    per_node = entry.accelerators or 1.0
    switches = switches_w(law, entry.network, 1) * entry.nics / per_node
    lengths = profiles.phases.share_frac[:, None] * drawn.phase_slowdown
    power = (lengths * drawn.phase_w).sum(axis=0) / lengths.sum(axis=0) / per_node + switches
    ratio = 0.0
    if entry.slow_power_w:
        speed = drawn.slowdown[0, -1] / drawn.slowdown[0]
        ratio = float(np.interp(entry.slow_result / entry.result, speed, power) / power[-1])
    update_clock = float(clocks(profiles.phases, node, np.ones(1))[0, 0])
    result = fit.get("peak_tflops", 0.0) * kernel_frac * law.hpl[0].share_frac * update_clock
    return Prediction(float(power[-1]), ratio, result)


def get(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the fact at `path` of a law's document."""
    here: Any = document
    for key in path.split("."):
        here = here[int(key)] if isinstance(here, list) else here[key]
    return here


def amount(fact: dict[str, Any]) -> float:
    """Return the number of a fact in its own unit."""
    return float(str(fact["value"]).split()[0])


def with_values(law: PowerLaw, paths: list[str], values: np.ndarray) -> PowerLaw:
    """Return `law` with the numbers at `paths` replaced."""
    changed: dict[str, Any] = {}
    for path, value in zip(paths, values, strict=True):
        if path == "hpl.0.share":
            first = law.hpl[0].model_copy(update={"share_frac": value})
            second = law.hpl[1].model_copy(update={"share_frac": 1.0 - value})
            changed["hpl"] = [first, second, *law.hpl[2:]]
        elif "." in path:
            changed["switch_w"] = {**changed.get("switch_w", law.switch_w), path.split(".", 1)[1]: value}
        else:
            field = next(name for name in PowerLaw.model_fields if name in (f"{path}_w", f"{path}_frac"))
            changed[field] = value
    return law.model_copy(update=changed)


@dataclass(frozen=True)
class Fit:
    """Mode and spread of the posterior; `left` is the spread in units of the prior's."""

    paths: list[str]
    prior: np.ndarray
    sd: np.ndarray
    mode: np.ndarray
    spread: np.ndarray
    left: np.ndarray
    kernel_frac: float
    law: PowerLaw


def values_at(z: np.ndarray, prior: np.ndarray, sd: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Return numbers `z` standard deviations from their prior: watts keep their sign, fractions stay below 1.

    Watts are log-normal, fractions logit-normal; `sd` is their spread near the prior.
    """
    watts = prior * np.exp(z * sd / prior)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        odds = prior / (1.0 - prior) * np.exp(z * sd / (prior * (1.0 - prior)))
        return np.where(fraction, odds / (1.0 + odds), watts)


def solve(document: dict[str, Any], fit: dict[str, Any], entries: list[Entry]) -> Fit:
    """Return the mode of the posterior for the numbers that `fit.sd` names, given `entries`."""
    base, paths = PowerLaw.parse(document, "priors"), list(fit["sd"])
    kernel = [fit["kernel_frac"]] if "kernel_frac" in fit else []
    facts = [get(document, path) for path in paths]
    prior = np.array([amount(fact) for fact in facts] + kernel)
    sd = np.array([*fit["sd"].values()] + ([fit["kernel_sd"]] if kernel else []), float)
    fraction = np.array(["W" not in str(fact["value"]) for fact in facts] + [True] * len(kernel))

    def residuals(z: np.ndarray) -> np.ndarray:
        values = values_at(z, prior, sd, fraction)
        law = with_values(base, paths, values[: len(paths)])
        found = []
        for entry in entries:
            said = predict(law, entry, fit, values[-1] if kernel else 0.0)
            found.append(np.log(said.power_w / entry.power_w) / entry.sigma)
            if entry.slow_power_w:
                found.append(np.log(said.slow_ratio * entry.power_w / entry.slow_power_w) / PAIR_FRAC)
            if kernel:
                found.append(np.log(said.result / entry.result) / RESULT_FRAC)
        return np.array(found)

    size = len(prior)
    z, covariance = _mode(residuals, size) if entries else (np.zeros(size), np.eye(size))
    values = values_at(z, prior, sd, fraction)
    stretch = (values_at(z + 1e-4, prior, sd, fraction) - values) / 1e-4
    law = with_values(base, paths, values[: len(paths)])
    spread = np.sqrt(np.diag(covariance))
    return Fit(paths, prior, sd, values, spread * stretch, spread, values[-1] if kernel else 0.0, law)


def _mode(residuals: Callable[[np.ndarray], np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mode and covariance under a unit Gaussian prior, residuals taken as Student t with 4 degrees."""
    z = np.zeros(size)
    for _ in range(25):
        r = residuals(z)
        step = 1e-4
        jacobian = np.stack([(residuals(z + step * e) - r) / step for e in np.eye(size)], axis=1)
        weight = 5.0 / (4.0 + r**2)
        normal = jacobian.T @ (weight[:, None] * jacobian) + np.eye(size)
        move = np.linalg.solve(normal, jacobian.T @ (weight * r) + z)
        z = np.clip(z - move, -3.0, 3.0)
        if np.abs(move).max() < 1e-6:
            break
    return z, np.linalg.inv(normal)


def write_law(document: dict[str, Any], fit: Fit, quality: tuple[int, float, float], path: Path) -> None:
    """Write the fitted law to `path`: fitted numbers say their prior and how far the data narrowed them."""
    columns = (fit.paths, fit.prior, fit.sd, fit.mode, fit.spread, fit.left)
    for key, prior, sd, mode, spread, left in zip(*columns, strict=False):
        fact = get(document, key)
        unit = " W" if "W" in str(fact["value"]) else ""
        digits = 1 if unit else 3
        number = round(float(mode), digits)
        narrowed = 1.0 - left**2
        said = "fixed by the data" if narrowed > 0.5 else "partly" if narrowed > 0.15 else "by its prior"
        fact.update(
            value=f"{number}{unit}" if unit else number,
            source="LIST",
            quality="fitted",
            note=f"prior {prior:g} ± {sd:g}, fitted {number:g} ± {spread:.2g}: {said}"
            f" (variance explained {narrowed:.0%})" + (f"; {fact['note']}" if fact.get("note") else ""),
        )
        if key == "hpl.0.share":
            rest = get(document, "hpl.1.share")
            rest.update(value=round(1.0 - number, 3), source="LIST", quality="fitted")
    document["notes"] = [
        f"written by scripts/fit_power.py: fitted on {quality[0]} machines, error of the HPL power "
        f"{quality[1]:.1%} root mean square, {quality[2]:.1%} median; each machine left out in turn: "
        f"tests/validation/data/node_power_{document['name']}.csv"
    ]
    path.write_text(_toml(document), encoding="utf-8")


def _toml(document: dict[str, Any]) -> str:
    """Return a law as TOML, one number a line."""
    head, tables = [], []
    for key, value in document.items():
        if key == "sources":
            tables += [_table(f"[sources.{name}]", source) for name, source in value.items()]
        elif isinstance(value, dict) and "value" not in value:
            tables.append(_table(f"[{key}]", value))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables += [_table(f"[[{key}]]", item) for item in value]
        else:
            head.append(f"{key} = {_value(value)}")
    return "\n".join([*head, ""]) + "\n" + "\n".join(tables)


def _table(title: str, content: dict[str, Any]) -> str:
    return "\n".join([title, *(f"{key} = {_value(value)}" for key, value in content.items()), ""])


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else '"' + str(value).replace('"', "'") + '"'


def write_table(rows: list[list[Any]], path: Path) -> None:
    """Write the errors by machine."""
    header = (
        "machine,edition,level,accelerators,network,cap_w,listed_w,fitted_w,fitted_error_frac,left_out_w,"
        "left_out_error_frac,listed_slow_ratio,fitted_slow_ratio,role,note"
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def table_row(entry: Entry, said: Prediction, left_out: Prediction) -> list[Any]:
    """Return one line of the table of errors."""
    slow = entry.slow_power_w / entry.power_w if entry.slow_power_w else 0.0
    return [
        entry.name,
        entry.edition,
        entry.level or "",
        round(entry.accelerators, 3),
        entry.network,
        entry.cap_w or "",
        f"{entry.power_w:.1f}",
        f"{said.power_w:.1f}",
        f"{said.power_w / entry.power_w - 1:+.4f}",
        f"{left_out.power_w:.1f}",
        f"{left_out.power_w / entry.power_w - 1:+.4f}",
        f"{slow:.4f}" if slow else "",
        f"{said.slow_ratio:.4f}" if slow else "",
        "skipped" if entry.skip else "fitted",
        entry.skip,
    ]


def fit_family(folder: Path, priors: Path) -> None:
    """Fit one family and write its law and its table."""
    given = tomllib.loads(priors.read_text(encoding="utf-8"))
    fit, document = given["fit"], given["law"]
    entries = read_entries(folder, fit)
    used = [entry for entry in entries if not entry.skip]
    found = solve(document, fit, used)
    rows, square = [], []
    for entry in entries:
        said = predict(found.law, entry, fit, found.kernel_frac)
        rest = found
        if not entry.skip:
            rest = solve(document, fit, [other for other in used if other is not entry])
        rows.append(table_row(entry, said, predict(rest.law, entry, fit, rest.kernel_frac)))
        if not entry.skip:
            square.append((said.power_w / entry.power_w - 1) ** 2)
        print(*(str(cell)[:24].rjust(10) for cell in rows[-1]))
    for number, path in enumerate([*found.paths, *(["kernel"] if found.kernel_frac else [])]):
        print(
            f"{path:24s} prior {found.prior[number]:8.3f} ± {found.sd[number]:7.3f}   "
            f"mode {found.mode[number]:8.3f} ± {found.spread[number]:7.3f}"
        )
    error, middle = float(np.sqrt(np.mean(square))), float(np.sqrt(np.median(square)))
    print(f"{priors.stem}: {len(used)} machines, error {error:.1%} root mean square, {middle:.1%} median")
    LAWS.mkdir(parents=True, exist_ok=True)
    write_law(document, found, (len(used), error, middle), LAWS / priors.name)
    write_table(rows, TABLES / f"node_power_{priors.stem}.csv")


def main() -> None:
    """Fit the families named on the command line, or all."""
    folder = Path(sys.argv[1])
    known = sorted((ROOT / "scripts/power_priors").glob("*.toml"))
    for priors in known:
        if len(sys.argv) < 3 or priors.stem in sys.argv[2:]:
            fit_family(folder, priors)


if __name__ == "__main__":
    main()
