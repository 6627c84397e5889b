"""Forecasts of starts beside the starts that logs recorded, as rows that `exatwin validate` scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from exatwin.foundation.errors import SpecError
from exatwin.study.analogs import HELD
from exatwin.study.backtest import Scores, sampled, scores, simulated
from exatwin.study.measured import Measured
from exatwin.study.validation import Metric, Row, Validation
from exatwin.workload.traces import read_trace

JOBS = 2000
"""Jobs of a log that are forecast, at equal distances; the first quarter is only learned from."""
LOGS = {
    "starts-kth": ("traces/pwa/KTH-SP2-1996-2.1.swf.gz", "starts recorded on KTH-SP2"),
    "starts-gaia": ("traces/pwa/UniLu-Gaia-2014-1.swf.gz", "starts recorded on UniLu-Gaia"),
}
"""Where each log lies in a folder of measurements, and what is measured."""
GOAL = {"off": 0.05, "width": 1.0, "score": 1.0}
_WORDS = (
    "how far the share of starts inside P10 to P90 is from 80 % (median width and interval score over those "
    "of a constant guess)"
)


def _starts(name: str, measured: Measured) -> Validation:
    path, title = LOGS[name]
    if measured.folder is None or not (measured.folder / path).is_file():
        raise SpecError(f"'{name}' needs the log {path}: name its folder with --data")
    trace = read_trace(measured.folder / path)
    assert trace.processors is not None
    jobs = trace.jobs
    rows = sampled(jobs, JOBS)
    past = simulated(jobs, trace.processors, rows)
    first = len(rows) // 4
    found, low, high = scores(past, first)
    told = []
    for k, row in enumerate(rows[first:]):
        wait, said = float(past.wait_s[first + k]), (float(low[k]), float(high[k]))
        outside = max(said[0] - wait, wait - said[1], 0.0)
        sent = trace.origin + timedelta(seconds=int(jobs.submit_s[row]))
        what = f"{jobs.nodes[row]} processors, {jobs.limit_s[row] / 3600:.3g} h, {sent:%Y-%m-%dT%H:%M}"
        nearest = min(max(wait, said[0]), said[1])
        told.append(Row(str(jobs.job_id[row]), what, wait, nearest, outside / max(wait, 60.0)))
    return Validation(
        name, title, "s", tuple(told), goal=GOAL, metric=_metric(found), remarks=tuple(_remarks(found))
    )


def _metric(found: Scores) -> Metric:
    def figures(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
        return {
            "off": abs(found.held_frac - HELD),
            "width": found.median_width_s / found.guess_width_s,
            "score": found.interval_s / found.guess_interval_s,
        }

    return Metric("band of starts", _WORDS, figures, ("wait", "nearest said", "outside"))


def _remarks(found: Scores) -> list[str]:
    """Return what the bands did, and a constant guess beside them, in words."""
    low, high = found.guess_s
    ours, theirs = found.pinball_s, found.guess_pinball_s
    return [
        f"the band holds {found.held_frac:.1%} of {found.jobs:,} starts; median width "
        f"{found.median_width_s:,.0f} s, mean {found.mean_width_s:,.0f} s",
        f"a constant guess from {low:,.0f} to {high:,.0f} s, made with all waits known, holds "
        f"{found.guess_held_frac:.1%}",
        f"interval score {found.interval_s:,.0f} s, of the guess {found.guess_interval_s:,.0f} s",
        "pinball loss at P10, P50, P90 "
        + ", ".join(f"{value:,.0f}" for value in ours)
        + " s, of the guess "
        + ", ".join(f"{value:,.0f}" for value in theirs)
        + " s",
        "each forecast is made at a submission, from what had ended, run and waited by then",
    ]


MODELS: dict[str, Callable[[Measured], Validation]] = {name: partial(_starts, name) for name in LOGS}

__all__ = ["GOAL", "JOBS", "LOGS", "MODELS"]
