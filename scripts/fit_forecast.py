"""Compute what forecasts of starts rest on where no history is given: use of limits, and errors of forecasts.

Usage::

    python scripts/fit_forecast.py DATA_FOLDER

Reads the logs of the Parallel Workloads Archive in DATA_FOLDER/traces and writes two tables of statistics to
`src/exatwin/catalogue/data/calibration`: ``limit-usage.csv``, quantiles of used over requested time by class
of the limit, each log counting the same; ``forecast-error.csv``, quantiles of the recorded wait over the
simulated one, by class of the latter, from forecasts of jobs at their submission.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from exatwin.study.backtest import sampled, simulated
from exatwin.study.forecast_error import CLASS_ENDS_S, GRAIN_S
from exatwin.workload.traces import read_trace
from exatwin.workload.usage import CLASS_ENDS_S as LIMIT_ENDS_S
from exatwin.workload.usage import limit_class

TARGET = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data/calibration"
LIMITS = (
    "pwa/KTH-SP2-1996-2.1.swf.gz",
    "pwa/UniLu-Gaia-2014-1.swf.gz",
    "pwa/LLNL-Atlas-2006-2.1-cln.swf.gz",
    "alea/HPC2N-2002-excerpt3170.swf.gz",
)
STARTS = LIMITS[:2]
SHARES = (np.arange(20) + 0.5) / 20
LEVELS = np.linspace(0.01, 0.99, 50)


def write(name: str, head: list[str], lines: list[str]) -> None:
    """Write one table."""
    (TARGET / name).write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def limits(data: Path) -> None:
    """Write how much of their limits jobs used."""
    found: dict[int, list[np.ndarray]] = {}
    for name in LIMITS:
        trace = read_trace(data / "traces" / name)
        asked = trace.raw.requested_s > 0
        jobs = trace.jobs.take(np.flatnonzero(asked & (trace.jobs.runtime_s > 0)))
        kind, share = limit_class(jobs.limit_s), np.minimum(jobs.runtime_s / np.maximum(jobs.limit_s, 1), 1.0)
        for each in range(len(LIMIT_ENDS_S) + 1):
            if np.count_nonzero(kind == each) >= 50:
                found.setdefault(each, []).append(np.quantile(share[kind == each], SHARES))
    lines = [
        f"{kind},{LIMIT_ENDS_S[kind] if kind < len(LIMIT_ENDS_S) else ''},{share:.4f}"
        for kind in sorted(found)
        for share in np.sort(np.concatenate(found[kind]))
    ]
    head = [
        "# Used over requested time by class of the limit; quality: derived by scripts/fit_forecast.py from "
        "logs of the Parallel Workloads Archive",
        "# (KTH-SP2-1996-2.1: Lars Malinowsky; UniLu-Gaia-2014-1: Joseph Emeras; LLNL-Atlas-2006-2.1-cln: "
        "Moe Jette; HPC2N-2002, excerpt: Ake Sandgren), 20 quantiles a log",
        "class,longest_s,share",
    ]
    write("limit-usage.csv", head, lines)


def errors(data: Path) -> None:
    """Write how far recorded waits lay from simulated ones."""
    found: dict[int, list[np.ndarray]] = {}
    for name in STARTS:
        trace = read_trace(data / "traces" / name)
        assert trace.processors is not None
        past = simulated(trace.jobs, trace.processors, sampled(trace.jobs, 2000))
        kind = np.searchsorted(CLASS_ENDS_S, past.p50_s)
        error = np.log((past.wait_s + GRAIN_S) / (past.p50_s + GRAIN_S))
        for each in range(len(CLASS_ENDS_S) + 1):
            if np.count_nonzero(kind == each) >= 40:
                found.setdefault(each, []).append(error[kind == each])
    lines = []
    for kind in sorted(found):
        value = np.concatenate(found[kind])
        weight = np.concatenate([np.full(len(each), 1.0 / len(each)) for each in found[kind]])
        order = np.argsort(value)
        below = np.cumsum(weight[order]) / weight.sum()
        picked = value[order][np.minimum(np.searchsorted(below, LEVELS), len(value) - 1)]
        end = f"{CLASS_ENDS_S[kind]:.0f}" if kind < len(CLASS_ENDS_S) else ""
        lines += [f"{kind},{end},{p:.2f},{v:.4f}" for p, v in zip(LEVELS, picked, strict=True)]
    head = [
        "# ln((recorded wait + 60 s) / (simulated median wait + 60 s)) by class of the simulated median; "
        "quality: derived by scripts/fit_forecast.py",
        "# from 2,000 jobs each of KTH-SP2-1996-2.1 (Lars Malinowsky) and UniLu-Gaia-2014-1 (Joseph Emeras), "
        "Parallel Workloads Archive; each log counts the same",
        "class,longest_s,level,error",
    ]
    write("forecast-error.csv", head, lines)


if __name__ == "__main__":
    limits(Path(sys.argv[1]))
    errors(Path(sys.argv[1]))
