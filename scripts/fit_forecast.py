"""Compute what forecasts of starts rest on where no history is given: use of limits, and errors of forecasts.

Usage::

    python scripts/fit_forecast.py DATA_FOLDER

Reads the logs of the Parallel Workloads Archive in DATA_FOLDER/traces and writes tables of statistics to
`src/exatwin/catalogue/data/calibration`: ``limit-usage.csv``, quantiles of used over requested time by class
of the limit, each log counting the same; ``forecast-error.csv``, quantiles of the recorded wait over the
simulated one, by class of the latter, from forecasts of jobs at their submission; ``forecast-scores.csv``,
how forecasts did that learned from earlier jobs of the log alone.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np

from exatwin.study.starts.backtest import sampled, simulated
from exatwin.study.starts.forecast_error import CLASS_ENDS_S, GRAIN_S
from exatwin.study.starts.forecast_scores import Band, scores
from exatwin.workload.job import Jobs
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
BESIDE = (*STARTS, LIMITS[3], "alea/wagap-2013.swf.gz")
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
    found: dict[tuple[int, int], list[np.ndarray]] = {}
    said: dict[tuple[int, int], list[np.ndarray]] = {}
    for name in STARTS:
        trace = read_trace(data / "traces" / name)
        assert trace.processors is not None
        past = simulated(trace.jobs, trace.processors, sampled(trace.jobs, 2000))
        kind, behind = np.searchsorted(CLASS_ENDS_S, past.p50_s), (past.alike > 0).astype(int)
        error = np.log((past.wait_s + GRAIN_S) / (past.p50_s + GRAIN_S))
        for each in product((0, 1), range(len(CLASS_ENDS_S) + 1)):
            here = (behind == each[0]) & (kind == each[1])
            if np.count_nonzero(here) >= 40:
                found.setdefault(each, []).append(error[here])
                said.setdefault(each, []).append(past.p50_s[here])
    lines = []
    for of, values in sorted(found.items()):
        value = np.concatenate(values)
        weight = np.concatenate([np.full(len(each), 1.0 / len(each)) for each in values])
        order = np.argsort(value)
        below = np.cumsum(weight[order]) / weight.sum()
        picked = value[order][np.minimum(np.searchsorted(below, LEVELS), len(value) - 1)]
        about = float(np.median([np.median(each) for each in said[of]]))
        start = f"{of[0]},{of[1]},{about:.0f}"
        lines += [f"{start},{p:.2f},{v:.4f}" for p, v in zip(LEVELS, picked, strict=True)]
    head = [
        "# ln((recorded wait + 60 s) / (simulated median wait + 60 s)) by class of the simulated median, "
        "apart for jobs behind somebody who waits and asks for no more;",
        "# quality: derived by scripts/fit_forecast.py from 2,000 jobs each of KTH-SP2-1996-2.1 "
        "(Lars Malinowsky) and UniLu-Gaia-2014-1 (Joseph Emeras), Parallel Workloads Archive; "
        "each counts the same",
        "behind,class,about_s,level,error",
    ]
    write("forecast-error.csv", head, lines)


def record(data: Path) -> None:
    """Write how corrected forecasts did on each log, a constant guess beside them."""
    lines, head = [], [""]
    for name in BESIDE:
        trace = read_trace(data / "traces" / name)
        jobs = trace.jobs
        rows = sampled(jobs, 2000)
        past = simulated(jobs, trace.processors or peak(jobs), rows)
        found, _, _ = scores(past, len(rows) // 4)
        log = name.split("/")[1].removesuffix(".swf.gz")
        values = {"jobs": found.band.jobs, **told("", found.band)}
        for who, band in found.guess.items():
            values |= told(f"{who}_", band)
        values |= dict(zip(("guess_low_s", "guess_high_s"), found.guess_s, strict=True))
        values |= dict(zip(("narrowest_low_s", "narrowest_high_s"), found.narrowest_s, strict=True))
        values["narrower_frac"] = found.narrower_frac
        for who, losses, errors in (
            ("", found.pinball_s, found.error_s), ("guess_", found.guess_pinball_s, found.guess_error_s)
        ):  # fmt: skip
            values |= {f"{who}pinball_p{p}_s": x for p, x in zip((10, 50, 90), losses, strict=True)}
            values |= {f"{who}error_{k}_s": x for k, x in zip(("median", "mean"), errors, strict=True)}
        for who, pair in (("alone", found.alone), ("behind", found.behind)):
            own, guess = pair if pair is not None else (found.band, found.guess["hindsight"])
            values |= {f"{who}_jobs": own.jobs if pair else 0, **told(f"{who}_", own)}
            values[f"{who}_guess_held_frac"] = guess.held_frac
        lines.append(",".join([log, *(f"{value:.5g}" for value in values.values())]))
        head = ["log", *values]
    write("forecast-scores.csv", [",".join(head)], lines)


def told(before: str, band: Band) -> dict[str, float]:
    """Return the figures of a band by column."""
    names = ("held_frac", "mean_width_s", "median_width_s", "interval_s")
    return {f"{before}{name}": getattr(band, name) for name in names}


def peak(jobs: Jobs) -> int:
    """Return the most processors that a log without a size has in use."""
    times = np.concatenate([jobs.recorded_start_s, jobs.recorded_start_s + jobs.runtime_s])
    change = np.concatenate([jobs.nodes, -jobs.nodes])
    return int(np.cumsum(change[np.lexsort((change, times))]).max())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for compute in (limits, errors, record):
        compute(folder)
