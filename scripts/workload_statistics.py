"""Print the statistics of measured job logs that the workload mixes rest on.

The logs themselves are not part of exatwin. Run ``python scripts/workload_statistics.py --data DIR``, where
DIR holds ``traces/``, and compare with the numbers of quality ``derived`` in the files under
``src/exatwin/catalogue/data/workloads``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

LOGS = {
    "KTH-SP2": ("pwa/KTH-SP2-1996-2.1.swf.gz", "Europe/Stockholm"),
    "LLNL-Atlas": ("pwa/LLNL-Atlas-2006-2.1-cln.swf.gz", "America/Los_Angeles"),
    "UniLu-Gaia": ("pwa/UniLu-Gaia-2014-1.swf.gz", "Europe/Luxembourg"),
    "HPC2N": ("alea/HPC2N-2002-excerpt3170.swf.gz", "Europe/Stockholm"),
}
SUBMIT, RUN, ALLOCATED, REQUESTED, STATUS, USER = 1, 3, 4, 8, 10, 11
FAILED = 0


def read_swf(path: Path) -> tuple[np.ndarray, int]:
    """Return the 18 columns of a log, shape (jobs, 18), and its origin [s of the Unix epoch]."""
    origin, rows = 0, []
    with gzip.open(path, "rt", errors="replace") as lines:
        for line in lines:
            if line.startswith(";"):
                if "UnixStartTime:" in line:
                    origin = int(line.split(":")[1])
            elif len(line.split()) >= 18:
                rows.append([float(cell) for cell in line.split()[:18]])
    return np.array(rows), origin


def rhythm(submit_s: np.ndarray, origin: int, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Return submissions by hour of the day and by day of the week in local time, each with mean 1."""
    local = [datetime.fromtimestamp(origin + s, ZoneInfo(zone)) for s in submit_s]
    hours = np.bincount([t.hour for t in local], minlength=24)
    days = np.bincount([t.weekday() for t in local], minlength=7)
    return hours / hours.mean(), days / days.mean()


def accuracy(run_s: np.ndarray, requested_s: np.ndarray) -> dict[str, float]:
    """Return how used and requested time compare: early ends, ends at the limit, and a beta law between."""
    ratio = np.minimum(run_s / requested_s, 1.0)
    between = ratio[(ratio >= 0.05) & (ratio < 0.99)]
    mean, variance = between.mean(), between.var()
    size = mean * (1 - mean) / variance - 1
    return {
        "below_5_percent": float((ratio < 0.05).mean()),
        "at_limit": float((ratio >= 0.99).mean()),
        "between_mean": float(mean),
        "between_alpha": float(mean * size),
        "between_beta": float((1 - mean) * size),
    }


def activity(user: np.ndarray) -> float:
    """Return the exponent of Zipf's law fitted to the jobs of the 50 most active users."""
    jobs = np.sort(np.unique(user, return_counts=True)[1])[::-1][:50]
    return -float(np.polyfit(np.log(np.arange(1, len(jobs) + 1)), np.log(jobs), 1)[0])


def of_log(path: Path, zone: str) -> dict[str, Any]:
    """Return the statistics of one log."""
    rows, origin = read_swf(path)
    hours, days = rhythm(rows[:, SUBMIT], origin, zone)
    used = rows[(rows[:, RUN] > 0) & (rows[:, REQUESTED] > 0) & (rows[:, ALLOCATED] > 0)]
    close = (np.diff(rows[:, SUBMIT]) < 120) & (rows[1:, USER] == rows[:-1, USER])
    return {
        "jobs": len(rows),
        "hours": hours,
        "weekdays": days,
        "accuracy": accuracy(used[:, RUN], used[:, REQUESTED]),
        "failed": float((rows[:, STATUS] == FAILED).mean()),
        "median_run_of_failed_s": float(np.median(rows[rows[:, STATUS] == FAILED, RUN]))
        if np.any(rows[:, STATUS] == FAILED)
        else None,
        "powers_of_two": float((np.log2(np.maximum(used[:, ALLOCATED], 1)) % 1 == 0).mean()),
        "user_zipf": activity(rows[:, USER]),
        "mean_burst_jobs": float(1 / (1 - close.mean())),
    }


def of_accelerators(folder: Path) -> dict[str, float]:
    """Return what the power distribution of an LLM cluster (A100, 400 W) says of accelerators at work."""
    power_w = np.loadtxt(folder / "gpu_power_kalos.csv", delimiter=",", skiprows=1)[:, 0]
    busy = power_w[power_w > 300.0]
    idle_w, rated_w = float(np.quantile(power_w, 0.1)), 400.0
    return {
        "idle_w": idle_w,
        "share_above_300_w": len(busy) / len(power_w),
        "mean_w_above_300_w": float(busy.mean()),
        "utilisation_of_dynamic_range": float((busy.mean() - idle_w) / (rated_w - idle_w)),
        "utilisation_quartiles": [
            float((np.quantile(busy, q) - idle_w) / (rated_w - idle_w)) for q in (0.25, 0.5, 0.75)
        ],
    }


def main() -> None:
    """Print one JSON object with the statistics of every log and their means."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("EXATWIN_DATA", str(Path(__file__).resolve().parents[2] / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder that holds traces/")
    traces = parser.parse_args().data / "traces"
    logs = {name: of_log(traces / path, zone) for name, (path, zone) in LOGS.items()}
    means = {key: np.mean([log[key] for log in logs.values()], axis=0) for key in ("hours", "weekdays")}
    found = {"logs": logs, "mean": means, "accelerators": of_accelerators(traces / "acme_cdf")}
    print(json.dumps(found, indent=1, default=lambda array: np.round(array, 2).tolist()))


if __name__ == "__main__":
    main()
