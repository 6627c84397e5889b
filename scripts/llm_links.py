"""What timings of collectives say of links and networks, for `fit_llm.py`.

Links: shares of rated bandwidth from timings on eight accelerators of a node, by family of chip. Network: the
share of rated bandwidth, the start and the overlap of both phases, from all-reduces of at least 1 MiB between
nodes (GH200 on Slingshot, four adapters and one; B200 on EFA, four nodes). InfiniBand borrows them: nobody
gives timings for it. Below 1 MiB other algorithms are at work; no traffic of training is so small.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from exatwin.catalogue.llm_calibration import Error
from exatwin.workload.collectives import Fabric, all_reduce_s

CARDS = {"ampere": ("a100_sxm", 300e9), "hopper": ("h100_sxm", 450e9), "blackwell": ("b200_sxm", 900e9)}
SMALLEST_B = 2**20
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@dataclass(frozen=True)
class Links:
    """Shares of rated link bandwidth by kind of collective, and the start of one."""

    gather: float
    reduce: float
    exchange: float
    latency_us: float


@dataclass(frozen=True)
class Network:
    """Share of rated network bandwidth, start for each doubling of the nodes, overlap of both phases."""

    frac: float
    latency_us: float
    overlap_frac: float


@dataclass(frozen=True)
class Measured:
    """Everything that timings of collectives say."""

    families: dict[str, Links]
    network: Network
    error: Error


def read_links(path: Path) -> Measured:
    """Return what the timings in the table at `path` say."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] == "comm"]
    families = _families(rows)
    network, error = _network(rows, families)
    return Measured(families, network, error)


def _families(rows: list[dict[str, str]]) -> dict[str, Links]:
    times: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        if row["id"].startswith("NCCLA") and float(row["n_acc"]) == 8:
            size = float(row["notes"].split("= ")[1].split(" B")[0])
            key = (row["accelerator"], row["metric"].split()[0])
            times.setdefault(key, []).append((size, float(row["value"]) * 1e-6))
    found = {}
    for family, (card, rated) in CARDS.items():
        share, starts = {}, []
        for kind, factor in (("all_gather", 0.875), ("all_reduce", 1.75), ("alltoall", 0.875)):
            points = sorted(times[card, kind])
            (small, early), (large, late) = points[-2], points[-1]
            share[kind] = factor * (large - small) / (late - early) / rated
            starts.append(max(early - factor * small / (share[kind] * rated), points[0][1]))
        found[family] = Links(share["all_gather"], share["all_reduce"], share["alltoall"],
                              float(np.median(starts)) * 1e6)  # fmt: skip
    return found


def _network(rows: list[dict[str, str]], families: dict[str, Links]) -> tuple[Network, Error]:
    """Return the network constants, and their errors with each of the three systems left out."""
    size, ranks, domain, measured, known = _points(rows, families)
    shares, overlaps = np.linspace(0.7, 1.0, 31), np.linspace(0.2, 0.9, 36)
    grid = list(product(shares, np.geomspace(20.0, 600.0, 35), overlaps))
    wrong = np.array([np.log(_said_s(size, ranks, domain, known, one) / measured) for one in grid])
    cost = np.sqrt(1.0 + (wrong / 0.1) ** 2) - 1.0
    best = int(np.argmin(cost.sum(axis=1)))
    outside = np.empty(len(size))
    system = ranks * 100.0 + domain
    for one in np.unique(system):
        mine = system == one
        outside[mine] = wrong[int(np.argmin(cost[:, ~mine].sum(axis=1))), mine]
    inside, outside = np.expm1(wrong[best]), np.expm1(outside)
    low, high = np.quantile(1.0 / (1.0 + outside), [0.1, 0.9])
    near, far = np.abs(inside), np.abs(outside)
    error = Error(
        rows=len(size), in_sample_median=round(float(np.median(near)), 4),
        in_sample_p90=round(float(np.quantile(near, 0.9)), 4),
        left_out_median=round(float(np.median(far)), 4),
        left_out_p90=round(float(np.quantile(far, 0.9)), 4), low=round(float(low), 3),
        high=round(float(high), 3),
    )  # fmt: skip
    return Network(*(float(value) for value in grid[best])), error


def _points(
    rows: list[dict[str, str]], families: dict[str, Links]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return bytes, ranks, ranks a node and seconds of each timing, and what is rated and known."""
    points, known = [], []
    for row in rows:
        if not row["metric"].startswith("all_reduce") or "disabled" in row["metric"]:
            continue
        if not row["n_acc"] or not row["acc_per_node"] or float(row["n_acc"]) <= float(row["acc_per_node"]):
            continue
        number, unit = re.findall(r"([\d.]+) ?(B|KiB|MiB|GiB)\b", row["metric"])[0]
        size, ranks, value = float(number) * UNITS[unit], float(row["n_acc"]), float(row["value"])
        bus_s = size * 2.0 * (ranks - 1.0) / ranks / (value * 1e9)
        hopper = row["accelerator"].startswith("GH200")
        links = families["hopper" if hopper else "blackwell"]
        mesh = (25e9, 450e9, 1.0 / 3.0) if hopper else (50e9, 900e9, 1.0)
        if size >= SMALLEST_B:
            seconds = value * 1e-6 if row["unit"] == "us" else bus_s
            points.append((size, ranks, float(row["acc_per_node"]), seconds))
            known.append((*mesh, links.reduce, links.latency_us))
    names = ("nic", "link", "pair", "reduce", "latency_us")
    size_b, count, domain, measured = np.array(points).T
    return size_b, count, domain, measured, dict(zip(names, np.array(known).T, strict=True))


def _said_s(
    size: np.ndarray,
    ranks: np.ndarray,
    domain: np.ndarray,
    known: dict[str, np.ndarray],
    one: tuple[float, ...],
) -> np.ndarray:
    fabric = Fabric(
        domain=domain, link_b_s=known["link"], nic_b_s=known["nic"], link_frac=known["reduce"],
        reduce_frac=known["reduce"], exchange_frac=known["reduce"], nic_frac=one[0],
        link_latency_s=known["latency_us"] * 1e-6, network_latency_s=one[1] * 1e-6, overlap_frac=one[2],
        pair_frac=known["pair"],
    )  # fmt: skip
    return np.asarray(all_reduce_s(size, ranks, 1.0, fabric))


def read_ceilings(path: Path) -> dict[str, float]:
    """Return the largest product that somebody measured, over the 16-bit peak, by family."""
    kinds = {"ampere": ("A100",), "hopper": ("H100", "GH200"), "blackwell": ("B200", "GB200", "B300")}
    shares: dict[str, list[float]] = {family: [] for family in kinds}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rated = re.search(r"theoretical (\d+)", row["notes"])
            if row["category"] != "gemm" or rated is None or float(rated[1]) > 2600.0:
                continue
            for family, names in kinds.items():
                narrow = family == "hopper" and float(rated[1]) > 1000.0
                if row["accelerator"].startswith(names) and not narrow:
                    shares[family].append(float(row["value"]) / float(rated[1]))
    return {family: float(np.median(found)) for family, found in shares.items()}
